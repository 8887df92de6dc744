package events

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// accounts are accounts in memory.
type accounts struct {
	mu    sync.Mutex
	users map[string]domain.User
}

func (a *accounts) SignIn(ctx context.Context, _, username, password string) (domain.User, error) {
	u, err := a.Account(ctx, username)
	if err != nil || u.DisabledAt != nil || u.PasswordHash != password {
		return domain.User{}, domain.Errorf(domain.KindUnauthenticated, "wrong_password")
	}
	return u, nil
}

func (a *accounts) Account(_ context.Context, username string) (domain.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u, ok := a.users[username]
	if !ok {
		return domain.User{}, domain.Errorf(domain.KindNotFound, "no_user")
	}
	return u, nil
}

func (a *accounts) edit(username string, f func(*domain.User)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.users[username]
	f(&u)
	a.users[username] = u
}

const (
	courtOrg, courtName   = "370404-court", "court.system"
	policeOrg, policeName = "370404102-police", "police-system"
)

// newDesks is a bench whose broker listens, with a relay and a responder that
// echoes, and the accounts of a court's and a police station's system.
func newDesks(t *testing.T) (*bench, *accounts) {
	people := &accounts{users: map[string]domain.User{}}
	for _, u := range []domain.User{
		{ID: "1", Username: courtName, Org: courtOrg, PasswordHash: "court-secret"},
		{ID: "2", Username: policeName, Org: policeOrg, PasswordHash: "police-secret"},
		{ID: "3", Username: "court-clerk", Org: courtOrg, PasswordHash: "clerk-secret"},
	} {
		people.users[u.Username] = u
	}
	b := &bench{
		t: t, dir: filepath.Join(t.TempDir(), "broker"), memory: newMemory(), log: slog.New(slog.DiscardHandler),
		desks: Desks{Listen: "127.0.0.1:0", County: county, Accounts: people},
	}
	b.start()
	t.Cleanup(b.stop)
	b.run(b.relay().Run)
	b.answer(people)
	_, err := b.stream()
	require.NoError(t, err)
	return b, people
}

func (b *bench) answer(people Accounts) {
	b.run((&Responder{Conn: b.conn, County: county, Accounts: people, Log: b.log, Answer: echo}).Run)
}

func echo(ctx context.Context, username string, request []byte, _ int) []byte {
	if ctx.Err() != nil {
		return []byte("busy")
	}
	return []byte(username + " asked " + string(request))
}

// stream waits until the relay has made the case stream.
func (b *bench) stream() (s jetstream.Stream, err error) {
	b.eventually(func() bool {
		s, err = b.js().Stream(b.t.Context(), CasesStream)
		return err == nil
	})
	return s, err
}

// system is an organisation's own system: it knows NATS and the AsyncAPI page.
type system struct {
	*nats.Conn
	t        *testing.T
	name     string
	consumer string
	mu       sync.Mutex
	errs     []string
}

func (b *bench) system(t *testing.T, username, password, org string, opts ...nats.Option) (*system, error) {
	s := &system{t: t, name: username, consumer: DeskConsumer(org, username)}
	conn, err := nats.Connect("nats://"+b.server.Addr(), append([]nats.Option{
		nats.UserInfo(username, password), nats.ReconnectWait(20 * time.Millisecond), nats.MaxReconnects(-1),
		nats.ErrorHandler(s.note),
	}, opts...)...)
	if err == nil {
		s.Conn = conn
		t.Cleanup(conn.Close)
	}
	return s, err
}

func (s *system) note(_ *nats.Conn, _ *nats.Subscription, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err.Error())
}

func (b *bench) court(t *testing.T) *system {
	s, err := b.system(t, courtName, "court-secret", courtOrg)
	require.NoError(t, err)
	return s
}

func (s *system) ask(text string) string {
	s.t.Helper()
	m, err := s.Request(RequestSubject(county, s.name), []byte(text), patient)
	require.NoError(s.t, err)
	return string(m.Data)
}

// next takes the desk's next event.
func (s *system) next() domain.Event {
	s.t.Helper()
	js, err := jetstream.NewWithAPIPrefix(s.Conn, DeskAPI(county))
	require.NoError(s.t, err)
	c, err := js.Consumer(s.t.Context(), CasesStream, s.consumer)
	require.NoError(s.t, err)
	m, err := c.Next(jetstream.FetchMaxWait(patient))
	require.NoError(s.t, err)
	e, err := Decode(m.Data())
	require.NoError(s.t, err)
	require.NoError(s.t, m.DoubleAck(s.t.Context()))
	return e
}

