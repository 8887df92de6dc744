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

// figuresBy are the numerators of an indicator by group, as somebody reads them.
func (w *world) figuresBy(t *testing.T, who *reader, indicator, by string) map[string]int {
	t.Helper()
	a := ask(w.api, who, http.MethodGet, prefix+"/figures?year=2020&by="+by, nil)
	require.Equal(t, http.StatusOK, a.status, a.body)
	var body struct {
		Figures []struct {
			Code, Group string
			Numerator   *int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &body))
	groups := map[string]int{}
	for _, f := range body.Figures {
		if f.Code == indicator && f.Numerator != nil {
			groups[f.Group] = *f.Numerator
		}
	}
	return groups
}

// listed is how many cases of a group a reader can list.
func (w *world) listed(t *testing.T, who *reader, indicator, by, group string) int {
	t.Helper()
	a := ask(w.api, who, http.MethodGet, prefix+"/cases?limit=200&period=2020&indicator="+indicator+"&by="+by+"&group="+group, nil)
	require.Equal(t, http.StatusOK, a.status, a.body)
	var page struct{ Items []struct{} }
	require.NoError(t, json.Unmarshal([]byte(a.body), &page))
	return len(page.Items)
}

// Every figure opens to the cases that its reader sees: for all but the petition
// bureau's supervisor, who watches over the county and gets the complaints
// against his own bureau counted.
func TestGapBureauInFigures(t *testing.T) {
	w := county(t)
	for _, by := range []string{"month", "township", "category", "organization"} {
		for _, org := range readers {
			who := w.readers["supervisor "+org]
			differs := false
			for group, n := range w.figuresBy(t, who, "appeals.received", by) {
				differs = differs || n != w.listed(t, who, "appeals.received", by, group)
			}
			if org == "bureau" {
				gap(t, "bureau in figures", differs)
			} else {
				assert.False(t, differs, "figures by %s of %s count cases that the reader does not see", by, org)
			}
		}
	}
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
	require.False(t, told("supervisor bureau", "/pending"))
	_, err = reports.Freeze(t.Context(), chief, report.Freeze{Year: 2020, Reason: "迟到的答复"})
	require.NoError(t, err)
	require.True(t, told("supervisor county", "/publications"))
	require.False(t, told("supervisor bureau", "/publications"))
	require.False(t, told("supervisor bureau", ""))
	require.True(t, told("supervisor county", "/publications/2"))
	require.False(t, told("supervisor bureau", "/publications/1"))
	want = http.StatusForbidden // the text is hashed, so no word can be left out of it
	require.False(t, told("supervisor bureau", "/publications/2"))
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
