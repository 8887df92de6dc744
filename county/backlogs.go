package county

import (
	"fmt"
	"strconv"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which an old matter can go, once it is on the list.
const (
	backlogResolved  = "backlog_resolved"
	backlogConcluded = "backlog_concluded" // finally concluded by law
	backlogSentBack  = "backlog_sent_back" // claimed too early at first
	backlogRebounded = "backlog_rebounded" // came back, and was resolved again
	backlogRemoved   = "backlog_removed"   // taken off by order from above
)

// backlog plays a matter of more than five years, or one of the four keys, from
// the list to its removal with two signatures.
func (y *year) backlog(s *stage, p plot) {
	who := y.stranger(s.r)
	text := backlogs().tell(s.r, p.as, who.village)
	received := domain.DateIn(p.received)
	old := 6 + s.r.IntN(9)
	if p.as == "four_key" {
		old = 1 + s.r.IntN(4)
	}
	supervisor := s.staff(domain.RoleSupervisor, s.body(domain.OrgPetitionBureau, ""))
	s.register(workflow.Intake{
		Procedure: "backlog", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelAssigned, Amount: text.Amount, ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant)},
		Fields: domain.Fields{
			"first_registered": domain.NewDate(received.Year-old, 1+received.Month%12, 1+s.r.IntN(28)).String(),
			"baseline":         domain.NewDate(received.Year, 1, 1).String(), "source": one(s.r, []string{"national", "provincial", "own"}),
			"notice_number": fmt.Sprintf("峄示例信联〔%d〕%d号", received.Year, 1+s.r.IntN(9)), "list_item": strconv.Itoa(1 + s.r.IntN(99)),
			"history": "多次信访,历经办理和复查,问题没有彻底解决。",
		},
	}, supervisor)
	s.workdays(1 + s.r.IntN(6))
	if p.story == backlogRemoved {
		s.act("remove", supervisor, domain.Fields{"order_number": "枣示例信联〔2020〕2号", "reason": "上级通知改由其他地方办理。"})
		return
	}
	leader := s.staff(domain.RoleLeader, s.rules.Directory.Root())
	s.act("take_charge", leader, domain.Fields{
		"leader_name": "李某乙", "leader_post": "副区长", "organization": s.rules.Directory.Competent(text.Category, received).Code,
		"target_date": domain.NewDate(received.Year, 11, 30).String(),
	})
	s.workdays(2 + s.r.IntN(6))
	s.by(domain.RoleHandler, "make_plan", domain.Fields{"crux": "历史资料不全,各方认识不一致。", "plan": "一案一策:核实事实、明确政策、落实责任人、限期解决。", "responsible_person": "张某丙"})
	y.workOff(s, 2+s.r.IntN(3))
	y.removeFromList(s, p, supervisor, leader, text)
	if p.story == backlogRebounded {
		s.workdays(10 + s.r.IntN(15))
		s.act("rebound", supervisor, domain.Fields{"rebound": "visit", "record": "信访人再次来访,反映尾款未到账。", "target_date": domain.NewDate(received.Year, 12, 20).String()})
		y.workOff(s, 1)
		y.removeFromList(s, p, supervisor, leader, text)
	}
	s.workdays(5 + s.r.IntN(10))
	s.act("follow_up", s.staff(domain.RoleClerk, s.file.Case.RegisteredBy), domain.Fields{"record": "回访信访人,问题已解决,表示息诉。", "satisfaction": "satisfied"})
	s.tick(s.end)
}

// workOff is some months of work, with a report in each.
func (y *year) workOff(s *stage, times int) {
	for range times {
		s.workdays(14 + s.r.IntN(6))
		s.by(domain.RoleHandler, "report_progress", domain.Fields{"progress": "已与信访人见面沟通,有关部门会商形成初步意见。"})
	}
	s.workdays(5 + s.r.IntN(8))
}

// removeFromList is the claim and the two signatures that take the matter off
// the list.
func (y *year) removeFromList(s *stage, p plot, supervisor, leader domain.Actor, text Text) {
	how, result := one(s.r, []string{"agreement", "performance", "promise"}), "resolved"
	if p.story == backlogConcluded {
		how, result = "conclusion", "concluded"
	}
	claim := domain.Fields{"how": how, "evidence": "协议书、支付凭证和息诉承诺书复印件", "record": text.Reply}
	s.by(domain.RoleHandler, "claim", claim)
	s.workdays(1 + s.r.IntN(2))
	if p.story == backlogSentBack {
		s.act("send_back", leader, domain.Fields{"reason": "尚有一笔款项没有支付,完成后再申报。"})
		y.workOff(s, 1)
		s.by(domain.RoleHandler, "claim", claim)
		s.workdays(1)
	}
	s.by(domain.RoleClerk, "verify", domain.Fields{"record": "电话和入户核查,信访人认可。"})
	s.workdays(1)
	s.act("sign_as_leader", leader, domain.Fields{"leader_signed_by": "李某乙", "leader_signed_on": domain.DateIn(s.at).String()})
	s.workdays(1)
	s.act("resolve", supervisor, domain.Fields{
		"result": result, "bureau_signed_by": "王某丁", "removal_number": fmt.Sprintf("销号示例%03d", 1+s.r.IntN(900)),
	})
}
