package ledger

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"sudi/domain"
	"sudi/report/xlsx"
)

// period is the span in words.
func (r *Request) period() string {
	span := r.Query.Span
	if span == (domain.Span{}) {
		return r.say("全部时间", "all time")
	}
	if span == domain.Year(span.From.Year) {
		return r.say(span.From.String()[:4]+"年", span.From.String()[:4])
	}
	if span.From.IsZero() { // of what stands open
		return r.say("截至 ", "up to ") + span.To.String()
	}
	return span.From.String() + r.say(" 至 ", " to ") + span.To.String()
}

// fact is a line of the sheet that says what the ledger is.
type fact struct {
	label domain.Text
	value string
}

// about writes the sheet that says what the ledger is, who made it and when.
func (e *export) about() {
	sheet := e.out.Sheet(xlsx.Plan{Name: e.say("说明", "About"), Columns: []xlsx.Column{
		{Width: 24, Style: xlsx.Label}, {Width: 90, Style: xlsx.Wrapped},
	}, Page: xlsx.Page{Top: e.book.title.In(e.Lang)}})
	_ = sheet.Cells(xlsx.Cell{Style: xlsx.Title, Value: e.book.title.In(e.Lang)}) // its error stays for Close
	for _, f := range e.facts() {
		_ = sheet.Row(f.label.In(e.Lang), f.value)
	}
}

func (e *export) facts() []fact {
	facts := []fact{{text("期间", "Period"), e.period()}}
	facts = append(facts, e.figure()...)
	facts = append(facts, e.filters()...)
	facts = append(facts,
		fact{text("查看范围", "Scope of the exporter"), e.scope()},
		fact{text("数据截至", "As of"), civil(e.head.At)},
		fact{text("导出时间", "Exported at"), civil(e.Now)},
		fact{text("导出人", "Exported by"), e.Exporter},
		fact{text("行数", "Rows"), strconv.Itoa(e.sheet.Rows())},
		fact{text("个人信息", "Personal data"), e.privacy()},
	)
	if e.Withheld > 0 {
		facts = append(facts, fact{text("未列出", "Not listed"), strconv.Itoa(e.Withheld) +
			e.say(" 件：计入该数字，但反映的是导出人的单位", ": the figure counts them, but they complain of the exporter's own organisation")})
	}
	for _, n := range e.book.notes {
		facts = append(facts, fact{text("说明", "Note"), n.In(e.Lang)})
	}
	return append(facts, fact{text("提示", "Caution"), e.say(
		"以 = + - @ 开头的内容在本文件中是文字，不会作为公式计算；另存为 CSV 后这一保护不再存在，请勿用表格软件重新打开来历不明的 CSV。",
		"Texts that begin with = + - @ are texts here and never computed; a CSV file saved from this one carries no such mark, so open it as text.")})
}

// figure says of which figure the rows are the cases.
func (e *export) figure() []fact {
	if e.Query.Measure == "" {
		return nil
	}
	facts := []fact{}
	if ind := e.Indicator; ind != nil {
		facts = append(facts,
			fact{text("指标", "Figure"), ind.NameFor(e.Query.Span.To, domain.DateIn(e.head.At)).In(e.Lang) + " (" + ind.Code + ")"},
			fact{text("分子或分母", "Side"), e.Side.In(e.Lang)},
			fact{text("口径", "Definition"), ind.Definition.In(e.Lang)},
			fact{text("依据", "Source"), ind.Source})
	}
	return append(facts, fact{text("计数代码", "Measure"), e.Query.Measure})
}

// filters says how the list was narrowed.
func (e *export) filters() []fact {
	q := &e.Query
	sample := &domain.Case{Procedure: q.Procedure, State: q.State}
	var facts []fact
	add := func(zh, en, value string) {
		if value != "" {
			facts = append(facts, fact{text(zh, en), value})
		}
	}
	add("单位（含下级）", "Organisation and below", e.Words.Organization(q.Org))
	add("责任单位", "Organisation responsible", e.Words.Organization(q.Owner))
	add("指标所属单位（含下级）", "The figure is of", e.Words.Organization(q.Within))
	if q.Group != nil {
		add("分组", "Group", q.Group.By+" = "+e.group(q.Group))
	}
	if q.Received != (domain.Span{}) {
		add("登记日期", "Received", strings.TrimSpace(open(q.Received.From)+" – "+open(q.Received.To)))
	}
	add("镇街（地点）", "Township of the place", e.Words.Place(q.Township))
	if q.Procedure != "" {
		add("办理程序", "Procedure", e.Words.Procedure(sample).In(e.Lang))
	}
	if q.State != "" {
		add("状态", "State", e.Words.State(sample).In(e.Lang))
	}
	add("内容分类", "Category", cmp.Or(e.Words.Category(q.Category), q.Category))
	add("承办人", "Handler", e.Words.User(q.Handler))
	if q.Flag != "" {
		add("标记", "Flag", e.Words.Flag(q.Flag).In(e.Lang))
	}
	if q.DueBefore != nil {
		add("到期早于", "Due before", civil(*q.DueBefore))
	}
	if e.Masked && q.Persons && q.Text != "" {
		add("检索", "Words", "***") // it may name a person
	} else {
		add("检索", "Words", strings.TrimSpace(q.Text))
	}
	return facts
}

// open is a day, or nothing where a span has no end.
func open(d domain.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// group is the group of a figure in words, where its key is a code.
func (e *export) group(g *domain.Group) string {
	switch {
	case g.Key == "":
		return e.say("（无）", "(none)")
	case g.By == domain.ByOrganization:
		return e.Words.Organization(g.Key)
	case g.By == domain.ByTownship:
		return e.Words.Place(g.Key)
	case g.By == domain.ByCategory:
		return e.Words.Category(g.Key)
	case g.By == domain.ByProcedure:
		return e.Words.Procedure(&domain.Case{Procedure: g.Key}).In(e.Lang)
	default:
		return g.Key
	}
}

// civil is an instant as people write it.
func civil(t time.Time) string { return t.In(domain.Beijing).Format("2006-01-02 15:04") }

func (e *export) scope() string {
	scope := e.Query.Scope
	org := e.Words.Organization(scope.Org)
	switch {
	case scope.All:
		return e.say("全部案件", "every case")
	case scope.Watch:
		return org + e.say("：全部案件，反映其自身的除外", ": every case, but those that complain of it")
	default:
		return org + e.say("：本单位和下级单位经手的案件，反映其自身的除外", ": cases that it or what lies below it has to do with, but those that complain of it")
	}
}

func (e *export) privacy() string {
	if e.Masked {
		return e.say("已隐去", "hidden")
	}
	return e.say("未隐去，请按个人信息保护要求保管，用毕销毁", "shown in full: keep it as the law on personal information asks, and destroy it after use")
}
