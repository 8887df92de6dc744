package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

// conditions put the guards of procedures into words: what is needed, and what
// is when the guard is turned round. {0} and {1} stand for a guard's arguments.
var conditions = map[string]struct{ holds, not domain.Text }{
	"class":              {text("类别为{0}", "class {0}"), text("类别不是{0}", "a class other than {0}")},
	"regime":             {text("适用{0}", "governed by {0}"), text("不适用{0}", "not governed by {0}")},
	"flag":               {text("标记为{0}", "marked as {0}"), text("未标记为{0}", "not marked as {0}")},
	"channel":            {text("来源为{0}", "received by {0}"), text("来源不是{0}", "not received by {0}")},
	"category":           {text("分类属于{0}", "category {0}"), text("分类不属于{0}", "a category other than {0}")},
	"outcome":            {text("结果为{0}", "outcome {0}"), text("结果不是{0}", "an outcome other than {0}")},
	"done_below":         {text("“{0}”少于 {1} 次", "“{0}” taken fewer than {1} time(s)"), text("已“{0}” {1} 次", "“{0}” taken {1} time(s)")},
	"in_time":            {text("在“{0}”期限内", "still within “{0}”"), text("不在“{0}”期限内", "not within “{0}”")},
	"overdue":            {text("已超过“{0}”期限", "past “{0}”"), text("未超过“{0}”期限", "not past “{0}”")},
	"running":            {text("“{0}”期限正在计算", "“{0}” is running"), text("“{0}”期限未在计算", "“{0}” is not running")},
	"paused":             {text("“{0}”期限已中止", "“{0}” is paused"), text("“{0}”期限未中止", "“{0}” is not paused")},
	"field":              {text("“{0}”为“{1}”", "“{0}” is “{1}”"), text("“{0}”不为“{1}”", "“{0}” is not “{1}”")},
	"filed_within":       {text("收到时距“{0}”不超过 {1}", "received within {1} of “{0}”"), text("收到时距“{0}”超过 {1}", "received more than {1} after “{0}”")},
	"ahead":              {text("“{0}”距今天至少 {1}", "“{0}” at least {1} ahead"), text("“{0}”距今天不足 {1}", "“{0}” less than {1} ahead")},
	"accepted":           {text("案件已受理", "the case is accepted"), text("案件尚未受理", "the case is not yet accepted")},
	"years_between":      {text("“{0}”至{1}", "{1} after “{0}”"), text("并非“{0}”至{1}", "not {1} after “{0}”")},
	"persons_from":       {text("至少 {0} 人", "at least {0} persons"), text("不足 {0} 人", "fewer than {0} persons")},
	"amount_over":        {text("金额超过 {0} 元", "more than {0} yuan in dispute"), text("金额不超过 {0} 元", "at most {0} yuan in dispute")},
	"representatives_to": {text("代表不超过 {0} 人", "at most {0} representatives"), text("代表超过 {0} 人", "more than {0} representatives")},
	"parties":            {text("{0}至少 {1} 名", "{0}: at least {1}"), text("{0}不足 {1} 名", "{0}: fewer than {1}")},
	"not_requester":      {text("由提出申请者以外的人决定", "decided by somebody other than who asked"), text("由提出申请者决定", "decided by who asked")},
	"in_village":         {text("地点具体到村居", "a place known down to the village"), text("地点未具体到村居", "no village named")},
	"evaluated":          {text("群众已评价", "rated by the applicant"), text("群众尚未评价", "not yet rated by the applicant")},
	"derived":            {text("转出的案件{0}", "the case opened out of this one is {0}"), text("转出的案件并非{0}", "the case opened out of this one is not {0}")},
	"derived_accepted":   {text("转出的案件已被受理", "the case opened out of this one is accepted"), text("转出的案件尚未受理", "the case opened out of this one is not yet accepted")},
	"derived_outcome":    {text("转出的案件已有相应结果", "the case opened out of this one has that result"), text("转出的案件没有相应结果", "the case opened out of this one has another result")},
	"derived_state":      {text("转出的案件已到相应环节", "the case opened out of this one has come that far"), text("转出的案件不在相应环节", "the case opened out of this one stands elsewhere")},
	"opened_from":        {text("由另一案件转出", "opened out of another case"), text("不是由另一案件转出", "not opened out of another case")},
	"linked":             {text("已关联为重复件", "linked as a repeat"), text("尚未关联为重复件", "not linked as a repeat")},
	"desk_function":      {text("当前承办单位为{0}单位", "on the desk of an organisation for {0}"), text("当前承办单位不是{0}单位", "not on the desk of an organisation for {0}")},
	"can_escalate":       {text("有上一级调解组织", "a larger committee to go to"), text("没有上一级调解组织", "no larger committee to go to")},
	"desk_kind":          {text("当前承办单位属于{0}", "on the desk of {0}"), text("当前承办单位不属于{0}", "not on the desk of {0}")},
}

