package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"sudi/domain"
	"sudi/workflow"
)

// maxDepth bounds how deep a JSON body may nest.
const maxDepth = 32

// bodyError says what is wrong with a body that is JSON but cannot be read.
// huma carries errors on as text, so this one's text can be read back.
type bodyError struct{ field, code string }

const bodyErrorMark = "\x00"

func (e *bodyError) Error() string { return bodyErrorMark + e.code + bodyErrorMark + e.field }

// strictJSON reads bodies without guessing: bytes that are not UTF-8, control
// characters and bottomless nesting are refused.
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	},
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return &bodyError{code: "not_utf8"}
		}
		var typed *json.UnmarshalTypeError
		if err := json.Unmarshal(data, v); errors.As(err, &typed) {
			return &bodyError{field: typed.Field, code: "number_range"}
		} else if err != nil {
			return err
		}
		if tree, ok := v.(*any); ok {
			if e := checkTree(*tree, nil); e != nil {
				return e
			}
		}
		return nil
	},
}

// checkTree looks for texts that cannot be stored; it returns a plain error
// type so that nil stays nil.
func checkTree(v any, path []string) *bodyError {
	if len(path) > maxDepth {
		return &bodyError{field: path[0], code: "too_deep"}
	}
	switch v := v.(type) {
	case string:
		if !workflow.CleanText(v) || strings.ContainsFunc(v, misleading) {
			return &bodyError{field: strings.Join(path, "."), code: "bad_characters"}
		}
	case []any:
		for i, item := range v {
			if e := checkTree(item, append(path, strconv.Itoa(i))); e != nil {
				return e
			}
		}
	case map[string]any:
		for name, item := range v {
			if !workflow.CleanText(name) {
				return &bodyError{field: strings.Join(path, "."), code: "bad_characters"}
			}
			if e := checkTree(item, append(path, name)); e != nil {
				return e
			}
		}
	}
	return nil
}

// misleading reports characters that show another text than was typed: what
// stands for bytes that were lost, and marks that turn the reading direction.
func misleading(r rune) bool {
	return r == utf8.RuneError || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// humaProblem puts huma's own refusals into our words. Values sent are never
// repeated.
func (q *request) humaProblem(status int, message string, errs []error) *Problem {
	if len(errs) == 0 {
		return q.document(q.humaStatus(status, message), humaCode(status, message), 0)
	}
	if status == http.StatusInternalServerError {
		if strings.HasPrefix(message, "cannot read request body") {
			return q.document(http.StatusBadRequest, "body_unreadable", 0)
		}
		return q.problem(errors.Join(errs...))
	}
	if status == http.StatusBadRequest { // not JSON, or one that cannot be read
		if e, ok := readBodyError(errs[0]); ok {
			return q.fromDomain(domain.Invalid(domain.FieldError{Field: e.field, Code: e.code}))
		}
		return q.document(status, "bad_json", 0)
	}
	if status != http.StatusUnprocessableEntity {
		return q.document(status, statusCode(status), 0)
	}
	invalid := domain.Invalid()
	for _, err := range errs[:min(len(errs), mostFieldErrors)] {
		invalid.Fields = append(invalid.Fields, fieldError(err))
	}
	return q.fromDomain(invalid)
}

// mostFieldErrors bounds an answer: nobody mends more at once.
const mostFieldErrors = 50

func (q *request) humaStatus(status int, message string) int {
	if status == 0 { // asked only for the document's type
		return http.StatusInternalServerError
	}
	if strings.HasPrefix(message, "cannot read request body") {
		return http.StatusBadRequest
	}
	return status
}

func humaCode(status int, message string) string {
	switch {
	case strings.HasPrefix(message, "request body is required"):
		return "body_required"
	case strings.HasPrefix(message, "cannot read request body"):
		return "body_unreadable"
	default:
		return statusCode(status)
	}
}

func readBodyError(err error) (e bodyError, ok bool) {
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		return e, false
	}
	rest, ok := strings.CutPrefix(detail.Message, bodyErrorMark)
	e.code, e.field, _ = strings.Cut(rest, bodyErrorMark)
	return e, ok
}

// humaMessages tells what huma means by how its message begins; the first that
// fits counts.
var humaMessages = []struct{ begins, code string }{
	{"unexpected property", "unknown_field"},
	{"unknown query parameter", "unknown_parameter"},
	{"expected required property", "required"},
	{"required ", "required"},
	{"expected boolean", "not_a_boolean"},
	{"invalid boolean", "not_a_boolean"},
	{"expected integer", "not_a_whole_number"},
	{"invalid integer", "not_a_whole_number"},
	{"expected number <", "out_of_range"},
	{"expected number >", "out_of_range"},
	{"expected number", "not_a_number"},
	{"expected string to be RFC 3339 date-time", "not_a_time"},
	{"invalid date/time", "not_a_time"},
	{"expected string to match pattern", "bad_value"},
	{"expected string to be", "bad_value"},
	{"expected string", "not_a_text"},
	{"expected array length >", "too_few"},
	{"expected array length <", "too_many"},
	{"expected array", "not_a_list"},
	{"expected object", "not_an_object"},
	{"expected value to be one of", "not_a_choice"},
	{"expected length <", "too_long"},
	{"expected length >", "required"},
}

var missingProperty = regexp.MustCompile(`^expected required property (\S+) to be present`)

// fieldError reads one of huma's validation errors.
func fieldError(err error) domain.FieldError {
	if e, ok := readBodyError(err); ok {
		return domain.FieldError{Field: e.field, Code: e.code}
	}
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		return domain.FieldError{Code: "bad_value"}
	}
	f := domain.FieldError{Field: fieldName(detail.Location), Code: "bad_value"}
	for _, m := range humaMessages {
		if strings.HasPrefix(detail.Message, m.begins) {
			f.Code = m.code
			break
		}
	}
	if m := missingProperty.FindStringSubmatch(detail.Message); m != nil {
		f.Field = strings.TrimPrefix(f.Field+"."+m[1], ".")
	}
	return f
}

var listIndex = regexp.MustCompile(`\[(\d+)\]`)

// fieldName turns "body.parties[0].phone" into "parties.0.phone".
func fieldName(location string) string {
	_, name, _ := strings.Cut(location, ".")
	return listIndex.ReplaceAllString(name, ".$1")
}

// queryOf parses a query, which net/http otherwise does without complaint.
func queryOf(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "query_malformed")
	}
	return values, nil
}

// canonical is the canonical form of a decoded body: field order, spacing and
// escapes do not matter.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	err := strictJSON.Marshal(&b, v)
	return b.Bytes(), err
}
