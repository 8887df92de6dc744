package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store"
	"sudi/store/seal"
	"sudi/store/storetest"
	"sudi/workflow"
)

// runs gives what a command says and its exit code.
func runs(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := sudi(args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		require.NotNil(t, cmd.ProcessState, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// appealFile writes the appeal with some of its text replaced.
func appealFile(t *testing.T, pairs ...string) string {
	t.Helper()
	raw, err := os.ReadFile("../workflow/procedures/appeal.yaml")
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		shape := regexp.MustCompile(pairs[i])
		require.Regexp(t, shape, string(raw))
		raw = shape.ReplaceAll(raw, []byte(pairs[i+1]))
	}
	file := filepath.Join(t.TempDir(), "appeal.yaml")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	return file
}

// A county publishes a version of its own while the server runs: new cases run
// on it, and those that are under way stay on theirs until they are moved.
func TestVersionsOfTheCountysOwn(t *testing.T) {
	dsn, dir := storetest.NewDatabase(t), t.TempDir()
	db := []string{"--database-url", dsn}
	loadCounty(t, db...)
	p := serveAt(t, append(db, "--data-dir", dir)...)
	clerk, supervisor := p.login("clerk-370404102"), p.login("supervisor")
	register := func() map[string]any {
		status, body, _ := clerk.do("POST", "/cases", appealBody("路灯不亮"), nil)
		require.Equal(t, http.StatusCreated, status, body)
		return body
	}
	first := register()
	id := first["id"].(string)
	desk := clerk.await(id, "dispatched")["desk"].(string)
	unit := "handler-" + desk
	if strings.HasPrefix(desk, "370404102") {
		unit = "handler-370404102"
	}
	handler := p.login(unit)
	handler.act(id, "accept", nil)
	_, was, _ := clerk.do("GET", "/cases/"+id+"/deadlines", nil, nil)

	out, code := runs(t, append(db, "procedures", "publish", appealFile(t, "version: 1", "version: 2", "disposition: active", "disposition: asleep", "number: SQ", "number: s"))...)
	require.Equal(t, 1, code)
	require.Regexp(t, `appeal.yaml:\d+: number must be`, out)
	require.Regexp(t, `appeal.yaml:\d+: state \w+ has unknown disposition "asleep"`, out, "every mistake is listed at once")
	out, code = runs(t, append(db, "procedures", "publish", appealFile(t, "en: Appeal\\b", "en: Plea"))...)
	require.Equal(t, 1, code)
	require.Contains(t, out, "raise the file's version to 2 or more")

	second := appealFile(t, "version: 1", "version: 2", "\\bhandling\\b", "working", "\\banswer\\b", "response")
	out, code = runs(t, append(db, "procedures", "publish", second)...)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "appeal version 2 is published.")
	out, code = runs(t, append(db, "procedures", "publish", second)...)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "is published already")
	require.Eventually(t, func() bool { return register()["procedure_version"] == 2.0 }, 30*time.Second, time.Second, "the server takes it up")
	require.Equal(t, 1.0, clerk.await(id, "handling")["procedure_version"])

	third := appealFile(t, "version: 1", "version: 3\nvalid_from: 2099-01-01")
	out, code = runs(t, append(db, "procedures", "publish", third)...)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "received from 2099-01-01 on")
	out, code = runs(t, append(db, "procedures", "list")...)
	require.Equal(t, 0, code, out)
	require.Regexp(t, `(?m)^appeal +1 .* - +sudi +\d+$`, out)
	require.Regexp(t, `(?m)^appeal +2 .* - +county +\d+$`, out)
	require.Regexp(t, `(?m)^appeal +3 .* 2099-01-01 +county +0$`, out)

	move := []string{"procedures", "migrate", "appeal", "--from", "1", "--to", "2", "--database-url", dsn}
	out, code = runs(t, move...)
	require.Equal(t, 1, code, out)
	require.Contains(t, out, first["number"].(string))
	require.Contains(t, out, "the new version has no state “Being handled”; name one by --state handling=NEW")
	require.Contains(t, out, "the new version has no limit “Answer to the citizen”; name one by --clock answer=NEW")
	move = append(move, "--state", "handling=working", "--clock", "answer=response")
	out, code = runs(t, move...)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "Dry run, nothing was moved")
	require.Equal(t, 1.0, clerk.await(id, "handling")["procedure_version"], "a dry run moves nothing")
	_, code = runs(t, append(move, "--apply")...)
	require.Equal(t, 2, code, "a reason is needed")
	out, code = runs(t, append(move, "--apply", "--reason", "新的办理规定")...)
	require.Equal(t, 0, code, out)
	require.Regexp(t, `Moved to version 2: [1-9]\d* cases; 0 cannot move`, out)
	moved := clerk.await(id, "working")
	require.Equal(t, 2.0, moved["procedure_version"])
	out, code = runs(t, append(move, "--apply", "--reason", "新的办理规定")...)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "Moved to version 2: 0 cases", "it may be repeated")

	_, history, _ := supervisor.do("GET", "/cases/"+id+"/history", nil, nil)
	var titles []string
	for _, e := range history["items"].([]any) {
		entry := e.(map[string]any)
		titles = append(titles, entry["action_title"].(string)+" → "+entry["to_title"].(string))
		if entry["action"] == "migrate" {
			require.Equal(t, "新的办理规定", entry["note"])
			require.Equal(t, "admin", entry["actor_role"])
			require.Equal(t, 1.0, entry["fields"].(map[string]any)["from_version"])
		}
	}
	require.Contains(t, titles, "Accept → Being handled", "the old version's entries keep its words")
	require.Equal(t, "Move to another version of the procedure → Being handled", titles[len(titles)-1])
	_, now, _ := clerk.do("GET", "/cases/"+id+"/deadlines", nil, nil)
	require.ElementsMatch(t, days(was), days(now), "no day is moved")
	handler.act(id, "reply", map[string]any{"reply": "已更换灯泡。", "result": "resolved"})
	require.Equal(t, 0, p.stop(), p.out)
	out, code = runs(t, append(db, "verify")...)
	require.Equal(t, 0, code, out)

	// After a restart the county's versions are there, compiled from the database.
	p = serveAt(t, append(db, "--data-dir", dir)...)
	clerk = p.login("clerk-370404102")
	require.Equal(t, 2.0, register()["procedure_version"])
}