// once are the words of done_below for something that is taken once.
var once = struct{ holds, not domain.Text }{text("尚未“{0}”", "“{0}” not yet taken"), text("已“{0}”", "“{0}” taken")}

// obstacles are what stands in the way when a guard does not hold, where that
// is said otherwise than as what is needed.
var obstacles = map[string]struct{ holds, not domain.Text }{
	"done_below": {text("“{0}”已用过 {1} 次，不能再用", "“{0}” has been taken {1} time(s) already"), text("须先“{0}”", "“{0}” must come first")},
	"in_time":    {text("“{0}”期限已过、已用或尚未开始", "the limit “{0}” is over, used or not yet begun"), text("“{0}”期限尚未届满", "the limit “{0}” is not over yet")},
}

func text(zh, en string) domain.Text { return domain.Text{ZH: zh, EN: en} }

// FlagTitles name the flags.
var FlagTitles = map[domain.Flag]domain.Text{
	domain.FlagCollective:   text("集体", "collective"),
	domain.FlagRepeat:       text("重复", "repeat"),
	domain.FlagUrgent:       text("紧急", "urgent"),
	domain.FlagRisk:         text("风险", "risk"),
	domain.FlagBacklog:      text("积案", "backlog"),
	domain.FlagFourKey:      text("四个重点", "four key"),
	domain.FlagEnterprise:   text("涉企", "enterprise"),
	domain.FlagFinancial:    text("金融债务", "financial"),
	domain.FlagConfidential: text("要求保密", "confidential"),
	domain.FlagSupervised:   text("督办", "supervised"),
	domain.FlagSimplified:   text("简易办理", "simplified"),
}

// KindTitles name the kinds of organisation.
var KindTitles = map[domain.OrgKind]domain.Text{
	domain.OrgCounty:              text("区", "the county"),
	domain.OrgCitizensCentre:      text("市民中心", "the citizens' centre"),
	domain.OrgPetitionBureau:      text("信访局", "the petition bureau"),
	domain.OrgJusticeBureau:       text("司法局", "the justice bureau"),
	domain.OrgCourt:               text("人民法院", "the court"),
	domain.OrgPublicSecurity:      text("公安分局", "public security"),
	domain.OrgDepartment:          text("区直部门", "a department"),
	domain.OrgTownship:            text("镇街", "a township"),
	domain.OrgTownshipCentre:      text("镇街便民服务中心", "a township's service centre"),
	domain.OrgTownshipOffice:      text("镇街所办", "a township's office"),
	domain.OrgPoliceStation:       text("派出所", "a police station"),
	domain.OrgVillage:             text("村居", "a village"),
	domain.OrgVillageCommittee:    text("村居调委会", "a village's committee"),
	domain.OrgTownshipCommittee:   text("镇街调委会", "a township's committee"),
	domain.OrgIndustryCommittee:   text("行业性专业性调委会", "an industry's committee"),
	domain.OrgEnterpriseCommittee: text("企事业单位调委会", "an enterprise's committee"),
	domain.OrgServiceCentre:       text("服务中心", "a service centre"),
}

// DutyTitles name what is owed to the citizen; a clock that measures no duty
// has none.
var DutyTitles = map[domain.Duty]domain.Text{
	"":                  text("—", "—"),
	domain.DutyRespond:  text("响应", "respond"),
	domain.DutyAccept:   text("受理", "accept"),
	domain.DutyConclude: text("办结", "conclude"),
	domain.DutyPerform:  text("履行", "perform"),
}

