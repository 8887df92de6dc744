package accessmatrix

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretsOf are the cases that a reader may not see, one of each placement.
func (w *world) secretsOf(who *reader) []*planted {
	var list []*planted
	had := map[string]bool{}
	for _, c := range w.cases {
		if c.shownTo(who) == absent && !had[c.name] {
			list, had[c.name] = append(list, c), true
		}
	}
	return list
}

// swappers are readers for whom there are cases of every kind that they may not
// see.
func (w *world) swappers() []*reader {
	return []*reader{w.readers["clerk town"], w.readers["supervisor town"], w.readers["clerk village"], w.readers["clerk bureau"], w.readers["supervisor bureau"]}
}

// A new case cannot be tied to one that its sender may not see, and he learns
// nothing by trying: the answer is that about a case that there is not.
func TestTiesToHiddenCases(t *testing.T) {
	w := county(t)
	for _, who := range w.swappers() {
		for _, field := range []string{"repeats", "derived_from"} {
			try := func(id string) answer {
				return ask(w.api, who, http.MethodPost, prefix+"/cases", map[string]any{
					"procedure": "appeal", "class": "complaint", "category": "0101", "title": "x", "place": "370404102201", field: id,
					"parties": []any{map[string]any{"role": "applicant", "name": "周"}},
				})
			}
			missing := try(nobody)
			require.Equal(t, http.StatusUnprocessableEntity, missing.status, missing.body)
			for _, c := range w.secretsOf(who) {
				a := try(c.id)
				assert.Equal(t, missing.anonymous(), a.anonymous(), "%s %s as %s", field, c, who)
			}
		}
	}
}

// Nor can an action name one: master and first case are the fields that do.
func TestActionsThatNameHiddenCases(t *testing.T) {
	w := county(t)
	for _, who := range w.swappers() {
		mine := w.planted("town/fresh")
		if who.org == "village" {
			mine = w.planted("village/fresh")
		}
		if who.org == "bureau" {
			mine = w.planted("bureau/fresh")
		}
		before := ask(w.api, who, http.MethodGet, prefix+"/cases/"+mine.id, nil)
		require.Equal(t, http.StatusOK, before.status, "%s as %s", mine, who)
		for action, field := range map[string]string{"merge": "master", "link_repeat": "first_case"} {
			try := func(id string) answer {
				return ask(w.api, who, http.MethodPost, prefix+"/cases/"+mine.id+"/actions/"+action,
					map[string]any{"fields": map[string]any{field: id}}, "If-Match", before.header.Get("ETag"))
			}
			missing := try(nobody)
			require.Equal(t, http.StatusUnprocessableEntity, missing.status, missing.body)
			for _, c := range w.secretsOf(who) {
				a := try(c.id)
				assert.Equal(t, missing.anonymous(), a.anonymous(), "%s %s as %s", action, c, who)
			}
		}
		after := ask(w.api, who, http.MethodGet, prefix+"/cases/"+mine.id, nil)
		assert.Equal(t, before.body, after.body)
	}
}

// A page's cursor is a place in the order and nothing more: made out of a case
// that the reader may not see, it gives what one made out of none gives.
func TestCursorsMadeOfHiddenCases(t *testing.T) {
	w := county(t)
	for _, who := range w.swappers() {
		for _, c := range w.secretsOf(who) {
			for _, order := range []string{"r", "d"} {
				query := map[string]string{"r": "/cases?limit=200&cursor=", "d": "/cases?limit=200&due_before=2030-01-01&cursor="}[order]
				page := func(id string) answer {
					raw := fmt.Sprintf("%s:%d:%s", order, c.file.Case.ReceivedAt.UnixMicro(), id)
					return ask(w.api, who, http.MethodGet, prefix+query+base64.RawURLEncoding.EncodeToString([]byte(raw)), nil)
				}
				a := page(c.id)
				require.Equal(t, http.StatusOK, a.status, a.body)
				assert.Equal(t, page(nobody).body, a.body, "%s as %s", c, who) // nobody's id comes before any other of the instant
				assert.Empty(t, leaks(c, who, absent, "", tokens(a.body)))
			}
		}
	}
}

// Filters by ids and codes of others answer as those of nobody.
func TestFiltersThatNameHiddenCases(t *testing.T) {
	w := county(t)
	for _, who := range w.swappers() {
		none := ask(w.api, who, http.MethodGet, prefix+"/cases?q="+nobody, nil)
		for _, c := range w.secretsOf(who) {
			for _, query := range []string{c.id, c.number, strings.ToLower(c.number), c.token("title"), c.word("statement")} {
				a := ask(w.api, who, http.MethodGet, prefix+"/cases?q="+query, nil)
				assert.Equal(t, none.body, a.body, "%s as %s", c, who)
			}
			for _, handler := range []string{c.file.Case.Handler} {
				a := ask(w.api, who, http.MethodGet, prefix+"/cases?limit=200&handler="+handler, nil)
				assert.Empty(t, leaks(c, who, absent, "", tokens(a.body)), "%s as %s", c, who)
			}
		}
	}
}
