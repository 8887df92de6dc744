package paper

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sudi/domain"
	"sudi/report"
)

// counts are the numerator and, of a rate, the denominator of a figure.
type counts struct{ n, d int64 }

// modelYear is about what the model county has in 2020.
var modelYear = map[string]counts{
	"appeals.received": {62417, 0}, "appeals.closure_rate": {61781, 62405}, "appeals.satisfaction_rate": {40425, 41250},
	"appeals.response_rate": {61980, 62405}, "appeals.on_time_rate": {60512, 61781}, "appeals.evaluation_rate": {41250, 61781},
	"appeals.resolution_rate": {55120, 58011}, "appeals.mean_days": {4, 0}, "appeals.p90_days": {9, 0},
	"petitions.received": {1308, 0}, "petitions.matters": {1190, 0}, "petitions.visits": {1344, 0}, "petitions.repeat_rate": {112, 1308},
	"petitions.accepted": {1104, 0}, "petitions.concluded": {1071, 0}, "petitions.satisfaction_rate": {801, 850},
	"mediation.accepted": {2801, 0}, "mediation.succeeded": {2576, 0}, "mediation.success_rate": {2576, 2790},
	"mediation.organisations": {532, 0}, "mediation.confirmed": {64, 0}, "mediation.confirmation_rate": {64, 2576}, "mediation.amount_settled": {8123456700, 0},
	"enterprise.disputes": {920, 0}, "finance.disputes": {268, 0},
	"backlog.resolution_rate": {41, 41}, "backlog.four_key_rate": {17, 17},
	"reconsideration.accepted": {30, 0}, "reconsideration.concluded": {28, 0},
	"reconsideration.correction_rate": {11, 49}, "reconsideration.hearing_rate": {35, 49},
	"litigation.cases": {29, 0}, "litigation.head_appearance_rate": {26, 26}, "litigation.performance_rate": {4, 4},
	"proposals.reply_rate": {186, 186}, "proposals.satisfaction_rate": {186, 186},
	"cases.open": {812, 0}, "cases.overdue": {97, 0},
}

var asOf = time.Date(2021, 3, 8, 1, 30, 0, 0, time.UTC)

// figureOf makes a figure of an indicator from its counts.
func figureOf(code string, c counts) report.Figure {
	ind := domain.IndicatorByCode(code)
	f := report.Figure{Code: code, Name: ind.NameFor(domain.NewDate(2020, 12, 31), domain.DateIn(asOf)), Unit: ind.Unit, Source: report.SourceComputed, AsOf: asOf, Numerator: &c.n, Value: report.Count(c.n)}
	if ind.Form == domain.FormRate {
		f.Denominator, f.Value = &c.d, report.Rate(c.n, c.d)
	}
	return f
}

// sample is a report of a full year, with every kind of thing in it.
func sample() *report.Annual {
	a := &report.Annual{Year: 2020, County: "峄城区", AsOf: asOf}
	for _, ind := range domain.Indicators {
		a.Figures = append(a.Figures, figureOf(ind.Code, modelYear[ind.Code]))
	}
	addBefore(a.Figures)
	addGroups(a)
	addAttested(a)
	a.Backlog = []report.Age{{From: 0, To: 15, Open: 402, Overdue: 3}, {From: 16, To: 30, Open: 171, Overdue: 12}, {From: 31, To: 60, Open: 118, Overdue: 24}, {From: 61, To: 90, Open: 70, Overdue: 21}, {From: 91, To: 365, Open: 40, Overdue: 28}, {From: 366, To: 1826, Open: 8, Overdue: 6}, {From: 1827, Open: 3, Overdue: 3}}
	a.Published = &report.Published{Revision: 1, At: time.Date(2021, 3, 8, 2, 0, 0, 0, time.UTC), By: "魏某某", Position: 412077, Hash: "sha256:" + strings.Repeat("3f9a0c17", 8)}
	return a
}

