package accessmatrix

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

// What was said in a mediation is for those who work where it was written, or
// answer for the case, and above them; a court that was told of the case reads
// the rest, and who does not work on cases reads none of it.
func TestPrivateRecordOfAMediation(t *testing.T) {
	w := county(t)
	c := &planted{placement: w.planted("town/fresh").placement, state: "private", n: 992}
	var err error
	c.file, err = w.engine.Register(t.Context(), workflow.Intake{
		Procedure: "mediation", Class: "application", Title: c.word("title"), Place: "370404102201", Channel: domain.ChannelWindow,
		Parties: []domain.Party{{Role: domain.PartyApplicant, Name: c.word("name")}, {Role: domain.PartyRespondent, Name: "吴"}},
	}, w.actor(domain.RoleClerk, code("committee")), nil)
	require.NoError(t, err)
	c.id, c.number = c.file.Case.ID, c.file.Case.Number
	for _, step := range []struct {
		action string
		fields domain.Fields
	}{
		{"accept", domain.Fields{"rights_notified": true}},
		{"assign_mediator", domain.Fields{"handler": w.readers["mediator committee"].user.ID}},
		{"hold_session", domain.Fields{"record": c.word("note")}},
		{"fail", domain.Fields{"ending": "deadlock", "advice": "可起诉"}},
		{"inform_court", domain.Fields{"consent": true, "record": c.word("reply")}},
	} {
		w.act(t.Context(), c, domain.RoleCommitteeHead, c.file.Case.Desk, step.action, step.fields)
	}
	for _, org := range []string{"county", "town", "committee", "court", "village", "bureau"} {
		for _, role := range roles {
			who := w.readers[role+" "+org]
			watches := org == "bureau" && role == "supervisor"
			works, within := has(workers, role), within("committee", org)
			sees := has(mayRead, role) && (within || org == "court" || watches)
			want := http.StatusNotFound
			switch {
			case sees:
				want = http.StatusOK
			case !has(mayRead, role):
				want = http.StatusForbidden
			}
			inside := works && within
			a := ask(w.api, who, http.MethodGet, prefix+"/cases/"+c.id+"/history", nil)
			require.Equal(t, want, a.status, "as %s", who)
			for _, path := range []string{"/cases/" + c.id + "/history", "/ledgers/mediation.xlsx", "/ledgers/cases.xlsx", "/cases/" + c.id + "/chain", "/cases/" + c.id} {
				a := ask(w.api, who, http.MethodGet, prefix+path, nil)
				body := a.body
				if a.status == http.StatusOK && path[1] == 'l' {
					body = unzipped(body)
				}
				found := tokens(body)
				history := path == "/cases/"+c.id+"/history"
				if !inside {
					assert.False(t, found[c.token("note")], "%s as %s", path, who)
				} else if history {
					assert.True(t, found[c.token("note")], "%s as %s", path, who)
				}
				if history {
					assert.Equal(t, sees && works, found[c.token("reply")], "%s as %s", path, who)
				}
			}
		}
	}
}
