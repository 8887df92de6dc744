package api

import (
	"context"
	"slices"

	"sudi/domain"
)

// MaskPersons hides who the parties of a ledger's row are.
func MaskPersons(r *domain.LedgerRow) {
	for i := range r.Parties {
		r.Parties[i] = maskParty(r.Parties[i])
	}
}

// maskRow hides what the case's view and history hide from who does not work on
// cases, but for the fields that name officials and papers.
func maskRow(r *domain.LedgerRow) {
	MaskPersons(r)
	r.Case = maskCase(r.Case)
	for i := range r.Entries {
		shown := domain.Fields{}
		for name, v := range r.Entries[i].Fields {
			if slices.Contains(official, name) {
				shown[name] = v
			}
		}
		r.Entries[i] = maskEntry(r.Entries[i])
		for name, v := range shown {
			r.Entries[i].Fields[name] = v
		}
	}
}

// official are the fields of the backlog and of supervision that name officials,
// papers and days, or are choices: what a leader's own ledger is about.
var official = []string{
	"source", "notice_number", "list_item", "key_category", "petition_numbers", "first_registered", "baseline", "leader_name", "leader_post",
	"organization", "co_organizations", "responsible_person", "target_date", "how", "leader_signed_by", "leader_signed_on", "result",
	"bureau_signed_by", "removal_number", "removed_on", "order_number", "supervision_ground",
}

// conceal hides from a caller what he may not see of some rows of a ledger;
// masked, he wants no person named.
func (s *server) conceal(ctx context.Context, who *Caller, masked bool) func([]domain.LedgerRow) {
	return func(rows []domain.LedgerRow) {
		var tied []*domain.Case
		for i := range rows {
			if rows[i].Matter != rows[i].ID || rows[i].ReturnedBy != nil {
				tied = append(tied, &rows[i].Case)
			}
		}
		if err := s.untie(ctx, who, tied...); err != nil {
			requestOf(ctx).log.Warn("the ties of a ledger's rows were not looked up and are left out", "request_id", requestOf(ctx).ID, "cause", err)
		}
		for i := range rows {
			s.concealRow(who, &rows[i], masked)
		}
	}
}

func (s *server) concealRow(who *Caller, r *domain.LedgerRow, masked bool) {
	if s.masked(who, &r.Case) {
		maskRow(r)
		return
	}
	if masked {
		MaskPersons(r)
	}
	p, err := s.Engine.Rules().Library.Get(r.Procedure, r.ProcedureVersion)
	for i := range r.Entries {
		if err != nil || s.private(who, p, &r.Case, &r.Entries[i]) {
			r.Entries[i] = maskEntry(r.Entries[i])
		}
	}
}
