package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"sudi/domain"
)

// raws stand in a body for bytes that encoding/json would not write.
var raws = []string{
	`"\ud800"`, `"\udc00\ud800"`, `"a\u0000b"`, "\"\xc0\xaf\"", "\"\xff\"", "\"\x01\"", `NaN`, `Infinity`, `-Infinity`, `1e999`, `-1e-999`,
	`123456789012345678901234567890`, `0x10`, `01`, `1.`, `"unfinished`, `{"a":1,"a":2}`, `[1,]`, `undefined`, `-0`, `9007199254740993`, `"\u202e"`,
}

// oddTexts are what nobody should send and somebody will.
var oddTexts = []string{
	"", " ", "\t", "\n", "NaN", "Infinity", "null", "true", "-1", "0", "1e309", "99999999999999999999", "\u0000", "\u202etxt", "\u2066", "e\u0301\u0323\u0302",
	"😀", "𠮷", "\ufeff", "\ufffd", "\u200b", "字", "'; DROP TABLE cases; --", "%", "_", "\\", "../../etc/passwd", "..%2f", "${jndi:x}", "<script>",
	"=1+1", "2020-02-30", "0000-00-00", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2020-13", "2020-Q5", "2020-H3", "370404", "*", "W/\"1\"",
	"\"1\"", "\"\"", "\"99999999999999999999\"", ",", "AAAA", "YQ", "-", ".", "..", "370404102", "٣", "ⅷ", "K", "ß",
}

var oddNumbers = []any{0, -1, 1, 1.5, 1e15, 1e15 + 1, -1e15, 1e18, 1e19, 1e300, 2147483647, 2147483648, -2147483649, json.Number("9223372036854775807"), json.Number("9223372036854775808")}

// pick takes one of a list by the fuzzer's dice.
func pick[T any](f *fuzzer, list []T) T { return list[f.rand.IntN(len(list))] }

func (f *fuzzer) chance(percent int) bool { return f.rand.IntN(100) < percent }

// odd is a value of any type.
func (f *fuzzer) odd() any {
	switch f.rand.IntN(8) {
	case 0:
		return pick(f, oddNumbers)
	case 1:
		return f.rand.IntN(2) == 0
	case 2:
		return nil
	case 3:
		return []any{f.oddText()}
	case 4:
		return map[string]any{pick(f, []string{"x", "name", "", "$ref"}): f.oddText()}
	case 5:
		return rawMark + strconv.Itoa(f.rand.IntN(len(raws))) + rawMark
	default:
		return f.oddText()
	}
}

func (f *fuzzer) oddText() string {
	switch f.rand.IntN(6) {
	case 0:
		var b strings.Builder
		for range f.rand.IntN(12) {
			b.WriteRune(f.rand.Int32N(0x11000))
		}
		return strings.ToValidUTF8(b.String(), "")
	case 1:
		return strings.Repeat(pick(f, oddTexts), 1+f.rand.IntN(300))
	default:
		return pick(f, oddTexts)
	}
}

// rawMark surrounds the number of one of raws.
const rawMark = "@raw@"

// encode writes a body with the raws put in.
func encode(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // made here, of what can be written
	}
	for i, raw := range raws {
		text = bytes.ReplaceAll(text, []byte(`"`+rawMark+strconv.Itoa(i)+rawMark+`"`), []byte(raw))
	}
	return text
}

// value makes a value that a schema allows; name tells what is meant by it.
func (f *fuzzer) value(s *openapi3.Schema, name string) any {
	if v, ok := f.meant(name); ok && f.chance(97) {
		return v
	}
	if len(s.Enum) > 0 {
		return pick(f, s.Enum)
	}
	if name == "role" { // of an account: that of a party is listed
		return string(pick(f, domain.StaffRoles))
	}
	switch {
	case s.Type == nil:
		return "x"
	case s.Type.Includes("object"):
		return f.object(s)
	case s.Type.Includes("array"):
		items := []any{}
		for range max(int(s.MinItems), f.rand.IntN(3)) { //nolint:gosec // small
			items = append(items, f.value(s.Items.Value, ""))
		}
		return items
	case s.Type.Includes("boolean"):
		return f.chance(50)
	case s.Type.Includes("integer"), s.Type.Includes("number"):
		low, high := 0, 1000
		if s.Min != nil {
			low = int(*s.Min)
		}
		if s.Max != nil {
			high = int(*s.Max)
		}
		return low + f.rand.IntN(max(1, high-low+1))
	default:
		return f.text(s)
	}
}

