package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"sudi/domain"
	"sudi/report"
)

// Reports keeps what departments attest, and what was published.
type Reports interface {
	// AttestedYear reads what is attested for a year; KindInvalid for a year
	// that there is not.
	AttestedYear(ctx context.Context, year int) (report.AttestedYear, error)
	// State enters a statement. KindInvalid names what is wrong with it,
	// KindForbidden says that it is not the actor's to state, KindStale that
	// another revision holds than the one that it was to replace.
	State(ctx context.Context, who domain.Actor, in report.States) (report.Stated, []domain.AttestedCheck, error)
	// Current is the report of a year as published last, with the figures that
	// have become different since, or as it stands when it never was;
	// KindForbidden for who sees less than the county.
	Current(ctx context.Context, year int, scope domain.Scope) (report.Annual, domain.Differences, error)
	// Pending is Current with the causes of each difference, for which it looks
	// through history.
	Pending(ctx context.Context, year int, scope domain.Scope) (report.Annual, domain.Differences, error)
	// Published is Current without what has become different since.
	Published(ctx context.Context, year int, scope domain.Scope) (report.Annual, error)
	// Freeze publishes a year; KindConflict when nothing has changed.
	Freeze(ctx context.Context, who domain.Actor, f report.Freeze) (domain.Publication, error)
	// Revisions lists what was published of a year, the newest first.
	Revisions(ctx context.Context, year int, scope domain.Scope) ([]domain.Publication, error)
	// Revision gives one of them; KindNotFound when there is none.
	Revision(ctx context.Context, year, revision int, scope domain.Scope) (domain.Publication, report.Annual, error)
}

type yearInput struct {
	Year int `path:"year" minimum:"1949" maximum:"2100"`
}

type attestedYearOutput struct{ Body report.AttestedYear }

type attestedInput struct {
	Year int    `path:"year" minimum:"1949" maximum:"2100"`
	Code string `path:"code" maxLength:"64"`
}

type attestedOutput struct {
	ETag string `header:"ETag"`
	Body report.Statement
}

type attestInput struct {
	Year    int    `path:"year" minimum:"1949" maximum:"2100"`
	Code    string `path:"code" maxLength:"64"`
	IfMatch string `header:"If-Match" doc:"ETag of the statement that this one replaces; left out for the first"`
	Body    attestBody
}

type attestBody struct {
	Value      string `json:"value" maxLength:"20" doc:"A decimal: 1012, 93.6, -11.2"`
	Over       bool   `json:"over,omitempty" doc:"It is more than the value (余, 多)"`
	Department string `json:"department" maxLength:"40" doc:"Code of the organisation that states it"`
	Source     string `json:"source" maxLength:"200" doc:"Document or system that it is taken from"`
	Date       string `json:"date" format:"date" doc:"Of the source"`
	Signer     string `json:"signer" maxLength:"50" doc:"Who signed for it"`
	Note       string `json:"note,omitempty" maxLength:"1000"`
}

type attestOutput struct {
	ETag string `header:"ETag"`
	Body attestView
}

// attestView is a statement as it stands, with the checks that it takes part
// in.
type attestView struct {
	report.Stated
	Checks []domain.AttestedCheck `json:"checks" doc:"Of statements that hang together; one that is not ok is a warning"`
}

func (s *server) attestedRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/attested", id: "listAttested", tag: "reports",
		summary: "What departments attest for a year, with earlier statements, and what is missing",
		details: "Every account may read it, whatever its organisation: these figures are printed in a public report. Who may state them is said at PUT.",
	}, func(ctx context.Context, _ *Caller, in *yearInput) (*attestedYearOutput, error) {
		year, err := s.Reports.AttestedYear(ctx, in.Year)
		return &attestedYearOutput{year}, err
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/attested/{code}", id: "getAttested", tag: "reports",
		summary: "What is attested about an item",
		details: "Every account may read it, as listAttested.", errors: []int{http.StatusNotFound},
	}, s.attested)
	register(s, Roles(append(CaseWorkers().roles, domain.RoleAdmin)...), operation{
		method: http.MethodPut, path: "/reports/annual/{year}/attested/{code}", id: "attest", tag: "reports",
		summary: "State a figure that no case yields",
		details: "For those who work in the department whose figure it is, and the county's supervisor and administrator. " +
			"Nothing is overwritten: another statement makes a new revision, the same one again makes none. " +
			"404: no such item; 412: another revision holds; 428: there is a statement already, name it by If-Match.",
		errors: []int{http.StatusNotFound, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
	}, s.attest)
}

func (s *server) attested(ctx context.Context, _ *Caller, in *attestedInput) (*attestedOutput, error) {
	year, err := s.Reports.AttestedYear(ctx, in.Year)
	if err != nil {
		return nil, err
	}
	for i := range year.Items {
		if st := &year.Items[i]; st.Code == in.Code {
			return &attestedOutput{etag(st.Revision), *st}, nil
		}
	}
	if domain.AttestedItemByCode(in.Code) == nil {
		return nil, domain.Errorf(domain.KindNotFound, "attested_item_unknown")
	}
	return nil, domain.Errorf(domain.KindNotFound, "attested_missing")
}

func (s *server) attest(ctx context.Context, who *Caller, in *attestInput) (*attestOutput, error) {
	date, err := domain.ParseDate(in.Body.Date)
	if err != nil {
		return nil, domain.Invalid(domain.FieldError{Field: "date", Code: "not_a_date"})
	}
	expected, err := replaces(in.IfMatch)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	st, checks, err := s.Reports.State(ctx, who.Actor(), report.States{Expected: expected, Attested: domain.Attested{
		Year: in.Year, Code: in.Code, Value: b.Value, Over: b.Over, Department: b.Department,
		Source: b.Source, Date: date, Signer: b.Signer, Note: b.Note,
	}})
	if isCode(err, "statement_exists") {
		return nil, &protocolError{status: http.StatusPreconditionRequired, code: "statement_exists"}
	}
	if err != nil {
		return nil, err
	}
	return &attestOutput{etag(st.Revision), attestView{st, list(checks)}}, nil
}

// replaces reads If-Match: the revision that a statement is to replace, nil
// when none is named.
func replaces(header string) (*int, error) {
	tags := etags(header)
	if len(tags) == 0 {
		return nil, nil //nolint:nilnil // nothing was said, which is no error
	}
	revision := report.AnyRevision
	if tags[0] != "*" {
		n, err := strconv.Atoi(strings.Trim(tags[0], `"`))
		if err != nil || len(tags) > 1 || tags[0] != etag(n) || n < 0 {
			return nil, domain.Errorf(domain.KindStale, "statement_stale")
		}
		revision = n
	}
	return &revision, nil
}
