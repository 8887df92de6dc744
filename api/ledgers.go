package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"sudi/domain"
	"sudi/report/ledger"
)

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

const (
	mostExports       = 4 // at once; each holds a connection of the database
	mostExportsOfUser = 2
	// writePatience is how long a reader may take for a piece of a ledger before
	// he is given up.
	writePatience = time.Minute
)

type ledgerInput struct {
	File string `path:"file" enum:"work.xlsx,mediation.xlsx,backlog.xlsx,supervised.xlsx,cases.xlsx" doc:"work 工作台账, mediation 调解案件登记簿, backlog 积案销号台账, supervised 督办台账, cases 案件清单 (the cases behind a figure, in every column)"`
	CaseFilter
	Persons string `query:"persons" enum:"masked,full" doc:"Names, telephones and identity numbers; masked when left out, full only for those who work on cases"`
}

type ledgerOutput struct{ Body func(huma.Context) }

func (s *server) ledgerRoutes() {
	s.exports.route = http.MethodGet + " " + echoPath(prefix+"/ledgers/{file}")
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/ledgers/{file}", id: "exportLedger", tag: "ledgers",
		summary: "A ledger as a workbook",
		details: "Streamed, with the filters and the rights of GET /cases. In a backlog or supervised ledger a case stands from the period in " +
			"which it came until that in which it ended. A transfer that breaks off leaves a file that no program opens. " +
			"503 when too many are being exported.",
		errors: []int{http.StatusForbidden},
	}, s.exportLedger)
	declareFile(s.huma.OpenAPI().Paths[prefix+"/ledgers/{file}"].Get)
}

// declareFile says in the contract what the answer is, which a stream's type
// does not say.
func declareFile(op *huma.Operation) {
	ok := op.Responses["200"]
	ok.Content = map[string]*huma.MediaType{xlsxType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	ok.Headers["Content-Disposition"] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}, Description: "The file's name"}
}

func (s *server) exportLedger(ctx context.Context, who *Caller, in *ledgerInput) (*ledgerOutput, error) {
	q, err := s.selection(ctx, who, &in.CaseFilter)
	if err != nil {
		return nil, err
	}
	if in.Persons == "full" && who.Masked() {
		return nil, domain.Errorf(domain.KindForbidden, "persons_not_yours")
	}
	words, err := s.ledgerWords(ctx)
	if err != nil {
		return nil, err
	}
	masked := in.Persons != "full"
	r := ledger.Request{
		Kind: ledger.Kind(strings.TrimSuffix(in.File, ".xlsx")), Query: q, Lang: who.Lang, Words: words, Now: s.Now(), Masked: masked,
		Exporter: who.User.Name + " (" + words.Organization(who.User.Org) + ")", Conceal: s.conceal(ctx, who, masked),
	}
	if r.Indicator = domain.IndicatorByCode(in.Indicator); r.Indicator != nil {
		r.Side = SideTitle(r.Indicator, q.Measure)
	}
	if r.Withheld, err = s.withheld(ctx, in.CaseFilter, q); err != nil {
		return nil, err
	}
	return &ledgerOutput{Body: func(out huma.Context) { s.streamLedger(out, who, &r, ledgerName(&r, in.Period, words)) }}, nil
}

// SideTitle names the side of an indicator on which a measure stands.
func SideTitle(of *domain.Indicator, measure string) domain.Text {
	if measure == of.Denominator && measure != of.Numerator {
		return domain.Text{ZH: "分母", EN: "denominator"}
	}
	return domain.Text{ZH: "分子", EN: "numerator"}
}

func (s *server) ledgerWords(ctx context.Context) (*LedgerWords, error) {
	orgs, err := s.Store.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	categories, err := s.Store.Categories(ctx)
	if err != nil {
		return nil, err
	}
	users, err := s.Store.Users(ctx)
	return NewLedgerWords(s.Engine.Rules(), orgs, categories, users), err
}

// streamLedger writes the workbook. What fails before its first piece is
// answered in words; after that the connection is broken off, so that nobody
// takes the part for the whole.
func (s *server) streamLedger(c huma.Context, who *Caller, r *ledger.Request, name string) {
	ctx := c.Context()
	out := &fileWriter{c: c, name: name}
	result, err := ledger.Result{}, s.exports.enter(who.User.ID)
	if err == nil {
		defer s.exports.leave(who.User.ID)
		if err = s.recordExport(ctx, r, false, result, nil); err == nil {
			result, err = ledger.Write(ctx, s.Store, *r, out)
			if failed := s.recordExport(ctx, r, true, result, err); failed != nil {
				requestOf(ctx).log.ErrorContext(ctx, "the end of an export was not recorded", "request_id", requestOf(ctx).ID, "cause", failed)
			}
		}
	}
	switch {
	case err == nil:
	case out.begun:
		panic(http.ErrAbortHandler)
	default:
		writeProblem(c, requestOf(ctx).problem(err))
	}
}

