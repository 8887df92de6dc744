package api

import (
	"context"
	"time"

	"sudi/domain"
	"sudi/report"
)

// reportsOn gives the reports of a store that keeps any, and none of others.
func reportsOn(b backend, now func() time.Time) Reports {
	if s, ok := b.(report.Store); ok {
		return report.New(s, now)
	}
	return noReports{}
}

// noReports is a county that has never published or attested anything.
type noReports struct{}

func (noReports) AttestedYear(_ context.Context, year int) (report.AttestedYear, error) {
	return report.AttestedYear{Year: year, Items: []report.Statement{}, Checks: []domain.AttestedCheck{}, Missing: []report.Missing{}}, nil
}

func (noReports) State(context.Context, domain.Actor, report.States) (report.Stated, []domain.AttestedCheck, error) {
	return report.Stated{}, nil, domain.Errorf(domain.KindForbidden, "attested_not_yours")
}

func (noReports) Current(context.Context, int, domain.Scope) (report.Annual, domain.Differences, error) {
	return report.Annual{}, domain.Differences{}, domain.Errorf(domain.KindForbidden, "figures_not_yours")
}

func (noReports) Pending(context.Context, int, domain.Scope) (report.Annual, domain.Differences, error) {
	return report.Annual{}, domain.Differences{}, domain.Errorf(domain.KindForbidden, "figures_not_yours")
}

func (noReports) Published(context.Context, int, domain.Scope) (report.Annual, error) {
	return report.Annual{}, domain.Errorf(domain.KindForbidden, "figures_not_yours")
}

func (noReports) Freeze(context.Context, domain.Actor, report.Freeze) (domain.Publication, error) {
	return domain.Publication{}, domain.Errorf(domain.KindForbidden, "freeze_not_yours")
}

func (noReports) Revisions(context.Context, int, domain.Scope) ([]domain.Publication, error) {
	return nil, nil
}

func (noReports) Revision(context.Context, int, int, domain.Scope) (domain.Publication, report.Annual, error) {
	return domain.Publication{}, report.Annual{}, domain.Errorf(domain.KindNotFound, "publication_unknown")
}
