package ledger

import (
	"sudi/domain"
	"sudi/report/xlsx"
)

var noteDays = text("历时为登记日至办结日（未办结的至数据截至日）的自然日数，不扣除中止；与指标口径的办理天数不同。",
	"Days are natural days from receipt to conclusion, or to the instant of the data where there is none, pauses included; the figures' handling days are another count.")

var noteLate = text("办结期限、按期办结与“按期办结率”同口径。超期：任一时限已过而未在期内完成的，不论后来是否完成。当前时限、到期时间为数据截至时正在计算的最早时限。",
	"Conclusion in time is as the figures count it. Overdue: some limit passed before it was met, whether or not it was met since. The limit that runs and its end are the earliest of those running at the instant of the data.")

// mediations are the procedures of the mediation figures.
var mediations = domain.MeasureByCode("mediation.accepted").Procedures

var books = map[Kind]*book{
	Work:  {title: text("工作台账", "Work ledger"), columns: workColumns, notes: []domain.Text{noteDays, noteLate}},
	Cases: {title: text("案件清单", "List of cases"), columns: caseColumns, notes: []domain.Text{noteDays, noteLate}},
	Mediation: {
		title: text("调解案件登记簿", "Register of mediations"), procedures: mediations, columns: mediationColumns,
		notes: []domain.Text{noteDays, text("达成协议日期为协议生效之日；未达成协议的见办结日期。", "The day of agreement is that on which it took effect; what ended without one has a day of conclusion.")},
	},
	Backlog: {
		title: text("积案销号台账", "Backlog ledger"), procedures: domain.MeasureByCode("backlog.listed").Procedures,
		columns: backlogColumns, standing: true,
		actions: []string{"register", "take_charge", "make_plan", "change_leader", "report_progress", "change_target", "claim", "sign_as_leader", "resolve", "remove"},
		notes: []domain.Text{noteLate, text("期末前建账、期初前未销号的都在账；“本期销号”为销号日期在本期内的，“期后销号”为本期以后才销号的；反弹的重新在账。",
			"It has what was listed by the end of the period and not removed before its beginning. “Removed” is within the period, “removed later” after it; what came back is on the list again.")},
	},
	Supervised: {
		title: text("督办台账", "Supervised cases"), columns: supervisedColumns, standing: true, clock: supervision,
		actions: []string{"supervise", "answer_supervision", "lift_supervision"},
		notes: []domain.Text{text("本期发出的督办和期初前发出、当时尚未反馈的督办；一案多次督办的列最近一次。",
			"Supervision begun in the period, or before it and not yet answered then; of several on a case the last.")},
	},
}

var mediationColumns = []column{
	colNo, colNumber, colReceived, colAccepted, colClass.titled("受理来源", "Came by"), colProc,
	colWho, colPhone.titled("申请人电话", "Applicants' telephone"), colAgainst,
	{text("被申请人电话", "Respondents' telephone"), 15, xlsx.Wrapped, func(l *line) any { return l.people(partyPhone, domain.PartyRespondent) }},
	{text("身份证号", "Identity numbers"), 21, xlsx.Wrapped, func(l *line) any {
		return l.people(partyIdentity, domain.PartyApplicant, domain.PartyRepresentative, domain.PartyRespondent, domain.PartyThird)
	}},
	colCategory.titled("纠纷类别", "Kind of dispute"), colTitle.titled("纠纷简要情况", "The dispute in brief"), colPlace.titled("发生地", "Place"),
	colOwner.titled("调解组织", "Mediation organisation"), colHandler.titled("调解员", "Mediator"), colAmount, colState,
	colOutcome.titled("调解结果", "Result"),
	{text("达成协议日期", "Agreement on"), 13, xlsx.Day, func(l *line) any {
		if l.Disposition != domain.Succeeded {
			return nil
		}
		return day(l.ConcludedAt)
	}},
	colSettled,
	{text("司法确认", "Confirmed by court"), 10, xlsx.Text, func(l *line) any { return l.yes(l.Counts["confirmed"] > 0) }},
	{text("履行完毕", "Performed"), 10, xlsx.Text, func(l *line) any { return l.yes(l.Counts["performed"] > 0) }},
	colRating, colOwed, colConcluded, colInTime, colClosed, colDays, colLate, colFlags,
}

// removal reads a field of the removal, which a matter that came back has no more.
func removal(value func(*line) any) func(*line) any {
	return func(l *line) any {
		if l.ConcludedAt == nil {
			return nil
		}
		return value(l)
	}
}

// standing says how a matter of the backlog stands with respect to the period.
func (l *line) standing() any {
	span := l.Query.Span
	switch {
	case l.Disposition == domain.Terminated:
		return l.say("移出", "taken off")
	case l.ConcludedAt == nil:
		return l.say("在账", "on the list")
	case !span.To.IsZero() && domain.DateIn(*l.ConcludedAt).After(span.To):
		return l.say("期后销号", "removed later")
	case span.From.IsZero():
		return l.say("已销号", "removed")
	default:
		return l.say("本期销号", "removed in the period")
	}
}

