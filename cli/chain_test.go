package cli

import (
	"fmt"
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

// TestMediationGoesOnAtTheCourt takes a quarrel that its village could not
// settle to the court, which entrusts it before filing, and confirms what comes
// of that: one matter and one story.
func TestMediationGoesOnAtTheCourt(t *testing.T) {
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	loadCounty(t, "--database-url", dsn)
	p := serveAt(t, "--database-url", dsn, "--data-dir", dir)
	clerk, head, court := p.login("clerk-370404102"), p.login("committee_head-370404102"), p.login("court_liaison-370404-court")
	body := map[string]any{
		"procedure": "mediation", "class": "application", "title": "宅基地边界", "place": "370404102200", "amount": 500000,
		"parties": []any{map[string]any{"role": "applicant", "name": "周某甲"}, map[string]any{"role": "respondent", "name": "吴某乙"}},
	}
	settled := func(c *client, id, desk string) {
		t.Helper()
		require.Eventually(t, func() bool {
			_, got, _ := c.do("GET", "/cases/"+id, nil, nil)
			return got["desk"] != desk
		}, 30*time.Second, 20*time.Millisecond, "the router brings it to a committee")
	}
	status, first, _ := clerk.do("POST", "/cases", body, nil)
	require.Equal(t, http.StatusCreated, status, first)
	id := first["id"].(string)
	settled(clerk, id, "370404102")
	head.act(id, "accept", map[string]any{"rights_notified": true})
	head.act(id, "assign_mediator", map[string]any{"handler": "mediator-370404102"})
	require.Equal(t, "accepted", head.act(id, "escalate", map[string]any{"reason": "村里谈不成"})["state"])
	head.act(id, "assign_mediator", map[string]any{"handler": "mediator-370404102"})
	head.act(id, "hold_session", map[string]any{"record": "背靠背：愿意让步至三万元"})
	head.act(id, "fail", map[string]any{"ending": "deadlock", "advice": "可向人民法院起诉"})
	status, _, _ = court.do("GET", "/cases/"+id, nil, nil)
	require.Equal(t, http.StatusNotFound, status, "the court is told nothing before the parties agree")
	head.act(id, "inform_court", map[string]any{"consent": true, "record": "双方同意告知法院"})

	_, told, _ := court.do("GET", "/cases/"+id+"/history", nil, nil)
	require.Contains(t, fmt.Sprint(told), "双方同意告知法院")
	require.NotContains(t, fmt.Sprint(told), "三万元", "what was conceded in mediation serves nobody at court")
	_, kept, _ := head.do("GET", "/cases/"+id+"/history", nil, nil)
	require.Contains(t, fmt.Sprint(kept), "三万元")

	body["procedure"], body["class"], body["derived_from"] = "litigation_mediation", "entrusted_before_filing", id
	body["fields"] = map[string]any{"consent": true, "court_number": "(2026)鲁0404诉前调1号"}
	status, entrusted, _ := court.do("POST", "/cases", body, nil)
	require.Equal(t, http.StatusCreated, status, entrusted)
	require.Equal(t, first["matter"], entrusted["matter"])
	second := entrusted["id"].(string)
	settled(court, second, "370404-court")
	mediator := p.login("committee_head-370404")
	mediator.act(second, "accept", map[string]any{"rights_notified": true})
	today := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	mediator.act(second, "sign_agreement", map[string]any{"agreement": "各让半米", "signed_on": today, "sealed_on": today})
	mediator.act(second, "apply_confirmation", map[string]any{"both_apply": true, "subject": "ordinary"})
	court.act(second, "court_accept", map[string]any{"court_number": "(2026)鲁0404民特1号"})
	require.Equal(t, "confirmed", court.act(second, "confirm", map[string]any{"court_number": "(2026)鲁0404民特1号"})["state"])

	_, story, _ := clerk.do("GET", "/cases/"+id+"/chain", nil, nil)
	var legs []string
	for _, leg := range story["legs"].([]any) {
		legs = append(legs, leg.(map[string]any)["number"].(string)[:2])
	}
	require.Equal(t, []string{"TJ", "SD"}, legs)
	require.Equal(t, 0, p.stop(), p.out)
	out, err := sudi("verify", "--database-url", dsn).CombinedOutput()
	require.NoError(t, err, string(out))
}
