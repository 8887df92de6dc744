package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"sudi/domain"
	"sudi/store"
)

// loaders is how many connections copy at once.
const loaders = 2

// loader fills a private database with cases. While it does, the table has no
// foreign keys, triggers or secondary indexes, but for those by which the server
// beside it looks for work; it then puts back the keys, which checks every row, and
// the indexes that a count can use. The others (of titles, desks, marks) are left
// off: no figure reads them.
type loader struct {
	pool     *pgxpool.Pool
	make     *maker
	rollup   *rollup
	parked   []string // statements that put back what was taken off
	tallyKey string   // the definition of the roll-up's key
}

// useful are the indexes by which one can count: those on the moments of figures.
const useful = `USING btree \((received|accepted|concluded|evaluated|respond|accept|conclude|perform)_(at|due)`

func newLoader(ctx context.Context, pool *pgxpool.Pool, st *store.Store) (*loader, error) {
	orgs, err := st.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	categories, err := st.Categories(ctx)
	if err != nil {
		return nil, err
	}
	l := &loader{pool: pool, make: newMaker(orgs, categories), rollup: newRollup(orgs)}
	err = pool.QueryRow(ctx, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tallies_pkey'").Scan(&l.tallyKey)
	return l, err
}

// park takes keys, indexes and triggers off the table of cases and remembers
// how to put them back.
func (l *loader) park(ctx context.Context) error {
	const restorable = `
		SELECT format('ALTER TABLE cases DROP CONSTRAINT %I', conname),
			format('ALTER TABLE cases ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE conrelid = 'cases'::regclass AND contype IN ('f', 'u')
		UNION ALL
		SELECT format('DROP INDEX %I', indexname), CASE WHEN indexdef ~ $1 AND indexname <> 'cases_open' THEN indexdef ELSE '' END
		FROM pg_indexes i WHERE tablename = 'cases' AND indexname NOT IN ('cases_by_state', 'cases_by_origin')
			AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = 'cases'::regclass AND c.conname = i.indexname)`
	rows, err := l.pool.Query(ctx, restorable, useful)
	if err != nil {
		return err
	}
	drops := []string{"ALTER TABLE cases DISABLE TRIGGER USER"}
	l.parked = []string{"ALTER TABLE cases ENABLE TRIGGER USER"}
	var drop, restore string
	if _, err := pgx.ForEachRow(rows, []any{&drop, &restore}, func() error {
		drops, l.parked = append(drops, drop), append(l.parked, restore)
		return nil
	}); err != nil {
		return err
	}
	_, err = l.pool.Exec(ctx, strings.Join(drops, ";"))
	return err
}

// restore puts back what park took off, and lets the planner know the table.
func (l *loader) restore(ctx context.Context) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	statements := append([]string{"SET maintenance_work_mem = '1GB'", openIndex}, l.parked...)
	for _, s := range append(statements, "VACUUM (ANALYZE) cases", "VACUUM (ANALYZE) tallies", "CHECKPOINT") {
		if s == "" {
			continue
		}
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// grow adds n cases and what they come to in the roll-up.
func (l *loader) grow(ctx context.Context, step, n int) error {
	if err := l.park(ctx); err != nil {
		return fmt.Errorf("take the indexes off: %w", err)
	}
	begin := time.Now()
	if err := l.copyAll(ctx, step, n); err != nil {
		return fmt.Errorf("copy the cases: %w", err)
	}
	told("copied %d cases in %s", n, time.Since(begin).Round(time.Second))
	begin = time.Now()
	if err := l.writeRollup(ctx); err != nil {
		return fmt.Errorf("write the roll-up: %w", err)
	}
	told("wrote the roll-up in %s", time.Since(begin).Round(time.Second))
	begin = time.Now()
	err := l.restore(ctx)
	told("made the indexes and vacuumed in %s", time.Since(begin).Round(time.Second))
	return err
}

func (l *loader) copyAll(ctx context.Context, step, n int) error {
	var next, done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range loaders {
		group.Go(func() error {
			return l.copyChunks(ctx, func() (run, bool) {
				from := int(next.Add(chunkSize)) - chunkSize
				if c := done.Add(chunkSize); c%1_000_000 == 0 {
					told("%d million", c/1_000_000)
				}
				return run{step, from, min(from+chunkSize, n), n}, from < n
			})
		})
	}
	return group.Wait()
}

func (l *loader) copyChunks(ctx context.Context, next func() (run, bool)) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SET synchronous_commit = off"); err != nil { // a bench's rows may be lost
		return err
	}
	for chunk, more := next(); more; chunk, more = next() {
		cases := l.make.cases(chunk)
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{"cases"}, caseColumns(), pgx.CopyFromSlice(len(cases), func(i int) ([]any, error) {
			return caseValues(&cases[i])
		})); err != nil {
			return err
		}
		for i := range cases {
			if err := l.rollup.add(&cases[i]); err != nil {
				return err
			}
		}
	}
	_, err = conn.Exec(ctx, "RESET synchronous_commit")
	return err
}

// caseColumns are the columns whose values caseValues reads off a case.
func caseColumns() []string {
	return strings.Fields(`id matter number procedure procedure_version regime class category title statement
		place township channel amount settled persons flags registered_by owner desk unit partners state held_from disposition outcome
		satisfaction merged_into repeats counts received_at accepted_at concluded_at closed_at evaluated_at resolved
		respond_due respond_met accept_due accept_met conclude_due conclude_met perform_due perform_met
		paused_days returned_at returned_by updated_at version`)
}

func caseValues(c *domain.Case) ([]any, error) {
	var lists [3]string
	for i, v := range []any{c.Flags, c.Partners, c.Counts} {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		lists[i] = string(raw)
	}
	return []any{key(&c.ID), key(&c.Matter), c.Number, c.Procedure, c.ProcedureVersion, c.Regime, c.Class, c.Category, c.Title, c.Statement,
		c.Place, c.Township, string(c.Channel), c.Amount, c.Settled, c.Persons, lists[0], c.RegisteredBy, c.Owner, c.Desk, c.Unit, lists[1],
		c.State, c.HeldFrom, string(c.Disposition), c.Outcome, string(c.Satisfaction), key(c.MergedInto), key(c.Repeats), lists[2],
		c.ReceivedAt, c.AcceptedAt, c.ConcludedAt, c.ClosedAt, c.EvaluatedAt, c.Resolved,
		c.RespondDue, c.RespondMet, c.AcceptDue, c.AcceptMet, c.ConcludeDue, c.ConcludeMet, c.PerformDue, c.PerformMet,
		c.PausedDays, c.ReturnedAt, key(c.ReturnedBy), c.UpdatedAt, c.Version}, nil
}

// key is an identifier as the driver sends it, nil for none.
func key(id *string) any {
	if id == nil {
		return nil
	}
	return [16]byte(uuid.MustParse(*id))
}
