package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"sudi/domain"
)

// onlySQL are the columns that no struct has: the database fills them in by
// itself, or the store from a key that the domain does not know.
var onlySQL = map[string]bool{"history.recorded_at": true, "history.position": true, "tally_deltas.position": true, "cases.restricted": true,
	"parties.name_key": true, "parties.phone_key": true, "parties.identity_key": true}

// TestStructsMatchColumns compares every mapped struct with its table, both
// ways: names, types, and whether NULL is possible.
func TestStructsMatchColumns(t *testing.T) {
	s := open(t)
	for _, m := range []struct {
		row  any
		into string // when it is not GORM's own name
	}{
		{row: &domain.Case{}}, {row: &domain.Party{}}, {row: &domain.Entry{}}, {row: &domain.Deadline{}},
		{row: &domain.Evaluation{}}, {row: &domain.Link{}}, {row: &domain.User{}}, {row: &domain.Category{}},
		{row: &domain.Organization{}}, {row: &domain.DeadLetter{}}, {row: &domain.Import{}}, {row: &domain.ProcedureText{}}, {row: &competence{}},
		{row: &domain.Attested{}}, {row: &domain.Publication{}},
		{row: &domain.Tally{}, into: "tally_deltas"},
	} {
		parsed, err := schema.Parse(m.row, &schemas, schema.NamingStrategy{})
		require.NoError(t, err)
		name := parsed.Table
		if m.into != "" {
			name = m.into
		}
		columns := columnsOf(t, s, name)
		require.NotEmpty(t, columns, name)
		for _, f := range parsed.Fields {
			at := name + "." + f.DBName
			c, ok := columns[f.DBName]
			if !ok {
				t.Errorf("%s.%s has no column %s", parsed.Name, f.Name, at)
				continue
			}
			delete(columns, f.DBName)
			if want := sqlType(f); c.sqlType != strings.Replace(want, "timestamptz", "timestamp with time zone", 1) {
				t.Errorf("%s is %s, where %s.%s is written as %s", at, c.sqlType, parsed.Name, f.Name, want)
			}
			if c.nullable != mayBeNull(f) {
				t.Errorf("%s: NULL possible in SQL %v, in %s.%s %v", at, c.nullable, parsed.Name, f.Name, mayBeNull(f))
			}
		}
		for left := range columns {
			if !onlySQL[name+"."+left] {
				t.Errorf("no field of %s has the column %s.%s", parsed.Name, name, left)
			}
		}
	}
}

func mayBeNull(f *schema.Field) bool {
	return f.FieldType.Kind() == reflect.Pointer || f.Serializer != nil && !f.NotNull
}

type sqlColumn struct {
	sqlType  string
	nullable bool
}

func columnsOf(t *testing.T, s *Store, table string) map[string]sqlColumn {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `SELECT column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name = $1`, table)
	require.NoError(t, err)
	defer rows.Close()
	out := map[string]sqlColumn{}
	for rows.Next() {
		var name string
		var c sqlColumn
		require.NoError(t, rows.Scan(&name, &c.sqlType, &c.nullable))
		out[name] = c
	}
	require.NoError(t, rows.Err())
	return out
}