// DispositionTitles name what has become of a case.
var DispositionTitles = map[domain.Disposition]domain.Text{
	domain.Pending:     text("待受理", "pending"),
	domain.Active:      text("办理中", "being handled"),
	domain.Concluded:   text("已办结", "concluded"),
	domain.Succeeded:   text("调解成功", "settled by agreement"),
	domain.Failed:      text("调解不成", "ended without agreement"),
	domain.NotAccepted: text("不予受理", "not accepted"),
	domain.Withdrawn:   text("已撤回", "withdrawn"),
	domain.Merged:      text("已并案", "merged"),
	domain.Terminated:  text("已终止", "ended"),
}

// ChannelTitles name the channels.
var ChannelTitles = map[domain.Channel]domain.Text{
	domain.ChannelWindow:   text("窗口", "the window"),
	domain.ChannelOnline:   text("网上", "the internet"),
	domain.ChannelHotline:  text("热线", "the hotline"),
	domain.ChannelLetter:   text("来信", "letter"),
	domain.ChannelMailbox:  text("领导信箱", "the leaders' mailbox"),
	domain.ChannelAssigned: text("上级交办", "assignment from above"),
	domain.ChannelPolice:   text("公安移送", "the police"),
	domain.ChannelCourt:    text("法院委派", "the court"),
	domain.ChannelPatrol:   text("网格巡查", "patrol"),
}

// Condition puts a guard into words as what is needed, with the procedure's
// titles.
func (p *Procedure) Condition(g Guard) domain.Text {
	c, known := conditions[g.Name]
	if !known {
		return text("符合规定条件", "as the procedure says")
	}
	if g.Name == "done_below" && g.Args[1] == "1" {
		c = once
	}
	if g.Not {
		return fill(p, g, c.not)
	}
	return fill(p, g, c.holds)
}

// obstacle says what stands in the way when a guard does not hold.
func (p *Procedure) obstacle(g Guard) domain.Text {
	if o, known := obstacles[g.Name]; known && g.Not {
		return fill(p, g, o.not)
	} else if known {
		return fill(p, g, o.holds)
	}
	needed := p.Condition(g)
	return text("须符合："+needed.ZH, "needed: "+needed.EN)
}

// fill puts a guard's arguments into the words for it. Where the first names
// what the others are about, these have a place of their own.
func fill(p *Procedure, g Guard, said domain.Text) domain.Text {
	args := g.Args
	var second, behind domain.Text
	switch g.Name {
	case "done_below":
		second, args = text(args[1], args[1]), args[:1]
	case "years_between":
		if len(args) > 4 {
			behind = except(p, args[4:])
		}
		to := p.Fields[args[1]].Title
		second, args = text("“"+to.ZH+"”满 "+args[2]+" 年", "“"+to.EN+"” "+args[2]+" years or more"), args[:1]
	case "field":
		second, args = valueNames(p.Fields[args[0]], args[1:]), args[:1]
	case "parties":
		if len(args) > 3 {
			behind = except(p, args[3:])
		}
		second, args = text(args[1], args[1]), args[:1]
	case "filed_within", "ahead":
		second, args = PeriodTitle(periodOf(args[1:])), args[:1]
	}
	if len(g.Under) > 0 {
		laws := listed(p, "regime", g.Under)
		behind = text(behind.ZH+"（适用"+laws.ZH+"的案件）", behind.EN+" (cases under "+laws.EN+")")
	}
	first := listed(p, g.Name, args)
	return text(strings.NewReplacer("{0}", first.ZH, "{1}", second.ZH).Replace(said.ZH)+behind.ZH,
		strings.NewReplacer("{0}", first.EN, "{1}", second.EN).Replace(said.EN)+behind.EN)
}

// except names the classes of which a guard is not asked.
func except(p *Procedure, classes []string) domain.Text {
	named := listed(p, "class", classes)
	return text("（"+named.ZH+"除外）", " (except "+named.EN+")")
}

