package report

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

const byUnit = "unit"

// dimensions are the ways in which all of the roll-up is read.
var dimensions = []string{ByMonth, ByTownship, ByCategory, ByProcedure, byUnit}

// questions are the counts to compare. First the whole roll-up by each
// dimension: these show any cell that only one side has. Then, within each
// month, every cell of township × procedure × category, every unit, and every
// day.
func (v *verifier) questions(ctx context.Context) ([]domain.CountQuery, error) {
	codes := make([]string, len(domain.Measures))
	for i := range domain.Measures {
		codes[i] = domain.Measures[i].Code
	}
	qs := make([]domain.CountQuery, 0, len(dimensions))
	for _, by := range dimensions {
		qs = append(qs, domain.CountQuery{Measures: codes, By: by})
	}
	wide, err := v.ask(ctx, qs, v.store.Count)
	if err != nil {
		return nil, err
	}
	months, towns, procs := keys(wide[0]), keys(wide[1]), keys(wide[3])
	for _, g := range monthsOf(domain.Year(v.Year)) { // where cells of opposite sign may hide
		if !slices.Contains(months, g.key) {
			months = append(months, g.key)
		}
	}
	if !slices.Contains(towns, "") {
		towns = append(towns, "") // every township: the cells without one, by subtraction
	}
	for _, month := range months {
		from, err := domain.ParseDate(month + "-01")
		if err != nil {
			return nil, err
		}
		span := domain.Span{From: from, To: from.AddMonths(1).AddDays(-1)}
		for _, p := range procs {
			for _, town := range towns {
				qs = append(qs, domain.CountQuery{Measures: codes, Span: span, Township: town, Procedure: p, By: ByCategory})
			}
		}
		qs = append(qs, domain.CountQuery{Measures: codes, Span: span, By: byUnit})
		for d := span.From; !d.After(span.To); d = d.AddDays(1) {
			qs = append(qs, domain.CountQuery{Measures: codes, Span: domain.Span{From: d, To: d}})
		}
	}
	return qs, nil
}

// keys are the groups of an answer, in order.
func keys(counts domain.Counts) []string { return slices.Sorted(maps.Keys(counts)) }

// ask puts the questions to one of the store's two ways to count.
func (v *verifier) ask(ctx context.Context, qs []domain.CountQuery,
	count func(context.Context, domain.CountQuery) (domain.Counts, error),
) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	for i := range qs {
		var err error
		if answers[i], err = count(ctx, qs[i]); err != nil {
			return nil, err
		}
		v.progress(StageCounts, int64(i+1))
	}
	return answers, nil
}

// compare judges the counts of one question that did not move, and says how
// many there are.
func (v *verifier) compare(check Check, q *domain.CountQuery, before, after, want, got domain.Counts) int64 {
	groups := make(map[string]bool)
	for _, counts := range []domain.Counts{before, after, want, got} {
		for key := range counts {
			groups[key] = true
		}
	}
	var judged int64
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		for _, m := range q.Measures {
			w, g := want[key][m], got[key][m]
			switch {
			case before[key][m] != after[key][m]:
				if check == CheckRollUp {
					v.Moving++
				}
				continue
			case w != g:
				v.differs(check, cellName(q, key, m), strconv.FormatInt(w, 10), strconv.FormatInt(g, 10))
			}
			judged++
		}
	}
	return judged
}

// cellName names a count: "appeals.received 2020-01 township=370404102".
func cellName(q *domain.CountQuery, key, measure string) string {
	parts := []string{measure}
	switch {
	case q.Span == domain.Span{}:
	case q.Span.From == q.Span.To:
		parts = append(parts, q.Span.From.String())
	default:
		parts = append(parts, monthKey(q.Span.From))
	}
	for _, part := range [][2]string{{ByTownship, q.Township}, {ByProcedure, q.Procedure}} {
		if part[1] != "" {
			parts = append(parts, part[0]+"="+part[1])
		}
	}
	if q.By != "" {
		parts = append(parts, q.By+"="+key)
	}
	return strings.Join(parts, " ")
}
