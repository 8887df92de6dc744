package cli

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The planted words: names, telephone and identity numbers and addresses, none of
// which may be found anywhere, and a title, which must be found, or the search is
// worth nothing.
var (
	canaries = []string{
		"金丝雀甲", "金丝雀乙", "金丝雀丙", "金丝雀丁", "金丝雀戊", "金丝雀己", "金丝雀饭店",
		"13977700123", "13977700124", "13977700125", "13977700126", "13977700127",
		"370404190001017713", "370404190001017721", "370404190001017730",
		"雀巢街道甲一号", "雀巢街道乙二号",
	}
	planted = "鸟笼对照标题"
)

// forms are the ways in which a text may lie somewhere.
func forms(text string) [][]byte {
	return [][]byte{[]byte(text), []byte(hex.EncodeToString([]byte(text))), []byte(url.QueryEscape(text))}
}

// sightings tells where canaries are, and how often the control was seen.
type sightings struct {
	found   []string
	control int
	but     string // may be there
}

func (s *sightings) look(where string, content []byte) {
	for _, text := range canaries {
		for _, form := range forms(text) {
			if text == s.but {
				continue
			}
			if at := bytes.Index(content, form); at >= 0 {
				s.found = append(s.found, fmt.Sprintf("%s: %s in %q", where, text, content[max(0, at-80):min(len(content), at+80)]))
			}
		}
	}
	for _, form := range forms(planted) {
		s.control += bytes.Count(content, form)
	}
}

// lookBelow looks through every file of a folder.
func (s *sightings) lookBelow(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // a file that PostgreSQL has just taken away
		}
		content, err := os.ReadFile(path)
		if err == nil {
			s.look(path, content)
		}
		return nil
	}))
}

func (s *sightings) lookInto(t *testing.T, workbook string) {
	t.Helper()
	z, err := zip.OpenReader(workbook)
	require.NoError(t, err)
	defer z.Close() //nolint:errcheck // read only
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		s.look(workbook+"/"+f.Name, content)
	}
}

// check fails where a canary was seen, or where the control was not.
func (s *sightings) check(t *testing.T, where string) {
	t.Helper()
	require.Empty(t, s.found, where)
	require.Positive(t, s.control, "the search finds nothing at all in %s", where)
}

// Personal fields are planted by every way that leads into Sudi, and are found
// nowhere outside the answers to who may see them.
func TestPersonalFieldsAreNowhere(t *testing.T) {
	dir, err := os.MkdirTemp("", "sudi-canary-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // PostgreSQL's own user must enter it
	data := filepath.Join(dir, "data")
	loadCounty(t, "--data-dir", data)
	p := serveAt(t, "--data-dir", data, "--log-level", "debug")
	dsn, err := os.ReadFile(filepath.Join(data, "database.url"))
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), string(dsn))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	logStatements := func(which string) {
		for _, sql := range []string{"ALTER SYSTEM SET log_statement = " + which, "ALTER SYSTEM SET log_parameter_max_length_on_error = -1", "SELECT pg_reload_conf()"} {
			_, err = conn.Exec(t.Context(), sql)
			require.NoError(t, err)
		}
	}
	logStatements("'all'") // PostgreSQL writes down all that it is told, with every parameter
	id := plantByHand(t, p)
	outputs := plantFromFile(t, dir, data)
	finish(t, p, id)
	outputs += freezeAndExport(t, dir, data)
	logStatements("DEFAULT") // what is searched for is looked for in titles too, as it stands
	searchFor(t, p)

	_, err = conn.Exec(t.Context(), "CHECKPOINT")
	require.NoError(t, err)
	var heap, other sightings
	heap.lookBelow(t, filepath.Join(data, "postgres"))
	heap.check(t, "the database's files: tables, indexes, WAL, logs")
	other.look("dump", dump(t, string(dsn)))
	other.check(t, "a dump")
	var broker, said sightings
	broker.lookBelow(t, filepath.Join(data, "jetstream"))
	broker.look("the broker's control", []byte(planted)) // events carry no title
	broker.check(t, "the broker's files")
	require.Equal(t, 0, p.stop(), p.out)
	said.look("what the server said", []byte(p.out.String()+planted))
	said.look("what commands said", []byte(outputs))
	said.check(t, "logs and output")
	exports := sightings{but: canaries[6]} // what an organisation is called is not masked
	exports.lookInto(t, filepath.Join(dir, "ledger.xlsx"))
	exports.lookInto(t, filepath.Join(dir, "report.xlsx"))
	exports.check(t, "exports")
	var rest sightings
	rest.lookBelow(t, data)
	rest.check(t, "the data folder after the end")
}

