package county

import (
	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a suit against an organ of the county can go.
const (
	suitWon             = "suit_won"
	suitDismissed       = "suit_dismissed"
	suitLost            = "suit_lost"             // and the judgment is performed
	suitAppealed        = "suit_appealed"         // and the judgment upheld
	suitAppealWithdrawn = "suit_appeal_withdrawn" // so that the first judgment stands
	suitSettled         = "suit_settled"          // at the settlement centre, without a hearing
	suitWithdrawn       = "suit_withdrawn"        // before a hearing
	suitOpen            = "suit_open"
)

// suit plays an organ's response to a suit, one instance a case. Its head
// appears at every hearing.
func (y *year) suit(s *stage, p plot) {
	who := y.stranger(s.r)
	text := suits().tell(s.r, "", who.village)
	received := domain.DateIn(p.received)
	class := "first_instance"
	if p.story == suitWon && s.r.IntN(3) == 0 {
		class = "first_instance_summary"
	}
	s.at = p.received
	defendant := s.rules.Directory.Competent(text.Category, received).Code
	s.register(workflow.Intake{
		Procedure: "litigation_response", Class: class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelCourt, Amount: text.Amount, ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant)},
		Fields: domain.Fields{
			"court_number": courtNumber(s, "行初"), "filed_on": received.AddDays(-2 - s.r.IntN(4)).String(),
			"court": "峄城区人民法院", "act": text.Class, "claims": text.Statement,
		},
	}, s.staff(domain.RoleHandler, defendant))
	s.workdays(3 + s.r.IntN(5))
	s.by(domain.RoleHandler, "answer", domain.Fields{"answer": text.Reply, "evidence": "行政行为作出依据、程序材料及规范性文件目录。"})
	switch p.story {
	case suitOpen:
	case suitWithdrawn:
		s.workdays(3 + s.r.IntN(10))
		s.by(domain.RoleHandler, "withdraw", domain.Fields{"ending": "withdrawn", "court_document": courtNumber(s, "行初")})
	case suitSettled:
		y.settleSuit(s)
	default:
		y.trySuit(s, p)
	}
	s.tick(s.end)
}

// settleSuit brings the parties together at the settlement centre.
func (y *year) settleSuit(s *stage) {
	s.workdays(2 + s.r.IntN(4))
	s.by(domain.RoleHandler, "conciliate", domain.Fields{"consent": true})
	s.workdays(2 + s.r.IntN(5))
	s.by(domain.RoleMediator, "hold_session", domain.Fields{"record": "行政争议和解中心组织双方协调,被告说明依据并提出补救办法。"})
	s.workdays(2 + s.r.IntN(5))
	s.by(domain.RoleMediator, "withdraw", domain.Fields{
		"ending": "settled", "court_document": courtNumber(s, "行初"), "agreement": "双方达成和解,原告自愿撤诉。",
	})
}

// trySuit is the hearing, the judgment and what follows from it.
func (y *year) trySuit(s *stage, p plot) {
	result := map[string]string{suitDismissed: "dismissed", suitLost: "lost"}[p.story]
	if result == "" {
		result = "won"
	}
	y.hearSuit(s)
	s.workdays(3 + s.r.IntN(8))
	number := courtNumber(s, "行初")
	s.by(domain.RoleHandler, "judge", domain.Fields{
		"result": result, "judgment_number": number, "served_on": domain.DateIn(s.at).String(), "holding": "判决主文以裁判文书为准。",
	})
	switch p.story {
	case suitAppealed, suitAppealWithdrawn:
		y.appealSuit(s, p, number)
	case suitLost:
		s.workdays(2)
		s.by(domain.RoleHandler, "decide_appeal", domain.Fields{"record": "判决认定程序违法属实,不上诉,按判决履行。"})
		s.workdays(14)
	default:
		s.workdays(16) // nobody appeals
	}
	switch {
	case s.file.Case.State == "replaced":
	case p.story == suitLost:
		s.by(domain.RoleHandler, "record_order", domain.Fields{"order": "在判决指定期限内重新作出行政行为。", "performance_due": s.ahead(30).String()})
		s.workdays(5 + s.r.IntN(10))
		s.by(domain.RoleHandler, "perform", domain.Fields{"voucher": "重新作出的决定书及送达回证"})
	default:
		s.workdays(1)
		s.by(domain.RoleHandler, "close", domain.Fields{"record": "裁判已生效,无履行内容。"})
	}
}

// hearSuit is a hearing at which the head of the organ appears and speaks.
func (y *year) hearSuit(s *stage) {
	s.workdays(2 + s.r.IntN(4))
	on := s.ahead(5 + s.r.IntN(10))
	head := domain.Fields{"head_name": "周某甲", "head_post": "副局长", "head_kind": "deputy", "agents": "本机关工作人员及律师各一名"}
	s.by(domain.RoleHandler, "schedule_hearing", domain.Fields{"hearing_date": on.String(), "hearing_place": "上午九时,行政审判庭"})
	s.workdays(1)
	s.by(domain.RoleHandler, "name_attendants", head)
	s.on(on)
	held := domain.Fields{"heard_on": on.String(), "head_attended": true, "head_spoke": true, "record": "负责人出庭并就争议焦点发表意见。"}
	for name, v := range head {
		held[name] = v
	}
	s.by(domain.RoleHandler, "hold_hearing", held)
}

// appealSuit is the second instance, a case of its own.
func (y *year) appealSuit(s *stage, p plot, number string) {
	s.workdays(3 + s.r.IntN(5))
	s.by(domain.RoleHandler, "appeal", domain.Fields{
		"appellant": "plaintiff", "court_number": number, "appealed_on": domain.DateIn(s.at).String(), "appeal_court": "枣庄市中级人民法院",
	})
	second := s.opened()
	second.workdays(3 + s.r.IntN(4))
	second.by(domain.RoleHandler, "record_filing", domain.Fields{"court_number": courtNumber(second, "行终"), "filed_on": domain.DateIn(second.at).String()})
	second.workdays(2 + s.r.IntN(3))
	second.by(domain.RoleHandler, "answer", domain.Fields{"answer": "一审判决认定事实清楚,应予维持。", "evidence": "同一审证据。"})
	if p.story == suitAppealWithdrawn {
		second.workdays(3 + s.r.IntN(5))
		second.by(domain.RoleHandler, "withdraw_appeal", domain.Fields{"court_document": courtNumber(second, "行终")})
		return
	}
	y.hearSuit(second)
	second.workdays(4 + s.r.IntN(8))
	second.by(domain.RoleHandler, "judge_finally", domain.Fields{
		"result": "won", "judgment_number": courtNumber(second, "行终"), "served_on": domain.DateIn(second.at).String(), "holding": "驳回上诉,维持原判。",
	})
	second.workdays(2)
	second.by(domain.RoleHandler, "close", domain.Fields{"record": "二审维持,无履行内容。"})
	second.tick(second.end)
}
