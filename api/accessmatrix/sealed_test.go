package accessmatrix

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
	"sudi/workflow"
)

// An accusation that waits for somebody is not forgotten: it stands in the
// worklist of those who have it, and in that of nobody else.
func TestAccusationsWait(t *testing.T) {
	w := county(t)
	for _, c := range w.cases {
		if c.state != sealed {
			continue
		}
		holders := 0
		for _, org := range readers {
			for _, role := range []string{"clerk", "handler", "supervisor", "leader"} {
				who := w.readers[role+" "+org]
				a := ask(w.api, who, http.MethodGet, prefix+"/worklist?limit=200", nil)
				require.Equal(t, http.StatusOK, a.status, a.body)
				has := code(org) == c.file.Case.Desk && role != "leader"
				assert.Equal(t, has, tokens(a.body)[c.number], "%s as %s", c, who)
				if has {
					holders++
				}
			}
		}
		assert.Positive(t, holders, "nobody has %s", c)
	}
}

// Of an accusation the desk that it is on is told, and nobody else.
func TestNoticesOfAccusations(t *testing.T) {
	w := county(t)
	events, err := w.store.Unsent(t.Context(), 10_000)
	require.NoError(t, err)
	handed := 0
	for _, c := range w.cases {
		if c.state != sealed {
			continue
		}
		for _, u := range events {
			if u.Event.CaseID != c.id {
				continue
			}
			assert.Empty(t, u.Event.Notified, c)
			if u.Event.HandedOver {
				handed++
				assert.Equal(t, c.file.Case.Desk, u.Event.Desk, c)
			}
		}
	}
	assert.Positive(t, handed)
}

// A correction that makes a petition an accusation takes it out of figures and
// lists, and out of sight; another brings it back.
func TestCorrectedIntoAnAccusation(t *testing.T) {
	w := county(t)
	c := &planted{placement: w.planted("town/fresh").placement, state: "petition", n: 989}
	var err error
	c.file, err = w.engine.Register(t.Context(), workflow.Intake{
		Procedure: "petition", Class: "demand", Category: "0101", Title: c.word("title"), Place: "370404102201", Channel: domain.ChannelWindow,
		Parties: []domain.Party{{Role: domain.PartyApplicant, Name: c.word("name")}},
	}, w.actor(domain.RoleClerk, code("town")), nil)
	require.NoError(t, err)
	c.id, c.number = c.file.Case.ID, c.file.Case.Number
	clerk, leader, chief := w.readers["clerk town"], w.readers["leader town"], w.readers["supervisor county"]
	path := prefix + "/cases/" + c.id
	stands := func(counted int, others int) {
		t.Helper()
		for _, who := range []*reader{clerk, leader, chief} {
			assert.Equal(t, counted, w.figuresBy(t, who, "petitions.visits", "/figures?year=2020&by=month", "figures")["2020-03"], "%s", who)
			listed, _ := w.listed(t, who, "petitions.visits", "&by=month&group=2020-03")
			assert.Equal(t, counted, listed, "%s", who)
			a := ask(w.api, who, http.MethodGet, path, nil)
			want := others
			if who == clerk {
				want = http.StatusOK
			}
			assert.Equal(t, want, a.status, "%s", who)
		}
		v, err := report.New(w.store, func() time.Time { return w.clock }).Verify(t.Context(), report.VerifyOptions{Year: 2020})
		require.NoError(t, err)
		assert.Empty(t, v.Differences)
	}
	correct := func(class string) {
		t.Helper()
		a := ask(w.api, clerk, http.MethodPatch, path, map[string]any{"class": class}, "If-Match", "*")
		require.Equal(t, http.StatusOK, a.status, a.body)
	}
	stands(1, http.StatusOK)
	correct("accusation")
	stands(0, http.StatusNotFound)
	correct("demand")
	stands(1, http.StatusOK)
	correct("accusation") // the other tests count no petition
}
