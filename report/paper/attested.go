package paper

import (
	"fmt"
	"strconv"
	"strings"

	"sudi/domain"
	"sudi/report"
)

// statement is an attested figure with its unit and the mark of its note, or a
// gap that names who owes it.
func (s *speaker) statement(code string) string {
	if st := s.stated[code]; st != nil {
		return mark(Stated, code, s.note(st), s.value(st))
	}
	return s.gap(code)
}

// movement is an attested change in words: "下降11.2%", "上升3.0%".
func (s *speaker) movement(code string) string {
	st := s.stated[code]
	if st == nil {
		return s.labels.Move["unknown"] + s.gap(code)
	}
	by, down := strings.CutPrefix(st.Value, "-")
	key := "up"
	switch {
	case strings.Trim(by, "0.") == "":
		return mark(Stated, code, s.note(st), s.labels.Move["same"])
	case down:
		key = "down"
	}
	return mark(Stated, code, s.note(st), s.labels.Move[key]+by+"%")
}

func (s *speaker) gap(code string) string {
	m := s.missing[code]
	if m == nil && !inCatalogue(code) {
		s.wrong = append(s.wrong, code)
	}
	who := s.labels.Gap["nobody"]
	if m != nil && m.DepartmentName != "" {
		who = fmt.Sprintf(s.labels.Gap["of"], m.DepartmentName)
	}
	return mark(Missing, code, 0, unknown+who)
}

// isStated reports whether a department has stated an item.
func (s *speaker) isStated(code string) bool { return s.stated[code] != nil }

// value is what was stated: "12000余条", "93.6%", "2亿余元".
func (s *speaker) value(st *report.Stated) string {
	number, over, unit := amount(st.Value, s.lang), "", st.Item.Unit.In(s.lang)
	if st.Item.Percent {
		number += "%"
	}
	if s.lang == "en" {
		if st.Over {
			number = "more than " + number
		}
		if unit != "" {
			unit = " " + unit
		}
		return number + unit
	}
	if st.Over {
		over = "余"
	}
	for _, large := range []string{"亿", "万"} { // 2亿余元, not 2余亿元
		if rest, ok := strings.CutPrefix(unit, large); ok {
			return number + large + over + rest
		}
	}
	return number + over + unit
}

// honour is an award or event that a department vouches for, with its note's
// mark; a gap where nobody does. A value of 0 says that it did not come about.
func (s *speaker) honour(code string) string {
	item := domain.AttestedItemByCode(code)
	if item == nil {
		s.wrong = append(s.wrong, code)
		return ""
	}
	name := item.Name.In(s.lang)
	st := s.stated[code]
	switch {
	case st == nil:
		return name + s.gap(code)
	case strings.Trim(st.Value, "0.") == "":
		return mark(Stated, code, s.note(st), name+s.labels.Move["no"])
	default:
		return mark(Stated, code, s.note(st), name)
	}
}

// note gives the number of the note that names who stated a figure. Figures of
// one document share one note.
func (s *speaker) note(st *report.Stated) int {
	text := fmt.Sprintf(s.labels.Note, st.DepartmentName, st.Source, s.labels.day(st.Date), st.Signer)
	if st.Item.Unproven {
		text += " " + s.labels.Unproven
	}
	if st.Note != "" {
		text += " " + st.Note
	}
	if n, ok := s.noted[text]; ok {
		return n
	}
	n := len(s.notes) + 1
	s.noted[text], s.notes = n, append(s.notes, Note{n, text})
	return n
}

// noteMark is how a note's number stands behind a figure.
func noteMark(n int) string { return "[" + strconv.Itoa(n) + "]" }
