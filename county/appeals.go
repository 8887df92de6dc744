package county

import (
	"errors"
	"strings"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which an appeal can go.
const (
	appealUsual      = "usual"
	appealDirect     = "direct"      // answered at the window
	appealLate       = "late"        // after its limit
	appealHandedBack = "handed_back" // the unit was not competent
	appealExtended   = "extended"
	appealRedone     = "redone" // sent back after the follow-up call
	appealReopened   = "reopened"
	appealRefused    = "refused"
	appealMerged     = "merged"   // into the applicant's own earlier one
	appealUnmerged   = "unmerged" // by mistake, then answered
	appealReferred   = "referred" // goes on as a petition or a mediation, which ends as the plot's As says
	appealWithdrawn  = "withdrawn"
	appealTerminated = "terminated"
	appealOpen       = "open" // not answered by the year's end
)

// appeal plays an appeal.
func (y *year) appeal(s *stage, p plot) {
	who, text, in := y.appealIntake(s, p)
	clerk := s.staff(domain.RoleClerk, domain.TownshipOf(who.village.Code))
	s.register(in, clerk)
	s.at = s.at.Add(time.Duration(20+s.r.IntN(200)) * time.Second)
	y.answerAppeal(s, p, clerk, text)
	y.remember(who, text, s.file.Case)
}

// appealIntake is what the applicant tells: something new, or once more what he
// has told before.
func (y *year) appealIntake(s *stage, p plot) (resident, Text, workflow.Intake) {
	who := y.stranger(s.r)
	var text Text
	switch {
	case p.story == appealReferred && strings.HasPrefix(p.as, "petition"):
		text = petitions().tell(s.r, "demand", who.village)
		text.Class = "complaint"
	case p.story == appealReferred:
		text = disputeText(s.r, "", who.village)
		text.Class = "help"
	default:
		text = appealText(s.r, "", who.village)
	}
	var earlier *acquaintance
	if p.repeat || p.story == appealMerged || p.story == appealUnmerged {
		earlier = y.again(s.r, "appeal", p.received, p.repeat)
	}
	in := workflow.Intake{}
	if earlier != nil {
		who, text = earlier.resident, earlier.text
		in.Repeats, in.Cases = earlier.first.ID, map[string]domain.Case{earlier.first.ID: earlier.first}
	}
	in.Procedure, in.Class, in.Category, in.Title, in.Statement = "appeal", text.Class, text.Category, text.Title, text.Statement
	in.Place, in.Channel, in.Flags, in.ReceivedAt, in.Source = who.village.Code, y.channel(s.r), text.Flags, p.received, Source
	in.Parties = []domain.Party{who.Party(domain.PartyApplicant)}
	if p.story == appealReferred {
		in.Parties = append(in.Parties, y.people.Person(who.village).Party(domain.PartyRespondent))
		in.Amount = text.Amount
	}
	if s.r.IntN(1000) < 8 && p.story != appealReferred {
		in.Persons = 5 + s.r.IntN(30)
	}
	return who, text, in
}

// answerAppeal is the story from the window on.
func (y *year) answerAppeal(s *stage, p plot, clerk domain.Actor, text Text) {
	switch p.story {
	case appealDirect:
		s.at = s.at.Add(time.Duration(2+s.r.IntN(20)) * time.Minute)
		s.act("reply_directly", clerk, domain.Fields{"reply": text.Reply, "knowledge": "便民服务知识库"})
		// Who answered at the window does not ask how content the caller is.
		y.followUp(s, s.staff(domain.RoleClerk, s.rules.Directory.Root()), p)
		return
	case appealRefused:
		s.wait(1 + s.r.Float64()*4)
		s.act("refuse", clerk, domain.Fields{"refusal": "statutory_route", "reason": "该事项应通过诉讼、仲裁或行政复议途径解决,已告知办理途径。"})
		return
	case appealMerged, appealUnmerged:
		y.mergeAppeal(s, clerk)
		if p.story == appealMerged {
			return
		}
		s.wait(1 + s.r.Float64()*5)
		s.act("unmerge", clerk, domain.Fields{"reason": "经核对,两件反映的不是同一时间发生的问题。"})
	}
	s.act("auto_dispatch", domain.Router, nil)
	switch p.story {
	case appealReferred:
		y.referAppeal(s, p, clerk, text)
		return
	case appealHandedBack:
		y.handBack(s, clerk)
	}
	y.handleAppeal(s, p, clerk, text)
}

// mergeAppeal merges the case into the applicant's earlier one, which it
// repeats.
func (y *year) mergeAppeal(s *stage, clerk domain.Actor) {
	if s.file.Case.Repeats == nil {
		s.fail(errors.New("nobody has been here before"))
		return
	}
	s.act("merge", clerk, domain.Fields{"master": *s.file.Case.Repeats, "reason": "同一诉求人就同一事项重复反映。"})
}

// referAppeal lets the appeal go on as another procedure. Where that is not
// accepted there, the unit answers it after all.
func (y *year) referAppeal(s *stage, p plot, clerk domain.Actor, text Text) {
	petition := strings.HasPrefix(p.as, "petition")
	to := "mediation"
	if petition {
		to = "petition"
	}
	s.wait(0.2 + s.r.Float64()*2)
	s.act("refer", clerk, domain.Fields{"refer_to": to, "reason": "属于该程序受理范围,已征得诉求人同意。"})
	child := s.opened()
	if petition {
		child.wait(0.5 + s.r.Float64()*3)
		child.by(domain.RoleClerk, "report_up", domain.Fields{"reason": "诉求转入,请信访局按程序办理。"})
		y.handlePetition(child, plot{story: p.as, rating: notCalled}, text)
	} else {
		y.mediate(child, plot{story: p.as}, text)
	}
	if s.file.Case.State != "returned" {
		return
	}
	s.wait(0.5 + s.r.Float64()*2)
	s.act("dispatch", clerk, domain.Fields{"organization": domain.TownshipOf(s.file.Case.Place)})
	y.handleAppeal(s, plot{story: appealUsual, rating: string(domain.Satisfied)}, clerk, text)
}

// handBack sends the case back once; the clerk finds another unit.
func (y *year) handBack(s *stage, clerk domain.Actor) {
	s.at = s.at.Add(time.Duration(1+s.r.IntN(3)) * time.Hour)
	s.by(domain.RoleHandler, "hand_back", domain.Fields{"reason": "不属于本单位职责范围。"})
	s.at = s.at.Add(time.Duration(20+s.r.IntN(90)) * time.Minute)
	s.act("approve_hand_back", clerk, nil)
	to := y.departments[s.r.IntN(len(y.departments))].Code
	s.act("dispatch", clerk, domain.Fields{"organization": to})
}

// handleAppeal is the middle of the story: accepted, handled, answered.
func (y *year) handleAppeal(s *stage, p plot, clerk domain.Actor, text Text) {
	if p.story == appealOpen && s.r.IntN(3) == 0 {
		s.tick(s.end)
		return // not even accepted
	}
	s.wait(0.2 + s.r.Float64()*3)
	if s.tick(s.at); s.file.Case.State == "dispatched" { // else deemed accepted, its time to hand back having run out
		s.by(domain.RoleHandler, "accept", nil)
	}
	y.helpers(s)
	switch p.story {
	case appealOpen:
		s.tick(s.end)
		return
	case appealWithdrawn:
		s.wait(2 + s.r.Float64()*6)
		s.act("withdraw", clerk, domain.Fields{"reason": "诉求人自行撤回。"})
		return
	case appealTerminated:
		s.workdays(2)
		s.act("terminate", clerk, domain.Fields{"ending": "not_cooperating", "reason": "多次联系诉求人未果,无法核实情况。"})
		return
	case appealExtended:
		if !s.inTime("answer") || s.file.Case.Has(domain.FlagUrgent) { // received over a holiday, or urgent: nothing to extend
			s.workdays(1)
			break
		}
		s.act("extend", clerk, domain.Fields{"reason": "现场条件复杂,需协调多方,已告知诉求人。"})
		s.workdays(limitDays(&s.file.Case) + s.r.IntN(4))
	case appealLate:
		s.workdays(lateAfter(s) + s.r.IntN(4))
	default:
		s.workdays(answerDays(s))
	}
	s.by(domain.RoleHandler, "reply", domain.Fields{"reply": text.Reply, "result": result(s)})
	if p.story == appealRedone {
		s.workdays(1)
		s.act("redo", clerk, domain.Fields{"reason": "诉求人反映问题尚未处理到位。"})
		s.workdays(1 + s.r.IntN(3))
		s.by(domain.RoleHandler, "reply", domain.Fields{"reply": text.Reply, "result": "resolved"})
	}
	y.followUp(s, clerk, p)
	if p.story == appealReopened && s.file.Case.State == "closed" {
		s.workdays(3 + s.r.IntN(10))
		s.act("request_reopen", clerk, domain.Fields{"reason": "诉求人反映问题再次出现。"})
		s.workdays(1)
		s.act("reopen", clerk, domain.Fields{"reason": "经核实,问题再次出现,予以重开。"})
		s.workdays(1 + s.r.IntN(3))
		s.by(domain.RoleHandler, "reply", domain.Fields{"reply": text.Reply, "result": "resolved"})
		y.followUp(s, clerk, p)
	}
}

// helpers has another unit help now and then, and raises a risk more rarely.
func (y *year) helpers(s *stage) {
	if s.over() {
		return
	}
	switch n := s.r.IntN(2000); {
	case n < 30:
		other := y.departments[s.r.IntN(len(y.departments))].Code
		if other == s.file.Case.Desk {
			return
		}
		s.by(domain.RoleHandler, "ask_help", domain.Fields{"co_organization": other, "task": "请派员到场核实并提出处理意见。"})
		s.wait(1 + s.r.Float64()*3)
		s.act("record_help", s.staff(domain.RoleHandler, other), domain.Fields{"co_organization": other, "record": "已派员现场核实,提出处理意见。"})
	case n < 33:
		s.by(domain.RoleHandler, "raise_risk", domain.Fields{"risk_text": "诉求人情绪激动,扬言聚集,已报信访局和派出所。"})
		s.wait(1 + s.r.Float64()*2)
		s.act("lower_risk", s.staff(domain.RoleSupervisor, s.rules.Directory.Root()), domain.Fields{"risk_text": "经见面沟通,情绪平稳,风险解除。"})
	}
}

// followUp is the callback: rated, not reached, or not yet made.
func (y *year) followUp(s *stage, clerk domain.Actor, p plot) {
	if p.rating == notCalled {
		return
	}
	s.workdays(1 + s.r.IntN(2))
	if p.rating == unreached {
		s.act("close_unreached", clerk, domain.Fields{"reason": "三次回访均未接通。"})
	} else {
		s.act("follow_up", s.rater(clerk), domain.Fields{"satisfaction": p.rating, "resolved": p.rating != string(domain.Dissatisfied)})
	}
	if p.story != appealReopened || s.file.Case.Counts["reopen"] > 0 {
		s.tick(s.end)
	}
}

// answerDays is how many working days a reply takes, within the limit.
func answerDays(s *stage) int {
	limit := limitDays(&s.file.Case)
	if limit == 0 {
		return 0
	}
	return min(s.r.IntN(limit+1), s.r.IntN(limit+1)) // most are quick
}

// lateAfter is the first working day on which a reply is late.
func lateAfter(s *stage) int { return limitDays(&s.file.Case) + 1 }

// limitDays is the limit of the model's units in working days, a little less
// than the procedure's.
func limitDays(c *domain.Case) int {
	switch {
	case c.Has(domain.FlagUrgent):
		return 0
	case c.Class == "consultation":
		return 1
	case c.Class == "suggestion":
		return 9
	default:
		return 5
	}
}

func result(s *stage) string {
	switch n := s.r.IntN(100); {
	case s.file.Case.Class == "consultation":
		return "explained"
	case n < 82:
		return "resolved"
	case n < 93:
		return "explained"
	case n < 98:
		return "planned"
	default:
		return "unresolved"
	}
}