// violations counts what the server refused.
func (s *system) violations() int {
	require.NoError(s.t, s.Flush())
	time.Sleep(20 * time.Millisecond) // the errors come by themselves
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, text := range s.errs {
		if strings.Contains(strings.ToLower(text), "permissions violation") {
			n++
		}
	}
	return n
}

func handedTo(org string, caseNo int) domain.Event {
	e := event(caseNo, 1)
	e.HandedOver, e.Desk = true, org
	return e
}

func TestADeskHearsOfItsOwnAndAnswers(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	told := event(3, 1)
	told.Notified = []string{policeOrg, courtOrg}
	b.memory.commit(handedTo(courtOrg, 1), handedTo(policeOrg, 2), told)
	court := b.court(t)
	require.Equal(t, courtName+" asked who", court.ask("who"))
	require.Equal(t, event(1, 1).ID, court.next().ID)
	require.Equal(t, event(3, 1).ID, court.next().ID)

	court.Close() // where it left off is kept
	b.memory.commit(handedTo(courtOrg, 4))
	require.Equal(t, event(4, 1).ID, b.court(t).next().ID)
	other, err := b.system(t, "court-clerk", "clerk-secret", courtOrg)
	require.NoError(t, err)
	other.ask("who")
	require.Equal(t, event(1, 1).ID, other.next().ID, "each account has its own place")
}

func TestWhoIsNotKnownIsNotLetIn(t *testing.T) {
	t.Parallel()
	b, people := newDesks(t)
	people.edit("court-clerk", func(u *domain.User) { now := time.Now(); u.DisabledAt = &now })
	for _, opts := range [][]nats.Option{
		nil, // not even a name
		{nats.UserInfo(courtName, "wrong")},
		{nats.UserInfo("nobody", "court-secret")},
		{nats.UserInfo("", "court-secret")},
		{nats.UserInfo("court-clerk", "clerk-secret")}, // disabled
		{nats.UserInfo(courtName, strings.Repeat("x", 1000))},
		{nats.Token("")},
		{nats.Token("guessed")},
		{nats.UserInfo("sudi", ""), nats.Token("x")},
	} {
		_, err := nats.Connect("nats://"+b.server.Addr(), opts...)
		require.ErrorIs(t, err, nats.ErrAuthorization)
	}
	raw, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	for _, f := range raw { // our own credential is in memory only
		require.True(t, f.IsDir(), f.Name())
	}
}

// A court's system tries all that it should not reach.
func TestADeskReachesNothingElse(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	b.memory.commit(handedTo(courtOrg, 1), handedTo(policeOrg, 2), event(3, 1))
	court := b.court(t)
	court.ask("who")
	police, err := b.system(t, policeName, "police-secret", policeOrg)
	require.NoError(t, err)
	police.ask("who")
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	before := b.stored(CasesStream)
	heard := make(chan *nats.Msg, 100)
	police.Conn.ChanSubscribe("_INBOX.police", heard)
	require.NoError(t, police.Flush())

	for _, s := range []string{
		">", "*", "sudi.>", AllCases(county), AllDesks(county), Desk(county, courtOrg), Desk(county, policeOrg), AllRequests(county),
		RequestSubject(county, courtName), RequestSubject(county, policeName), "$SYS.>", "$SYS.ACCOUNT.*.CONNECT", "$JS.>", "$JS.API.>",
		"$JS.EVENT.ADVISORY.>", "$JS.ACK.>", "$JS.FC.>", "_R_.>", "$KV.>", "$O.>",
	} {
		n := court.violations()
		_, err := court.SubscribeSync(s)
		require.NoError(t, err)
		require.Greater(t, court.violations(), n, "subscribed to %s", s)
	}

	foreign := DeskConsumer(policeOrg, policeName)
	own := "$JS.API.CONSUMER.INFO." + CasesStream + "." + court.consumer
	for _, s := range []string{
		own, CaseSubject(county, event(3, 1)), DeskSubject(county, courtOrg, "x"), DeskSubject(county, policeOrg, "x"), DeadSubject(county, "router"),
		RequestSubject(county, policeName), RequestSubject(county, "admin"), "_INBOX.police", "_R_.x",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.STREAM.INFO." + CasesStream, "$JS.API.STREAM.PURGE." + CasesStream, "$JS.API.STREAM.DELETE." + CasesStream,
		"$JS.API.STREAM.UPDATE." + CasesStream, "$JS.API.STREAM.CREATE.MINE", "$JS.API.STREAM.SNAPSHOT." + CasesStream,
		"$JS.API.STREAM.MSG.GET." + CasesStream, "$JS.API.STREAM.MSG.DELETE." + CasesStream, "$JS.API.DIRECT.GET." + CasesStream,
		"$JS.API.STREAM.INFO." + DeadStream, "$JS.API.CONSUMER.NAMES." + CasesStream, "$JS.API.CONSUMER.LIST." + CasesStream,
		"$JS.API.CONSUMER.CREATE." + CasesStream, "$JS.API.CONSUMER.CREATE." + CasesStream + "." + court.consumer,
		"$JS.API.CONSUMER.CREATE." + CasesStream + "." + court.consumer + "." + Desk(county, courtOrg),
		"$JS.API.CONSUMER.CREATE." + CasesStream + ".mine." + Desk(county, policeOrg),
		"$JS.API.CONSUMER.DURABLE.CREATE." + CasesStream + "." + court.consumer,
		"$JS.API.CONSUMER.INFO." + CasesStream + "." + foreign, "$JS.API.CONSUMER.INFO." + CasesStream + ".router",
		"$JS.API.CONSUMER.MSG.NEXT." + CasesStream + "." + foreign, "$JS.API.CONSUMER.MSG.NEXT." + CasesStream + ".router",
		"$JS.API.CONSUMER.DELETE." + CasesStream + "." + foreign, "$JS.API.CONSUMER.DELETE." + CasesStream + "." + court.consumer,
		"$JS.API.CONSUMER.PAUSE." + CasesStream + ".router", "$JS.API.CONSUMER.RESET." + CasesStream + "." + court.consumer,
		"$JS.ACK." + CasesStream + "." + foreign + ".1.1.1.1.0", "$JS.ACK." + CasesStream + ".router.1.1.1.1.0",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.USER.INFO",
		DeskAPI(county) + ".CONSUMER.INFO." + CasesStream + "." + foreign, DeskAPI(county) + ".CONSUMER.MSG.NEXT." + CasesStream + ".router",
		DeskAPI(county) + ".CONSUMER.DELETE." + CasesStream + "." + court.consumer, DeskAPI(county) + ".STREAM.PURGE." + CasesStream,
	} {
		n := court.violations()
		require.NoError(t, court.PublishRequest(s, "_INBOX.mine", []byte("{}")))
		require.Greater(t, court.violations(), n, "published on %s", s)
	}
	require.Equal(t, before, b.stored(CasesStream))
	require.Empty(t, heard)
	require.Equal(t, handedTo(policeOrg, 2).ID, police.next().ID, "its consumer is as it was")
}

