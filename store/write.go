package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sudi/domain"
	"sudi/store/seal"
)

// The statements that write changes, each for any number of rows.
var (
	insertCases = caseTable.insert("cases", "")
	updateCases = updateCasesSQL()
	dropParties = "DELETE FROM parties WHERE case_id = ANY($1)"
	addParties  = "INSERT INTO parties (" + partyTable.names("") + ", name_key, phone_key, identity_key) SELECT * FROM " + partyTable.unnest("bytea", "bytea", "bytea")
	addHistory  = historyTable.insert("history", "")
	// What follows an entry that is announced later is announced after it.
	addOutbox = `INSERT INTO outbox (case_id, version, later)
		SELECT e.case_id, e.version, e.later OR EXISTS (SELECT FROM outbox o WHERE o.case_id = e.case_id AND o.later)
		FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS e (case_id, version, later)`
	putDeadlines = deadlineTable.insert("deadlines", "ON CONFLICT (case_id, kind, round) DO UPDATE SET "+deadlineTable.set("excluded."))
	// A clock that is known by another name is put under it, by putDeadlines.
	dropDeadlines = `DELETE FROM deadlines d USING unnest($1::uuid[], $2::text[], $3::integer[]) AS g (case_id, kind, round)
		WHERE d.case_id = g.case_id AND d.kind = g.kind AND d.round = g.round`
	addAnswers = evaluationTable.insert("evaluations", "")
	addLinks   = linkTable.insert("links", "ON CONFLICT DO NOTHING")
	dropLinks  = `DELETE FROM links l USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS d (from_case, to_case, kind)
		WHERE l.from_case = d.from_case AND l.to_case = d.to_case AND l.kind = d.kind`
	addInvitations = invitationTable.insert("invitations", "")
	// A token is good once; Exec counts whether it was.
	spendInvitation = "UPDATE invitations SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at >= $2 AND case_id = $3"
	addDeltas       = tallyTable.insert("tally_deltas", "")
	addKeys         = `INSERT INTO idempotency_keys (principal, key, body_hash, case_id)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS k (principal, key, body_hash, case_id) ORDER BY 1, 2`
	addImported = `INSERT INTO import_rows (import_id, row, case_id)
		SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) AS r (import_id, row, case_id) ORDER BY 1, 2`
	putReceipts = `INSERT INTO inbox AS i (consumer, case_id, version)
		SELECT * FROM unnest($1::text[], $2::uuid[], $3::integer[]) AS r (consumer, case_id, version) ORDER BY 1, 2
		ON CONFLICT (consumer, case_id) DO UPDATE SET version = excluded.version, applied_at = now()
		WHERE i.version < excluded.version`
)

// updateCasesSQL guards every row by its version: a case that somebody else
// has changed is not touched.
func updateCasesSQL() string {
	return "UPDATE cases SET " + caseTable.set("v.", "number") +
		" FROM " + caseTable.unnest("integer") + " AS v (" + caseTable.names("") + ", before)" +
		" WHERE cases.id = v.id AND cases.version = v.before"
}

// rowsToWrite is what a set of changes comes to, table by table.
type rowsToWrite struct {
	ring             *seal.Ring
	keys             caseKeys
	fresh            []string // ids of cases whose keys are new
	created, updated []*domain.Case
	versions         []int32 // before, of the updated
	replaced         [][16]byte
	parties          []*domain.Party
	entries          []*domain.Entry
	later            []bool // of each entry: it may be announced after what people wait for
	deadlines, gone  []*domain.Deadline
	evaluations      []*domain.Evaluation
	links, unlinks   []*domain.Link
	invitations      []*domain.Invitation
	tallies          map[domain.Cell]int64

	keyed, imported, received, spending []*domain.Change
}

// writeChanges writes all of the changes, whatever their number: one round trip
// for the numbers of new cases and one for everything else.
func (s *Store) writeChanges(ctx context.Context, tx pgx.Tx, changes []*domain.Change) error {
	if len(changes) == 0 {
		return nil
	}
	keys, fresh, err := s.keysFor(ctx, tx, changes)
	if err != nil {
		return fmt.Errorf("read the keys of cases: %w", err)
	}
	if err := giveNumbers(ctx, tx, changes); err != nil {
		return err
	}
	rows := &rowsToWrite{ring: s.ring, keys: keys, fresh: fresh, tallies: make(map[domain.Cell]int64)}
	for _, c := range changes {
		if err := rows.add(c); err != nil {
			return err
		}
	}
	b := &pgx.Batch{}
	if err := rows.queue(b); err != nil {
		return err
	}
	if err := queueRecords(b, changes); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	return nil
}

