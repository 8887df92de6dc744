// Package ledger writes the county's ledgers (台账) as workbooks: a line for each
// case, in the columns and words that staff know. It streams: rows come from the
// store a few hundred at a time and go to the reader as they come.
package ledger

import (
	"context"
	"fmt"
	"io"
	"time"

	"sudi/domain"
	"sudi/report/xlsx"
)

// Kind is which ledger.
type Kind string

// The ledgers.
const (
	Work       Kind = "work"       // 工作台账: the cases received in a period
	Mediation  Kind = "mediation"  // 人民调解案件登记簿
	Backlog    Kind = "backlog"    // 积案销号台账: each matter until it is removed
	Supervised Kind = "supervised" // 督办台账
	Cases      Kind = "cases"      // 案件清单: any list, also that behind a figure, in every column
)

// Kinds lists every ledger.
var Kinds = []Kind{Work, Mediation, Backlog, Supervised, Cases}

// Title is the ledger's name.
func (k Kind) Title() domain.Text { return books[k].title }

// Store reads what ledgers tell.
type Store interface {
	// Ledger gives the rows that a query selects within its scope, all of one
	// instant, after begin has heard how many there are.
	Ledger(ctx context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error
}

// Words puts codes into words. What has none is given back as it is; "" stays "".
type Words interface {
	Procedure(c *domain.Case) domain.Text
	Class(c *domain.Case) domain.Text
	Regime(c *domain.Case) domain.Text
	State(c *domain.Case) domain.Text
	Outcome(c *domain.Case) domain.Text
	Clock(c *domain.Case, kind string) domain.Text
	Choice(c *domain.Case, field, value string) domain.Text
	Channel(c domain.Channel) domain.Text
	Flag(f domain.Flag) domain.Text
	Organization(code string) string
	Category(code string) string
	Place(code string) string
	User(id string) string
}

// Request asks for a ledger.
type Request struct {
	Kind      Kind
	Query     domain.CaseQuery // whose cursor and limit do not matter
	Lang      string           // "zh" or "en"
	Words     Words
	Indicator *domain.Indicator // whose cases they are, nil when the query names a measure alone or none
	Side      domain.Text       // of the indicator
	Exporter  string            // who asks, in words
	Now       time.Time
	Withheld  int                      // cases of the figure that the exporter may not see
	Masked    bool                     // as the file says; Conceal does it
	Conceal   func([]domain.LedgerRow) // hides of some rows what the exporter may not see; nil: nothing
	Progress  func(done, total int)    // called now and then; nil: not wanted
}

// Result says what was written.
type Result struct {
	Rows int
	AsOf time.Time
}

// progressEvery is how many rows lie between two calls of Progress.
const progressEvery = 500

// Write writes the workbook. Nothing has been written to w when it fails before
// the first row was read, so the failure can still be said in its place; after
// that w holds a part that no program opens.
func Write(ctx context.Context, st Store, r Request, w io.Writer) (Result, error) {
	book, known := books[r.Kind]
	if !known {
		return Result{}, domain.Errorf(domain.KindNotFound, "ledger_unknown", string(r.Kind))
	}
	e := &export{Request: r, book: book, columns: r.columns(book)}
	err := st.Ledger(ctx, r.query(book), func(head domain.LedgerHead) error {
		e.begin(head, w)
		return nil
	}, func(row *domain.LedgerRow) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return e.add(row)
	})
	if err == nil {
		err = e.flush()
	}
	if err != nil {
		return e.result(), err
	}
	if e.sheet.Rows() != e.head.Total {
		return e.result(), fmt.Errorf("ledger %s: %d rows of %d", r.Kind, e.sheet.Rows(), e.head.Total)
	}
	e.about()
	e.progress()
	return e.result(), e.out.Close()
}

// query is what the store is asked.
func (r *Request) query(b *book) domain.LedgerQuery {
	q := domain.LedgerQuery{CaseQuery: r.Query, Actions: b.actions, Clock: b.clock}
	if len(b.procedures) > 0 {
		q.Among = b.procedures
	}
	if b.standing && q.Measure == "" {
		q.Standing = q.Span
	}
	return q
}

// export is a ledger being written.
type export struct {
	Request
	book    *book
	columns []column
	head    domain.LedgerHead
	out     *xlsx.Book
	sheet   *xlsx.Sheet
	values  []any
	waiting []domain.LedgerRow // for the others of their chunk
}

func (e *export) begin(head domain.LedgerHead, w io.Writer) {
	e.head = head
	title := e.book.title.In(e.Lang)
	e.out = xlsx.New(w, xlsx.Options{Title: title, Author: e.Exporter, Made: e.Now})
	plan := xlsx.Plan{Name: title, Frozen: 2, Page: xlsx.Page{
		Top:   title + "  " + e.period(),
		Left:  e.say("导出人：", "Exported by ") + e.Exporter,
		Right: e.say("数据截至 ", "As of ") + civil(head.At),
	}}
	for _, c := range e.columns {
		plan.Columns = append(plan.Columns, xlsx.Column{Title: c.title.In(e.Lang), Width: c.width, Style: c.style})
	}
	e.sheet = e.out.Sheet(plan)
	e.values = make([]any, len(e.columns))
}

// concealedAtOnce is how many rows Conceal gets in one go: it has to ask the
// database.
const concealedAtOnce = 500

// add writes a row, with others.
func (e *export) add(row *domain.LedgerRow) error {
	e.waiting = append(e.waiting, *row)
	if len(e.waiting) < concealedAtOnce {
		return nil
	}
	return e.flush()
}

// flush writes the rows that wait.
func (e *export) flush() error {
	if e.Conceal != nil && len(e.waiting) > 0 {
		e.Conceal(e.waiting)
	}
	for i := range e.waiting {
		if err := e.row(&e.waiting[i]); err != nil {
			return err
		}
	}
	clear(e.waiting)
	e.waiting = e.waiting[:0]
	return nil
}

func (e *export) row(row *domain.LedgerRow) error {
	l := &line{LedgerRow: row, export: e, n: e.sheet.Rows() + 1}
	for i := range e.columns {
		e.values[i] = e.columns[i].value(l)
	}
	err := e.sheet.Row(e.values...)
	if l.n%progressEvery == 0 {
		e.progress()
	}
	return err
}

func (e *export) progress() {
	if e.Progress != nil {
		e.Progress(e.sheet.Rows(), e.head.Total)
	}
}

func (e *export) result() Result {
	if e.sheet == nil {
		return Result{}
	}
	return Result{Rows: e.sheet.Rows(), AsOf: e.head.At}
}

func (r *Request) say(zh, en string) string { return domain.Text{ZH: zh, EN: en}.In(r.Lang) }
