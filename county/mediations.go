package county

import (
	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a mediation can go.
const (
	mediationAgreed      = "mediation_agreed"
	mediationOral        = "mediation_oral"
	mediationEscalated   = "mediation_escalated" // agreed at the township, the village having failed
	mediationFailed      = "mediation_failed"
	mediationWithdrawn   = "mediation_withdrawn"
	mediationNotAccepted = "mediation_not_accepted"
	mediationOpen        = "mediation_open"
)

// mediation plays a mediation.
func (y *year) mediation(s *stage, p plot) {
	who := y.applicant(s.r, false)
	kinds := DisputeKinds()
	kind := kinds[s.r.IntN(len(kinds))]
	if p.story == mediationEscalated {
		kind = "neighbour" // such quarrels begin in the village
	}
	text := MediationText(s.r, kind, who.village)
	class := "application"
	if s.r.IntN(4) == 0 {
		class = "initiative"
	}
	clerk := staff(domain.RoleClerk, domain.TownshipOf(who.village.Code), s.rules.Directory)
	s.register(workflow.Intake{
		Procedure: "mediation", Class: class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelWindow, Flags: text.Flags, Amount: text.Amount,
		ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant), y.people.Person(who.village).Party(domain.PartyRespondent)},
	}, clerk)
	s.act("auto_assign", domain.Router, nil)
	s.wait(1 + s.r.Float64()*12)
	if p.story == mediationNotAccepted {
		s.by(domain.RoleCommitteeHead, "refuse", domain.Fields{"refusal": "elsewhere", "advice": "人民法院已受理,请通过诉讼解决。"})
		return
	}
	s.by(domain.RoleMediator, "accept", domain.Fields{"rights_notified": true})
	if p.story == mediationWithdrawn {
		s.workdays(1)
		s.by(domain.RoleMediator, "withdraw", domain.Fields{"reason": "当事人自行和解。"})
		return
	}
	y.mediate(s, p, text, clerk)
}

// mediate is the middle of the story, to the agreement or the failure.
func (y *year) mediate(s *stage, p plot, text Text, clerk domain.Actor) {
	y.appoint(s)
	if p.carried {
		s.workdays(8 + s.r.IntN(5)) // into the new year
	}
	s.workdays(1 + s.r.IntN(3))
	s.by(domain.RoleMediator, "investigate", domain.Fields{"record": "分别向双方当事人及邻居了解情况,现场查看。"})
	if p.story == mediationOpen {
		s.tick(s.end)
		return
	}
	s.workdays(1 + s.r.IntN(4))
	s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "召集双方当事人面对面调解,讲明法律规定和情理。"})
	switch p.story {
	case mediationFailed:
		s.workdays(1 + s.r.IntN(10))
		s.by(domain.RoleMediator, "fail", domain.Fields{"ending": "deadlock", "advice": "可依法申请仲裁或向人民法院起诉。"})
		s.tick(s.end)
		return
	case mediationEscalated:
		s.by(domain.RoleMediator, "escalate", domain.Fields{"reason": "村级调解未达成一致,提请镇街调委会调解。"})
		s.workdays(1)
		y.appoint(s)
		s.workdays(1 + s.r.IntN(3))
		s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "镇街调委会会同司法所、村委会调解。"})
	}
	s.workdays(s.r.IntN(5))
	y.agree(s, p, text)
	y.perform(s, clerk)
}

// appoint names the mediator of the desk.
func (y *year) appoint(s *stage) {
	unit := s.rules.Directory.Unit(s.file.Case.Desk)
	mediator := staff(domain.RoleMediator, unit, s.rules.Directory)
	s.by(domain.RoleMediator, "assign_mediator", domain.Fields{"handler": mediator.ID})
}

// agree concludes the agreement; a written one takes effect with the last of
// signature and seal.
func (y *year) agree(s *stage, p plot, text Text) {
	today := domain.DateIn(s.at).String()
	fields := domain.Fields{"agreement": text.Reply, "settled": text.Amount * 9 / 10}
	if p.story == mediationOral {
		fields["agreed_on"] = today
		s.by(domain.RoleMediator, "agree_orally", fields)
		return
	}
	fields["signed_on"], fields["sealed_on"] = today, today
	s.by(domain.RoleMediator, "sign_agreement", fields)
}

// perform is what follows an agreement: a confirmation now and then,
// performance mostly, and the follow-up visit by somebody else.
func (y *year) perform(s *stage, clerk domain.Actor) {
	if s.over() {
		return
	}
	if s.r.IntN(100) < 6 {
		y.confirm(s, clerk)
	}
	s.later(1 + s.r.IntN(15))
	s.by(domain.RoleMediator, "perform", domain.Fields{"voucher": "双方当事人签字的履行证明"})
	s.later(1 + s.r.IntN(8))
	if !s.over() {
		s.act("follow_up", clerk, domain.Fields{"record": "回访双方,协议已履行,关系缓和。", "satisfaction": "satisfied", "resolved": true})
	}
	s.tick(s.end)
}

// confirm takes the agreement to the court.
func (y *year) confirm(s *stage, clerk domain.Actor) {
	s.later(1 + s.r.IntN(5))
	if s.over() {
		return
	}
	s.act("apply_confirmation", clerk, domain.Fields{"both_apply": true, "subject": "ordinary"})
	number := "(2020)鲁0404民特示例号"
	s.later(1)
	s.by(domain.RoleCourtLiaison, "court_accept", domain.Fields{"court_number": number})
	s.later(2 + s.r.IntN(6))
	s.by(domain.RoleCourtLiaison, "confirm", domain.Fields{"court_number": number})
}
