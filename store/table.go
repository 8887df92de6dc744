package store

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm/schema"

	"sudi/domain"
)

// table is how a domain struct lies in SQL. It is read off GORM's own schema,
// so that there is one mapping, whether GORM or a multi-row statement uses it.
type table struct {
	name    string
	columns []column
	sealed  bool  // some column is
	caseID  []int // of a sealed table: the case whose key it is sealed under,
	line    []int // and which of the case's lines a row is
}

type column struct {
	name    string
	sqlType string
	key     bool
	notNull bool // of a JSON column: nil is written as empty
	sealed  bool // text in the struct, encrypted in SQL
	index   []int
}

// The tables that the change path writes.
var (
	caseTable       = tableOf[domain.Case]()
	partyTable      = tableOf[domain.Party]()
	historyTable    = tableOf[domain.Entry]()
	deadlineTable   = tableOf[domain.Deadline]()
	evaluationTable = tableOf[domain.Evaluation]()
	linkTable       = tableOf[domain.Link]()
	invitationTable = tableOf[domain.Invitation]()
	tallyTable      = tableOf[domain.Tally]()
)

// schemas is GORM's cache of parsed structs, shared by every table.
var schemas sync.Map

// tableOf panics when T cannot be mapped, which the tests rule out.
func tableOf[T any]() *table {
	s, err := schema.Parse(new(T), &schemas, schema.NamingStrategy{})
	if err != nil {
		panic(fmt.Sprintf("store: %T: %v", *new(T), err))
	}
	t := &table{name: s.Table}
	for _, f := range s.Fields {
		if f.DBName == "" {
			continue
		}
		c := column{
			name: f.DBName, sqlType: sqlType(f), key: f.PrimaryKey, notNull: f.NotNull, sealed: isSealed(f), index: f.StructField.Index,
		}
		t.columns = append(t.columns, c)
		t.sealed = t.sealed || c.sealed
		switch {
		case c.name == "case_id":
			t.caseID = c.index
		case c.key && c.sqlType == "integer":
			t.line = c.index
		}
	}
	if t.sealed && (t.caseID == nil || t.line == nil) {
		panic(fmt.Sprintf("store: %T is sealed and has no place in a case", *new(T)))
	}
	return t
}

func sqlType(f *schema.Field) string {
	if isSealed(f) {
		return "bytea"
	}
	if f.Serializer != nil {
		return "jsonb"
	}
	if f.TagSettings["TYPE"] == "uuid" {
		return "uuid"
	}
	switch f.IndirectFieldType {
	case reflect.TypeFor[domain.Date]():
		return "date"
	case schema.TimeReflectType:
		return "timestamptz"
	}
	switch f.IndirectFieldType.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int64:
		return "bigint"
	case reflect.Int:
		return "integer"
	case reflect.Float64:
		return "double precision"
	case reflect.Slice:
		return "bytea"
	default:
		panic(fmt.Sprintf("store: %s.%s has no SQL type", f.Schema.Name, f.Name))
	}
}

// names lists the columns, each with a prefix ("c.").
func (t *table) names(prefix string) string {
	var b strings.Builder
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(prefix + c.name)
	}
	return b.String()
}

// unnest is the FROM item that turns one array a column into rows.
func (t *table) unnest(more ...string) string {
	var b strings.Builder
	b.WriteString("unnest(")
	n := 0
	add := func(sqlType string) {
		n++
		if n > 1 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d::%s[]", n, sqlType)
	}
	for _, c := range t.columns {
		add(c.sqlType)
	}
	for _, sqlType := range more {
		add(sqlType)
	}
	b.WriteByte(')')
	return b.String()
}

// insert is the statement that adds any number of rows, given as arrays.
func (t *table) insert(into, rest string) string {
	return "INSERT INTO " + into + " (" + t.names("") + ") SELECT * FROM " + t.unnest() + " " + rest
}

// set lists "a = x.a" for every column but those named and the keys.
func (t *table) set(from string, but ...string) string {
	var sets []string
	for _, c := range t.columns {
		if !c.key && !slices.Contains(but, c.name) {
			sets = append(sets, c.name+" = "+from+c.name)
		}
	}
	return strings.Join(sets, ", ")
}

// arrays gives the rows as one array a column, in the order of the columns.
func arrays[T any](t *table, rows []*T) ([]any, error) { return sealedArrays(t, rows, nil) }

// sealedArrays does so for a table that has something to be sealed.
func sealedArrays[T any](t *table, rows []*T, keys caseKeys) ([]any, error) {
	out := make([]any, len(t.columns), len(t.columns)+1)
	for i := range t.columns {
		c := &t.columns[i]
		values := make(pgtype.FlatArray[any], len(rows))
		for j, row := range rows {
			v, err := t.value(c, reflect.ValueOf(row).Elem(), keys)
			if err != nil {
				return nil, err
			}
			values[j] = v
		}
		out[i] = values
	}
	return out, nil
}

// value reads a column off a row, in a form that pgx sends as binary.
func (t *table) value(c *column, row reflect.Value, keys caseKeys) (any, error) {
	v := row.FieldByIndex(c.index)
	if c.sealed {
		return keys.seal(t, c, row)
	}
	if c.sqlType == "jsonb" {
		return c.json(v)
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	switch c.sqlType {
	case "text":
		return v.String(), nil
	case "uuid":
		id, err := uuid.Parse(v.String())
		if err != nil {
			return nil, domain.Invalid(domain.FieldError{Field: c.name, Code: "case_unknown"})
		}
		return [16]byte(id), nil
	default:
		return v.Interface(), nil
	}
}

func (c *column) json(v reflect.Value) (any, error) {
	if v.IsNil() {
		switch {
		case !c.notNull:
			return nil, nil
		case v.Kind() == reflect.Map:
			return "{}", nil
		default:
			return "[]", nil
		}
	}
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.name, err)
	}
	return string(b), nil
}

// pointers gives where to scan a row's columns to, in their order. What is sealed
// comes as it is; collectOpened opens it.
func pointers[T any](t *table, row *T) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.columns), len(t.columns)+1)
	for i := range t.columns {
		to := v.FieldByIndex(t.columns[i].index).Addr()
		if t.columns[i].sealed {
			to = to.Convert(reflect.TypeFor[*rawBytes]())
		}
		out[i] = to.Interface()
	}
	return out
}

// collect reads every row of a query over the table's columns, in their order.
func collect[T any](t *table, rows pgx.Rows) ([]T, error) {
	if t.sealed {
		panic("store: " + t.name + " is read by collectOpened")
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var row T
		if err := rows.Scan(pointers(t, &row)...); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// collectOpened does so for a sealed table. Behind the table's columns the query
// gives the key of the row's case.
func collectOpened[T any](s *Store, t *table, rows pgx.Rows) ([]T, error) {
	defer rows.Close()
	keys := caseKeys{}
	var out []T
	for rows.Next() {
		var row T
		var key []byte
		err := rows.Scan(append(pointers(t, &row), &key)...)
		if err == nil {
			err = s.open(t, reflect.ValueOf(&row).Elem(), key, keys)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
