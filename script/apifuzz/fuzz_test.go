package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// requestsInTests take some ten seconds.
const requestsInTests = 1100

func TestSudiKeepsItsContract(t *testing.T) {
	ctx := context.Background()
	f, err := newFuzzer(ctx, storetest.NewDatabase(t), 1)
	require.NoError(t, err)
	t.Cleanup(f.close)
	var out bytes.Buffer
	err = f.run(ctx, &out, func(sent int) bool { return sent < requestsInTests })
	for found := range f.found { // a short run need not succeed everywhere
		if strings.HasPrefix(found, "unreached ") {
			delete(f.found, found)
		}
	}
	require.Empty(t, f.found, out.String())
	if err != nil && !errors.Is(err, errFound) {
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, f.sent, requestsInTests)

	q := f.plain(f.accounts[0], "me", "")
	for name, bad := range map[string]*answer{
		"answered 500":                   {500, http.Header{}, nil},
		"is not as the contract says":    {200, http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"x"}}, []byte(`{"id":1}`)},
		"is no problem document":         {403, http.Header{"Content-Type": {"text/plain"}, "X-Request-Id": {"x"}}, []byte("no")},
		"is half a problem document":     {403, http.Header{"Content-Type": {"application/problem+json"}, "X-Request-Id": {"x"}}, []byte(`{"type":"about:blank"}`)},
		"418 is not as the contract say": {418, http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"x"}}, []byte(`{}`)},
	} {
		out.Reset()
		f.check(q, bad)
		require.Contains(t, out.String(), name)
		require.Contains(t, out.String(), "curl -sS")
	}
	clear(f.found)
	out.Reset()
	require.NoError(t, f.verify(ctx))
	require.Empty(t, f.found)
}

func TestTheSameSeedSpoilsTheSame(t *testing.T) {
	made := func(seed uint64) string {
		f := &fuzzer{rand: rand.New(rand.NewPCG(seed, seed)), known: newPools()}
		var all strings.Builder
		for range 50 {
			all.Write(encode(map[string]any{"x": f.odd()}))
		}
		return all.String()
	}
	require.Equal(t, made(1), made(1))
	require.NotEqual(t, made(1), made(2))
}

func TestBashReadsWhatIsQuoted(t *testing.T) {
	for _, text := range []string{"plain", "it's", `a\b`, "\x01\xff字", "$HOME `x`"} {
		got, err := exec.Command("bash", "-c", "printf %s "+quote(text)).Output()
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
}
