package report

import (
	"context"
	"fmt"
	"strconv"

	"sudi/domain"
)

// The checks of publications.
const (
	CheckPublication Check = "publication" // a publication is whole: hash, revision and what it says of itself
	CheckReplay      Check = "replay"      // its figures are those of history at its position
)

// VerifiedPublications is what a verification of publications found.
type VerifiedPublications struct {
	Publications int64        `json:"publications"`
	Figures      int64        `json:"figures"` // counted again
	Differences  []Difference `json:"differences"`
}

// OK reports whether every publication holds.
func (v *VerifiedPublications) OK() bool { return len(v.Differences) == 0 }

func (v *VerifiedPublications) differs(c Check, where, want, got string) {
	v.Differences = append(v.Differences, Difference{c, where, want, got})
}

// VerifyPublications proves of every publication that it says what it said: its
// hash is that of its content, its revisions follow one another, and each
// county figure counted from cases comes out again when all cases are folded up
// to its position and counted anew. Figures of organisations and statements are
// not in history: the hash alone answers for them. It reads history once for
// each publication and changes nothing.
func (s *Service) VerifyPublications(ctx context.Context) (VerifiedPublications, error) {
	var v VerifiedPublications
	list, err := s.store.Publications(ctx, 0)
	if err != nil {
		return v, err
	}
	var last *domain.Publication
	for i := range list {
		p := &list[i]
		if last != nil && last.Year != p.Year {
			last = nil
		}
		v.Publications++
		d, whole := v.whole(p, last)
		last = p
		if !whole {
			continue
		}
		if err := s.replay(ctx, &v, &d); err != nil {
			return v, err
		}
	}
	return v, nil
}

func whereOf(p *domain.Publication) string { return fmt.Sprintf("%d revision %d", p.Year, p.Revision) }

// whole checks a publication against itself and the one before.
func (v *VerifiedPublications) whole(p, last *domain.Publication) (document, bool) {
	where := whereOf(p)
	if got := hashOf(p.Content); got != p.Hash {
		v.differs(CheckPublication, where+" hash", p.Hash, got)
		return document{}, false
	}
	d, err := read(p)
	if err != nil {
		v.differs(CheckPublication, where, "readable", err.Error())
		return d, false
	}
	revision, previous := 1, ""
	if last != nil {
		revision, previous = last.Revision+1, last.Hash
	}
	found := len(v.Differences)
	same := func(what, want, got string) {
		if want != got {
			v.differs(CheckPublication, where+" "+what, want, got)
		}
	}
	same("follows", strconv.Itoa(revision), strconv.Itoa(p.Revision))
	same("previous", previous, d.Previous)
	again, err := d.publication()
	if err != nil {
		v.differs(CheckPublication, where+" canonical", p.Hash, err.Error())
		return d, false
	}
	same("canonical", p.Hash, again.Hash)
	same("position", show(again.Position), show(p.Position))
	same("at", show(again.At), show(p.At.UTC()))
	same("by", again.By+" "+again.ByName, p.By+" "+p.ByName)
	same("reason", again.Reason, p.Reason)
	same("year", show([]int{again.Year, again.Revision, d.Annual.Year}), show([]int{p.Year, p.Revision, p.Year}))
	if same := show(again.Differences) == show(p.Differences); !same {
		v.differs(CheckPublication, where+" differences", show(again.Differences), show(p.Differences))
	}
	return d, found == len(v.Differences)
}

// replay counts the figures of a publication again.
func (s *Service) replay(ctx context.Context, v *VerifiedPublications, d *document) error {
	span := domain.Year(d.Year)
	totals := make(map[string]int64)
	err := s.store.EachHistory(ctx, 0, d.Position, span.To, func(h domain.CaseHistory) error {
		if h.Known == 0 {
			return nil
		}
		c, _, err := domain.Fold(h.Entries[:h.Known])
		if err != nil {
			v.differs(CheckReplay, h.Number, "1 … n", err.Error())
			return nil
		}
		for _, t := range domain.Tallies(nil, &c) {
			m := domain.MeasureByCode(t.Measure)
			if !t.Day.After(span.To) && (m.Stock || !t.Day.Before(span.From)) {
				totals[t.Measure] += t.N
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for i := range d.Annual.Figures {
		f := &d.Annual.Figures[i]
		ind := domain.IndicatorByCode(f.Code)
		if ind == nil || len(ind.OrgKinds) > 0 {
			continue
		}
		v.Figures++
		v.recounted(d, f.Code+" numerator", ind.Numerator, f.Numerator, totals)
		v.recounted(d, f.Code+" denominator", ind.Denominator, f.Denominator, totals)
	}
	return nil
}

func (v *VerifiedPublications) recounted(d *document, where, measure string, frozen *int64, totals map[string]int64) {
	if measure == "" || frozen == nil || *frozen == totals[measure] {
		return
	}
	v.differs(CheckReplay, fmt.Sprintf("%d revision %d %s", d.Year, d.Revision, where), show(totals[measure]), show(*frozen))
}
