package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/store/storetest"
)

// buildClient builds one of the example clients, which are modules of their own,
// from what building Sudi has downloaded already.
func buildClient(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = filepath.Join("..", "docs", "clients", name)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// What the clients need is what Sudi needs, in the same version: so they build
// wherever Sudi was built, offline too.
func TestClientsNeedNothingElse(t *testing.T) {
	ours, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	files, err := filepath.Glob("../docs/clients/*/go.mod")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		theirs, err := os.ReadFile(file)
		require.NoError(t, err)
		needs := regexp.MustCompile(`\S+\.\S+/\S+ v\S+`).FindAllString(string(theirs), -1)
		require.NotEmpty(t, needs)
		for _, need := range needs {
			require.Contains(t, string(ours), need, file)
		}
		require.Len(t, regexp.MustCompile(`v\S+\n`).FindAllString(string(theirs), -1), 1, "nats.go alone is needed directly")
		source, err := os.ReadFile(filepath.Join(filepath.Dir(file), "main.go"))
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(source), "\n"), 280)
	}
}

// outside is an organisation's own system at work.
type outside struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *syncBuffer
	done chan error
}

func startClient(t *testing.T, program, nats, username, password string, args ...string) *outside {
	t.Helper()
	o := &outside{t: t, out: &syncBuffer{}, done: make(chan error, 1)}
	o.cmd = exec.Command(program, append([]string{"-nats", "nats://" + nats}, args...)...)
	o.cmd.Env = append(os.Environ(), "SUDI_USER="+username, "SUDI_PASSWORD="+password)
	o.cmd.Stdout, o.cmd.Stderr = o.out, o.out
	require.NoError(t, o.cmd.Start())
	go func() { o.done <- o.cmd.Wait() }()
	t.Cleanup(func() { _ = o.cmd.Process.Kill() })
	return o
}

// says waits until the client has printed something.
func (o *outside) says(pattern string) {
	o.t.Helper()
	re := regexp.MustCompile(pattern)
	require.Eventually(o.t, func() bool { return re.MatchString(o.out.String()) }, 40*time.Second, 20*time.Millisecond,
		"no %q", pattern)
}

// stop ends the client as Ctrl-C does.
func (o *outside) stop() {
	o.t.Helper()
	require.NoError(o.t, o.cmd.Process.Signal(syscall.SIGINT))
	select {
	case err := <-o.done:
		require.NoError(o.t, err, o.out)
	case <-time.After(20 * time.Second):
		o.t.Fatalf("the client does not stop\n%s", o.out)
	}
}

// desksAt gives the address where organisations' systems are let in.
func (p *program) desksAt() string {
	p.t.Helper()
	m := regexp.MustCompile(`systems connect to: (\S+)`).FindStringSubmatch(p.out.String())
	require.NotNil(p.t, m, p.out)
	return m[1]
}

func addAccount(t *testing.T, dsn, username, role, org, password string) {
	t.Helper()
	cmd := sudi("users", "add", username, "--name", username, "--role", role, "--org", org, "--database-url", dsn)
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func quarrelBody(title string) map[string]any {
	return map[string]any{
		"procedure": "mediation", "class": "application", "title": title, "place": "370404102",
		"parties": []any{
			map[string]any{"role": "applicant", "name": "周某甲", "phone": "19900000001"},
			map[string]any{"role": "respondent", "name": "吴某乙", "phone": "19900000002"},
		},
	}
}

// mediate brings a case that was given to a committee as far as mediation.
func mediate(head *client, id, mediator string) {
	head.t.Helper()
	head.act(id, "accept", map[string]any{"rights_notified": true})
	head.act(id, "assign_mediator", map[string]any{"handler": mediator})
}

// toCourt brings a case to where the court is asked to confirm the agreement.
func toCourt(clerk, head *client, title string) string {
	clerk.t.Helper()
	status, c, _ := clerk.do("POST", "/cases", quarrelBody(title), nil)
	require.Equal(clerk.t, 201, status, c)
	id := c["id"].(string)
	awaitAction(clerk.t, clerk, id, "auto_assign")
	mediate(head, id, "mediator-370404102")
	today := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	head.act(id, "sign_agreement", map[string]any{"agreement": "每月付清。", "signed_on": today, "sealed_on": today})
	head.act(id, "apply_confirmation", map[string]any{"both_apply": true, "subject": "ordinary"})
	return id
}

// derived waits for the mediation that came out of another's case, of which its
// own organisation knows the title and not the id.
func derived(c *client, title string) (id string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		_, list, _ := c.do("GET", "/cases?procedure=mediation", nil, nil)
		for _, item := range list["items"].([]any) {
			if found := item.(map[string]any); found["title"] == title {
				require.Nil(c.t, found["derived_from"], "the police's case is not the committee's to see")
				id = found["id"].(string)
			}
		}
		return id != ""
	}, 30*time.Second, 20*time.Millisecond)
	return id
}

