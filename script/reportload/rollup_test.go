package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/county"
	"sudi/domain"
)

// The roll-up that is made in memory is that which the cases' own totals make.
func TestRollupIsTheProducts(t *testing.T) {
	orgs := county.Organizations()
	paths := map[string]string{}
	for i := range orgs {
		paths[orgs[i].Code] = orgs[i].Path
	}
	want, r := map[domain.Total]int64{}, newRollup(orgs)
	cases := newMaker(orgs, county.Categories()).cases(run{0, 0, 2_000, 2_000})
	for i := range cases {
		require.NoError(t, r.add(&cases[i]))
		for _, f := range domain.Facts(&cases[i]) {
			for total := range f.Totals(paths[f.Owner]) {
				want[total] += f.N
			}
		}
	}
	got := map[domain.Total]int64{}
	rows, err := r.total()
	require.NoError(t, err)
	for at, row := range rows {
		for _, e := range entriesOf(row) {
			got[domain.Total{Measure: domain.MeasureByNumber(e.Measure).Code, Period: at.period, Org: at.org, By: at.by, Group: e.Group, Step: e.Step}] = e.N
		}
	}
	require.Equal(t, want, got)
}