// valueNames are the words for values of a field.
func valueNames(f Field, values []string) domain.Text {
	switch {
	case len(values) == 0:
		return text("已填写", "given")
	case f.Type == FieldBool && values[0] == "true":
		return text("是", "yes")
	case f.Type == FieldBool:
		return text("否", "no")
	}
	var zh, en []string
	for _, v := range values {
		zh, en = append(zh, f.Values[v].ZH), append(en, f.Values[v].EN)
	}
	return text(strings.Join(zh, "”或“"), strings.Join(en, "” or “"))
}

// listed names what the arguments of a guard refer to.
func listed(p *Procedure, guard string, args []string) domain.Text {
	zh, en := make([]string, len(args)), make([]string, len(args))
	for i, arg := range args {
		name := argumentName(p, guard, arg)
		zh[i], en[i] = name.ZH, name.EN
	}
	return text(strings.Join(zh, "、"), strings.Join(en, ", "))
}

// argumentName is the title of what a guard's argument refers to.
func argumentName(p *Procedure, guard, arg string) domain.Text {
	var t domain.Text
	switch guard {
	case "class":
		t = p.Classes[arg]
	case "outcome":
		t = p.Outcomes[arg]
	case "in_time", "overdue", "running", "paused":
		t = p.Deadlines[arg].Title
	case "field", "filed_within", "ahead", "years_between":
		t = p.Fields[arg].Title
	case "flag":
		t = FlagTitles[domain.Flag(arg)]
	case "channel":
		t = ChannelTitles[domain.Channel(arg)]
	case "desk_kind":
		t = KindTitles[domain.OrgKind(arg)]
	case "desk_function":
		t = functionTitles[arg]
	case "derived":
		t = DispositionTitles[domain.Disposition(arg)]
	case "parties":
		if t = PartyRoleTitles[domain.PartyRole(arg)]; t == (domain.Text{}) {
			t = text("当事人", "parties")
		}
	case "done_below":
		t = p.countedTitle(arg)
	case "amount_over":
		if fen, err := strconv.ParseInt(arg, 10, 64); err == nil {
			yuan := strings.TrimSuffix(fmt.Sprintf("%d.%02d", fen/100, fen%100), ".00")
			t = text(yuan, yuan)
		}
	case "regime":
		for _, r := range p.Regimes {
			if r.Code == arg {
				t = r.Title
			}
		}
	}
	if t == (domain.Text{}) {
		return text(arg, arg)
	}
	return t
}

// countedTitle names an action, or a fact by the actions that count it.
func (p *Procedure) countedTitle(name string) domain.Text {
	if title, ok := p.TitleOf(name); ok {
		return title
	}
	var zh, en []string
	for _, t := range p.all() {
		if _, counts := t.Counts[name]; counts && !slices.Contains(zh, t.Title.ZH) {
			zh, en = append(zh, t.Title.ZH), append(en, t.Title.EN)
		}
	}
	return text(strings.Join(zh, "”或“"), strings.Join(en, "” or “"))
}

// Obstacle says what stands in the way when a guard, given by its words, does
// not hold.
func (p *Procedure) Obstacle(words string) domain.Text {
	var g Guard
	if err := g.UnmarshalText([]byte(words)); err != nil {
		return text("条件不符", "a condition is not met")
	}
	return p.obstacle(g)
}

// HasWords reports whether a guard of this name can be put into words.
func HasWords(guard string) bool {
	_, known := conditions[guard]
	return known
}

// TitleOf is the title of one of the procedure's actions or states; ok is false
// when it has none of this name.
func (p *Procedure) TitleOf(code string) (title domain.Text, ok bool) {
	if s := p.State(code); s != nil {
		return s.Title, true
	}
	for _, t := range p.all() {
		if t.Do == code {
			return t.Title, true
		}
	}
	return domain.Text{}, false
}

// RoleTitles name the roles.
var RoleTitles = map[domain.Role]domain.Text{
	domain.RoleClerk:           text("窗口人员", "clerk"),
	domain.RoleHandler:         text("承办人", "handler"),
	domain.RoleMediator:        text("调解员", "mediator"),
	domain.RoleCommitteeHead:   text("调委会主任", "committee head"),
	domain.RoleCourtLiaison:    text("法院对接员", "court liaison"),
	domain.RoleReconsideration: text("复议应诉人员", "reconsideration officer"),
	domain.RoleSupervisor:      text("信访局督办", "supervisor"),
	domain.RoleLeader:          text("领导", "leader"),
	domain.RoleAuditor:         text("审计", "auditor"),
	domain.RoleSecurity:        text("安全管理员", "security administrator"),
	domain.RoleAdmin:           text("管理员", "administrator"),
	domain.RoleCitizen:         text("群众", "citizen"),
	domain.RoleRouter:          text("系统派单", "the system, by itself"),
	domain.RoleClock:           text("系统计时", "the system's clock"),
}