// days are the limits of a case by title, each with its day.
func days(deadlines map[string]any) []string {
	var said []string
	for _, item := range deadlines["items"].([]any) {
		d := item.(map[string]any)
		said = append(said, d["title"].(string)+" "+d["due"].(string)+" "+d["status"].(string))
	}
	return said
}

// A binary whose own text of a published version is another does not start.
func TestChangedTextIsRefused(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	keys, err := seal.Load(sharedKeyFile())
	require.NoError(t, err)
	st, err := store.Open(t.Context(), dsn, store.Options{Keys: keys})
	require.NoError(t, err)
	raw, err := os.ReadFile(appealFile(t, "en: Appeal\\b", "en: Plea"))
	require.NoError(t, err)
	standard, err := workflow.StandardLibrary()
	require.NoError(t, err)
	_, text, problems := standard.Read("appeal.yaml", raw)
	require.Empty(t, problems)
	text.PublishedAt = now()
	_, err = st.Publish(t.Context(), []domain.ProcedureText{text})
	require.NoError(t, err)
	for _, args := range [][]string{{"users", "list"}, {"demo", "--without-cases"}, {"serve", "--listen", "127.0.0.1:0"}} {
		out, code := runs(t, append(args, "--database-url", dsn, "--data-dir", t.TempDir())...)
		require.Equal(t, 1, code, out)
		require.Contains(t, out, "differs from what was published: appeal 1.")
		require.Contains(t, out, "raise its version")
	}
	out, _ := runs(t, "users", "list", "--lang", "zh", "--database-url", dsn)
	require.Contains(t, out, "已公布的版本不能改动")
	known, err := st.Procedures(t.Context())
	require.NoError(t, err)
	require.Len(t, known, 1, "nothing is published by who is refused")
	st.Close()
}

func TestPagesAndLintOfAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	out, code := runs(t, "procedures", "docs", dir)
	require.Equal(t, 0, code, out)
	page, err := os.ReadFile(filepath.Join(dir, "appeal.zh.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "# 诉求")
	out, code = runs(t, "procedures", "lint", appealFile(t, "version: 1", "version: 7"))
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "version 7")
	out, code = runs(t, "procedures", "lint", appealFile(t, "version: 1", "version: 0"))
	require.Equal(t, 1, code)
	require.Regexp(t, `appeal.yaml:\d+: version must be 1 or more`, out)
	for _, args := range [][]string{{"procedures", "lint", "/no/such"}, {"procedures", "draw", "nothing"}, {"procedures", "migrate", "appeal"},
		{"procedures", "migrate", "appeal", "--from", "1", "--to", "2", "--state", "x", "--database-url", "postgres:///none?host=/nowhere"}} {
		out, code = runs(t, args...)
		require.NotEqual(t, 0, code, "%v: %s", args, out)
	}
}