// Whoever asks chooses where the answer goes. It goes nowhere but to himself.
func TestAnswersReachNobodyElse(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	b.memory.commit(handedTo(courtOrg, 1), handedTo(courtOrg, 4), handedTo(policeOrg, 2))
	court := b.court(t)
	court.ask("who")
	police, err := b.system(t, policeName, "police-secret", policeOrg)
	require.NoError(t, err)
	police.ask("who")
	heard := make(chan *nats.Msg, 100)
	_, err = police.ChanSubscribe("_INBOX.police.>", heard)
	require.NoError(t, err)
	require.NoError(t, police.Flush())
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	before := b.stored(CasesStream)
	for _, reply := range []string{
		CaseSubject(county, event(9, 1)), DeskSubject(county, policeOrg, "x"), DeadSubject(county, "router"), RequestSubject(county, policeName),
		"_INBOX.police.x", "$JS.API.STREAM.DELETE." + CasesStream, "$JS.API.STREAM.PURGE." + CasesStream,
		"$JS.API.CONSUMER.DELETE." + CasesStream + "." + DeskConsumer(policeOrg, policeName), "$SYS.REQ.SERVER.PING",
	} {
		for _, s := range []string{
			RequestSubject(county, courtName),
			DeskAPI(county) + ".CONSUMER.INFO." + CasesStream + "." + court.consumer,
			DeskAPI(county) + ".CONSUMER.MSG.NEXT." + CasesStream + "." + court.consumer,
			"$JS.ACK." + CasesStream + "." + court.consumer + ".1.1.1.1.0.0",
		} {
			require.NoError(t, court.PublishRequest(s, reply, nil))
		}
	}
	require.NoError(t, court.Flush())
	time.Sleep(100 * time.Millisecond)
	require.Equal(t, before, b.stored(CasesStream))
	dead, err := b.js().Stream(t.Context(), DeadStream)
	require.NoError(t, err)
	require.Zero(t, dead.CachedInfo().State.Msgs)
	require.Empty(t, heard)
	require.Equal(t, handedTo(policeOrg, 2).ID, police.next().ID)
}

