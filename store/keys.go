package store

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"sudi/domain"
)

// KeyLength is the length of Options.Key, in bytes.
const KeyLength = 32

// keyCheckSetting holds what only the right key gives, so that a wrong one is
// noticed before it has written anything.
const keyCheckSetting = "lookup_key_check"

// personKeys turn the numbers of people into what they are found by. Without
// the key the database does not tell which number a hash is of, although
// telephone numbers are few enough to try them all. nil finds nobody.
type personKeys struct{ phone, identity []byte }

// phoneKey is nil for what can be no telephone number.
func (k *personKeys) phoneKey(number string) []byte {
	if k == nil {
		return nil
	}
	return keyed(k.phone, domain.PhoneForm(number))
}

// identityKey is nil for what can be no identity number.
func (k *personKeys) identityKey(number string) []byte {
	if k == nil {
		return nil
	}
	return keyed(k.identity, domain.IdentityForm(number))
}

func keyed(key []byte, value string) []byte {
	if value == "" {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// readKeys makes the keys of a database out of the one that is kept beside it.
// The first key that a database is opened with is its own from then on: the
// people who are in it already become findable by it.
func readKeys(ctx context.Context, pool *pgxpool.Pool, key []byte) (*personKeys, error) {
	check, bound, err := keyCheck(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("read the check of the key: %w", err)
	}
	switch {
	case key == nil && bound:
		return nil, domain.Errorf(domain.KindConflict, "key_missing")
	case key == nil:
		return nil, nil //nolint:nilnil // no key is no error: nobody is found by a number
	case len(key) != KeyLength:
		return nil, domain.Errorf(domain.KindConflict, "key_malformed", KeyLength)
	}
	keys := &personKeys{phone: derive(key, "telephone numbers"), identity: derive(key, "identity numbers")}
	want := hex.EncodeToString(derive(key, "check"))
	if !bound {
		if check, err = keys.bind(ctx, pool, want); err != nil {
			return nil, fmt.Errorf("bind the database to its key: %w", err)
		}
	}
	if !hmac.Equal([]byte(check), []byte(want)) {
		return nil, domain.Errorf(domain.KindConflict, "key_wrong")
	}
	return keys, nil
}

// derive makes a key for one purpose: the file's own key can serve others.
func derive(key []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "sudi "+purpose, sha256.Size)
	if err != nil { // only for absurd lengths
		panic(err)
	}
	return out
}

const readKeyCheck = "SELECT value FROM settings WHERE name = $1"

func keyCheck(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (check string, bound bool, err error) {
	err = q.QueryRow(ctx, readKeyCheck, keyCheckSetting).Scan(&check)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P01" { // not migrated yet: nobody is in it
		return "", false, nil
	}
	bound, err = found(err)
	return check, bound, err
}

// bind gives everybody in the database his keys and writes down the check; of
// several processes one does, and all learn whose check stands.
func (k *personKeys) bind(ctx context.Context, pool *pgxpool.Pool, want string) (check string, err error) {
	check = want
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		// A table lock, so that nobody adds people without keys meanwhile.
		if _, err := tx.Exec(ctx, "LOCK TABLE parties IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
		theirs, bound, err := keyCheck(ctx, tx)
		if err != nil || bound {
			check = theirs
			return err
		}
		if err := k.fill(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2)", keyCheckSetting, want)
		return err
	})
	return check, err
}

// keyChunk is how many people fill holds in memory.
const keyChunk = 5000

func (k *personKeys) fill(ctx context.Context, tx pgx.Tx) error {
	var after [16]byte
	seq := -1
	for {
		rows, err := tx.Query(ctx, `SELECT case_id, seq, phone, identity_number FROM parties
			WHERE (case_id, seq) > ($1, $2) AND (phone <> '' OR identity_number <> '') ORDER BY case_id, seq LIMIT $3`, after, seq, keyChunk)
		if err != nil {
			return err
		}
		var ids [][16]byte
		var seqs []int32
		var phones, identities [][]byte
		var phone, number string
		_, err = pgx.ForEachRow(rows, []any{&after, &seq, &phone, &number}, func() error {
			ids, seqs = append(ids, after), append(seqs, int32(seq)) //nolint:gosec // a place in a list of parties
			phones, identities = append(phones, k.phoneKey(phone)), append(identities, k.identityKey(number))
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE parties p SET phone_key = k.phone, identity_key = k.identity
			FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::bytea[]) AS k (case_id, seq, phone, identity)
			WHERE p.case_id = k.case_id AND p.seq = k.seq`, ids, seqs, phones, identities); err != nil {
			return err
		}
	}
}
