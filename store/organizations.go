package store

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sudi/domain"
)

var (
	organizationTable = tableOf[domain.Organization]()
	categoryTable     = tableOf[domain.Category]()
)

// Organizations lists the organisation tree in the order of the codes' paths,
// parents before children.
func (s *Store) Organizations(ctx context.Context) ([]domain.Organization, error) {
	return allOf[domain.Organization](ctx, s, organizationTable, "path")
}

// Categories lists the category list in the order of the codes.
func (s *Store) Categories(ctx context.Context) ([]domain.Category, error) {
	return allOf[domain.Category](ctx, s, categoryTable, "code")
}

// allOf reads a whole table. Every figure asks for these, so they are read
// without the detour by GORM, and as of the instant that ctx may carry.
func allOf[T any](ctx context.Context, s *Store, t *table, order string) ([]T, error) {
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+t.names("")+" FROM "+t.name+" ORDER BY "+order)
	if err != nil {
		return nil, wrap("read "+t.name, err)
	}
	out, err := collect[T](t, rows)
	return out, wrap("read "+t.name, err)
}

// Directory is a snapshot of the organisation tree and of who is competent.
func (s *Store) Directory(ctx context.Context) (*domain.Directory, error) {
	orgs, err := s.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	var rows []competence
	if err := s.orm.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, wrap("read competences", err)
	}
	competences := make(map[string]string, len(rows))
	for _, r := range rows {
		competences[r.Category] = r.Function
	}
	return domain.NewDirectory(orgs, competences), nil
}

// competence says which department is competent for a category.
type competence struct {
	Category string `gorm:"primaryKey"`
	Function string
}

func (competence) TableName() string { return "competences" }

// LoadCounty adds a county's organisations, categories and competences or
// brings them up to date; it removes nothing, so it may be repeated.
func (s *Store) LoadCounty(ctx context.Context, orgs []domain.Organization, categories []domain.Category, competences map[string]string) error {
	rows := make([]competence, 0, len(competences))
	for category, function := range competences {
		rows = append(rows, competence{category, function})
	}
	err := s.orm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := upsertAll(tx, orgs); err != nil {
			return fmt.Errorf("organizations: %w", err)
		}
		if err := upsertAll(tx, categories); err != nil {
			return fmt.Errorf("categories: %w", err)
		}
		if err := upsertAll(tx, rows); err != nil {
			return fmt.Errorf("competences: %w", err)
		}
		return recordORM(ctx, tx, done("county.load", "county", "",
			"organizations", strconv.Itoa(len(orgs)), "categories", strconv.Itoa(len(categories)), "competences", strconv.Itoa(len(rows))))
	})
	return wrap("load the county", err)
}

// upsertAll works in pieces: a statement takes 65,535 parameters.
func upsertAll[T any](tx *gorm.DB, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 500).Error
}

// wrap says what failed and puts it in the domain's words.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, domainError(err))
}