var backlogColumns = []column{
	colNo, colNumber, colReceived.titled("建账日期", "Listed"), colClass,
	{text("来源", "Source"), 10, xlsx.Text, func(l *line) any { return l.choice("source") }},
	{text("清单或通知文号", "Number of the list or notice"), 20, xlsx.Wrapped, func(l *line) any { return l.field("notice_number") }},
	{text("清单序号", "Item of the list"), 10, xlsx.Text, func(l *line) any { return l.field("list_item") }},
	{text("四个重点类别", "Category of the four keys"), 16, xlsx.Wrapped, func(l *line) any { return l.field("key_category") }},
	colTitle.titled("事项", "Matter"), colWho.titled("信访人", "Petitioners"),
	{text("原信访件编号", "Numbers of the petitions"), 24, xlsx.Wrapped, func(l *line) any { return l.field("petition_numbers") }},
	{text("首次登记日期", "First registered"), 13, xlsx.Day, func(l *line) any { return l.date("first_registered") }},
	{text("包案领导", "Leader in charge"), 11, xlsx.Text, func(l *line) any { return l.field("leader_name") }},
	{text("职务", "Post"), 16, xlsx.Wrapped, func(l *line) any { return l.field("leader_post") }},
	colOwner, {text("配合单位", "Organs that help"), 20, xlsx.Wrapped, func(l *line) any { return l.organizations(l.Partners) }},
	{text("具体责任人", "Person responsible"), 11, xlsx.Text, func(l *line) any { return l.field("responsible_person") }},
	{text("症结", "Crux"), 28, xlsx.Wrapped, func(l *line) any { return l.field("crux") }},
	{text("化解措施", "Plan"), 40, xlsx.Wrapped, func(l *line) any { return l.field("plan") }},
	{text("化解时限", "Target date"), 12, xlsx.Day, func(l *line) any { return l.date("target_date") }},
	{text("工作进展", "Progress"), 40, xlsx.Wrapped, func(l *line) any { return l.field("progress") }},
	{text("最近进展日期", "Last report on"), 13, xlsx.Day, func(l *line) any { return l.at("report_progress") }},
	colState, colLate,
	{text("化解方式", "How it was resolved"), 14, xlsx.Text, removal(func(l *line) any { return l.choice("how") })},
	colSettled.titled("协议金额（元）", "Amount agreed (yuan)"), colOutcome.titled("认定结果", "Result"),
	{text("包案领导签字", "Signed by the leader"), 12, xlsx.Text, removal(func(l *line) any { return l.field("leader_signed_by") })},
	{text("销号审批人", "Removal approved by"), 12, xlsx.Text, removal(func(l *line) any { return l.field("bureau_signed_by") })},
	{text("销号单编号", "Number of the removal"), 16, xlsx.Text, removal(func(l *line) any { return l.field("removal_number") })},
	{text("销号日期", "Removed on"), 12, xlsx.Day, func(l *line) any { return day(l.ConcludedAt) }},
	{text("销号情况", "Standing"), 14, xlsx.Text, func(l *line) any { return l.standing() }},
	colRating,
}

// supervision is the limit within which a supervision is answered.
const supervision = "supervision"

// ofSupervision reads the entry of the last supervision.
func ofSupervision(value func(*line, *domain.Entry) any) func(*line) any {
	return func(l *line) any {
		if e := l.entry("supervise"); e != nil {
			return value(l, e)
		}
		return nil
	}
}

var supervisedColumns = []column{
	colNo, colNumber, colReceived, colProc, colTitle, colWho, colOwner, colHandler,
	{text("督办日期", "Supervised on"), 12, xlsx.Day, func(l *line) any { return l.at("supervise") }},
	{text("督办单位", "Supervised by"), 20, xlsx.Wrapped, ofSupervision(func(l *line, e *domain.Entry) any { return l.Words.Organization(e.ActorOrg) })},
	{text("督办人", "Supervisor"), 12, xlsx.Wrapped, ofSupervision(func(_ *line, e *domain.Entry) any { return e.ActorName })},
	{text("督办情形", "Ground"), 18, xlsx.Wrapped, func(l *line) any { return l.choice("supervision_ground") }},
	{text("督办理由和要求", "Reason"), 36, xlsx.Wrapped, ofSupervision(func(_ *line, e *domain.Entry) any { return e.Fields.String("reason") })},
	{text("督办次数", "Times"), 9, xlsx.Integer, func(l *line) any { return l.rounds() }},
	{text("反馈期限", "To be answered by"), 17, xlsx.Minute, func(l *line) any {
		if d := l.clock(supervision); d != nil {
			return minute(&d.Due)
		}
		return nil
	}},
	{text("反馈日期", "Answered on"), 12, xlsx.Day, func(l *line) any { return l.answered() }},
	{text("反馈情况", "Answer"), 36, xlsx.Wrapped, func(l *line) any { return l.answer() }},
	{text("反馈情形", "Answer in time"), 12, xlsx.Text, func(l *line) any { return l.answerInTime() }},
	{text("解除督办", "Lifted on"), 12, xlsx.Day, func(l *line) any { return l.since("lift_supervision") }},
	colState, colOutcome, colConcluded, colRating,
}
