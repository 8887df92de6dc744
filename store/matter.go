package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// Lines gives those of some cases that a scope covers, newest first.
func (s *Store) Lines(ctx context.Context, scope domain.Scope, ids []string) ([]domain.CaseLine, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	w.add("c.id = ANY(%s)", uuids(ids))
	if err := s.visible(ctx, w, scope); err != nil {
		return nil, wrap("read lines of cases", err)
	}
	page, err := s.page(ctx, scope, received, w, len(ids))
	return page.Items, err
}

// mostLegs is how many cases of a matter are told; more is no story.
const mostLegs = 100

// Story tells a matter within a scope: each case that the scope covers, and,
// traced, those that came out of it where the scope's organisation registered
// the first case or answers for it; the rest are counted, but for those that
// complain of that organisation.
func (s *Store) Story(ctx context.Context, scope domain.Scope, matter string) (domain.Story, error) {
	var story domain.Story
	key, err := uuid.Parse(matter)
	if err != nil {
		return story, errCaseUnknown
	}
	query, args, err := s.legsSQL(ctx, scope, key)
	if err != nil {
		return story, wrap("tell a matter", err)
	}
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leg])
		if err != nil {
			return err
		}
		if err := s.admitLegs(ctx, tx, scope, found); err != nil {
			return err
		}
		var ids [][16]byte
		how := map[[16]byte]bool{}
		for _, l := range found {
			switch {
			case !l.Seen && !l.Traced:
				story.Hidden++
			case len(ids) == mostLegs:
				story.More++
			default:
				ids = append(ids, l.ID)
				how[l.ID] = !l.Seen
			}
		}
		story.Legs, err = s.legs(ctx, tx, ids, how)
		return err
	})
	return story, domainError(err)
}

// leg is a case of a matter, and how it is seen.
type leg struct {
	ID           [16]byte
	Seen, Traced bool
}

// admitLegs lets row-level security have its say about what would be seen.
func (s *Store) admitLegs(ctx context.Context, q querier, scope domain.Scope, legs []leg) error {
	if scope.All {
		return nil
	}
	var ids [][16]byte
	for _, l := range legs {
		if l.Seen {
			ids = append(ids, l.ID)
		}
	}
	in, err := s.admitted(ctx, q, scope, ids)
	for i := range legs {
		legs[i].Seen = legs[i].Seen && in[legs[i].ID]
	}
	return err
}

// legsSQL lists the cases of a matter with who sees them, and how. What
// complains of the scope's own organisation is not in it, nor what is restricted
// and not opened: that there is such a case is not to be known.
func (s *Store) legsSQL(ctx context.Context, scope domain.Scope, matter [16]byte) (string, []any, error) {
	w := &where{}
	w.add("c.matter = %s", matter)
	if goChecks || scope.All {
		w.sealed(scope)
	}
	seen, traced := &where{}, &where{}
	if !scope.All {
		r, err := s.reachOf(ctx, scope.Org)
		if err != nil {
			return "", nil, err
		}
		w.uninvolved("c.id", r)
		seen.args = w.args
		if !scope.Watch && goChecks {
			seen.touched(r)
		}
		traced.args = seen.args
		traced.traced(r)
		w.args = traced.args
	}
	return "SELECT c.id, " + seen.String() + ", " + traced.String() +
		" FROM cases c WHERE " + w.String() + " ORDER BY c.id <> c.matter, c.received_at, c.id", w.args, nil
}

// traced keeps the cases that came out of a matter which an organisation within
// reach registered, or answers for the first case of; not those out of a matter
// against it, and not what is to be kept confidential.
func (w *where) traced(r reach) {
	codes := r.below
	if codes == nil {
		codes = []string{}
	}
	w.add("c.derived_from IS NOT NULL AND NOT c.flags @> jsonb_build_array(%s::text)", string(domain.FlagConfidential))
	w.add("EXISTS (SELECT FROM cases f WHERE f.id = c.matter AND (f.owner = ANY(%[1]s) OR f.registered_by = ANY(%[1]s)))", codes)
	w.uninvolved("c.matter", r)
}

