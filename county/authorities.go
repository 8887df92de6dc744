package county

import (
	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a mediation by an authority can go.
const (
	authorityAgreed      = "authority_agreed"
	authorityFailed      = "authority_failed"
	authorityNotAccepted = "authority_not_accepted"
	authorityOpen        = "authority_open"
)

// authorityMediation plays a mediation by the department whose duties the
// dispute is tied to.
func (y *year) authorityMediation(s *stage, p plot) {
	who := y.stranger(s.r)
	text := administrative().tell(s.r, "", who.village)
	if p.as != "" {
		text.Flags = append(text.Flags, domain.Flag(p.as))
	}
	clerk := s.staff(domain.RoleClerk, domain.TownshipOf(who.village.Code))
	s.register(workflow.Intake{
		Procedure: "administrative_mediation", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelWindow, Flags: text.Flags, Amount: text.Amount,
		ReceivedAt: p.received, Source: Source, Parties: y.opponents(who, p.as),
	}, clerk)
	s.act("auto_assign", domain.Router, nil)
	s.workdays(1 + s.r.IntN(2))
	if p.story == authorityNotAccepted {
		s.by(domain.RoleHandler, "refuse", domain.Fields{"refusal": "elsewhere", "advice": "人民法院已受理,请通过诉讼解决。", "remedies_told": true})
		return
	}
	s.by(domain.RoleHandler, "accept", domain.Fields{"consent": true, "dispute": "civil", "tied_to_duty": true, "remedies_told": true})
	s.workdays(1 + s.r.IntN(4))
	s.by(domain.RoleHandler, "investigate", domain.Fields{"record": "调取有关登记和检测资料,向双方了解情况。"})
	if p.story == authorityOpen {
		s.tick(s.end)
		return
	}
	s.workdays(1 + s.r.IntN(5))
	s.by(domain.RoleHandler, "hold_session", domain.Fields{"record": "组织双方调解,说明有关规定和各自责任。"})
	s.workdays(s.r.IntN(4))
	if p.story == authorityFailed {
		s.by(domain.RoleHandler, "fail", domain.Fields{"ending": "deadlock", "advice": "可依法申请仲裁或向人民法院起诉。", "remedies_told": true})
		s.tick(s.end)
		return
	}
	agree(s, domain.RoleHandler, s.r.IntN(5) == 0, text)
	y.perform(s, domain.RoleHandler)
}
