package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/seal"
)

const (
	defaultPage = 50
	longestPage = 200
)

// List gives a page of the cases that a query selects within its scope: newest
// first, or, with DueBefore, in the order of each case's earliest running
// clock. A page is found by the key of the last line before it, so that it
// costs the same however far down it is and no line comes twice. A cursor that
// List did not issue for this order is KindInvalid.
func (s *Store) List(ctx context.Context, q domain.CaseQuery) (domain.CasePage, error) {
	o := received
	if q.DueBefore != nil {
		o = earliestDue
	}
	w, err := s.condition(ctx, &q)
	if err != nil {
		return domain.CasePage{}, err
	}
	if q.Cursor != "" {
		at, id, err := o.parse(q.Cursor)
		if err != nil {
			return domain.CasePage{}, err
		}
		w.add("("+o.key+", c.id) "+o.beyond+" (%s, %s)", at, id)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	return s.page(ctx, q.Scope, o, w, min(limit, longestPage))
}

func (s *Store) page(ctx context.Context, scope domain.Scope, o *order, w *where, limit int) (domain.CasePage, error) {
	query := "SELECT " + caseTable.names("c.") + ", " + o.due + ", " + o.key + " FROM " + o.from + " WHERE " + w.String() +
		" ORDER BY " + o.by + " LIMIT " + strconv.Itoa(limit+1)
	// Planned anew for its values each time: a plan for the county would have a
	// village walk every case, and the other way round.
	rows, err := s.reader(ctx).Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...)
	if err != nil {
		return domain.CasePage{}, wrap("list cases", err)
	}
	defer rows.Close()
	p := domain.CasePage{Items: []domain.CaseLine{}}
	var at, last time.Time
	for rows.Next() {
		var c domain.CaseLine
		if err := rows.Scan(append(pointers(caseTable, &c.Case), &c.Due, &at)...); err != nil {
			return domain.CasePage{}, wrap("list cases", err)
		}
		if len(p.Items) == limit {
			p.Next = o.cursor(last, p.Items[limit-1].ID)
			break
		}
		p.Items, last = append(p.Items, c), at
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return domain.CasePage{}, wrap("list cases", err)
	}
	p.Items, err = admit(ctx, s, s.reader(ctx), scope, p.Items, func(c *domain.CaseLine) string { return c.ID })
	return p, wrap("list cases", err)
}

// running are the limits (deadlines as %[1]s) that make somebody act.
const running = "%[1]s.ended_at IS NULL AND %[1]s.paused_at IS NULL AND %[1]s.held_at IS NULL AND NOT %[1]s.chance"

// order is one of the two orders of a list.
type order struct {
	name, from, key, due, by, beyond string
}

var (
	received = &order{name: "r", from: "cases c", key: "c.received_at", by: "c.received_at DESC, c.id DESC", beyond: "<",
		due: "(SELECT min(d.due) FROM deadlines d WHERE d.case_id = c.id AND " + fmt.Sprintf(running, "d") + ")"}
	// earliestDue takes each case at the earliest of its running limits.
	earliestDue = &order{name: "d", key: "d.due", due: "d.due", by: "d.due, c.id", beyond: ">",
		from: "deadlines d JOIN cases c ON c.id = d.case_id AND " + fmt.Sprintf(running, "d") +
			" AND NOT EXISTS (SELECT FROM deadlines e WHERE e.case_id = d.case_id AND " + fmt.Sprintf(running, "e") +
			" AND (e.due, e.kind, e.round) < (d.due, d.kind, d.round))"}
)

func (o *order) cursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("%s:%d:%s", o.name, at.UnixMicro(), id)))
}

