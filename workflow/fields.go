package workflow

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"sudi/domain"
)

// defaultTextMax is the longest text, in characters, of a field that names no
// other limit.
const defaultTextMax = 5000

// checkFields reads what an action was given: every needed field present,
// every given field known to the transition and of its type. All problems are
// reported at once.
func (p *Procedure) checkFields(t *Transition, given domain.Fields) (domain.Fields, error) {
	var wrong []domain.FieldError
	out := make(domain.Fields, len(given))
	for name, v := range given {
		if !slices.Contains(t.Needs, name) && !slices.Contains(t.Takes, name) {
			wrong = append(wrong, domain.FieldError{Field: "fields." + name, Code: "unknown_field"})
			continue
		}
		if v == nil || v == "" {
			continue
		}
		field := p.Fields[name]
		clean, code := field.read(v)
		if code != "" {
			wrong = append(wrong, field.wrong(name, code))
			continue
		}
		out[name] = clean
	}
	for _, name := range t.Needs {
		if _, ok := out[name]; !ok && !slices.ContainsFunc(wrong, func(e domain.FieldError) bool { return e.Field == "fields."+name }) {
			field := p.Fields[name]
			wrong = append(wrong, field.wrong(name, "required"))
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b domain.FieldError) int { return strings.Compare(a.Field, b.Field) })
		return nil, domain.Invalid(wrong...)
	}
	return out, nil
}

// wrong is the error of a field; that of a choice names the choices.
func (f *Field) wrong(name, code string) domain.FieldError {
	e := domain.FieldError{Field: "fields." + name, Code: code}
	if f.Type == FieldChoice {
		e.Args = []any{choices(f.Values)}
	}
	return e
}

// read checks one value and gives it in its canonical Go type; code is the
// message key of what is wrong with it.
func (f *Field) read(v any) (value any, code string) {
	switch f.Type {
	case FieldBool:
		b, ok := v.(bool)
		if !ok {
			return nil, "not_a_boolean"
		}
		return b, ""
	case FieldOrganizations:
		return readCodes(v)
	case FieldAmount, FieldNumber:
		n, ok := wholeNumber(v)
		if !ok || n < 0 {
			return nil, "not_a_whole_number"
		}
		if f.Type == FieldAmount && n > maxAmount {
			return nil, "amount_range"
		}
		return n, ""
	default:
		s, ok := v.(string)
		if !ok {
			return nil, "not_a_text"
		}
		if !CleanText(s) {
			return nil, "bad_characters"
		}
		s = strings.TrimSpace(s)
		return s, f.fault(s)
	}
}

// readCodes reads a list of organisations, each once.
func readCodes(v any) (value any, code string) {
	var codes []string
	switch list := v.(type) {
	case []string:
		codes = list
	case []any:
		for _, item := range list {
			s, ok := item.(string)
			if !ok {
				return nil, "not_a_text"
			}
			codes = append(codes, s)
		}
	default:
		return nil, "not_a_list"
	}
	out := make([]string, 0, len(codes))
	for _, s := range codes {
		s = strings.TrimSpace(s)
		switch {
		case !CleanText(s):
			return nil, "bad_characters"
		case s == "" || slices.Contains(out, s):
			continue
		case utf8.RuneCountInString(s) > maxCode:
			return nil, "too_long"
		}
		out = append(out, s)
	}
	switch {
	case len(out) == 0:
		return nil, "required"
	case len(out) > maxPartners:
		return nil, "too_many"
	}
	return out, ""
}

// maxPartners is how many organisations one action may name.
const maxPartners = 20

// fault is the message key of what is wrong with a value that is a text, ""
// when nothing is.
func (f *Field) fault(s string) string {
	limit := maxCode
	switch f.Type {
	case FieldChoice:
		if _, ok := f.Values[s]; !ok {
			return "not_a_choice"
		}
	case FieldDate:
		if _, err := domain.ParseDate(s); err != nil {
			return "not_a_date"
		}
	case FieldCase:
		if !caseShape.MatchString(s) {
			return "not_a_case"
		}
	case FieldText:
		if limit = f.Max; limit == 0 {
			limit = defaultTextMax
		}
	default:
	}
	switch {
	case s == "":
		return "required"
	case utf8.RuneCountInString(s) > limit:
		return "too_long"
	}
	return ""
}

// maxCode is the longest code of an organisation or id of a user.
const maxCode = 64

// caseShape is a case's id, a UUID.
var caseShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// CleanText reports whether PostgreSQL and people can read a text: valid
// UTF-8 without control characters but line breaks and tabs.
func CleanText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	})
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n), true
		}
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

func toInt(v any) int64 {
	n, _ := wholeNumber(v)
	return n
}

// fieldOr reads "field NAME" as that field's value and anything else as it
// stands.
func fieldOr(s string, fields domain.Fields) string {
	if name, ok := strings.CutPrefix(s, "field "); ok {
		return fields.String(name)
	}
	return s
}

// fieldName is the field of "field NAME", "" for anything else.
func fieldName(s string) string {
	name, _ := strings.CutPrefix(s, "field ")
	if name == s {
		return ""
	}
	return name
}

// field gives the field that a target names.
func (t Target) field() (string, bool) {
	rest, ok := strings.CutPrefix(string(t), "field ")
	name, _, _ := strings.Cut(rest, " or ")
	return name, ok
}