// plantByHand registers a case, makes mistakes, searches and corrects.
func plantByHand(t *testing.T, p *program) (id string) {
	t.Helper()
	clerk := p.login("clerk-370404102")
	party := func(role string, i int) map[string]any {
		return map[string]any{"role": role, "name": canaries[i], "phone": canaries[7+i], "identity_number": canaries[12+i%3], "address": canaries[15+i%2]}
	}
	company := map[string]any{"role": "respondent", "organization": true, "name": canaries[6], "phone": canaries[11]}
	body := appealBody(planted)
	body["parties"] = []any{party("applicant", 0), party("representative", 1), company}
	status, created, _ := clerk.do("POST", "/cases", body, map[string]string{"Idempotency-Key": "canary-1"})
	require.Equal(t, http.StatusCreated, status, created)
	id = created["id"].(string)
	status, _, _ = clerk.do("POST", "/cases", body, map[string]string{"Idempotency-Key": "canary-1"})
	require.Equal(t, http.StatusCreated, status)

	wrong := appealBody(planted)
	wrong["parties"] = []any{map[string]any{"role": "nobody", "name": strings.Repeat(canaries[2], 500), "phone": canaries[9] + "x", "unknown": canaries[14]}}
	status, _, _ = clerk.do("POST", "/cases", wrong, nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	wrong["parties"] = []any{map[string]any{"role": "applicant", "name": canaries[2] + "\x00", "phone": canaries[9]}}
	status, _, _ = clerk.do("POST", "/cases", wrong, nil)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, broken := range []string{`{"parties": [{"name": "` + canaries[2] + `"`, canaries[9]} {
		req, err := http.NewRequest(http.MethodPost, clerk.base+"/cases", strings.NewReader(broken))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+clerk.token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.GreaterOrEqual(t, resp.StatusCode, 400)
		_ = resp.Body.Close()
	}
	clerk.await(id, "dispatched")
	_, _, h := clerk.do("GET", "/cases/"+id, nil, nil)
	status, edited, _ := clerk.do("PATCH", "/cases/"+id, map[string]any{"parties": []any{party("applicant", 0), party("representative", 2), company}},
		map[string]string{"If-Match": h.Get("ETag")})
	require.Equal(t, http.StatusOK, status, edited)
	return id
}

// searchFor finds the case by its people.
func searchFor(t *testing.T, p *program) {
	t.Helper()
	clerk := p.login("clerk-370404102")
	for _, text := range []string{canaries[0], canaries[7], canaries[12]} {
		status, page, _ := clerk.do("GET", "/cases?q="+url.QueryEscape(text), nil, nil)
		require.Equal(t, http.StatusOK, status)
		require.Len(t, page["items"], 1, text)
	}
	status, alike, _ := clerk.do("GET", "/similar?phone="+canaries[7]+"&identity_number="+canaries[12], nil, nil)
	require.Equal(t, http.StatusOK, status, alike)
}

// plantFromFile imports a row that is taken and one that is not, and gives what
// was said.
func plantFromFile(t *testing.T, dir, data string) string {
	t.Helper()
	file, mapping := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "rows.yaml")
	require.NoError(t, os.WriteFile(file, []byte(fmt.Sprintf("编号,姓名,电话,主题,时间\n1,%s,%s,%s,2020/3/2 9:15\n2,%s,%s,%s,never\n",
		canaries[3], canaries[10], planted, canaries[4], canaries[9]+"-"+canaries[13], planted)), 0o600))
	require.NoError(t, os.WriteFile(mapping, []byte(`procedure: appeal
id: 编号
case:
  title: 主题
  class: {constant: help}
  channel: {constant: hotline}
parties:
  - {role: applicant, name: 姓名, phone: 电话}
times:
  received: 时间
`), 0o600))
	out, code := runs(t, "import", file, "--mapping", mapping, "--data-dir", data, "--log-level", "debug")
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "1 are taken and 1 rejected")
	return out
}

// finish has the case answered and rated.
func finish(t *testing.T, p *program, id string) {
	t.Helper()
	clerk := p.login("clerk-370404102")
	desk := clerk.await(id, "dispatched")["desk"].(string)
	handler := p.login("handler-" + desk)
	handler.act(id, "accept", nil)
	handler.act(id, "reply", map[string]any{"reply": "已更换灯泡。", "result": "resolved"})
	status, invited, _ := clerk.do("POST", "/cases/"+id+"/invitations", nil, nil)
	require.Equal(t, http.StatusCreated, status, invited)
	status, rated, _ := clerk.do("POST", strings.TrimPrefix(invited["path"].(string), "/api/v1"), map[string]any{"satisfaction": "satisfied", "resolved": true}, nil)
	require.Less(t, status, 300, rated)
}

// freezeAndExport publishes a year's report and writes it and a masked ledger to
// files; it gives what was said.
func freezeAndExport(t *testing.T, dir, data string) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{
		{"report", "freeze", "--year", "2020"},
		{"report", "--year", "2020", "--as", "html"},
		{"report", "--year", "2020", "--as", "xlsx", "--out", filepath.Join(dir, "report.xlsx")},
		{"export", "ledger", "--kind", "cases", "--out", filepath.Join(dir, "ledger.xlsx")},
		{"verify"},
	} {
		out, code := runs(t, append(args, "--data-dir", data, "--log-level", "debug")...)
		require.Equal(t, 0, code, out)
		all.WriteString(out)
	}
	return all.String()
}

// dump is all of the database as pg_dump writes it.
func dump(t *testing.T, dsn string) []byte {
	t.Helper()
	path, err := exec.LookPath("pg_dump")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
		if len(found) == 0 {
			t.Skip("no pg_dump here")
		}
		path = found[len(found)-1]
	}
	var told bytes.Buffer
	cmd := exec.Command(path, dsn)
	cmd.Stderr = &told
	out, err := cmd.Output()
	require.NoError(t, err, told.String())
	return out
}
