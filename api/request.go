package api

import (
	"context"
	"log/slog"

	"golang.org/x/text/language"

	"sudi/domain"
)

// request is what is known about one HTTP request beside its content.
type request struct {
	ID     string
	Caller Caller
	log    *slog.Logger

	operation string              // id of what is asked for; "" before that is known
	object    domain.RecordObject // the case that it is asked of, if it is one
}

type requestKey struct{}

// requestOf gives the request of a context; a context without one gets a
// request of nobody, in Chinese.
func requestOf(ctx context.Context) *request {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{Caller: Caller{Lang: "zh"}, log: slog.Default()}
}

func withRequest(ctx context.Context, q *request) context.Context {
	return context.WithValue(ctx, requestKey{}, q)
}

var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// languageOf reads an Accept-Language header: "zh" or "en".
func languageOf(header string) string {
	if header == "" || len(header) > 256 {
		return "zh"
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return "zh"
	}
	if _, i, sure := languages.Match(tags...); i == 1 && sure > language.No {
		return "en"
	}
	return "zh"
}
