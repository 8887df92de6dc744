package report

import (
	"context"

	"sudi/domain"
)

// countOrganizations fills in the figures that count organisations: at the
// span's end, at each month's end within it, or below each township, where
// group "" is those that no township has.
func (s *Service) countOrganizations(ctx context.Context, t *table) error {
	t.active = make([]map[string]int64, len(domain.Indicators))
	for i := range domain.Indicators {
		kinds := domain.Indicators[i].OrgKinds
		if len(kinds) == 0 {
			continue
		}
		var err error
		switch t.by {
		case "":
			t.active[i], err = s.activeAt(ctx, t, kinds, map[string]domain.Date{"": t.span.To})
		case ByMonth:
			t.active[i], err = s.activeAt(ctx, t, kinds, monthEnds(t))
		case ByTownship:
			t.active[i], err = s.activeBelow(ctx, t, kinds)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func monthEnds(t *table) map[string]domain.Date {
	ends := make(map[string]domain.Date, len(t.groups))
	for d := domain.NewDate(t.span.From.Year, t.span.From.Month, 1); !d.After(t.span.To); d = d.AddMonths(1) {
		end := d.AddMonths(1).AddDays(-1)
		if end.After(t.span.To) {
			end = t.span.To
		}
		ends[monthKey(d)] = end
	}
	return ends
}

func (s *Service) activeAt(ctx context.Context, t *table, kinds []domain.OrgKind, days map[string]domain.Date) (map[string]int64, error) {
	active := make(map[string]int64, len(days))
	for key, day := range days {
		n, err := s.store.ActiveOrganizations(ctx, kinds, day, t.unit)
		if err != nil {
			return nil, err
		}
		active[key] = n
	}
	return active, nil
}

func (s *Service) activeBelow(ctx context.Context, t *table, kinds []domain.OrgKind) (map[string]int64, error) {
	all, err := s.activeAt(ctx, t, kinds, map[string]domain.Date{"": t.span.To})
	if err != nil {
		return nil, err
	}
	for _, o := range t.dir.OfKind(domain.OrgTownship) {
		if t.unit != "" && t.unit != o.Code {
			continue
		}
		n, err := s.store.ActiveOrganizations(ctx, kinds, t.span.To, o.Code)
		if err != nil {
			return nil, err
		}
		all[domain.TownshipOf(o.Place)] += n
		all[""] -= n
	}
	return all, nil
}
