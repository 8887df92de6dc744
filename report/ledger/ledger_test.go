package ledger

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/domain"
)

var update = flag.Bool("update", false, "rewrite golden files")

// words are plain: every code comes out marked, so that a golden file shows
// which of them were put into words.
type words struct{}

func say(kind, code string) domain.Text {
	if code == "" {
		return domain.Text{}
	}
	return domain.Text{ZH: kind + "〈" + code + "〉", EN: kind + "<" + code + ">"}
}

func (words) Procedure(c *domain.Case) domain.Text           { return say("程序", c.Procedure) }
func (words) Class(c *domain.Case) domain.Text               { return say("类别", c.Class) }
func (words) Regime(c *domain.Case) domain.Text              { return say("法律", c.Regime) }
func (words) State(c *domain.Case) domain.Text               { return say("状态", c.State) }
func (words) Outcome(c *domain.Case) domain.Text             { return say("结果", c.Outcome) }
func (words) Clock(_ *domain.Case, kind string) domain.Text  { return say("时限", kind) }
func (words) Choice(_ *domain.Case, f, v string) domain.Text { return say(f, v) }
func (words) Channel(c domain.Channel) domain.Text           { return say("来源", string(c)) }
func (words) Flag(f domain.Flag) domain.Text                 { return say("标记", string(f)) }
func (words) Organization(code string) string                { return say("单位", code).ZH }
func (words) Category(code string) string                    { return say("分类", code).ZH }
func (words) Place(code string) string                       { return say("地点", code).ZH }
func (words) User(id string) string                          { return say("人员", id).ZH }

// shelf is a store with some rows.
type shelf struct {
	rows []domain.LedgerRow
	at   time.Time
	asks domain.LedgerQuery
	fail error // after the rows
}

func (s *shelf) Ledger(_ context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error {
	s.asks = q
	if s.fail != nil && len(s.rows) == 0 {
		return s.fail
	}
	if err := begin(domain.LedgerHead{At: s.at, Total: len(s.rows)}); err != nil {
		return err
	}
	for i := range s.rows {
		row := s.rows[i]
		row.Parties = slices.Clone(row.Parties)
		if err := each(&row); err != nil {
			return err
		}
	}
	return s.fail
}

// at is an instant in Beijing.
func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, domain.Beijing)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func ref[T any](v T) *T { return &v }

func aCase(n int, edit func(*domain.LedgerRow)) domain.LedgerRow {
	id := fmt.Sprintf("0197a000-0000-7000-8000-%012d", n)
	r := domain.LedgerRow{Case: domain.Case{
		ID: id, Matter: id, Number: fmt.Sprintf("SQ-370404102-2020-%06d", n), Procedure: "appeal", ProcedureVersion: 1, Category: "0102",
		Title: "反映村口路灯不亮", Place: "370404102201", Channel: domain.ChannelHotline, Persons: 1, RegisteredBy: "370404-centre",
		Owner: "370404102", Desk: "370404102", Unit: "370404102", Handler: "u1", State: "registered", Disposition: domain.Pending,
		ReceivedAt: at("2020-03-01 23:59"), Version: 1,
	}, Parties: []domain.Party{
		{CaseID: id, Seq: 1, Role: domain.PartyApplicant, Name: "张三", Phone: "13800000000", IdentityNumber: "370404199001010011"},
		{CaseID: id, Seq: 2, Role: domain.PartyRepresentative, Name: "李四", Phone: "+8613900000000"},
		{CaseID: id, Seq: 3, Role: domain.PartyRespondent, Name: "=王五", Phone: "0632-1234567", IdentityNumber: "37040419900101002X"},
	}}
	edit(&r)
	return r
}

func entry(version int, when, action string, fields domain.Fields) domain.Entry {
	return domain.Entry{Version: version, At: at(when), Action: action, ActorName: "督办员", ActorOrg: "370404-xinfang", Fields: fields}
}

func limit(kind, due string, edit func(*domain.Deadline)) domain.Deadline {
	d := domain.Deadline{Kind: kind, Round: 1, Due: at(due).Add(time.Minute - time.Microsecond)}
	if edit != nil {
		edit(&d)
	}
	return d
}

