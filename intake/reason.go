package intake

import (
	"errors"
	"strings"

	"sudi/domain"
)

// Codes of what can be wrong with a row, beside those of the rules
// ("required", "too_long", "class_unknown" …).
const (
	CodeDateUnreadable = "date_unreadable"
	CodeOutOfOrder     = "before_earlier_step"
	CodeTimeMissing    = "step_without_time"
	CodeNotListed      = "value_not_listed"
	CodeNotAmount      = "not_an_amount"
	CodeNotNumber      = "not_a_whole_number"
	CodeNotTruth       = "not_a_boolean"
	CodeRepeated       = "id_repeated"
	CodeUnreadable     = "row_unreadable"
	CodeCalendar       = "calendar_year"
	CodeRefused        = "store_refused"
	CodeEarlier        = "rejected_earlier"
)

// Problem is one thing that is wrong with a row.
type Problem struct {
	Field  string // of the mapping: "title", "received", "parties.0.phone"
	Code   string
	Column string // of the file, "" when no single one is to blame
}

// Reason is why a row was rejected: everything that is wrong with it. It never
// holds what the cells say, which may be personal.
type Reason []Problem

// String is the form in which the reason is stored.
func (r Reason) String() string {
	parts := make([]string, len(r))
	for i, p := range r {
		parts[i] = p.Field + ":" + p.Code
	}
	return strings.Join(parts, "; ")
}

// Text says the reason in a language, "zh" or "en".
func (r Reason) Text(lang string) string {
	parts := make([]string, len(r))
	for i, p := range r {
		parts[i] = p.text(lang)
	}
	if lang == "zh" {
		return strings.Join(parts, "；")
	}
	return strings.Join(parts, "; ")
}

// ReasonText says a stored reason in a language.
func ReasonText(stored, lang string) string {
	var r Reason
	for part := range strings.SplitSeq(stored, "; ") {
		field, code, ok := strings.Cut(part, ":")
		if !ok {
			field, code = "", part
		}
		r = append(r, Problem{Field: field, Code: code})
	}
	return r.Text(lang)
}

func (p Problem) text(lang string) string {
	m, known := messages[p.Code]
	words := m[1]
	if lang == "zh" {
		words = m[0]
	}
	if !known {
		words = p.Code
	}
	where := p.Field
	if name, ok := fieldNames[p.Field]; ok && lang == "zh" {
		where = name
	}
	if p.Column != "" && lang == "zh" {
		where += "（列“" + p.Column + "”）"
	} else if p.Column != "" {
		where += " (column \"" + p.Column + "\")"
	}
	switch {
	case where == "":
		return words
	case lang == "zh":
		return where + "：" + words
	default:
		return where + ": " + words
	}
}

var fieldNames = map[string]string{
	"id": "编号", "title": "标题", "statement": "内容", "class": "类别", "category": "分类", "place": "地点",
	"channel": "渠道", "amount": "金额", "persons": "人数", "lng": "经度", "lat": "纬度", "flags": "标记", "note": "备注",
	received: "收到时间", "received_at": "收到时间", "replied": "答复时间", "reply": "答复内容", "organization": "承办单位", "row": "本行",
	"parties.0.name": "诉求人姓名", "parties.0.phone": "诉求人电话",
}

// messages are the words for each code, zh and en.
var messages = map[string][2]string{
	"required":             {"没有填写", "is empty"},
	"too_long":             {"文字太长", "is too long"},
	"bad_characters":       {"含有无法保存的控制字符", "has control characters that cannot be kept"},
	"class_unknown":        {"不是该程序的类别", "is not a class of the procedure"},
	"category_unknown":     {"分类表中没有", "is not in the category list"},
	"place_unknown":        {"不是本县区的地点代码", "is not a place of the county"},
	"organization_unknown": {"没有这个单位，或当时尚未设立", "no such organisation, or not at that time"},
	"not_a_choice":         {"不是可选的值", "is not one of the choices"},
	"phone_shape":          {"不像电话号码", "does not look like a telephone number"},
	"date_in_future":       {"晚于现在", "lies in the future"},
	"date_too_old":         {"太早，工作日历未收录该年", "is earlier than the working-day calendar"},
	"persons_range":        {"人数不合理", "is out of range"},
	"amount_range":         {"金额不合理", "is out of range"},
	"position_range":       {"坐标不合理", "is out of range"},
	"position_halved":      {"经度纬度缺一", "is only half a position"},
	"unknown_field":        {"该步骤不用这个字段", "is not asked by the step"},
	"action_not_allowed":   {"案件当时的状态不能这样办理", "cannot be done in the state that the case is in"},
	"action_not_yours":     {"该角色或单位不能这样办理", "may not be done by that role or organisation"},
	"complained_of":        {"被投诉的单位不能办理", "the unit complained of never handles the case"},
	"no_organization":      {"找不到承办单位", "no organisation is there for it"},
	"org_out_of_scope":     {"超出导入人所在单位的范围", "outside the organisation of whoever imports"},
	CodeDateUnreadable:     {"日期无法识别", "is no date that can be read"},
	CodeOutOfOrder:         {"早于收到时间或前一步骤", "is earlier than the receipt or the step before"},
	CodeTimeMissing:        {"有内容却没有时间", "has a value but no time"},
	CodeNotListed:          {"对照表中没有这个值", "is not listed in values"},
	CodeNotAmount:          {"不是金额", "is not an amount of money"},
	CodeNotNumber:          {"不是整数", "is not a number"},
	CodeNotTruth:           {"不是“是”或“否”", "is neither yes nor no"},
	CodeRepeated:           {"编号在文件中重复", "occurs twice in the file"},
	CodeUnreadable:         {"无法读取", "cannot be read"},
	CodeCalendar:           {"年份不在工作日历之内", "lies in a year that the working-day calendar does not know"},
	CodeRefused:            {"数据库拒绝保存", "was refused by the database"},
	CodeEarlier:            {"此前已被拒绝", "was rejected by an earlier run"},
}

// reasonOf turns the rules' refusal of a row into a reason; ok is false for an
// error that is not the row's fault.
func reasonOf(err error) (r Reason, ok bool) {
	if errors.Is(err, domain.ErrCalendarYear) {
		return Reason{{Field: received, Code: CodeCalendar}}, true
	}
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind == domain.KindInternal || e.Kind == domain.KindOverloaded {
		return nil, false
	}
	for _, f := range e.Fields {
		r = append(r, Problem{Field: strings.TrimPrefix(f.Field, "fields."), Code: f.Code})
	}
	if len(r) == 0 {
		field := "row"
		if step := (stepError{}); errors.As(err, &step) {
			field = step.do
		}
		r = Reason{{Field: field, Code: e.Code}}
	}
	return r, true
}
