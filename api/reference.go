package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"sudi/domain"
)

type organizationsOutput struct {
	Body struct {
		Items []domain.Organization `json:"items"`
	}
}

type categoriesOutput struct {
	Body struct {
		Items []domain.Category `json:"items"`
	}
}

type indicatorsOutput struct {
	Body struct {
		Items []domain.Indicator `json:"items"`
	}
}

type calendarInput struct {
	Year int `path:"year"`
}

type calendarOutput struct {
	Body struct {
		Year        int          `json:"year"`
		Provisional bool         `json:"provisional" doc:"The State Council has not announced the year yet: weekends only"`
		Version     string       `json:"version" doc:"Identifies the holiday data"`
		WorkingDays int          `json:"working_days"`
		Days        []domain.Day `json:"days"`
	}
}

func (s *server) referenceRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/organizations", id: "listOrganizations", tag: "reference",
		summary: "The organisation tree, parents before children",
	}, func(ctx context.Context, _ *Caller, _ *nothing) (*organizationsOutput, error) {
		items, err := s.Store.Organizations(ctx)
		out := &organizationsOutput{}
		out.Body.Items = list(items)
		return out, err
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/categories", id: "listCategories", tag: "reference",
		summary: "The three-level category list",
	}, func(ctx context.Context, _ *Caller, _ *nothing) (*categoriesOutput, error) {
		items, err := s.Store.Categories(ctx)
		out := &categoriesOutput{}
		out.Body.Items = list(items)
		return out, err
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/indicators", id: "listIndicators", tag: "figures",
		summary: "What each figure counts",
	}, func(context.Context, *Caller, *nothing) (*indicatorsOutput, error) {
		out := &indicatorsOutput{}
		out.Body.Items = slices.Clone(domain.Indicators)
		return out, nil
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/calendar/{year}", id: "getCalendar", tag: "reference",
		summary: "The working days of a year", errors: []int{http.StatusNotFound},
	}, s.calendar)
}

func (s *server) calendar(_ context.Context, _ *Caller, in *calendarInput) (*calendarOutput, error) {
	days, err := s.Calendar.Days(in.Year)
	if errors.Is(err, domain.ErrCalendarYear) || err == nil && len(days) == 0 {
		return nil, domain.Errorf(domain.KindNotFound, "calendar_year_unknown", in.Year)
	}
	if err != nil {
		return nil, err
	}
	out := &calendarOutput{}
	out.Body.Year, out.Body.Provisional, out.Body.Version = in.Year, s.Calendar.Provisional(in.Year), s.Calendar.Version()
	out.Body.Days = days
	for i := range days {
		if days[i].Working {
			out.Body.WorkingDays++
		}
	}
	return out, nil
}
