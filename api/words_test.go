package api

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

// wordsRules are the standard procedures, each with a copy of its own that a
// test may change, in the model county.
func wordsRules(t *testing.T) *workflow.Rules {
	library, err := workflow.LoadLibrary(os.DirFS("../workflow/procedures"))
	require.NoError(t, err)
	orgs := modelCounty()
	for _, kind := range wordsKinds {
		orgs = append(orgs, domain.Organization{
			Code: county + "-" + string(kind), Parent: county, Kind: kind, Name: "某单位", ValidFrom: domain.NewDate(2000, 1, 1),
		})
	}
	return &workflow.Rules{
		Library: library, Calendar: domain.StandardCalendar(), Directory: domain.NewDirectory(orgs, nil), Categories: map[string]bool{},
	}
}

// wordsKinds are the kinds of organisation that the model county lacks and that
// conditions ask for.
var wordsKinds = []domain.OrgKind{domain.OrgVillageCommittee, domain.OrgCourt, domain.OrgDepartment, domain.OrgJusticeBureau}

var wordsNow = time.Date(2022, 6, 15, 4, 0, 0, 0, time.UTC)

// wordsCases are cases in a state, for one of which any guard does not hold.
func wordsCases(p *workflow.Procedure, s *workflow.State) []domain.File {
	earlier := wordsNow.Add(-72 * time.Hour)
	bare := domain.File{Case: domain.Case{
		ID: "0197a000-0000-7000-8000-000000000001", Procedure: p.Name, ProcedureVersion: p.Version, Title: "x", Persons: 1,
		RegisteredBy: county, Owner: county, Desk: village, Partners: []string{centreA}, State: s.Name, Disposition: s.Disposition,
		ReceivedAt: earlier, AcceptedAt: &earlier, ConcludedAt: &earlier, Version: 5,
	}}
	full := bare
	full.Case.Flags, full.Case.Counts = domain.Flags, map[string]int{}
	full.Case.Handler, full.Case.EvaluatedAt, full.Case.Desk = "somebody", &earlier, bureau
	for i := range p.States {
		for _, tr := range p.Transitions(&p.States[i]) {
			full.Case.Counts[tr.Do] = 9
		}
	}
	for kind := range p.Deadlines {
		full.Deadlines = append(full.Deadlines, domain.Deadline{
			Kind: kind, Round: 1, Limit: "10 days", StartedAt: earlier, PausedAt: &earlier, Due: wordsNow.Add(time.Hour), Nominal: wordsNow.Add(time.Hour),
		})
	}
	cases := []domain.File{bare, full}
	for _, kind := range wordsKinds {
		f := bare
		f.Case.Desk = county + "-" + string(kind)
		cases = append(cases, f)
	}
	late := bare
	for _, d := range full.Deadlines {
		d.PausedAt, d.Due = nil, earlier
		late.Deadlines = append(late.Deadlines, d)
	}
	cases = append(cases, late)
	for c := range p.Classes {
		f := bare
		f.Case.Class = c
		cases = append(cases, f)
	}
	for i := range p.Regimes {
		f := bare
		f.Case.Regime = p.Regimes[i].Code
		cases = append(cases, f)
	}
	for o := range p.Outcomes {
		f := bare
		f.Case.Outcome = o
		cases = append(cases, f)
	}
	from := "0197a000-0000-7000-8000-0000000000ff"
	for _, tr := range transitions(p) {
		for i := range tr.Opens {
			f := bare
			f.Derived = []domain.Case{{Procedure: tr.Opens[i].Procedure, Disposition: domain.Pending}}
			cases = append(cases, f)
		}
	}
	derived := bare
	derived.Case.DerivedFrom = &from
	linked := bare
	linked.Case.Repeats = &from
	cases = append(cases, linked)
	return append(cases, derived)
}

// transitions are all that can be done in some state of a procedure.
func transitions(p *workflow.Procedure) (all []*workflow.Transition) {
	for i := range p.States {
		all = append(all, p.Transitions(&p.States[i])...)
	}
	return all
}

