package county

import (
	"fmt"

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

// The marks of disputes, as the texts have them.
const (
	markEnterprise = "enterprise"
	markFinancial  = "financial"
	markBoth       = "enterprise_financial"
)

// mediation plays a people's mediation, that of enterprises and banks among
// them.
func (y *year) mediation(s *stage, p plot) {
	who := y.stranger(s.r)
	text := disputeText(s.r, p.as, who.village)
	if p.story == mediationEscalated {
		text = mediations().tell(s.r, "neighbour", who.village) // such quarrels begin in the village
	}
	class := "application"
	if s.r.IntN(4) == 0 {
		class = "initiative"
	}
	s.register(workflow.Intake{
		Procedure: p.procedure, Class: class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelWindow, Flags: text.Flags, Amount: text.Amount,
		ReceivedAt: p.received, Source: Source, Parties: y.opponents(who, p.as),
	}, s.staff(domain.RoleClerk, domain.TownshipOf(who.village.Code)))
	y.mediate(s, p, text)
}

// opponents are the two sides of a dispute: one of them a company where it has
// a mark.
func (y *year) opponents(who resident, mark string) []domain.Party {
	first := who.Party(domain.PartyApplicant)
	other := y.people.Person(who.village).Party(domain.PartyRespondent)
	if mark != "" {
		first = y.people.Company(who.village)
	}
	return []domain.Party{first, other}
}

// mediate plays a mediation once it is registered, or opened out of another
// case.
func (y *year) mediate(s *stage, p plot, text Text) {
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
	y.appoint(s)
	if p.carried {
		s.workdays(8 + s.r.IntN(5)) // into the new year
	}
	slow := 4
	if o := s.rules.Directory.Get(s.file.Case.Desk); o != nil && o.Kind == domain.OrgVillageCommittee {
		slow = 1 // a village takes a week
	}
	s.workdays(s.r.IntN(1 + slow))
	s.by(domain.RoleMediator, "investigate", domain.Fields{"record": "分别向双方当事人及邻居了解情况,现场查看。"})
	if p.story == mediationOpen {
		s.tick(s.end)
		return
	}
	s.workdays(1 + s.r.IntN(slow))
	s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "召集双方当事人面对面调解,讲明法律规定和情理。"})
	switch p.story {
	case mediationFailed:
		s.workdays(1 + s.r.IntN(2*slow))
		s.by(domain.RoleMediator, "fail", domain.Fields{"ending": "deadlock", "advice": "可依法申请仲裁或向人民法院起诉。"})
		y.informCourt(s, text)
		s.tick(s.end)
		return
	case mediationEscalated:
		s.by(domain.RoleMediator, "escalate", domain.Fields{"reason": "村级调解未达成一致,提请镇街调委会调解。"})
		s.workdays(1)
		y.appoint(s)
		s.workdays(1 + s.r.IntN(3))
		s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "镇街调委会会同司法所、村委会调解。"})
	}
	s.workdays(s.r.IntN(1 + slow))
	agree(s, domain.RoleMediator, p.story == mediationOral, text)
	y.perform(s, domain.RoleMediator)
}

// informCourt tells the court of a quarrel that could not be settled, where the
// parties consent; it may then entrust somebody with it.
func (y *year) informCourt(s *stage, text Text) {
	s.later(1)
	if s.over() || s.r.IntN(3) != 0 {
		return
	}
	s.by(domain.RoleMediator, "inform_court", domain.Fields{"consent": true, "record": "征得双方同意,将纠纷情况告知人民法院。"})
	if !s.file.Case.Has(domain.FlagEnterprise) && !s.file.Case.Has(domain.FlagFinancial) { // what has a mark is planned apart
		y.atCourt = append(y.atCourt, quarrel{text: text, file: s.file})
	}
}

// appoint names the mediator of the desk.
func (y *year) appoint(s *stage) {
	if !s.over() {
		mediator := s.staff(domain.RoleMediator, s.file.Case.Desk)
		s.act("assign_mediator", mediator, domain.Fields{"handler": mediator.ID})
	}
}

// agree concludes the agreement; a written one takes effect with the last of
// signature and seal.
func agree(s *stage, by domain.Role, orally bool, text Text) {
	today := domain.DateIn(s.at).String()
	fields := domain.Fields{"agreement": text.Reply, "settled": text.Amount * 9 / 10}
	if orally {
		fields["agreed_on"] = today
		s.by(by, "agree_orally", fields)
		return
	}
	fields["signed_on"], fields["sealed_on"] = today, today
	s.by(by, "sign_agreement", fields)
}

// perform is what follows an agreement: a confirmation now and then,
// performance mostly, and the follow-up visit by somebody else.
func (y *year) perform(s *stage, by domain.Role) {
	if s.over() {
		return
	}
	clerk := s.staff(domain.RoleClerk, s.file.Case.RegisteredBy)
	if s.r.IntN(100) < 6 {
		y.confirm(s, clerk)
	}
	s.later(1 + s.r.IntN(15))
	s.by(by, "perform", domain.Fields{"voucher": "双方当事人签字的履行证明"})
	s.later(1 + s.r.IntN(8))
	s.act("follow_up", clerk, domain.Fields{"record": "回访双方,协议已履行,关系缓和。", "satisfaction": "satisfied", "resolved": true})
	s.tick(s.end)
}

// confirm takes the agreement to the court.
func (y *year) confirm(s *stage, clerk domain.Actor) {
	s.later(1 + s.r.IntN(5))
	if s.over() {
		return
	}
	s.act("apply_confirmation", clerk, domain.Fields{"both_apply": true, "subject": "ordinary"})
	number := courtNumber(s, "民特")
	s.later(1)
	s.by(domain.RoleCourtLiaison, "court_accept", domain.Fields{"court_number": number})
	s.later(2 + s.r.IntN(6))
	s.by(domain.RoleCourtLiaison, "confirm", domain.Fields{"court_number": number})
}

// courtNumber is an invented case number of the county's court, and shows it.
func courtNumber(s *stage, series string) string {
	return fmt.Sprintf("(%d)鲁0404%s示例%d号", s.at.In(domain.Beijing).Year(), series, 1+s.r.IntN(3000))
}