func actions(c *client, id string) []string {
	_, body, _ := c.do("GET", "/cases/"+id+"/history", nil, nil)
	var names []string
	items, _ := body["items"].([]any)
	for _, item := range items {
		names = append(names, item.(map[string]any)["action"].(string))
	}
	return names
}

func awaitAction(t *testing.T, c *client, id, action string) {
	t.Helper()
	require.Eventually(t, func() bool {
		names := actions(c, id)
		return len(names) > 0 && names[len(names)-1] == action
	}, 30*time.Second, 20*time.Millisecond)
}

// The example clients know nothing but NATS and the AsyncAPI page. A quarrel
// goes from the police station to the committee and its result back; a court
// confirms an agreement and rejects another.
func TestOutsideSystemsWorkOverNATSAlone(t *testing.T) {
	court, police := buildClient(t, "court"), buildClient(t, "police")
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	loadCounty(t, "--database-url", dsn)
	const secret = "police-station-secret"
	addAccount(t, dsn, "police.system", "handler", "370404102-police", secret)
	addAccount(t, dsn, "police-committee", "committee_head", "370404-police-mc", testPassword)
	addAccount(t, dsn, "police-mediator", "mediator", "370404-police-mc", testPassword)
	p := serveAt(t, "--database-url", dsn, "--data-dir", dir, "--nats-listen", "127.0.0.1:0")
	nats := p.desksAt()
	clerk, head, committee := p.login("clerk-370404102"), p.login("committee_head-370404102"), p.login("police-committee")

	station := startClient(t, police, nats, "police.system", secret, "-quarrel", "../docs/clients/police/quarrel.json")
	station.says(`registered: GD-370404102-police-\d+-000001, /api/v1/cases/\S+`)
	station.says(`refer: 200`)
	id := derived(committee, "邻里噪音纠纷")
	awaitAction(t, committee, id, "auto_assign")
	mediate(committee, id, "police-mediator")
	committee.act(id, "fail", map[string]any{"ending": "deadlock", "advice": "可以向法院起诉。"})
	station.says(`mediation_failed: 邻里噪音纠纷 is failed \(active \)`)
	station.stop()

	judge := startClient(t, court, nats, "court_liaison-370404-court", testPassword)
	confirmed := toCourt(clerk, head, "借款纠纷")
	clerk.await(confirmed, "confirmed")
	judge.says(`confirm done as 民特-TJ-`)
	judge.stop()
	rejected := toCourt(clerk, head, "相邻纠纷")
	judge = startClient(t, court, nats, "court_liaison-370404-court", testPassword, "-ruling", "reject")
	awaitAction(t, clerk, rejected, "reject_confirmation")
	judge.stop()
	require.Equal(t, []string{"apply_confirmation", "court_accept", "confirm"}, actions(clerk, confirmed)[5:], "each once, over the restart")

	station = startClient(t, police, nats, "police.system", secret, "-quarrel", "../docs/clients/police/quarrel.json")
	station.says(`registered: GD-370404102-police-\d+-000001,`) // the same case again
	station.says(`refer: 412`)
	again := quarrelBody("停车纠纷")
	again["procedure"], again["fields"] = "police_mediation", map[string]any{"police_number": "受案9号"}
	delete(again, "class")
	officer := client{t: t, base: p.url + "/api/v1"}
	officer.signIn("police.system", secret)
	status, c, _ := officer.do("POST", "/cases", again, nil)
	require.Equal(t, 201, status, c)
	officer.act(c["id"].(string), "refer", map[string]any{"consent": true, "police_number": "受案9号"})
	id = derived(committee, "停车纠纷")
	awaitAction(t, committee, id, "auto_assign")
	p.kill()
	p = serveAt(t, "--database-url", dsn, "--data-dir", dir, "--nats-listen", nats)
	committee = p.login("police-committee")
	mediate(committee, id, "police-mediator")
	today := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	committee.act(id, "sign_agreement", map[string]any{"agreement": "各停各的。", "signed_on": today, "sealed_on": today})
	station.says(`mediation_succeeded: 停车纠纷 is police_review \(active \)`)
	require.NotContains(t, station.out.String(), "借款纠纷", "another desk's case")
	station.stop()
	require.Equal(t, 0, p.stop(), p.out)
	out, err := sudi("verify", "--database-url", dsn).CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestDesksPortIsGuarded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, args := range [][]string{
		{"--nats-listen", "4222"}, {"--nats-listen", "0.0.0.0:4222"}, {"--nats-listen", "0.0.0.0:4222", "--nats-cert", "x"},
		{"--nats-listen", "127.0.0.1:4222", "--nats-url", "nats://127.0.0.1:4222"},
	} {
		cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"serve", "--database-url", "postgres:///none?host=/nowhere"}, args...)...)
		cmd.Env = sudi().Env
		out, err := cmd.CombinedOutput()
		require.Error(t, err, args)
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), "%v: %s", args, out)
	}
}
