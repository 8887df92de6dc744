package paper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"sudi/domain"
	"sudi/report"
)

// speaker puts figures into words. Its methods are the functions of the
// templates in words/.
//
// A figure goes into the text between marks (see mark), so that after the
// template has run each one is still known for what it is.
type speaker struct {
	annual  *report.Annual
	lang    string
	labels  labels
	figures map[string]*report.Figure
	stated  map[string]*report.Stated
	missing map[string]*report.Missing
	notes   []Note
	noted   map[string]int // text of a note → its number
	wrong   []string       // codes that the words name and nobody knows
}

// The marks around a figure in the text of a template, and between its parts.
const (
	markOpen  = "\x02"
	markPart  = "\x1f"
	markClose = "\x03"
)

func newSpeaker(a *report.Annual, lang string) *speaker {
	a = complete(a)
	s := &speaker{
		annual: a, lang: lang, labels: labelsOf(lang),
		figures: map[string]*report.Figure{}, stated: map[string]*report.Stated{},
		missing: map[string]*report.Missing{}, noted: map[string]int{},
	}
	for i := range a.Figures {
		s.figures[a.Figures[i].Code] = &a.Figures[i]
	}
	for i := range a.Attested {
		s.stated[a.Attested[i].Item.Code] = &a.Attested[i]
	}
	for i := range a.Missing {
		s.missing[a.Missing[i].Item.Code] = &a.Missing[i]
	}
	return s
}

// complete is the report with every item of the catalogue that it does not
// speak of listed as missing.
func complete(a *report.Annual) *report.Annual {
	named := map[string]bool{}
	for i := range a.Attested {
		named[a.Attested[i].Item.Code] = true
	}
	for i := range a.Missing {
		named[a.Missing[i].Item.Code] = true
	}
	whole := *a
	whole.Missing = slices.Clone(a.Missing)
	for _, item := range domain.AttestedItems {
		if !named[item.Code] {
			whole.Missing = append(whole.Missing, report.Missing{Item: item})
		}
	}
	return &whole
}

func (s *speaker) functions() template.FuncMap {
	return template.FuncMap{
		"n": s.number, "over": s.over, "least": s.least, "trend": s.trend, "s": s.statement, "honour": s.honour, "move": s.movement,
		"all": s.all, "positive": s.positive, "known": s.known, "stated": s.isStated,
		"open": s.open, "openOver": s.openOver, "overdue": s.overdue, "past": s.past, "last": s.last, "smalls": s.smalls,
		"date": s.date, "published": s.published, "add": func(a, b int) int { return a + b },
	}
}

// mark wraps a figure for runs to find again. The text may be of somebody's
// entering, so it must bring no marks of its own.
func mark(kind Kind, code string, note int, text string) string {
	text = strings.NewReplacer(markOpen, "", markPart, "", markClose, "", "\n", " ").Replace(text)
	return markOpen + strings.Join([]string{string(kind), code, strconv.Itoa(note), text}, markPart) + markClose
}

// figure finds a computed figure. A code that is no indicator is a mistake in
// the words.
func (s *speaker) figure(code string) *report.Figure {
	if domain.IndicatorByCode(code) == nil {
		s.wrong = append(s.wrong, code)
	}
	return s.figures[code]
}

// number is a computed figure as it is: "2576", "99.0%".
func (s *speaker) number(code string) string {
	f := s.figure(code)
	text := printed(f)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && s.lang == "en" {
		text = thousands(n)
	}
	return mark(Computed, code, 0, text)
}

// over is a count as "62000余" where it is more than its round number, else
// the count itself.
func (s *speaker) over(code string, step int64) string {
	f := s.figure(code)
	if f == nil || f.Numerator == nil {
		return s.number(code)
	}
	round, ok := floored(*f.Numerator, step)
	switch {
	case !ok:
		return s.number(code)
	case s.lang == "en":
		return mark(Computed, code, 0, "more than "+thousands(round))
	default:
		return mark(Computed, code, 0, strconv.FormatInt(round, 10)+"余")
	}
}

// least is a rate as "90%以上" where it reaches that, else the rate itself.
func (s *speaker) least(code string, threshold int64) string {
	f := s.figure(code)
	switch {
	case !isPercent(f) || !atLeast(*f.Numerator, *f.Denominator, threshold) || *f.Numerator == *f.Denominator:
		return s.number(code)
	case s.lang == "en":
		return mark(Computed, code, 0, fmt.Sprintf("at least %d%%", threshold))
	default:
		return mark(Computed, code, 0, fmt.Sprintf("%d%%以上", threshold))
	}
}

// trend compares a figure with the year before: ",比上年增长3.2%", or nothing
// where no earlier figure is known.
func (s *speaker) trend(code string) string {
	f := s.figure(code)
	if f == nil || f.Before == nil || f.Change == nil || !bearsComparing(f) {
		return ""
	}
	by, down := strings.CutPrefix(f.Change.String(), "-")
	words := s.labels.Trend["same"]
	if strings.Trim(by, "0.") != "" {
		words = s.labels.Trend[trendKey(f.Unit == domain.UnitPercent, down)]
	}
	return strings.ReplaceAll(words, "%", mark(Computed, code, 0, by+suffixOf(f.Unit)))
}

// bearsComparing reports whether the year before had at least a tenth of this
// year's cases: one in which the system was hardly in use says nothing, and its
// change stands in the table alone.
func bearsComparing(f *report.Figure) bool {
	now, before := f.Numerator, f.Before.Numerator
	if f.Denominator != nil {
		now, before = f.Denominator, f.Before.Denominator
	}
	return now != nil && before != nil && *before > 0 && 10**before >= *now
}

func trendKey(rate, down bool) string {
	switch {
	case rate && down:
		return "rate_down"
	case rate:
		return "rate_up"
	case down:
		return "down"
	default:
		return "up"
	}
}

// suffixOf is what stands behind a change: a count changes by percent, a rate
// by points and days by days.
func suffixOf(u domain.IndicatorUnit) string {
	if u == domain.UnitPercent || u == domain.UnitDays {
		return ""
	}
	return "%"
}

// all reports whether a rate is of everything: 100 % by integers.
func (s *speaker) all(code string) bool {
	f := s.figure(code)
	return isPercent(f) && *f.Numerator == *f.Denominator
}

// positive reports whether there is anything to a figure.
func (s *speaker) positive(code string) bool {
	f := s.figure(code)
	return f != nil && f.Numerator != nil && *f.Numerator > 0
}

// known reports whether a figure has a value.
func (s *speaker) known(code string) bool {
	f := s.figure(code)
	return f != nil && f.Value.String() != "—"
}

// date prints the Beijing day of the report's cut-off.
func (s *speaker) date() string { return s.labels.day(domain.DateIn(s.annual.AsOf)) }

// published prints when the figures were frozen.
func (s *speaker) published() string {
	if s.annual.Published == nil {
		return unknown
	}
	return s.labels.moment(s.annual.Published.At)
}

// publishedWords says which revision was frozen when and by whom.
func (s *speaker) publishedWords(p *report.Published) string {
	return fmt.Sprintf(s.labels.Published, p.Revision, s.labels.moment(p.At), p.By)
}
