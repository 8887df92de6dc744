// Police is an example of a police station's own system on Sudi's desk channel:
// it registers a quarrel, refers it to mediation and hears what came of it. It
// knows NATS and docs/asyncapi.yaml, and nothing else of Sudi.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	d := desk{user: os.Getenv("SUDI_USER"), password: os.Getenv("SUDI_PASSWORD")}
	flag.StringVar(&d.url, "nats", "nats://127.0.0.1:4222", "where Sudi's NATS is; tls:// beyond this machine")
	flag.StringVar(&d.county, "county", "370404", "code of the county")
	flag.StringVar(&d.org, "org", "370404102-police", "code of the police station")
	p := police{desk: &d}
	flag.StringVar(&p.file, "quarrel", "", "JSON file with the case to register and the action to take on it; none: only listen")
	flag.Parse()
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := p.read(); err != nil {
		log.Fatal(err)
	}
	if err := d.run(ctx, p.register, p.told); err != nil {
		log.Fatal(err)
	}
}

// police registers quarrels and hears what came of them.
type police struct {
	*desk
	file, key string
	quarrel   struct {
		Case json.RawMessage `json:"case"`
		Then struct {
			Action string          `json:"action"`
			Fields json.RawMessage `json:"fields"`
		} `json:"then"`
	}
}

// read reads the quarrel. The same file is the same case, however often sent.
func (p *police) read() error {
	if p.file == "" {
		return nil
	}
	raw, err := os.ReadFile(p.file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &p.quarrel); err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	p.key = fmt.Sprintf("quarrel-%x", sha256.Sum256(raw))
	return nil
}

// register registers the quarrel, if there is one, and takes the action on it.
func (p *police) register(ctx context.Context) error {
	if p.quarrel.Case == nil {
		return nil
	}
	a, err := p.call(ctx, request{Method: "POST", Path: "/api/v1/cases", IdempotencyKey: p.key, Body: p.quarrel.Case})
	if err != nil {
		return err
	}
	if a.Status != 201 {
		return fmt.Errorf("the quarrel is not taken: %d %s", a.Status, a.Body)
	}
	var c struct{ ID, Number string }
	_ = json.Unmarshal(a.Body, &c) // without it the address says as much
	log.Printf("registered: %s, %s", c.Number, a.Headers["location"])
	a, err = p.call(ctx, request{Method: "POST", Path: "/api/v1/cases/" + c.ID + "/actions/" + p.quarrel.Then.Action,
		IfMatch: `"1"`, Body: map[string]any{"fields": p.quarrel.Then.Fields}})
	if err != nil {
		return err
	}
	if a.Status != 200 && a.Status != 412 { // 412: it was done before, or the case has gone on
		return fmt.Errorf("%s: %d %s", p.quarrel.Then.Action, a.Status, a.Body)
	}
	log.Printf("%s: %d", p.quarrel.Then.Action, a.Status)
	p.quarrel.Case = nil
	return nil
}

// told prints what came to the desk and how the case stands now.
func (p *police) told(ctx context.Context, e event) error {
	a, err := p.call(ctx, request{Method: "GET", Path: "/api/v1/cases/" + e.CaseID})
	if err != nil {
		return err
	}
	if a.Status != 200 { // out of our sight again
		log.Printf("%s: %s; the case: %s", e.Number, e.Event, a.Body)
		return nil
	}
	var c struct{ Title, State, Disposition, Outcome string }
	if err := json.Unmarshal(a.Body, &c); err != nil {
		return err
	}
	log.Printf("%s: %s: %s is %s (%s %s)", e.Number, e.Event, c.Title, c.State, c.Disposition, c.Outcome)
	return nil
}

// desk is a signed-in organisation; the same in every client.
type desk struct {
	url, county, org, user, password string

	nats *nats.Conn
}

// event is what we read of a CloudEvent's data.
type event struct {
	CaseID string `json:"case_id"`
	Number string `json:"number"`
	Event  string `json:"event"`
	To     string `json:"to"`
}

// request is one call of Sudi's API, answer what comes back.
type request struct {
	Method         string `json:"method"`
	Path           string `json:"path"`
	IfMatch        string `json:"if_match,omitempty"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	AcceptLanguage string `json:"accept_language,omitempty"`
	Body           any    `json:"body,omitempty"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// run connects, begins and handles the desk's events until ctx ends; whatever
// fails meanwhile is tried again.
func (d *desk) run(ctx context.Context, begin func(context.Context) error, handle func(context.Context, event) error) (err error) {
	d.nats, err = nats.Connect(d.url, nats.UserInfo(d.user, d.password), nats.Name("police"),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { log.Printf("connecting: %v", err) }))
	if err != nil {
		return err
	}
	defer d.nats.Close()
	for ctx.Err() == nil {
		err := begin(ctx)
		if err == nil {
			err = d.listen(ctx, handle)
		}
		if err != nil && ctx.Err() == nil {
			log.Printf("%v; trying again", err)
			pause(ctx, time.Second)
		}
	}
	log.Print("stopped")
	return nil
}

// listen handles events until something fails.
func (d *desk) listen(ctx context.Context, handle func(context.Context, event) error) error {
	a, err := d.call(ctx, request{Method: "GET", Path: "/api/v1/me"})
	if err != nil {
		return err
	}
	if a.Status != 200 {
		return fmt.Errorf("who are we? %d %s", a.Status, a.Body)
	}
	js, err := jetstream.NewWithAPIPrefix(d.nats, "sudi."+d.county+".js")
	if err != nil {
		return err
	}
	consumer, err := js.Consumer(ctx, "SUDI_CASES", token(d.org)+"="+token(d.user)) // an answer means that it is there
	if err != nil {
		return err
	}
	log.Printf("listening as %s", a.Body)
	for ctx.Err() == nil {
		batch, err := consumer.Fetch(10, jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			return err
		}
		for m := range batch.Messages() {
			d.handle(ctx, m, handle)
		}
		if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return err
		}
	}
	return nil
}

// handle handles one message. What failed comes again, after a while.
func (d *desk) handle(ctx context.Context, m jetstream.Msg, handle func(context.Context, event) error) {
	var envelope struct {
		Data event `json:"data"`
	}
	if err := json.Unmarshal(m.Data(), &envelope); err != nil {
		log.Printf("unreadable: %v", err)
		_ = m.Term()
		return
	}
	if err := handle(ctx, envelope.Data); err != nil {
		log.Printf("%v; it will come again", err)
		_ = m.NakWithDelay(5 * time.Second)
		return
	}
	_ = m.Ack() // if it is lost, the event comes again
}

// call sends a request and waits for its answer. It may be repeated: If-Match
// and Idempotency-Key keep it from happening twice.
func (d *desk) call(ctx context.Context, r request) (a answer, err error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	m, err := d.nats.RequestWithContext(ctx, "sudi."+d.county+".api."+token(d.user), raw)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return a, err
	}
	if a.Status >= 500 || a.Status == 429 {
		return a, fmt.Errorf("Sudi cannot answer now: %s", a.Body)
	}
	return a, nil
}

// token writes a name as one token of a subject: all but letters, digits, "-"
// and "_" is percent-encoded.
func token(s string) (t string) {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			t += string(c)
		default:
			t += fmt.Sprintf("%%%02X", c)
		}
	}
	return t
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