func TestAChangedAccountIsDisconnected(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.User){
		"disabled":     func(u *domain.User) { now := time.Now(); u.DisabledAt = &now },
		"moved":        func(u *domain.User) { u.Org = policeOrg },
		"new password": func(u *domain.User) { u.PasswordHash = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, people := newDesks(t)
			court, err := b.system(t, courtName, "court-secret", courtOrg, nats.NoReconnect())
			require.NoError(t, err)
			other, err := b.system(t, "court-clerk", "clerk-secret", courtOrg, nats.NoReconnect())
			require.NoError(t, err)
			people.edit(courtName, change)
			b.eventually(court.IsClosed)
			require.True(t, other.IsConnected())
		})
	}
}

// A system that signs in again and again hears on.
func TestASessionEndsAndTheNextBegins(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	session := func(d time.Duration) {
		b.server.gate.mu.Lock()
		defer b.server.gate.mu.Unlock()
		b.server.gate.session = d
	}
	session(50 * time.Millisecond)
	court := b.court(t)
	court.ask("who")
	b.eventually(func() bool { return court.Stats().Reconnects >= 3 })
	session(time.Hour)
	b.eventually(court.IsConnected)
	b.memory.commit(handedTo(courtOrg, 1))
	require.Equal(t, event(1, 1).ID, court.next().ID)
}

// The broker's store may be deleted at any moment: the desk's system connects
// again, asks again, and hears of the open cases again.
func TestADeskSurvivesTheLossOfTheStore(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	b.memory.commit(handedTo(courtOrg, 1))
	court := b.court(t)
	court.ask("who")
	require.Equal(t, event(1, 1).ID, court.next().ID)
	port := b.server.Addr()
	require.NoError(t, os.RemoveAll(b.dir))
	b.eventually(func() bool { return b.memory.requeued() > 0 && b.memory.waiting() == 0 && b.server.Addr() == port })
	b.eventually(func() bool {
		m, err := court.Request(RequestSubject(county, courtName), []byte("again"), time.Second)
		return err == nil && string(m.Data) == courtName+" asked again"
	})
	require.Equal(t, event(1, 1).ID, court.next().ID)
}

func TestABusyResponderSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hold := make(chan struct{})
	b.run((&Responder{Conn: b.conn, County: county, Accounts: &accounts{}, Log: b.log, Answer: func(ctx context.Context, _ string, _ []byte, _ int) []byte {
		if ctx.Err() != nil {
			return []byte("busy")
		}
		<-hold
		return []byte("done")
	}}).Run)
	answers := make(chan *nats.Msg, answersAtOnce+1)
	_, err := b.conn.ChanSubscribe("_INBOX.x", answers)
	require.NoError(t, err)
	time.Sleep(50 * time.Millisecond)
	for range answersAtOnce + 1 {
		require.NoError(t, b.conn.PublishRequest(RequestSubject(county, "x"), "_INBOX.x", nil))
	}
	require.Equal(t, "busy", string((<-answers).Data))
	close(hold)
	for range answersAtOnce {
		require.Equal(t, "done", string((<-answers).Data))
	}
}

// Should an operator put a system into Sudi's own NATS account, Sudi at least
// does not lend it its own hand.
func TestResponderAnswersInboxesOnly(t *testing.T) {
	t.Parallel()
	b, _ := newDesks(t)
	require.NoError(t, b.conn.PublishRequest(RequestSubject(county, courtName), CaseSubject(county, event(1, 1)), []byte("x")))
	require.NoError(t, b.conn.Publish("sudi."+county+".api.%zz", []byte("x")))
	m, err := b.conn.Request(RequestSubject(county, courtName), []byte("x"), patient)
	require.NoError(t, err)
	require.Equal(t, courtName+" asked x", string(m.Data))
	stream, err := b.stream()
	require.NoError(t, err)
	require.Zero(t, stream.CachedInfo().State.Msgs)
}

func TestEachNameHasItsSubjectAndConsumer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, org := range []string{"370404", "370404-court", "370404=court", "370404.court", "法院", ""} {
		for _, name := range []string{"x", "court-x", "court=x", "a.b", "a*", ">", "民警", "%"} {
			who, ok := requester(county, RequestSubject(county, name))
			require.True(t, ok)
			require.Equal(t, name, who)
			consumer := DeskConsumer(org, name)
			require.NotContains(t, consumer, ".")
			require.False(t, seen[consumer], consumer)
			seen[consumer] = true
		}
	}
}

func TestATakenPortIsNoBrokenStore(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dir := filepath.Join(t.TempDir(), "broker")
	for _, listen := range []string{l.Addr().String(), "127.0.0.1:x", "127.0.0.1"} {
		_, err = StartServer(dir, Desks{Listen: listen, County: county, Accounts: &accounts{}}, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, errPort, listen)
	}
	aside, err := filepath.Glob(dir + "*")
	require.NoError(t, err)
	require.Empty(t, aside)
}
