package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/report/ledger"
)

// ledger reads a workbook over the API: the cells of its sheets.
func (w *world) ledger(who, path string) map[string][][]string {
	w.t.Helper()
	a := w.call(who, "GET", "/api/v1/ledgers/"+path, nil)
	require.Equal(w.t, 200, a.status, string(a.body))
	require.Equal(w.t, xlsxType, a.header.Get("Content-Type"))
	f, err := excelize.OpenReader(bytes.NewReader(a.body))
	require.NoError(w.t, err)
	defer f.Close() //nolint:errcheck // in memory
	sheets := map[string][][]string{}
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		require.NoError(w.t, err)
		sheets[name] = rows
	}
	return sheets
}

// column is the cells below a heading.
func column(t testing.TB, rows [][]string, title string) (cells []string) {
	t.Helper()
	for i, name := range rows[0] {
		if name == title {
			for _, row := range rows[1:] {
				cell := ""
				if i < len(row) {
					cell = row[i]
				}
				cells = append(cells, cell)
			}
			return cells
		}
	}
	t.Fatalf("no column %s in %v", title, rows[0])
	return nil
}

func TestLedgerIsInWordsAndMasked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@"+centreA, func(b map[string]any) { b["title"] = "=1+1" })
		sheets := w.ledger("clerk@"+centreA, "work.xlsx?period=2020&org="+townA)
		rows := sheets["工作台账"]
		require.Equal(t, []string{c.Number}, column(t, rows, "编号"))
		for title, want := range map[string]string{
			"办理程序": "诉求", "来源": "窗口", "地点": "甲镇丙村", "责任单位": "甲镇中心", "状态": "已登记", "标题": "=1+1",
			"登记日期": "2020-03-03", "申请人": "张***", "联系电话": "138***78",
		} {
			require.Equal(t, []string{want}, column(t, rows, title), title)
		}
		about := map[string]string{}
		for _, r := range sheets["说明"] {
			if len(r) > 1 {
				about[r[0]] = r[1]
			}
		}
		require.Equal(t, "甲镇", about["单位（含下级）"])
		require.Equal(t, "2020年", about["期间"])
		require.Equal(t, "1", about["行数"])
		require.Equal(t, "已隐去", about["个人信息"])
		require.Equal(t, "某clerk (甲镇中心)", about["导出人"])
		require.Equal(t, []string{"张三丰"}, column(t, w.ledger("clerk@"+centreA, "work.xlsx?persons=full")["工作台账"], "申请人"))
		require.Equal(t, []string{"张三丰"}, column(t, w.ledger("clerk@"+centreA, "cases.xlsx?persons=full")["案件清单"], "申请人"))
		require.Len(t, w.recorded("ledger.exported"), len(w.recorded("ledger.export")))
		require.NotContains(t, w.log.String(), "13812345678")
	})
}

// The matrix of who gets which rows is that of the lists.
func TestLedgerHasTheRightsOfLists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		plain := w.register("clerk@" + centreA)
		against := w.register("clerk@"+centre, func(b map[string]any) {
			b["parties"] = []any{map[string]any{"role": "applicant", "name": "张三丰"}, map[string]any{"role": "respondent", "organization": true, "name": "甲镇", "org_code": townA}}
		})
		hidden := w.register("clerk@"+centreA, func(b map[string]any) { b["flags"] = []any{"confidential"} })
		for _, role := range domain.StaffRoles {
			for _, org := range []string{county, townA, centreB} {
				who := string(role) + "@" + org
				if role == domain.RoleAdmin || role == domain.RoleSecurity {
					w.call(who, "GET", "/api/v1/ledgers/work.xlsx", nil).problem(403, "role_not_allowed")
					continue
				}
				var want []string
				for _, item := range w.list(who, "limit=200").Items {
					want = append(want, item.Number)
				}
				for _, path := range []string{"work.xlsx", "cases.xlsx?indicator=appeals.received&period=2020"} {
					sheets := w.ledger(who, path)
					for name, rows := range sheets {
						if name == "说明" {
							continue
						}
						numbers := column(t, rows, "编号")
						require.ElementsMatch(t, want, numbers, "%s %s", who, path)
						for i, n := range numbers {
							require.NotContains(t, column(t, rows, "申请人")[i], "张三丰", who)
							if n == hidden.Number && !worksOnCases(role) {
								require.Equal(t, stars, column(t, rows, "标题")[i], who)
							}
						}
					}
				}
				full := w.call(who, "GET", "/api/v1/ledgers/work.xlsx?persons=full", nil)
				if worksOnCases(role) {
					require.Equal(t, 200, full.status, who)
				} else {
					full.problem(403, "persons_not_yours")
				}
			}
		}
		require.NotEmpty(t, plain.Number)
		require.NotContains(t, column(t, w.ledger("supervisor@"+townA, "work.xlsx")["工作台账"], "编号"), against.Number)
		require.Empty(t, column(t, w.ledger("clerk@"+centreB, "work.xlsx")["工作台账"], "编号"))
	})
}

