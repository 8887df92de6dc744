package report_test

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
	"sudi/report"
)

// The model organisations: a county, two townships with mediation committees,
// a county body with one.
const (
	county    = "370404"
	townshipA = "370404102"
	townshipB = "370404103"
	village   = "370404102201"
	justice   = "370404-justice"
)

func someOrganizations() []domain.Organization {
	from, closed := domain.NewDate(2000, 1, 1), domain.NewDate(2020, 6, 30)
	orgs := []domain.Organization{
		{Code: county, Kind: domain.OrgCounty, Name: "某区", Place: county},
		{Code: townshipA, Parent: county, Kind: domain.OrgTownship, Name: "甲镇", Place: townshipA},
		{Code: townshipB, Parent: county, Kind: domain.OrgTownship, Name: "乙镇", Place: townshipB},
		{Code: village, Parent: townshipA, Kind: domain.OrgVillage, Name: "丙村", Place: village},
		{Code: village + "-mc", Parent: village, Kind: domain.OrgVillageCommittee, Name: "丙村调委会", Place: village},
		{Code: townshipA + "-mc", Parent: townshipA, Kind: domain.OrgTownshipCommittee, Name: "甲镇调委会"},
		{Code: townshipB + "-mc", Parent: townshipB, Kind: domain.OrgTownshipCommittee, Name: "乙镇调委会", ValidTo: &closed},
		{Code: justice, Parent: county, Kind: domain.OrgJusticeBureau, Name: "司法局"},
		{Code: justice + "-mc", Parent: justice, Kind: domain.OrgIndustryCommittee, Name: "金融调委会", Function: "finance"},
	}
	paths := map[string]string{}
	for i := range orgs {
		o := &orgs[i]
		o.ValidFrom = from
		o.Path = domain.OrgPath(paths[o.Parent], o.Code)
		paths[o.Code] = o.Path
	}
	return orgs
}

func someCategories() []domain.Category {
	return []domain.Category{
		{Code: "01", Level1: "城乡建设"}, {Code: "0102", Level1: "城乡建设", Level2: "村镇建设"},
		{Code: "02", Level1: "农村农业"},
	}
}

// step is a random action upon a case, as data.
type step struct {
	kind      string
	which     int // of the cases there are
	other     int
	at        time.Time
	procedure string
	category  string
	place     string
	unit      string
	answer    domain.Satisfaction
}

var kinds = []string{
	"receive", "receive", "accept", "accept", "answer", "settle", "fail", "refuse", "withdraw", "terminate",
	"evaluate", "evaluate", "forget", "reopen", "merge", "unmerge", "move", "transfer", "recategorise",
	"mark", "unmark", "hear", "decide", "classify", "repeat", "unlink",
	"owe", "owe", "pause", "return",
}

// edges are the instants at which a figure slips most easily.
var edges = []time.Time{
	beijing("2019-12-31 23:59:59"), beijing("2020-01-01 00:00:00"), beijing("2020-01-01 07:59:59"),
	beijing("2020-02-29 23:59:59"), beijing("2020-12-31 23:59:59"), beijing("2021-01-01 00:00:00"),
}

