package store

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/schema"

	"sudi/domain"
	"sudi/store/seal"
)

// sealedColumns are those whose text the database does not get to know, whoever
// the party is: an organisation's line has somebody's telephone number, its name
// is often its owner's, and that it is one was ticked by hand.
var sealedColumns = map[string][]string{
	"parties": {"name", "phone", "identity_number", "address"},
}

func isSealed(f *schema.Field) bool { return slices.Contains(sealedColumns[f.Schema.Table], f.DBName) }

// keyPlace is where the data key of a case is bound to. All of the case's sealed
// columns are under it.
func keyPlace(caseID string) seal.Place { return seal.Place{Table: "cases", Row: caseID} }

// place is what a sealed column of a line of a case is bound to, beside the case.
func (t *table) place(c *column, row reflect.Value) string {
	return t.name + "." + c.name + "." + strconv.FormatInt(row.FieldByIndex(t.line).Int(), 10)
}

// caseKeys are data keys, by the id of their case.
type caseKeys map[string]*seal.Row

// seal encrypts a column of a row. No text stays none, so that a list can tell.
func (k caseKeys) seal(t *table, c *column, row reflect.Value) (any, error) {
	text := row.FieldByIndex(c.index).String()
	if text == "" {
		return []byte{}, nil
	}
	// What PostgreSQL would refuse in a text.
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return nil, domain.Errorf(domain.KindInvalid, "bad_characters")
	}
	key := k[row.FieldByIndex(t.caseID).String()]
	if key == nil {
		return nil, domain.Errorf(domain.KindInternal, "change_malformed", row.FieldByIndex(t.caseID).String())
	}
	return key.Seal(t.place(c, row), []byte(text)), nil
}

// rawBytes takes a sealed column off the wire into the text that it will be.
type rawBytes string

// ScanBytes is pgx's way in.
func (r *rawBytes) ScanBytes(v []byte) error {
	*r = rawBytes(v)
	return nil
}

// open decrypts the sealed columns of a row under the key of its case, which is
// unwrapped once for all rows that share keys.
func (s *Store) open(t *table, row reflect.Value, wrapped []byte, keys caseKeys) error {
	id := row.FieldByIndex(t.caseID).String()
	key := keys[id]
	if key == nil {
		var err error
		if key, err = s.openKey(id, wrapped); err != nil {
			return err
		}
		keys[id] = key
	}
	for i := range t.columns {
		c := &t.columns[i]
		if !c.sealed {
			continue
		}
		field := row.FieldByIndex(c.index)
		if field.Len() == 0 {
			continue
		}
		text, err := key.Open(t.place(c, row), []byte(field.String()))
		if err != nil {
			return err
		}
		field.SetString(string(text))
	}
	return nil
}

// openKey unwraps the data key of a case. A key-encryption key that this process
// has not heard of may have been made since: the file is read once more.
func (s *Store) openKey(caseID string, wrapped []byte) (*seal.Row, error) {
	key, err := s.ring.OpenRow(wrapped, keyPlace(caseID))
	var e *domain.Error
	if !errors.As(err, &e) || e.Code != "sealed_key_unknown" || s.keyFile == "" {
		return key, err
	}
	if reload := s.ReloadKeys(); reload != nil {
		s.log.Error("taking up the key file", "error", reload)
		return nil, err
	}
	return s.ring.OpenRow(wrapped, keyPlace(caseID))
}

const (
	selectKeys = "SELECT case_id::text, key FROM case_keys WHERE case_id = ANY($1)"
	addKeyRows = "INSERT INTO case_keys (case_id, key) SELECT * FROM unnest($1::uuid[], $2::bytea[]) AS k (case_id, key)"
)

// keysFor gives the data keys under which changes are written: new ones for new
// cases, their own for the others that have something sealed. fresh are those that
// are to be written too.
func (s *Store) keysFor(ctx context.Context, tx pgx.Tx, changes []*domain.Change) (keys caseKeys, fresh []string, err error) {
	keys = make(caseKeys, len(changes))
	var old []string
	for _, c := range changes {
		id := c.After.ID
		switch {
		case c.Before == nil:
			keys[id], fresh = s.ring.NewRow(keyPlace(id)), append(fresh, id)
		case len(c.Parties) > 0:
			old = append(old, id)
		}
	}
	if len(old) == 0 {
		return keys, fresh, nil
	}
	rows, err := tx.Query(ctx, selectKeys, uuids(old))
	if err != nil {
		return nil, nil, err
	}
	var id string
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &wrapped}, func() (err error) {
		keys[id], err = s.openKey(id, wrapped)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, id := range old { // one that was put here by other hands has none yet
		if keys[id] == nil {
			keys[id], fresh = s.ring.NewRow(keyPlace(id)), append(fresh, id)
		}
	}
	return keys, fresh, nil
}

// queueKeys writes the keys of new cases.
func (w *rowsToWrite) queueKeys(b *pgx.Batch) error {
	if len(w.fresh) == 0 {
		return nil
	}
	wrapped := make([][]byte, len(w.fresh))
	for i, id := range w.fresh {
		if uuid.Validate(id) != nil {
			return domain.Errorf(domain.KindInternal, "change_malformed", id)
		}
		wrapped[i] = w.keys[id].Key()
	}
	b.Queue(addKeyRows, uuids(w.fresh), wrapped)
	return nil
}
