package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
)

const ofYear = prefix + "/reports/annual/2020"

// newReportWorld is a real world in the spring after the year of the report.
func newReportWorld(t *testing.T) *world {
	w := newRealWorld(t)
	w.register("clerk@" + centreA)
	w.clock.advance(380 * 24 * time.Hour)
	return w
}

func statement(value string, edit ...func(map[string]any)) map[string]any {
	body := map[string]any{"value": value, "department": bureau, "source": "工作台账", "date": "2021-01-15", "signer": "某甲"}
	for _, f := range edit {
		f(body)
	}
	return body
}

func TestAttest(t *testing.T) {
	w := newReportWorld(t)
	who, path := "admin@"+county, ofYear+"/attested/cleanup.kept"
	w.call(who, "GET", path, nil).problem(404, "attested_missing")
	var v attestView
	a := w.call(who, "PUT", path, statement("21"))
	a.into(200, &v)
	require.Equal(t, `"1"`, a.header.Get("ETag"))
	require.Equal(t, 1, v.Revision)
	require.Equal(t, "21", v.Value)
	require.NotEmpty(t, v.DepartmentName)
	a = w.call(who, "PUT", path, statement("21"))
	require.Equal(t, `"1"`, a.header.Get("ETag"), "the same again is no revision")
	w.call(who, "PUT", path, statement("22")).problem(428, "statement_exists")
	w.call(who, "PUT", path, statement("22"), "If-Match", `"7"`).problem(412, "statement_stale")
	w.call(who, "PUT", path, statement("22"), "If-Match", `W/"1"`).problem(412, "statement_stale")
	w.call("supervisor@"+county, "PUT", path, statement("22"), "If-Match", `"1"`).into(200, &v)
	require.Equal(t, 2, v.Revision)
	w.call(who, "PUT", path, statement("23"), "If-Match", "*").into(200, &v)
	require.Equal(t, 3, v.Revision)

	var st report.Statement
	a = w.call("leader@"+county, "GET", path, nil)
	a.into(200, &st)
	require.Equal(t, `"3"`, a.header.Get("ETag"))
	require.Len(t, st.Earlier, 2)
	var year report.AttestedYear
	w.call("clerk@"+townA, "GET", ofYear+"/attested", nil).into(200, &year)
	require.Len(t, year.Items, 1)
	require.Len(t, year.Missing, len(domain.AttestedItems)-1)
}

func TestAttestedIsRefused(t *testing.T) {
	w := newReportWorld(t)
	path := ofYear + "/attested/cleanup.kept"
	for _, who := range []string{"leader@" + county, "auditor@" + county} {
		w.call(who, "PUT", path, statement("1")).problem(403, "role_not_allowed")
	}
	for _, who := range []string{"clerk@" + county, "handler@" + bureau, "admin@" + townA, "supervisor@" + bureau} {
		w.call(who, "PUT", path, statement("1")).problem(403, "attested_not_yours")
	}
	// What is stated is printed in a public report: every account may read it.
	require.Equal(t, 200, w.call("admin@"+county, "PUT", path, statement("1")).status)
	for _, clerk := range []string{"clerk@" + county, "clerk@" + townA, "clerk@" + centreA} {
		w.call(clerk, "PUT", path, statement("2"), "If-Match", `"1"`).problem(403, "attested_not_yours")
		var st report.Statement
		w.call(clerk, "GET", path, nil).into(200, &st)
		require.Equal(t, "1", st.Value)
		var year report.AttestedYear
		w.call(clerk, "GET", ofYear+"/attested", nil).into(200, &year)
		require.Len(t, year.Items, 1)
	}
	who := "admin@" + county
	w.call(who, "PUT", ofYear+"/attested/no.such", statement("1")).problem(404, "attested_item_unknown")
	w.call(who, "GET", ofYear+"/attested/no.such", nil).problem(404, "attested_item_unknown")
	for field, bad := range map[string]any{
		"value": "many", "department": "370404-nobody", "source": " ", "date": "2099-01-01", "signer": "", "note": "\x07",
	} {
		p := w.call(who, "PUT", path, statement("1", func(b map[string]any) { b[field] = bad })).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong(field), "%s: %+v", field, p)
	}
	p := w.call(who, "PUT", path, statement("1", func(b map[string]any) { b["date"] = "2021-02-30" })).problem(422, "invalid_fields")
	require.NotEmpty(t, p.Errors)
	p = w.call(who, "PUT", prefix+"/reports/annual/2022/attested/cleanup.kept", statement("1")).problem(422, "invalid_fields")
	require.NotEmpty(t, p.wrong("year"))
	w.call(who, "PUT", prefix+"/reports/annual/1/attested/cleanup.kept", statement("1")).problem(422, "invalid_fields")
}

