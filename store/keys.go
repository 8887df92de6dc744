package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"sudi/domain"
	"sudi/store/seal"
)

// keyCheckSetting holds what only the right ring gives, so that a wrong one is
// noticed before it has written anything.
const keyCheckSetting = "lookup_key_check"

// bindKeys ties a database to the ring that it is first opened with; of several
// processes one does, and all learn whose it is. It fails with key_missing, and
// with key_wrong for another ring than the database's own.
func bindKeys(ctx context.Context, pool *pgxpool.Pool, ring *seal.Ring) error {
	if ring == nil {
		return domain.Errorf(domain.KindConflict, "key_missing")
	}
	want := hex.EncodeToString(ring.IndexCheck())
	if _, err := pool.Exec(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", keyCheckSetting, want); err != nil {
		return fmt.Errorf("bind the database to its key: %w", err)
	}
	var check string
	if err := pool.QueryRow(ctx, "SELECT value FROM settings WHERE name = $1", keyCheckSetting).Scan(&check); err != nil {
		return fmt.Errorf("read the check of the key: %w", err)
	}
	if check != want {
		return domain.Errorf(domain.KindConflict, "key_wrong")
	}
	return nil
}

// ReloadKeys takes up the keys that Options.KeyFile holds by now. It fails as
// seal.Ring.Reload does.
func (s *Store) ReloadKeys() error {
	if s.keyFile == "" {
		return nil
	}
	return s.ring.Reload(s.keyFile)
}
