package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/store/storetest"
)

const testPassword = "end-to-end-password"

// TestMain lets the test binary be sudi itself, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("SUDI_TEST_AS_MAIN") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	var err error
	if testFolder, err = os.MkdirTemp("", "sudi-cli-"); err != nil {
		panic(err)
	}
	code := storetest.Run(m)
	_ = os.RemoveAll(testFolder)
	os.Exit(code)
}

// program is a running sudi.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	out  *syncBuffer
	done chan error
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// sudi makes a command that runs the test binary as sudi.
func sudi(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "SUDI_TEST_AS_MAIN=1", "SUDI_LIMITS=off", "SUDI_DEMO_PASSWORD="+testPassword, "LANG=en", "LC_ALL=", "DATABASE_URL=", "NATS_URL=",
		"SUDI_KEY_FILE="+sharedKeyFile(), "SUDI_AUDIT_KEY=testdata/audit.key") // one for every process on a test's database
	return cmd
}

// sharedKeyFile is a copy that nobody else may read of the key in testdata; git
// keeps no such rights.
var sharedKeyFile = sync.OnceValue(func() string {
	raw, err := os.ReadFile("testdata/sudi.key")
	if err != nil {
		panic(err)
	}
	path := filepath.Join(testFolder, keyName)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		panic(err)
	}
	return path
})

// testFolder lasts as long as the tests of the package.
var testFolder string

// serveAt starts a server and waits until it says where it listens.
func serveAt(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, out: &syncBuffer{}, done: make(chan error, 1)}
	p.cmd = sudi(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p.out
	require.NoError(t, p.cmd.Start())
	urls := make(chan string, 1)
	go func() {
		scanner := bufio.NewScanner(stdout)
		for scanner.Scan() {
			fmt.Fprintln(p.out, scanner.Text())
			if _, rest, ok := strings.Cut(scanner.Text(), "Sudi is running: "); ok {
				urls <- strings.Fields(rest)[0]
			}
		}
		p.done <- p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	select {
	case p.url = <-urls:
	case err := <-p.done:
		p.done <- err
		t.Fatalf("sudi ended before it listened: %v\n%s", err, p.out)
	case <-time.After(90 * time.Second):
		t.Fatalf("sudi does not listen\n%s", p.out)
	}
	return p
}

// kill ends the program at once, as a power cut would.
func (p *program) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		p.done <- <-p.done
	}
}

// stop asks the program to end and gives its exit code.
func (p *program) stop() int {
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		p.done <- err
	case <-time.After(60 * time.Second):
		p.t.Fatalf("sudi does not stop\n%s", p.out)
	}
	return p.cmd.ProcessState.ExitCode()
}

// client talks to the API as one user.
type client struct {
	t     *testing.T
	base  string
	token string
}

func (p *program) login(username string) *client {
	c := &client{t: p.t, base: p.url + "/api/v1"}
	c.signIn(username, testPassword)
	return c
}

func (c *client) signIn(username, password string) {
	status, body, _ := c.do("POST", "/sessions", map[string]any{"username": username, "password": password}, nil)
	require.Equal(c.t, http.StatusCreated, status, body)
	c.token = body["token"].(string)
}

func (c *client) try(method, path string, in any, header map[string]string) (status int, body map[string]any, h http.Header, err error) {
	var r io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		require.NoError(c.t, err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.base+path, r)
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	if len(raw) > 0 {
		require.NoError(c.t, json.Unmarshal(raw, &body), string(raw))
	}
	return resp.StatusCode, body, resp.Header, nil
}

func (c *client) do(method, path string, in any, header map[string]string) (int, map[string]any, http.Header) {
	c.t.Helper()
	status, body, h, err := c.try(method, path, in, header)
	require.NoError(c.t, err)
	return status, body, h
}

// act takes an action on the case as it stands.
func (c *client) act(id, action string, fields map[string]any) map[string]any {
	c.t.Helper()
	_, _, h := c.do("GET", "/cases/"+id, nil, nil)
	status, body, _ := c.do("POST", "/cases/"+id+"/actions/"+action, map[string]any{"fields": fields}, map[string]string{"If-Match": h.Get("ETag")})
	require.Equal(c.t, http.StatusOK, status, "%s: %v", action, body)
	return body
}

// await waits until a case stands in a state.
func (c *client) await(id, state string) map[string]any {
	c.t.Helper()
	var body map[string]any
	require.Eventually(c.t, func() bool {
		_, body, _ = c.do("GET", "/cases/"+id, nil, nil)
		return body["state"] == state
	}, 30*time.Second, 20*time.Millisecond, "case %s does not come to %s: %v", id, state, body)
	return body
}

func appealBody(title string) map[string]any {
	return map[string]any{
		"procedure": "appeal", "class": "help", "title": title, "place": "370404102",
		"parties": []any{map[string]any{"role": "applicant", "name": "周某甲", "phone": "19900000001"}},
	}
}

