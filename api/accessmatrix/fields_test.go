package accessmatrix

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corrections are values of the fields that a correction may name.
var corrections = map[string]any{
	"title": "改过", "statement": "改过", "class": "help", "category": "01", "place": "370404102", "amount": 1, "persons": 2, "flags": []any{"urgent"},
	"parties": []any{map[string]any{"role": "applicant", "name": "周"}},
}

// Each field of a case, written by each role in each relation: who may not write
// it is refused, and nothing changes.
func TestEveryFieldWritten(t *testing.T) {
	w := county(t)
	require.Len(t, corrections, len(corrected))
	scratch := w.scratch(t)
	for _, c := range []*planted{scratch, w.planted("handed/accepted"), w.planted("helped/accepted"), w.planted("other/accepted"), w.planted("against_town/accepted")} {
		for _, role := range roles {
			for _, field := range corrected {
				w.correct(t, c, w.readers[role+" town"], field, c == scratch)
			}
		}
	}
}

// correct tries to write a field. The cases of the matrix stay as they are: of
// them nobody asks who may.
func (w *world) correct(t *testing.T, c *planted, who *reader, field string, scratch bool) {
	t.Helper()
	may := has(editors, who.role) && slices.Contains([]relation{own, below, handedOver, handedAway}, c.relations[who.org])
	if may && !scratch {
		return
	}
	before := w.version(t, c)
	a := ask(w.api, who, http.MethodPatch, prefix+"/cases/"+c.id, map[string]any{field: corrections[field]}, "If-Match", "*")
	want := "action_not_yours"
	switch {
	case may:
		want = ""
		before++
	case !has(workers, who.role):
		want = "role_not_allowed"
	case c.shownTo(who) == absent:
		want = "case_not_found"
	}
	assert.Equal(t, want, a.problem(), "%s of %s as %s: %s", field, c, who, a.body)
	assert.Equal(t, before, w.version(t, c), "%s of %s as %s", field, c, who)
}

// scratch is a case of the town that may be changed.
func (w *world) scratch(t *testing.T) *planted {
	t.Helper()
	c := &planted{placement: w.planted("town/fresh").placement, state: "fresh", n: 990}
	w.make(t.Context(), c, "")
	return c
}

// version is how many entries a case's history has, read past the API.
func (w *world) version(t *testing.T, c *planted) int {
	t.Helper()
	file, err := w.store.File(t.Context(), c.id)
	require.NoError(t, err)
	return file.Case.Version
}

// What a case has beside the fields that can be corrected is set by no body: by
// a correction, or at registration, each is refused.
func TestNoOtherFieldIsWritten(t *testing.T) {
	w := county(t)
	c := w.scratch(t)
	var contract struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]json.RawMessage
			}
		}
	}
	doc := ask(w.api, nil, http.MethodGet, prefix+"/openapi.json", nil)
	require.NoError(t, json.Unmarshal([]byte(doc.body), &contract))
	schemas := contract.Components.Schemas
	require.Contains(t, schemas, "CaseView")
	var bare []string
	for field := range schemas["CaseView"].Properties {
		who := w.readers["supervisor county"]
		if !slices.Contains(corrected, field) {
			before := w.version(t, c)
			a := ask(w.api, who, http.MethodPatch, prefix+"/cases/"+c.id, map[string]any{field: "x"}, "If-Match", "*")
			assert.Equal(t, http.StatusUnprocessableEntity, a.status, "PATCH %s: %s", field, a.body)
			assert.Equal(t, before, w.version(t, c), field)
		}
		if _, takes := schemas["CaseBody"].Properties[field]; !takes {
			bare = append(bare, field)
			a := ask(w.api, who, http.MethodPost, prefix+"/cases", map[string]any{
				"procedure": "appeal", "class": "complaint", "category": "0101", "title": "x", field: "x",
				"parties": []any{map[string]any{"role": "applicant", "name": "周"}},
			})
			assert.Equal(t, http.StatusUnprocessableEntity, a.status, "POST %s: %s", field, a.body)
		}
	}
	for _, field := range []string{"id", "matter", "number", "owner", "desk", "unit", "partners", "handler", "state", "disposition", "outcome", "satisfaction", "version"} {
		assert.Contains(t, bare, field, "the contract lets a new case say its own %s", field)
	}
}