// wordsFields fills in what a transition needs, once for each value of its
// choices.
func wordsFields(p *workflow.Procedure, tr *workflow.Transition) []domain.Fields {
	base := domain.Fields{}
	for _, name := range tr.Needs {
		base[name] = wordsValue(p.Fields[name])
	}
	all := []domain.Fields{base}
	vary := func(name string, v any) {
		f := domain.Fields{}
		for k, old := range base {
			f[k] = old
		}
		f[name] = v
		all = append(all, f)
	}
	for _, name := range tr.Needs {
		for v := range p.Fields[name].Values {
			vary(name, v)
		}
		if p.Fields[name].Type == workflow.FieldBool {
			vary(name, false)
			vary(name, true)
		}
	}
	return all
}

func wordsValue(f workflow.Field) any {
	switch f.Type {
	case workflow.FieldChoice:
		for v := range f.Values {
			return v
		}
	case workflow.FieldDate:
		return domain.DateIn(wordsNow).String()
	case workflow.FieldAmount, workflow.FieldNumber:
		return 7
	case workflow.FieldBool:
		return true
	case workflow.FieldOrganization:
		return centreA
	case workflow.FieldOrganizations:
		return []string{centreA}
	case workflow.FieldCase:
		return "0197a000-0000-7000-8000-0000000000ff"
	default:
	}
	return "文字"
}

func wordsActor(role domain.Role) domain.Actor {
	switch role {
	case domain.RoleRouter:
		return domain.Router
	case domain.RoleClock:
		return domain.Clock
	case domain.RoleCitizen:
		return domain.Actor{ID: "citizen", Role: role}
	default:
		return domain.Actor{ID: "somebody", Role: role, Org: county}
	}
}

// rawWord is an identifier: Chinese has no Latin letters, English no
// underscores.
var rawWord = map[string]*regexp.Regexp{"zh": regexp.MustCompile(`[A-Za-z_]{2,}`), "en": regexp.MustCompile(`\w*_\w*`)}

// clearWords wants a text to be one that people read.
func clearWords(t *testing.T, lang, said string, g workflow.Guard, what ...any) {
	t.Helper()
	require.NotEmpty(t, said, what...)
	require.NotContains(t, said, "{", what...)
	require.NotRegexp(t, rawWord[lang], said, what...)
	if source := g.String(); len(g.Args) > 0 {
		require.NotContains(t, said, source, what...)
	}
}

// Whatever guard stands in the way, people read what it is, in words, in both
// languages: never its source, nor the name of anything.
func TestEveryGuardThatFailsIsSaidInWords(t *testing.T) {
	rules := wordsRules(t)
	s := &server{Config: Config{Engine: workflow.NewEngine(nil, rules, nil, nil)}}
	said := 0
	for _, p := range rules.Library.All() {
		for i := range p.States {
			state := &p.States[i]
			for _, tr := range p.Transitions(state) {
				guards := tr.If
				for _, g := range guards {
					tr.If = []workflow.Guard{g} // broken alone
					err := broken(rules, p, state, tr)
					require.Error(t, err, "%s %s %s: no case breaks it", p.Name, tr.Do, g)
					saidInWords(t, s, p, g, err, p.Name, state.Name, tr.Do, g.String())
					said++
				}
				tr.If = guards
			}
		}
		guards := p.Register.If
		for _, g := range guards {
			p.Register.If = []workflow.Guard{g}
			in := workflow.Intake{Procedure: p.Name, Title: "x", ReceivedAt: wordsNow}
			for in.Class = range p.Classes {
				if !slices.Contains(g.Args, in.Class) {
					break
				}
			}
			if g.Name == "representatives_to" {
				for range 9 {
					in.Parties = append(in.Parties, domain.Party{Name: "某人", Role: domain.PartyRepresentative})
				}
			}
			_, err := rules.Register(in, wordsActor(p.Register.By[0]), wordsNow, "0197a000-0000-7000-8000-000000000001")
			require.Error(t, err, "%s register %s", p.Name, g)
			saidInWords(t, s, p, g, err, p.Name, "register", g.String())
			said++
		}
		p.Register.If = guards
	}
	require.Greater(t, said, 60)
}

