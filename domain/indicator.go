package domain

import (
	"fmt"
	"slices"
	"time"
)

// Moment is the date of a case that puts it in a period.
type Moment string

// The moments; each is a column of cases.
const (
	WhenReceived  Moment = "received_at"
	WhenAccepted  Moment = "accepted_at"
	WhenConcluded Moment = "concluded_at"
	WhenEvaluated Moment = "evaluated_at"
)

// Of reads the moment off a case, nil when it has not come.
func (m Moment) Of(c *Case) *time.Time {
	switch m {
	case WhenReceived:
		return &c.ReceivedAt
	case WhenAccepted:
		return c.AcceptedAt
	case WhenConcluded:
		return c.ConcludedAt
	case WhenEvaluated:
		return c.EvaluatedAt
	default:
		return nil
	}
}

// Measure counts cases. It is data, so that one declaration gives the
// increment of a change, the recount in SQL and the list behind the figure. A
// condition that is empty always holds; all must hold.
type Measure struct {
	Code         string
	When         Moment
	Procedures   []string
	Dispositions []Disposition
	Satisfaction []Satisfaction
}

// Counts reports whether a case is counted, and on which Beijing day.
func (m *Measure) Counts(c *Case) (Date, bool) {
	at := m.When.Of(c)
	if at == nil ||
		!slices.Contains(m.Procedures, c.Procedure) ||
		len(m.Dispositions) > 0 && !slices.Contains(m.Dispositions, c.Disposition) ||
		len(m.Satisfaction) > 0 && !slices.Contains(m.Satisfaction, c.Satisfaction) {
		return Date{}, false
	}
	return DateIn(*at), true
}