func beijing(s string) time.Time {
	t, err := time.ParseInLocation(time.DateTime, s, domain.Beijing)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

var steps = rapid.Custom(func(t *rapid.T) step {
	at := rapid.SampledFrom(edges).Draw(t, "edge")
	if rapid.Bool().Draw(t, "between") {
		at = at.Add(time.Duration(rapid.IntRange(-400*24*3600, 400*24*3600).Draw(t, "seconds")) * time.Second)
	}
	return step{
		kind: rapid.SampledFrom(kinds).Draw(t, "kind"), at: at,
		which: rapid.IntRange(0, 1000).Draw(t, "which"), other: rapid.IntRange(0, 1000).Draw(t, "other"),
		procedure: rapid.SampledFrom([]string{"appeal", "petition", "mediation", "reconsideration", "litigation_response", "proposal", "backlog"}).Draw(t, "procedure"),
		category:  rapid.SampledFrom([]string{"", "0102", "02", "0301"}).Draw(t, "category"),
		place:     rapid.SampledFrom([]string{"", county, townshipA, village, townshipB}).Draw(t, "place"),
		unit:      rapid.SampledFrom([]string{county, townshipA, village, townshipB, justice}).Draw(t, "unit"),
		answer: rapid.SampledFrom([]domain.Satisfaction{
			domain.Satisfied, domain.BasicallySatisfied, domain.Dissatisfied,
		}).Draw(t, "answer"),
	}
})

// applier is the part of a store that takes decisions.
type applier interface {
	Apply(context.Context, domain.Decision) domain.Result
}

var (
	_ report.Store = (*memory)(nil)
	_ applier      = (*memory)(nil)
)

// play acts the steps out on a store that has some cases, and gives the ids of
// all.
func play(t require.TestingT, s applier, ids []string, history []step) []string {
	for i := range history {
		st := &history[i]
		d := domain.Decision{Decide: st.receive}
		if st.kind != "receive" && len(ids) > 0 {
			st.which, st.other = st.which%len(ids), st.other%len(ids)
			d = domain.Decision{CaseID: ids[st.which], Decide: st.act(ids)}
		}
		r := s.Apply(context.Background(), d)
		if st.kind == "merge" && domain.KindOf(r.Err) == domain.KindInvalid {
			continue // its master cannot be one
		}
		require.NoError(t, r.Err, "%+v", *st)
		if d.CaseID == "" {
			ids = append(ids, r.File.Case.ID)
		}
	}
	return ids
}

// receive opens a case with one clock.
func (st *step) receive(domain.File) (domain.Change, error) {
	id := uuid.Must(uuid.NewV7()).String()
	c := domain.Case{
		ID: id, Matter: id, Procedure: st.procedure, ProcedureVersion: 1, Category: st.category, Title: "路灯不亮",
		Place: st.place, Township: domain.TownshipOf(st.place), Channel: domain.ChannelWindow, Persons: 1,
		RegisteredBy: st.unit, Owner: st.unit, Desk: st.unit, Unit: st.unit, State: "receive",
		Disposition: domain.Pending, ReceivedAt: st.at, UpdatedAt: st.at, Version: 1,
	}
	clock := domain.Deadline{
		CaseID: id, Kind: "accept", Round: 1, Org: st.unit, Basis: "P05 21", Limit: "15 days", Roll: domain.RollNone,
		StartedAt: st.at, Nominal: st.at.AddDate(0, 0, 15), Due: st.at.AddDate(0, 0, 15), WarnAt: st.at.AddDate(0, 0, 12), Calendar: "test",
	}
	entry := st.entry(&domain.Case{}, &c)
	entry.Clocks = []domain.ClockRecord{{Event: domain.ClockStarted, Deadline: clock}}
	return domain.Change{
		After: c, Entries: []domain.Entry{entry}, Deadlines: []domain.Deadline{clock},
		Series: &domain.NumberSeries{Org: st.unit, Procedure: st.procedure, Year: domain.DateIn(st.at).Year, Prefix: "T" + st.procedure[:2]},
	}, nil
}

func (st *step) entry(before, after *domain.Case) domain.Entry {
	return domain.Entry{
		CaseID: after.ID, Version: after.Version, At: st.at, Action: st.kind, From: before.State, To: after.State,
		ActorID: "u1", ActorRole: domain.RoleClerk, ActorOrg: after.Desk, Event: st.kind, Effect: domain.Diff(before, after),
	}
}

// act makes the change of a step; whatever it finds, it leaves a case that the
// schema allows.
func (st *step) act(ids []string) func(domain.File) (domain.Change, error) {
	return func(f domain.File) (domain.Change, error) {
		before, after := f.Case, f.Case.Clone()
		after.Version++
		after.State, after.UpdatedAt = st.kind, st.at
		st.edit(&after, ids)
		change := domain.Change{Before: &before, After: after}
		entry := st.entry(&before, &after)
		if st.kind == "accept" && f.Deadlines[0].EndedAt == nil {
			clock := f.Deadlines[0]
			clock.EndedAt, clock.Met = &st.at, !st.at.After(clock.Due)
			entry.Clocks = []domain.ClockRecord{{Event: domain.ClockMet, Deadline: clock}}
			change.Deadlines = []domain.Deadline{clock}
		}
		change.Entries = []domain.Entry{entry}
		return change, nil
	}
}

func (st *step) edit(c *domain.Case, ids []string) {
	at := st.at // of what follows the receipt
	if at.Before(c.ReceivedAt) {
		at = c.ReceivedAt
	}
	become := func(d domain.Disposition, concluded *time.Time) {
		c.Disposition, c.MergedInto, c.ConcludedAt = d, nil, concluded
		c.ReturnedAt, c.ReturnedBy = nil, nil
		if c.AcceptedAt == nil && (d == domain.Active || concluded != nil) {
			c.AcceptedAt = &at
		}
	}
	switch st.kind {
	case "accept":
		become(domain.Active, nil)
		c.AcceptedAt = &at
	case "answer":
		become(domain.Concluded, &at)
	case "settle":
		become(domain.Succeeded, &at)
		c.Settled = 320_000
	case "fail":
		become(domain.Failed, &at)
	case "refuse":
		become(domain.NotAccepted, nil)
	case "withdraw":
		become(domain.Withdrawn, nil)
	case "terminate":
		become(domain.Terminated, nil)
	case "reopen", "unmerge":
		become(domain.Active, nil)
	case "merge":
		if master := ids[st.other]; master != c.ID {
			become(domain.Merged, nil)
			c.MergedInto = &master
		}
	case "evaluate":
		c.Satisfaction, c.EvaluatedAt, c.Resolved = st.answer, &st.at, new(st.answer == domain.Satisfied)
	case "forget":
		c.Satisfaction, c.EvaluatedAt = "", nil
	case "move":
		c.Place, c.Township = st.place, domain.TownshipOf(st.place)
	case "transfer":
		c.Owner, c.Desk, c.Unit = st.unit, st.unit, st.unit
	case "recategorise":
		c.Category = st.category
	case "mark":
		c.Flags = []domain.Flag{domain.FlagEnterprise, domain.FlagFinancial, domain.FlagRepeat}
	case "unmark":
		c.Flags = []domain.Flag{}
	case "hear":
		for _, fact := range []string{"hearing", "hearing_held", "head_appeared", "replied_in_time", "confirmed", "performed"} {
			c.Counts[fact]++
		}
	case "decide":
		c.Outcome = map[bool]string{true: "revoked", false: "upheld"}[st.answer == domain.Satisfied]
	case "classify":
		c.Class = map[bool]string{true: "four_key", false: "five_year"}[st.answer == domain.Satisfied]
	case "owe":
		st.owe(c)
	case "pause":
		c.PausedDays += st.which % 40
	case "return":
		if other := ids[st.other]; c.ConcludedAt != nil && other != c.ID {
			back := c.ConcludedAt.Add(time.Duration(1+st.which%200) * 24 * time.Hour)
			c.ReturnedAt, c.ReturnedBy = &back, &other
		}
	case "repeat":
		if first := ids[0]; first != c.ID { // nobody hangs on any but the first
			c.Repeats, c.Matter = &first, first
		}
	case "unlink":
		c.Repeats, c.Matter = nil, c.ID
	}
}

// owe gives the case duties that are kept, missed, or still running.
func (st *step) owe(c *domain.Case) {
	var met *bool
	if st.answer != domain.Dissatisfied {
		met = new(st.answer == domain.Satisfied)
	}
	switch st.other % 4 {
	case 0:
		c.RespondDue, c.RespondMet = &st.at, met
	case 1:
		c.AcceptDue, c.AcceptMet = &st.at, met
	case 2:
		c.ConcludeDue, c.ConcludeMet = &st.at, met
	default:
		c.PerformDue, c.PerformMet = &st.at, met
	}
}

func newService(s report.Store) *report.Service {
	return report.New(s, func() time.Time { return beijing("2021-03-08 09:30:00") })
}