// someRows are cases of every sort that a ledger meets.
func someRows() []domain.LedgerRow {
	return []domain.LedgerRow{
		aCase(1, func(r *domain.LedgerRow) {
			r.Title = `=HYPERLINK("http://x","点此")`
			r.Deadlines = []domain.Deadline{limit("accept", "2020-03-04 23:59", nil), limit("hand_back", "2020-03-02 23:59", func(d *domain.Deadline) { d.Chance = true })}
			r.Due = ref(r.Deadlines[0].Due)
		}),
		aCase(2, func(r *domain.LedgerRow) {
			r.Title = "两\r\n行\x00与 emoji 👩‍👩‍👧"
			r.Flags = []domain.Flag{domain.FlagCollective, domain.FlagUrgent}
			r.Partners = []string{"370404-court", "370404103"}
			r.State, r.Disposition, r.Outcome, r.Class, r.Regime = "closed", domain.Concluded, "answered", "consultation", "P05"
			r.Persons, r.Amount, r.Settled = 1200, 1_234_505, 100
			r.AcceptedAt, r.ConcludedAt, r.ClosedAt, r.EvaluatedAt = ref(at("2020-03-02 00:00")), ref(at("2020-04-01 00:01")), ref(at("2020-04-02 08:00")), ref(at("2020-04-03 08:00"))
			r.ConcludeDue, r.ConcludeMet = ref(at("2020-03-20 23:59")), ref(false)
			r.Satisfaction, r.Counts = domain.BasicallySatisfied, map[string]int{"confirmed": 1, "performed": 1}
			r.Deadlines = []domain.Deadline{limit("answer", "2020-03-20 23:59", func(d *domain.Deadline) { d.MissedAt, d.EndedAt = ref(at("2020-03-21 00:00")), r.ConcludedAt })}
		}),
	}
}