// broken finds the refusal of a transition by its one guard.
func broken(rules *workflow.Rules, p *workflow.Procedure, s *workflow.State, tr *workflow.Transition) error {
	for _, file := range wordsCases(p, s) {
		for _, fields := range wordsFields(p, tr) {
			_, err := rules.Step(file, workflow.Action{Name: tr.Do, Actor: wordsActor(tr.By[0]), Fields: fields, Now: wordsNow})
			var e *domain.Error
			if errors.As(err, &e) && (strings.HasPrefix(e.Code, "guard_") || slices.Contains([]string{"field", "filed_within", "ahead"}, tr.If[0].Name) && e.Kind == domain.KindInvalid) {
				return err
			}
		}
	}
	return nil
}

func saidInWords(t *testing.T, s *server, p *workflow.Procedure, g workflow.Guard, err error, what ...any) {
	t.Helper()
	for _, lang := range []string{"zh", "en"} {
		problem := newRequest(lang).problem(s.inWords(err, p.Name, p.Version))
		clearWords(t, lang, problem.Detail, g, what...)
		if problem.Status == 422 {
			require.NotEmpty(t, problem.Errors, what...)
		}
		for _, f := range problem.Errors {
			clearWords(t, lang, f.Message, g, what...)
			require.NotEqual(t, messages["bad_value"].In(lang), f.Message, what...)
			require.Regexp(t, `^(fields\.[a-z_]+|parties)$`, f.Field, what...)
		}
		clearWords(t, lang, p.Obstacle(g.String()).In(lang), g, what...)
	}
}

// So does a reader of the procedures.
func TestEveryConditionIsInWords(t *testing.T) {
	rules := wordsRules(t)
	for _, p := range rules.Library.All() {
		check := func(gs []workflow.Guard) {
			for _, g := range gs {
				for _, lang := range []string{"zh", "en"} {
					clearWords(t, lang, p.Condition(g).In(lang), g, p.Name, g.String())
				}
			}
		}
		check(p.Register.If)
		for i := range p.States {
			for _, tr := range p.Transitions(&p.States[i]) {
				check(tr.If)
			}
		}
		for _, r := range p.Routes {
			check(r.If)
		}
		for _, k := range p.Deadlines {
			for _, l := range k.Limits {
				check(l.If)
			}
		}
	}
}

func TestGuardsAreSaidAsTheyAreMeant(t *testing.T) {
	library := wordsRules(t).Library
	for _, c := range []struct{ procedure, guard, zh, en string }{
		{"mediation", "not done_below court_accept 1", "须先“法院受理”", "“The court accepts” must come first"},
		{"appeal", "done_below reopen 1", "“重开”已用过 1 次，不能再用", "“Reopen” has been taken 1 time(s) already"},
		{"appeal", "in_time hand_back", "“申请退回”期限已过、已用或尚未开始", "the limit “Time to hand back” is over, used or not yet begun"},
		{"mediation", "not in_time performance", "“履行协议”期限尚未届满", "the limit “Perform the agreement” is not over yet"},
		{"petition", "regime P05", "须符合：适用信访条例", "needed: governed by Petition Regulation 2005"},
		{"petition", "desk_kind county citizens_centre", "须符合：当前承办单位属于区、市民中心", "needed: on the desk of the county, the citizens' centre"},
		{"mediation", "parties applicant 1 unless initiative", "须符合：申请人至少 1 名（主动调解除外）", "needed: applicant: at least 1 (except On the committee's initiative)"},
		{"mediation", "field subject ordinary", "须符合：“协议内容类别”为“一般民事权利义务”", "needed: “What the agreement is about” is “Ordinary civil rights and duties”"},
		{"backlog", "years_between first_registered baseline 5 unless four_key", "须符合：“首次登记日期”至“基准日”满 5 年（四个重点除外）",
			"needed: “Baseline” 5 years or more after “First registered” (except Four key matters)"},
		{"backlog", "not years_between first_registered baseline 5", "须符合：并非“首次登记日期”至“基准日”满 5 年",
			"needed: not “Baseline” 5 years or more after “First registered”"},
		{"appeal", "channel letter", "须符合：来源为来信", "needed: received by letter"},
	} {
		p, err := library.Latest(c.procedure, domain.NewDate(2020, 1, 1))
		require.NoError(t, err)
		require.Equal(t, domain.Text{ZH: c.zh, EN: c.en}, p.Obstacle(c.guard))
	}
	p, err := library.Latest("appeal", domain.NewDate(2020, 1, 1))
	require.NoError(t, err)
	require.Equal(t, domain.Text{ZH: "尚未“重开”", EN: "“Reopen” not yet taken"},
		p.Condition(workflow.Guard{Name: "done_below", Args: []string{"reopen", "1"}}))
	require.Equal(t, domain.Text{ZH: "条件不符", EN: "a condition is not met"}, p.Obstacle(" "))
}