func (o *order) parse(cursor string) (time.Time, [16]byte, error) {
	bad := domain.Invalid(domain.FieldError{Field: "cursor", Code: "cursor_bad"})
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(raw), ":")
	if err != nil || len(parts) != 3 || parts[0] != o.name {
		return time.Time{}, [16]byte{}, bad
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	id, idErr := uuid.Parse(parts[2])
	// PostgreSQL's own range, so that a forged cursor is bad and not an error.
	if at := time.UnixMicro(n); err == nil && idErr == nil && at.Year() > 0 && at.Year() < 10_000 {
		return at, id, nil
	}
	return time.Time{}, [16]byte{}, bad
}

// selected adds what a query asks for, but for scope, due date and cursor.
func (s *Store) selected(ctx context.Context, w *where, q *domain.CaseQuery) error {
	if q.Measure == "" {
		w.during("c.received_at", q.Span)
	} else {
		m := domain.MeasureByCode(q.Measure)
		if m == nil {
			return domain.Invalid(domain.FieldError{Field: "measure", Code: "measure_unknown"})
		}
		w.measured(m, m.Bounds(q.Span))
	}
	w.during("c.received_at", q.Received)
	w.equal("c.state", q.State)
	w.equal("c.procedure", q.Procedure)
	if q.Among != nil {
		w.add("c.procedure = ANY(%s)", q.Among)
	}
	w.equal("c.owner", q.Owner)
	w.equal("c.handler", q.Handler)
	if q.Worker != nil {
		r, err := s.reachOf(ctx, q.Worker.Org)
		if err != nil {
			return wrap("list cases", err)
		}
		w.worked(r, q.Worker.ID, q.Whose)
	}
	if len(q.In) > 0 {
		w.add("c.disposition = ANY(%s)", texts(q.In))
	}
	if q.Within != "" {
		r, err := s.reachOf(ctx, q.Within)
		if err != nil {
			return wrap("list cases", err)
		}
		w.owned(r)
	}
	if err := w.grouped(q); err != nil {
		return err
	}
	w.equal("c.township", q.Township)
	if q.Category != "" {
		w.add("starts_with(c.category, %s)", q.Category)
	}
	if q.Dissatisfied != nil {
		w.add("c.satisfaction = 'dissatisfied' AND c.evaluated_at >= %s", *q.Dissatisfied)
	}
	if q.Restricted {
		w.parts = append(w.parts, "c.restricted AND c.closed_at IS NULL")
	}
	if q.Flag != "" {
		w.add("c.flags <> '[]' AND c.flags ? %s", string(q.Flag))
	}
	if q.Org != "" {
		r, err := s.reachOf(ctx, q.Org)
		if err != nil {
			return wrap("list cases", err)
		}
		w.touched(r)
	}
	w.text(q.Text, q.Persons, q.Scope, s.ring)
	return nil
}

// numberShape is what domain.NumberSeries.Format writes.
var numberShape = regexp.MustCompile(`^[\p{L}0-9]+-[0-9A-Za-z.-]{6,40}-[0-9]{4}-[0-9]{6,}$`)

// personColumns hold what a person is found by as a whole.
var personColumns = []struct {
	name string
	key  seal.Column
}{{"name_key", seal.Name}, {"phone_key", seal.Phone}, {"identity_key", seal.Identity}}

// text looks for a case by its whole number, or by words of its title. Words of
// two characters and more are looked up in the bigram index; position then
// keeps the titles that have the word in one piece. With persons, the text may
// also name a party. By these nobody finds a case whose title he is not shown.
func (w *where) text(text string, persons bool, scope domain.Scope, ring *seal.Ring) {
	text = strings.TrimSpace(domain.HalfWidth(text))
	if text == "" {
		return
	}
	if numberShape.MatchString(text) {
		w.add("c.number = ANY(%s)", []string{text, strings.ToUpper(text)})
		return
	}
	w.confiding(scope, persons)
	title := &where{args: w.args}
	for _, word := range strings.Fields(text) {
		if utf8.RuneCountInString(word) > 1 {
			title.add("sudi_bigrams(c.title) @> sudi_bigrams(%s)", word)
		}
		title.add("position(lower(%s) in lower(c.title)) > 0", word)
	}
	w.args = title.args
	if !persons {
		w.parts = append(w.parts, title.String())
		return
	}
	people := &where{args: w.args}
	for _, c := range personColumns {
		if value := ring.Index(c.key, text); value != nil {
			people.add("SELECT p.case_id FROM parties p WHERE p."+c.name+" = %s", value)
		}
	}
	if len(people.parts) == 0 {
		w.parts = append(w.parts, title.String())
		return
	}
	w.args = people.args
	w.parts = append(w.parts, "(("+title.String()+") OR c.id = ANY(ARRAY("+strings.Join(people.parts, " UNION ")+")))")
}

