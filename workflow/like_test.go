package workflow

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

const likeYAML = `
like: sample
name: second
version: 3
title: {en: Second}
number: ZW
classes:
  big: {zh: 大, en: Big}
deadlines:
  work: {extend: 7 days}
register:
  by: [clerk, handler]
routes:
  - to: petition_bureau
    why: {zh: 其他, en: Others}
`

// soundYAML is the procedure that the tests' own files are like.
func soundYAML(t *testing.T) string {
	raw, err := os.ReadFile("testdata/sound.yaml")
	require.NoError(t, err)
	return string(raw)
}

func loadLike(t *testing.T, own string) (*Library, error) {
	return LoadLibrary(fstest.MapFS{"sample.yaml": {Data: []byte(soundYAML(t))}, "second.yaml": {Data: []byte(own)}})
}

// What a file says replaces or joins what it is like; that itself stays.
func TestLike(t *testing.T) {
	lib, err := loadLike(t, likeYAML)
	require.NoError(t, err)
	first, err := lib.Latest("sample", domain.NewDate(2020, 1, 1))
	require.NoError(t, err)
	p, err := lib.Get("second", 3)
	require.NoError(t, err)
	require.Equal(t, domain.Text{ZH: "样例", EN: "Second"}, p.Title)
	require.Equal(t, []string{"样例法"}, p.Basis)
	require.Len(t, p.Classes, 2)
	require.Len(t, first.Classes, 1)
	require.Equal(t, "7 days", p.Deadlines["work"].Extend.String())
	require.Equal(t, first.Deadlines["work"].Limits, p.Deadlines["work"].Limits)
	require.Equal(t, []domain.Role{domain.RoleClerk, domain.RoleHandler}, p.Register.By)
	require.Equal(t, "open", p.Register.To)
	require.Len(t, p.Routes, 1)
	require.Len(t, first.Routes, 2)
	require.Equal(t, len(first.States), len(p.States))
}

// A file may name the version that it is like, so that a newer one leaves it
// alone.
func TestLikeAVersion(t *testing.T) {
	newer := strings.NewReplacer("version: 1", "version: 2", "en: Sample", "en: Newer", "zh: 样例", "zh: 新样例").Replace(soundYAML(t))
	for like, zh := range map[string]string{"sample": "新样例", "sample 1": "样例"} {
		lib, err := LoadLibrary(fstest.MapFS{
			"a.yaml":        {Data: []byte(soundYAML(t))},
			"b.yaml":        {Data: []byte(newer)},
			"a_second.yaml": {Data: []byte(strings.Replace(likeYAML, "like: sample", "like: "+like, 1))},
		})
		require.NoError(t, err)
		p, err := lib.Latest("second", domain.NewDate(2020, 1, 1))
		require.NoError(t, err)
		require.Equal(t, zh, p.Title.ZH)
	}
}

// A mistake is told at the file's own line; where the file only breaks what it
// took over, at the line of "like", with the place in the other file.
func TestLikeTellsWhereTheMistakeIs(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"like: sample", "like: second", `second.yaml:2: is like "second", which is no procedure of this folder`},
		{"like: sample", "like: sample 4", `second.yaml:2: is like "sample 4", which is no procedure`},
		{"  by: [clerk, handler]", "  by: [nobody]", `second.yaml:12: register: unknown role "nobody"`},
		{"  work: {extend: 7 days}", "  work: {extend: some}", `second.yaml:10: period "some"`},
		{"version: 3", "version: 3\nstrange: 1", `second.yaml:5: unknown key "strange"`},
		{"number: ZW", "number: YL", "second.yaml: second has the number letters YL of sample"},
		{"  by: [clerk, handler]", "  to: working", `second.yaml:2: state open can never be reached (sample.yaml:39)`},
		{"routes:", "routes: {}\nx:", "second.yaml:13: routes must be a list"},
		{"like: sample", "like: sample\nbad: [", "second.yaml:"},
	} {
		_, err := loadLike(t, strings.Replace(likeYAML, c.old, c.new, 1))
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\nsample.yaml", "what it is like is sound")
	}
}
