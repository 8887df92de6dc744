package report_test

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
	"sudi/report"
)

// story is a random but fixed history.
func story(seed, n int) []step { return rapid.SliceOfN(steps, n, n).Example(seed) }

func TestVerifyFindsNothing(t *testing.T) {
	for seed := range 10 {
		m := newMemory()
		play(t, m, nil, story(seed, 200))
		r, err := newService(m).Verify(t.Context(), report.VerifyOptions{Year: 2020})
		require.NoError(t, err)
		require.Empty(t, r.Differences)
		require.True(t, r.OK())
		require.EqualValues(t, len(m.order), r.Cases)
		entries := 0
		for _, es := range m.entries {
			entries += len(es)
		}
		require.EqualValues(t, entries, r.Entries)
		require.EqualValues(t, len(domain.Measures), r.Lists)
		require.Positive(t, r.Counts)
	}
}

// torn is a store that something has gone wrong with.
type torn struct {
	*memory
	recount func(domain.Counts)
	page    func(*domain.CasePage)
	file    func(*domain.File)
}

func (s *torn) Recount(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	answers, err := s.memory.Recount(ctx, qs...)
	for _, counts := range answers {
		if s.recount != nil {
			s.recount(counts)
		}
	}
	return answers, err
}

func (s *torn) EachListed(ctx context.Context, q domain.CaseQuery, fn func(*domain.Case) error) error {
	q.Limit = len(s.order) + 1
	page, err := s.List(ctx, q)
	if s.page != nil {
		s.page(&page)
	}
	for i := range page.Items {
		err = cmp.Or(err, fn(&page.Items[i].Case))
	}
	return err
}

func (s *torn) EachFile(ctx context.Context, fn func(domain.File, []domain.Entry) error) error {
	return s.memory.EachFile(ctx, func(f domain.File, entries []domain.Entry) error {
		if s.file != nil {
			f.Deadlines = slices.Clone(f.Deadlines)
			s.file(&f)
		}
		return fn(f, entries)
	})
}

func TestVerifyFinds(t *testing.T) {
	cell := domain.Cell{
		Measure: "appeals.received", Day: domain.NewDate(2020, 5, 4), Owner: townshipA, Township: townshipB,
		Procedure: "appeal", Category: "02",
	}
	for name, tc := range map[string]struct {
		tear  func(*torn)
		check report.Check
		where string
	}{
		"a cell that no case is in": {
			func(s *torn) { s.deltas = append(s.deltas, domain.Tally{Cell: cell, N: 1}) },
			report.CheckRollUp, "appeals.received 2020-05 org=370404 township=370404103",
		},
		"a count in the month before": {
			func(s *torn) {
				before := cell
				before.Day = cell.Day.AddMonths(-1)
				s.deltas = append(s.deltas, domain.Tally{Cell: cell, N: 1}, domain.Tally{Cell: before, N: -1})
			},
			report.CheckRollUp, "appeals.received 2020-04 org=370404",
		},
		"a total that was not folded in": {
			func(s *torn) {
				s.totals = map[domain.Total]int64{{Measure: "appeals.closed", Period: "2020", Org: townshipA, By: domain.ByOrganization, Group: townshipA}: -1}
			},
			report.CheckRollUp, "appeals.closed 2020 org=370404102 organization=370404102",
		},
		"a recount that forgets": {
			func(s *torn) { s.recount = func(c domain.Counts) { clear(c) } },
			report.CheckRecount, "appeals.received 2020 month=2020-01",
		},
		"a recount of other days": {
			func(s *torn) {
				s.recount = func(c domain.Counts) {
					for _, counts := range c {
						for code, n := range counts {
							for i := range n.Steps {
								n.Steps[i].At++
							}
							counts[code] = n
						}
					}
				}
			},
			report.CheckRecount, "appeals.handled 2020 days",
		},
		"a list cut short": {
			func(s *torn) { s.page = func(p *domain.CasePage) { p.Items = p.Items[:len(p.Items)/2] } },
			report.CheckList, "appeals.received 2020",
		},
		"a list that repeats": {
			func(s *torn) { s.page = func(p *domain.CasePage) { p.Items = append(p.Items, p.Items...) } },
			report.CheckListed, "appeals.received 2020",
		},
		"a case changed behind its history": {
			func(s *torn) { s.file = func(f *domain.File) { f.Case.Handler = "somebody" } },
			report.CheckFold, "Tap-370404102-2020-000001 handler",
		},
		"a case moved by a nanosecond": {
			func(s *torn) { s.file = func(f *domain.File) { f.Case.ReceivedAt = f.Case.ReceivedAt.Add(1) } },
			report.CheckFold, "Tap-370404102-2020-000001 received_at",
		},
		"a version that is not the number of entries": {
			func(s *torn) { s.file = func(f *domain.File) { f.Case.Version++ } },
			report.CheckVersion, "Tap-370404102-2020-000001",
		},
		"a clock moved": {
			func(s *torn) {
				s.file = func(f *domain.File) { f.Deadlines[0].Due = f.Deadlines[0].Due.AddDate(0, 0, 1) }
			},
			report.CheckClocks, "Tap-370404102-2020-000001 accept/1 due",
		},
		"a clock lost": {
			func(s *torn) { s.file = func(f *domain.File) { f.Deadlines = nil } },
			report.CheckClocks, "Tap-370404102-2020-000001 accept/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &torn{memory: newMemory()}
			play(t, s, nil, []step{
				{kind: "receive", procedure: "appeal", unit: townshipA, place: townshipA, category: "0102", at: edges[1]},
				{kind: "answer", at: edges[3]},
			})
			tc.tear(s)
			r, err := newService(s).Verify(t.Context(), report.VerifyOptions{Year: 2020})
			require.NoError(t, err)
			require.False(t, r.OK())
			require.True(t, slices.ContainsFunc(r.Differences, func(d report.Difference) bool {
				return d.Check == tc.check && d.Where == tc.where
			}), "%+v", r.Differences)
		})
	}
}

