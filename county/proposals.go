package county

import (
	"fmt"
	"strconv"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a deputy's suggestion or a CPPCC proposal can go; the
// plot's As says which of the two it is.
const (
	proposalSolved     = "proposal_solved"
	proposalPlanned    = "proposal_planned"    // a promise, kept or followed
	proposalExtended   = "proposal_extended"   // the office gave more time
	proposalReassigned = "proposal_reassigned" // the first organ was not the right one
	proposalRedone     = "proposal_redone"     // dissatisfied at first
)

// proposal plays a suggestion or proposal, from the office that assigns it to
// the proposer's opinion.
func (y *year) proposal(s *stage, p plot) {
	who := y.stranger(s.r)
	text := proposals().tell(s.r, p.as, who.village)
	received := domain.DateIn(p.received)
	function, session := "peoples_congress", "区十八届人大四次会议"
	if p.as == "cppcc" {
		function, session = "cppcc", "区政协十四届四次会议"
	}
	lead := s.rules.Directory.Competent(text.Category, received).Code
	helper := ""
	fields := domain.Fields{
		"organization": lead, "session": session, "serial": strconv.Itoa(1 + s.r.IntN(200)), "cosigners": s.r.IntN(6),
		"in_session": received.Month <= time.March, "may_publish": true,
	}
	if s.r.IntN(4) == 0 {
		if helper = y.departments[s.r.IntN(len(y.departments))].Code; helper != lead {
			fields["co_organizations"] = []string{helper}
		}
	}
	if p.story == proposalReassigned {
		fields["organization"] = y.otherThan(s, lead)
	}
	office := s.body(domain.OrgDepartment, function)
	s.register(workflow.Intake{
		Procedure: "proposal", Class: text.Class, Category: text.Category, Title: text.Title, Statement: text.Statement,
		Place: who.village.Code, Channel: domain.ChannelAssigned, ReceivedAt: p.received, Source: Source,
		Parties: []domain.Party{who.Party(domain.PartyApplicant)}, Fields: fields,
	}, s.staff(domain.RoleClerk, office))
	if p.story == proposalReassigned {
		s.at = s.at.Add(time.Duration(10+s.r.IntN(40)) * time.Minute)
		s.by(domain.RoleHandler, "hand_back", domain.Fields{"reason": "所提事项不属于本单位职责。", "suggested_organization": lead})
		s.workdays(1)
		s.act("reassign", s.staff(domain.RoleClerk, office), domain.Fields{"organization": lead})
	}
	s.workdays(1)
	if s.tick(s.at); s.file.Case.State == "assigned" { // else accepted by silence, over a long holiday
		s.by(domain.RoleHandler, "accept", nil)
	}
	y.handleProposal(s, p, text)
	if s.file.Case.State == "following" {
		s.workdays(20 + s.r.IntN(40))
		s.by(domain.RoleHandler, "reply_again", domain.Fields{"reply": "承诺事项已按期落实。" + text.Reply, "manner": "written"})
	}
	s.tick(s.end)
}

// otherThan is a department other than one.
func (y *year) otherThan(s *stage, code string) string {
	for {
		if o := y.departments[s.r.IntN(len(y.departments))].Code; o != code {
			return o
		}
	}
}

// handleProposal is the middle of the story, to the proposer's opinion.
func (y *year) handleProposal(s *stage, p plot, text Text) {
	s.workdays(3 + s.r.IntN(8))
	s.by(domain.RoleHandler, "consult", domain.Fields{"contact": one(s.r, []string{"visit", "survey", "meeting", "telephone"}), "record": "与代表、委员见面沟通,了解具体意见。"})
	for _, helper := range s.file.Case.Partners { // one at most
		s.workdays(1 + s.r.IntN(4))
		s.act("give_last_co_opinion", s.staff(domain.RoleHandler, helper), domain.Fields{"opinion": "结合本单位职责提出协办意见。"})
	}
	if p.story == proposalExtended {
		s.workdays(20 + s.r.IntN(10))
		s.by(domain.RoleHandler, "request_extension", domain.Fields{"reason": "涉及项目立项和资金安排,需要时间。"})
		s.workdays(1)
		s.by(domain.RoleClerk, "extend", domain.Fields{"approved_by": "办公室负责人"})
		s.workdays(25 + s.r.IntN(20))
	}
	s.workdays(8 + s.r.IntN(20))
	y.replyToProposal(s, p, text.Reply)
	s.workdays(2 + s.r.IntN(10))
	if p.story == proposalRedone {
		s.by(domain.RoleClerk, "disapprove", domain.Fields{"satisfaction": "dissatisfied", "comment": "答复较笼统,希望明确时间表。"})
		s.workdays(5 + s.r.IntN(10))
		y.replyToProposal(s, p, "已重新研究并当面沟通,明确责任人和时间表。"+text.Reply)
		s.workdays(2 + s.r.IntN(6))
	}
	satisfaction := domain.Satisfied
	if p.story == proposalRedone || s.r.IntN(7) == 0 {
		satisfaction = domain.BasicallySatisfied
	}
	opinion := domain.Fields{"satisfaction": string(satisfaction), "attitude": "satisfied"}
	if p.story == proposalPlanned {
		s.by(domain.RoleClerk, "approve_plan", opinion)
		return
	}
	s.by(domain.RoleClerk, "approve", opinion)
}

// replyToProposal gives the organ's answer, with a promise where it is one.
func (y *year) replyToProposal(s *stage, p plot, reply string) {
	fields := domain.Fields{
		"reply": reply, "manner": "both", "signed_by": "单位主要负责人", "proposer_heard": true, "all_answered": true,
		"document_number": fmt.Sprintf("峄示例函〔%d〕%d号", s.at.In(domain.Beijing).Year(), 1+s.r.IntN(300)),
	}
	if p.story == proposalPlanned {
		fields["plan_due"] = s.ahead(90 + s.r.IntN(150)).String()
		s.by(domain.RoleHandler, "reply_with_plan", fields)
		return
	}
	fields["category"] = "solved"
	if s.r.IntN(9) == 0 {
		fields["category"] = "restricted"
	}
	s.by(domain.RoleHandler, "reply", fields)
}
