package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"sudi/api"
)

// oidcOf reads the settings from flags.
func oidcOf(t *testing.T, args ...string) *oidcSettings {
	var o oidcSettings
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.flags(f, &console{lang: "en"})
	require.NoError(t, f.Parse(args))
	return &o
}

func TestOIDCSettings(t *testing.T) {
	t.Setenv("SUDI_OIDC_CLIENT_ID", "sudi")
	t.Setenv("SUDI_OIDC_REDIRECT", "https://sudi.example"+api.ProviderCallback)
	con := &console{lang: "en"}
	none := oidcOf(t)
	require.NoError(t, none.check(con))
	p, err := none.provider()
	require.NoError(t, err)
	require.Nil(t, p)

	secret := filepath.Join(t.TempDir(), "secret")
	o := oidcOf(t, "--oidc-issuer", "https://id.example/realms/county", "--oidc-client-secret-file", secret)
	require.NoError(t, o.check(con))
	_, err = o.provider()
	require.ErrorContains(t, err, "--oidc-client-secret-file")
	require.NoError(t, os.WriteFile(secret, []byte("\n"), 0o600))
	_, err = o.provider()
	require.ErrorContains(t, err, "empty")
	require.NoError(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	p, err = o.provider()
	require.NoError(t, err)
	require.Equal(t, &api.Provider{
		Issuer: "https://id.example/realms/county", ClientID: "sudi", ClientSecret: "s3cret",
		Redirect: "https://sudi.example" + api.ProviderCallback, Claim: "preferred_username",
	}, p)

	for _, good := range []string{"http://localhost:8090", "http://127.0.0.1/x", "http://[::1]:1"} {
		require.NoError(t, oidcOf(t, "--oidc-issuer", good).check(con), good)
	}
	for _, bad := range []string{"http://id.example", "id.example", "https://", "https://id.example/?a=b", "https://id.example/#a", "https://a:b@id.example", "ftp://localhost", "https://id.example/%zz"} {
		require.ErrorContains(t, oidcOf(t, "--oidc-issuer", bad).check(con), "--oidc-issuer", bad)
		require.ErrorContains(t, oidcOf(t, "--oidc-issuer", "https://id.example", "--oidc-redirect", bad).check(con), "--oidc-redirect", bad)
	}
	require.ErrorContains(t, oidcOf(t, "--oidc-issuer", "https://id.example", "--oidc-redirect", "https://sudi.example/").check(con), api.ProviderCallback)
	require.Error(t, oidcOf(t, "--oidc-issuer", "https://id.example", "--oidc-client-id", "").check(con))
	require.Error(t, oidcOf(t, "--oidc-issuer", "https://id.example", "--oidc-claim", "").check(con))
}

// A setting that is wrong is the user's to mend, before anything is opened.
func TestOIDCSettingsAreCheckedFirst(t *testing.T) {
	var out bytes.Buffer
	code := Run(t.Context(), []string{"serve", "--lang", "zh", "--data-dir", t.TempDir(), "--oidc-issuer", "http://id.example", "--oidc-client-id", "sudi", "--oidc-redirect", "x"}, strings.NewReader(""), &out, &out)
	require.Equal(t, exitBadUse, code, out.String())
	require.Contains(t, out.String(), "https 地址")
}
