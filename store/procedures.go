package store

import (
	"context"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sudi/domain"
)

// Procedures lists every published version of every procedure.
func (s *Store) Procedures(ctx context.Context) ([]domain.ProcedureText, error) {
	var out []domain.ProcedureText
	err := s.orm.WithContext(ctx).Order("name, version").Find(&out).Error
	return out, wrap("read procedures", err)
}

// Publish keeps new versions of procedures for good. A version that is there
// already stays as it is, whatever it says; n counts those that were not.
func (s *Store) Publish(ctx context.Context, texts []domain.ProcedureText) (n int, err error) {
	if len(texts) == 0 {
		return 0, nil
	}
	err = s.orm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		n = 0
		for i := range texts {
			added := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&texts[i])
			if added.Error != nil {
				return added.Error
			}
			if added.RowsAffected == 0 {
				continue
			}
			n++
			id := texts[i].Name + "@" + strconv.Itoa(texts[i].Version)
			if err := recordORM(ctx, tx, done("procedure.publish", "procedure", id, "hash", texts[i].Hash)); err != nil {
				return err
			}
		}
		return nil
	})
	return n, wrap("publish procedures", err)
}

// ProcedureUse counts the cases of each state of each version.
func (s *Store) ProcedureUse(ctx context.Context) ([]domain.ProcedureUse, error) {
	rows, err := s.pool.Query(ctx, `SELECT procedure, procedure_version, state, count(*) FROM cases
		GROUP BY procedure, procedure_version, state ORDER BY procedure, procedure_version, state`)
	if err != nil {
		return nil, wrap("count the cases of procedures", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[domain.ProcedureUse])
	return out, wrap("count the cases of procedures", err)
}

// FilesOn reads up to limit cases that run on a version of a procedure, in the
// order of their ids, after an id.
func (s *Store) FilesOn(ctx context.Context, procedure string, version int, after string, limit int) ([]domain.File, error) {
	from, err := uuid.Parse(after)
	if err != nil {
		from = uuid.Nil // "" begins at the first
	}
	rows, err := s.pool.Query(ctx, `SELECT id FROM cases WHERE procedure = $1 AND procedure_version = $2 AND id > $3
		ORDER BY id LIMIT $4`, procedure, version, [16]byte(from), limit)
	if err != nil {
		return nil, wrap("read cases of a version", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil {
		return nil, wrap("read cases of a version", err)
	}
	found, err := s.loadFiles(ctx, s.pool, ids, "")
	if err != nil {
		return nil, wrap("read cases of a version", err)
	}
	files := make([]domain.File, 0, len(ids))
	for _, id := range ids {
		if f := found[id]; f != nil {
			files = append(files, *f)
		}
	}
	return files, nil
}