// addBefore gives the first figures a year before to compare with.
func addBefore(fs []report.Figure) {
	n, d := int64(58102), int64(57990)
	change := report.Rate(74, 1000)
	fs[0].Before, fs[0].Change = &report.Prior{Period: "2019", Numerator: &n, Value: report.Count(n)}, &change
	closed, points := int64(57294), report.Rate(2, 1000)
	fs[1].Before, fs[1].Change = &report.Prior{Period: "2019", Numerator: &closed, Denominator: &d, Value: report.Rate(closed, d)}, &points
}

// addGroups shares the year's counts out among groups.
func addGroups(a *report.Annual) {
	month := make([]report.Figure, 0)
	season := []int64{38, 41, 70, 84, 92, 95, 101, 98, 96, 93, 97, 95}
	for i, w := range season {
		month = append(month, grouped4(fmt.Sprintf("2020-%02d", i+1), "", w, 1000, int64(i))...)
	}
	a.ByMonth = month
	for i, t := range []string{"坛山街道", "吴林街道", "古邵镇", "阴平镇", "底阁镇", "榴园镇", "峨山镇"} {
		fs := grouped4(fmt.Sprintf("37040400%d", i+1), t, []int64{240, 190, 155, 140, 120, 115, 0}[i], 960, int64(i))
		a.ByTownship = append(a.ByTownship, fs...)
	}
	markRanks(a.ByTownship)
	for i, c := range []string{"劳动和社会保障", "城乡建设", "交通运输", "环境保护", "农村农业", "教育文体", "卫生计生"} {
		a.ByCategory = append(a.ByCategory, grouped4(fmt.Sprintf("%02d", i+1), c, []int64{260, 210, 170, 120, 110, 80, 50}[i], 1000, int64(i))...)
	}
	for i, p := range []string{"mediation", "litigation_mediation", "administrative_mediation", "enterprise_mediation"} {
		n := []int64{1310, 212, 134, 920}[i]
		a.ByProcedure = append(a.ByProcedure, inGroup(figureOf("mediation.succeeded", counts{n, 0}), p, ""), inGroup(figureOf("mediation.success_rate", counts{n, n + n/12}), p, ""))
	}
	a.ByProcedure = append([]report.Figure{inGroup(figureOf("appeals.received", counts{62417, 0}), "appeal", "")}, a.ByProcedure...)
	for i, o := range []string{"坛山街道", "吴林街道", "古邵镇", "峄城区住房和城乡建设局", "峄城区人力资源和社会保障局", "峄城区综合行政执法局", "枣庄市公安局峄城分局", "峄城区气象局"} {
		a.ByOrganization = append(a.ByOrganization, grouped4(fmt.Sprintf("org-%d", i), o, []int64{200, 170, 140, 180, 120, 110, 75, 0}[i], 1000, int64(i))...)
	}
}

func inGroup(f report.Figure, key, name string) report.Figure {
	f.Group, f.GroupName = key, name
	return f
}

// grouped4 gives a group its share of the year: w in total; a group without a
// weight gets a handful of cases.
func grouped4(key, name string, w, total, twist int64) []report.Figure {
	var fs []report.Figure
	for _, code := range grouped {
		c := modelYear[code]
		n, d := c.n*w/total, c.d*w/total
		if w == 0 {
			n, d = min(c.n, 9), min(c.d, 11)
		} else if d > 0 {
			n -= n * (twist * 7 % 5) / 400
		}
		f := inGroup(figureOf(code, counts{n, d}), key, name)
		f.Small = w == 0 && d > 0
		fs = append(fs, f)
	}
	return fs
}

// markRanks ranks each rate, the best first.
func markRanks(fs []report.Figure) {
	for _, code := range grouped {
		var of []*report.Figure
		for i := range fs {
			if fs[i].Code == code && fs[i].Denominator != nil && !fs[i].Small {
				of = append(of, &fs[i])
			}
		}
		slices.SortFunc(of, func(a, b *report.Figure) int {
			return cmp.Compare(*b.Numerator**a.Denominator, *a.Numerator**b.Denominator)
		})
		for i, f := range of {
			f.Rank = i + 1
		}
	}
}

