package county

import (
	"slices"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a mediation entrusted by the court can go.
const (
	entrustedAgreed       = "entrusted_agreed"
	entrustedOral         = "entrusted_oral"
	entrustedInSuit       = "entrusted_in_suit" // after filing: the court's paper ends the suit
	entrustedFailed       = "entrusted_failed"  // back to the court, which files the suit
	entrustedFailedInSuit = "entrusted_failed_in_suit"
	entrustedDeclined     = "entrusted_declined" // nobody takes it on
	entrustedWithdrawn    = "entrusted_withdrawn"
	entrustedOpen         = "entrusted_open"
)

// entrusted plays a mediation that the court entrusts to its committee.
func (y *year) entrusted(s *stage, p plot) {
	who := y.stranger(s.r)
	text := disputeText(s.r, p.as, who.village)
	class, series := "entrusted_before_filing", "诉前调"
	if p.story == entrustedInSuit || p.story == entrustedFailedInSuit {
		class, series = one(s.r, []string{"entrusted_after_filing_ordinary", "entrusted_after_filing_summary"}), "民初"
	}
	s.at = p.received
	in := workflow.Intake{
		Procedure: "litigation_mediation", Class: class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelCourt, Flags: text.Flags, Amount: text.Amount,
		ReceivedAt: p.received, Source: Source, Parties: y.opponents(who, p.as),
		Fields: domain.Fields{"consent": true, "court_number": courtNumber(s, series)},
	}
	if p.as == "" && class == "entrusted_before_filing" {
		text = y.goesOn(&in, text)
	}
	s.register(in, s.staff(domain.RoleCourtLiaison, s.body(domain.OrgCourt, "")))
	s.act("auto_assign", domain.Router, nil)
	s.wait(2 + s.r.Float64()*16)
	if p.story == entrustedDeclined {
		s.by(domain.RoleMediator, "decline", domain.Fields{"reason": "纠纷涉及专业鉴定,本会不具备调解条件。"})
		s.workdays(1)
		s.by(domain.RoleCourtLiaison, "give_up", domain.Fields{"reason": "当事人不再同意调解,依法登记立案。"})
		return
	}
	s.by(domain.RoleMediator, "accept", domain.Fields{"rights_notified": true})
	if p.story == entrustedWithdrawn {
		s.workdays(1)
		s.by(domain.RoleMediator, "withdraw", domain.Fields{"reason": "原告撤回调解申请。"})
		return
	}
	y.appoint(s)
	if p.story == entrustedOpen {
		s.tick(s.end)
		return
	}
	s.workdays(1 + s.r.IntN(3))
	s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "在诉调对接中心组织双方调解,释明诉讼风险和成本。"})
	y.endEntrusted(s, p, text)
	s.tick(s.end)
}

// goesOn makes the case one that comes out of a mediation which the court has
// been told of, when there is one.
func (y *year) goesOn(in *workflow.Intake, text Text) Text {
	if len(y.atCourt) == 0 || !y.atCourt[0].file.Case.ConcludedAt.Before(in.ReceivedAt.AddDate(0, 0, -4)) {
		return text
	}
	q := y.atCourt[0]
	y.atCourt = y.atCourt[1:]
	c := q.file.Case
	in.DerivedFrom, in.Cases = c.ID, map[string]domain.Case{c.ID: c}
	in.Category, in.Title, in.Statement, in.Place, in.Amount = c.Category, c.Title, c.Statement, c.Place, c.Amount
	in.Parties = slices.Clone(q.file.Parties)
	return q.text
}

// endEntrusted is how the mediation ends, and what the court makes of it.
func (y *year) endEntrusted(s *stage, p plot, text Text) {
	switch p.story {
	case entrustedAgreed, entrustedOral:
		s.workdays(1 + s.r.IntN(6))
		agree(s, domain.RoleMediator, p.story == entrustedOral, text)
		y.perform(s, domain.RoleMediator)
	case entrustedInSuit:
		s.workdays(s.r.IntN(2))
		today := domain.DateIn(s.at).String()
		s.by(domain.RoleMediator, "submit_agreement", domain.Fields{
			"agreement": text.Reply, "signed_on": today, "sealed_on": today, "settled": text.Amount * 9 / 10,
		})
		s.workdays(2 + s.r.IntN(5))
		s.by(domain.RoleCourtLiaison, "close_by_court", domain.Fields{
			"court_paper": one(s.r, []string{"mediation_paper", "mediation_paper", "withdrawal_ruling"}), "court_number": courtNumber(s, "民初"),
		})
	default:
		s.workdays(s.r.IntN(2))
		s.by(domain.RoleMediator, "record_facts", domain.Fields{"undisputed_facts": "双方对合同签订和履行的事实没有争议。", "confirmed_in_writing": true})
		s.by(domain.RoleMediator, "fail", domain.Fields{
			"ending": "deadlock", "report": "经两次调解,双方对金额和期限分歧较大,调解不成。", "admissions_left_out": true,
		})
		s.workdays(1 + s.r.IntN(3))
		name := "file"
		if p.story == entrustedFailedInSuit {
			name = "resume_trial"
		}
		s.by(domain.RoleCourtLiaison, name, domain.Fields{"court_number": courtNumber(s, "民初")})
	}
}