func (w *rowsToWrite) add(c *domain.Change) error {
	id, err := uuid.Parse(c.After.ID)
	if err != nil {
		return domain.Errorf(domain.KindInternal, "change_malformed", c.After.ID)
	}
	if c.Before == nil {
		w.created = append(w.created, &c.After)
	} else {
		w.updated = append(w.updated, &c.After)
		w.versions = append(w.versions, int32(c.Before.Version)) //nolint:gosec // a count of actions
		if c.Parties != nil {
			w.replaced = append(w.replaced, id)
		}
	}
	w.parties = appendPointers(w.parties, c.Parties)
	w.entries = appendPointers(w.entries, c.Entries)
	for range c.Entries {
		w.later = append(w.later, c.Before == nil && len(c.Entries) > 1) // a new case that has its history behind it
	}
	w.deadlines = appendPointers(w.deadlines, c.Deadlines)
	w.gone = appendPointers(w.gone, c.Gone)
	w.evaluations = appendPointers(w.evaluations, c.Evaluations)
	w.links = appendPointers(w.links, c.Links)
	w.unlinks = appendPointers(w.unlinks, c.Unlinks)
	if c.Invitation != nil {
		w.invitations = append(w.invitations, c.Invitation)
	}
	if c.Spends != nil {
		w.spending = append(w.spending, c)
	}
	for _, t := range domain.Tallies(c.Before, &c.After) {
		w.tallies[t.Cell] += t.N
	}
	if c.Idempotency != nil {
		w.keyed = append(w.keyed, c)
	}
	if c.ImportRow != nil {
		w.imported = append(w.imported, c)
	}
	if c.Receipt != nil {
		w.received = append(w.received, c)
	}
	return nil
}

func appendPointers[T any](to []*T, from []T) []*T {
	for i := range from {
		to = append(to, &from[i])
	}
	return to
}

// queue puts the statements in an order that satisfies the foreign keys.
func (w *rowsToWrite) queue(b *pgx.Batch) error {
	if err := queueRows(b, caseTable, insertCases, w.created); err != nil {
		return err
	}
	if err := w.queueKeys(b); err != nil {
		return err
	}
	if err := w.queueUpdates(b); err != nil {
		return err
	}
	if len(w.replaced) > 0 {
		b.Queue(dropParties, w.replaced)
	}
	var deltas []*domain.Tally
	for cell, n := range w.tallies {
		if n != 0 {
			deltas = append(deltas, &domain.Tally{Cell: cell, N: n})
		}
	}
	w.queueUnlinks(b)
	w.queueGone(b)
	for _, err := range []error{
		w.queueParties(b),
		queueRows(b, historyTable, addHistory, w.entries),
		w.queueOutbox(b),
		queueRows(b, deadlineTable, putDeadlines, w.deadlines),
		queueRows(b, evaluationTable, addAnswers, w.evaluations),
		queueRows(b, linkTable, addLinks, w.links),
		queueRows(b, invitationTable, addInvitations, w.invitations),
		queueRows(b, tallyTable, addDeltas, deltas),
	} {
		if err != nil {
			return err
		}
	}
	w.queueLedgers(b)
	for _, c := range w.spending {
		b.Queue(spendInvitation, c.Spends, c.After.UpdatedAt, uuids([]string{c.After.ID})[0]).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() != 1 {
				return domain.Errorf(domain.KindGone, "invitation_used")
			}
			return nil
		})
	}
	return nil
}

// queueUnlinks unties cases, before others are tied.
func (w *rowsToWrite) queueUnlinks(b *pgx.Batch) {
	if len(w.unlinks) == 0 {
		return
	}
	from, to, kinds := make([]string, len(w.unlinks)), make([]string, len(w.unlinks)), make([]string, len(w.unlinks))
	for i, l := range w.unlinks {
		from[i], to[i], kinds[i] = l.From, l.To, string(l.Kind)
	}
	b.Queue(dropLinks, uuids(from), uuids(to), kinds)
}

// queueGone takes clocks away that have another name now.
func (w *rowsToWrite) queueGone(b *pgx.Batch) {
	if len(w.gone) == 0 {
		return
	}
	ids, kinds, rounds := make([]string, len(w.gone)), make([]string, len(w.gone)), make([]int32, len(w.gone))
	for i, d := range w.gone {
		ids[i], kinds[i], rounds[i] = d.CaseID, d.Kind, int32(d.Round) //nolint:gosec // a count of rounds
	}
	b.Queue(dropDeadlines, uuids(ids), kinds, rounds)
}

