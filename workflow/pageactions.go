package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sudi/domain"
)

// actions lists what can be done: first the registration, then state by state,
// last what every open state has.
func (g *page) actions() {
	p := g.p
	g.heading("办理", "What can be done")
	g.printf("### %s\n\n", g.say("登记", "Registration"))
	g.transitions(nil, []*Transition{&p.Register})
	for i := range p.States {
		s := &p.States[i]
		if len(s.On) == 0 {
			continue
		}
		g.printf("\n### %s\n\n", fmt.Sprintf(g.say("环节“%s”", "In state “%s”"), s.Title.In(g.lang)))
		g.transitions(s, pointersTo(s.On))
	}
	if len(p.Anywhere) > 0 {
		g.printf("\n### %s\n\n", g.say("未终结的任何环节", "In every state that is not final"))
		g.transitions(nil, pointersTo(p.Anywhere))
	}
}

func pointersTo(ts []Transition) []*Transition {
	ps := make([]*Transition, len(ts))
	for i := range ts {
		ps[i] = &ts[i]
	}
	return ps
}

func (g *page) transitions(s *State, ts []*Transition) {
	var rows [][]string
	for _, t := range ts {
		title := "**" + t.Title.In(g.lang) + "**"
		if t.Article != "" {
			title += "\n" + t.Article
		}
		rows = append(rows, []string{title, g.who(s, t), g.conditions(t.If, g.say("—", "–")), g.asks(t), strings.Join(g.effects(s, t), "\n")})
	}
	g.table([]string{g.say("事项", "Action"), g.say("由谁办", "Who"), g.say("条件", "Condition"), g.say("填写", "Filled in"), g.say("办后", "What follows")}, rows)
}

// who says who takes an action, and where he works.
func (g *page) who(s *State, t *Transition) string {
	var roles []string
	staff := false
	for _, r := range t.By {
		roles = append(roles, RoleTitles[r].In(g.lang))
		staff = staff || slices.Contains(domain.StaffRoles, r)
	}
	at := t.At
	if at == "" && s != nil {
		at = s.Turn
	}
	if !staff || at == "" {
		return g.list(roles)
	}
	return fmt.Sprintf(g.say("%s（%s）", "%s (at %s)"), g.list(roles), TurnTitles[at].In(g.lang))
}

// asks says what has to be filled in, and what may be.
func (g *page) asks(t *Transition) string {
	titles := func(names []string) string {
		said := make([]string, len(names))
		for i, name := range names {
			said[i] = g.p.Fields[name].Title.In(g.lang)
		}
		return g.list(said)
	}
	var said []string
	if len(t.Needs) > 0 {
		said = append(said, titles(t.Needs))
	}
	if len(t.Takes) > 0 {
		said = append(said, g.say("可填：", "may be given: ")+titles(t.Takes))
	}
	if len(said) == 0 {
		return g.say("—", "–")
	}
	return strings.Join(said, "\n")
}

// effects lists what follows from an action, each in a phrase.
func (g *page) effects(s *State, t *Transition) []string {
	var said []string
	add := func(zh, en string, args ...any) { said = append(said, fmt.Sprintf(g.say(zh, en), args...)) }
	switch to := g.p.State(t.To); {
	case t.To == previous:
		add("回到并案前的环节", "back to the state before the merge")
	case to != nil && (s == nil || to != s):
		add("→ %s", "→ %s", to.Title.In(g.lang))
	}
	if t.Owner != "" {
		add("由%s负责", "responsible: %s", g.p.TargetTitle(t.Owner).In(g.lang))
	}
	if t.Desk != "" {
		add("交%s办理", "handed to %s", g.p.TargetTitle(t.Desk).In(g.lang))
	}
	if len(t.Partners) > 0 {
		var told []string
		for _, target := range t.Partners {
			told = append(told, g.p.TargetTitle(target).In(g.lang))
		}
		add("告知%s，其可查看案件", "told, and may see the case: %s", g.list(told))
	}
	for i := range t.Opens {
		said = append(said, g.opens(&t.Opens[i], i))
	}
	if t.Outcome != "" {
		if name := fieldName(t.Outcome); name != "" {
			add("结果按“%s”", "outcome as given in “%s”", g.p.Fields[name].Title.In(g.lang))
		} else {
			add("结果：%s", "outcome: %s", g.p.Outcomes[t.Outcome].In(g.lang))
		}
	}
	said = append(said, g.moments(t)...)
	for _, list := range []struct {
		zh, en string
		clocks []string
	}{
		{"开始计算%s", "begins: %s", t.Starts}, {"完成%s", "met: %s", t.Ends}, {"不再计算%s", "no longer owed: %s", t.Cancels},
		{"中止%s", "stands still: %s", t.Pauses}, {"恢复%s", "goes on: %s", t.Resumes}, {"延长%s", "extended: %s", t.Extends},
	} {
		if len(list.clocks) == 0 {
			continue
		}
		var titles []string
		for _, k := range list.clocks {
			titles = append(titles, g.say("“", "“")+g.p.Deadlines[k].Title.In(g.lang)+"”")
		}
		add(list.zh, list.en, g.list(titles))
	}
	said = append(said, g.attributes(t)...)
	if len(t.Papers) > 0 {
		var titles []string
		for _, paper := range t.Papers {
			titles = append(titles, g.paper(paper))
		}
		add("文书：%s", "papers: %s", g.list(titles))
	}
	if len(said) == 0 {
		add("记入历史", "kept in the history")
	}
	return said
}

