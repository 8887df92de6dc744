package events

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestEnvelopeHoldsTheEvent(t *testing.T) {
	t.Parallel()
	e := event(17, 3)
	e.At = time.Date(2020, 3, 1, 17, 30, 0, 123456000, time.FixedZone("CST", 8*3600))
	raw, err := Encode(county, e)
	require.NoError(t, err)

	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	require.Equal(t, "1.0", v["specversion"])
	require.Equal(t, e.ID, v["id"])
	require.Equal(t, "/sudi/370404", v["source"])
	require.Equal(t, "cn.sudi.case.registered", v["type"])
	require.Equal(t, e.Number, v["subject"])
	require.Equal(t, "2020-03-01T09:30:00.123456Z", v["time"])
	require.Equal(t, "application/json", v["datacontenttype"])
	require.Equal(t, "urn:sudi:case-event:1", v["dataschema"])

	got, err := Decode(raw)
	require.NoError(t, err)
	require.True(t, got.At.Equal(e.At))
	got.At = e.At
	require.Equal(t, e, got)
}

func TestDecodeAllowsAdditions(t *testing.T) {
	t.Parallel()
	raw := altered(t, func(v, data map[string]any) {
		v["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		data["invented_later"] = 1
	})
	_, err := Decode(raw)
	require.NoError(t, err)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(v, data map[string]any){
		`unknown specversion "2.0"`:             func(v, _ map[string]any) { v["specversion"] = "2.0" },
		`unknown specversion ""`:                func(v, _ map[string]any) { delete(v, "specversion") },
		`unknown dataschema`:                    func(v, _ map[string]any) { v["dataschema"] = "urn:sudi:case-event:2" },
		`unknown datacontenttype`:               func(v, _ map[string]any) { v["datacontenttype"] = "text/xml" },
		`no id or no source`:                    func(v, _ map[string]any) { v["source"] = "" },
		`no data`:                               func(v, _ map[string]any) { v["data"] = nil },
		`cannot unmarshal`:                      func(_, data map[string]any) { data["version"] = "one" },
		`the data's id is "x"`:                  func(_, data map[string]any) { data["id"] = "x" },
		`of no case`:                            func(_, data map[string]any) { delete(data, "case_id") },
		`or of no version of it`:                func(_, data map[string]any) { data["version"] = 0 },
		`type "cn.sudi.case.x" but event "reg`:  func(v, _ map[string]any) { v["type"] = "cn.sudi.case.x" },
		`subject "XF" but number "XF-370404102`: func(v, _ map[string]any) { v["subject"] = "XF" },
	} {
		_, err := Decode(altered(t, change))
		require.ErrorIs(t, err, errUnreadable, want)
		require.ErrorContains(t, err, want)
	}
	for _, raw := range []string{"", "null", "[]", "{", "\x00\xff", `{"specversion":"1.0"} {}`} {
		_, err := Decode([]byte(raw))
		require.ErrorIs(t, err, errUnreadable, raw)
	}
}

func altered(t *testing.T, change func(v, data map[string]any)) []byte {
	t.Helper()
	raw, err := Encode(county, event(17, 3))
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	data, _ := v["data"].(map[string]any)
	change(v, data)
	raw, err = json.Marshal(v)
	require.NoError(t, err)
	return raw
}

func FuzzDecode(f *testing.F) {
	raw, err := Encode(county, event(1, 1))
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`{"specversion":"1.0","data":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Decode(raw)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		require.NotEmpty(t, e.CaseID)
		require.Positive(t, e.Version)
	})
}

// Events leave the building. A new field of Event has to be written down here by
// somebody who has asked whether it says anything about a person.
func TestEventsCarryNoPersonalData(t *testing.T) {
	t.Parallel()
	impersonal := map[string]string{
		"ID": "string", "CaseID": "string", "Version": "int", "Matter": "string", "Number": "string",
		"Procedure": "string", "Event": "string", "Action": "string", "From": "string", "To": "string",
		"Disposition": "domain.Disposition", "Owner": "string", "Desk": "string", "HandedOver": "bool",
		"ActorRole": "domain.Role", "At": "time.Time", "Notified": "[]string", "DerivedFrom": "string", "Repeats": "[]string",
	}
	typ := reflect.TypeFor[domain.Event]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		require.Equal(t, impersonal[f.Name], f.Type.String(), "field %s of domain.Event", f.Name)
	}
	attributes := reflect.TypeFor[Envelope]()
	for i := range attributes.NumField() {
		name := attributes.Field(i).Tag.Get("json")
		require.Contains(t, "specversion id source type subject time datacontenttype dataschema data", name)
		require.False(t, strings.Contains(name, ","), "every attribute is always there: %s", name)
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	e := event(1, 1)
	e.Desk = "370404.01"
	require.Equal(t, "sudi.370404.case.petition.registered", CaseSubject(county, e))
	require.Equal(t, "sudi.370404.desk.370404%2E01.registered", DeskSubject(county, e.Desk, e.Event))
	require.Equal(t, "sudi.370404.desk.370404%2E01.>", Desk(county, e.Desk))
	require.Equal(t, "sudi.370404.case.>", AllCases(county))
	require.Equal(t, "sudi.370404.desk.>", AllDesks(county))
	require.Equal(t, "sudi.370404.dead.router", DeadSubject(county, "router"))
}

func TestTokensAreSafeAndDifferent(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, s := range []string{"", "a", "A", "a-b", "a_b", "a.b", "a%2Eb", "*", ">", "a b", "a\r\nb", "信访", "%", "\x00"} {
		got := token(s)
		require.NotEmpty(t, got)
		require.NotContains(t, got, ".")
		require.False(t, strings.ContainsAny(got, "*> \t\r\n\x00"), got)
		require.Empty(t, seen[got], "%q and %q", s, seen[got])
		seen[got] = "taken by " + s
	}
}
