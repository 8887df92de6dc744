package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

// Pages describes the newest version of each procedure to the people who work
// by it: a Markdown page for each procedure and language, and an index of them,
// by file name.
func Pages(l *Library) map[string]string {
	files := map[string]string{"README.md": index(l)}
	for _, p := range l.All() {
		for _, lang := range []string{"zh", "en"} {
			files[p.Name+"."+lang+".md"] = (&page{p: p, library: l, lang: lang}).write()
		}
	}
	return files
}

// index lists the pages.
func index(l *Library) string {
	var b strings.Builder
	b.WriteString("# 办理程序 / The procedures\n\n" +
		"由程序定义生成（`sudi procedures docs docs/procedures`），请勿手工修改。\n" +
		"Generated from the procedures' definitions; do not edit by hand.\n\n" +
		"| 办理程序 | Procedure | 案号 Number | 版本 Version | |\n|---|---|---|---|---|\n")
	for _, p := range l.All() {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | [中文](%s.zh.md) · [English](%s.en.md) |\n",
			cell(p.Title.ZH), cell(p.Title.EN), p.Number, p.Version, p.Name, p.Name)
	}
	return b.String()
}

// page is one page while it is written.
type page struct {
	p       *Procedure
	library *Library
	lang    string
	b       strings.Builder
}

func (g *page) say(zh, en string) string { return domain.Text{ZH: zh, EN: en}.In(g.lang) }

func (g *page) printf(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func (g *page) heading(zh, en string) { g.printf("\n## %s\n\n", g.say(zh, en)) }

// table writes a table, or nothing when it has no rows.
func (g *page) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	g.printf("| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
		g.printf("| %s |\n", strings.Join(row, " | "))
	}
}

// cell keeps a text within its cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", "<br>").Replace(s)
}

// list joins words, as an enumeration.
func (g *page) list(words []string) string { return strings.Join(words, g.say("、", ", ")) }

func (g *page) write() string {
	p := g.p
	g.printf("# %s\n\n%s\n\n", p.Title.In(g.lang), g.say(
		"本页由程序定义生成（`sudi procedures docs`），请勿手工修改。[D] 表示没有法律依据的默认值，须由主管单位确认。",
		"Generated from the procedure's definition (`sudi procedures docs`); do not edit by hand. [D] marks a default without a legal source, to be confirmed by the office in charge."))
	from := g.say("公布后登记的案件", "cases registered since it was published")
	if !p.ValidFrom.IsZero() {
		from = fmt.Sprintf(g.say("%s 起收到的案件", "cases received from %s on"), p.ValidFrom)
	}
	g.table([]string{g.say("程序代码", "Code"), g.say("版本", "Version"), g.say("适用于", "For"), g.say("案号", "Case numbers")},
		[][]string{{"`" + p.Name + "`", strconv.Itoa(p.Version), from, p.Number + g.say("-单位-年份-序号", "-organisation-year-number")}})
	g.heading("法律依据", "Legal basis")
	for _, law := range p.Basis {
		g.printf("- %s\n", law)
	}
	g.regimes()
	g.titles("类别", "Classes", p.Classes)
	g.heading("流程图", "Drawing")
	g.printf("```mermaid\n%s```\n", Draw(p, g.lang, ""))
	g.states()
	g.actions()
	g.limits()
	g.routes()
	g.fields()
	g.papers()
	g.titles("办理结果", "Outcomes", p.Outcomes)
	g.figures()
	return g.b.String()
}

func (g *page) regimes() {
	if len(g.p.Regimes) == 0 {
		return
	}
	g.heading("适用法律", "The law by day of receipt")
	var rows [][]string
	for _, r := range g.p.Regimes {
		from, until := r.From.String(), r.Until.String()
		if from == "" {
			from = g.say("—", "–")
		}
		if until == "" {
			until = g.say("现行", "still in force")
		}
		rows = append(rows, []string{r.Title.In(g.lang), from, until, r.Code})
	}
	g.table([]string{g.say("法律", "Law"), g.say("收到之日自", "Received from"), g.say("至", "Until"), g.say("代码", "Code")}, rows)
}

// titles lists what has a title and a code.
func (g *page) titles(zh, en string, named map[string]domain.Text) {
	if len(named) == 0 {
		return
	}
	g.heading(zh, en)
	for _, code := range slices.Sorted(maps.Keys(named)) {
		g.printf(g.say("- %s（`%s`）\n", "- %s (`%s`)\n"), named[code].In(g.lang), code)
	}
}