// opens says which case comes out of this one.
func (g *page) opens(o *Opening, row int) string {
	what := "“" + o.Procedure + "”"
	if all := g.library.order[o.Procedure]; len(all) > 0 {
		what = "“" + all[0].Title.In(g.lang) + "”"
		if class, ok := all[0].Classes[o.Class]; ok {
			what += fmt.Sprintf(g.say("（%s）", " (%s)"), class.In(g.lang))
		}
	}
	switch {
	case len(o.If) == 0 && row > 0:
		what += g.say("，其他情形", ", otherwise")
	case len(o.If) > 0:
		what += fmt.Sprintf(g.say("，条件：%s", ", when: %s"), g.conditions(o.If, ""))
	}
	return g.say("转出新案件", "opens a case: ") + what
}

// moments says which dates an action sets.
func (g *page) moments(t *Transition) []string {
	names := map[string]domain.Text{
		momentAccepted: text("受理时间", "accepted"), momentConcluded: text("办结时间", "concluded"), momentClosed: text("结案时间", "closed"),
	}
	var said []string
	for _, moment := range []string{momentAccepted, momentConcluded, momentClosed} {
		mark, ok := t.Marks[moment]
		if !ok {
			continue
		}
		name := names[moment].In(g.lang)
		switch fields := mark.fields(); {
		case mark == "clear":
			said = append(said, fmt.Sprintf(g.say("撤销%s", "no longer %s"), name))
		case len(fields) == 0:
			said = append(said, fmt.Sprintf(g.say("记%s", "%s now"), name))
		default:
			var titles []string
			for _, f := range fields {
				titles = append(titles, g.p.Fields[f].Title.In(g.lang))
			}
			day := g.list(titles)
			if len(titles) > 1 {
				day += g.say("中较晚者", ", whichever is later")
			}
			if strings.HasSuffix(string(mark), " or now") {
				day += g.say("，未填的为当时", ", now when not given")
			}
			said = append(said, fmt.Sprintf(g.say("%s：%s", "%s on: %s"), name, day))
		}
	}
	return said
}

// attributeTitles say what an action writes down about the case.
var attributeTitles = map[string]domain.Text{
	"settled": text("记入协议金额", "notes the amount agreed"), "satisfaction": text("记入满意度", "notes the satisfaction"),
	"resolved": text("记入是否解决", "notes whether it is resolved"), "handler": text("指定承办人", "names the handler"),
	"merged_into": text("并入主件，随主件统计", "merged into the master, and counted with it"),
	"repeats":     text("与首次案件同属一事", "of one matter with the first case"),
	"class":       text("更改类别", "changes the class"), "amount": text("记入涉案金额", "notes the amount in dispute"),
}

// attributes says what else an action writes down.
func (g *page) attributes(t *Transition) []string {
	var said []string
	for _, name := range []string{"merged_into", "repeats", "class", "handler", "settled", "amount", "satisfaction", "resolved"} {
		switch field, sets := t.Sets[name]; {
		case sets && name == "handler" && field == "actor":
			said = append(said, g.say("经办人成为承办人", "who does it becomes the handler"))
		case sets:
			said = append(said, attributeTitles[name].In(g.lang))
		}
	}
	for _, list := range []struct {
		zh, en string
		flags  []domain.Flag
	}{{"标记“%s”", "marked as “%s”", t.Raises}, {"取消标记“%s”", "no longer marked as “%s”", t.Lowers}} {
		for _, flag := range list.flags {
			said = append(said, fmt.Sprintf(g.say(list.zh, list.en), FlagTitles[flag].In(g.lang)))
		}
	}
	for _, flag := range slices.Sorted(maps.Keys(t.RaisesIf)) {
		said = append(said, fmt.Sprintf(g.say("符合条件（%s）的，标记“%s”", "marked, if %s, as “%s”"),
			g.conditions(t.RaisesIf[flag], ""), FlagTitles[flag].In(g.lang)))
	}
	return said
}
