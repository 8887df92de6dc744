package events

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

type asyncAPI struct {
	AsyncAPI string `yaml:"asyncapi"`
	Info     struct{ Description string }
	Channels map[string]struct {
		Address     string
		Description string
		Parameters  map[string]any
	}
	Components struct {
		Messages map[string]struct {
			ContentType string `yaml:"contentType"`
			Headers     schema
		}
		Schemas map[string]schema
	}
}

type schema struct {
	Required   []string
	Properties map[string]struct {
		Type   string
		Format string
		Const  string
	}
}

func readAsyncAPI(t *testing.T) (doc asyncAPI, root any) {
	t.Helper()
	raw, err := os.ReadFile("../docs/asyncapi.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &doc))
	require.NoError(t, yaml.Unmarshal(raw, &root))
	require.Equal(t, "3.0.0", doc.AsyncAPI)
	return doc, root
}

func TestAsyncAPISubjectsAreOurs(t *testing.T) {
	t.Parallel()
	doc, _ := readAsyncAPI(t)
	e := domain.Event{Procedure: "{procedure}", Event: "{event}"}
	want := map[string][2]string{
		"cases": {CaseSubject("{county}", e), CasesStream},
		"desk":  {DeskSubject("{county}", "{org}", "{event}"), CasesStream},
		"dead":  {DeadSubject("{county}", "{consumer}"), DeadStream},
		// Requests are in no stream: their subjects match neither family.
		"requests": {RequestSubject("{county}", "{account}"), ""},
	}
	require.Len(t, doc.Channels, len(want))
	braces := strings.NewReplacer("%7B", "{", "%7D", "}")
	for name, c := range doc.Channels {
		require.Equal(t, braces.Replace(want[name][0]), c.Address, name)
		if stream := want[name][1]; stream != "" {
			require.Contains(t, c.Description, "Stream "+stream, name)
		} else {
			require.NotContains(t, c.Description, "Stream ", name)
		}
		var parameters []string
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(c.Address, -1) {
			parameters = append(parameters, m[1])
		}
		for p := range c.Parameters {
			require.Contains(t, parameters, p, name)
		}
		require.Len(t, c.Parameters, len(parameters), name)
	}
	require.Contains(t, doc.Channels["desk"].Description, "`"+braces.Replace(Desk("{county}", "{org}"))+"`")
	require.Contains(t, doc.Info.Description, "`"+braces.Replace(DeskConsumer("{org}", "{account}"))+"`")
	require.Contains(t, doc.Info.Description, "`"+braces.Replace(DeskAPI("{county}"))+"`")
	require.Contains(t, doc.Info.Description, fmt.Sprintf("within %d seconds", deskAckWait/time.Second))
	require.Contains(t, doc.Info.Description, fmt.Sprintf("after %d hours", deskSession/time.Hour))
	require.Contains(t, doc.Info.Description, fmt.Sprintf("at most %d days", casesAge/(24*time.Hour)))
}

func TestAsyncAPIFieldsAreOurs(t *testing.T) {
	t.Parallel()
	doc, _ := readAsyncAPI(t)
	sameFields(t, doc.Components.Schemas["Event"], reflect.TypeFor[domain.Event]())
	sameFields(t, doc.Components.Schemas["Envelope"], reflect.TypeFor[Envelope]())
	envelope := doc.Components.Schemas["Envelope"].Properties
	require.Equal(t, specVersion, envelope["specversion"].Const)
	require.Equal(t, dataType, envelope["datacontenttype"].Const)
	require.Equal(t, dataSchema, envelope["dataschema"].Const)
	for name, m := range doc.Components.Messages {
		if name == "request" || name == "answer" { // api/desk_test.go holds those to the API
			continue
		}
		require.Equal(t, envelopeType, m.ContentType, name)
	}
	require.ElementsMatch(t, []string{headerCause, headerConsumer, headerSubject, headerEvent, headerAttempts},
		doc.Components.Messages["deadLetter"].Headers.Required)
	require.Contains(t, doc.Components.Messages["caseEvent"].Headers.Properties, headerOnly)
}

func sameFields(t *testing.T, s schema, typ reflect.Type) {
	t.Helper()
	var names []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		name := f.Tag.Get("json")
		require.NotContains(t, name, ",", "a field that may be absent is not required: %s", name)
		names = append(names, name)
		p, ok := s.Properties[name]
		require.True(t, ok, "%s.%s is not in docs/asyncapi.yaml", typ, name)
		switch {
		case f.Type.String() == "time.Time":
			require.Equal(t, "date-time", p.Format, name)
		case f.Type.Kind() == reflect.String:
			require.Equal(t, "string", p.Type, name)
		case f.Type.Kind() == reflect.Int:
			require.Equal(t, "integer", p.Type, name)
		case f.Type.Kind() == reflect.Bool:
			require.Equal(t, "boolean", p.Type, name)
		}
	}
	require.Equal(t, names, s.Required, typ)
	require.Len(t, s.Properties, len(names), typ)
}

func TestAsyncAPIReferencesExist(t *testing.T) {
	t.Parallel()
	_, root := readAsyncAPI(t)
	n := 0
	each(root, func(ref string) {
		n++
		at := root
		for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			m, _ := at.(map[string]any)
			at = m[step]
		}
		require.NotNil(t, at, ref)
	})
	require.Greater(t, n, 10)
}

func each(v any, f func(ref string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			f(ref)
		}
		for _, w := range v {
			each(w, f)
		}
	case []any:
		for _, w := range v {
			each(w, f)
		}
	}
}
