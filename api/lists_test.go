package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

func (w *world) list(who, query string) casePage {
	w.t.Helper()
	var page casePage
	w.call(who, "GET", "/api/v1/cases?"+query, nil).into(200, &page)
	return page
}

// What lies outside an account's organisation does not exist for it, in any
// read or write.
func TestOthersCasesDoNotExist(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		absent := uuid.Must(uuid.NewV7()).String()
		for _, id := range []string{c.ID, absent, "not-a-uuid", strings.ToUpper(absent)} {
			path := "/api/v1/cases/" + id
			for _, who := range []string{"clerk@" + centreB, "supervisor@" + townB, "leader@" + townB} {
				for _, sub := range []string{"", "/actions", "/history", "/deadlines", "/links"} {
					w.call(who, "GET", path+sub, nil).problem(404, "case_not_found")
				}
			}
			w.call("clerk@"+centreB, "PATCH", path, `{"title":"x"}`, "If-Match", `"1"`).problem(404, "case_not_found")
			w.call("clerk@"+centreB, "PATCH", path, `{"title":"x"}`, "If-Match", `*`).problem(404, "case_not_found")
			w.call("clerk@"+centreB, "POST", path+"/actions/withdraw", `{"fields":{"reason":"x"}}`, "If-Match", `"1"`).problem(404, "case_not_found")
		}
		require.Empty(t, w.list("clerk@"+centreB, "").Items)
		require.Empty(t, w.list("clerk@"+centreB, "org="+centreA).Items)
		require.Empty(t, w.list("clerk@"+centreB, "q="+c.Number).Items)
		for _, who := range []string{"clerk@" + centreA, "supervisor@" + townA, "leader@" + county} {
			require.Len(t, w.list(who, "").Items, 1, who)
		}
	})
}

func TestTheUnitComplainedOfSeesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@"+centre, func(b map[string]any) {
			b["parties"] = []any{map[string]any{"role": "respondent", "organization": true, "name": "甲镇", "org_code": townA}}
		})
		w.call("supervisor@"+townA, "GET", "/api/v1/cases/"+c.ID, nil).problem(404, "case_not_found")
		p := w.act("clerk@"+centre, &c, "dispatch", map[string]any{"organization": centreA}).problem(422, "invalid_fields")
		require.Contains(t, p.wrong("fields.organization"), "甲镇中心")
	})
}

func TestKeysetPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 7 {
			w.clock.advance(time.Minute)
			w.register("clerk@"+centreA, func(b map[string]any) { b["title"] = fmt.Sprintf("第%d件", i) })
		}
		var titles []string
		cursor := ""
		for pages := 0; ; pages++ {
			require.Less(t, pages, 10)
			page := w.list("clerk@"+centreA, "limit=3"+cursor)
			for _, c := range page.Items {
				require.Nil(t, c.Statement)
				titles = append(titles, c.Title)
			}
			if page.Next == "" {
				break
			}
			cursor = "&cursor=" + page.Next
		}
		require.Equal(t, []string{"第6件", "第5件", "第4件", "第3件", "第2件", "第1件", "第0件"}, titles)
		require.Equal(t, 422, w.call("clerk@"+centreA, "GET", "/api/v1/cases?cursor=!!", nil).status)
	})
}

func TestFiltersAndDrillDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := "supervisor@" + county
		c := w.register("clerk@"+centreA, func(b map[string]any) { b["flags"] = []any{"urgent"} })
		w.clock.advance(40 * 24 * time.Hour)
		w.register("clerk@" + centreB)
		for query, n := range map[string]int{
			"": 2, "state=registered": 2, "state=closed": 0, "procedure=appeal": 2, "category=01": 2, "category=02": 0,
			"org=" + townA: 1, "owner=" + centreA: 1, "flag=urgent": 1, "township=" + townA: 2, "received_from=2020-04-01": 1, "received_to=2020-03-31": 1,
			"q=" + c.Number: 1, "period=2020": 2, "period=2020-03": 1, "period=2019": 0,
			"indicator=appeals.received&period=2020": 2, "indicator=appeals.received&period=2020-04": 1,
			"indicator=appeals.closure_rate&period=2020": 0, "indicator=appeals.closure_rate&side=denominator&period=2020": 2,
			"indicator=appeals.due": 2, "due_before=2020-03-01": 0,
			"indicator=appeals.received&period=2020&org=" + centreA:         1,
			"indicator=appeals.received&period=2020&by=month&group=2020-04": 1, "indicator=appeals.received&period=2020&by=township&group=" + townA: 2,
			"indicator=appeals.received&period=2020&by=township&group=": 0, "indicator=appeals.received&period=2020-Q2": 1,
			"indicator=cases.open&period=2019": 0, "indicator=cases.open&period=2020-03": 1, "indicator=cases.open&received_from=2020-04-01": 1,
		} {
			require.Len(t, w.list(who, query).Items, n, query)
		}
		for query, field := range map[string]string{
			"by=month": "by", "received_from=soon": "received_from", "received_to=2020-02-30": "received_to", "indicator=appeals.received&by=month&group=x": "group",
			"indicator=happiness": "indicator", "indicator=mediation.organisations": "indicator", "side=denominator": "indicator",
			"indicator=appeals.received&side=denominator": "indicator", "indicator=appeals.received&side=left": "side",
			"period=2020-13": "period", "period=1": "period", "period=0000": "period", "flag=nice": "flag", "due_before=soon": "due_before",
		} {
			p := w.call(who, "GET", "/api/v1/cases?"+query, nil).problem(422, "invalid_fields")
			require.NotEmpty(t, p.wrong(field), query)
		}
	})
}

// Whom a case complains of learns how many such cases a figure of the whole county
// counts, and nothing else of them: not their words, kind, place or day.
func TestWithheldTellsNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.register("clerk@"+centre, func(b map[string]any) {
			b["parties"] = []any{
				map[string]any{"role": "applicant", "name": "张三丰", "phone": "13812345678"},
				map[string]any{"role": "respondent", "organization": true, "name": "信访局", "org_code": bureau},
			}
		})
		w.register("clerk@" + centre)
		who := "supervisor@" + bureau
		figure, open := "org="+county+"&indicator=appeals.received&period=2020", "org="+county+"&indicator=cases.open"
		for _, query := range []string{
			figure, figure + "&limit=1", open,
		} {
			page := w.list(who, query)
			require.Len(t, page.Items, 1, query)
			require.Equal(t, 1, page.Withheld, query)
			require.Zero(t, w.list("supervisor@"+county, query).Withheld, query)
		}
		for _, more := range []string{
			"by=month&group=2020-03", "by=category&group=01", "q=张三丰", "q=路灯", "category=0101", "flag=urgent", "township=" + townA, "state=registered", "owner=" + centre, "procedure=appeal",
			"received_from=2020-03-03", "received_to=2020-03-03", "due_before=2021-01-01", "handler=" + townA,
		} {
			require.Zero(t, w.list(who, figure+"&"+more).Withheld, more)
		}
		require.Zero(t, w.list(who, open+"&by=category&group=01&received_from=2020-03-03").Withheld)
	})
}

func TestLinksLeadOnlyToVisibleCases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		master, c := w.register("clerk@"+centre), w.register("clerk@"+centreA)
		require.Equal(t, 200, w.act("supervisor@"+county, &c, "merge", map[string]any{"master": master.ID}).status)
		var links struct{ Items []domain.Link }
		w.call("supervisor@"+county, "GET", "/api/v1/cases/"+c.ID+"/links", nil).into(200, &links)
		require.Len(t, links.Items, 1)
		require.Equal(t, master.ID, links.Items[0].To)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID+"/links", nil).into(200, &links)
		require.Empty(t, links.Items)
	})
}

func TestWorklist(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		waiting := w.register("clerk@" + centreA)
		require.Equal(t, 200, w.act("clerk@"+centreA, &waiting, "dispatch", map[string]any{"organization": centreB}).status)
		fresh := w.register("clerk@" + centreA)
		var list worklist
		w.call("clerk@"+centreA, "GET", "/api/v1/worklist", nil).into(200, &list)
		require.Empty(t, list.Overdue.Items)
		require.Equal(t, fresh.ID, list.New.Items[0].ID)
		require.Equal(t, waiting.ID, list.Waiting.Items[0].ID)

		w.clock.advance(24 * time.Hour) // the first contact is due today
		w.call("clerk@"+centreA, "GET", "/api/v1/worklist", nil).into(200, &list)
		require.Len(t, list.DueToday.Items, 2)
		w.clock.advance(30 * 24 * time.Hour)
		w.call("clerk@"+centreA, "GET", "/api/v1/worklist", nil).into(200, &list)
		require.Len(t, list.Overdue.Items, 2)
		require.Empty(t, list.DueToday.Items)
	})
}

