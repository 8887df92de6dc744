package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// ApplyAll takes many decisions in one transaction: all or none. Decisions
// about the same case see one another's work, in order.
func (s *Store) ApplyAll(ctx context.Context, ds []domain.Decision) ([]domain.File, error) {
	ds = slices.Clone(ds)
	for i := range ds {
		ds[i].Origin = domain.OriginOf(ctx)
	}
	results, err := s.decide(ctx, ds, true)
	if err != nil {
		return nil, domainError(err)
	}
	files := make([]domain.File, len(results))
	for i := range results {
		files[i] = results[i].File
	}
	return files, nil
}

const mostAttempts = 5

// decide runs the decisions in one transaction, again when the server asks for
// it. A decision that errs is answered with its error and left out, or, when
// strict, fails them all. An error means that nothing was written, unless it is
// errUnknown.
func (s *Store) decide(ctx context.Context, ds []domain.Decision, strict bool) ([]domain.Result, error) {
	for attempt := 1; ; attempt++ {
		results, err := s.decideOnce(ctx, ds, strict)
		if err == nil || attempt == mostAttempts || ctx.Err() != nil || !repeatable(err) {
			return results, err
		}
		//nolint:gosec // jitter, not a secret
		time.Sleep(time.Duration(rand.IntN(20*attempt*attempt)) * time.Millisecond)
	}
}

func (s *Store) decideOnce(ctx context.Context, ds []domain.Decision, strict bool) ([]domain.Result, error) {
	var options pgx.TxOptions
	if !strict {
		options.BeginQuery = beginLane
	}
	tx, err := s.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // a no-op after commit
	results := make([]domain.Result, len(ds))
	for _, round := range rounds(ds) {
		if err := s.decideRound(ctx, tx, ds, round, results, strict); err != nil {
			return nil, err
		}
	}
	// Once it is on its way a commit is waited for: cancelling it would leave
	// its outcome unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), laneTimeout)
	defer cancel()
	if err := tx.Commit(ctx); err != nil {
		return nil, commitError(err)
	}
	return results, nil
}

