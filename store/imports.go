package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"sudi/domain"
)

// FindOrStartImport gives the import of a file by a mapping: the one begun
// before, to be gone on with, or a new one.
func (s *Store) FindOrStartImport(ctx context.Context, im domain.Import) (domain.Import, error) {
	if im.ID == "" {
		im.ID = uuid.Must(uuid.NewV7()).String()
	}
	if im.StartedAt.IsZero() {
		im.StartedAt = time.Now()
	}
	im.StartedAt = micros(im.StartedAt)
	orm := s.orm.WithContext(ctx)
	if err := orm.Clauses(clause.OnConflict{DoNothing: true, Columns: []clause.Column{{Name: "file_hash"}, {Name: "mapping"}}}).
		Create(&im).Error; err != nil {
		return domain.Import{}, wrap("start an import", err)
	}
	var kept domain.Import
	err := orm.Where("file_hash = ? AND mapping = ?", im.FileHash, im.Mapping).Take(&kept).Error
	return kept, wrap("read an import", err)
}

// ImportedRows are the rows of a file that were taken or rejected: those that
// need not be looked at again.
func (s *Store) ImportedRows(ctx context.Context, importID string) (map[int]bool, error) {
	rows, err := s.pool.Query(ctx, "SELECT row FROM import_rows WHERE import_id = $1", importID)
	if err != nil {
		return nil, wrap("read an import's rows", err)
	}
	seen := make(map[int]bool)
	var row int
	_, err = pgx.ForEachRow(rows, []any{&row}, func() error {
		seen[row] = true
		return nil
	})
	return seen, wrap("read an import's rows", err)
}

// RejectRow records why a row was not taken. A row that was taken stays so.
func (s *Store) RejectRow(ctx context.Context, importID string, row int, reason string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO import_rows AS r (import_id, row, reason) VALUES ($1, $2, $3)
		ON CONFLICT (import_id, row) DO UPDATE SET reason = excluded.reason WHERE r.case_id IS NULL`, importID, row, reason)
	return wrap("reject a row", err)
}

// Rejection is a row of a file that was not taken, and why.
type Rejection struct {
	Row    int
	Reason string
}

// RejectedRows lists the rows of an import that were not taken, in their order.
func (s *Store) RejectedRows(ctx context.Context, importID string) ([]Rejection, error) {
	rows, err := s.pool.Query(ctx, "SELECT row, reason FROM import_rows WHERE import_id = $1 AND case_id IS NULL ORDER BY row", importID)
	if err != nil {
		return nil, wrap("read an import's rejects", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Rejection])
	return out, wrap("read an import's rejects", err)
}

// Import reads an import with the numbers of rows taken and rejected so far;
// KindNotFound when there is none.
func (s *Store) Import(ctx context.Context, id string) (domain.Import, error) {
	var im domain.Import
	if uuid.Validate(id) != nil {
		return im, domain.Errorf(domain.KindNotFound, "not_found")
	}
	if err := s.orm.WithContext(ctx).Where("id = ?", id).Take(&im).Error; err != nil {
		return im, wrap("read an import", err)
	}
	err := s.pool.QueryRow(ctx, `SELECT count(case_id), count(*) - count(case_id) FROM import_rows WHERE import_id = $1`, id).
		Scan(&im.Taken, &im.Rejected)
	return im, wrap("read an import", err)
}

// FinishImport records that a file was read to its end, with the number of its
// rows; those taken and rejected are counted here.
func (s *Store) FinishImport(ctx context.Context, im domain.Import) error {
	_, err := s.pool.Exec(ctx, `UPDATE imports SET total = $2, ended_at = $3,
			taken = (SELECT count(case_id) FROM import_rows WHERE import_id = $1),
			rejected = (SELECT count(*) - count(case_id) FROM import_rows WHERE import_id = $1)
		WHERE id = $1`, im.ID, im.Total, im.EndedAt)
	return wrap("finish an import", err)
}
