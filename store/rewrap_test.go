package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/seal"
	"sudi/store/storetest"
)

// keyFile makes a ring's file of the test's own.
func keyFile(t *testing.T, suite string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sudi.key")
	_, err := seal.Create(path, suite, time.Now())
	require.NoError(t, err)
	return path
}

// openWith opens a database as one of its nodes.
func openWith(t *testing.T, dsn, path string) *Store {
	t.Helper()
	ring, err := seal.Load(path)
	require.NoError(t, err)
	s, err := Open(t.Context(), dsn, Options{Keys: ring, KeyFile: path})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// rotate makes a key of a suite the one in use, and gives the ids of the one before and
// of itself.
func rotate(t *testing.T, path, suite string) (old, now string) {
	t.Helper()
	r, err := seal.Change(path, func(r *seal.Ring) (err error) {
		keys := r.Keys()
		old = keys[len(keys)-1].ID
		if now, err = r.NewKey(suite, time.Now()); err != nil {
			return err
		}
		return r.Activate(now)
	})
	require.NoError(t, err)
	require.NotEmpty(t, r.Keys())
	return old, now
}

func usesOf(t *testing.T, s *Store) map[string]int64 {
	t.Helper()
	uses, err := s.KeyUses(t.Context())
	require.NoError(t, err)
	return uses
}

// A node that has not heard of a key looks into the file when it meets it, for
// reading and for correcting; all it had sealed opens under any key.
func TestUnknownKeyIsLookedFor(t *testing.T) {
	dsn, path := storetest.NewDatabase(t), keyFile(t, seal.AES)
	late, early := openWith(t, dsn, path), openWith(t, dsn, path)
	require.NoError(t, late.LoadCounty(t.Context(), someOrganizations(), nil, nil))
	before := register(t, late, someone)
	old, now := rotate(t, path, seal.SM)
	require.NoError(t, early.ReloadKeys())
	after := register(t, early, someone)
	require.Equal(t, map[string]int64{old: 1, now: 1}, usesOf(t, late))

	file, err := late.File(t.Context(), after.Case.ID)
	require.NoError(t, err)
	require.Equal(t, "13912345678", file.Parties[0].Phone)
	file, err = early.File(t.Context(), before.Case.ID)
	require.NoError(t, err)
	require.Equal(t, "13912345678", file.Parties[0].Phone)
	page, err := late.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Text: "13912345678", Persons: true})
	require.NoError(t, err)
	require.Len(t, page.Items, 2, "people are found whatever key is in use")
}

func TestRewrapTellsWhatDoesNotOpen(t *testing.T) {
	dsn, path := storetest.NewDatabase(t), keyFile(t, seal.SM)
	s := openWith(t, dsn, path)
	require.NoError(t, s.LoadCounty(t.Context(), someOrganizations(), nil, nil))
	victim, other, third := register(t, s, someone), register(t, s, someone), register(t, s, someone)
	old, now := rotate(t, path, seal.AES)
	_, err := s.pool.Exec(t.Context(), "UPDATE case_keys k SET key = o.key FROM case_keys o WHERE k.case_id = $1 AND o.case_id = $2",
		uuids([]string{victim.Case.ID})[0], uuids([]string{other.Case.ID})[0])
	require.NoError(t, err)
	var heard [][2]int64
	result, err := s.Rewrap(t.Context(), func(done, total int64) { heard = append(heard, [2]int64{done, total}) })
	require.NoError(t, err)
	require.Equal(t, Rewrapped{Done: 2, Closed: []string{victim.Case.ID}}, result)
	require.Equal(t, [2]int64{3, 3}, heard[0])
	require.Equal(t, map[string]int64{old: 1, now: 2}, usesOf(t, s))
	for _, f := range []domain.File{other, third} {
		file, err := s.File(t.Context(), f.Case.ID)
		require.NoError(t, err)
		require.Equal(t, f.Parties, file.Parties)
	}
	result, err = s.Rewrap(t.Context(), func(int64, int64) {})
	require.NoError(t, err)
	require.Zero(t, result.Done, "what is done is not done again")
}

// Fields are not touched: a case sealed by one suite stays in it under a key of
// the other.
func TestRewrapLeavesFieldsAlone(t *testing.T) {
	dsn, path := storetest.NewDatabase(t), keyFile(t, seal.AES)
	s := openWith(t, dsn, path)
	require.NoError(t, s.LoadCounty(t.Context(), someOrganizations(), nil, nil))
	f := register(t, s, someone)
	read := func() (name, key []byte) {
		require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT p.name, k.key FROM parties p JOIN case_keys k USING (case_id) WHERE case_id = $1",
			f.Case.ID).Scan(&name, &key))
		return name, key
	}
	name, key := read()
	_, now := rotate(t, path, seal.SM)
	_, err := s.Rewrap(t.Context(), func(int64, int64) {})
	require.NoError(t, err)
	sameName, otherKey := read()
	require.Equal(t, name, sameName)
	require.NotEqual(t, key, otherKey)
	h, err := seal.Inspect(otherKey)
	require.NoError(t, err)
	require.Equal(t, seal.Header{KeyID: now, Suite: seal.AES}, h)
	require.Equal(t, map[string]int64{now: 1}, usesOf(t, s))
}
