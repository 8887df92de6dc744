package domain

// Units of attested items that several have.
var (
	unitThings    = Text{"项", "items"}
	unitPieces    = Text{"件", "items"}
	unitEach      = Text{"个", ""}
	unitTimes     = Text{"次", "times"}
	unitSessions  = Text{"场次", "sessions"}
	unitPersons   = Text{"人", "persons"}
	unitCopies    = Text{"份", "copies"}
	unitMessages  = Text{"条", "items"}
	unitCompanies = Text{"家", "enterprises"}
)

// Functions of the departments that state most.
const (
	byApproval   = "approval"
	byJustice    = "justice"
	byCourt      = "court"
	byGovernment = "government_office"
	byParty      = "party_office"
	byPolitical  = "political_legal"
	byPublicity  = "publicity"
	byTax        = "tax"
	byLabour     = "hrss"
	byProsecutor = "procuratorate"
	byIndustry   = "industry"
	byMarket     = "market"
	byEmergency  = "emergency"
)

// AttestedItems are the figures of the 2020 annual report that no case yields,
// in the order in which it has them. Section is 1 to 10 for the ten points of
// its part one, and 10 + n for its part n, so 13 is part three. Numbers in the
// names of policies and documents (十条措施, 1+7+N) are no figures, nor is what
// the report says without a number, but for awards, ranks and events.
var AttestedItems = []AttestedItem{
	{Code: "approval.time_limit_cut", Name: Text{"平均压缩审批时限", "Approval time limits cut by, on average"}, Percent: true, Department: byApproval, Section: 1},
	{Code: "approval.steps_cut", Name: Text{"减少审批环节", "Approval steps done away with"}, Unit: unitEach, Department: byApproval, Section: 1},
	{Code: "approval.once_done", Name: Text{"实现“一次办好”事项", "Matters done in one visit"}, Unit: unitThings, Department: byApproval, Section: 1},
	{Code: "approval.zero_visit", Name: Text{"实现“零跑腿”事项", "Matters done without a visit"}, Unit: unitThings, Department: byApproval, Section: 1},
	{Code: "approval.instant", Name: Text{"实现“秒批秒办”事项", "Matters approved at once"}, Unit: unitThings, Department: byApproval, Section: 1},
	{Code: "approval.one_window_pilot", Name: Text{"率先完成“无差别一窗受理”改革试点", "One-window pilot finished, first in the city"}, Unit: unitThings, Honour: true, Department: byApproval, Section: 1},
	{Code: "approval.enterprise_opening_days", Name: Text{"企业开办全流程办结时间", "Time to open an enterprise"}, Unit: Text{"个工作日", "working days"}, Department: byApproval, Section: 1},
	{Code: "approval.online_application_rate", Name: Text{"企业登记线上申请率", "Enterprise registrations applied for online"}, Percent: true, Department: byApproval, Section: 1},
	{Code: "approval.electronic_rate", Name: Text{"企业登记全程电子化占比", "Enterprise registrations electronic throughout"}, Percent: true, Department: byApproval, Section: 1},
	{Code: "approval.centre_items", Name: Text{"进驻市民中心的依申请政务服务事项", "Services on application at the citizens' centre"}, Unit: unitThings, Department: byApproval, Section: 1},
	{Code: "approval.centre_closure_rate", Name: Text{"市民中心政务服务办结率", "Closure rate of the citizens' centre"}, Percent: true, Department: byApproval, Section: 1},

	{Code: "enforcement.provincial_meeting", Name: Text{"全省安全生产执法经验交流会在本区召开", "Province's meeting on safety enforcement, held here"}, Unit: Text{"次", "meetings"}, Honour: true, Department: byEmergency, Section: 2},
	{Code: "enforcement.minor_items", Name: Text{"不予处罚和减轻处罚事项清单", "Offences listed for no or a milder penalty"}, Unit: unitThings, Department: byJustice, Section: 2},
	{Code: "enforcement.not_punished", Name: Text{"轻微违法不予处罚", "Minor offences not punished"}, Unit: Text{"件", "cases"}, Department: byJustice, Section: 2},
	{Code: "enforcement.mitigated", Name: Text{"减轻处罚案件", "Penalties made milder"}, Unit: Text{"件", "cases"}, Department: byJustice, Section: 2},

	{Code: "decisions.reviewed", Name: Text{"审查重大行政决策", "Major decisions reviewed"}, Unit: unitThings, Department: byJustice, Section: 3},
	{Code: "decisions.documents_reviewed", Name: Text{"审查规范性文件", "Normative documents reviewed"}, Unit: unitPieces, Department: byJustice, Section: 3},
	{Code: "decisions.matters_reviewed", Name: Text{"审查重大事项", "Major matters reviewed"}, Unit: unitTimes, Department: byJustice, Section: 3},
	{Code: "decisions.legal_opinions", Name: Text{"出具合法性审查意见", "Opinions on legality given"}, Unit: unitPieces, Department: byJustice, Section: 3},
	{Code: "cleanup.rounds", Name: Text{"清理规范性文件", "Rounds of clearing normative documents"}, Unit: unitTimes, Department: byJustice, Section: 3},
	{Code: "cleanup.business_rounds", Name: Text{"其中涉及营商环境的清理", "Of those, on the business environment"}, Unit: unitTimes, Department: byJustice, Section: 3},
	{Code: "cleanup.kept", Name: Text{"清理后保留规范性文件", "Documents kept"}, Unit: unitPieces, Department: byJustice, Section: 3},
	{Code: "cleanup.to_amend", Name: Text{"清理后拟修改规范性文件", "Documents to be amended"}, Unit: unitPieces, Department: byJustice, Section: 3},
	{Code: "cleanup.repealed", Name: Text{"清理后废止规范性文件", "Documents repealed"}, Unit: unitPieces, Department: byJustice, Section: 3},

	{Code: "litigation.judgments_performed", Name: Text{"履行法院生效裁判率", "Effective judgments performed"}, Percent: true, Department: byCourt, Section: 4},
	{Code: "openness.topics", Name: Text{"政府网站公开专题", "Topics on the government's website"}, Unit: unitEach, Department: byGovernment, Section: 4},
	{Code: "openness.published", Name: Text{"公开政府信息", "Items of information made public"}, Unit: unitMessages, Department: byGovernment, Section: 4},
	{Code: "openness.city_rank", Name: Text{"政务公开考核全市名次", "Rank in the city's assessment of openness"}, Unit: Text{"名", ""}, Honour: true, Department: byGovernment, Section: 4},
	{Code: "oversight.monitors", Name: Text{"选聘法治环境监督员", "Monitors of the rule of law appointed"}, Unit: unitPersons, Department: byJustice, Section: 4},

	{Code: "court.filings", Name: Text{"区法院立案数", "Court filings"}, Unit: Text{"件", "cases"}, Department: byCourt, Section: 5},
	{Code: "court.filings_previous", Name: Text{"区法院上年立案数", "Court filings of the year before"}, Unit: Text{"件", "cases"}, Department: byCourt, Section: 5},
	{Code: "court.filings_change", Name: Text{"区法院立案数同比", "Change of court filings"}, Percent: true, Change: true, Department: byCourt, Section: 5},
	{Code: "reconsideration.correction_rate_published", Name: Text{"行政复议综合纠错率(公布值)", "Reconsideration correction rate, as published"}, Percent: true, Unproven: true, Department: byJustice, Section: 5},

	{Code: "training.examined", Name: Text{"参加普法考试的国家工作人员", "Officials who sat the examination in law"}, Unit: unitPersons, Department: byJustice, Section: 6},
	{Code: "training.excellent_rate", Name: Text{"普法考试优秀率", "Of those, excellent"}, Percent: true, Department: byJustice, Section: 6},
	{Code: "training.lectures", Name: Text{"集中宣讲和普法讲座", "Talks and lectures on law"}, Unit: unitSessions, Department: byJustice, Section: 6},
	{Code: "training.leaflets", Name: Text{"发放宣传资料", "Leaflets handed out"}, Unit: unitCopies, Department: byJustice, Section: 6},

	{Code: "relief.taxes", Name: Text{"兑现税收减免", "Taxes reduced or waived"}, Unit: Text{"亿元", "hundred million yuan"}, Department: byTax, Section: 7},
	{Code: "relief.late_filers_spared", Name: Text{"逾期申报免于处罚", "Late filers spared a penalty"}, Unit: Text{"户", "households and firms"}, Department: byTax, Section: 7},
	{Code: "relief.subsidised", Name: Text{"获得稳岗补贴的企业", "Enterprises subsidised to keep jobs"}, Unit: unitCompanies, Department: byLabour, Section: 7},
	{Code: "relief.subsidies", Name: Text{"发放稳岗补贴", "Subsidies to keep jobs"}, Unit: Text{"万元", "ten thousand yuan"}, Department: byLabour, Section: 7},
	{Code: "prosecution.not_prosecuted", Name: Text{"涉案企业人员不起诉", "Persons of enterprises not prosecuted"}, Unit: unitPersons, Department: byProsecutor, Section: 7},
	{Code: "prosecution.custody_changed", Name: Text{"变更羁押强制措施", "Persons whose custody was changed"}, Unit: unitPersons, Department: byProsecutor, Section: 7},
	{Code: "honours.organised_crime", Name: Text{"区委政法委被推荐为全国扫黑除恶先进集体", "Proposed as a national model against organised crime"}, Unit: unitThings, Honour: true, Department: byPolitical, Section: 7},
	{Code: "enterprises.visited", Name: Text{"走访企业", "Enterprises visited"}, Unit: unitCompanies, Department: byIndustry, Section: 7},
	{Code: "enterprises.consultations", Name: Text{"为企业提供法律咨询", "Legal consultations for enterprises"}, Unit: unitSessions, Department: byJustice, Section: 7},
	{Code: "market.abnormal_cleared", Name: Text{"清理非正常企业", "Irregular enterprises cleared"}, Unit: unitCompanies, Department: byMarket, Section: 7},
	{Code: "services.township_centres", Name: Text{"镇(街)便民服务中心", "Township service centres"}, Unit: unitEach, Department: byApproval, Section: 7},

	{Code: "governance.integrated_townships", Name: Text{"建立“五个集成”工作机制的镇(街)", "Townships with the five integrations"}, Unit: unitEach, Department: byPolitical, Section: 8},
	{Code: "honours.xinhua", Name: Text{"治理经验获新华社《高管信息》刊发", "Practice reported by Xinhua"}, Unit: unitThings, Honour: true, Department: byPublicity, Section: 8},
	{Code: "honours.government_website", Name: Text{"公调对接经验获中央政府网站刊发", "Police and mediation practice on the central government's website"}, Unit: unitThings, Honour: true, Department: byPublicity, Section: 8},
	{Code: "honours.model_committee", Name: Text{"诉调对接调委会获全国模范调解委员会", "Court mediation committee named a national model"}, Unit: unitThings, Honour: true, Department: byJustice, Section: 8},

	{Code: "publicity.plan_accepted", Name: Text{"“七五”普法通过市验收", "Seventh five-year plan of legal education accepted by the city"}, Unit: unitThings, Honour: true, Department: byJustice, Section: 9},
	{Code: "publicity.activities", Name: Text{"普法活动", "Activities of legal education"}, Unit: unitSessions, Department: byJustice, Section: 9},
	{Code: "publicity.courses", Name: Text{"法律培训班", "Courses in law"}, Unit: unitSessions, Department: byJustice, Section: 9},
	{Code: "publicity.textbooks", Name: Text{"发放普法教材", "Textbooks handed out"}, Unit: unitCopies, Department: byJustice, Section: 9},
	{Code: "honours.new_media", Name: Text{"“峄城普法”头条号获评全国优秀政法新媒体", "Account 峄城普法 named a national model of new media"}, Unit: unitThings, Honour: true, Department: byJustice, Section: 9},
	{Code: "publicity.episodes", Name: Text{"电视栏目《法治经纬》播放", "Episodes of the television programme on law"}, Unit: Text{"期", "episodes"}, Department: byPublicity, Section: 9},
	{Code: "publicity.civil_code_lectures", Name: Text{"《民法典》专题讲座", "Lectures on the Civil Code"}, Unit: unitSessions, Department: byJustice, Section: 9},
	{Code: "publicity.pushed", Name: Text{"普法新媒体推送信息", "Messages pushed by new media"}, Unit: unitMessages, Department: byJustice, Section: 9},
	{Code: "villages.provincial_model", Name: Text{"省级民主法治示范村", "Model villages of the province"}, Unit: unitEach, Department: byJustice, Section: 9},
	{Code: "villages.municipal_model", Name: Text{"市级民主法治示范村", "Model villages of the city"}, Unit: unitEach, Department: byJustice, Section: 9},

	{Code: "leadership.meetings", Name: Text{"区委、区政府研究法治建设会议", "Meetings of the leadership on the rule of law"}, Unit: unitTimes, Department: byParty, Section: 13},
	{Code: "leadership.instructions", Name: Text{"区主要领导批示法治政府建设工作", "Instructions by the leaders"}, Unit: unitTimes, Department: byParty, Section: 13},
	{Code: "leadership.study_sessions", Name: Text{"集中学法、会前学法、专题学法讲座", "Study sessions on law"}, Unit: unitTimes, Department: byParty, Section: 13},
	{Code: "leadership.accounts_given", Name: Text{"参加专题述法的党政班子成员", "Leaders who gave account of their lawfulness"}, Unit: unitPersons, Department: byParty, Section: 13},
	{Code: "leadership.legal_advisers_rate", Name: Text{"镇街党委政府聘任法律顾问", "Townships with legal advisers"}, Percent: true, Department: byJustice, Section: 13},
}

// AttestedItemByCode finds an item, nil when there is none.
func AttestedItemByCode(code string) *AttestedItem {
	for i := range AttestedItems {
		if AttestedItems[i].Code == code {
			return &AttestedItems[i]
		}
	}
	return nil
}