// recordExport records an export before its first line is sent, and again, with
// its rows, when it has ended.
func (s *server) recordExport(ctx context.Context, r *ledger.Request, ended bool, result ledger.Result, failed error) error {
	record := domain.Record{
		At: s.Now(), Action: "ledger.export", Object: domain.RecordObject{Type: "ledger", ID: string(r.Kind)},
		Details: map[string]string{"masked": strconv.FormatBool(r.Masked)},
	}
	for name, value := range map[string]string{
		"measure": r.Query.Measure, "under": cmp.Or(r.Query.Org, r.Query.Within), "procedure": s.code(r.Query.Procedure), "category": s.code(r.Query.Category),
		"from": dayOrNone(r.Query.Span.From), "to": dayOrNone(r.Query.Span.To), "q": s.Store.SearchKey(r.Query.Text),
	} {
		if value != "" {
			record.Details[name] = value
		}
	}
	if ended {
		record.Action, record.Details["rows"] = "ledger.exported", strconv.Itoa(result.Rows)
		ctx = context.WithoutCancel(ctx) // also that the reader went away
	}
	if failed != nil {
		record.Result, record.Reason = domain.ResultFailed, codeOf(failed)
	}
	return s.Store.Record(ctx, record)
}

func dayOrNone(d domain.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// writeProblem answers with a problem document from within a stream's answer.
func writeProblem(c huma.Context, p *Problem) {
	for name, values := range p.GetHeaders() {
		c.SetHeader(name, values[0])
	}
	c.SetHeader("Content-Type", p.ContentType(""))
	c.SetStatus(p.Status)
	_ = strictJSON.Marshal(c.BodyWriter(), p) // the reader has gone
}

// fileWriter is the body of a file's answer; the head goes with the first piece.
type fileWriter struct {
	c       huma.Context
	name    string
	begun   bool
	control *http.ResponseController
}

func (w *fileWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.control = http.NewResponseController(humaecho.Unwrap(w.c).Response())
		w.c.SetHeader("Content-Type", xlsxType)
		w.c.SetHeader("Content-Disposition", disposition("attachment", w.name))
		w.c.SetStatus(http.StatusOK)
	}
	if err := w.c.Context().Err(); err != nil {
		return 0, err
	}
	err := w.control.SetWriteDeadline(time.Now().Add(writePatience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return w.c.BodyWriter().Write(p)
}

var _ io.Writer = (*fileWriter)(nil)

// ledgerName is the ledger's title, its organisation and its period.
func ledgerName(r *ledger.Request, period string, words *LedgerWords) string {
	parts := []string{r.Kind.Title().In(r.Lang)}
	if r.Query.Org != "" {
		parts = append(parts, words.Organization(r.Query.Org))
	}
	if r.Query.Measure != "" {
		parts = append(parts, r.Query.Measure)
	}
	if period != "" {
		parts = append(parts, period)
	}
	return strings.NewReplacer("/", "_", `\`, "_").Replace(strings.Join(parts, "-")) + ".xlsx"
}

// LedgerPeriod reads the period of a ledger as lists do; "" is all time.
func LedgerPeriod(period string) (domain.Span, bool) { return spanOf(period) }

// LedgerMeasure finds what a figure counts: code is the message key of what is
// wrong.
func LedgerMeasure(indicator, side string) (measure, code string) { return measureOf(indicator, side) }

// exports bounds how many ledgers are written at once.
type exports struct {
	route string // "METHOD path"
	mu    sync.Mutex
	users []string // of each that runs
}

func newExports() *exports { return &exports{} }

func (e *exports) enter(user string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	own := 0
	for _, u := range e.users {
		if u == user {
			own++
		}
	}
	if len(e.users) >= mostExports || own >= mostExportsOfUser {
		return domain.Errorf(domain.KindOverloaded, "exports_busy")
	}
	e.users = append(e.users, user)
	return nil
}

func (e *exports) leave(user string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.users, user); i >= 0 {
		e.users = slices.Delete(e.users, i, i+1)
	}
}

// timeLimit is how long a request may take.
func (s *server) timeLimit(method, path string) time.Duration {
	if method+" "+path == s.exports.route {
		return s.ExportTimeout
	}
	return s.RequestTimeout
}