func TestReferenceData(t *testing.T) {
	w := newWorld(t)
	who := "leader@" + county
	for _, path := range []string{"/organizations", "/categories", "/procedures", "/procedures/appeal", "/procedures/appeal?version=1", "/calendar/2020", "/calendar/2027", "/indicators"} {
		require.Equal(t, 200, w.call(who, "GET", prefix+path, nil).status, path)
	}
	var year struct {
		WorkingDays int `json:"working_days"`
		Provisional bool
		Days        []domain.Day
	}
	w.call(who, "GET", prefix+"/calendar/2020", nil).into(200, &year)
	require.Equal(t, 249, year.WorkingDays)
	require.Len(t, year.Days, 366)
	w.call(who, "GET", prefix+"/calendar/2027", nil).into(200, &year)
	require.True(t, year.Provisional)
}

func TestFigures(t *testing.T) {
	w := newWorld(t)
	a := w.call("leader@"+county, "GET", prefix+"/figures?year=2020&by=month", nil)
	require.Equal(t, 200, a.status, string(a.body))
	require.Contains(t, string(a.body), `"value":99.0,`)
	require.Contains(t, string(a.body), `"value":198,`)
	require.Contains(t, string(a.body), `"value":null,`)
	w.figures.err = domain.Errorf(domain.KindForbidden, "figures_not_yours")
	w.call("leader@"+townA, "GET", prefix+"/figures?org="+townB, nil).problem(403, "figures_not_yours")
}

// Every published procedure can be shown, with each of its conditions in words.
func TestEveryProcedureCanBeShown(t *testing.T) {
	w := newWorld(t)
	library, err := workflow.StandardLibrary()
	require.NoError(t, err)
	rules := *w.engine.Rules()
	rules.Library = library
	w.engine.SetRules(&rules)
	for _, p := range library.All() {
		for _, lang := range []string{"zh", "en"} {
			var v procedureView
			w.call("clerk@"+centreA, "GET", prefix+"/procedures/"+p.Name, nil, "Accept-Language", lang).into(200, &v)
			require.Contains(t, v.Drawing, "stateDiagram")
			require.Len(t, v.States, len(p.States))
		}
	}
}

// Who helps, who was told of a risk, and whose answer left somebody
// dissatisfied sees it without being rung up.
func TestWorklistOfPartnersRisksAndDissatisfied(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk, handler := "clerk@"+centreA, "handler@"+centreA
		c := w.register(clerk)
		require.Equal(t, 200, w.act(clerk, &c, "raise_risk", map[string]any{"risk_text": "扬言跳楼"}).status)
		part := func(who, name string) (ids []string) {
			var list struct{ Helping, Risks, Dissatisfied workItems }
			w.call(who, "GET", "/api/v1/worklist?part="+name, nil).into(200, &list)
			for _, item := range append(append(list.Helping.Items, list.Risks.Items...), list.Dissatisfied.Items...) {
				ids = append(ids, item.ID)
			}
			return ids
		}
		require.Equal(t, []string{c.ID}, part("clerk@"+bureau, "helping"))
		for _, who := range []string{clerk, "supervisor@" + bureau, "leader@" + county} {
			require.Equal(t, []string{c.ID}, part(who, "risks"), who)
		}
		require.Empty(t, part(clerk, "helping"), "it is theirs")
		require.Empty(t, part("clerk@"+centreB, "risks"))

		require.Equal(t, 200, w.act(clerk, &c, "dispatch", map[string]any{"organization": centreA}).status)
		require.Equal(t, 200, w.act(handler, &c, "accept", nil).status)
		require.Equal(t, 200, w.act(handler, &c, "ask_help", map[string]any{"co_organization": centreB, "task": "查监控"}).status)
		require.Equal(t, []string{c.ID}, part("clerk@"+centreB, "helping"))
		require.Equal(t, 200, w.act(handler, &c, "reply", map[string]any{"reply": "已办", "result": "resolved"}).status)
		require.Empty(t, part("clerk@"+centreB, "helping"), "there is nothing more to help with")
		require.Equal(t, 200, w.act(clerk, &c, "follow_up", map[string]any{"satisfaction": "dissatisfied", "resolved": false}).status)
		require.Equal(t, []string{c.ID}, part(clerk, "dissatisfied"))
		w.clock.advance(31 * 24 * time.Hour)
		require.Empty(t, part(clerk, "dissatisfied"))
	})
}
