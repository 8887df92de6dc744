package api

import (
	"strings"

	"sudi/domain"
	"sudi/workflow"
)

// conditions put the guards of procedures into words, as what is needed; {0}
// stands for a guard's arguments.
var conditions = map[string]struct{ holds, not domain.Text }{
	"class":              {text("类别为{0}", "class {0}"), text("类别不是{0}", "a class other than {0}")},
	"regime":             {text("适用{0}", "governed by {0}"), text("不适用{0}", "not governed by {0}")},
	"flag":               {text("标记为{0}", "marked as {0}"), text("未标记为{0}", "not marked as {0}")},
	"channel":            {text("来源为{0}", "received by {0}"), text("来源不是{0}", "not received by {0}")},
	"category":           {text("分类属于{0}", "category {0}"), text("分类不属于{0}", "a category other than {0}")},
	"outcome":            {text("结果为{0}", "outcome {0}"), text("结果不是{0}", "an outcome other than {0}")},
	"done_below":         {text("“{0}”的次数未用完", "“{0}” has not been used up"), text("“{0}”的次数已用完", "“{0}” has been used up")},
	"in_time":            {text("在“{0}”期限内", "still within “{0}”"), text("不在“{0}”期限内", "not within “{0}”")},
	"overdue":            {text("已超过“{0}”期限", "past “{0}”"), text("未超过“{0}”期限", "not past “{0}”")},
	"running":            {text("“{0}”期限正在计算", "“{0}” is running"), text("“{0}”期限未在计算", "“{0}” is not running")},
	"paused":             {text("“{0}”期限已中止", "“{0}” is paused"), text("“{0}”期限未中止", "“{0}” is not paused")},
	"closed_within":      {text("办结后 {0} 日内", "within {0} days of closing"), text("办结已超过 {0} 日", "more than {0} days after closing")},
	"field":              {text("所填{0}符合要求", "{0} as required"), text("所填{0}符合要求", "{0} as required")},
	"persons_from":       {text("至少 {0} 人", "at least {0} persons"), text("不足 {0} 人", "fewer than {0} persons")},
	"amount_over":        {text("金额超过 {0} 分", "more than {0} fen in dispute"), text("金额不超过 {0} 分", "at most {0} fen in dispute")},
	"representatives_to": {text("代表不超过 {0} 人", "at most {0} representatives"), text("代表超过 {0} 人", "more than {0} representatives")},
	"in_village":         {text("地点具体到村居", "a place known down to the village"), text("地点未具体到村居", "no village named")},
	"satisfaction":       {text("满意度为{0}", "rated {0}"), text("满意度不是{0}", "not rated {0}")},
	"evaluated":          {text("群众已评价", "rated by the applicant"), text("群众尚未评价", "not yet rated by the applicant")},
	"handled_by_other":   {text("由承办人以外的人办理", "somebody other than the handler does it"), text("由承办人本人办理", "the handler does it")},
	"can_escalate":       {text("有上一级调解组织", "a larger committee to go to"), text("没有上一级调解组织", "no larger committee to go to")},
	"desk_kind":          {text("当前承办单位属于{0}", "on the desk of {0}"), text("当前承办单位不属于{0}", "not on the desk of {0}")},
}

func text(zh, en string) domain.Text { return domain.Text{ZH: zh, EN: en} }

// flagNames are the words for flags.
var flagNames = map[domain.Flag]domain.Text{
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

// conditionOf puts a guard into words, with the titles of its procedure.
func conditionOf(p *workflow.Procedure, g workflow.Guard) domain.Text {
	c, known := conditions[g.Name]
	if !known {
		return text(g.String(), g.String())
	}
	said := c.holds
	if g.Not {
		said = c.not
	}
	var zh, en []string
	for i, arg := range g.Args {
		if i > 0 && (g.Name == "done_below" || g.Name == "field") {
			break // the number, or the values, are not words
		}
		name := argumentName(p, g.Name, arg)
		zh, en = append(zh, name.ZH), append(en, name.EN)
	}
	return text(strings.ReplaceAll(said.ZH, "{0}", strings.Join(zh, "、")), strings.ReplaceAll(said.EN, "{0}", strings.Join(en, ", ")))
}

// argumentName is the title of what a guard's argument refers to.
func argumentName(p *workflow.Procedure, guard, arg string) domain.Text {
	var t domain.Text
	switch guard {
	case "class":
		t = p.Classes[arg]
	case "outcome":
		t = p.Outcomes[arg]
	case "in_time", "overdue", "running", "paused":
		t = p.Deadlines[arg].Title
	case "field":
		t = p.Fields[arg].Title
	case "flag":
		t = flagNames[domain.Flag(arg)]
	case "done_below":
		t, _ = titleOf(p, arg).(domain.Text)
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

// guardText puts a guard that is given by its words into ours.
func guardText(p *workflow.Procedure, words string) domain.Text {
	var g workflow.Guard
	if err := g.UnmarshalText([]byte(words)); err != nil {
		return text(words, words)
	}
	return conditionOf(p, g)
}
