package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"sudi/domain"
)

// The ten years in which cases are received. reportYear is the last of them,
// which has last year beside it and cases that are still open.
const (
	firstYear  = 2011
	reportYear = 2020
)

// seed makes the same cases every time.
const seed = 20

// chunkSize is how many cases are made together. A case refers to others of
// its chunk only, so that chunks can be made side by side.
const chunkSize = 5_000

// maker makes plausible cases in the county that it is given.
type maker struct {
	dir        *domain.Directory
	villages   []string                          // place codes
	local      map[string][]*domain.Organization // by township code: who is responsible there
	central    []*domain.Organization            // bodies of the county itself
	categories []string
}

func newMaker(orgs []domain.Organization, categories []domain.Category) *maker {
	m := &maker{dir: domain.NewDirectory(orgs, nil), local: map[string][]*domain.Organization{}}
	for i := range orgs {
		o := &orgs[i]
		switch unit := m.dir.Get(m.dir.Unit(o.Code)); {
		case unit.Kind == domain.OrgTownship:
			m.local[unit.Code] = append(m.local[unit.Code], o)
		case o.Code != m.dir.Root():
			m.central = append(m.central, o)
		}
		if o.Kind == domain.OrgVillage {
			m.villages = append(m.villages, o.Place)
		}
	}
	for _, c := range categories {
		if c.Level3 != "" {
			m.categories = append(m.categories, c.Code)
		}
	}
	return m
}

// run is a run of cases that are made together: numbers From up to To of Total,
// which are spread over the ten years in order.
type run struct {
	step, from, to, total int
}

// cases makes the run's cases.
func (m *maker) cases(r run) []domain.Case {
	d := &draft{maker: m, Rand: rand.New(rand.NewPCG(seed, uint64(r.step)<<40|uint64(r.from))), //nolint:gosec // no secret: the same cases every time
		last: map[string]*domain.Case{}}
	made := make([]domain.Case, r.to-r.from)
	for i := range made {
		d.make(&made[i], r, r.from+i)
	}
	return made
}

// draft makes the cases of one chunk.
type draft struct {
	*maker
	*rand.Rand
	last map[string]*domain.Case // by procedure: one that others may join or repeat
}

// chance is true in p of 100 cases.
func (d *draft) chance(p int) bool { return d.IntN(100) < p }

func pick[T any](d *draft, list []T) T { return list[d.IntN(len(list))] }

// skewed picks the first of a list most often.
func skewed[T any](d *draft, list []T) T {
	f := d.Float64()
	return list[int(f*f*float64(len(list)))]
}

func (d *draft) make(c *domain.Case, r run, i int) {
	kind := d.kind()
	at := d.received(r, i)
	id := d.identifier(at)
	*c = domain.Case{
		ID: id.String(), Matter: id.String(), Procedure: kind.name, ProcedureVersion: 1, Regime: "P05",
		Class: pick(d, kind.classes), Category: skewed(d, d.categories), Channel: skewed(d, domain.Channels),
		Persons: 1, ReceivedAt: at, Version: 2 + d.IntN(9), Counts: map[string]int{}, Flags: []domain.Flag{}, Partners: []string{},
	}
	d.place(c)
	c.Number = fmt.Sprintf("%s-%s-%d-%d%07d", kind.prefix, c.Unit, domain.DateIn(at).Year, r.step, i)
	c.Title, c.Statement = d.texts(c, i)
	d.mark(c)
	d.live(c, kind)
	d.relate(c)
	d.owe(c, kind)
	c.UpdatedAt = c.ReceivedAt
	for _, at := range []*time.Time{c.AcceptedAt, c.ConcludedAt, c.EvaluatedAt, c.ClosedAt} {
		if at != nil && at.After(c.UpdatedAt) {
			c.UpdatedAt = *at
		}
	}
	if c.Disposition != domain.Merged && c.Repeats == nil {
		d.last[c.Procedure] = c
	}
}

// identifier is a UUID of version 7, as the engine gives them: it begins with the
// moment.
func (d *draft) identifier(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x7000|d.Uint64N(1<<12)) //nolint:gosec // after 1970
	binary.BigEndian.PutUint64(id[8:], 1<<63|d.Uint64N(1<<62))
	return id
}

