package workflow

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// libraryOf loads files: name, text, name, text …
func libraryOf(t *testing.T, files ...string) *Library {
	t.Helper()
	fs := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fs[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	lib, err := LoadLibrary(fs)
	require.NoError(t, err)
	return lib
}

// edited replaces text in a YAML file, which must be there.
func edited(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// What is kept of a version compiles to it, without any other file.
func TestDocumentsCompileAloneToTheSame(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	require.Len(t, lib.Texts(), len(lib.All()))
	for _, text := range lib.Texts() {
		p, errs := Compile("document", []byte(text.Document), Common{})
		require.Empty(t, errs, text.Name)
		again, err := p.published(nil, nil)
		require.NoError(t, err)
		require.Equal(t, text.Document, again.Document)
		require.Equal(t, text.Hash, again.Hash)
		first, err := lib.Get(text.Name, text.Version)
		require.NoError(t, err)
		require.Equal(t, Matrix(first), Matrix(p))
		require.Equal(t, Draw(first, "zh", ""), Draw(p, "zh", ""))
		require.Len(t, text.Hash, 64)
		require.Contains(t, text.Common, "anywhere:")
	}
}

const commonOf = "fields:\n  note_text: {type: text, title: {zh: 记事, en: Note}}\nanywhere:\n" +
	"  - {do: note, title: {zh: 记事, en: Note}, by: [clerk], needs: [note_text]}\n"

// How a file is laid out means nothing; what it says does, wherever it says it.
func TestHashIsOfWhatAVersionSays(t *testing.T) {
	hash := func(source, common string) string {
		lib := libraryOf(t, "opened.yaml", source, commonFile, common)
		return lib.Texts()[0].Hash
	}
	is := hash(openedYAML, commonOf)
	require.Equal(t, is, hash("# 说明\n\n"+strings.ReplaceAll(openedYAML, "\nstates:", "\n\nstates: # here"), commonOf))
	require.Equal(t, is, hash(openedYAML, "# common\n"+strings.ReplaceAll(commonOf, "[clerk]", "\n      - clerk")))
	require.NotEqual(t, is, hash(edited(t, openedYAML, "version: 1", "version: 2"), commonOf))
	require.NotEqual(t, is, hash(openedYAML, edited(t, commonOf, "[clerk]", "[clerk, handler]")), "what is common is part of it")
	require.NotEqual(t, is, hash(openedYAML, edited(t, commonOf, "en: Note}, by", "en: Remark}, by")), "so is a title")
}

// What a version takes from the one that it is like is part of it, and is kept
// with it: also of a county's own file.
func TestDocumentsHoldWhatTheyAreLike(t *testing.T) {
	lib, err := loadLike(t, likeYAML)
	require.NoError(t, err)
	hash := func(l *Library) string {
		_, text, problems := l.Read("own.yaml", []byte(likeYAML))
		require.Empty(t, problems)
		alone, problems := Compile("alone", []byte(text.Document), Common{})
		require.Empty(t, problems)
		whole, err := l.Get("second", 3)
		require.NoError(t, err)
		require.Equal(t, Matrix(whole), Matrix(alone))
		require.Equal(t, likeYAML, text.Source)
		return text.Hash
	}
	is := hash(lib)
	require.Equal(t, lib.Texts()[1].Hash, is)
	other, err := LoadLibrary(fstest.MapFS{
		"sample.yaml": {Data: []byte(edited(t, soundYAML(t), "en: Sample", "en: Example", "样例法", "范例法"))}, "second.yaml": {Data: []byte(likeYAML)},
	})
	require.NoError(t, err)
	require.NotEqual(t, is, hash(other))
	// A version that only the database still has may be built on.
	bare := libraryOf(t, "opened.yaml", openedYAML)
	both, err := bare.With(lib.Texts()[:1])
	require.NoError(t, err)
	_, text, problems := both.Read("own.yaml", []byte(likeYAML))
	require.Empty(t, problems)
	require.Equal(t, is, text.Hash)
}

func TestPublishedVersionsStay(t *testing.T) {
	first := libraryOf(t, "opened.yaml", openedYAML)
	kept := first.Texts()
	// The release after it has version 2 only: version 1 comes from the database.
	second := libraryOf(t, "opened.yaml", edited(t, openedYAML, "version: 1", "version: 2"))
	both, err := second.With(kept)
	require.NoError(t, err)
	for version := 1; version <= 2; version++ {
		p, err := both.Get("opened", version)
		require.NoError(t, err)
		require.Equal(t, version, p.Version)
	}
	p, err := both.Latest("opened", domain.NewDate(2020, 1, 1))
	require.NoError(t, err)
	require.Equal(t, 2, p.Version)
	require.Len(t, both.All(), 1)
	_, err = second.Get("opened", 1)
	require.Error(t, err, "a library is not changed by what is made of it")

	// A release that changed version 1 itself is refused, by name.
	changed := libraryOf(t, "opened.yaml", edited(t, openedYAML, "do: finish, title: {zh: 办, en: Finish}, by: [clerk]", "do: finish, title: {zh: 办, en: Finish}, by: [handler]"))
	_, err = changed.With(kept)
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	require.ErrorContains(t, err, "procedure_text_differs opened 1")
	// Unless the county was first: its own version holds.
	kept[0].Own = true
	own, err := changed.With(kept)
	require.NoError(t, err)
	p, err = own.Get("opened", 1)
	require.NoError(t, err)
	require.True(t, p.State("open").On[0].allows(domain.RoleClerk))

	kept[0].Document = "{}"
	_, err = second.With(kept)
	require.ErrorContains(t, err, "procedure_unreadable opened 1")
}

// A version may begin with the law that it follows: what was received before
// keeps the older one.
func TestVersionsBeginOnTheirDay(t *testing.T) {
	lib := libraryOf(t, "opened.yaml", openedYAML,
		"opened2.yaml", edited(t, openedYAML, "version: 1", "version: 2\nvalid_from: 2026-01-01"))
	for day, version := range map[domain.Date]int{
		domain.NewDate(2020, 5, 1): 1, domain.NewDate(2025, 12, 31): 1, domain.NewDate(2026, 1, 1): 2, domain.NewDate(2030, 1, 1): 2,
	} {
		p, err := lib.Latest("opened", day)
		require.NoError(t, err)
		require.Equal(t, version, p.Version, day)
		require.Equal(t, version, lib.InForce(day)[0].Version)
	}
	rules := theRules(t)
	rules.Library = lib
	for received, version := range map[string]int{"2025-12-31": 1, "2026-01-01": 2} {
		change, err := rules.Register(Intake{Procedure: "opened", Class: "referral", Title: "标题", Parties: theParties, ReceivedAt: at(t, received),
			Fields: domain.Fields{"source": "甲"}},
			staffOf(domain.RoleClerk, dizhenOrg), at(t, "2026-02-02"), testCase)
		require.NoError(t, err)
		require.Equal(t, version, change.After.ProcedureVersion, "received %s, registered later", received)
	}
	only := libraryOf(t, "opened.yaml", edited(t, openedYAML, "version: 1", "version: 1\nvalid_from: 2026-01-01"))
	_, err := only.Latest("opened", domain.NewDate(2025, 12, 31))
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
	require.Empty(t, only.InForce(domain.NewDate(2025, 12, 31)))
	require.Len(t, only.All(), 1)
}
