package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"sudi/domain"
)

// counts streams every case, counts them and compares with the roll-up.
func (v *verifier) counts(ctx context.Context) error {
	t, err := v.newTotals(ctx)
	if err != nil {
		return err
	}
	if err := v.store.EachFile(ctx, func(f domain.File, entries []domain.Entry) error {
		v.file(&f, entries)
		t.add(&f.Case)
		v.progress(StageCases, v.Cases)
		return ctx.Err()
	}); err != nil {
		return err
	}
	want := maps.Clone(t.counts)
	wrong, err := t.differences(ctx, v.store)
	if err != nil {
		return err
	}
	v.Counts = int64(len(want))
	for _, total := range slices.SortedFunc(maps.Keys(wrong), byPeriod) {
		v.differs(CheckRollUp, total.String(), strconv.FormatInt(want[total], 10), strconv.FormatInt(want[total]-wrong[total], 10))
	}
	return nil
}

// byPeriod orders totals so that the first difference is in the earliest month,
// at the county, whole.
func byPeriod(a, b domain.Total) int {
	return cmp.Or(-cmp.Compare(len(a.Period), len(b.Period)), cmp.Compare(a.Period, b.Period), cmp.Compare(len(a.Org), len(b.Org)),
		cmp.Compare(a.Org, b.Org), cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.By, b.By), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Step, b.Step))
}

// recounts compares the roll-up with SQL over the cases: whole and by every
// grouping, of all time and of the year.
func (v *verifier) recounts(ctx context.Context) error {
	c, err := v.county(ctx)
	if err != nil {
		return err
	}
	codes := domain.MeasureCodes()
	var qs []domain.CountQuery
	for _, by := range groupings {
		for _, span := range []domain.Span{{}, domain.Year(v.Year)} {
			qs = append(qs, domain.CountQuery{Measures: codes, Span: span, Org: c.dir.Root(), By: by})
		}
	}
	for i := range qs {
		counted, err := v.store.Count(ctx, qs[i])
		if err != nil {
			return err
		}
		recounted, err := v.store.Recount(ctx, qs[i])
		if err != nil {
			return err
		}
		v.compare(&qs[i], recounted[0], counted[0])
		v.progress(StageCounts, int64(i+1))
	}
	return nil
}

// compare judges the answers to one question.
func (v *verifier) compare(q *domain.CountQuery, recounted, counted domain.Counts) {
	groups := maps.Clone(recounted)
	maps.Copy(groups, counted)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		for _, m := range q.Measures {
			r, c := recounted[key][m], counted[key][m]
			switch name := countName(q, key, m); {
			case r.N != c.N:
				v.differs(CheckRecount, name, strconv.FormatInt(r.N, 10), strconv.FormatInt(c.N, 10))
			case !slices.Equal(r.Steps, c.Steps): // as many cases, of other days
				v.differs(CheckRecount, name+" days", show(r.Steps), show(c.Steps))
			}
			v.Counts++
		}
	}
}

// countName names a count: "appeals.received 2020 township=370404102".
func countName(q *domain.CountQuery, key, measure string) string {
	name := measure
	if q.Span != (domain.Span{}) {
		name += " " + PeriodKey(q.Span)
	}
	if q.By != domain.ByNothing {
		name += " " + q.By + "=" + key
	}
	return name
}
