package api

import (
	"context"
	"time"

	"sudi/domain"
)

type fakeSession struct {
	domain.Session
	user string
}

func (f *fake) UserByName(_ context.Context, name string) (domain.User, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u, ok := f.users[name]
	if !ok {
		return u, domain.Errorf(domain.KindNotFound, "not_found")
	}
	return u, nil
}

func (f *fake) Users(context.Context) (out []domain.User, err error) {
	for _, u := range f.users {
		out = append(out, u)
	}
	return out, nil
}

func (f *fake) CreateSession(_ context.Context, x domain.Session, as *domain.User) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.UsedAt = x.CreatedAt
	f.sessions[string(x.TokenHash)] = &fakeSession{x, as.ID}
	return nil
}

func (f *fake) SessionUser(_ context.Context, hash []byte, now time.Time, idle time.Duration) (domain.SignedIn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.sessions[string(hash)]
	for _, u := range f.users {
		if ok && u.ID == s.user && now.Before(s.ExpiresAt) && now.Sub(s.UsedAt) < idle && u.DisabledAt == nil {
			if now.Sub(s.UsedAt) >= time.Minute {
				s.UsedAt = now
			}
			return domain.SignedIn{User: u, SessionID: s.ID}, nil
		}
	}
	return domain.SignedIn{}, domain.Errorf(domain.KindUnauthenticated, "sign_in_first")
}

func (f *fake) DeleteSession(_ context.Context, hash []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, string(hash))
	return nil
}

func (f *fake) CountAttempt(_ context.Context, keys []domain.AttemptKey, now time.Time) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := make([]domain.Attempts, len(keys))
	for i, k := range keys {
		seen[i] = f.attempts[k]
	}
	after, wait := domain.CountAttempts(keys, seen, now)
	for i, k := range keys {
		if wait == 0 {
			f.attempts[k] = after[i]
		}
	}
	return wait, nil
}

func (f *fake) SettleAttempt(_ context.Context, keys []domain.AttemptKey, right bool, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := make([]domain.Attempts, len(keys))
	for i, k := range keys {
		seen[i] = f.attempts[k]
	}
	for i, a := range domain.SettleAttempts(keys, seen, right, now) {
		f.attempts[keys[i]] = a
	}
	return nil
}

// Factor: nobody here has a second factor; what has to do with them is tested
// on the real store.
func (f *fake) Factor(context.Context, string) (domain.SecondFactor, error) {
	return domain.SecondFactor{}, domain.Errorf(domain.KindNotFound, "second_factor_none")
}
