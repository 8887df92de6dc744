package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/store/seal"
)

// headLength is how much of a wrapped key seal.Inspect reads, in bytes.
const headLength = 11

// KeyUses counts the cases whose data keys are wrapped by each key-encryption
// key, and the second factors that are sealed under it, by its id. A key that is
// not in it may be removed from the ring.
func (s *Store) KeyUses(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT substr(key, 1, $1), count(*) FROM
		(SELECT key FROM case_keys UNION ALL SELECT secret FROM second_factors) AS k (key) GROUP BY 1`, headLength)
	if err != nil {
		return nil, wrap("count the uses of keys", err)
	}
	uses := map[string]int64{}
	var head []byte
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&head, &n}, func() error {
		h, err := seal.Inspect(head)
		uses[h.KeyID] += n
		return err
	})
	return uses, wrap("count the uses of keys", err)
}

const (
	// rewrapChunk is how many data keys are wrapped anew in a transaction.
	rewrapChunk = 500
	// rewrapRounds bounds how often those are looked for that others have written
	// meanwhile: a node that never takes up the new key would write for ever.
	rewrapRounds = 3
)

// Rewrapped is what Rewrap came to.
type Rewrapped struct {
	Done   int64    // data keys that are wrapped anew, and second factors that are sealed anew
	Closed []string // ids of the cases whose data key, and the accounts whose second factor, does not open: moved, changed, or by a key that the ring lacks
}

// Rewrap wraps by the active key every data key that another one wraps, in small
// transactions, while everybody reads and writes. Run again it goes on where it
// was stopped, in whatever way. progress hears how many data keys have been looked at,
// and of how many.
func (s *Store) Rewrap(ctx context.Context, progress func(done, total int64)) (Rewrapped, error) {
	var out Rewrapped
	if err := s.ReloadKeys(); err != nil {
		return out, err
	}
	closed := map[[16]byte]bool{}
	for range rewrapRounds {
		n, err := s.rewrapOnce(ctx, closed, progress)
		out.Done += n
		if err != nil {
			return out, wrap("wrap data keys anew", err)
		}
		if n == 0 {
			break
		}
	}
	for id := range closed {
		out.Closed = append(out.Closed, uuid.UUID(id).String())
	}
	factors, err := s.rewrapFactors(ctx)
	out.Done, out.Closed = out.Done+factors.Done, append(out.Closed, factors.Closed...)
	slices.Sort(out.Closed)
	return out, wrap("seal second factors anew", err)
}

// rewrapFactors seals second factors anew: one an account at most, in one go.
func (s *Store) rewrapFactors(ctx context.Context) (out Rewrapped, err error) {
	rows, err := s.pool.Query(ctx, "SELECT user_id::text, secret FROM second_factors")
	if err != nil {
		return out, err
	}
	var id string
	var secret []byte
	var ids []string
	var before, after [][]byte
	_, err = pgx.ForEachRow(rows, []any{&id, &secret}, func() error {
		needed, err := s.ring.NeedsRewrap(secret)
		if err == nil && !needed {
			return nil
		}
		sealed, err := s.ring.Rewrap(secret, factorPlace(id))
		if err != nil { // the others need not wait for it
			out.Closed = append(out.Closed, id)
			return nil //nolint:nilerr // it is told at the end
		}
		ids, before, after = append(ids, id), append(before, slices.Clone(secret)), append(after, sealed)
		return nil
	})
	if err != nil {
		return out, err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE second_factors f SET secret = n.after
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (user_id, before, after)
		WHERE f.user_id = n.user_id AND f.secret = n.before`, ids, before, after)
	out.Done = tag.RowsAffected()
	return out, err
}

// rewrapOnce goes through the data keys once, in the order of their cases.
func (s *Store) rewrapOnce(ctx context.Context, closed map[[16]byte]bool, progress func(done, total int64)) (done int64, err error) {
	var total, seen int64
	if err := s.pool.QueryRow(ctx, "SELECT count(*) FROM case_keys").Scan(&total); err != nil {
		return 0, err
	}
	var after [16]byte
	for {
		c := &rewrapping{}
		if err := s.readKeys(ctx, c, after); err != nil || len(c.seen) == 0 {
			return done, err
		}
		after = c.seen[len(c.seen)-1]
		for _, id := range c.closed {
			closed[id] = true
		}
		n, err := s.writeKeys(ctx, c)
		done += n
		if err != nil {
			return done, err
		}
		seen += int64(len(c.seen))
		progress(min(seen, total), total)
	}
}

// rewrapping is one chunk of data keys.
type rewrapping struct {
	seen, closed  [][16]byte
	ids           [][16]byte // of those that are wrapped anew
	before, after [][]byte
}

func (s *Store) readKeys(ctx context.Context, c *rewrapping, after [16]byte) error {
	rows, err := s.pool.Query(ctx, "SELECT case_id, key FROM case_keys WHERE case_id > $1 ORDER BY case_id LIMIT $2", after, rewrapChunk)
	if err != nil {
		return err
	}
	var id [16]byte
	var key []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &key}, func() error {
		c.seen = append(c.seen, id)
		needed, err := s.ring.NeedsRewrap(key)
		if err == nil && !needed {
			return nil
		}
		wrapped, err := s.ring.RewrapRow(key, keyPlace(uuid.UUID(id).String()))
		if err != nil { // the others need not wait for it
			c.closed = append(c.closed, id)
			return nil //nolint:nilerr // it is told at the end
		}
		c.ids, c.before, c.after = append(c.ids, id), append(c.before, append([]byte(nil), key...)), append(c.after, wrapped)
		return nil
	})
	return err
}

// writeKeys replaces those data keys that are still what they were.
func (s *Store) writeKeys(ctx context.Context, c *rewrapping) (int64, error) {
	if len(c.ids) == 0 {
		return 0, nil
	}
	tag, err := s.pool.Exec(ctx, `UPDATE case_keys k SET key = n.after
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (case_id, before, after)
		WHERE k.case_id = n.case_id AND k.key = n.before`, c.ids, c.before, c.after)
	if err != nil {
		return 0, fmt.Errorf("replace data keys: %w", err)
	}
	return tag.RowsAffected(), nil
}