func write(t *testing.T, r Request, rows ...domain.LedgerRow) (*excelize.File, *shelf) {
	t.Helper()
	if r.Lang == "" {
		r.Lang = "zh"
	}
	r.Words, r.Exporter, r.Now = words{}, "赵六 (信访局)", at("2021-01-05 09:31")
	if r.Query.Scope == (domain.Scope{}) {
		r.Query.Scope = domain.Scope{Org: "370404"}
	}
	var buf bytes.Buffer
	st := &shelf{rows: rows, at: at("2021-01-05 09:30")}
	result, err := Write(t.Context(), st, r, &buf)
	require.NoError(t, err)
	require.Equal(t, Result{Rows: len(rows), AsOf: st.at}, result)
	f, err := excelize.OpenReader(&buf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f, st
}

// golden is every cell that has something, with its type, beside its heading.
func golden(t *testing.T, f *excelize.File) string {
	t.Helper()
	var b strings.Builder
	for _, sheet := range f.GetSheetList() {
		fmt.Fprintf(&b, "# %s\n", sheet)
		rows, err := f.GetRows(sheet)
		require.NoError(t, err)
		for i, row := range rows {
			for j, shown := range row {
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				require.NoError(t, err)
				kind, err := f.GetCellType(sheet, cell)
				require.NoError(t, err)
				formula, err := f.GetCellFormula(sheet, cell)
				require.NoError(t, err)
				require.Empty(t, formula)
				if shown == "" {
					continue
				}
				what := map[excelize.CellType]string{excelize.CellTypeInlineString: "text", excelize.CellTypeUnset: "number"}[kind]
				fmt.Fprintf(&b, "%s %s\t%q\n", cell, what, shown)
			}
		}
	}
	return b.String()
}

func TestLedgersAreGolden(t *testing.T) {
	backlog := aCase(3, func(r *domain.LedgerRow) {
		r.Number, r.Procedure, r.Class, r.Partners = "JA-370404-xinfang-2019-000003", "backlog", "five_year", []string{"370404103"}
		r.ReceivedAt, r.AcceptedAt, r.ConcludedAt = at("2019-05-01 09:00"), ref(at("2019-05-02 09:00")), ref(at("2020-06-30 10:00"))
		r.State, r.Disposition, r.Outcome = "resolved", domain.Concluded, "resolved"
		r.Entries = []domain.Entry{
			entry(1, "2019-05-01 09:00", "register", domain.Fields{"source": "provincial", "notice_number": "鲁信〔2019〕1号", "list_item": "17", "first_registered": "2012-02-29", "petition_numbers": "XF-1"}),
			entry(2, "2019-05-02 09:00", "take_charge", domain.Fields{"leader_name": "钱七", "leader_post": "副区长", "target_date": "2019-12-31"}),
			entry(3, "2019-05-03 09:00", "make_plan", domain.Fields{"crux": "补偿", "plan": "-一案一策", "responsible_person": "孙八"}),
			entry(4, "2019-06-03 09:00", "report_progress", domain.Fields{"progress": "已面谈"}),
			entry(5, "2019-12-03 09:00", "change_target", domain.Fields{"target_date": "2020-06-30"}),
			entry(6, "2020-02-03 09:00", "report_progress", domain.Fields{"progress": "已签协议"}),
			entry(7, "2020-06-01 09:00", "claim", domain.Fields{"how": "agreement"}),
			entry(8, "2020-06-02 09:00", "sign_as_leader", domain.Fields{"leader_signed_by": "钱七"}),
			entry(9, "2020-06-30 10:00", "resolve", domain.Fields{"result": "resolved", "bureau_signed_by": "周九", "removal_number": "XH-1"}),
		}
	})
	rebound := backlog
	rebound.ConcludedAt, rebound.State, rebound.Disposition, rebound.Outcome = nil, "planned", domain.Active, ""
	removed := backlog
	removed.ConcludedAt, removed.Disposition, removed.ClosedAt = nil, domain.Terminated, ref(at("2020-05-01 09:00"))
	later := backlog
	later.ConcludedAt = ref(at("2021-01-01 00:00"))
	supervised := aCase(4, func(r *domain.LedgerRow) {
		r.Procedure, r.Entries = "petition", []domain.Entry{
			entry(2, "2020-03-01 09:00", "supervise", domain.Fields{"supervision_ground": "late", "reason": "逾期"}),
			entry(3, "2020-03-05 09:00", "answer_supervision", domain.Fields{"record": "已办"}),
			entry(4, "2020-04-01 09:00", "supervise", domain.Fields{"supervision_ground": "quality", "reason": "@再办"}),
		}
		r.Deadlines = []domain.Deadline{
			limit(supervision, "2020-03-10 23:59", func(d *domain.Deadline) { d.EndedAt, d.Met = ref(at("2020-03-05 09:00")), true }),
			limit(supervision, "2020-04-10 23:59", func(d *domain.Deadline) { d.Round = 2 }),
		}
	})
	closure := domain.IndicatorByCode("appeals.closure_rate")
	for name, c := range map[string]struct {
		r    Request
		rows []domain.LedgerRow
	}{
		"work":       {Request{Kind: Work, Query: domain.CaseQuery{Span: domain.Year(2020), Org: "370404102"}}, someRows()},
		"work_en":    {Request{Kind: Work, Lang: "en", Masked: true, Query: domain.CaseQuery{Text: "13800000000", Persons: true, Flag: domain.FlagUrgent, Scope: domain.Scope{Org: "370404-xinfang", Watch: true}}}, someRows()},
		"mediation":  {Request{Kind: Mediation, Query: domain.CaseQuery{Procedure: "mediation", State: "agreed", Category: "01", Handler: "u1", DueBefore: ref(at("2020-05-01 00:00")), Scope: domain.AllCases}}, someRows()},
		"backlog":    {Request{Kind: Backlog, Query: domain.CaseQuery{Span: domain.Year(2020)}}, []domain.LedgerRow{backlog, rebound, removed, later}},
		"supervised": {Request{Kind: Supervised, Query: domain.CaseQuery{Span: domain.Span{From: domain.NewDate(2020, 3, 1), To: domain.NewDate(2020, 3, 31)}}}, []domain.LedgerRow{supervised}},
		// What is left today of a past year is not what was open at its end.
		"open": {Request{Kind: Cases, Indicator: domain.IndicatorByCode("cases.open"), Side: domain.Text{ZH: "分子"}, Query: domain.CaseQuery{
			Measure: "cases.open", Span: domain.MeasureByCode("cases.open").Bounds(domain.Year(2019)), Within: "370404"}}, someRows()[:1]},
		"cases": {Request{Kind: Cases, Indicator: closure, Side: domain.Text{ZH: "分母"}, Query: domain.CaseQuery{
			Measure: closure.Denominator, Span: domain.Year(2020), Within: "370404102", Group: &domain.Group{By: domain.ByTownship, Key: "370404102"}, Received: domain.Span{To: domain.NewDate(2020, 3, 31)}, Township: "370404102"}, Withheld: 2}, someRows()},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := write(t, c.r, c.rows...)
			got := golden(t, f)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestLedgerAsksForItsOwnCases(t *testing.T) {
	year := domain.Year(2020)
	_, st := write(t, Request{Kind: Work, Query: domain.CaseQuery{Span: year}})
	require.Equal(t, domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.Scope{Org: "370404"}, Span: year}}, st.asks)
	_, st = write(t, Request{Kind: Backlog, Query: domain.CaseQuery{Span: year}})
	require.Equal(t, []any{year, []string{"backlog"}, ""}, []any{st.asks.Standing, st.asks.Among, st.asks.Clock})
	require.Contains(t, st.asks.Actions, "resolve")
	_, st = write(t, Request{Kind: Backlog, Query: domain.CaseQuery{Span: year, Measure: "backlog.resolved"}})
	require.Zero(t, st.asks.Standing, "behind a figure are its own cases and no more")
	_, st = write(t, Request{Kind: Supervised, Query: domain.CaseQuery{Span: year}})
	require.Equal(t, []any{year, "supervision"}, []any{st.asks.Standing, st.asks.Clock})
	_, st = write(t, Request{Kind: Mediation})
	require.Equal(t, mediations, st.asks.Among)
}

func TestConcealedRowsStayConcealed(t *testing.T) {
	seen := 0
	f, _ := write(t, Request{Kind: Cases, Conceal: func(rows []domain.LedgerRow) {
		for n := range rows {
			r := &rows[n]
			seen++
			r.Title = "***"
			for i := range r.Parties {
				r.Parties[i].Name, r.Parties[i].Phone, r.Parties[i].IdentityNumber = "某", "", ""
			}
		}
	}}, someRows()...)
	require.Equal(t, 2, seen)
	text := golden(t, f)
	for _, secret := range []string{"张三", "李四", "王五", "138", "139", "0632", "19900101", "路灯", "HYPERLINK"} {
		require.NotContains(t, text, secret)
	}
}

func TestFailureBeforeTheFirstRowWritesNothing(t *testing.T) {
	gone := errors.New("no database")
	var buf bytes.Buffer
	_, err := Write(t.Context(), &shelf{fail: gone}, Request{Kind: Work, Words: words{}}, &buf)
	require.ErrorIs(t, err, gone)
	require.Zero(t, buf.Len())
	_, err = Write(t.Context(), &shelf{}, Request{Kind: "nonsense", Words: words{}}, &buf)
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
	require.Zero(t, buf.Len())
}

func TestFailureInTheMiddleLeavesNothingThatOpens(t *testing.T) {
	gone := errors.New("no database")
	var buf bytes.Buffer
	rows := make([]domain.LedgerRow, concealedAtOnce+1)
	for i := range rows {
		rows[i] = aCase(i, func(*domain.LedgerRow) {})
	}
	result, err := Write(t.Context(), &shelf{rows: rows, fail: gone}, Request{Kind: Work, Words: words{}}, &buf)
	require.ErrorIs(t, err, gone)
	require.Equal(t, concealedAtOnce, result.Rows)
	_, err = excelize.OpenReader(bytes.NewReader(buf.Bytes()))
	require.Error(t, err)
}

func TestExportStopsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := make([]domain.LedgerRow, 5000)
	for i := range rows {
		rows[i] = aCase(i, func(*domain.LedgerRow) {})
	}
	told := 0
	result, err := Write(ctx, &shelf{rows: rows}, Request{Kind: Work, Words: words{}, Progress: func(done, total int) {
		told++
		require.Equal(t, 5000, total)
		if done >= 1000 {
			cancel()
		}
	}}, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, result.Rows, 1500)
	require.Positive(t, told)
}

// Every ledger says every heading in both languages.
func TestHeadingsAreInBothLanguages(t *testing.T) {
	require.ElementsMatch(t, Kinds, slices.Collect(maps.Keys(books)))
	for _, k := range Kinds {
		require.LessOrEqual(t, len([]rune(k.Title().EN)), 25, "a sheet's name, and room for a number")
		zh, en := map[string]bool{}, map[string]bool{}
		for _, c := range books[k].columns {
			require.NotEmpty(t, c.title.ZH)
			require.NotEmpty(t, c.title.EN)
			require.False(t, zh[c.title.ZH], "%s twice in %s", c.title.ZH, k)
			require.False(t, en[c.title.EN], "%s twice in %s", c.title.EN, k)
			zh[c.title.ZH], en[c.title.EN] = true, true
		}
	}
}
