package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"sudi/domain"
)

// Who must have a second factor, as Config.SecondFactor says it.
const (
	FactorOff    = "off"    // whoever wants one
	FactorAdmins = "admins" // the three administrators
	FactorAll    = "all"    // everybody
)

const (
	codePeriod      = 30 // seconds that a code is for
	qrSize          = 240
	recoveryCodes   = 10
	recoveryLetters = 24 // of 5 bits
	continuationFor = 5 * time.Minute
)

var codeOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1} // what every app knows

type continueInput struct {
	Body struct {
		Continuation string `json:"continuation" minLength:"1" maxLength:"128" doc:"As the answer to the password gave it; each works once"`
		Code         string `json:"code" minLength:"6" maxLength:"40" doc:"Of the app, or a recovery code"`
	}
}

type proveInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"200" doc:"The caller's own"`
	}
}

type enrolOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"For typing into an app; shown this once"`
		URL    string `json:"url" doc:"otpauth://, the same for apps"`
		QR     string `json:"qr" doc:"The same as a PNG, a data: URL"`
	}
}

type codeInput struct {
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"10" doc:"Of the app"`
	}
}

type confirmOutput struct {
	Body struct {
		RecoveryCodes []string `json:"recovery_codes" doc:"Each signs in once without the app; shown this once"`
	}
}

type removeInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"200"`
		Code     string `json:"code" minLength:"6" maxLength:"40" doc:"Of the app, or a recovery code"`
	}
}

func (s *server) factorRoutes() {
	guessed := []int{http.StatusUnauthorized, http.StatusTooManyRequests}
	register(s, Public(), operation{
		method: http.MethodPost, path: "/sessions/second-factor", id: "signInSecondFactor", tag: "sessions", status: http.StatusCreated,
		summary: "Go on signing in with a second factor", errors: guessed,
	}, s.signInFactor)
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodPost, path: "/me/second-factor", id: "enrolSecondFactor", tag: "accounts",
		summary: "Begin a second factor of time-based codes (RFC 6238)", errors: append(guessed, http.StatusConflict),
	}, s.enrolFactor)
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodPost, path: "/me/second-factor/confirm", id: "confirmSecondFactor", tag: "accounts",
		summary: "Make the second factor count by a code of it", errors: append(guessed, http.StatusConflict, http.StatusNotFound),
		details: "The account's other sessions end.",
	}, s.confirmFactor)
	register(s, SignedIn(), operation{
		method: http.MethodPost, path: "/me/second-factor/remove", id: "removeSecondFactor", tag: "accounts", status: http.StatusNoContent,
		summary: "Give the second factor up", errors: append(guessed, http.StatusNotFound),
		details: "Every session of the account ends.",
	}, s.removeFactor)
}

// owesFactor reports whether a role must have a second factor.
func (s *server) owesFactor(role domain.Role) bool {
	return s.SecondFactor == FactorAll || s.SecondFactor == FactorAdmins && role.Administrator()
}