// TestFileRoundTrip writes a case in which no field is empty and reads it back,
// through the change path and through GORM.
func TestFileRoundTrip(t *testing.T) {
	s := open(t)
	master := register(t, s).Case
	id := newID()
	lng, lat, yes := 117.5, 34.75, true
	change := newCase(id, func(c *domain.Change) {
		a := &c.After
		at := a.ReceivedAt
		a.Regime, a.Class, a.Lng, a.Lat = "P05", "consultation", &lng, &lat
		a.Amount, a.Settled, a.Persons = 123456, 65432, 7
		a.Flags = []domain.Flag{domain.FlagCollective, domain.FlagUrgent}
		a.Handler, a.ConcludedBy, a.Outcome, a.Resolved = "u2", "u2", "agreed", &yes
		a.Disposition, a.DerivedFrom = domain.Concluded, &master.ID
		a.Satisfaction, a.EvaluatedAt = domain.Satisfied, &at
		a.AcceptedAt, a.ConcludedAt, a.ClosedAt = &at, &at, &at
		a.Partners, a.Repeats, a.Matter = []string{court}, &master.ID, master.ID
		a.Source, a.Counts = "demo", map[string]int{"extend": 2}
		back := at.Add(time.Hour)
		a.RespondDue, a.AcceptDue, a.ConcludeDue, a.PerformDue = &at, &at, &at, &at
		a.RespondMet, a.AcceptMet, a.ConcludeMet, a.PerformMet = &yes, new(false), &yes, new(false)
		a.PausedDays, a.ReturnedAt, a.ReturnedBy = 3, &back, &master.ID
		c.Parties = append(c.Parties, domain.Party{
			CaseID: id, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: court, Name: "某局",
			Phone: "0632-1", IdentityNumber: "X", Address: "某路1号",
		})
		d := &c.Deadlines[0]
		d.Duty = domain.DutyConclude
		d.PausedAt, d.HeldAt, d.WarnedAt, d.EndedAt, d.Met = &at, &at, &at, &at, true
		c.Deadlines[1].MissedAt, c.Deadlines[1].EndedAt = &at, &at
		e := &c.Entries[0]
		e.From, e.Note, e.Desk, e.Fields = "x", "备注 <&>", court, domain.Fields{"text": "值", "n": 1.5, "ok": true}
		e.Notified = []string{court}
		e.Clocks = []domain.ClockRecord{{Event: domain.ClockStarted, Deadline: *d}}
		c.Evaluations = []domain.Evaluation{{CaseID: id, Version: 1, At: at, Satisfaction: domain.Satisfied, Resolved: &yes, Comment: "好"}}
		c.Links = []domain.Link{{From: id, To: master.ID, Kind: domain.LinkDerivedFrom, CreatedAt: at}}
	})
	require.Empty(t, emptyFields(reflect.ValueOf(change.After), "Number", "MergedInto", "HeldFrom"), "the test leaves fields empty")
	require.Empty(t, emptyFields(reflect.ValueOf(change.Parties[1])), "the test leaves fields empty")
	require.Empty(t, emptyFields(reflect.ValueOf(change.Entries[0])), "the test leaves fields empty")

	r := s.Apply(t.Context(), deciding(change))
	require.NoError(t, r.Err)
	file, err := s.File(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, r.File, file)
	require.Equal(t, change.Parties, file.Parties)
	require.Equal(t, change.Deadlines, file.Deadlines)

	history, err := s.History(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, history, 1)
	folded, clocks, err := domain.Fold(history)
	require.NoError(t, err)
	folded.Number, folded.Title, folded.Statement = file.Case.Number, file.Case.Title, file.Case.Statement
	require.Equal(t, file.Case, folded)
	require.Equal(t, file.Deadlines[:1], clocks)
	require.Equal(t, change.Entries[0].Fields, history[0].Fields)
	require.True(t, change.Entries[0].At.Equal(history[0].At))

	evaluations, err := s.Evaluations(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, change.Evaluations, evaluations)
	for _, end := range []string{id, master.ID} {
		links, err := s.Links(t.Context(), end)
		require.NoError(t, err)
		require.Equal(t, change.Links, links)
	}
}

func emptyFields(v reflect.Value, but ...string) (names []string) {
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && !slices.Contains(but, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestNilListsAreWrittenEmpty holds the JSON columns to what SQL says of them.
func TestNilListsAreWrittenEmpty(t *testing.T) {
	s := open(t)
	f := register(t, s, func(c *domain.Change) { c.After.Flags, c.After.Counts = nil, nil })
	require.Equal(t, 1, count(t, s, "cases WHERE id = $1 AND flags = '[]' AND counts = '{}'", f.Case.ID))
	require.Equal(t, 1, count(t, s, "history WHERE case_id = $1 AND fields IS NULL AND clocks IS NULL", f.Case.ID))
}