func queueRows[T any](b *pgx.Batch, t *table, sql string, rows []*T) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := arrays(t, rows)
	if err != nil {
		return err
	}
	b.Queue(sql, args...)
	return nil
}

// queueParties writes people, sealed, with what they are found by.
func (w *rowsToWrite) queueParties(b *pgx.Batch) error {
	if len(w.parties) == 0 {
		return nil
	}
	args, err := sealedArrays(partyTable, w.parties, w.keys)
	if err != nil {
		return err
	}
	names, phones, identities := make([][]byte, len(w.parties)), make([][]byte, len(w.parties)), make([][]byte, len(w.parties))
	for i, p := range w.parties {
		names[i] = w.ring.Index(seal.Name, p.Name)
		phones[i], identities[i] = w.ring.Index(seal.Phone, p.Phone), w.ring.Index(seal.Identity, p.IdentityNumber)
	}
	b.Queue(addParties, append(args, names, phones, identities)...)
	return nil
}

func (w *rowsToWrite) queueUpdates(b *pgx.Batch) error {
	if len(w.updated) == 0 {
		return nil
	}
	args, err := arrays(caseTable, w.updated)
	if err != nil {
		return err
	}
	want := int64(len(w.updated))
	b.Queue(updateCases, append(args, w.versions)...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != want {
			return domain.Errorf(domain.KindConflict, "case_changed")
		}
		return nil
	})
	return nil
}

// queueOutbox has every entry announced.
func (w *rowsToWrite) queueOutbox(b *pgx.Batch) error {
	ids := make([][16]byte, len(w.entries))
	versions := make([]int32, len(w.entries))
	for i, e := range w.entries {
		id, err := uuid.Parse(e.CaseID)
		if err != nil {
			return domain.Errorf(domain.KindInternal, "change_malformed", e.CaseID)
		}
		ids[i], versions[i] = id, int32(e.Version) //nolint:gosec // a count of actions
	}
	if len(ids) > 0 {
		b.Queue(addOutbox, ids, versions, w.later)
	}
	return nil
}

// queueLedgers has it remembered what asked for the changes.
func (w *rowsToWrite) queueLedgers(b *pgx.Batch) {
	if n := len(w.keyed); n > 0 {
		principals, keys, hashes, ids := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		for i, c := range w.keyed {
			k := c.Idempotency
			principals[i], keys[i], hashes[i], ids[i] = k.Principal, k.Key, k.BodyHash, c.After.ID
		}
		b.Queue(addKeys, principals, keys, hashes, uuids(ids))
	}
	if n := len(w.imported); n > 0 {
		imports, rows, ids := make([]string, n), make([]int32, n), make([]string, n)
		for i, c := range w.imported {
			imports[i], rows[i], ids[i] = c.ImportRow.ImportID, int32(c.ImportRow.Row), c.After.ID //nolint:gosec // a row of a sheet
		}
		b.Queue(addImported, uuids(imports), rows, uuids(ids))
	}
	if n := len(w.received); n > 0 {
		receipts := make([]*domain.Receipt, n)
		for i, c := range w.received {
			receipts[i] = c.Receipt
		}
		queueReceipts(b, receipts)
	}
}

// queueReceipts keeps the furthest of a consumer's receipts for a case.
func queueReceipts(b *pgx.Batch, receipts []*domain.Receipt) {
	type place struct{ consumer, caseID string }
	last := make(map[place]int)
	for _, r := range receipts {
		p := place{r.Consumer, r.CaseID}
		last[p] = max(last[p], r.Version)
	}
	consumers, ids, versions := make([]string, 0, len(last)), make([]string, 0, len(last)), make([]int32, 0, len(last))
	for p, version := range last {
		consumers, ids = append(consumers, p.consumer), append(ids, p.caseID)
		versions = append(versions, int32(version)) //nolint:gosec // a count of actions
	}
	b.Queue(putReceipts, consumers, uuids(ids), versions)
}

// uuids turns identifiers into what pgx sends as uuid; one that is not a UUID
// becomes NULL, which no column of ours takes.
func uuids(ids []string) []*[16]byte {
	out := make([]*[16]byte, len(ids))
	for i, s := range ids {
		if id, err := uuid.Parse(s); err == nil {
			out[i] = (*[16]byte)(&id)
		}
	}
	return out
}