// proceed signs in who has given the first proof, or asks for the second.
func (s *server) proceed(ctx context.Context, who *Caller, user *domain.User) (*signInOutput, error) {
	has, err := s.hasFactor(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if has {
		return nil, s.askFactor(ctx, user.ID, "second_factor_needed")
	}
	return s.openSession(ctx, who, user, false)
}

// hasFactor reports whether an account has a second factor that counts.
func (s *server) hasFactor(ctx context.Context, userID string) (bool, error) {
	f, err := s.Store.Factor(ctx, userID)
	if domain.KindOf(err) == domain.KindNotFound {
		return false, nil
	}
	return f.Confirmed, err
}

// askFactor is the answer that asks for a second factor and carries what the
// sign-in goes on with.
func (s *server) askFactor(ctx context.Context, userID, code string) error {
	token, hash := newToken()
	c := domain.Continuation{TokenHash: hash, Kind: domain.AwaitsSecondFactor, UserID: userID, ExpiresAt: s.Now().Add(continuationFor)}
	if err := s.Store.KeepContinuation(ctx, c); err != nil {
		return err
	}
	p := requestOf(ctx).document(http.StatusUnauthorized, code, 0)
	p.Continuation = token
	return p
}

func (s *server) signInFactor(ctx context.Context, who *Caller, in *continueInput) (*signInOutput, error) {
	c, err := s.Store.TakeContinuation(ctx, domain.AwaitsSecondFactor, hashToken(in.Body.Continuation), s.Now())
	if err != nil {
		return nil, err
	}
	user, err := s.Store.UserByID(ctx, c.UserID)
	if err != nil {
		return nil, err
	}
	err = s.proveFactor(ctx, who, &user, in.Body.Code)
	if domain.KindOf(err) == domain.KindUnauthenticated {
		return nil, s.askFactor(ctx, user.ID, "wrong_code")
	}
	if err != nil { // nothing was judged, so he may go on with what he has
		if kept := s.Store.KeepContinuation(ctx, c); kept != nil {
			s.Logger.Warn("a sign-in under way was not kept", "request_id", requestOf(ctx).ID, "cause", kept)
		}
	}
	if err != nil {
		return nil, err
	}
	return s.openSession(ctx, who, &user, true)
}

// proveFactor accepts a code of an account's app, or a recovery code, each
// once; KindUnauthenticated for any other.
func (s *server) proveFactor(ctx context.Context, who *Caller, user *domain.User, code string) error {
	return s.try(ctx, who.IP, user.Username, factorKeys(user.Username), func() error {
		f, err := s.Store.Factor(ctx, user.ID)
		if err != nil {
			return err
		}
		var ok bool
		if step := stepOf(&f, code, s.Now()); step > 0 {
			ok, err = s.Store.UseFactorStep(ctx, user.ID, step)
		} else {
			ok, err = s.Store.UseRecoveryCode(ctx, user.ID, recoveryHash(code), s.Now())
		}
		if err == nil && !ok {
			return domain.Errorf(domain.KindUnauthenticated, "wrong_code")
		}
		return err
	})
}

// stepOf finds the time step that a code is of: this one or a neighbour, for
// clocks that are not quite right; 0 when it is of none.
func stepOf(f *domain.SecondFactor, code string, now time.Time) int64 {
	this := now.Unix() / codePeriod
	for _, step := range []int64{this, this - 1, this + 1} {
		// An error is a code of another length.
		if ok, err := hotp.ValidateCustom(code, uint64(step), string(f.Secret), codeOptions); ok && err == nil { //nolint:gosec // times are after 1970
			return step
		}
	}
	return 0
}

func (s *server) enrolFactor(ctx context.Context, who *Caller, in *proveInput) (*enrolOutput, error) {
	if _, err := s.attempt(ctx, who.IP, who.User.Username, in.Body.Password); err != nil {
		return nil, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Sudi", AccountName: who.User.Username})
	if err != nil {
		return nil, fmt.Errorf("make a second factor: %w", err)
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return nil, fmt.Errorf("draw a second factor: %w", err)
	}
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, picture); err != nil {
		return nil, fmt.Errorf("draw a second factor: %w", err)
	}
	if err := s.Store.EnrolFactor(ctx, who.User.ID, []byte(key.Secret()), s.Now()); err != nil {
		return nil, err
	}
	out := &enrolOutput{}
	out.Body.Secret, out.Body.URL = key.Secret(), key.URL()
	out.Body.QR = "data:image/png;base64," + base64.StdEncoding.EncodeToString(drawn.Bytes())
	return out, nil
}

func (s *server) confirmFactor(ctx context.Context, who *Caller, in *codeInput) (*confirmOutput, error) {
	out := &confirmOutput{}
	err := s.try(ctx, who.IP, who.User.Username, factorKeys(who.User.Username), func() error {
		f, err := s.Store.Factor(ctx, who.User.ID)
		if err != nil {
			return err
		}
		step := stepOf(&f, in.Body.Code, s.Now())
		if step == 0 {
			return domain.Errorf(domain.KindUnauthenticated, "wrong_code")
		}
		codes, hashes := newRecoveryCodes()
		out.Body.RecoveryCodes = codes
		return s.Store.ConfirmFactor(ctx, who.User.ID, f.CreatedAt, step, hashes, who.session, s.Now())
	})
	return out, err
}

func (s *server) removeFactor(ctx context.Context, who *Caller, in *removeInput) (*nothing, error) {
	if s.owesFactor(who.User.Role) {
		return nil, domain.Errorf(domain.KindForbidden, "second_factor_kept")
	}
	if _, err := s.attempt(ctx, who.IP, who.User.Username, in.Body.Password); err != nil {
		return nil, err
	}
	if err := s.proveFactor(ctx, who, &who.User, in.Body.Code); err != nil {
		return nil, err
	}
	return nil, s.Store.RemoveFactor(ctx, who.User.ID)
}

// newRecoveryCodes makes codes of 120 random bits, in groups of four letters,
// and what is stored of them.
func newRecoveryCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		var groups []string
		for group := range slices.Chunk([]byte(rand.Text()[:recoveryLetters]), 4) {
			groups = append(groups, string(group))
		}
		code := strings.Join(groups, "-")
		codes, hashes = append(codes, code), append(hashes, recoveryHash(code))
	}
	return codes, hashes
}

// recoveryHash reads a recovery code as people write it down.
func recoveryHash(code string) []byte {
	return hashToken(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code)))
}
