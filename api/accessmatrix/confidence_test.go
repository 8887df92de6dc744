package accessmatrix

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who works elsewhere reads a confidential case masked: he can ask to see a field,
// with a reason, and cannot correct the case or take the mark away.
func TestConfidenceFromStaff(t *testing.T) {
	w := county(t)
	c := w.planted("helped/confidential")
	path := prefix + "/cases/" + c.id
	before := w.version(t, c)
	for _, name := range []string{"mediator town", "clerk county"} {
		who := w.readers[name]
		require.Equal(t, masked, c.shownTo(who))
		a := ask(w.api, who, http.MethodPatch, path, map[string]any{"flags": []any{}}, "If-Match", "*")
		assert.Equal(t, "action_not_yours", a.problem(), "%s: %s", who, a.body)
		a = ask(w.api, who, http.MethodPost, path+"/parties/1/reveal", map[string]any{"field": "phone", "reason": "核对来电人"})
		assert.Equal(t, http.StatusOK, a.status, "%s: %s", who, a.body)
		assert.True(t, tokens(a.body)[c.token("phone")], "%s", who)
	}
	assert.Equal(t, before, w.version(t, c))
	a := ask(w.api, w.readers["handler other"], http.MethodGet, path, nil)
	assert.True(t, tokens(a.body)[c.token("name")])
}