func (g *page) states() {
	g.heading("环节", "States")
	g.printf("%s\n\n", g.say(
		"登记单位是收到并登记案件的单位；责任单位对案件负责，直到另一单位受理（首接负责）；当前承办单位是轮到办理的单位；协办单位受邀协助或被告知。在其上级单位工作的人也可办理。",
		"The registrar took the case in; the owner is responsible for it until another organisation accepts it; the desk is whose turn it is; partners help or were told. Whoever works at an organisation above may act for it."))
	var rows [][]string
	for i := range g.p.States {
		s := &g.p.States[i]
		turn := TurnTitles[s.Turn].In(g.lang)
		switch {
		case s.Final:
			turn = g.say("已终结", "ended")
		case s.watches():
			turn += g.say("（等待转出案件的结果）", " (waits for the case opened out of this one)")
		}
		if s.Route != "" {
			title, _ := g.p.TitleOf(s.Route)
			turn += fmt.Sprintf(g.say("（系统自动“%s”）", " (the system takes “%s” by itself)"), title.In(g.lang))
		}
		rows = append(rows, []string{s.Title.In(g.lang), turn, DispositionTitles[s.Disposition].In(g.lang), "`" + s.Name + "`"})
	}
	g.table([]string{g.say("环节", "State"), g.say("轮到谁办", "Whose turn"), g.say("统计为", "Counted as"), g.say("代码", "Code")}, rows)
}

// limits lists the clocks, a row for each length.
func (g *page) limits() {
	if len(g.p.Deadlines) == 0 {
		return
	}
	g.heading("时限", "Time limits")
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(g.p.Deadlines)) {
		k := g.p.Deadlines[name]
		length := func(l *Limit) string {
			if k.Until == "" {
				return PeriodTitle(l.Period).In(g.lang)
			}
			return fmt.Sprintf(g.say("至“%s”；未填的 %s", "until “%s”; %s when that is not given"),
				g.p.Fields[k.Until].Title.In(g.lang), PeriodTitle(l.Period).In(g.lang))
		}
		extend := g.say("不可", "no")
		if k.Extend != nil {
			extend = fmt.Sprintf(g.say("至多 %s", "up to %s"), PeriodTitle(*k.Extend).In(g.lang))
		}
		after := g.say("未办即逾期", "missed if not met")
		if k.OnMiss != "" {
			title, _ := g.p.TitleOf(k.OnMiss)
			after = fmt.Sprintf(g.say("不算逾期；系统自动“%s”", "no failure; the system takes “%s”"), title.In(g.lang))
		}
		roll := g.say("顺延至下一工作日", "on to the next working day")
		if k.Roll == domain.RollNone {
			roll = g.say("不顺延", "stays")
		}
		for i := range k.Limits {
			l := &k.Limits[i]
			rows = append(rows, []string{k.Title.In(g.lang), DutyTitles[k.Duty].In(g.lang), g.conditions(l.If, g.otherwise(i)), length(l), g.start(k.From, l.Period.Unit), roll, extend, after, l.Article})
		}
	}
	g.table([]string{g.say("时限", "Limit"), g.say("对群众的职责", "Duty to the citizen"), g.say("情形", "When"), g.say("长度", "Length"), g.say("起算", "Counts from"),
		g.say("末日为休息日", "Last day off"), g.say("延长", "Extension"), g.say("届满", "At its end"), g.say("依据", "Article")}, rows)
}

// otherwise is what a row without conditions says: all cases, or those that no
// row before has taken.
func (g *page) otherwise(row int) string {
	if row == 0 {
		return g.say("一律", "always")
	}
	return g.say("其他", "otherwise")
}

// start says what a clock counts from.
func (g *page) start(from string, unit domain.Unit) string {
	switch from {
	case "", "now":
		if unit == domain.Hours {
			return g.say("开始之时", "the moment it begins")
		}
		return g.say("开始之日的次日", "the day after it begins")
	case "received":
		if unit == domain.Hours {
			return g.say("收到之时", "the moment of receipt")
		}
		return g.say("收到之日的次日", "the day after receipt")
	case momentAccepted:
		return g.say("受理之日的次日", "the day after acceptance")
	case momentConcluded:
		return g.say("办结之日的次日", "the day after the result")
	}
	return fmt.Sprintf(g.say("“%s”的次日", "the day after “%s”"), g.p.Fields[from].Title.In(g.lang))
}

