package domain

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// departmentKinds are the kinds of body that state figures; offices of
// townships and committees with the same function do not.
var departmentKinds = []OrgKind{OrgDepartment, OrgPublicSecurity, OrgJusticeBureau, OrgCourt, OrgPetitionBureau}

// Functional finds the county's body for a function on a day, nil when there
// is none.
func (d *Directory) Functional(function string, day Date) *Organization {
	for _, kind := range departmentKinds {
		if o := d.ByFunction(kind, function, day); o != nil {
			return o
		}
	}
	return nil
}

// Yours reports whether the item is usually stated by an organisation.
func (it *AttestedItem) Yours(o *Organization) bool {
	return o.Function == it.Department && slices.Contains(departmentKinds, o.Kind)
}

// Lengths, in characters, of what a statement says beside its value.
const (
	MaxAttestedSource = 200
	MaxAttestedSigner = 50
	MaxAttestedNote   = 1000
)

// decimalShape is a decimal of at most twelve digits before the point and four
// behind it, written in one way only.
var decimalShape = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$`)

// Check says what is wrong with a statement's value and its texts; today is
// the last day that its source can be of. Whether its department exists and
// may state it is another question.
func (a *Attested) Check(it *AttestedItem, today Date) []FieldError {
	fields := it.checkValue(a.Value)
	fields = append(fields, checkText("source", a.Source, MaxAttestedSource, true)...)
	fields = append(fields, checkText("signer", a.Signer, MaxAttestedSigner, true)...)
	fields = append(fields, checkText("note", a.Note, MaxAttestedNote, false)...)
	switch {
	case a.Date.IsZero():
		fields = append(fields, FieldError{Field: "date", Code: "required"})
	case a.Date.After(today):
		fields = append(fields, FieldError{Field: "date", Code: "date_in_future"})
	case a.Date.Year < a.Year: // nothing written before a year began can say what came of it
		fields = append(fields, FieldError{Field: "date", Code: "date_too_old"})
	}
	return fields
}

func (it *AttestedItem) checkValue(value string) []FieldError {
	wrong := func(code string, args ...any) []FieldError {
		return []FieldError{{Field: "value", Code: code, Args: args}}
	}
	if value == "" {
		return wrong("required")
	}
	v, ok := decimal(value)
	if !ok {
		return wrong("not_a_decimal")
	}
	least, most := int64(0), int64(1_000_000_000_000)
	switch {
	case it.Change:
		least, most = -100, 1000
	case it.Percent:
		most = 100
	case it.Honour:
		if least, most = 1, 1000; !v.IsInt() {
			return wrong("not_a_whole_number")
		}
	}
	if v.Cmp(big.NewRat(least, 1)) < 0 || v.Cmp(big.NewRat(most, 1)) > 0 {
		return wrong("value_range", least, most)
	}
	return nil
}

// decimal reads a value.
func decimal(value string) (*big.Rat, bool) {
	if !decimalShape.MatchString(value) || value == "-0" {
		return nil, false
	}
	return new(big.Rat).SetString(value)
}

func checkText(field, text string, most int, required bool) []FieldError {
	switch {
	case required && strings.TrimSpace(text) == "":
		return []FieldError{{Field: field, Code: "required"}}
	case utf8.RuneCountInString(text) > most:
		return []FieldError{{Field: field, Code: "too_long"}}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return []FieldError{{Field: field, Code: "bad_characters"}}
	default:
		return nil
	}
}

// Same reports whether two statements say the same, whoever entered them.
func (a *Attested) Same(b *Attested) bool {
	return a.Year == b.Year && a.Code == b.Code && a.Value == b.Value && a.Over == b.Over && a.Department == b.Department &&
		a.Source == b.Source && a.Date == b.Date && a.Signer == b.Signer && a.Note == b.Note
}