func (f *fuzzer) object(s *openapi3.Schema) map[string]any {
	o := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || f.chance(35) {
			o[name] = f.value(s.Properties[name].Value, name)
		}
	}
	if o["lng"] != nil || o["lat"] != nil { // they go together
		o["lng"], o["lat"] = 117.6, 34.77
	}
	if procedure, ok := o["procedure"].(string); ok { // what it has for classes
		if classes := f.classes[procedure]; len(classes) > 0 {
			o["class"] = pick(f, classes)
		}
	}
	return o
}

func (f *fuzzer) text(s *openapi3.Schema) string {
	switch s.Format {
	case "uuid":
		return uuid.NewString()
	case "date":
		return time.Now().AddDate(0, 0, -f.rand.IntN(30)).Format(time.DateOnly)
	case "date-time":
		return time.Now().AddDate(0, 0, -f.rand.IntN(5)).Format(time.RFC3339)
	}
	n := max(int(s.MinLength), 1+f.rand.IntN(12)) //nolint:gosec // small
	if s.MaxLength != nil {
		n = min(n, int(*s.MaxLength)) //nolint:gosec // small
	}
	return strings.Repeat("路灯不亮请修理，", n/8+1)[:3*min(n, 8)]
}

// spoil breaks a valid body in one place or more.
func (f *fuzzer) spoil(s *openapi3.Schema, body any) []byte {
	if f.chance(6) {
		return pick(f, [][]byte{
			nil, []byte("{"), []byte("[]"), []byte("null"), []byte(`"x"`), []byte("\xef\xbb\xbf{}"), []byte("{} {}"), []byte("\x00"),
			[]byte(strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)), []byte(strings.Repeat("[", 20_000)),
		})
	}
	if f.chance(4) { // the limit, and beside it
		size := pick(f, []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20})
		return []byte(`{"note":"` + strings.Repeat("a", size-11) + `"}`)
	}
	o, ok := body.(map[string]any)
	if !ok {
		return encode(f.odd())
	}
	for range 1 + f.rand.IntN(2) {
		f.spoilObject(s, o)
	}
	text := encode(o)
	if f.chance(5) && len(o) > 0 { // a member twice
		name := pick(f, slices.Sorted(maps.Keys(o)))
		text = append([]byte(fmt.Sprintf("{%q:%s,", name, encode(f.odd()))), text[1:]...)
	}
	return text
}

func (f *fuzzer) spoilObject(s *openapi3.Schema, o map[string]any) {
	names := slices.Sorted(maps.Keys(s.Properties))
	if len(names) == 0 {
		o["unknown"] = f.odd()
		return
	}
	name := pick(f, names)
	field := s.Properties[name].Value
	switch f.rand.IntN(6) {
	case 0:
		delete(o, name)
	case 1:
		o[pick(f, []string{"unknown", "ID", "", "__proto__", strings.ToUpper(name), "x\u0000"})] = f.odd()
	case 2:
		if field.MaxLength != nil || field.MinLength > 0 {
			most := uint64(20_000)
			if field.MaxLength != nil {
				most = *field.MaxLength
			}
			n := pick(f, []uint64{most, most + 1, most - 1, field.MinLength, max(field.MinLength, 1) - 1})
			o[name] = strings.Repeat(pick(f, []string{"a", "字", "😀"}), int(min(n, 100_000))) //nolint:gosec // bounded
			return
		}
		o[name] = strings.Repeat("字", pick(f, []int{1, 199, 200, 201, 500, 5000, 20_000, 20_001}))
	case 3:
		if inner, ok := o[name].(map[string]any); ok && field.Type.Is("object") {
			f.spoilObject(field, inner)
			return
		}
		o[name] = f.odd()
	case 4:
		if field.Type != nil && field.Type.Includes("array") {
			items := []any{}
			for range pick(f, []int{0, 1, 2, 50, 300}) {
				items = append(items, f.value(field.Items.Value, ""))
			}
			items = append(items, f.odd())
			o[name] = items
			return
		}
		o[name] = f.odd()
	default:
		o[name] = f.odd()
	}
}