// received spreads the cases evenly over the years, in working hours.
func (d *draft) received(r run, i int) time.Time {
	begin := domain.NewDate(firstYear, 1, 1)
	days := domain.NewDate(reportYear+1, 1, 1).Sub(begin)
	day := begin.AddDays(int(int64(i) * int64(days) / int64(r.total)))
	return day.Start().Add(8*time.Hour + time.Duration(d.Int64N(int64(10*time.Hour)))).Truncate(time.Microsecond)
}

// place says where the matter is and who answers for it.
func (d *draft) place(c *domain.Case) {
	c.Place = skewed(d, d.villages)
	c.Township = domain.TownshipOf(c.Place)
	owners := d.local[c.Township]
	switch {
	case d.chance(3): // nobody knows where
		c.Place, c.Township = "", ""
		owners = d.central
	case len(owners) == 0 || d.chance(30):
		owners = d.central
	}
	owner := skewed(d, owners)
	c.Owner, c.Desk, c.RegisteredBy, c.Unit = owner.Code, owner.Code, pick(d, owners).Code, d.dir.Unit(owner.Code)
	if d.chance(10) {
		c.Partners = []string{pick(d, d.central).Code}
	}
}

var things = strings.Split("路灯不亮 自来水停水 宅基地边界纠纷 工资拖欠 房屋漏水 噪声扰民 征地补偿 物业收费 民间借贷 占道经营 危房改造 排水沟堵塞", " ")

func (d *draft) texts(c *domain.Case, i int) (title, statement string) {
	thing := pick(d, things)
	return fmt.Sprintf("反映%s%s", c.Place, thing),
		strings.Repeat(fmt.Sprintf("来件人反映%s问题已有%d天，影响%d户居民出行和生活，多次联系没有结果，请求尽快核实处理并书面答复。", thing, 1+d.IntN(300), 1+i%97), 1+d.IntN(2))
}

func (d *draft) mark(c *domain.Case) {
	for _, f := range []struct {
		flag    domain.Flag
		percent int
	}{{domain.FlagCollective, 3}, {domain.FlagUrgent, 4}, {domain.FlagRisk, 2}, {domain.FlagSupervised, 2}, {domain.FlagSimplified, 8}} {
		if d.chance(f.percent) {
			c.Flags = append(c.Flags, f.flag)
		}
	}
	switch {
	case c.Procedure == "enterprise_mediation":
		c.Flags = append(c.Flags, domain.FlagEnterprise)
	case c.Procedure == "backlog":
		c.Flags = append(c.Flags, domain.FlagBacklog)
	case strings.HasSuffix(c.Procedure, "mediation") && d.chance(6):
		c.Flags = append(c.Flags, domain.FlagFinancial)
	}
	if c.Has(domain.FlagCollective) {
		c.Persons = 5 + d.IntN(20)
	}
	if d.chance(30) {
		c.Amount = d.Int64N(5_000_000)
	}
}

// relate ties some cases to an earlier one: a repeat is of its matter, a merged
// one is counted with it.
func (d *draft) relate(c *domain.Case) {
	earlier := d.last[c.Procedure]
	if earlier == nil {
		return
	}
	switch {
	case c.Procedure == "petition" && d.chance(8):
		c.Flags = append(c.Flags, domain.FlagRepeat)
		c.Repeats, c.Matter = &earlier.ID, earlier.Matter
		d.comeBack(c, earlier)
	case c.Disposition == domain.NotAccepted && d.chance(30):
		c.Disposition, c.State, c.MergedInto = domain.Merged, "merged", &earlier.ID
		c.AcceptedAt = nil
		c.HeldFrom = "registered"
	}
}

// comeBack has the citizen of some concluded petitions come back with them. Who
// repeats a case was received before its conclusion as often as not, so the day
// is drawn; the count looks at nothing else.
func (d *draft) comeBack(c, earlier *domain.Case) {
	if earlier.ConcludedAt != nil && earlier.ReturnedAt == nil {
		if at := d.later(*earlier.ConcludedAt, 90); at != nil {
			earlier.ReturnedAt, earlier.ReturnedBy = at, &c.ID
		}
	}
}
