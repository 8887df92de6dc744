package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/store/storetest"
)

// TestAppealGoesOnAsMediation takes one quarrel through two procedures: the
// window's appeal opens a mediation, which the router brings to the village, and
// hears over the broker, or without it, what became of that.
func TestAppealGoesOnAsMediation(t *testing.T) {
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	loadCounty(t, "--database-url", dsn)
	p := serveAt(t, "--database-url", dsn, "--data-dir", dir)
	clerk := p.login("clerk-370404102")
	refer := func(title string) (appeal, mediation string) {
		body := appealBody(title)
		body["place"] = "370404102200"
		body["parties"] = append(body["parties"].([]any), map[string]any{"role": "respondent", "name": "吴某乙"})
		status, created, _ := clerk.do("POST", "/cases", body, nil)
		require.Equal(t, http.StatusCreated, status, created)
		appeal = created["id"].(string)
		clerk.await(appeal, "dispatched")
		referred := clerk.act(appeal, "refer", map[string]any{"refer_to": "mediation", "reason": "邻里纠纷，双方愿意调解"})
		require.Equal(t, "referred", referred["state"])
		_, list, _ := clerk.do("GET", "/cases?procedure=mediation", nil, nil)
		for _, item := range list["items"].([]any) {
			if c := item.(map[string]any); c["derived_from"] == appeal {
				require.Equal(t, created["matter"], c["matter"])
				mediation = c["id"].(string)
			}
		}
		require.NotEmpty(t, mediation, "the mediation is there as soon as the referral is answered")
		window := created["desk"]
		require.Eventually(t, func() bool {
			_, c, _ := clerk.do("GET", "/cases/"+mediation, nil, nil)
			return c["desk"] != window
		}, 30*time.Second, 20*time.Millisecond, "the router brings it to a committee")
		return appeal, mediation
	}
	head := p.login("committee_head-370404102")
	appeal, mediation := refer("宅基地边界")
	head.act(mediation, "accept", map[string]any{"rights_notified": true})
	require.Equal(t, "mediation", clerk.await(appeal, "transferred")["outcome"])

	appeal, mediation = refer("排水沟")
	clerk.act(mediation, "withdraw", map[string]any{"reason": "双方已和好"})
	clerk.await(appeal, "returned")

	// What the broker loses the sweeper brings, once.
	appeal, mediation = refer("采光")
	p.kill()
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
	p = serveAt(t, "--database-url", dsn, "--data-dir", dir)
	clerk, head = p.login("clerk-370404102"), p.login("committee_head-370404102")
	head.act(mediation, "accept", map[string]any{"rights_notified": true})
	clerk.await(appeal, "transferred")
	_, history, _ := clerk.do("GET", "/cases/"+appeal+"/history", nil, nil)
	handed := 0
	for _, e := range history["items"].([]any) {
		if e.(map[string]any)["action"] == "hand_on" {
			handed++
		}
	}
	require.Equal(t, 1, handed)
	require.Equal(t, 0, p.stop(), p.out)
	out, err := sudi("verify", "--database-url", dsn).CombinedOutput()
	require.NoError(t, err, string(out))
}
