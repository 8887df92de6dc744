package ledger

import (
	"sudi/domain"
	"sudi/report/xlsx"
)

// book is what a kind of ledger consists of.
type book struct {
	title      domain.Text
	columns    []column
	procedures []string // whose cases it has; none = any
	standing   bool     // a case stands in it until it ends, whenever it came
	clock      string   // only cases with this limit, and by it
	actions    []string // whose entries its columns read
	notes      []domain.Text
}

// column is a column of a ledger.
type column struct {
	title domain.Text
	width float64
	style xlsx.Style
	value func(*line) any
}

func text(zh, en string) domain.Text { return domain.Text{ZH: zh, EN: en} }

// The columns that several ledgers have.
var (
	colNo       = column{text("序号", "No."), 7, xlsx.Integer, func(l *line) any { return l.n }}
	colNumber   = column{text("编号", "Number"), 29, xlsx.Text, func(l *line) any { return l.Number }}
	colReceived = column{text("登记日期", "Received"), 12, xlsx.Day, func(l *line) any { return day(&l.ReceivedAt) }}
	colChannel  = column{text("来源", "Channel"), 10, xlsx.Text, func(l *line) any { return l.word(l.Words.Channel(l.Channel)) }}
	colProc     = column{text("办理程序", "Procedure"), 14, xlsx.Text, func(l *line) any { return l.word(l.Words.Procedure(&l.Case)) }}
	colClass    = column{text("类别", "Class"), 14, xlsx.Text, func(l *line) any { return l.word(l.Words.Class(&l.Case)) }}
	colCategory = column{text("内容分类", "Category"), 22, xlsx.Wrapped, func(l *line) any { return l.Words.Category(l.Category) }}
	colTitle    = column{text("标题", "Title"), 40, xlsx.Wrapped, func(l *line) any { return l.Title }}
	colPlace    = column{text("地点", "Place"), 18, xlsx.Wrapped, func(l *line) any { return l.Words.Place(l.Place) }}
	colWho      = column{text("申请人", "Applicants"), 16, xlsx.Wrapped, func(l *line) any {
		return l.people(partyName, domain.PartyApplicant, domain.PartyRepresentative)
	}}
	colPhone = column{text("联系电话", "Telephone"), 15, xlsx.Wrapped, func(l *line) any {
		return l.people(partyPhone, domain.PartyApplicant, domain.PartyRepresentative)
	}}
	colPersons   = column{text("人数", "Persons"), 7, xlsx.Integer, func(l *line) any { return l.Persons }}
	colAgainst   = column{text("被申请人", "Respondents"), 16, xlsx.Wrapped, func(l *line) any { return l.people(partyName, domain.PartyRespondent) }}
	colOwner     = column{text("责任单位", "Organisation responsible"), 20, xlsx.Wrapped, func(l *line) any { return l.Words.Organization(l.Owner) }}
	colDesk      = column{text("当前办理单位", "On the desk of"), 20, xlsx.Wrapped, func(l *line) any { return l.Words.Organization(l.Desk) }}
	colHandler   = column{text("承办人", "Handler"), 12, xlsx.Wrapped, func(l *line) any { return l.Words.User(l.Handler) }}
	colState     = column{text("状态", "State"), 14, xlsx.Wrapped, func(l *line) any { return l.word(l.Words.State(&l.Case)) }}
	colAccepted  = column{text("受理日期", "Accepted"), 12, xlsx.Day, func(l *line) any { return day(l.AcceptedAt) }}
	colLimit     = column{text("当前时限", "Limit that runs"), 14, xlsx.Text, func(l *line) any { return l.nextLimit() }}
	colDue       = column{text("到期时间", "Due"), 17, xlsx.Minute, func(l *line) any { return minute(l.Due) }}
	colLate      = column{text("超期", "Overdue"), 7, xlsx.Text, func(l *line) any { return l.yes(l.late()) }}
	colOwed      = column{text("办结期限", "To be concluded by"), 17, xlsx.Minute, func(l *line) any { return minute(l.ConcludeDue) }}
	colInTime    = column{text("按期办结", "Concluded in time"), 10, xlsx.Text, func(l *line) any { return l.kept(l.ConcludeMet) }}
	colOutcome   = column{text("办理结果", "Outcome"), 16, xlsx.Wrapped, func(l *line) any { return l.word(l.Words.Outcome(&l.Case)) }}
	colConcluded = column{text("办结日期", "Concluded"), 12, xlsx.Day, func(l *line) any { return day(l.ConcludedAt) }}
	colDays      = column{text("历时（天）", "Days"), 9, xlsx.Integer, func(l *line) any { return l.days() }}
	colRating    = column{text("满意度", "Satisfaction"), 11, xlsx.Text, func(l *line) any { return l.rating() }}
	colFlags     = column{text("标记", "Flags"), 16, xlsx.Wrapped, func(l *line) any { return l.flags() }}
	colAmount    = column{text("涉及金额（元）", "Amount in dispute (yuan)"), 15, xlsx.Money, func(l *line) any { return money(l.Amount) }}
	colSettled   = column{text("协议金额（元）", "Amount agreed (yuan)"), 15, xlsx.Money, func(l *line) any { return money(l.Settled) }}
	colClosed    = column{text("结案日期", "Closed"), 12, xlsx.Day, func(l *line) any { return day(l.ClosedAt) }}
)

// titled is a column under another title.
func (c column) titled(zh, en string) column {
	c.title = text(zh, en)
	return c
}

var workColumns = []column{
	colNo, colNumber, colReceived, colChannel, colProc, colCategory, colTitle, colPlace, colWho, colPhone, colPersons, colAgainst,
	colOwner, colHandler, colState, colAccepted, colLimit, colDue, colLate, colOwed, colOutcome, colConcluded, colInTime, colDays, colRating, colFlags,
}

var caseColumns = append(append([]column{}, workColumns...),
	colClass, colDesk,
	column{text("登记单位", "Registered by"), 20, xlsx.Wrapped, func(l *line) any { return l.Words.Organization(l.RegisteredBy) }},
	column{text("统计单位", "Counted for"), 18, xlsx.Wrapped, func(l *line) any { return l.Words.Organization(l.Unit) }},
	column{text("协办单位", "Partners"), 20, xlsx.Wrapped, func(l *line) any { return l.organizations(l.Partners) }},
	colAmount, colSettled,
	column{text("适用法律", "Law in force"), 18, xlsx.Text, func(l *line) any { return l.word(l.Words.Regime(&l.Case)) }},
	column{text("评价日期", "Rated"), 12, xlsx.Day, func(l *line) any { return day(l.EvaluatedAt) }},
	colClosed,
	column{text("事项标识", "Matter"), 38, xlsx.Text, func(l *line) any { return l.Matter }},
	column{text("案件标识", "Case"), 38, xlsx.Text, func(l *line) any { return l.ID }},
)

// colCounted is the day on which a measure counts the case.
func colCounted(m *domain.Measure) column {
	return column{text("计入日期", "Counted on"), 12, xlsx.Day, func(l *line) any { return day(m.When.Of(&l.Case)) }}
}

// columns are those of the ledger, and for the cases behind a figure the day
// that puts each in the period.
func (r *Request) columns(b *book) []column {
	m := domain.MeasureByCode(r.Query.Measure)
	if m == nil {
		return b.columns
	}
	cs := append([]column{}, b.columns[:3]...)
	return append(append(cs, colCounted(m)), b.columns[3:]...)
}