// Measures are the counts from which the indicators are made.
var Measures = []Measure{
	{Code: "appeals.received", When: WhenReceived, Procedures: appeals, Dispositions: notMerged},
	{Code: "appeals.due", When: WhenReceived, Procedures: appeals, Dispositions: answerable},
	{Code: "appeals.closed", When: WhenReceived, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Code: "appeals.evaluated", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "appeals.satisfied", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "petitions.received", When: WhenReceived, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.accepted", When: WhenAccepted, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}},
	{Code: "petitions.evaluated", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "petitions.satisfied", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "mediation.accepted", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged},
	{Code: "mediation.succeeded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}},
	{Code: "mediation.concluded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded, Failed}},
}

var (
	appeals    = []string{"appeal"}
	petitions  = []string{"petition"}
	mediations = []string{"mediation", "enterprise_mediation", "litigation_mediation", "administrative_mediation"}

	notMerged = slices.DeleteFunc(slices.Clone(Dispositions), func(d Disposition) bool { return d == Merged })
	// answerable leaves out what no answer is owed to: closure is by case, and
	// merged, withdrawn and not accepted cases are out of both sides.
	answerable = []Disposition{Pending, Active, Concluded, Terminated}
)

// MeasureByCode finds a measure, nil when there is none.
func MeasureByCode(code string) *Measure {
	for i := range Measures {
		if Measures[i].Code == code {
			return &Measures[i]
		}
	}
	return nil
}

// IndicatorUnit is the unit of an indicator's value.
type IndicatorUnit string

// The units.
const (
	UnitCases         IndicatorUnit = "cases"
	UnitPercent       IndicatorUnit = "percent" // one decimal, half up
	UnitOrganizations IndicatorUnit = "organizations"
)

// Indicator is a figure of the annual report. A count has no denominator; a
// figure with OrgKinds counts organisations active at the period's end.
type Indicator struct {
	Code        string        `json:"code"`
	Name        Text          `json:"name"`
	Numerator   string        `json:"numerator"`             // measure code
	Denominator string        `json:"denominator,omitempty"` // measure code
	OrgKinds    []OrgKind     `json:"org_kinds,omitempty"`
	Unit        IndicatorUnit `json:"unit"`
	Definition  Text          `json:"definition"`
	Source      string        `json:"source"` // where the definition comes from
}

// Text is a wording in Chinese and in English.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In gives the wording in a language ("zh" or "en").
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Indicators are declared once, here, in the order in which the report prints
// them.
var Indicators = []Indicator{
	{Code: "appeals.received", Numerator: "appeals.received", Unit: UnitCases,
		Name:       Text{"接受三大诉求", "Appeals received"},
		Definition: Text{"当期登记的诉求件数(北京时间登记日);并案只计主件", "Appeals registered in the period (Beijing date); merged ones count with their master"},
		Source:     "annual report 2020, part 1(8): 榴乡诉递"},
	{Code: "appeals.closure_rate", Numerator: "appeals.closed", Denominator: "appeals.due", Unit: UnitPercent,
		Name:       Text{"诉求办结率", "Appeals closure rate"},
		Definition: Text{"当期登记的诉求中已答复或办结的件数 ÷ 当期登记件数(不予受理、撤回、并案不计)", "Of the appeals registered in the period, those answered or closed ÷ those registered (not accepted, withdrawn and merged out of both)"},
		Source:     "annual report 2020, part 1(8)"},
	{Code: "appeals.satisfaction_rate", Numerator: "appeals.satisfied", Denominator: "appeals.evaluated", Unit: UnitPercent,
		Name:       Text{"诉求群众满意率", "Appeals satisfaction rate"},
		Definition: Text{"当期评价中满意和基本满意件数 ÷ 当期评价件数;每件以最后一次评价为准,未评价不计", "Satisfied or basically satisfied ÷ evaluated in the period; the last evaluation of each case counts, unrated cases do not"},
		Source:     "annual report 2020, part 1(8)"},
	{Code: "petitions.received", Numerator: "petitions.received", Unit: UnitCases,
		Name:       Text{"登记信访事项", "Petitions registered"},
		Definition: Text{"当期登记的信访事项件数", "Petitions registered in the period"},
		Source:     "信访条例 (2005) art. 21; 信访工作条例 (2022) art. 22"},
	{Code: "petitions.accepted", Numerator: "petitions.accepted", Unit: UnitCases,
		Name:       Text{"受理信访事项", "Petitions accepted"},
		Definition: Text{"当期决定受理的信访事项件数", "Petitions accepted in the period"},
		Source:     "信访条例 (2005) art. 22; 信访工作条例 (2022) art. 23"},
	{Code: "petitions.concluded", Numerator: "petitions.concluded", Unit: UnitCases,
		Name:       Text{"办结信访事项", "Petitions concluded"},
		Definition: Text{"当期送达处理意见或终结的信访事项件数", "Petitions whose opinion was served, or that were finally concluded, in the period"},
		Source:     "信访条例 (2005) art. 33; 信访工作条例 (2022) art. 34"},
	{Code: "petitions.satisfaction_rate", Numerator: "petitions.satisfied", Denominator: "petitions.evaluated", Unit: UnitPercent,
		Name:       Text{"信访群众满意率", "Petition satisfaction rate"},
		Definition: Text{"当期评价中满意和基本满意件数 ÷ 当期评价件数", "Satisfied or basically satisfied ÷ evaluated in the period"},
		Source:     "国信发〔2014〕16号 art. 4"},
	{Code: "mediation.accepted", Numerator: "mediation.accepted", Unit: UnitCases,
		Name:       Text{"受理调解", "Mediations accepted"},
		Definition: Text{"当期受理的调解件数", "Mediations accepted in the period"},
		Source:     "人民调解法 art. 17"},
	{Code: "mediation.succeeded", Numerator: "mediation.succeeded", Unit: UnitCases,
		Name:       Text{"成功调解矛盾纠纷", "Mediations succeeded"},
		Definition: Text{"当期生效的调解协议件数(以最后一个签字、盖章之日为准)", "Mediation agreements that took effect in the period (the last signature or seal decides)"},
		Source:     "annual report 2020, part 1(8); 人民调解法 arts. 28–30"},
	{Code: "mediation.success_rate", Numerator: "mediation.succeeded", Denominator: "mediation.concluded", Unit: UnitPercent,
		Name:       Text{"矛盾纠纷调处成功率", "Mediation success rate"},
		Definition: Text{"当期调解成功件数 ÷ 当期调解成功与失败件数;撤回不计", "Succeeded ÷ (succeeded + failed) in the period; withdrawn out of both"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "mediation.organisations", OrgKinds: MediationKinds, Unit: UnitOrganizations,
		Name:       Text{"纳入线下调解组织", "Mediation organisations"},
		Definition: Text{"期末存续的人民调解组织数", "People's mediation organisations active at the period's end"},
		Source:     "annual report 2020, part 1(8): 峄调即和"},
}

// IndicatorByCode finds an indicator, nil when there is none.
func IndicatorByCode(code string) *Indicator {
	for i := range Indicators {
		if Indicators[i].Code == code {
			return &Indicators[i]
		}
	}
	return nil
}

// Cell is where a count is kept in the roll-up.
type Cell struct {
	Measure   string `json:"measure" gorm:"primaryKey"`
	Day       Date   `json:"day" gorm:"primaryKey"`
	Unit      string `json:"unit" gorm:"primaryKey"`     // township or county body responsible
	Township  string `json:"township" gorm:"primaryKey"` // of the place, "" when unknown
	Procedure string `json:"procedure" gorm:"primaryKey"`
	Category  string `json:"category" gorm:"primaryKey"` // first level
}

// Tally is what a change adds to a cell.
type Tally struct {
	Cell
	N int64 `json:"n"`
}

// Facts are the cells in which a case counts, each once.
func Facts(c *Case) []Cell {
	if c == nil {
		return nil
	}
	var cells []Cell
	for i := range Measures {
		m := &Measures[i]
		if day, ok := m.Counts(c); ok {
			cells = append(cells, Cell{
				Measure: m.Code, Day: day, Unit: c.Unit, Township: c.Township,
				Procedure: c.Procedure, Category: CategoryLevel1(c.Category),
			})
		}
	}
	return cells
}

// Tallies is what a change of a case adds to the roll-up: facts after less
// facts before. It does not depend on how the change came about.
func Tallies(before, after *Case) []Tally {
	net := make(map[Cell]int64)
	for _, f := range Facts(after) {
		net[f]++
	}
	for _, f := range Facts(before) {
		net[f]--
	}
	ts := make([]Tally, 0, len(net))
	for cell, n := range net {
		if n != 0 {
			ts = append(ts, Tally{cell, n})
		}
	}
	return ts
}

// CategoryLevel1 is the first level of a category code: its first two digits.
func CategoryLevel1(code string) string {
	if len(code) < 2 {
		return ""
	}
	return code[:2]
}

// Percent is n ÷ d in tenths of a percent, rounded half up by integers; ok is
// false when d is 0. 100 % is given only for n = d and 0 % only for n = 0, so
// that rounding never claims a perfect score.
func Percent(n, d int64) (tenths int64, ok bool) {
	if d == 0 {
		return 0, false
	}
	t := (n*2000 + d) / (2 * d)
	switch {
	case t == 1000 && n < d:
		t = 999
	case t == 0 && n > 0:
		t = 1
	}
	return t, true
}

// FormatTenths prints tenths of a percent: 990 → "99.0".
func FormatTenths(t int64) string { return fmt.Sprintf("%d.%d", t/10, t%10) }
