package accessmatrix

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
)

// gap holds a known gap to what the policy says of it: it must still be there,
// or its row goes.
func gap(t *testing.T, name string, open bool) {
	t.Helper()
	require.Contains(t, gaps, name)
	assert.True(t, open, "the gap %q is closed: take it out of gaps in policy_test.go, let the matrix hold it, and run with -update", name)
}

// figuresBy are the numerators of an indicator by group, as somebody reads them
// in a part of an answer.
func (w *world) figuresBy(t *testing.T, who *reader, indicator, path, part string) map[string]int {
	t.Helper()
	a := ask(w.api, who, http.MethodGet, prefix+path, nil)
	require.Equal(t, http.StatusOK, a.status, a.body)
	var body map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(a.body), &body))
	var figures []struct {
		Code, Group string
		Numerator   *int
	}
	require.NoError(t, json.Unmarshal(body[part], &figures))
	groups := map[string]int{}
	for _, f := range figures {
		if f.Code == indicator && f.Numerator != nil {
			groups[f.Group] = *f.Numerator
		}
	}
	return groups
}

// listed is how many cases of a figure a reader can list, and how many more he is
// told that it counts.
func (w *world) listed(t *testing.T, who *reader, indicator, more string) (listed, withheld int) {
	t.Helper()
	a := ask(w.api, who, http.MethodGet, prefix+"/cases?limit=200&period=2020&indicator="+indicator+more, nil)
	require.Equal(t, http.StatusOK, a.status, a.body)
	var page struct {
		Items    []struct{}
		Withheld int
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &page))
	return len(page.Items), page.Withheld
}

// Every figure that is narrower than the county's year opens to the cases that
// its reader sees, and to no number of others: also for the petition bureau's
// supervisor, who watches over the county and does not get the complaints against
// his own bureau counted.
func TestFiguresAreAsLongAsTheirLists(t *testing.T) {
	w := county(t)
	for _, by := range []string{"month", "township", "category", "organization"} {
		for _, org := range readers {
			who := w.readers["supervisor "+org]
			groups := w.figuresBy(t, who, "appeals.received", "/figures?year=2020&by="+by, "figures")
			require.NotEmpty(t, groups)
			for group, n := range groups {
				listed, withheld := w.listed(t, who, "appeals.received", "&by="+by+"&group="+group)
				assert.Equal(t, n, listed, "figures by %s of %s, %q", by, org, group)
				assert.Zero(t, withheld, "figures by %s of %s, %q", by, org, group)
			}
		}
	}
}

// The county's whole year is what the annual report prints, for everybody: whoever
// may not list it whole is told by how much.
func TestWholeYearIsTheSameForEverybody(t *testing.T) {
	w := county(t)
	chief, bureau := w.readers["supervisor county"], w.readers["supervisor bureau"]
	for _, indicator := range []string{"appeals.received", "petitions.visits"} {
		n := w.figuresBy(t, chief, indicator, "/figures?year=2020", "figures")[""]
		require.Equal(t, n, w.figuresBy(t, bureau, indicator, "/figures?year=2020", "figures")[""])
		listed, withheld := w.listed(t, bureau, indicator, "")
		require.Equal(t, n, listed+withheld)
	}
	_, withheld := w.listed(t, bureau, "appeals.received", "")
	require.Positive(t, withheld)
	backlog := func(who *reader) (open int) {
		a := ask(w.api, who, http.MethodGet, prefix+"/figures/backlog?year=2020", nil)
		require.Equal(t, http.StatusOK, a.status, a.body)
		var body struct{ Ages []struct{ Open int } }
		require.NoError(t, json.Unmarshal([]byte(a.body), &body))
		for _, age := range body.Ages {
			open += age.Open
		}
		return open
	}
	require.Less(t, backlog(bureau), backlog(chief))
}

// The report that is to be printed is split by month and category for whoever may
// see the whole county.
func TestGapBureauInTheReport(t *testing.T) {
	w := county(t)
	who, differs := w.readers["supervisor bureau"], false
	for group, n := range w.figuresBy(t, who, "appeals.received", "/reports/annual/2020", "by_category") {
		listed, _ := w.listed(t, who, "appeals.received", "&by=category&group="+group)
		differs = differs || n != listed
	}
	gap(t, "bureau in the report", differs)
}

// What made a published report differ is told by case only to whom the case may
// be told.
func TestCausesOfDifferences(t *testing.T) {
	w := county(t)
	now := w.clock
	defer func() { w.clock = now }()
	c := &planted{placement: w.planted("against_bureau/fresh").placement, state: "accepted", n: 991}
	w.make(t.Context(), c, "")
	reports := report.New(w.store, func() time.Time { return w.clock })
	chief := w.readers["leader county"].user.Actor()
	w.clock = time.Date(2021, 2, 1, 1, 0, 0, 0, time.UTC)
	_, err := reports.Freeze(t.Context(), chief, report.Freeze{Year: 2020})
	require.NoError(t, err)
	w.act(t.Context(), c, domain.RoleHandler, c.file.Case.Desk, "reply", domain.Fields{"reply": c.word("reply"), "result": "resolved"})

	const year = prefix + "/reports/annual/2020"
	want := http.StatusOK
	told := func(role, path string) bool {
		a := ask(w.api, w.readers[role], http.MethodGet, year+path, nil)
		require.Equal(t, want, a.status, a.body)
		t := tokens(a.body)
		return t[c.number] || t[c.id]
	}
	require.True(t, told("supervisor county", "/pending"))
	require.False(t, told("admin county", "/pending"))
	require.False(t, told("security county", "/pending"))
	require.False(t, told("supervisor bureau", "/pending"))
	_, err = reports.Freeze(t.Context(), chief, report.Freeze{Year: 2020, Reason: "迟到的答复"})
	require.NoError(t, err)
	require.True(t, told("supervisor county", "/publications"))
	require.False(t, told("supervisor bureau", "/publications"))
	require.False(t, told("admin county", "/publications"))
	require.False(t, told("supervisor bureau", ""))
	require.True(t, told("supervisor county", "/publications/2"))
	require.False(t, told("supervisor bureau", "/publications/1"))
	want = http.StatusForbidden // the text is hashed, so no word can be left out of it
	require.False(t, told("supervisor bureau", "/publications/2"))
	require.False(t, told("admin county", "/publications/2"))
}

// Where nothing checks, the matrix finds that nothing holds, in every route:
// which shows that each cell can turn red.
func TestTheMatrixNoticesThatNothingIsChecked(t *testing.T) {
	w := county(t)
	var f findings
	missing := w.missing()
	w.everybody([]string{"town", "village"}, []string{"clerk", "auditor"}, func(who *reader) {
		w.askCases(&f, w.bare, who, missing)
		w.askLists(&f, w.bare, who)
	})
	w.everybody([]string{"town"}, []string{"clerk"}, func(who *reader) { w.search(&f, w.bare, who, w.cases) })
	found := strings.Join(f.list, "\n")
	for _, q := range caseRequests {
		assert.True(t, strings.Contains(found, q.route+" as "), "nothing is checked in %s", q.route)
	}
	for _, path := range []string{"/cases?limit=200", "/worklist", "/ledgers/cases.xlsx", "/ledgers/work.xlsx", "/similar?text", "/similar?phone", "/cases?q="} {
		assert.True(t, strings.Contains(found, path), "nothing is checked in %s", path)
	}
}
