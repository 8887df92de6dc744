package county

import (
	"errors"

	"sudi/domain"
	"sudi/workflow"
)

// The ways in which a petition can go.
const (
	petitionUsual       = "petition_usual"
	petitionExtended    = "petition_extended"
	petitionReviewed    = "petition_reviewed"
	petitionRechecked   = "petition_rechecked"
	petitionSupervised  = "petition_supervised"
	petitionMediated    = "petition_mediated"   // settled by mediation
	petitionUnmediated  = "petition_unmediated" // mediation failed: an opinion after all
	petitionMerged      = "petition_merged"     // into the petitioner's own earlier one
	petitionUnmerged    = "petition_unmerged"   // by mistake
	petitionNotAccepted = "petition_not_accepted"
	petitionWithdrawn   = "petition_withdrawn"
	petitionOpen        = "petition_open"
)

// petition plays a petition.
func (y *year) petition(s *stage, p plot) {
	who, text, in := y.petitionIntake(s, p)
	clerk := s.staff(domain.RoleClerk, s.body(domain.OrgPetitionBureau, ""))
	s.register(in, clerk)
	s.workdays(1 + s.r.IntN(4))
	if p.story == petitionMerged || p.story == petitionUnmerged {
		y.mergePetition(s, clerk)
	}
	switch {
	case p.story == petitionMerged:
	case p.story == petitionOpen && s.r.IntN(4) == 0:
		s.tick(s.end)
	default:
		y.handlePetition(s, p, text)
	}
	if text.Class == "demand" { // a suggestion is made once
		y.remember(who, text, s.file.Case)
	}
}

// petitionIntake is what the petitioner tells: something new, or once more what
// he has told before.
func (y *year) petitionIntake(s *stage, p plot) (resident, Text, workflow.Intake) {
	who := y.stranger(s.r)
	class := "demand"
	if p.story == petitionUsual && s.r.IntN(8) == 0 {
		class = "suggestion"
	}
	text := petitions().tell(s.r, class, who.village)
	in := workflow.Intake{}
	var earlier *acquaintance
	if p.repeat || p.story == petitionMerged || p.story == petitionUnmerged {
		earlier = y.again(s.r, "petition", p.received, p.repeat)
	}
	if earlier != nil {
		who, text = earlier.resident, earlier.text
		in.Repeats, in.Cases = earlier.first.ID, map[string]domain.Case{earlier.first.ID: earlier.first}
	}
	in.Procedure, in.Class, in.Category, in.Title, in.Statement = "petition", text.Class, text.Category, text.Title, text.Statement
	in.Place, in.Channel, in.Flags, in.ReceivedAt, in.Source = who.village.Code, y.channel(s.r), text.Flags, p.received, Source
	in.Parties = []domain.Party{who.Party(domain.PartyApplicant)}
	switch {
	case p.story == petitionMediated || p.story == petitionUnmediated:
		in.Parties = append(in.Parties, y.people.Person(who.village).Party(domain.PartyRespondent))
	case s.r.IntN(100) < 4:
		y.collect(s, &in, who)
	}
	return who, text, in
}

// mergePetition merges the case into the petitioner's earlier one, which it
// repeats; by mistake in one story.
func (y *year) mergePetition(s *stage, clerk domain.Actor) {
	if s.file.Case.Repeats == nil {
		s.fail(errors.New("nobody has been here before"))
		return
	}
	s.act("merge", clerk, domain.Fields{"master": *s.file.Case.Repeats, "reason": "同一信访人就同一事项重复提出。"})
}

// handlePetition is the story from the petition bureau on.
func (y *year) handlePetition(s *stage, p plot, text Text) {
	clerk := s.staff(domain.RoleClerk, s.body(domain.OrgPetitionBureau, ""))
	if p.story == petitionUnmerged {
		s.act("unmerge", clerk, domain.Fields{"reason": "经核对,信访人补充了新的事实,应单独办理。"})
	}
	if p.story == petitionUsual && s.r.IntN(6) == 0 && !s.file.Case.Has(domain.FlagRepeat) && !s.file.Case.Has(domain.FlagCollective) {
		s.act("simplify", clerk, nil)
	}
	s.act("forward", clerk, nil)
	if p.story == petitionUsual && s.file.Case.Has(domain.FlagSimplified) {
		s.workdays(1)
	} else {
		s.workdays(1 + s.r.IntN(5))
	}
	switch {
	case p.story == petitionNotAccepted && s.r.IntN(3) == 0:
		s.by(domain.RoleHandler, "divert", domain.Fields{"statutory": "litigation", "proper_route": "可依法向人民法院起诉或申请行政复议。"})
		return
	case p.story == petitionNotAccepted:
		s.by(domain.RoleHandler, "refuse", domain.Fields{
			"refusal": "statutory_route", "reason": "该事项依法应当通过诉讼、仲裁或行政复议解决。", "proper_route": "可向有管辖权的人民法院起诉或申请仲裁。",
		})
		return
	case p.story == petitionWithdrawn:
		s.act("withdraw", clerk, domain.Fields{"reason": "信访人书面撤回。"})
		return
	}
	s.by(domain.RoleHandler, "accept", nil)
	if p.story == petitionOpen {
		s.tick(s.end)
		return
	}
	y.investigatePetition(s, p, text)
	if s.file.Case.Disposition == domain.Active {
		y.concludePetition(s, text)
	}
	if p.rating != notCalled && p.rating != unreached && p.rating != "" && !s.file.Case.Has(domain.FlagRepeat) {
		s.workdays(1 + s.r.IntN(8))
		s.act("evaluate", s.rater(clerk), domain.Fields{"satisfaction": p.rating})
	}
	if p.story == petitionReviewed || p.story == petitionRechecked {
		y.review(s, p, clerk)
	}
	if !s.over() {
		s.tick(s.end)
	}
}

