package events

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The accounts that docs/desk.md has an operator write for a NATS of his own
// reach as far as the embedded ones, and no further.
func TestDocumentedAccountsOfAnExternalNATS(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/desk.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(raw), "```\njetstream {")
	text, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "nats.conf")
	text = "listen: 127.0.0.1:-1\njetstream {" + strings.ReplaceAll(text, "/var/lib/nats", t.TempDir())
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	opts, err := server.ProcessConfigFile(file)
	require.NoError(t, err)
	opts.NoSigs, opts.NoLog = true, true
	ns, err := server.NewServer(opts)
	require.NoError(t, err)
	ns.Start()
	t.Cleanup(func() { halt(ns) })
	require.True(t, ns.ReadyForConnections(patient))

	b := &bench{t: t, memory: newMemory(), log: slog.New(slog.DiscardHandler)}
	b.conn, err = Connect(strings.Replace(ns.ClientURL(), "nats://", "nats://sudi:change-me-sudi@", 1), "", b.log)
	require.NoError(t, err)
	t.Cleanup(b.conn.Close)
	const name = "court-system"
	b.run(b.relay().Run)
	b.answer(&accounts{users: map[string]domain.User{name: {ID: "1", Username: name, Org: courtOrg}}})
	_, err = b.stream()
	require.NoError(t, err)
	b.memory.commit(handedTo(courtOrg, 1), handedTo(policeOrg, 2))

	court := &system{t: t, name: name, consumer: DeskConsumer(courtOrg, name)}
	court.Conn, err = nats.Connect(ns.ClientURL(), nats.UserInfo(name, "change-me-court"), nats.ErrorHandler(court.note))
	require.NoError(t, err)
	t.Cleanup(court.Close)
	require.Equal(t, name+" asked who", court.ask("who"))
	require.Equal(t, event(1, 1).ID, court.next().ID)
	require.Eventually(t, func() bool { return len(b.stored(CasesStream)) == 4 }, 10*time.Second, 10*time.Millisecond, "each event, and its desk's copy")
	before := b.stored(CasesStream)
	for _, s := range []string{
		CaseSubject(county, event(3, 1)), RequestSubject(county, policeName), "$JS.API.STREAM.PURGE." + CasesStream,
		"$JS.API.CONSUMER.CREATE." + CasesStream + ".mine." + Desk(county, policeOrg),
	} {
		n := court.violations()
		require.NoError(t, court.PublishRequest(s, "_INBOX.mine", []byte("{}")))
		require.Greater(t, court.violations(), n, s)
	}
	require.NoError(t, court.PublishRequest(DeskAPI(county)+".CONSUMER.INFO."+CasesStream+"."+court.consumer, DeskSubject(county, policeOrg, "x"), nil))
	require.NoError(t, court.Flush())
	time.Sleep(100 * time.Millisecond)
	require.Equal(t, before, b.stored(CasesStream))
}

func TestDesksOverTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	people := &accounts{users: map[string]domain.User{courtName: {ID: "1", Username: courtName, Org: courtOrg, PasswordHash: "court-secret"}}}
	b := &bench{t: t, dir: t.TempDir(), memory: newMemory(), log: slog.New(slog.DiscardHandler)}
	b.desks = Desks{Listen: "127.0.0.1:0", County: county, Accounts: people, Cert: cert, Key: key}
	b.start()
	t.Cleanup(b.stop)
	_, err := b.system(t, courtName, "court-secret", courtOrg)
	require.Error(t, err, "its certificate is not trusted")
	s, err := b.system(t, courtName, "court-secret", courtOrg, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	require.NoError(t, err)
	require.NoError(t, s.Flush())

	_, err = StartServer(t.TempDir(), Desks{Listen: "127.0.0.1:0", Cert: cert, Key: cert}, b.log)
	require.ErrorIs(t, err, errPort)
}

// certificate makes a certificate for this machine.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		var b bytes.Buffer
		require.NoError(t, pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
		return path
	}
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER), pool
}