// rounds sorts decisions, by index, so that no round has two about one case.
func rounds(ds []domain.Decision) [][]int {
	seen := make(map[string]int)
	var out [][]int
	for i := range ds {
		n := 0
		if id := ds[i].CaseID; id != "" {
			n = seen[id]
			seen[id]++
		}
		for len(out) <= n {
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

// decideRound locks the cases of a round, asks for the decisions and writes
// them.
func (s *Store) decideRound(ctx context.Context, tx pgx.Tx, ds []domain.Decision, round []int, results []domain.Result, strict bool) error {
	var ids [][16]byte
	for _, i := range round {
		if id, err := uuid.Parse(ds[i].CaseID); err == nil {
			ids = append(ids, id)
		}
	}
	files, err := s.loadFiles(ctx, tx, ids, "FOR NO KEY UPDATE")
	if err != nil {
		return err
	}
	changes := make([]*domain.Change, 0, len(round))
	takers := make([]int, 0, len(round))
	for _, i := range round {
		before, change, err := s.ask(&ds[i], files)
		if err != nil && strict {
			return err
		}
		if err != nil {
			results[i] = domain.Result{Err: err}
			continue
		}
		change.Origin = ds[i].Origin
		results[i].File = before
		changes = append(changes, change)
		takers = append(takers, i)
	}
	if err := s.writeChanges(ctx, tx, withOpened(changes)); err != nil {
		return err
	}
	for n, i := range takers {
		results[i].File = changes[n].File(results[i].File)
	}
	return nil
}

// withOpened lists changes with those of the cases that they open, each behind
// the one that it comes from.
func withOpened(changes []*domain.Change) []*domain.Change {
	var all []*domain.Change
	for _, c := range changes {
		all = append(all, c)
		all = append(all, withOpened(appendPointers(nil, c.Opens))...)
	}
	return all
}

// ask calls a decision on its case's file.
func (s *Store) ask(d *domain.Decision, files map[[16]byte]*domain.File) (before domain.File, change *domain.Change, err error) {
	if d.CaseID != "" {
		id, err := uuid.Parse(d.CaseID)
		if err != nil || files[id] == nil {
			return before, nil, errCaseUnknown
		}
		before = *files[id]
	}
	// The decision is other people's code: its panic must not end the lane.
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a decision panicked", "case", d.CaseID, "panic", p, "stack", string(debug.Stack()))
			change, err = nil, domain.Errorf(domain.KindInternal, "decision_panicked")
		}
	}()
	c, err := d.Decide(copyFile(before))
	if err != nil {
		return before, nil, err
	}
	if err := checkChange(d, &before, &c); err != nil {
		return before, nil, err
	}
	if c.Before != nil {
		own := before.Case // the figures move from what is stored, whatever the decision says was there
		c.Before = &own
	}
	return before, &c, nil
}

// copyFile keeps a decision from changing what the store remembers as before.
func copyFile(f domain.File) domain.File {
	return domain.File{
		Case:      f.Case.Clone(),
		Parties:   append([]domain.Party(nil), f.Parties...),
		Deadlines: append([]domain.Deadline(nil), f.Deadlines...),
		Derived:   append([]domain.Case(nil), f.Derived...),
		Repeats:   append([]domain.Repeat(nil), f.Repeats...),
	}
}

// checkChange refuses a change that would tear the case from its history.
func checkChange(d *domain.Decision, before *domain.File, c *domain.Change) error {
	version := 0
	if c.Before != nil {
		version = c.Before.Version
	}
	switch {
	case (d.CaseID == "") != (c.Before == nil),
		c.Before != nil && (c.Before.ID != before.Case.ID || c.After.ID != before.Case.ID || version != before.Case.Version),
		len(c.Entries) == 0, c.After.Version != version+len(c.Entries),
		(c.Before == nil) != (c.Series != nil):
		return domain.Errorf(domain.KindInternal, "change_malformed", c.After.ID)
	}
	for i := range c.Opens {
		if err := checkChange(&domain.Decision{}, &domain.File{}, &c.Opens[i]); err != nil {
			return err
		}
	}
	for i := range c.Entries {
		if c.Entries[i].Version != version+1+i || c.Entries[i].CaseID != c.After.ID {
			return domain.Errorf(domain.KindInternal, "change_malformed", c.After.ID)
		}
	}
	return nil
}

var selectParties = "SELECT " + partyTable.names("p.") + ", k.key FROM parties p JOIN case_keys k ON k.case_id = p.case_id" +
	" WHERE p.case_id = ANY($1) ORDER BY p.case_id, p.seq"

var selectDeadlines = "SELECT " + deadlineTable.names("") +
	" FROM deadlines WHERE case_id = ANY($1) ORDER BY case_id, started_at, kind, round"

var selectDerived = "SELECT " + caseTable.names("") + " FROM cases WHERE derived_from = ANY($1) ORDER BY derived_from, received_at, id"

// selectRepeats finds what repeats a case, and what repeats that again. UNION
// would end even with a ring. A restricted case is nobody's return: it would be
// told of there, and counted.
const selectRepeats = `WITH RECURSIVE r (first, id, received_at) AS (
	SELECT repeats, id, received_at FROM cases WHERE repeats = ANY($1) AND NOT restricted
	UNION SELECT r.first, c.id, c.received_at FROM r JOIN cases c ON c.repeats = r.id AND NOT c.restricted)
	SELECT first, id, received_at FROM r ORDER BY first, received_at, id`

// loadFiles reads cases with their parties, clocks, the cases opened out of
// them and their repeats in five statements and one round trip. Cases are locked in the order of
// their ids, so that two transactions never wait for each other; the lock is the
// one that foreign keys to the case do not wait for.
func (s *Store) loadFiles(ctx context.Context, q querier, ids [][16]byte, lock string) (map[[16]byte]*domain.File, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	b := &pgx.Batch{}
	b.Queue("SELECT "+caseTable.names("")+" FROM cases WHERE id = ANY($1) ORDER BY id "+lock, ids)
	b.Queue(selectParties, ids)
	b.Queue(selectDeadlines, ids)
	b.Queue(selectDerived, ids)
	b.Queue(selectRepeats, ids)
	answer := q.SendBatch(ctx, b)
	defer answer.Close() //nolint:errcheck // its queries have been read to the end, or have failed
	cases, err := answered[domain.Case](answer, caseTable)
	if err != nil {
		return nil, err
	}
	parties, err := s.answeredParties(answer)
	if err != nil {
		return nil, err
	}
	deadlines, err := answered[domain.Deadline](answer, deadlineTable)
	if err != nil {
		return nil, err
	}
	derived, err := answered[domain.Case](answer, caseTable)
	if err != nil {
		return nil, err
	}
	files := assemble(cases, parties, deadlines, derived)
	return files, addRepeats(answer, files)
}

func addRepeats(answer pgx.BatchResults, files map[[16]byte]*domain.File) error {
	rows, err := answer.Query()
	if err != nil {
		return fmt.Errorf("read repeats: %w", err)
	}
	var first, id uuid.UUID
	var received time.Time
	_, err = pgx.ForEachRow(rows, []any{&first, &id, &received}, func() error {
		if f := files[first]; f != nil {
			f.Repeats = append(f.Repeats, domain.Repeat{ID: id.String(), ReceivedAt: received.UTC()})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read repeats: %w", err)
	}
	return nil
}

func answered[T any](answer pgx.BatchResults, t *table) ([]T, error) {
	rows, err := answer.Query()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	return collect[T](t, rows)
}

// answeredParties takes the answer to selectParties.
func (s *Store) answeredParties(answer pgx.BatchResults) ([]domain.Party, error) {
	rows, err := answer.Query()
	if err != nil {
		return nil, fmt.Errorf("read parties: %w", err)
	}
	return collectOpened[domain.Party](s, partyTable, rows)
}

func assemble(cases []domain.Case, parties []domain.Party, deadlines []domain.Deadline, derived []domain.Case) map[[16]byte]*domain.File {
	files := make(map[[16]byte]*domain.File, len(cases))
	byID := make(map[string]*domain.File, len(cases))
	for i := range cases {
		f := &domain.File{Case: cases[i]}
		files[uuid.MustParse(cases[i].ID)], byID[cases[i].ID] = f, f
	}
	for i := range parties {
		if f := byID[parties[i].CaseID]; f != nil {
			f.Parties = append(f.Parties, parties[i])
		}
	}
	for i := range deadlines {
		if f := byID[deadlines[i].CaseID]; f != nil {
			f.Deadlines = append(f.Deadlines, deadlines[i])
		}
	}
	for i := range derived {
		if f := byID[*derived[i].DerivedFrom]; f != nil {
			f.Derived = append(f.Derived, derived[i])
		}
	}
	return files
}