// legs reads cases whole, in the order of ids.
func (s *Store) legs(ctx context.Context, tx pgx.Tx, ids [][16]byte, traced map[[16]byte]bool) ([]domain.Leg, error) {
	files, err := s.loadFiles(ctx, tx, ids, "")
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT "+historyTable.names("")+" FROM history WHERE case_id = ANY($1) ORDER BY case_id, version", ids)
	if err != nil {
		return nil, err
	}
	entries, err := collect[domain.Entry](historyTable, rows)
	if err != nil {
		return nil, err
	}
	byCase := map[string][]domain.Entry{}
	for _, e := range entries {
		byCase[e.CaseID] = append(byCase[e.CaseID], e)
	}
	out := make([]domain.Leg, 0, len(ids))
	for _, id := range ids {
		f := files[id]
		if f == nil {
			return nil, fmt.Errorf("case %s is gone", uuid.UUID(id))
		}
		out = append(out, domain.Leg{File: *f, Entries: byCase[f.Case.ID], Traced: traced[id]})
	}
	return out, nil
}

// countMatter leaves out what complains of the asker's own organisation, as
// uninvolved does, and what is restricted; it looks the organisation up by
// itself, because every view of a case asks.
const countMatter = `WITH asker AS (
		SELECT (string_to_array(trim(BOTH '/' FROM path), '/'))[2:] AS above FROM organizations WHERE code = $2)
	SELECT c.persons + coalesce((SELECT sum(m.persons) FROM cases m WHERE m.merged_into = c.id AND NOT m.restricted AND NOT EXISTS (
			SELECT FROM parties p, asker WHERE p.case_id = m.id AND p.role = 'respondent' AND p.org_code = ANY(asker.above))), 0),
		(SELECT count(*) FROM (
			SELECT r.id, r.restricted FROM cases r WHERE r.matter = c.matter AND r.derived_from IS NULL
			UNION SELECT m.id, m.restricted FROM cases r JOIN cases m ON m.merged_into = r.id WHERE r.matter = c.matter AND m.derived_from IS NULL) v
		WHERE (NOT v.restricted OR v.id = c.id) AND NOT EXISTS (
			SELECT FROM parties p, asker WHERE p.case_id = v.id AND p.role = 'respondent' AND p.org_code = ANY(asker.above)))
	FROM cases c WHERE c.id = $1`

// MatterNumbers counts what hangs on a case: all of it, whoever asks, but what
// is kept from him because it complains of his own organisation.
func (s *Store) MatterNumbers(ctx context.Context, scope domain.Scope, id string) (n domain.MatterNumbers, err error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return n, errCaseUnknown
	}
	org := scope.Org
	if scope.All {
		org = ""
	}
	err = s.pool.QueryRow(ctx, countMatter, [16]byte(key), org).Scan(&n.Petitioners, &n.Visits)
	if ok, err := found(err); !ok {
		if err == nil {
			err = errCaseUnknown
		}
		return n, wrap("count a matter", err)
	}
	return n, nil
}

// Invitation finds the one that a token's hash names; KindGone when there is
// none, or no longer, in the same words.
func (s *Store) Invitation(ctx context.Context, tokenHash []byte, now time.Time) (domain.Invitation, error) {
	rows, err := s.pool.Query(ctx, "SELECT "+invitationTable.names("")+
		" FROM invitations WHERE token_hash = $1 AND used_at IS NULL AND expires_at >= $2", tokenHash, now)
	if err != nil {
		return domain.Invitation{}, wrap("read an invitation", err)
	}
	all, err := collect[domain.Invitation](invitationTable, rows)
	if err != nil {
		return domain.Invitation{}, wrap("read an invitation", err)
	}
	if len(all) == 0 {
		return domain.Invitation{}, domain.Errorf(domain.KindGone, "invitation_used")
	}
	return all[0], nil
}
