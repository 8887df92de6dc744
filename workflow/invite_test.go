package workflow

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// A link to rate is made exactly where some transition lets the citizen rate.
func TestInvitedOnlyWhereCitizensRate(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, countyOrg)
	now := at(t, "2022-06-01")
	rated := 0
	for _, p := range standardProcedures(t) {
		for i := range p.States {
			state := &p.States[i]
			file := domain.File{Case: domain.Case{
				ID: testCase, Procedure: p.Name, ProcedureVersion: p.Version, State: state.Name, Version: 1,
				Desk: countyOrg, Owner: countyOrg, RegisteredBy: countyOrg,
			}}
			can := slices.ContainsFunc(p.Transitions(state), func(u *Transition) bool {
				return u.Sets["satisfaction"] != "" && u.allows(domain.RoleCitizen)
			})
			change, err := rules.Invite(file, clerk, now, []byte("h"))
			if !can {
				require.ErrorContains(t, err, "rating_not_now", "%s %s", p.Name, state.Name)
				continue
			}
			rated++
			require.NoError(t, err, "%s %s", p.Name, state.Name)
			require.Equal(t, 1, change.After.Counts[CountInvited])
			require.Equal(t, state.Name, change.After.State)
			require.Equal(t, now.Add(InvitationLife), change.Invitation.ExpiresAt.In(now.Location()))
			require.Empty(t, change.Deadlines)
			require.Equal(t, domain.Effect{"counts": map[string]int{CountInvited: 1}, "version": 2, "updated_at": change.After.UpdatedAt}, change.Entries[0].Effect)
			file.Case.Handler = clerk.ID
			_, err = rules.Invite(file, clerk, now, nil)
			require.ErrorContains(t, err, "rates_himself")
			_, err = rules.Invite(file, staffOf(domain.RoleHandler, countyOrg), now, nil)
			require.ErrorContains(t, err, "action_not_yours")
			_, err = rules.Invite(file, staffOf(domain.RoleClerk, "370404103"), now, nil)
			require.ErrorContains(t, err, "action_not_yours")
		}
	}
	require.GreaterOrEqual(t, rated, 4)
}

// What somebody may ask for who is not content is the procedure's own, and ends
// with its clock, also where nobody has swept yet.
func TestRedress(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, clerk, "2020-04-29")
	p.do("2020-04-29", "auto_dispatch", domain.Router, nil, "dispatched")
	p.do("2020-04-29", "accept", theUnit, nil, "handling")
	p.do("2020-04-30", "reply", theUnit, domain.Fields{"reply": "已办", "result": "resolved"}, "replied")
	_, until := p.rules.Redress(p.file, at(t, "2020-04-30"))
	require.Nil(t, until, "before it is rated it is just sent back")
	p.do("2020-05-01", "follow_up", citizen, domain.Fields{"satisfaction": "dissatisfied", "resolved": false}, "closed")
	what, until := p.rules.Redress(p.file, at(t, "2020-05-01"))
	require.Equal(t, "申请重开", what.ZH)
	require.Equal(t, currentClock(&p.file, "reopen").Due, *until)
	_, last := p.rules.Redress(p.file, *until)
	require.NotNil(t, last)
	_, over := p.rules.Redress(p.file, until.Add(time.Second))
	require.Nil(t, over)
}
