package domain

import "fmt"

// IndicatorUnit is the unit of an indicator's value.
type IndicatorUnit string

// The units.
const (
	UnitCases         IndicatorUnit = "cases"
	UnitPercent       IndicatorUnit = "percent" // one decimal, half up
	UnitOrganizations IndicatorUnit = "organizations"
	UnitDays          IndicatorUnit = "days" // natural days
	UnitFen           IndicatorUnit = "fen"  // 1/100 yuan
)

// Form is how an indicator is made from its measures.
type Form string

// The forms. Mean and percentile are of the days that a measure is spread over
// (Measure.Over); they have no numerator, and their denominator is how many
// cases there were.
const (
	FormCount Form = ""     // the numerator
	FormRate  Form = "rate" // numerator ÷ denominator
	FormMean  Form = "mean" // of the denominator's days, one decimal, half up
	FormP90   Form = "p90"  // of the denominator's days, nearest rank
)

// Indicator is a figure of the annual report. A count has no denominator; a
// figure with OrgKinds counts organisations active at the period's end.
type Indicator struct {
	Code        string        `json:"code"`
	Name        Text          `json:"name"`
	Numerator   string        `json:"numerator"`             // measure code
	Denominator string        `json:"denominator,omitempty"` // measure code
	OrgKinds    []OrgKind     `json:"org_kinds,omitempty"`
	Form        Form          `json:"form,omitempty"`
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
	{Code: "appeals.closure_rate", Numerator: "appeals.closed", Denominator: "appeals.due", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"诉求办结率", "Appeals closure rate"},
		Definition: Text{"当期登记的诉求中已答复或办结的件数 ÷ 当期登记件数(不予受理、撤回、并案不计)", "Of the appeals registered in the period, those answered or closed ÷ those registered (not accepted, withdrawn and merged out of both)"},
		Source:     "annual report 2020, part 1(8)"},
	{Code: "appeals.satisfaction_rate", Numerator: "appeals.satisfied", Denominator: "appeals.evaluated", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"诉求群众满意率", "Appeals satisfaction rate"},
		Definition: Text{"当期评价中满意和基本满意件数 ÷ 当期评价件数;每件以最后一次评价为准,未评价不计", "Satisfied or basically satisfied ÷ evaluated in the period; the last evaluation of each case counts, unrated cases do not"},
		Source:     "annual report 2020, part 1(8)"},
	{Code: "petitions.received", Numerator: "petitions.received", Unit: UnitCases,
		Name:       Text{"登记信访事项", "Petitions registered"},
		Definition: Text{"当期登记的信访事项件数", "Petitions registered in the period"},
		Source:     "信访条例 (2005) art. 21; 信访工作条例 (2022) art. 22"},
	{Code: "petitions.matters", Numerator: "petitions.matters", Unit: UnitCases,
		Name:       Text{"信访事项(去重)", "Petition matters"},
		Definition: Text{"当期登记的信访事项数:重复件、并案和由其他程序转出的不另计", "Matters registered in the period: repeats, merged cases and those that came out of another case are not counted again"},
		Source:     "信访工作条例 (2022) art. 22; domain: matters, not cases"},
	{Code: "petitions.visits", Numerator: "petitions.visits", Unit: UnitCases,
		Name:       Text{"信访件次", "Petition visits"},
		Definition: Text{"当期登记的全部信访件次,含重复件和并案", "Every registration of the period, repeats and merged ones included"},
		Source:     "信访工作条例 (2022) art. 22"},
	{Code: "petitions.repeat_rate", Numerator: "petitions.repeats", Denominator: "petitions.received", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"重复信访率", "Repeat petition rate"},
		Definition: Text{"当期登记中的重复件 ÷ 当期登记件数(并案不计)", "Repeats ÷ petitions registered in the period (merged ones out of both)"},
		Source:     "国信发〔2014〕16号"},
	{Code: "petitions.accepted", Numerator: "petitions.accepted", Unit: UnitCases,
		Name:       Text{"受理信访事项", "Petitions accepted"},
		Definition: Text{"当期决定受理的信访事项件数", "Petitions accepted in the period"},
		Source:     "信访条例 (2005) art. 22; 信访工作条例 (2022) art. 23"},
	{Code: "petitions.concluded", Numerator: "petitions.concluded", Unit: UnitCases,
		Name:       Text{"办结信访事项", "Petitions concluded"},
		Definition: Text{"当期送达处理意见或终结的信访事项件数", "Petitions whose opinion was served, or that were finally concluded, in the period"},
		Source:     "信访条例 (2005) art. 33; 信访工作条例 (2022) art. 34"},
	{Code: "petitions.satisfaction_rate", Numerator: "petitions.satisfied", Denominator: "petitions.evaluated", Form: FormRate, Unit: UnitPercent,
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
	{Code: "mediation.success_rate", Numerator: "mediation.succeeded", Denominator: "mediation.concluded", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"矛盾纠纷调处成功率", "Mediation success rate"},
		Definition: Text{"当期调解成功件数 ÷ 当期调解成功与失败件数;撤回不计", "Succeeded ÷ (succeeded + failed) in the period; withdrawn out of both"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "mediation.organisations", OrgKinds: MediationKinds, Unit: UnitOrganizations,
		Name:       Text{"纳入线下调解组织", "Mediation organisations"},
		Definition: Text{"期末存续的人民调解组织数", "People's mediation organisations active at the period's end"},
		Source:     "annual report 2020, part 1(8): 峄调即和"},
	{Code: "mediation.confirmed", Numerator: "mediation.confirmed", Unit: UnitCases,
		Name:       Text{"司法确认", "Judicial confirmations"},
		Definition: Text{"当期生效的调解协议中经人民法院裁定有效的件数", "Of the agreements that took effect in the period, those that a court has confirmed"},
		Source:     "人民调解法 art. 33"},
	{Code: "enterprise.disputes", Numerator: "enterprise.resolved", Unit: UnitCases,
		Name:       Text{"化解中小微企业纠纷", "Enterprise disputes resolved"},
		Definition: Text{"当期调解成功、标记为涉企的件数", "Mediations with the enterprise mark that succeeded in the period"},
		Source:     "annual report 2020, part 1(8); a mark, not a kind: may overlap finance.disputes"},
	{Code: "finance.disputes", Numerator: "finance.handled", Unit: UnitCases,
		Name:       Text{"处理金融债务纠纷", "Financial disputes handled"},
		Definition: Text{"当期受理、标记为金融债务的调解件数", "Mediations with the financial mark accepted in the period"},
		Source:     "annual report 2020, part 1(8); handled is not resolved"},
	{Code: "backlog.resolution_rate", Numerator: "backlog.resolved", Denominator: "backlog.listed", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"信访积案化解率", "Backlog resolution rate"},
		Definition: Text{"当期建账积案中已认定化解的件数 ÷ 当期建账件数(上级移出的不计)", "Of the backlog listed in the period, that whose resolution was recognised ÷ listed (taken off the list by order: out of both)"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "backlog.four_key_rate", Numerator: "backlog.four_key_resolved", Denominator: "backlog.four_key_listed", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"四个重点化解率", "Four-key resolution rate"},
		Definition: Text{"当期交办的“四个重点”中已认定化解的件数 ÷ 当期交办件数", "Of the four-key matters assigned in the period, those resolved ÷ assigned"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "reconsideration.accepted", Numerator: "reconsideration.accepted", Unit: UnitCases,
		Name:       Text{"受理行政复议", "Reconsiderations accepted"},
		Definition: Text{"当期受理的行政复议件数(2023年底前以收到申请之日为受理日)", "Reconsiderations accepted in the period (until 2023 the day of receipt is that of acceptance)"},
		Source:     "行政复议法 (2017) art. 17, (2023) art. 30; annual report 2020, part 1(5)"},
	{Code: "reconsideration.concluded", Numerator: "reconsideration.accepted_concluded", Unit: UnitCases,
		Name:       Text{"其中审结", "Concluded of those"},
		Definition: Text{"当期受理的行政复议中已审结的件数", "Of the reconsiderations accepted in the period, those concluded"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "reconsideration.correction_rate", Numerator: "reconsideration.corrected", Denominator: "reconsideration.concluded", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"行政复议纠错率", "Reconsideration correction rate"},
		Definition: Text{"当期审结(含上期结转)中变更、撤销、部分撤销、确认违法或无效、责令履行及纠错后和解的件数 ÷ 当期审结件数", "Changed, revoked, declared illegal or void, ordered to perform, or settled by correction ÷ concluded in the period, carried over included"},
		Source:     "annual report 2020, part 1(5); 行政复议法 (2017) art. 28"},
	{Code: "reconsideration.hearing_rate", Numerator: "reconsideration.heard", Denominator: "reconsideration.concluded", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"行政复议听证率", "Reconsideration hearing rate"},
		Definition: Text{"当期审结中举行过听证的件数 ÷ 当期审结件数", "Concluded in the period after a hearing ÷ concluded in the period"},
		Source:     "annual report 2020, part 1(5); 行政复议法实施条例 art. 33"},
	{Code: "litigation.cases", Numerator: "litigation.cases", Unit: UnitCases,
		Name:       Text{"行政应诉案件", "Administrative litigation cases"},
		Definition: Text{"当期收到应诉通知的件数,每一审级一件", "Notices to respond received in the period, one for each instance"},
		Source:     "annual report 2020, part 1(5); 行政诉讼法 art. 67"},
	{Code: "litigation.head_appearance_rate", Numerator: "litigation.head_appeared", Denominator: "litigation.heard", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"行政机关负责人出庭应诉率", "Head appearance rate"},
		Definition: Text{"当期应诉案件中有负责人出庭的件数 ÷ 已开庭件数", "Of the period's cases that were heard, those in which the head of the organ appeared"},
		Source:     "annual report 2020, part 1(5); 最高人民法院关于行政机关负责人出庭应诉若干问题的规定 arts. 2, 7"},
	{Code: "proposals.reply_rate", Numerator: "proposals.replied", Denominator: "proposals.assigned", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"建议提案办复率", "Proposal reply rate"},
		Definition: Text{"当期交办的建议提案中按期答复的件数 ÷ 当期交办件数(退回的不计)", "Of the proposals assigned in the period, those answered in time ÷ assigned (returned ones out of both)"},
		Source:     "annual report 2020, part 1(5)"},
	{Code: "proposals.satisfaction_rate", Numerator: "proposals.satisfied", Denominator: "proposals.rated", Form: FormRate, Unit: UnitPercent,
		Name:       Text{"建议提案满意率", "Proposal satisfaction rate"},
		Definition: Text{"当期评价中满意和基本满意件数 ÷ 当期评价件数;每件以最后一次评价为准", "Satisfied or basically satisfied ÷ opinions given in the period; the last of each proposal counts"},
		Source:     "annual report 2020, part 1(5)"},
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
