package main

import (
	"time"

	"sudi/domain"
)

// kind is a procedure with what its cases are like.
type kind struct {
	name, prefix string
	weight       int // of 1,000 cases
	classes      []string
	mediates     bool // ends in an agreement or without one
	outcomes     []string
	counts       []string // facts that its history counts, each in some cases
	days         int      // in which most are concluded
	limit        int      // days to conclude
}

var kinds = []kind{
	{name: "appeal", prefix: "SQ", weight: 420, classes: []string{"help", "consultation", "complaint", "suggestion"}, outcomes: []string{"explained", "done"}, days: 6, limit: 15},
	{name: "petition", prefix: "XF", weight: 190, classes: []string{"demand", "accusation", "suggestion"}, outcomes: []string{"supported", "partly_supported", "not_supported"}, days: 25, limit: 60},
	{name: "mediation", prefix: "TJ", weight: 210, classes: []string{""}, mediates: true, counts: []string{"confirmed"}, days: 12, limit: 30},
	{name: "litigation_mediation", prefix: "ST", weight: 40, classes: []string{""}, mediates: true, counts: []string{"confirmed"}, days: 12, limit: 30},
	{name: "administrative_mediation", prefix: "XT", weight: 25, classes: []string{""}, mediates: true, counts: []string{"confirmed"}, days: 12, limit: 30},
	{name: "enterprise_mediation", prefix: "QT", weight: 30, classes: []string{""}, mediates: true, counts: []string{"confirmed"}, days: 12, limit: 30},
	{name: "police_mediation", prefix: "JT", weight: 25, classes: []string{""}, mediates: true, days: 10, limit: 30},
	{name: "backlog", prefix: "JA", weight: 15, classes: []string{"five_year", "four_key"}, outcomes: []string{"resolved"}, days: 80, limit: 180},
	{name: "reconsideration", prefix: "FY", weight: 20, classes: []string{""}, counts: []string{"hearing"}, days: 25, limit: 60,
		outcomes: []string{"upheld", "changed", "revoked", "confirmed_illegal", "settled_corrected", "settled"}},
	{name: "litigation_response", prefix: "YS", weight: 10, classes: []string{"first_instance", "second_instance"}, counts: []string{"hearing_held", "head_appeared"}, outcomes: []string{"won", "lost"}, days: 80, limit: 180},
	{name: "proposal", prefix: "TA", weight: 15, classes: []string{"npc", "cppcc"}, counts: []string{"replied_in_time"}, outcomes: []string{"planned", "explained"}, days: 40, limit: 90},
}

func (d *draft) kind() *kind {
	n := d.IntN(1000)
	for i := range kinds {
		if n -= kinds[i].weight; n < 0 {
			return &kinds[i]
		}
	}
	return &kinds[0]
}

// over is when the ten years end: what would lie after it has not happened yet.
var over = domain.NewDate(reportYear+1, 1, 1).Start()

// later is a moment some days after another, few or many times as many, nil when
// it has not come.
func (d *draft) later(at time.Time, days int) *time.Time {
	at = at.Add(time.Hour + time.Duration(d.ExpFloat64()*float64(days)*float64(24*time.Hour))).Truncate(time.Microsecond)
	if !at.Before(over) {
		return nil
	}
	return &at
}

// live gives a case its course: when it was accepted, concluded and rated, and
// how it ended.
func (d *draft) live(c *domain.Case, k *kind) {
	// A state of no procedure's, so that no router takes the case up.
	c.State, c.Disposition = "waiting", domain.Pending
	switch n := d.IntN(100); {
	case n < 4:
		c.State, c.Disposition, c.ClosedAt = "not_accepted", domain.NotAccepted, d.later(c.ReceivedAt, 3)
		return
	case n < 7:
		c.State, c.Disposition, c.ClosedAt = "withdrawn", domain.Withdrawn, d.later(c.ReceivedAt, 5)
		return
	case n == 99 && d.chance(20): // never taken up
		return
	}
	if c.AcceptedAt = d.later(c.ReceivedAt, 3); c.AcceptedAt == nil {
		return
	}
	c.State, c.Disposition = "handling", domain.Active
	if d.IntN(500) == 0 {
		return // stays open
	}
	if c.ConcludedAt = d.later(*c.AcceptedAt, k.days); c.ConcludedAt == nil {
		return
	}
	d.conclude(c, k)
	if d.chance(65) {
		d.rate(c)
	}
	if c.ClosedAt = d.later(*c.ConcludedAt, 8); c.ClosedAt != nil {
		c.State = "closed"
	}
}

// conclude says how a case ended that has come to its end.
func (d *draft) conclude(c *domain.Case, k *kind) {
	c.State, c.Disposition = "concluded", domain.Concluded
	switch {
	case k.mediates && d.chance(96):
		c.Disposition, c.Outcome, c.Settled = domain.Succeeded, "written_agreement", c.Amount/2
	case k.mediates:
		c.Disposition, c.Outcome = domain.Failed, "failed"
	default:
		c.Outcome = pick(d, k.outcomes)
	}
	for _, fact := range k.counts {
		if d.chance(60) {
			c.Counts[fact] = 1
		}
	}
	if d.chance(5) {
		c.PausedDays = d.IntN(1 + domain.DateIn(*c.ConcludedAt).Sub(domain.DateIn(*c.AcceptedAt)))
	}
}

func (d *draft) rate(c *domain.Case) {
	if c.EvaluatedAt = d.later(*c.ConcludedAt, 6); c.EvaluatedAt == nil {
		return
	}
	c.Satisfaction = skewed(d, domain.Satisfactions)
	if d.chance(80) {
		c.Resolved = new(c.Satisfaction != domain.Dissatisfied)
	}
}

// owe gives a case the duties of its procedure, kept or missed as it went.
func (d *draft) owe(c *domain.Case, k *kind) {
	day := 24 * time.Hour
	if k.name == "appeal" {
		c.RespondDue, c.RespondMet = duty(c.ReceivedAt.Add(day), d.later(c.ReceivedAt, 0))
	} else {
		c.AcceptDue, c.AcceptMet = duty(c.ReceivedAt.Add(15*day), c.AcceptedAt)
	}
	if c.AcceptedAt != nil {
		c.ConcludeDue, c.ConcludeMet = duty(c.AcceptedAt.Add(time.Duration(k.limit)*day), c.ConcludedAt)
	}
	if c.Disposition == domain.Succeeded && d.chance(40) || k.name == "litigation_response" && c.ConcludedAt != nil {
		c.PerformDue, c.PerformMet = duty(c.ConcludedAt.Add(30*day), d.later(*c.ConcludedAt, 15))
		if c.PerformMet != nil && *c.PerformMet {
			c.Counts["performed"] = 1
		}
	}
}

// duty says whether what was owed by a moment was done by then; nil while there
// is time left.
func duty(due time.Time, done *time.Time) (*time.Time, *bool) {
	switch {
	case done != nil:
		return &due, new(!done.After(due))
	case due.Before(over):
		return &due, new(false)
	default:
		return &due, nil
	}
}