// What must be filled in is said at the field, with what may stand there.
func TestFieldsAreSaidAtTheField(t *testing.T) {
	rules := wordsRules(t)
	step := func(procedure, state, action string, role domain.Role, fields domain.Fields) error {
		p, err := rules.Library.Latest(procedure, domain.NewDate(2020, 1, 1))
		require.NoError(t, err)
		file := wordsCases(p, p.State(state))[0]
		file.Case.Desk = county
		for i := range p.State(state).On {
			tr := &p.State(state).On[i]
			tr.If = slices.DeleteFunc(slices.Clone(tr.If), func(g workflow.Guard) bool { return g.Name != "field" })
		}
		_, err = rules.Step(file, workflow.Action{Name: action, Actor: wordsActor(role), Fields: fields, Now: wordsNow})
		return err
	}
	register := func(class string) error {
		_, err := rules.Register(workflow.Intake{Procedure: "appeal", Class: class, Title: "x"}, wordsActor(domain.RoleClerk), wordsNow, "id")
		return err
	}
	_, alone := rules.Register(workflow.Intake{Procedure: "petition", Class: "demand", Title: "x"}, wordsActor(domain.RoleClerk), wordsNow, "id")
	_, young := rules.Register(workflow.Intake{Procedure: "backlog", Class: "five_year", Title: "x",
		Parties: []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}}, Fields: domain.Fields{
			"first_registered": "2020-01-01", "baseline": "2022-01-01", "source": "own", "notice_number": "号",
		}}, wordsActor(domain.RoleSupervisor), wordsNow, "id")
	for _, c := range []struct {
		err           error
		field, zh, en string
	}{
		{step("mediation", "registered", "accept", domain.RoleMediator, domain.Fields{"rights_notified": false}),
			"fields.rights_notified", "“已告知权利义务”须为“是”才能继续。", "“Rights and duties were told” must be yes to go on."},
		{step("mediation", "agreed", "apply_confirmation", domain.RoleCitizen, domain.Fields{"both_apply": true, "subject": "status"}),
			"fields.subject", "“协议内容类别”须选“一般民事权利义务”才能继续。", "“What the agreement is about” must be “Ordinary civil rights and duties” to go on."},
		{step("appeal", "replied", "follow_up", domain.RoleCitizen, domain.Fields{"satisfaction": "happy", "resolved": true}),
			"fields.satisfaction", "不在可选项内，可选：“基本满意”“不满意”“满意”。", "This is not one of the choices: “Basically satisfied”, “Dissatisfied”, “Satisfied”."},
		{register(""), "class", "此项必填，可选：“投诉”“咨询”“求助”“建议”。", "This is required: one of “Complaint”, “Consultation”, “Request for help”, “Suggestion”."},
		{register("divorce"), "class", "此程序没有这种类别，可选：“投诉”“咨询”“求助”“建议”。", "The procedure has no such class; it has “Complaint”, “Consultation”, “Request for help”, “Suggestion”."},
		{young, "fields.first_registered", "“首次登记日期”至“基准日”须满 5 年。", "“Baseline” must be 5 years or more after “First registered”."},
		{alone, "parties", "申请人至少须有 1 名。", "At least 1 applicant must be named."},
	} {
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			require.Equal(t, []FieldProblem{{c.field, want}}, newRequest(lang).problem(c.err).Errors)
		}
	}
	require.Equal(t, "天数应在 1 到 30 之间。", say("zh", "extension_range", "bad_value", 30))
	require.Equal(t, "This is too early: it must lie between 2022-07-12 and 2024-07-10.",
		say("en", "date_in_past", "bad_value", domain.NewDate(2022, 7, 12), domain.NewDate(2024, 7, 10)))
}

func TestOwnActionsHaveWords(t *testing.T) {
	for code, zh := range map[string]string{workflow.ActionEdit: "更正", domain.Router.Name: "系统派单", domain.Clock.Name: "系统计时"} {
		require.Equal(t, zh, word("zh", code))
		require.NotEqual(t, code, word("en", code))
	}
}
