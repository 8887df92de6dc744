package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// reach is how far an organisation reaches: its own code and all below it, and
// the codes against which it must not see a complaint: its own and those above
// it, but for the county itself, which is never kept from a case.
type reach struct {
	below      []string
	everything bool // below are all there are
	above      []string
}

// reachOf looks an organisation up; one that nobody knows reaches nothing.
// The codes are handed to the next query as values, so that the planner sees
// how few or how many they are.
func (s *Store) reachOf(ctx context.Context, org string) (reach, error) {
	var r reach
	var path string
	err := s.reader(ctx).QueryRow(ctx, `SELECT s.path,
			ARRAY(SELECT o.code FROM organizations o WHERE starts_with(o.path, s.path) ORDER BY o.code),
			NOT EXISTS (SELECT FROM organizations o WHERE NOT starts_with(o.path, s.path))
		FROM organizations s WHERE s.code = $1`, org).Scan(&path, &r.below, &r.everything)
	if errors.Is(err, pgx.ErrNoRows) {
		return reach{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("organisations below %s: %w", org, err)
	}
	for i, code := range strings.Split(strings.Trim(path, "/"), "/") {
		if i > 0 { // the first is the county
			r.above = append(r.above, code)
		}
	}
	return r, nil
}

// visible is the one condition that decides who sees a case (alias c). Every
// read that shows cases to a person goes through it, and then through admitted.
func (s *Store) visible(ctx context.Context, w *where, scope domain.Scope) error {
	if scope.All {
		w.sealed(scope)
		return nil
	}
	if !goChecks {
		return nil
	}
	r, err := s.reachOf(ctx, scope.Org)
	if err != nil {
		return err
	}
	if !scope.Watch {
		w.touched(r)
	}
	w.uninvolved("c.id", r)
	w.sealed(scope)
	return nil
}

// sealed leaves out the restricted cases but for those that a scope opens.
func (w *where) sealed(scope domain.Scope) {
	switch {
	case !scope.Sealed:
		w.parts = append(w.parts, "NOT c.restricted")
	case !scope.All && !scope.Watch:
		w.add("(NOT c.restricted OR c.desk = %[1]s OR c.owner = %[1]s)", scope.Org)
	}
}

// uninvolved leaves out the cases, by the column of their id, that complain of
// an organisation within whose reach none of it may come.
func (w *where) uninvolved(id string, r reach) {
	if len(r.above) > 0 {
		w.add("NOT EXISTS (SELECT FROM parties p WHERE p.case_id = "+id+" AND "+complains+")", r.above)
	}
}

// involved keeps the cases that uninvolved leaves out. They are few, and found
// from their parties.
func (w *where) involved(r reach) {
	w.add("c.id IN (SELECT p.case_id FROM parties p WHERE "+complains+")", r.above)
}

// complains is the line of one of some organisations (%s) that a case complains of.
const complains = "p.role = 'respondent' AND p.org_code <> '' AND p.org_code = ANY(%s)"

// confiding leaves out the confidential cases that a reader sees masked: he is not
// to find them by what is hidden. Who does not work on cases sees each masked.
func (w *where) confiding(scope domain.Scope, works bool) {
	switch {
	case scope.All || works && scope.Watch:
	case works:
		w.add("(NOT c.flags @> jsonb_build_array(%[1]s::text) OR %[2]s IN (c.desk, c.owner, c.registered_by))", string(domain.FlagConfidential), scope.Org)
	default:
		w.add("NOT c.flags @> jsonb_build_array(%s::text)", string(domain.FlagConfidential))
	}
}

// worked keeps the cases of a worker.
func (w *where) worked(r reach, handler string, whose domain.Whose) {
	codes := w.arg(append([]string{}, r.below...))
	switch whose {
	case domain.WhoseHere:
		w.parts = append(w.parts, fmt.Sprintf("c.desk = ANY(%s)", codes))
	case domain.WhoseElsewhere:
		w.parts = append(w.parts, fmt.Sprintf("c.owner = ANY(%[1]s) AND c.desk <> ALL(%[1]s)", codes))
	case domain.WhosePartners:
		w.parts = append(w.parts, fmt.Sprintf("c.partners <> '[]' AND c.partners ?| %[1]s AND c.desk <> ALL(%[1]s) AND c.owner <> ALL(%[1]s)", codes))
	default:
		w.parts = append(w.parts, fmt.Sprintf("(c.desk = ANY(%[1]s) OR c.owner = ANY(%[1]s) OR c.handler = %[2]s)", codes, w.arg(handler)))
	}
}

// owned keeps the cases that an organisation within reach is responsible for.
func (w *where) owned(r reach) {
	if !r.everything {
		w.add("c.owner = ANY(%s)", append([]string{}, r.below...))
	}
}

// touched keeps the cases that an organisation within reach registered, is
// responsible for, has on its desk, or helps with.
func (w *where) touched(r reach) {
	if r.everything {
		return // the foreign keys hold every case to organisations that exist
	}
	codes := r.below
	if codes == nil {
		codes = []string{}
	}
	at := w.arg(codes)
	w.parts = append(w.parts, fmt.Sprintf(`(c.owner = ANY(%[1]s) OR c.desk = ANY(%[1]s) OR c.registered_by = ANY(%[1]s)
		OR c.partners <> '[]' AND c.partners ?| %[1]s)`, at))
}