func (g *page) routes() {
	if len(g.p.Routes) == 0 {
		return
	}
	g.heading("派单规则", "Routes")
	g.printf("%s\n\n", g.say("自上而下，第一条符合且单位存在的规则生效。被反映的单位不办理反映它的案件，由信访局或区里承接。",
		"From top to bottom: the first row that fits, and whose organisation exists there, decides. A unit complained of never gets its own complaint; the petition bureau or the county takes it."))
	var rows [][]string
	for i, r := range g.p.Routes {
		otherwise := g.otherwise(i)
		if slices.ContainsFunc(g.p.Routes[:i], func(before Route) bool { return len(before.If) == 0 }) {
			otherwise = g.say("以上单位都没有的", "where none of these exists")
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), g.conditions(r.If, otherwise), g.p.TargetTitle(r.To).In(g.lang), r.Why.In(g.lang)})
	}
	g.table([]string{"", g.say("情形", "When"), g.say("派给", "Goes to"), g.say("理由", "Why")}, rows)
}

// fieldTypeTitles say what may stand in a field.
var fieldTypeTitles = map[FieldType]domain.Text{
	FieldText: text("文字", "text"), FieldChoice: text("选项", "choice"), FieldDate: text("日期", "date"),
	FieldAmount: text("金额（分）", "amount (fen)"), FieldNumber: text("数字", "number"), FieldBool: text("是/否", "yes or no"),
	FieldOrganization: text("单位", "organisation"), FieldOrganizations: text("单位（可多个）", "organisations"),
	FieldUser: text("人员", "person"), FieldCase: text("案件", "case"),
}

func (g *page) fields() {
	g.heading("填写内容", "Fields")
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(g.p.Fields)) {
		f := g.p.Fields[name]
		kind := fieldTypeTitles[f.Type].In(g.lang)
		if len(f.Values) > 0 {
			var values []string
			for _, v := range slices.Sorted(maps.Keys(f.Values)) {
				values = append(values, f.Values[v].In(g.lang))
			}
			kind = strings.Join(values, g.say("；", "; "))
		}
		rows = append(rows, []string{f.Title.In(g.lang), kind, "`" + name + "`"})
	}
	g.table([]string{g.say("内容", "Field"), g.say("填法", "What may stand there"), g.say("代码", "Code")}, rows)
}

func (g *page) papers() {
	by := map[string][]string{} // paper → what produces it
	for _, t := range g.p.all() {
		for _, paper := range t.Papers {
			if title := t.Title.In(g.lang); !slices.Contains(by[paper], title) {
				by[paper] = append(by[paper], title)
			}
		}
	}
	if len(by) == 0 {
		return
	}
	g.heading("文书", "Papers")
	var rows [][]string
	for _, paper := range slices.Sorted(maps.Keys(by)) {
		rows = append(rows, []string{g.paper(paper), g.list(by[paper]), "`" + paper + "`"})
	}
	g.table([]string{g.say("文书", "Paper"), g.say("产生于", "Produced by"), g.say("代码", "Code")}, rows)
}

func (g *page) paper(kind string) string {
	if title, known := PaperTitles[kind]; known {
		return title.In(g.lang)
	}
	return kind
}

// figures lists the indicators that count the procedure's cases.
func (g *page) figures() {
	counts := func(code string) bool {
		m := domain.MeasureByCode(code)
		return m != nil && slices.Contains(m.Procedures, g.p.Name)
	}
	g.heading("计入的指标", "Figures that count it")
	var rows [][]string
	for i := range domain.Indicators {
		n := &domain.Indicators[i]
		if counts(n.Numerator) || counts(n.Denominator) {
			rows = append(rows, []string{n.Name.In(g.lang), n.Definition.In(g.lang), n.Source, "`" + n.Code + "`"})
		}
	}
	if len(rows) == 0 {
		g.printf("%s\n", g.say("没有指标单独统计本程序。", "No indicator counts this procedure by itself."))
	}
	g.table([]string{g.say("指标", "Figure"), g.say("口径", "Definition"), g.say("来源", "Source"), g.say("代码", "Code")}, rows)
}

// conditions puts guards into words, all of which must hold.
func (g *page) conditions(gs []Guard, otherwise string) string {
	if len(gs) == 0 {
		return otherwise
	}
	said := make([]string, len(gs))
	for i, guard := range gs {
		said[i] = g.p.Condition(guard).In(g.lang)
	}
	return strings.Join(said, g.say("；", "; "))
}
