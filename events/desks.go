package events

import (
	"cmp"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"sudi/domain"
)

// Accounts knows who may sign in.
type Accounts interface {
	// SignIn gives the account of a name and password. It refuses disabled
	// accounts and who guesses too often from an address.
	SignIn(ctx context.Context, address, username, password string) (domain.User, error)
	// Account reads an account; KindNotFound when there is none.
	Account(ctx context.Context, username string) (domain.User, error)
}

// Desks is the port on which the embedded server lets organisations' own
// systems in, each with an ordinary account of Sudi. The zero Desks is none.
type Desks struct {
	Listen    string // host:port, "" for no port
	Cert, Key string // PEM files; read anew for each connection, so that they may be renewed
	County    string
	Accounts  Accounts

	session time.Duration // shorter for tests
}

const (
	signInPatience = 8 * time.Second
	deskConns      = 16  // of one account at once
	allConns       = 512 // of all, ours among them
	maxCredential  = 200 // bytes of a name or password, as over HTTP
	// deskSession is how long a connection lasts before its system must sign in
	// again, as over HTTP. Until it does, the server remembers where each of its
	// questions wanted the answer.
	deskSession = 12 * time.Hour
)

// service is something of ours that a desk's system may send to.
type service struct{ from, to string } // the subject as it names it, and as we do

// reach is all that an account's system may send to: its requests, and the
// consumer of its desk to look at, ask for messages and acknowledge to.
func (d *Desks) reach(u *domain.User) []service {
	consumer := CasesStream + "." + DeskConsumer(u.Org, u.Username)
	requests, acks := RequestSubject(d.County, u.Username), "$JS.ACK."+consumer+".>"
	return []service{
		{requests, requests},
		{DeskAPI(d.County) + ".CONSUMER.INFO." + consumer, server.JSApiPrefix + ".CONSUMER.INFO." + consumer},
		{DeskAPI(d.County) + ".CONSUMER.MSG.NEXT." + consumer, server.JSApiPrefix + ".CONSUMER.MSG.NEXT." + consumer},
		{acks, acks},
	}
}

// offer lets the desks' own NATS accounts reach into ours, where each imports
// no more than what is its own.
func (d *Desks) offer(ours *server.Account) error {
	return errors.Join(
		ours.AddServiceExport(AllRequests(d.County), nil),
		ours.AddServiceExportWithResponse(server.JSApiPrefix+".CONSUMER.MSG.NEXT."+CasesStream+".*", server.Streamed, nil),
		ours.AddServiceExport(server.JSApiPrefix+".CONSUMER.INFO."+CasesStream+".*", nil),
		ours.AddServiceExport("$JS.ACK."+CasesStream+".>", nil),
	)
}

// options makes the server listen.
func (d *Desks) options(o *server.Options) error {
	if d.Listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(d.Listen)
	if err != nil {
		return err
	}
	if o.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("port %q: %w", port, err)
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.Host, o.DontListen = host, false
	o.MaxConn, o.AuthTimeout = allConns, (signInPatience + 2*time.Second).Seconds()
	if d.Cert == "" && d.Key == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(d.Cert, d.Key); err != nil {
		return err
	}
	o.TLSTimeout = 5
	o.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(d.Cert, d.Key)
			return &pair, err
		},
	}
	return nil
}

// gate decides who connects to a server, and with which reach.
//
// Each account of Sudi is a NATS account by itself, to which all but its reach
// does not exist. Permissions on subjects would not be enough: whoever may ask
// the server or Sudi for something chooses the subject of the answer, and so
// could have the answer sent to a subject on which he may not publish, such as
// another's desk or the stream's own.
type gate struct {
	Desks
	secret string // of our own connections
	log    *slog.Logger

	mu    sync.Mutex
	nats  *server.Server
	conns map[uint64]signedIn
}

// signedIn is whose a connection is, and since when.
type signedIn struct {
	domain.User
	at time.Time
}

// Check is called by the server for each connection.
func (g *gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if subtle.ConstantTimeCompare([]byte(o.Token), []byte(g.secret)) == 1 {
		return true
	}
	if g.Listen == "" || c.Kind() != server.CLIENT || o.Username == "" || max(len(o.Username), len(o.Password)) > maxCredential {
		return false
	}
	var address string
	if remote := c.RemoteAddress(); remote != nil {
		address, _, _ = net.SplitHostPort(remote.String())
	}
	ctx, cancel := context.WithTimeout(context.Background(), signInPatience)
	defer cancel()
	user, err := g.Accounts.SignIn(ctx, address, o.Username, o.Password)
	if err == nil {
		err = g.admit(c, user)
	}
	if err != nil {
		g.log.Info("a desk's system is not let in", "address", address, "error", err)
		return false
	}
	g.log.Info("a desk's system has signed in", "address", address, "user", user.ID, "organization", user.Org)
	return true
}

// admit gives a connection its account's reach.
func (g *gate) admit(c server.ClientAuthentication, user domain.User) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	reach := g.reach(&user)
	account, isNew := g.nats.LookupOrRegisterAccount(DeskConsumer(user.Org, user.Username))
	if account.NumConnections() >= deskConns {
		return errors.New("the account has too many connections")
	}
	var subjects []string
	for _, s := range reach {
		subjects = append(subjects, s.from)
		if !isNew {
			continue
		}
		if err := account.AddServiceImport(g.nats.GlobalAccount(), s.from, s.to); err != nil {
			return err
		}
	}
	c.RegisterUser(&server.User{
		Username: user.Username, Account: account,
		Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: subjects},
			Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
		},
	})
	g.conns[c.GetID()] = signedIn{user, time.Now()}
	return nil
}

// review ends the connections of accounts that are no longer what they were
// when they signed in, and those that have lasted long enough.
func (g *gate) review(ctx context.Context) {
	g.mu.Lock()
	conns, session := maps.Clone(g.conns), cmp.Or(g.session, deskSession)
	g.mu.Unlock()
	for id, was := range conns {
		if g.nats.GetClient(id) == nil {
			g.forget(id)
			continue
		}
		now, err := g.Accounts.Account(ctx, was.Username)
		if err != nil && domain.KindOf(err) != domain.KindNotFound {
			continue // the database is away; it is asked again
		}
		same := err == nil && now.DisabledAt == nil && now.Org == was.Org && now.Role == was.Role && now.PasswordHash == was.PasswordHash
		if same && time.Since(was.at) < session {
			continue
		}
		g.log.Info("a desk's system must sign in again", "user", was.ID, "account_changed", !same)
		_ = g.nats.DisconnectClientByID(id) // it may have gone by itself
		g.forget(id)
	}
}

func (g *gate) forget(id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, id)
}