// EachListed gives every case that a query selects within its scope, in no
// order, by one statement; cursor and limit do not matter. An error of fn ends
// it.
func (s *Store) EachListed(ctx context.Context, q domain.CaseQuery, fn func(*domain.Case) error) error {
	w, err := s.condition(ctx, &q)
	if err != nil {
		return err
	}
	o := received
	if q.DueBefore != nil {
		o = earliestDue
	}
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+caseTable.names("c.")+" FROM "+o.from+" WHERE "+w.String(),
		append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...)
	if err != nil {
		return wrap("list cases", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c domain.Case
		if err := rows.Scan(pointers(caseTable, &c)...); err != nil {
			return wrap("list cases", err)
		}
		if err := fn(&c); err != nil {
			return err
		}
	}
	return wrap("list cases", rows.Err())
}

// CountList counts the cases that a query selects, up to a bound that keeps it
// cheap; cursor and limit do not matter.
func (s *Store) CountList(ctx context.Context, q domain.CaseQuery, most int) (int, error) {
	o := received
	if q.DueBefore != nil {
		o = earliestDue
	}
	w, err := s.condition(ctx, &q)
	if err != nil {
		return 0, err
	}
	query := "SELECT c.id::text FROM " + o.from + " WHERE " + w.String() + " LIMIT " + strconv.Itoa(most)
	rows, err := s.reader(ctx).Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...)
	if err != nil {
		return 0, wrap("count cases", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, wrap("count cases", err)
	}
	ids, err = admit(ctx, s, s.reader(ctx), q.Scope, ids, func(id *string) string { return *id })
	return len(ids), wrap("count cases", err)
}

// CountWithheld counts the cases that a query selects and that its scope keeps
// from view because they complain of the reader's own organisation, or one above
// it. The query must be of cases that the scope covers otherwise (Within an
// organisation of its own); they are few, and found from their parties.
func (s *Store) CountWithheld(ctx context.Context, q domain.CaseQuery) (int, error) {
	if q.Scope.All {
		return 0, nil
	}
	r, err := s.reachOf(ctx, q.Scope.Org)
	if err != nil || len(r.above) == 0 {
		return 0, wrap("count cases", err)
	}
	w := &where{}
	if err := s.selected(ctx, w, &q); err != nil {
		return 0, err
	}
	w.sealed(domain.Scope{})
	w.involved(r)
	var n int
	query := "SELECT count(*) FROM cases c WHERE " + w.String()
	err = s.reader(ctx).QueryRow(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...).Scan(&n)
	return n, wrap("count cases", err)
}

// condition is what a query selects within its scope.
func (s *Store) condition(ctx context.Context, q *domain.CaseQuery) (*where, error) {
	w := &where{}
	if err := s.visible(ctx, w, q.Scope); err != nil {
		return nil, wrap("list cases", err)
	}
	if err := s.selected(ctx, w, q); err != nil {
		return nil, err
	}
	if q.DueBefore != nil {
		w.add("d.due < %s", *q.DueBefore)
		if q.DueFrom != nil {
			w.add("d.due >= %s", *q.DueFrom)
		}
	}
	return w, nil
}