// What the roll-up lost or gained is found again in the history.
func TestRebuild(t *testing.T) {
	for seed := range 5 {
		m := newMemory()
		play(t, m, nil, story(seed, 100))
		if seed%2 == 0 {
			_, err := m.FoldTallies(t.Context())
			require.NoError(t, err)
		}
		want := m.now()
		m.totals = map[domain.Total]int64{{Measure: "appeals.closed", Period: "2020", Org: county}: 7}
		n, err := newService(m).Rebuild(t.Context(), nil)
		require.NoError(t, err)
		if seed%2 == 0 {
			require.Positive(t, n)
		}
		for total, n := range m.now() {
			require.Equal(t, want[total], n, total)
		}
		again, err := newService(m).Rebuild(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, again)
	}
}

func TestRebuildTakesTurns(t *testing.T) {
	m := newMemory()
	m.locked = true
	_, err := newService(m).Rebuild(t.Context(), nil)
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
}

// After an upgrade that counts by other measures the roll-up is counted anew,
// once.
func TestCatchUp(t *testing.T) {
	m := newMemory()
	play(t, m, nil, story(1, 50))
	want := m.now()
	m.totals, m.deltas = map[domain.Total]int64{}, nil // nothing was counted by today's measures
	require.NoError(t, newService(m).CatchUp(t.Context(), nil))
	require.Equal(t, nonZero(want), nonZero(m.now()))
	m.totals = map[domain.Total]int64{}
	require.NoError(t, newService(m).CatchUp(t.Context(), nil))
	require.Empty(t, m.now(), "it has been counted by these measures")
}

func nonZero(totals map[domain.Total]int64) map[domain.Total]int64 {
	maps.DeleteFunc(totals, func(_ domain.Total, n int64) bool { return n == 0 })
	return totals
}

func TestVerifySpellsOutTheFirst(t *testing.T) {
	s := &torn{memory: newMemory()}
	play(t, s, nil, slices.Repeat([]step{{kind: "receive", procedure: "appeal", unit: townshipA, at: edges[1]}}, 30))
	s.file = func(f *domain.File) { f.Case.Handler = "somebody" }
	var seen []report.Stage
	r, err := newService(s).Verify(t.Context(), report.VerifyOptions{Year: 2020, Progress: func(stage report.Stage, _ int64) {
		if !slices.Contains(seen, stage) {
			seen = append(seen, stage)
		}
	}})
	require.NoError(t, err)
	require.EqualValues(t, 30, r.Wrong)
	require.Len(t, r.Differences, 20)
	require.Equal(t, []report.Stage{report.StageCases, report.StageCounts, report.StageLists}, seen)
	for _, lang := range []string{"zh", "en"} {
		var b bytes.Buffer
		require.NoError(t, r.WriteText(&b, lang))
		golden(t, "verify."+lang+".txt", b.Bytes())
	}
}
