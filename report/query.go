package report

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"sudi/domain"
)

// The years that figures can be asked for.
const (
	firstYear = 1949
	lastYear  = 2100
)

// Comparison says which earlier period stands beside a figure.
type Comparison string

// The comparisons.
const (
	CompareNothing Comparison = ""
	CompareYear    Comparison = "year"   // the same period a year before (同比)
	ComparePeriod  Comparison = "period" // the period of the same length just before (环比)
)

// Query asks for figures.
//
// Figures are of the organisation responsible and all below it. A reader whose
// Scope is less than the county sees his own organisation and those below.
type Query struct {
	Year    int
	Span    domain.Span // overrides Year; whole months, both ends given
	Org     string      // the reader's own, or the county, when left out
	By      string      // one of domain.ByNothing … ByOrganization
	Compare Comparison
	Scope   domain.Scope
}

var periodShape = regexp.MustCompile(`^(\d{4})(?:-(?:(\d{2})|Q([1-4])|H([12])))?$`)

// ParsePeriod reads a year "2020", half year "2020-H1", quarter "2020-Q2" or
// month "2020-05".
func ParsePeriod(text string) (domain.Span, bool) {
	m := periodShape.FindStringSubmatch(text)
	if m == nil {
		return domain.Span{}, false
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	year := number(m[1])
	first, months := 1, 12
	switch {
	case m[2] != "":
		first, months = number(m[2]), 1
	case m[3] != "":
		first, months = 3*number(m[3])-2, 3
	case m[4] != "":
		first, months = 6*number(m[4])-5, 6
	}
	if year < firstYear || year > lastYear || first < 1 || first > 12 {
		return domain.Span{}, false
	}
	from := domain.NewDate(year, time.Month(first), 1)
	return domain.Span{From: from, To: from.AddMonths(months).AddDays(-1)}, true
}

// PeriodKey writes a span as ParsePeriod reads it; one that is none of those is
// written by its ends.
func PeriodKey(s domain.Span) string {
	for _, text := range []string{
		domain.YearKey(s.From), domain.MonthKey(s.From),
		domain.YearKey(s.From) + "-Q" + strconv.Itoa((int(s.From.Month)+2)/3),
		domain.YearKey(s.From) + "-H" + strconv.Itoa((int(s.From.Month)+5)/6),
	} {
		if span, ok := ParsePeriod(text); ok && span == s {
			return text
		}
	}
	return domain.MonthKey(s.From) + "/" + domain.MonthKey(s.To)
}

// span checks the query and gives its days.
func (q *Query) span() (domain.Span, error) {
	span, field := q.Span, "period"
	if span == (domain.Span{}) {
		span, field = domain.Year(q.Year), "year"
	}
	refuse := func(field, code string, args ...any) (domain.Span, error) {
		return span, domain.Invalid(domain.FieldError{Field: field, Code: code, Args: args})
	}
	for _, d := range []domain.Date{span.From, span.To} {
		if d.Year < firstYear || d.Year > lastYear {
			return refuse(field, "year_out_of_range", firstYear, lastYear)
		}
	}
	switch {
	case span.To.Before(span.From):
		return refuse(field, "ends_before_start")
	case !span.Whole():
		return refuse(field, "not_a_period")
	case !slices.Contains(groupings, q.By):
		return refuse("by", "grouping_unknown", q.By)
	case !slices.Contains([]Comparison{CompareNothing, CompareYear, ComparePeriod}, q.Compare):
		return refuse("compare", "not_a_choice")
	case q.Compare != CompareNothing && !q.Compare.reaches(span):
		return refuse("compare", "nothing_before", firstYear)
	}
	return span, nil
}

var groupings = []string{
	domain.ByNothing, domain.ByMonth, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization,
}

// Without is the organisation whose complaints are left out of figures for a
// reader: his own, when he watches over a county that he is not the head of, and
// "" for everybody else. He can list what he sees, so that a figure with them in
// it would tell him of each, by its category, place and month. whole says that
// the figure is of the whole county in a whole year, which the annual report
// prints: that has them in it.
func Without(scope domain.Scope, whole bool, root string) string {
	if !scope.Watch || scope.All || scope.Org == root || whole {
		return ""
	}
	return scope.Org
}

// Whole reports whether a span of an organisation is a year of the whole county,
// or all time of it.
func Whole(span domain.Span, org, root string) bool {
	return org == root && (span == domain.Span{} || span == domain.Year(span.From.Year))
}

// org is the organisation to count, or an error when the reader may not see
// it.
func (q *Query) org(dir *domain.Directory) (string, error) {
	own := q.Scope.Org
	if q.Scope.All || q.Scope.Watch {
		own = dir.Root()
	}
	if dir.Get(own) == nil {
		return "", domain.Errorf(domain.KindForbidden, "figures_not_yours")
	}
	switch {
	case q.Org == "":
		return own, nil
	case dir.Get(q.Org) == nil:
		return "", domain.Invalid(domain.FieldError{Field: "org", Code: "organization_unknown", Args: []any{q.Org}})
	case !dir.Within(q.Org, own):
		return "", domain.Errorf(domain.KindForbidden, "figures_not_yours")
	default:
		return q.Org, nil
	}
}

// months is how far back a comparison goes.
func (c Comparison) months(span domain.Span) int {
	if c == ComparePeriod {
		return len(span.Months())
	}
	return 12
}

// reaches reports whether there are figures of what a span is compared with.
func (c Comparison) reaches(span domain.Span) bool {
	return back(span, c.months(span)).From.Year >= firstYear
}

// back shifts a span of whole months.
func back(span domain.Span, months int) domain.Span {
	return domain.Span{From: span.From.AddMonths(-months), To: span.To.AddDays(1).AddMonths(-months).AddDays(-1)}
}