// investigatePetition is the middle of the story, to where it can be answered.
func (y *year) investigatePetition(s *stage, p plot, text Text) {
	if s.file.Case.Has(domain.FlagSimplified) {
		s.workdays(1 + s.r.IntN(2))
	} else {
		s.workdays(3 + s.r.IntN(12))
	}
	s.by(domain.RoleHandler, "investigate", domain.Fields{"record": "走访当事人及村居干部,查阅相关资料,核实有关情况。"})
	switch p.story {
	case petitionMediated, petitionUnmediated:
		s.workdays(1)
		s.by(domain.RoleHandler, "refer_mediation", domain.Fields{"reason": "属民事争议,双方愿意调解。"})
		story := mediationAgreed
		if p.story == petitionUnmediated {
			story = mediationFailed
		}
		y.mediate(s.opened(), plot{story: story}, text)
	case petitionSupervised:
		y.supervise(s)
	case petitionExtended:
		s.workdays(18 + s.r.IntN(6))
		s.by(domain.RoleHandler, "extend", domain.Fields{"reason": "情况复杂,需进一步核实。", "approved_by": "单位负责人"})
		s.workdays(20 + s.r.IntN(20))
		return
	default:
		y.joinOrgans(s)
	}
	if s.file.Case.Has(domain.FlagSimplified) {
		s.workdays(1 + s.r.IntN(3))
	} else {
		s.workdays(2 + s.r.IntN(15))
	}
}

// supervise has the petition bureau watch over the case until it is answered
// for.
func (y *year) supervise(s *stage) {
	supervisor := s.staff(domain.RoleSupervisor, s.body(domain.OrgPetitionBureau, ""))
	s.workdays(1)
	s.act("supervise", supervisor, domain.Fields{"supervision_ground": "evasion", "reason": "信访人反映承办单位迟迟没有实质进展。"})
	s.workdays(2 + s.r.IntN(6))
	s.by(domain.RoleHandler, "answer_supervision", domain.Fields{"record": "已召开专题会研究,明确责任人和完成时间。"})
	s.workdays(1 + s.r.IntN(3))
	s.act("lift_supervision", supervisor, domain.Fields{"reason": "已整改到位。"})
}

// joinOrgans has another department join now and then.
func (y *year) joinOrgans(s *stage) {
	if s.over() || s.r.IntN(12) != 0 {
		return
	}
	other := y.departments[s.r.IntN(len(y.departments))].Code
	if other == s.file.Case.Desk {
		return
	}
	s.by(domain.RoleHandler, "join_organs", domain.Fields{"organizations": []string{other}, "reason": "涉及多个部门职责,请会同办理。"})
	s.workdays(1 + s.r.IntN(3))
	s.act("joint_opinion", s.staff(domain.RoleHandler, other), domain.Fields{"record": "经核实本部门档案,提出会办意见。"})
}

// concludePetition answers: the opinion and its service, or the reply to a
// suggestion.
func (y *year) concludePetition(s *stage, text Text) {
	if s.file.Case.Class == "suggestion" {
		s.by(domain.RoleHandler, "reply_suggestion", domain.Fields{"adoption": "adopted", "opinion": text.Reply})
		return
	}
	s.by(domain.RoleHandler, "issue_opinion", domain.Fields{
		"statement_heard": true, "result": opinion(s), "facts": "经调查核实,信访人反映的情况基本属实。",
		"opinion": text.Reply, "legal_basis": "有关法律、法规和政策规定", "approved_by": "单位负责人",
	})
	s.wait(float64(1 + s.r.IntN(20)))
	s.by(domain.RoleHandler, "serve", domain.Fields{"delivery": "in_person"})
}

// review takes the petition through 复查, and 复核 when the story goes on.
func (y *year) review(s *stage, p plot, clerk domain.Actor) {
	supervisor := s.staff(domain.RoleSupervisor, s.rules.Directory.Root())
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
