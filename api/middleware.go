package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"sudi/domain"
	"sudi/workflow"
)

// headerRequestID carries the name of a request in and out.
const headerRequestID = echo.HeaderXRequestID

var requestIDShape = regexp.MustCompile(`^[0-9A-Za-z._-]{8,64}$`)

// open begins a request: its name, its language, its time limit.
func (s *server) open(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		q := &request{ID: r.Header.Get(headerRequestID), log: s.Logger}
		if !requestIDShape.MatchString(q.ID) {
			q.ID = rand.Text()
		}
		q.Caller.Lang = languageOf(r.Header.Get("Accept-Language"))
		q.Caller.IP = c.RealIP()
		q.Caller.Agent = shortAgent(r.UserAgent())
		q.Caller.TLS = r.TLS != nil || s.TrustProxy && fromProxy(r.RemoteAddr) && r.Header.Get(echo.HeaderXForwardedProto) == "https"
		c.Response().Header().Set(headerRequestID, q.ID)
		ctx, cancel := context.WithTimeout(withRequest(r.Context(), q), s.timeLimit(r.Method, c.Path()))
		defer cancel()
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

// addressBehindProxy is the address that the proxy added to X-Forwarded-For: the
// last one. What stands before it came from the client, who may have made it up,
// also inside a network of private addresses.
func addressBehindProxy(r *http.Request) string {
	peer := echo.ExtractIPDirect()(r)
	chain := r.Header.Values(echo.HeaderXForwardedFor)
	if !fromProxy(r.RemoteAddr) || len(chain) == 0 {
		return peer
	}
	last := chain[len(chain)-1]
	ip, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndex(last, ",")+1:]))
	if err != nil {
		return peer
	}
	return ip.Unmap().WithZone("").String()
}

// fromProxy reports whether a connection's address may be a proxy's.
func fromProxy(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := peer.Addr().Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// agentLength is how much of it is kept, in characters: enough to tell one's own
// devices apart.
const agentLength = 100

func shortAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(agent, ""))
	if short := []rune(agent); len(short) > agentLength {
		return string(short[:agentLength])
	}
	return agent
}

// observe logs and counts a request, without a word of its content: the route
// stands for the path, and queries, bodies and addresses are left out.
func (s *server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(began)
		route := c.Path()
		if _, known := s.rules[c.Request().Method+" "+route]; !known {
			route = "none"
		}
		status := c.Response().Status
		s.metrics.observe(methodLabel(c.Request().Method), route, status, took)
		q := requestOf(c.Request().Context())
		s.Logger.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
			slog.String("request_id", q.ID), slog.String("method", methodLabel(c.Request().Method)), slog.String("route", route),
			slog.Int("status", status), slog.Duration("took", took), slog.Int64("bytes", c.Response().Size),
			slog.String("user", q.Caller.User.ID))
		return nil
	}
}

// methodLabel keeps invented methods out of logs and metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// recover turns a panic into an error, so that one request's mishap stays its
// own.
func (s *server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == http.ErrAbortHandler { //nolint:errorlint // a panic's value is compared as net/http does
				panic(r)
			}
			if r != nil {
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// answerPolicy lets a browser do nothing with an answer; a page of ours that has
// a style needs pagePolicy.
const (
	answerPolicy = "default-src 'none'; " + framePolicy
	framePolicy  = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

// pagePolicy lets a page apply the one style that has this hash ("sha256-…").
func pagePolicy(styleHash string) string {
	return "default-src 'none'; style-src '" + styleHash + "'; " + framePolicy
}

// browserHeaders go with every answer. Whatever is answered may be about people,
// so that nothing is kept, and none of it is for other sites.
var browserHeaders = map[string]string{
	"Content-Security-Policy":      answerPolicy,
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), " +
		"gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
	"Cache-Control": "no-store",
}

// secure sets the headers that keep browsers from doing more with an answer
// than reading it, and refuses what another site's page sends with our cookie.
func (s *server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		for name, value := range browserHeaders {
			h.Set(name, value)
		}
		h.Add("Vary", "Accept-Language, Authorization, Cookie")
		if requestOf(c.Request().Context()).Caller.TLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if _, bearer := bearerToken(c.Request()); !bearer { // beside a bearer's token no cookie counts
			if err := s.origins.Check(c.Request()); err != nil {
				return domain.Errorf(domain.KindForbidden, "cross_origin")
			}
		}
		return next(c)
	}
}

// clean refuses addresses that no person can have meant and PostgreSQL cannot
// store.
func (s *server) clean(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !workflow.CleanText(c.Request().URL.Path) {
			return domain.Errorf(domain.KindInvalid, "bad_characters")
		}
		values, err := queryOf(c.Request())
		if err != nil {
			return err
		}
		for name, list := range values {
			for _, v := range list {
				if !workflow.CleanText(name) || !workflow.CleanText(v) {
					return domain.Invalid(domain.FieldError{Field: strings.ToValidUTF8(name, "�"), Code: "bad_characters"})
				}
			}
			if len(list) > 1 {
				return domain.Invalid(domain.FieldError{Field: name, Code: "given_twice"})
			}
		}
		return next(c)
	}
}
