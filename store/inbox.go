package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sudi/domain"
)

// Applied reports whether a case's event of a version, or a later one, has had
// its effect by a consumer.
func (s *Store) Applied(ctx context.Context, consumer, caseID string, version int) (bool, error) {
	var yes bool
	err := s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND case_id = $2 AND version >= $3)",
		consumer, uuids([]string{caseID})[0], version).Scan(&yes)
	return yes, wrap("read a receipt", err)
}

// SaveDeadLetter keeps an event that a consumer could not apply. One that
// failed before and was replayed is open again.
func (s *Store) SaveDeadLetter(ctx context.Context, d domain.DeadLetter) error {
	err := s.orm.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "consumer"}, {Name: "event_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"subject", "payload", "cause", "attempts", "created_at", "replay_asked_at", "replayed_at"}),
	}).Create(&d).Error
	return wrap("save a dead letter", err)
}

// DeadLetters lists dead letters, newest first; onlyOpen leaves out those that
// were replayed.
func (s *Store) DeadLetters(ctx context.Context, onlyOpen bool) ([]domain.DeadLetter, error) {
	q := s.orm.WithContext(ctx).Order("created_at DESC, id DESC")
	if onlyOpen {
		q = q.Where("replayed_at IS NULL")
	}
	var out []domain.DeadLetter
	err := q.Find(&out).Error
	return out, wrap("read dead letters", err)
}

// DeadLetter reads one dead letter; KindNotFound when there is none.
func (s *Store) DeadLetter(ctx context.Context, id string) (domain.DeadLetter, error) {
	var d domain.DeadLetter
	if !isUUID(id) {
		return d, domain.Errorf(domain.KindNotFound, "not_found")
	}
	err := s.orm.WithContext(ctx).Where("id = ?", id).Take(&d).Error
	return d, wrap("read a dead letter", err)
}

// AskReplay asks the serving process to deliver a dead letter again;
// KindNotFound when there is none.
func (s *Store) AskReplay(ctx context.Context, id string, at time.Time) error {
	if !isUUID(id) {
		return domain.Errorf(domain.KindNotFound, "not_found")
	}
	tag, err := s.pool.Exec(ctx, "UPDATE dead_letters SET replay_asked_at = $2, replayed_at = NULL WHERE id = $1", id, at)
	if err == nil && tag.RowsAffected() == 0 {
		err = domain.Errorf(domain.KindNotFound, "not_found")
	}
	return wrap("ask for a dead letter's replay", err)
}

// MarkReplayed records that a dead letter, as it was read, was handed to its
// consumer again; KindNotFound when there is none. One whose consumer has failed
// again since then stays open.
func (s *Store) MarkReplayed(ctx context.Context, d domain.DeadLetter, at time.Time) error {
	if !isUUID(d.ID) {
		return domain.Errorf(domain.KindNotFound, "not_found")
	}
	// The row is touched either way, which tells whether there is one.
	tag, err := s.pool.Exec(ctx, `UPDATE dead_letters SET replayed_at = CASE created_at WHEN $2 THEN $3 ELSE replayed_at END
		WHERE id = $1`, d.ID, d.CreatedAt, at)
	if err == nil && tag.RowsAffected() == 0 {
		err = domain.Errorf(domain.KindNotFound, "not_found")
	}
	return wrap("mark a dead letter", err)
}