// loadCounty puts the model county without cases into a database.
func loadCounty(t *testing.T, args ...string) {
	t.Helper()
	out, err := sudi(append([]string{"demo", "--without-cases"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestOneAppealFromWindowToFigure(t *testing.T) {
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	loadCounty(t, "--database-url", dsn)
	p := serveAt(t, "--database-url", dsn, "--data-dir", dir)
	clerk, handler := p.login("clerk-370404102"), p.login("handler-370404102")

	status, created, h := clerk.do("POST", "/cases", appealBody("路灯不亮"), nil)
	require.Equal(t, http.StatusCreated, status, created)
	id := created["id"].(string)
	require.Equal(t, "/api/v1/cases/"+id, h.Get("Location"))
	require.Equal(t, `"1"`, h.Get("ETag"))
	require.Regexp(t, `^SQ-370404102-\d{4}-000001$`, created["number"])

	clerk.await(id, "dispatched") // the router, over JetStream
	stranger := p.login("clerk-370404104")
	status, _, _ = stranger.do("GET", "/cases/"+id, nil, nil)
	desk := clerk.await(id, "dispatched")["desk"].(string)
	if !strings.HasPrefix(desk, "370404104") {
		require.Equal(t, http.StatusNotFound, status, "another township sees the case")
	}
	supervisor := p.login("supervisor")
	if !strings.HasPrefix(desk, "370404102") { // given to a department: its own handler acts
		handler = p.login("handler-" + desk)
	}
	handler.act(id, "accept", nil)
	handler.act(id, "reply", map[string]any{"reply": "已更换灯泡。", "result": "resolved"})
	closed := clerk.act(id, "follow_up", map[string]any{"satisfaction": "satisfied", "resolved": true})
	require.Equal(t, "closed", closed["state"])

	_, figures, _ := supervisor.do("GET", fmt.Sprintf("/figures?year=%d", time.Now().In(time.FixedZone("", 8*3600)).Year()), nil, nil)
	values := map[string]any{}
	for _, f := range figures["figures"].([]any) {
		values[f.(map[string]any)["code"].(string)] = f.(map[string]any)["value"]
	}
	require.Equal(t, 1.0, values["appeals.received"])
	require.Equal(t, 100.0, values["appeals.closure_rate"])
	require.Equal(t, 100.0, values["appeals.satisfaction_rate"])
	require.Nil(t, values["mediation.success_rate"])
	require.Equal(t, 0, p.stop(), p.out)

	out, err := sudi("verify", "--database-url", dsn).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "All agree")
}

// TestKilledAndWiped kills the server while clerks register, throws away the
// broker's store, and expects every acknowledged case once, and routed once.
func TestKilledAndWiped(t *testing.T) {
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	loadCounty(t, "--database-url", dsn)
	var acked []string
	for round := range 3 {
		p := serveAt(t, "--database-url", dsn, "--data-dir", dir)
		acked = append(acked, registerUntilKilled(p, round)...)
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
	}
	p := serveAt(t, "--database-url", dsn, "--data-dir", dir)
	clerk := p.login("clerk-370404102")
	for _, id := range acked {
		clerk.await(id, "dispatched")
		_, history, _ := clerk.do("GET", "/cases/"+id+"/history", nil, nil)
		require.Len(t, history["items"], 2, "registered and dispatched, each once")
	}
	require.Equal(t, 0, p.stop(), p.out)
	out, err := sudi("verify", "--database-url", dsn).CombinedOutput()
	require.NoError(t, err, string(out))
}

// registerUntilKilled lets eight clerks register until the server is killed,
// and gives the cases that were acknowledged.
func registerUntilKilled(p *program, round int) []string {
	var mu sync.Mutex
	var acked []string
	clerk := p.login("clerk-370404102")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 200 {
				status, body, _, err := clerk.try("POST", "/cases", appealBody(fmt.Sprintf("第%d轮 %d-%d", round, n, i)), nil)
				if err != nil || status != http.StatusCreated {
					return
				}
				mu.Lock()
				acked = append(acked, body["id"].(string))
				mu.Unlock()
			}
		})
	}
	time.Sleep(400 * time.Millisecond)
	p.kill()
	wg.Wait()
	require.NotEmpty(p.t, acked)
	return acked
}

func TestPrivateClusterStartsOnceAndStopsCleanly(t *testing.T) {
	dir, err := os.MkdirTemp("", "sudi-e2e-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // PostgreSQL's own user must enter it
	data := filepath.Join(dir, "data")
	loadCounty(t, "--data-dir", data)
	p := serveAt(t, "--data-dir", data)

	second, err := sudi("serve", "--listen", "127.0.0.1:0", "--data-dir", data).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(second), "another sudi")

	out, err := sudi("users", "list", "--data-dir", data).CombinedOutput() // joins the running one
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "clerk-370404102")

	clerk := p.login("clerk-370404102")
	_, created, _ := clerk.do("POST", "/cases", appealBody("停水"), nil)
	p.kill()
	p = serveAt(t, "--data-dir", data)
	p.login("clerk-370404102").await(created["id"].(string), "dispatched")
	require.Equal(t, 0, p.stop(), p.out)
}

func TestHelpIsPrintedAndNothingStarted(t *testing.T) {
	for args, want := range map[string]string{"help": "procedures", "help verify": "--year", "help procedures migrate": "--from"} {
		out, err := sudi(strings.Fields(args)...).CombinedOutput()
		require.NoError(t, err, args)
		require.Contains(t, string(out), want, args)
	}
}

func TestBadUseExitsWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{"nonsense"}, {"help", "nonsense"}, {"serve", "--nonsense"}, {"report"}, {"report", "--year", "2020", "--as", "pdf"},
		{"import"}, {"migrate", "sideways"}, {"--lang", "fr", "version"}, {"demo", "--year", "1999"},
	} {
		cmd := sudi(append(args, "--database-url", "postgres:///none?host=/nowhere")...)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, args)
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), "%v: %s", args, out)
	}
}
