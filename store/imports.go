package store

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
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
	err := orm.Transaction(func(tx *gorm.DB) error {
		started := tx.Clauses(clause.OnConflict{DoNothing: true, Columns: []clause.Column{{Name: "file_hash"}, {Name: "mapping"}}}).Create(&im)
		if started.Error != nil || started.RowsAffected == 0 {
			return started.Error
		}
		return recordORM(ctx, tx, done("import.start", "import", im.ID, "file_hash", im.FileHash, "mapping", im.Mapping))
	})
	if err != nil {
		return domain.Import{}, wrap("start an import", err)
	}
	var kept domain.Import
	err = orm.Where("file_hash = ? AND mapping = ?", im.FileHash, im.Mapping).Take(&kept).Error
	return kept, wrap("read an import", err)
}

// ImportedRows gives the rows of a file that are settled: true for one that
// became a case, false for one that was rejected.
func (s *Store) ImportedRows(ctx context.Context, importID string) (map[int]bool, error) {
	rows, err := s.pool.Query(ctx, "SELECT row, case_id IS NOT NULL FROM import_rows WHERE import_id = $1", importID)
	if err != nil {
		return nil, wrap("read an import's rows", err)
	}
	settled := make(map[int]bool)
	var row int
	var taken bool
	_, err = pgx.ForEachRow(rows, []any{&row, &taken}, func() error {
		settled[row] = taken
		return nil
	})
	return settled, wrap("read an import's rows", err)
}

// RejectRow settles a row as rejected, and why. A row that is settled already
// stays as it is.
func (s *Store) RejectRow(ctx context.Context, importID string, row int, reason string) error {
	err := s.recorded(ctx, done("import.reject", "import", importID, "row", strconv.Itoa(row)), "INSERT INTO import_rows (import_id, row, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		importID, row, reason)
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
	if !isUUID(id) {
		return im, domain.Errorf(domain.KindNotFound, "not_found")
	}
	if err := s.orm.WithContext(ctx).Where("id = ?", id).Take(&im).Error; err != nil {
		return im, wrap("read an import", err)
	}
	err := s.pool.QueryRow(ctx, `SELECT count(case_id), count(*) - count(case_id) FROM import_rows WHERE import_id = $1`, id).
		Scan(&im.Taken, &im.Rejected)
	return im, wrap("read an import", err)
}

// FinishImport keeps an import's end and the number of its rows; those taken
// and rejected are counted here.
func (s *Store) FinishImport(ctx context.Context, im domain.Import) error {
	err := s.recorded(ctx, done("import.finish", "import", im.ID, "rows", strconv.Itoa(im.Total)), `UPDATE imports SET total = $2, ended_at = $3,
			taken = (SELECT count(case_id) FROM import_rows WHERE import_id = $1),
			rejected = (SELECT count(*) - count(case_id) FROM import_rows WHERE import_id = $1)
		WHERE id = $1`, im.ID, im.Total, im.EndedAt)
	return wrap("finish an import", err)
}
