package county

import (
	"fmt"
	"slices"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a reconsideration can go; the plot's As says how one ends.
const (
	reconsiderationHeard   = "reconsideration_heard"   // after a hearing
	reconsiderationWritten = "reconsideration_written" // without one
	reconsiderationRefused = "reconsideration_refused"
	reconsiderationOpen    = "reconsideration_open"
)

// complaints are the kinds of act that an outcome belongs to, where not every
// kind can end so.
var complaints = map[string][]string{
	"ordered_to_perform": {"inaction"},
	"changed":            {"penalty"},
	"settled_corrected":  {"penalty"},
	"mediated":           {"penalty"},
}

// reconsideration plays a reconsideration before the county, whose office is
// the justice bureau.
func (y *year) reconsideration(s *stage, p plot) {
	who := y.stranger(s.r)
	class := ""
	if of := complaints[p.as]; of != nil {
		class = one(s.r, of)
	}
	text := reconsiderations().tell(s.r, class, who.village)
	received := domain.DateIn(p.received)
	against := s.rules.Directory.Competent(text.Category, received)
	known := received.AddDays(-3 - s.r.IntN(45)).String()
	s.register(workflow.Intake{
		Procedure: "reconsideration", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: one(s.r, []domain.Channel{domain.ChannelWindow, domain.ChannelLetter}), Amount: text.Amount,
		ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{
			who.Party(domain.PartyApplicant),
			{Role: domain.PartyRespondent, Organization: true, OrgCode: against.Code, Name: against.Name},
		},
		Fields: domain.Fields{"known_on": known, "act_number": fmt.Sprintf("峄示例字〔%d〕%03d号", received.Year, 1+s.r.IntN(300))},
	}, s.staff(domain.RoleReconsideration, s.body(domain.OrgJusticeBureau, "")))
	s.workdays(1 + s.r.IntN(3))
	if p.story == reconsiderationRefused {
		s.by(domain.RoleReconsideration, "refuse", domain.Fields{"refusal": "out_of_scope", "reason": "所请求事项不属于行政复议范围。", "approved_by": "区政府分管负责人"})
		s.workdays(1)
		s.by(domain.RoleReconsideration, "serve_refusal", domain.Fields{"delivery": "post"})
		s.tick(s.end)
		return
	}
	s.by(domain.RoleReconsideration, "accept", domain.Fields{"known_on": known})
	y.examine(s, p)
	if p.story != reconsiderationOpen {
		y.decide(s, p, received, text)
	}
	s.tick(s.end)
}

// examine is the middle of the story: the respondent answers, the parties are
// heard, at a hearing where there is one.
func (y *year) examine(s *stage, p plot) {
	s.workdays(1 + s.r.IntN(2))
	s.by(domain.RoleReconsideration, "send_copy", nil)
	s.workdays(1 + s.r.IntN(2))
	s.by(domain.RoleReconsideration, "record_copy", domain.Fields{"copy_received_on": domain.DateIn(s.at).String()})
	s.workdays(3 + s.r.IntN(3))
	s.by(domain.RoleReconsideration, "record_answer", domain.Fields{
		"answered_on": domain.DateIn(s.at).String(), "answer": "被申请人提交答复书及证据目录,认为行政行为合法适当。",
	})
	s.workdays(1 + s.r.IntN(3))
	s.by(domain.RoleReconsideration, "hear_opinions", domain.Fields{"record": "电话听取申请人和被申请人意见,记录在卷。"})
	if p.story != reconsiderationHeard {
		return
	}
	s.workdays(1)
	on := s.ahead(3 + s.r.IntN(3))
	s.by(domain.RoleReconsideration, "call_hearing", domain.Fields{"hearing_on": on.String(), "hearing_subject": "区司法局听证室,围绕事实认定、程序和裁量进行。"})
	s.on(on)
	s.by(domain.RoleReconsideration, "hold_hearing", domain.Fields{"record": "双方陈述、举证、质证和辩论,笔录经核对签字。", "attendance": "head"})
}

// decide ends a reconsideration as the plot says, close to its sixtieth day
// where it was carried in.
func (y *year) decide(s *stage, p plot, received domain.Date, text Text) {
	if p.carried {
		s.on(received.AddDays(52 + s.r.IntN(7)))
	} else {
		s.on(received.AddDays(40 + s.r.IntN(19)))
	}
	today := domain.DateIn(s.at).String()
	switch p.as {
	case "settled_corrected":
		s.by(domain.RoleReconsideration, "settle", domain.Fields{
			"settlement": p.as, "dispute": "discretion", "voluntary": true, "agreement": "被申请人自行纠正处罚幅度,申请人自愿撤回申请。",
		})
	case "mediated":
		s.by(domain.RoleReconsideration, "begin_mediation", domain.Fields{"dispute": "discretion"})
		s.by(domain.RoleReconsideration, "mediate", domain.Fields{"agreement": "双方就处罚数额达成一致。", "signed_on": today, "sealed_on": today})
	case "withdrawn":
		s.by(domain.RoleReconsideration, "withdraw", domain.Fields{"reason": "申请人了解依据后自愿撤回申请。", "voluntary": true})
	case "dismissed":
		s.by(domain.RoleReconsideration, "dismiss", domain.Fields{
			"dismissal_ground": "no_interest", "decision_text": "申请人与被申请的行为没有利害关系,驳回申请。", "approval": "head", "approved_by": "区政府负责人",
		})
		y.serveDecision(s, p)
	default:
		s.by(domain.RoleReconsideration, "decide", domain.Fields{
			"decision": p.as, "decision_text": text.Reply, "approval": "head", "approved_by": "区政府负责人",
		})
		y.serveDecision(s, p)
	}
}

// serveDecision serves the decision; what it orders is done.
func (y *year) serveDecision(s *stage, p plot) {
	s.workdays(1 + s.r.IntN(3))
	fields := domain.Fields{"delivery": "in_person"}
	orders := slices.Contains([]string{"revoked", "partly_revoked", "ordered_to_perform"}, p.as)
	if orders {
		fields["order"] = "redo"
		if p.as == "ordered_to_perform" {
			fields["order"] = "perform"
		}
	}
	s.by(domain.RoleReconsideration, "serve", fields)
	if orders {
		s.workdays(3 + s.r.IntN(8))
		s.by(domain.RoleReconsideration, "perform", domain.Fields{"record": "被申请人已按决定履行并书面报告。"})
	}
}
