package county

import (
	"fmt"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a quarrel before the police can go.
const (
	policeAgreed       = "police_agreed"        // the police mediate
	policeAgreedSecond = "police_agreed_second" // at the second attempt
	policeReferred     = "police_referred"      // people's mediation, which ends as the plot's As says
	policePenalty      = "police_penalty"       // mediated twice in vain
	policeExcluded     = "police_excluded"      // not fit for mediation
	policeEnded        = "police_ended"         // no violation after all
	policeOpen         = "police_open"
)

// policeMediation plays a public-order case that began with a quarrel: the
// police mediate it once or twice, refer it to people's mediation, or punish.
func (y *year) policeMediation(s *stage, p plot) {
	who := y.stranger(s.r)
	text := policeMatters().tell(s.r, "", who.village)
	officer := s.staff(domain.RoleHandler, domain.TownshipOf(who.village.Code)+"-police")
	number := fmt.Sprintf("峄公示例受案字〔%d〕%04d号", p.received.In(domain.Beijing).Year(), 1+s.r.IntN(9999))
	s.register(workflow.Intake{
		Procedure: "police_mediation", Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelPolice, Amount: text.Amount, ReceivedAt: p.received, Source: Source,
		Parties: y.opponents(who, ""), Fields: domain.Fields{"police_number": number},
	}, officer)
	s.wait(2 + s.r.Float64()*20)
	switch p.story {
	case policeAgreed:
		s.workdays(s.r.IntN(4))
		y.agreeBeforePolice(s, domain.Fields{"suitable": true}, text)
	case policeAgreedSecond:
		y.failBeforePolice(s)
		s.workdays(1 + s.r.IntN(4))
		y.agreeBeforePolice(s, domain.Fields{}, text)
	case policeReferred:
		y.referFromPolice(s, p, number, text)
	case policePenalty:
		y.failBeforePolice(s)
		s.workdays(1 + s.r.IntN(4))
		s.by(domain.RoleHandler, "fail_second", domain.Fields{"record": "再次调解,双方对赔偿数额仍不能达成一致。"})
		y.punish(s)
	case policeExcluded:
		s.by(domain.RoleHandler, "exclude", domain.Fields{"exclusion": "unwilling", "reason": "一方明确表示不愿意调解。"})
		y.punish(s)
	case policeEnded:
		s.workdays(2 + s.r.IntN(5))
		s.by(domain.RoleHandler, "end_case", domain.Fields{"ending": "no_violation", "advice": "属民事争议,可申请人民调解或者向人民法院起诉。"})
	}
	s.tick(s.end)
}

// failBeforePolice is the first attempt of the police in vain.
func (y *year) failBeforePolice(s *stage) {
	s.workdays(s.r.IntN(3))
	s.by(domain.RoleHandler, "fail_first", domain.Fields{"suitable": true, "record": "首次治安调解,双方未能达成一致。"})
}

// agreeBeforePolice is the agreement before the police, and its performance.
func (y *year) agreeBeforePolice(s *stage, fields domain.Fields, text Text) {
	fields["agreement"], fields["signed_on"], fields["settled"] = text.Reply, domain.DateIn(s.at).String(), text.Amount
	s.by(domain.RoleHandler, "agree", fields)
	s.workdays(1 + s.r.IntN(8))
	s.by(domain.RoleHandler, "perform", domain.Fields{"voucher": "双方当事人签字的收条"})
}

// referFromPolice hands the quarrel to people's mediation and does what follows
// from how that ends.
func (y *year) referFromPolice(s *stage, p plot, number string, text Text) {
	s.by(domain.RoleHandler, "refer", domain.Fields{"consent": true, "police_number": number})
	y.mediate(s.opened(), plot{story: p.as}, text)
	if s.file.Case.State != "police_review" {
		y.punish(s)
		return
	}
	s.workdays(1)
	s.by(domain.RoleHandler, "recognise", domain.Fields{"joint_request": true, "performed": true, "voucher": "人民调解协议书及履行凭证"})
}

// punish is the penalty after a mediation that came to nothing, or was none.
func (y *year) punish(s *stage) {
	s.workdays(1 + s.r.IntN(3))
	s.by(domain.RoleHandler, "propose_penalty", domain.Fields{"lawsuit_told": true, "record": "已告知拟处罚的事实、理由、依据及民事争议可以起诉。"})
	s.workdays(1 + s.r.IntN(4))
	s.by(domain.RoleHandler, "decide", domain.Fields{
		"decision": "punished", "decision_number": fmt.Sprintf("峄公示例行罚决字〔%d〕%04d号", s.at.In(domain.Beijing).Year(), 1+s.r.IntN(9999)),
	})
}
