package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sudi/domain"
)

// laterShare is how many entries that nobody waits for are given at a time, so
// that a large import never keeps a new case waiting for long.
const laterShare = 256

// untold are the organisations of an entry (h) that hear no more of its case,
// because it turns out to be against them or what they are a part of, as
// uninvolved has it. An entry that is announced again is old news, but says whose
// the case is now.
const untold = `ARRAY(SELECT o.code FROM parties p, organizations o
	WHERE p.case_id = h.case_id AND p.role = 'respondent' AND p.org_code <> ''
		AND o.code = ANY(h.desk || ARRAY(SELECT jsonb_array_elements_text(h.notified)))
		AND p.org_code = ANY((string_to_array(trim(BOTH '/' FROM o.path), '/'))[2:]))`

// comesBackTo are the cases that one (c) repeats, or that still have it as their
// return though it is no longer thought to be one.
const comesBackTo = `ARRAY(SELECT c.repeats::text WHERE c.repeats IS NOT NULL
	UNION SELECT f.id::text FROM cases f WHERE f.returned_by = c.id ORDER BY 1)`

// Unsent gives the oldest entries that the broker has not stored yet, first
// those that somebody may wait for. The order across cases is that of their
// writing, which commits may overtake; within a case it is the order of its
// history. Of a restricted case only the desk that it is on hears.
func (s *Store) Unsent(ctx context.Context, limit int) ([]domain.Unsent, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT o.position, h.case_id, h.version, c.matter, c.number, c.procedure, h.event, h.action, h.from_state, h.to_state,
			c.disposition, c.owner, CASE h.desk WHEN '' THEN c.desk ELSE h.desk END, h.desk <> '' AND h.desk <> ALL(u.untold) AND (NOT c.restricted OR h.desk = c.desk),
			CASE WHEN c.restricted THEN '[]' ELSE coalesce(h.notified, '[]') - u.untold END, coalesce(c.derived_from::text, ''), `+comesBackTo+`, h.actor_role, h.at
		FROM ((SELECT * FROM outbox WHERE NOT later ORDER BY position LIMIT $1)
			UNION ALL (SELECT * FROM outbox WHERE later ORDER BY position LIMIT least($1, $2))) o
		JOIN history h ON h.case_id = o.case_id AND h.version = o.version
		JOIN cases c ON c.id = o.case_id
		CROSS JOIN LATERAL (SELECT `+untold+` AS untold) u
		ORDER BY o.later, o.position`, limit, laterShare)
	if err != nil {
		return nil, wrap("read the outbox", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Unsent, error) {
		var u domain.Unsent
		e := &u.Event
		err := row.Scan(&u.Position, &e.CaseID, &e.Version, &e.Matter, &e.Number, &e.Procedure, &e.Event, &e.Action, &e.From, &e.To,
			&e.Disposition, &e.Owner, &e.Desk, &e.HandedOver, &e.Notified, &e.DerivedFrom, &e.Repeats, &e.ActorRole, &e.At)
		e.ID = (&domain.Entry{CaseID: e.CaseID, Version: e.Version}).EventID()
		return u, err
	})
	return out, wrap("read the outbox", err)
}

// MarkSent forgets entries that the broker has stored.
func (s *Store) MarkSent(ctx context.Context, positions []int64) error {
	_, err := s.pool.Exec(ctx, "DELETE FROM outbox WHERE position = ANY($1)", positions)
	return wrap("empty the outbox", err)
}

// requeueChunk is how many cases Requeue takes at a time.
const requeueChunk = 500

// Requeue announces every entry of the cases that are not closed again, for a
// broker that has lost its store, and says how many. What of a case waits
// already goes back behind its earlier entries.
func (s *Store) Requeue(ctx context.Context) (int64, error) {
	var after [16]byte
	var total int64
	for {
		rows, err := s.pool.Query(ctx, "SELECT id FROM cases WHERE closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2", after, requeueChunk)
		if err != nil {
			return total, wrap("read the open cases", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		if err != nil || len(ids) == 0 {
			return total, wrap("read the open cases", err)
		}
		n, err := s.requeue(ctx, ids)
		total += n
		if err != nil {
			return total, wrap("announce the open cases again", err)
		}
		after = ids[len(ids)-1]
	}
}

// requeue announces some cases again. Whoever is about to add an entry waits
// meanwhile, so that he sees what his entry has to come after. The wait for
// those who are adding one is shorter than theirs for us.
func (s *Store) requeue(ctx context.Context, ids [][16]byte) (n int64, err error) {
	begin := pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL lock_timeout = '1500ms'"}
	err = pgx.BeginTxFunc(ctx, s.pool, begin, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue("LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE")
		b.Queue("DELETE FROM outbox WHERE later AND case_id = ANY($1)", ids)     // by one index,
		b.Queue("DELETE FROM outbox WHERE NOT later AND case_id = ANY($1)", ids) // and by the other
		b.Queue(`INSERT INTO outbox (case_id, version, later)
			SELECT case_id, version, true FROM history WHERE case_id = ANY($1) ORDER BY case_id, version`, ids).
			Exec(func(tag pgconn.CommandTag) error { n = tag.RowsAffected(); return nil })
		return tx.SendBatch(ctx, b).Close()
	})
	return n, err
}

// BrokerStore gives the creation time of the stream that the outbox was last
// emptied into.
func (s *Store) BrokerStore(ctx context.Context, stream string) (time.Time, bool, error) {
	var created time.Time
	err := s.pool.QueryRow(ctx, "SELECT created_at FROM broker WHERE stream = $1", stream).Scan(&created)
	ok, err := found(err)
	return created, ok, wrap("read the broker's identity", err)
}

// SetBrokerStore remembers it, cut to microseconds.
func (s *Store) SetBrokerStore(ctx context.Context, stream string, created time.Time) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO broker (stream, created_at) VALUES ($1, $2)
		ON CONFLICT (stream) DO UPDATE SET created_at = excluded.created_at`, stream, created)
	return wrap("keep the broker's identity", err)
}
