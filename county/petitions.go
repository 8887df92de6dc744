package county

import (
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a petition can go.
const (
	petitionUsual       = "petition_usual"
	petitionExtended    = "petition_extended"
	petitionReviewed    = "petition_reviewed"
	petitionRechecked   = "petition_rechecked"
	petitionNotAccepted = "petition_not_accepted"
	petitionWithdrawn   = "petition_withdrawn"
	petitionOpen        = "petition_open"
)

// petition plays a petition.
func (y *year) petition(s *stage, p plot) {
	who := y.applicant(s.r, p.repeat)
	class := "demand"
	if p.story == petitionUsual && s.r.IntN(8) == 0 {
		class = "suggestion"
	}
	text := PetitionText(s.r, class, who.village)
	in := workflow.Intake{
		Procedure: "petition", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: y.channel(s.r), Flags: text.Flags, ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant)},
	}
	if p.repeat {
		in.Flags = append(in.Flags, domain.FlagRepeat)
	}
	if s.r.IntN(100) < 4 {
		y.collect(s, &in, who)
	}
	bureau := s.rules.Directory.OfKind(domain.OrgPetitionBureau)[0].Code
	clerk := staff(domain.RoleClerk, bureau, s.rules.Directory)
	s.register(in, clerk)
	s.workdays(1 + s.r.IntN(4))
	if p.story == petitionOpen && s.r.IntN(4) == 0 {
		s.tick(s.end)
		return
	}
	s.act("forward", clerk, nil)
	s.workdays(1 + s.r.IntN(5))
	switch p.story {
	case petitionNotAccepted:
		s.by(domain.RoleHandler, "refuse", domain.Fields{
			"refusal": "statutory_route", "reason": "该事项依法应当通过诉讼、仲裁或行政复议解决。", "proper_route": "可向有管辖权的人民法院起诉或申请仲裁。",
		})
		return
	case petitionWithdrawn:
		s.act("withdraw", clerk, domain.Fields{"reason": "信访人书面撤回。"})
		return
	}
	s.by(domain.RoleHandler, "accept", nil)
	if p.story == petitionOpen {
		s.tick(s.end)
		return
	}
	y.handlePetition(s, p, clerk, text)
}

// handlePetition is the middle of the story, to the opinion and what follows.
func (y *year) handlePetition(s *stage, p plot, clerk domain.Actor, text Text) {
	s.workdays(3 + s.r.IntN(12))
	s.by(domain.RoleHandler, "investigate", domain.Fields{"record": "走访当事人及村居干部,查阅相关资料,核实有关情况。"})
	if p.story == petitionExtended {
		s.workdays(18 + s.r.IntN(6))
		s.by(domain.RoleHandler, "extend", domain.Fields{"reason": "情况复杂,需进一步核实。", "approved_by": "单位负责人"})
		s.workdays(20 + s.r.IntN(20))
	} else {
		s.workdays(2 + s.r.IntN(15))
	}
	if s.file.Case.Class == "suggestion" {
		s.by(domain.RoleHandler, "reply_suggestion", domain.Fields{"adoption": "adopted", "opinion": text.Reply})
	} else {
		s.by(domain.RoleHandler, "issue_opinion", domain.Fields{
			"statement_heard": true, "result": opinion(s), "facts": "经调查核实,信访人反映的情况基本属实。",
			"opinion": text.Reply, "legal_basis": "有关法律、法规和政策规定", "approved_by": "单位负责人",
		})
		s.at = s.at.Add(time.Duration(1+s.r.IntN(20)) * time.Hour)
		s.at = s.office(s.at).UTC().Truncate(time.Second)
		s.by(domain.RoleHandler, "serve", domain.Fields{"delivery": "in_person"})
	}
	if p.rating != notCalled && p.rating != unreached && !s.file.Case.Has(domain.FlagRepeat) {
		s.workdays(1 + s.r.IntN(8))
		s.act("evaluate", clerk, domain.Fields{"satisfaction": p.rating})
	}
	if p.story == petitionReviewed || p.story == petitionRechecked {
		y.review(s, p, clerk)
	}
	if !s.over() {
		s.tick(s.end)
	}
}

// review takes the petition through 复查, and 复核 when the story goes on.
func (y *year) review(s *stage, p plot, clerk domain.Actor) {
	supervisor := staff(domain.RoleSupervisor, s.rules.Directory.Root(), s.rules.Directory)
	s.workdays(2 + s.r.IntN(6))
	s.act("request_review", clerk, domain.Fields{"reason": "信访人不服处理意见,申请复查。"})
	s.workdays(1 + s.r.IntN(2))
	s.act("accept_review", supervisor, nil)
	s.workdays(5 + s.r.IntN(8))
	s.act("serve_review", supervisor, domain.Fields{"review_result": "upheld", "opinion": "原处理意见事实清楚、依据充分,予以维持。", "delivery": "in_person"})
	if p.story == petitionReviewed {
		return
	}
	s.workdays(2 + s.r.IntN(6))
	s.act("request_recheck", clerk, domain.Fields{"reason": "信访人不服复查意见,申请复核。"})
	s.workdays(1 + s.r.IntN(2))
	s.act("accept_recheck", supervisor, nil)
	s.workdays(5 + s.r.IntN(8))
	s.act("serve_recheck", supervisor, domain.Fields{"review_result": "upheld", "opinion": "维持复查意见。", "delivery": "in_person"})
}

// collect makes a petition one of many persons, with their representatives.
func (y *year) collect(s *stage, in *workflow.Intake, who resident) {
	in.Persons = 5 + s.r.IntN(26)
	for range 1 + s.r.IntN(4) {
		in.Parties = append(in.Parties, y.people.Person(who.village).Party(domain.PartyRepresentative))
	}
}

func opinion(s *stage) string {
	switch n := s.r.IntN(10); {
	case n < 7:
		return "supported"
	case n < 9:
		return "explained"
	default:
		return "unsupported"
	}
}
