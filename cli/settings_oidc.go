package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"sudi/api"
)

// oidcSettings say by which identity provider accounts may sign in; an empty
// issuer means by none.
type oidcSettings struct {
	issuer     string
	clientID   string
	secretFile string
	redirect   string
	claim      string
}

func (o *oidcSettings) flags(f *pflag.FlagSet, con *console) {
	f.StringVar(&o.issuer, "oidc-issuer", os.Getenv("SUDI_OIDC_ISSUER"),
		con.say("统一身份认证(OpenID Connect)的签发者地址;空 = 不启用 (SUDI_OIDC_ISSUER)", "issuer of the identity provider (OpenID Connect) to sign in by; empty = none (SUDI_OIDC_ISSUER)"))
	f.StringVar(&o.clientID, "oidc-client-id", os.Getenv("SUDI_OIDC_CLIENT_ID"),
		con.say("在认证方登记的客户端标识 (SUDI_OIDC_CLIENT_ID)", "Sudi's client id at the provider (SUDI_OIDC_CLIENT_ID)"))
	f.StringVar(&o.secretFile, "oidc-client-secret-file", os.Getenv("SUDI_OIDC_CLIENT_SECRET_FILE"),
		con.say("客户端密钥文件;空 = 公开客户端 (SUDI_OIDC_CLIENT_SECRET_FILE)", "file of the client's secret; empty = a public client (SUDI_OIDC_CLIENT_SECRET_FILE)"))
	f.StringVar(&o.redirect, "oidc-redirect", os.Getenv("SUDI_OIDC_REDIRECT"),
		con.say("回调地址,如 https://sudi.example"+api.ProviderCallback+" (SUDI_OIDC_REDIRECT)", "address that the provider sends browsers back to, such as https://sudi.example"+api.ProviderCallback+" (SUDI_OIDC_REDIRECT)"))
	f.StringVar(&o.claim, "oidc-claim", env("SUDI_OIDC_CLAIM", "preferred_username"),
		con.say("作为用户名的声明 (SUDI_OIDC_CLAIM)", "claim that is the user name (SUDI_OIDC_CLAIM)"))
}

// check refuses settings with which nobody could sign in, or not safely: over
// plain HTTP beyond this machine a code and a secret could be read.
func (o *oidcSettings) check(con *console) error {
	if o.issuer == "" {
		return nil
	}
	if o.clientID == "" || o.redirect == "" || o.claim == "" {
		return errors.New(con.say("--oidc-issuer 须与 --oidc-client-id、--oidc-redirect 同用", "--oidc-issuer needs --oidc-client-id and --oidc-redirect"))
	}
	if _, err := o.address("--oidc-issuer", o.issuer, con); err != nil {
		return err
	}
	redirect, err := o.address("--oidc-redirect", o.redirect, con)
	if err != nil {
		return err
	}
	if redirect.Path != api.ProviderCallback {
		return fmt.Errorf("--oidc-redirect: %s %s", con.say("路径应为", "its path is"), api.ProviderCallback)
	}
	return nil
}

func (o *oidcSettings) address(flag, text string, con *console) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(net.JoinHostPort(u.Hostname(), "0"))) {
		return nil, fmt.Errorf("%s: %s", flag, con.say("应为 https 地址(本机可用 http)", "is an https address (http on loopback)"))
	}
	return u, nil
}

// provider reads the secret and gives the provider; nil for none.
func (o *oidcSettings) provider() (*api.Provider, error) {
	if o.issuer == "" {
		return nil, nil //nolint:nilnil // none is no error
	}
	p := &api.Provider{Issuer: o.issuer, ClientID: o.clientID, Redirect: o.redirect, Claim: o.claim}
	if o.secretFile == "" {
		return p, nil
	}
	raw, err := os.ReadFile(o.secretFile)
	if err != nil {
		return nil, fmt.Errorf("--oidc-client-secret-file: %w", err)
	}
	if p.ClientSecret = strings.TrimSpace(string(raw)); p.ClientSecret == "" {
		return nil, errors.New("--oidc-client-secret-file: empty")
	}
	return p, nil
}