// published are the seed's attested figures; "+" says more than.
var published = map[string]string{
	"approval.time_limit_cut": "70", "approval.steps_cut": "100+", "approval.once_done": "1012", "approval.zero_visit": "707", "approval.instant": "118",
	"approval.one_window_pilot": "1", "approval.enterprise_opening_days": "1", "approval.online_application_rate": "100", "approval.electronic_rate": "90",
	"approval.centre_items": "883", "approval.centre_closure_rate": "100", "enforcement.provincial_meeting": "1", "enforcement.minor_items": "309",
	"enforcement.not_punished": "374", "enforcement.mitigated": "2", "decisions.reviewed": "3", "decisions.documents_reviewed": "11", "decisions.matters_reviewed": "71",
	"decisions.legal_opinions": "85", "cleanup.rounds": "7", "cleanup.business_rounds": "2", "cleanup.kept": "21", "cleanup.to_amend": "3", "cleanup.repealed": "11",
	"litigation.judgments_performed": "100", "openness.topics": "20", "openness.published": "12000+", "openness.city_rank": "1", "oversight.monitors": "10",
	"court.filings_change": "-11.2", "reconsideration.correction_rate_published": "22.4", "training.examined": "2560+", "training.excellent_rate": "93.6",
	"training.lectures": "120+", "training.leaflets": "50000+", "relief.taxes": "2+", "relief.late_filers_spared": "306", "relief.subsidised": "89", "relief.subsidies": "457",
	"prosecution.not_prosecuted": "4", "prosecution.custody_changed": "3", "honours.organised_crime": "1", "enterprises.visited": "2600+", "enterprises.consultations": "160+",
	"market.abnormal_cleared": "4149", "services.township_centres": "7", "governance.integrated_townships": "7", "honours.xinhua": "1", "honours.government_website": "1",
	"honours.model_committee": "1", "publicity.plan_accepted": "1", "publicity.activities": "160+", "publicity.courses": "20+", "publicity.textbooks": "16000+",
	"honours.new_media": "1", "publicity.episodes": "44", "publicity.civil_code_lectures": "40+", "publicity.pushed": "15000+", "villages.provincial_model": "1",
	"villages.municipal_model": "16", "leadership.meetings": "20+", "leadership.instructions": "18", "leadership.study_sessions": "26", "leadership.accounts_given": "240+",
	"leadership.legal_advisers_rate": "100",
}

var departments = map[string]string{
	"approval": "峄城区行政审批服务局", "justice": "峄城区司法局", "court": "峄城区人民法院", "government_office": "峄城区人民政府办公室", "party_office": "峄城区委办公室",
	"political_legal": "峄城区委政法委", "publicity": "峄城区委宣传部", "tax": "国家税务总局枣庄市峄城区税务局", "hrss": "峄城区人力资源和社会保障局", "procuratorate": "峄城区人民检察院",
	"industry": "峄城区工业和信息化局", "market": "峄城区市场监督管理局", "emergency": "峄城区应急管理局",
}

// addAttested states what was published; the rest is missing.
func addAttested(a *report.Annual) {
	for _, item := range domain.AttestedItems {
		value, ok := published[item.Code]
		if !ok {
			a.Missing = append(a.Missing, report.Missing{Item: item, DepartmentName: departments[item.Department]})
			continue
		}
		number, over := strings.CutSuffix(value, "+")
		a.Attested = append(a.Attested, report.Stated{
			Item: item, DepartmentName: departments[item.Department],
			Attested: domain.Attested{
				Year: 2020, Code: item.Code, Revision: 1, Value: number, Over: over, Department: "370404-" + item.Department,
				Source: "2020年度法治政府建设数据报送表", Date: domain.NewDate(2021, 1, 15), Signer: "张某某",
			},
		})
	}
}