func TestLedgerRefusesWhatListsRefuse(t *testing.T) {
	w := newWorld(t)
	who := "clerk@" + centreA
	w.call("", "GET", "/api/v1/ledgers/work.xlsx", nil).problem(401, "sign_in_first")
	for query, field := range map[string]string{
		"period=2020-13": "period", "indicator=nonsense": "indicator", "side=numerator": "indicator", "flag=nonsense": "flag",
		"cursor=x": "cursor", "limit=5": "limit", "nonsense=1": "nonsense", "persons=x": "persons", "due_before=x": "due_before",
	} {
		p := w.call(who, "GET", "/api/v1/ledgers/work.xlsx?"+query, nil).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong(field), query)
	}
	w.call(who, "GET", "/api/v1/ledgers/nonsense.xlsx", nil).problem(422, "invalid_fields")
	for _, k := range ledger.Kinds {
		w.ledger(who, string(k)+".xlsx")
	}
	name := w.call(who, "GET", "/api/v1/ledgers/backlog.xlsx?period=2020-03&org="+townA, nil, "Accept-Language", "zh").header.Get("Content-Disposition")
	require.Equal(t, `attachment; filename="sudi.xlsx"; filename*=UTF-8''%E7%A7%AF%E6%A1%88%E9%94%80%E5%8F%B7%E5%8F%B0%E8%B4%A6-%E7%94%B2%E9%95%87-2020-03.xlsx`, name)
}

func TestFailureBeforeTheFileIsAProblem(t *testing.T) {
	w := newWorld(t)
	w.register("clerk@" + centreA)
	w.store = &failingLedgers{Store: w.store, fail: domain.Errorf(domain.KindOverloaded, "database_away")}
	w.rebuild(Config{})
	a := w.call("clerk@"+centreA, "GET", "/api/v1/ledgers/work.xlsx", nil)
	a.problem(503, "database_away")
	require.Empty(t, a.header.Get("Content-Disposition"))
	w.store = &failingLedgers{Store: w.fake, fail: errors.New("secret"), late: true}
	w.rebuild(Config{})
	server := httptest.NewServer(w.handler)
	defer server.Close()
	_, err := w.download(t, server.URL)
	require.Error(t, err, "a part is not taken for the whole")
	ended := w.recorded("ledger.exported")
	require.Len(t, ended, 2)
	for _, r := range ended {
		require.Equal(t, domain.ResultFailed, r.Result)
	}
	require.Equal(t, "database_away", ended[0].Reason)
	require.Equal(t, "internal", ended[1].Reason)
	w.store = w.fake
	w.rebuild(Config{})
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/healthz", nil))
}

// download reads a ledger over a real connection.
func (w *world) download(t *testing.T, url string) ([]byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/ledgers/work.xlsx", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["clerk@"+centreA])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // read
	return io.ReadAll(answer.Body)
}

// failingLedgers fails to read ledgers, before the first row or after many.
type failingLedgers struct {
	Store
	fail error
	late bool
	rows chan struct{} // closed: go on
	in   chan struct{} // told when a ledger is being read
}

func (f *failingLedgers) Ledger(ctx context.Context, _ domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error {
	if f.in != nil {
		f.in <- struct{}{}
		select {
		case <-f.rows:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !f.late {
		return f.fail
	}
	if err := begin(domain.LedgerHead{At: time.Now(), Total: 1_000_000}); err != nil {
		return err
	}
	row := domain.LedgerRow{Case: domain.Case{Procedure: "appeal", ProcedureVersion: 1, Title: strings.Repeat("字", 3000)}}
	for i := range 20_000 {
		row.Number = time.Now().Add(time.Duration(i)).String()
		if err := each(&row); err != nil {
			return err
		}
	}
	return f.fail
}

func TestExportsAreBounded(t *testing.T) {
	w := newWorld(t)
	held := &failingLedgers{Store: w.fake, fail: domain.Errorf(domain.KindOverloaded, "closing"), rows: make(chan struct{}), in: make(chan struct{})}
	w.store = held
	w.rebuild(Config{})
	done := make(chan int)
	for _, who := range []string{"clerk@" + centreA, "clerk@" + centreA, "clerk@" + centreB, "clerk@" + county} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/ledgers/work.xlsx", nil)
		r.Header.Set("Authorization", "Bearer "+w.tokens[who])
		go func() {
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			done <- rec.Code
		}()
		<-held.in
		if who == "clerk@"+centreB {
			w.call("clerk@"+centreA, "GET", "/api/v1/ledgers/work.xlsx", nil).problem(503, "exports_busy")
		}
	}
	a := w.call("clerk@"+townB, "GET", "/api/v1/ledgers/work.xlsx", nil)
	a.problem(503, "exports_busy")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	close(held.rows)
	for range mostExports {
		require.Equal(t, 503, <-done)
	}
	require.Empty(t, w.server.exports.users)
	w.store = w.fake
	w.rebuild(Config{})
	w.ledger("clerk@"+centreA, "work.xlsx")
}

// A reader who goes away stops the work.
func TestExportStopsWithItsReader(t *testing.T) {
	w := newWorld(t)
	held := &failingLedgers{Store: w.fake, rows: make(chan struct{}), in: make(chan struct{})}
	w.store = held
	w.rebuild(Config{})
	server := httptest.NewServer(w.handler)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/ledgers/work.xlsx", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["clerk@"+centreA])
	go func() {
		<-held.in
		cancel()
	}()
	_, err = http.DefaultClient.Do(r) //nolint:bodyclose // there is no answer
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool {
		w.server.exports.mu.Lock()
		defer w.server.exports.mu.Unlock()
		return len(w.server.exports.users) == 0
	}, 10*time.Second, 10*time.Millisecond)
}

// A ledger may take longer than other answers.
func TestExportHasTimeOfItsOwn(t *testing.T) {
	w := newWorld(t)
	s := w.server
	require.Equal(t, 20*time.Minute, s.timeLimit(http.MethodGet, "/api/v1/ledgers/:file"))
	require.Equal(t, 30*time.Second, s.timeLimit(http.MethodGet, "/api/v1/cases"))
}
