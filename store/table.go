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
}

type column struct {
	name    string
	sqlType string
	key     bool
	notNull bool // of a JSON column: nil is written as empty
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
		t.columns = append(t.columns, column{
			name: f.DBName, sqlType: sqlType(f), key: f.PrimaryKey, notNull: f.NotNull, index: f.StructField.Index,
		})
	}
	return t
}

func sqlType(f *schema.Field) string {
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
func arrays[T any](t *table, rows []*T) ([]any, error) {
	out := make([]any, len(t.columns), len(t.columns)+1)
	for i := range t.columns {
		c := &t.columns[i]
		values := make(pgtype.FlatArray[any], len(rows))
		for j, row := range rows {
			v, err := c.value(reflect.ValueOf(row).Elem())
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
func (c *column) value(row reflect.Value) (any, error) {
	v := row.FieldByIndex(c.index)
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

// pointers gives where to scan a row's columns to, in their order.
func pointers[T any](t *table, row *T) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.columns), len(t.columns)+1)
	for i := range t.columns {
		out[i] = v.FieldByIndex(t.columns[i].index).Addr().Interface()
	}
	return out
}

// collect reads every row of a query over the table's columns, in their order.
func collect[T any](t *table, rows pgx.Rows) ([]T, error) {
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

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
