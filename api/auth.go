package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/labstack/echo/v4"

	"sudi/domain"
)

// passwordParams is the cost of checking a password (OWASP: 19 MiB, two
// rounds).
var passwordParams = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// HashPassword makes the stored form of a password.
func HashPassword(password string) (string, error) {
	return argon2id.CreateHash(password, &passwordParams)
}

const (
	hashesAtOnce = 2               // bounds the memory that sign-ins take
	hashPatience = 3 * time.Second // then 503
)

// passwords checks passwords, a few at a time.
type passwords struct {
	slots chan struct{}
	dummy string // compared with when there is no account, so that it takes as long
}

func newPasswords() (*passwords, error) {
	dummy, err := HashPassword(rand.Text())
	return &passwords{slots: make(chan struct{}, hashesAtOnce), dummy: dummy}, err
}

// slot waits for a turn.
func (p *passwords) slot(ctx context.Context) (release func(), err error) {
	wait := time.NewTimer(hashPatience)
	defer wait.Stop()
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-wait.C:
		return nil, domain.Errorf(domain.KindOverloaded, "overloaded")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash makes the stored form of a password, in turn.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	release, err := p.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return HashPassword(password)
}

// match reports whether a password is the one that was hashed; "" for the hash
// means that there is no account and never matches.
func (p *passwords) match(ctx context.Context, password, hash string) (bool, error) {
	release, err := p.slot(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	known := hash != ""
	if !known {
		hash = p.dummy
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	return ok && known, err
}

const (
	cookieName     = "sudi_session"
	cookieNameTLS  = "__Host-sudi_session"
	tokenBytes     = 32
	maxTokenLength = 128
)

// newToken makes a session's secret and what is stored of it.
func newToken() (token string, hash []byte) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// bearerToken reads the Authorization header; present is true for any
// Authorization, which no browser adds by itself.
func bearerToken(r *http.Request) (token string, present bool) {
	header := r.Header.Get(echo.HeaderAuthorization)
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		token = ""
	}
	return strings.TrimSpace(token), header != ""
}

// sessionToken reads the token of a request. Over TLS the cookie must be the one
// that no other host of the domain can have set.
func sessionToken(r *http.Request, tls bool) string {
	if token, present := bearerToken(r); present {
		return token
	}
	cookie, err := r.Cookie(cookieNameFor(tls))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func cookieNameFor(tls bool) string {
	if tls {
		return cookieNameTLS
	}
	return cookieName
}

// identify finds out who calls. A session that has ended is nobody's; a public
// route does not ask, and the desk channel knows.
func (s *server) identify(c echo.Context, q *request, rule Access) error {
	if user, desk := fromDesk(c.Request().Context()); desk {
		q.Caller.User = user
		return nil
	}
	token := sessionToken(c.Request(), q.Caller.TLS)
	if rule.level == public || token == "" || len(token) > maxTokenLength {
		return nil
	}
	hash := hashToken(token)
	in, err := s.Store.SessionUser(c.Request().Context(), hash, s.Now(), s.IdleLimit)
	if kind := domain.KindOf(err); kind == domain.KindUnauthenticated || kind == domain.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if in.User.DisabledAt == nil {
		q.Caller.User, q.Caller.session, q.Caller.sessionID, q.Caller.factor = in.User, hash, in.SessionID, in.SecondFactor
	}
	return nil
}

// sessionCookie is the cookie that the console uses; "" ends it. It is Lax and
// not Strict, so that a link in a message opens the case: reading is all that a
// link can do.
func sessionCookie(token string, tls bool, period time.Duration) http.Cookie {
	cookie := http.Cookie{ //nolint:gosec // Secure over TLS; a desk may run without on its own machine
		Name: cookieNameFor(tls), Value: token, Path: "/", HttpOnly: true, Secure: tls,
		SameSite: http.SameSiteLaxMode, MaxAge: int(period / time.Second),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}