// TurnTitles say where somebody works whose turn it is.
var TurnTitles = map[Turn]domain.Text{
	TurnDesk:      text("当前承办单位", "the desk"),
	TurnOwner:     text("责任单位", "the owner"),
	TurnAny:       text("承办、责任或登记单位", "the desk, the owner or the registrar"),
	TurnPartner:   text("协办单位", "a partner"),
	TurnInvolved:  text("承办、责任、登记或协办单位", "the desk, the owner, the registrar or a partner"),
	TurnRegistrar: text("登记单位", "the registrar"),
}

// unitTitles are the words for the units of time limits; {0} is the number.
var unitTitles = map[domain.Unit]struct{ one, many domain.Text }{
	domain.Hours:       {text("{0} 小时", "{0} hour"), text("{0} 小时", "{0} hours")},
	domain.Days:        {text("{0} 日", "{0} day"), text("{0} 日", "{0} days")},
	domain.WorkingDays: {text("{0} 个工作日", "{0} working day"), text("{0} 个工作日", "{0} working days")},
	domain.Months:      {text("{0} 个月", "{0} month"), text("{0} 个月", "{0} months")},
}

// PeriodTitle puts a time limit into words.
func PeriodTitle(p domain.Period) domain.Text {
	words := unitTitles[p.Unit].many
	if p.N == 1 {
		words = unitTitles[p.Unit].one
	}
	n := strconv.Itoa(p.N)
	return text(strings.ReplaceAll(words.ZH, "{0}", n), strings.ReplaceAll(words.EN, "{0}", n))
}

// functionTitles name what departments and committees of industries are for;
// others are named by their code.
var functionTitles = map[string]domain.Text{
	"competent":  text("主管", "competent"),
	"service":    text("服务", "service"),
	"district":   text("区级", "district"),
	"finance":    text("金融", "finance"),
	"enterprise": text("涉企", "enterprise"),
	"court":      text("驻法院", "at the court"),
	"police":     text("驻公安", "at the police"),
	"mediates":   text("承担行政调解", "mediating"),
	"justice":    text("司法行政", "justice"),
	"cppcc":      text("政协", "of the CPPCC"),

	"administrative_mediation":  text("行政调解", "administrative mediation"),
	"administrative_settlement": text("行政争议和解", "administrative settlement"),
	"peoples_congress":          text("人大", "of the people's congress"),
}

// TargetTitle says which organisation a target of the procedure names.
func (p *Procedure) TargetTitle(t Target) domain.Text {
	if name, ok := t.field(); ok {
		title := p.Fields[name].Title
		said := text("“"+title.ZH+"”所填单位", "the organisation given as “"+title.EN+"”")
		if _, fallback, ok := strings.Cut(string(t), " or "); ok {
			other := p.TargetTitle(Target(fallback))
			said = text(said.ZH+"；未填的，"+other.ZH, said.EN+", else "+other.EN)
		}
		return said
	}
	switch t {
	case "owner":
		return text("责任单位", "the owner")
	case "desk":
		return text("当前承办单位", "the desk")
	case "registrar":
		return text("登记单位", "the registrar")
	case "route":
		return text("按派单规则确定的单位", "whoever the routes name")
	case "escalate":
		return text("上一级调解组织", "the next larger committee")
	}
	kind, function, _ := strings.Cut(string(t), " ")
	title := KindTitles[domain.OrgKind(kind)]
	switch {
	case function == "":
		return title
	case kind == string(domain.OrgDepartment) && function == "competent":
		return text("主管部门", "the competent department")
	}
	of, known := functionTitles[function]
	if !known {
		of = text(function, function)
	}
	return text(title.ZH+"（"+of.ZH+"）", title.EN+" ("+of.EN+")")
}