func TestSumsWarnOverHTTP(t *testing.T) {
	w := newReportWorld(t)
	who := "admin@" + county
	for code, value := range map[string]string{"decisions.reviewed": "3", "decisions.documents_reviewed": "11", "decisions.matters_reviewed": "71"} {
		require.Equal(t, 200, w.call(who, "PUT", ofYear+"/attested/"+code, statement(value)).status)
	}
	var v attestView
	w.call(who, "PUT", ofYear+"/attested/decisions.legal_opinions", statement("86")).into(200, &v)
	require.Len(t, v.Checks, 1)
	require.False(t, v.Checks[0].OK)
}

func TestFreezeOverHTTP(t *testing.T) {
	w := newReportWorld(t)
	leader := "leader@" + county
	var live map[string]any
	w.call(leader, "GET", ofYear, nil).into(200, &live)
	require.NotContains(t, live, "published")
	require.Empty(t, live["pending"].(map[string]any)["figures"])

	var p domain.Publication
	a := w.call(leader, "POST", ofYear+"/freeze", nil)
	a.into(201, &p)
	require.Equal(t, 1, p.Revision)
	require.Equal(t, ofYear+"/publications/1", a.header.Get("Location"))
	w.call(leader, "POST", ofYear+"/freeze", map[string]any{"reason": "再次公布"}).problem(409, "nothing_changed")

	var c caseView
	w.clock.advance(-380 * 24 * time.Hour) // a paper of the year turns up
	c = w.register("clerk@" + centreA)
	w.clock.advance(380 * 24 * time.Hour)
	var shown struct {
		Figures   []figureView
		Published *report.Published
		Pending   domain.Differences
	}
	w.call(leader, "GET", ofYear, nil).into(200, &shown)
	require.Equal(t, p.Hash, shown.Published.Hash)
	require.NotEmpty(t, shown.Pending.Figures)
	require.Empty(t, shown.Pending.Cases, "who reads the report pays for no search")
	require.Empty(t, shown.Pending.Figures[0].Causes)
	var pending domain.Differences
	w.call(leader, "GET", ofYear+"/pending", nil).into(200, &pending)
	require.Equal(t, c.Number, pending.Cases[0].Number)
	first := pending.Figures[0]
	require.Equal(t, "appeals.received", first.Code)
	require.Equal(t, "1", first.Before.Value)
	require.Equal(t, "2", first.After.Value)
	require.Equal(t, c.ID, first.Causes[0].CaseID)

	problem := w.call(leader, "POST", ofYear+"/freeze", nil).problem(422, "invalid_fields")
	require.NotEmpty(t, problem.wrong("reason"))
	w.call(leader, "POST", ofYear+"/freeze", map[string]any{"reason": "补录"}).into(201, &p)
	require.Equal(t, 2, p.Revision)
	require.NotEmpty(t, p.Differences.Figures)

	var all struct{ Items []domain.Publication }
	w.call(leader, "GET", ofYear+"/publications", nil).into(200, &all)
	require.Len(t, all.Items, 2)
	a = w.call(leader, "GET", ofYear+"/publications/2", nil)
	require.Equal(t, 200, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	sum := sha256.Sum256(a.body)
	require.Equal(t, `"sha256:`+hex.EncodeToString(sum[:])+`"`, a.header.Get("ETag"), "anybody can prove it")
	require.True(t, json.Valid(a.body))
	w.call(leader, "GET", ofYear+"/publications/9", nil).problem(404, "publication_unknown")
}

func TestWhoMayFreezeOverHTTP(t *testing.T) {
	w := newReportWorld(t)
	for _, who := range []string{"clerk@" + county, "auditor@" + county, "handler@" + bureau} {
		w.call(who, "POST", ofYear+"/freeze", nil).problem(403, "role_not_allowed")
	}
	for _, who := range []string{"leader@" + townA, "supervisor@" + bureau, "admin@" + bureau} {
		w.call(who, "POST", ofYear+"/freeze", nil).problem(403, "freeze_not_yours")
	}
	w.call("leader@"+county, "POST", prefix+"/reports/annual/2021/freeze", nil).problem(409, "year_not_over")
	for _, path := range []string{"", "/pending", "/publications", "/publications/1"} {
		w.call("leader@"+townA, "GET", ofYear+path, nil).problem(403, "figures_not_yours")
	}
	var v map[string]any
	w.call("supervisor@"+bureau, "GET", ofYear, nil).into(200, &v)
	w.call("auditor@"+county, "GET", ofYear, nil).into(200, &v)
}

// Nothing came before the first year: its report has no comparison. (The model
// county's figures are no real ones here; that whoever asks them for one is
// refused is tested in report.)
func TestFirstYearOverHTTP(t *testing.T) {
	w := newReportWorld(t)
	leader := "leader@" + county
	var v struct{ Figures []map[string]any }
	w.call(leader, "GET", prefix+"/reports/annual/1949", nil).into(200, &v)
	require.NotEmpty(t, v.Figures)
	require.NotContains(t, v.Figures[0], "before")
	require.Equal(t, 200, w.call(leader, "GET", prefix+"/reports/annual/1949.xlsx", nil).status)
}
