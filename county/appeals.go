package county

import (
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
	appealMerged     = "merged"
	appealWithdrawn  = "withdrawn"
	appealTerminated = "terminated"
	appealOpen       = "open" // not answered by the year's end
)

// appeal plays an appeal.
func (y *year) appeal(s *stage, p plot) {
	who := y.applicant(s.r, p.repeat)
	village := who.village
	text := AppealText(s.r, "", village)
	in := workflow.Intake{
		Procedure: "appeal", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: village.Code, Channel: y.channel(s.r), Flags: text.Flags, ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant)},
	}
	if p.repeat {
		in.Flags = append(in.Flags, domain.FlagRepeat)
	}
	if s.r.IntN(1000) < 8 {
		in.Persons = 5 + s.r.IntN(30)
	}
	clerk := staff(domain.RoleClerk, domain.TownshipOf(village.Code), s.rules.Directory)
	s.register(in, clerk)
	s.at = s.at.Add(time.Duration(20+s.r.IntN(200)) * time.Second)
	switch p.story {
	case appealDirect:
		s.at = s.at.Add(time.Duration(2+s.r.IntN(20)) * time.Minute)
		s.act("reply_directly", clerk, domain.Fields{"reply": text.Reply, "knowledge": "便民服务知识库"})
		// Who answered at the window does not ask how content the caller is.
		y.followUp(s, staff(domain.RoleClerk, s.rules.Directory.Root(), s.rules.Directory), p)
		return
	case appealRefused:
		s.wait(1 + s.r.Float64()*4)
		s.act("refuse", clerk, domain.Fields{"refusal": "statutory_route", "reason": "该事项应通过诉讼、仲裁或行政复议途径解决,已告知办理途径。"})
		return
	case appealMerged:
		s.act("merge", clerk, domain.Fields{"master": y.masters[s.r.IntN(len(y.masters))], "reason": "同一诉求人就同一事项重复反映。"})
		return
	}
	s.act("auto_dispatch", domain.Router, nil)
	if p.story == appealHandedBack {
		y.handBack(s, clerk)
	}
	y.handleAppeal(s, p, clerk, text)
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

// followUp is the callback: rated, not reached, or not yet made.
func (y *year) followUp(s *stage, clerk domain.Actor, p plot) {
	if p.rating == notCalled {
		return
	}
	s.workdays(1 + s.r.IntN(2))
	if p.rating == unreached {
		s.act("close_unreached", clerk, domain.Fields{"reason": "三次回访均未接通。"})
	} else {
		s.act("follow_up", clerk, domain.Fields{"satisfaction": p.rating, "resolved": p.rating != string(domain.Dissatisfied)})
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
