package store

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/seal"
	"sudi/store/storetest"
)

// someone is a party of which everything is sealed.
func someone(c *domain.Change) {
	p := &c.Parties[0]
	p.Name, p.Phone, p.IdentityNumber, p.Address = "古丽·艾山", "13912345678", "370404199001011234", "吴林街道1号"
}

// Of a sealed text the row holds nothing; two cases of one person have only
// their keyed hashes in common.
func TestPartiesAreSealed(t *testing.T) {
	s := open(t)
	first, second := register(t, s, someone), register(t, s, someone)
	require.Equal(t, first.Parties[0].Name, second.Parties[0].Name)
	read := func(id string) (columns, keys [][]byte) {
		columns, keys = make([][]byte, 4), make([][]byte, 3)
		require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT name, phone, identity_number, address, name_key, phone_key, identity_key
			FROM parties WHERE case_id = $1`, id).Scan(&columns[0], &columns[1], &columns[2], &columns[3], &keys[0], &keys[1], &keys[2]))
		return columns, keys
	}
	one, hisKeys := read(first.Case.ID)
	other, herKeys := read(second.Case.ID)
	for i, text := range []string{"古丽·艾山", "13912345678", "370404199001011234", "吴林街道1号"} {
		require.Len(t, one[i], len(text)+30)
		require.NotContains(t, string(one[i]), text)
		require.NotEqual(t, one[i], other[i])
	}
	require.Equal(t, hisKeys, herKeys)
	for _, id := range []string{first.Case.ID, second.Case.ID} {
		file, err := s.File(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "古丽·艾山", file.Parties[0].Name)
		require.Equal(t, "13912345678", file.Parties[0].Phone)
		require.Equal(t, "370404199001011234", file.Parties[0].IdentityNumber)
		require.Equal(t, "吴林街道1号", file.Parties[0].Address)
	}
	for _, text := range []string{"古丽·艾山", "古丽艾山", " 古丽•艾山 ", "13912345678", "370404199001011234"} {
		page, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Text: text, Persons: true})
		require.NoError(t, err)
		require.Len(t, page.Items, 2, text)
	}
	page, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Text: "古丽·艾山"})
	require.NoError(t, err)
	require.Empty(t, page.Items, "who may not see persons does not find by them")
}

// What is moved within the database, or changed, is refused and not shown.
func TestMovedPartyIsRefused(t *testing.T) {
	for name, sql := range map[string]string{
		"another column": "UPDATE parties SET phone = identity_number WHERE case_id = $1 AND $2::uuid IS NOT NULL",
		"another line":   "UPDATE parties SET seq = 9 WHERE case_id = $1 AND $2::uuid IS NOT NULL",
		"another case":   "UPDATE parties p SET name = o.name FROM parties o WHERE p.case_id = $1 AND o.case_id = $2",
		"another's key":  "UPDATE case_keys k SET key = o.key FROM case_keys o WHERE k.case_id = $1 AND o.case_id = $2",
		"a bit":          "UPDATE parties SET name = set_bit(name, 200, 1 - get_bit(name, 200)) WHERE case_id = $1 AND $2::uuid IS NOT NULL",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			victim, other := register(t, s, someone), register(t, s, someone)
			tag, err := s.pool.Exec(t.Context(), sql, uuids([]string{victim.Case.ID})[0], uuids([]string{other.Case.ID})[0])
			require.NoError(t, err)
			require.EqualValues(t, 1, tag.RowsAffected())
			_, err = s.File(t.Context(), victim.Case.ID)
			require.ErrorContains(t, err, "sealed_refused")
			require.Equal(t, domain.KindInternal, domain.KindOf(err))
			_, err = s.File(t.Context(), other.Case.ID)
			require.NoError(t, err)
		})
	}
}

// The database takes nothing that is not sealed, and what no text can hold is
// refused as PostgreSQL would.
func TestNothingIsWrittenOpenly(t *testing.T) {
	s := open(t)
	f := register(t, s)
	for column := range map[string]bool{"name": true, "phone": true, "identity_number": true, "address": true} {
		_, err := s.pool.Exec(t.Context(), "UPDATE parties SET "+column+" = '13912345678' WHERE case_id = $1", uuids([]string{f.Case.ID})[0])
		require.ErrorContains(t, err, "parties_sealed", column)
	}
	for _, text := range []string{"张\x00三", "张\xff三"} {
		r := s.Apply(t.Context(), deciding(newCase(newID(), func(c *domain.Change) { c.Parties[0].Name = text })))
		require.ErrorContains(t, r.Err, "bad_characters")
	}
}

// Everybody who is edited stays under the one key of the case.
func TestEditedPartiesKeepTheKeyOfTheirCase(t *testing.T) {
	s := open(t)
	f := register(t, s, someone)
	key := func() (key []byte) {
		require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT key FROM case_keys WHERE case_id = $1", f.Case.ID).Scan(&key))
		return key
	}
	before := key()
	edit := func() {
		r := s.Apply(t.Context(), domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "edit", nil)
			c.Parties = []domain.Party{
				{CaseID: f.Case.ID, Seq: 1, Role: domain.PartyApplicant, Name: "李四"},
				{CaseID: f.Case.ID, Seq: 2, Role: domain.PartyThird, Name: "王五", Address: "某路"},
			}
			return c, nil
		}})
		require.NoError(t, r.Err)
	}
	edit()
	require.Equal(t, before, key())
	// One whose key other hands have not put there gets one.
	_, err := s.pool.Exec(t.Context(), "DELETE FROM parties")
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "DELETE FROM case_keys")
	require.NoError(t, err)
	edit()
	file, err := s.File(t.Context(), f.Case.ID)
	require.NoError(t, err)
	require.Equal(t, "王五", file.Parties[1].Name)
	require.NotEqual(t, before, key())
}

func TestKeysBelongToTheDatabase(t *testing.T) {
	_, dsn := openDSN(t)
	other, err := storetest.OtherKeys(8)
	require.NoError(t, err)
	_, err = Open(t.Context(), dsn, Options{Keys: other})
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	require.ErrorContains(t, err, "key_wrong")
	_, err = Open(t.Context(), dsn, Options{})
	require.ErrorContains(t, err, "key_missing")
	again, err := Open(t.Context(), dsn, Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	again.Close()
}

// Nodes that start together on a new database agree on one ring.
func TestKeysAreBoundOnce(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	other, err := storetest.OtherKeys(8)
	require.NoError(t, err)
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			s, err := Open(t.Context(), dsn, Options{Keys: []*seal.Ring{storetest.Keys(), other}[i%2]})
			if errs[i] = err; err == nil {
				s.Close()
			}
		})
	}
	wg.Wait()
	refused := 0
	for i, err := range errs {
		require.Equal(t, errs[i%2] == nil, err == nil, "the same ring, the same answer")
		if err != nil {
			require.ErrorContains(t, err, "key_wrong")
			refused++
		}
	}
	require.Equal(t, 3, refused)
}
