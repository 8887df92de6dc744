package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/seal"
)

const (
	// mostNamesakes is how many cases of one person are judged, the newest.
	mostNamesakes = 200
	// mostWorded is how many cases with words in common are judged.
	mostWorded = 300
	// rarest is how many pairs of characters a text is looked up by.
	rarest = 16
)

// headBigrams is what the index cases_by_head is of.
const headBigrams = "sudi_bigrams(sudi_head(c.title, c.statement))"

// pickRare takes those pairs of characters that the fewest cases have, by the
// statistics that the database keeps of the index, and leaves out what many
// have: "反映" would find half the county and say nothing. Two are taken however
// common they are.
const pickRare = `SELECT b FROM (
		SELECT b, coalesce(share, 0) AS f, row_number() OVER (ORDER BY coalesce(share, 0), b) AS place
		FROM unnest($1::text[]) AS b LEFT JOIN sudi_common_pairs() ON pair = b
	) ranked WHERE place <= $2 AND (f <= 0.01 OR place <= 2) ORDER BY place`

// Similar finds the cases within the query's scope that a case at the window
// may repeat, the likeliest first, at most domain.MostAlike. People are found
// by their keyed numbers, texts by the pairs of characters that they share;
// domain.SimilarQuery.Judge weighs both.
func (s *Store) Similar(ctx context.Context, q domain.SimilarQuery) ([]domain.Likeness, error) {
	phone, identity := s.ring.Index(seal.Phone, q.Phone), s.ring.Index(seal.Identity, q.IdentityNumber)
	found := map[string]domain.Likeness{}
	if phone != nil || identity != nil {
		w := &where{}
		w.add("c.id = ANY(ARRAY(SELECT p.case_id FROM parties p WHERE p.phone_key = %s UNION SELECT p.case_id FROM parties p WHERE p.identity_key = %s))",
			phone, identity)
		if err := s.judge(ctx, &q, w, "c.received_at DESC", mostNamesakes, found); err != nil {
			return nil, err
		}
	}
	if pairs := q.Bigrams(); len(pairs) > 0 {
		w, err := s.worded(ctx, pairs)
		if err != nil {
			return nil, err
		}
		shared := "(SELECT count(*) FROM unnest($1::text[]) AS b WHERE strpos(sudi_head(c.title, c.statement), b) > 0) DESC, c.received_at DESC"
		if err := s.judge(ctx, &q, w, shared, mostWorded, found); err != nil {
			return nil, err
		}
	}
	all := make([]domain.Likeness, 0, len(found))
	for _, l := range found {
		all = append(all, l)
	}
	return s.withLines(ctx, q.Scope, domain.Best(all))
}

// worded selects the cases that have one of a text's rarest pairs of
// characters; they are the condition's first value.
func (s *Store) worded(ctx context.Context, pairs []string) (*where, error) {
	rows, err := s.pool.Query(ctx, pickRare, pairs, rarest)
	if err != nil {
		return nil, wrap("find similar cases", err)
	}
	rare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, wrap("find similar cases", err)
	}
	w := &where{}
	w.add(headBigrams+" && %s::text[]", rare)
	return w, nil
}

// judge adds those of the selected cases that are likely.
func (s *Store) judge(ctx context.Context, q *domain.SimilarQuery, w *where, order string, most int, found map[string]domain.Likeness) error {
	if err := s.visible(ctx, w, q.Scope); err != nil {
		return wrap("find similar cases", err)
	}
	w.confiding(q.Scope, true)
	query, args := similarSQL(w, order, most, s.ring.Index(seal.Phone, q.Phone), s.ring.Index(seal.Identity, q.IdentityNumber))
	rows, err := s.pool.Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	if err != nil {
		return wrap("find similar cases", err)
	}
	var c domain.Case
	var samePhone, sameIdentity bool
	_, err = pgx.ForEachRow(rows, []any{&c.ID, &c.Title, &c.Statement, &c.Place, &c.Township, &c.Category, &c.ReceivedAt, &samePhone, &sameIdentity}, func() error {
		if score, reasons := q.Judge(&c, samePhone, sameIdentity); score > 0 {
			found[c.ID] = domain.Likeness{CaseLine: domain.CaseLine{Case: c}, Score: score, Reasons: reasons}
		}
		return nil
	})
	return wrap("find similar cases", err)
}

// similarSQL reads of each selected case what it is judged by.
func similarSQL(w *where, order string, most int, phone, identity []byte) (string, []any) {
	condition := w.String()
	return "SELECT c.id::text, c.title, left(c.statement, 200), c.place, c.township, c.category, c.received_at," +
		" EXISTS (SELECT FROM parties p WHERE p.case_id = c.id AND p.phone_key = " + w.arg(phone) + ")," +
		" EXISTS (SELECT FROM parties p WHERE p.case_id = c.id AND p.identity_key = " + w.arg(identity) + ")" +
		" FROM cases c WHERE " + condition + " ORDER BY " + order + " LIMIT " + w.arg(most), w.args
}

// withLines fills in the lines of what was found; a case that has moved out of
// sight meanwhile is left out.
func (s *Store) withLines(ctx context.Context, scope domain.Scope, best []domain.Likeness) ([]domain.Likeness, error) {
	ids := make([]string, len(best))
	for i := range best {
		ids[i] = best[i].ID
	}
	lines, err := s.Lines(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]domain.CaseLine, len(lines))
	for _, l := range lines {
		byID[l.ID] = l
	}
	out := make([]domain.Likeness, 0, len(best))
	for _, l := range best {
		if line, ok := byID[l.ID]; ok {
			l.CaseLine = line
			out = append(out, l)
		}
	}
	return out, nil
}
