package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// Whatever If-Match holds, a change is let through only for "*" or for the very
// version that was read.
func FuzzMatching(f *testing.F) {
	for _, header := range []string{"", "*", `"1"`, `W/"1"`, `"0", "1"`, ",,", `"1`, `"01"`, `"1",*`, "\x00", `"-1"`} {
		f.Add(header, 1)
	}
	f.Fuzz(func(t *testing.T, header string, current int) {
		version, err := matching(header, current)
		if err != nil {
			require.Zero(t, version)
			return
		}
		if version == 0 && current != 0 {
			require.Contains(t, header, "*")
			return
		}
		require.Equal(t, current, version)
		require.True(t, strings.Contains(header, etag(current)) || strings.Contains(header, "*"))
		require.True(t, notModified(header, current))
	})
}

// An idempotency key is kept as it is or refused in words.
func FuzzIdempotencyKey(f *testing.F) {
	for _, key := range []string{"", "k", " ", "a b", "\x7f", "字", strings.Repeat("k", 200), strings.Repeat("k", 201)} {
		f.Add(key)
	}
	who := &Caller{User: domain.User{ID: "01900000-0000-7000-8000-000000000000"}}
	f.Fuzz(func(t *testing.T, key string) {
		kept, err := idempotency(who, &createInput{Key: key})
		switch {
		case err != nil:
			require.Equal(t, domain.KindInvalid, domain.KindOf(err))
		case key == "":
			require.Nil(t, kept)
		default:
			require.Equal(t, key, kept.Key)
			require.Len(t, kept.BodyHash, 64)
		}
	})
}

// A body that is taken reads the same again in its canonical form, and holds
// nothing that PostgreSQL cannot keep.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{}`, `null`, `"\ud800"`, `{"a":"\u0000"}`, `{"a":1,"a":2}`, `[1e999]`, `{"\u202e":"x"}`, strings.Repeat("[", 40) + strings.Repeat("]", 40), "\"\xc0\xaf\"", `"\u202e"`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var tree any
		if strictJSON.Unmarshal(body, &tree) != nil {
			return
		}
		text, err := canonical(tree)
		require.NoError(t, err)
		require.NotContains(t, string(text), `\u0000`)
		var again any
		require.NoError(t, strictJSON.Unmarshal(text, &again))
		require.Equal(t, tree, again)
	})
}

// A query that is taken has no byte that net/http would have dropped.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"", "a=1&a=2", "a;b", "%zz", "%00", "=", "a=%ff", "a=b=c"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		values, err := queryOf(r)
		if err != nil {
			require.Equal(t, domain.KindInvalid, domain.KindOf(err))
			return
		}
		require.Equal(t, r.URL.Query(), values)
	})
}
