// Court is an example of a court's own system on Sudi's desk channel: it takes
// over the applications for judicial confirmation that come to its desk and
// records the rulings. It knows NATS and docs/asyncapi.yaml, and nothing else
// of Sudi.
package main

import (
	"context"
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
	flag.StringVar(&d.org, "org", "370404-court", "code of the court")
	ruling := flag.String("ruling", "confirm", "what this example rules: confirm or reject")
	flag.Parse()
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := court{desk: &d, ruling: *ruling}
	if err := d.run(ctx, c.take); err != nil {
		log.Fatal(err)
	}
}

// court decides about confirmations.
type court struct {
	*desk
	ruling string
}

// take brings a case that came to the desk as far as the court can. It asks
// each time what may be done now, so an event that comes twice, or a program
// that was stopped in between, does no harm.
func (c *court) take(ctx context.Context, e event) error {
	log.Printf("%s: %s, now %s", e.Number, e.Event, e.To)
	for range 5 { // more often nobody changes a case under our hands
		offered, etag, err := c.offered(ctx, e.CaseID)
		if err != nil {
			return err
		}
		number := "民特-" + e.Number // a court's own number, the same however often it is asked
		action, fields := "", map[string]any{"court_number": number}
		switch {
		case offered["court_accept"]:
			action = "court_accept"
		case offered["confirm"] && c.ruling == "confirm":
			action = "confirm"
		case offered["reject_confirmation"] && c.ruling == "reject":
			action, fields["reason"] = "reject_confirmation", "调解协议内容不明确"
		default:
			return nil // nothing here waits for the court
		}
		a, err := c.call(ctx, request{
			Method: "POST", Path: "/api/v1/cases/" + e.CaseID + "/actions/" + action, IfMatch: etag,
			Body: map[string]any{"fields": fields},
		})
		if err != nil {
			return err
		}
		switch a.Status {
		case 200:
			log.Printf("%s: %s done as %s", e.Number, action, number)
		case 409, 412: // somebody acted meanwhile: look again
		default:
			return fmt.Errorf("%s: %s: %s", e.Number, action, a.Body)
		}
	}
	return errors.New("the case changes all the time")
}

// offered gives the actions that we may take on a case now, and its version.
func (c *court) offered(ctx context.Context, id string) (map[string]bool, string, error) {
	a, err := c.call(ctx, request{Method: "GET", Path: "/api/v1/cases/" + id + "/actions"})
	if err != nil || a.Status == 404 { // taken from our desk again, and so out of our sight
		return nil, "", err
	}
	var list struct {
		Items []struct {
			Action  string `json:"action"`
			Blocked string `json:"blocked"`
		} `json:"items"`
	}
	if err := json.Unmarshal(a.Body, &list); a.Status != 200 || err != nil {
		return nil, "", fmt.Errorf("actions: %d %s", a.Status, a.Body)
	}
	offered := map[string]bool{}
	for _, item := range list.Items {
		offered[item.Action] = item.Blocked == ""
	}
	return offered, a.Headers["etag"], nil
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

// run connects and handles the desk's events until ctx ends; whatever fails
// meanwhile is tried again.
func (d *desk) run(ctx context.Context, handle func(context.Context, event) error) (err error) {
	d.nats, err = nats.Connect(d.url, nats.UserInfo(d.user, d.password), nats.Name("court"),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { log.Printf("connecting: %v", err) }))
	if err != nil {
		return err
	}
	defer d.nats.Close()
	for ctx.Err() == nil {
		if err := d.listen(ctx, handle); err != nil && ctx.Err() == nil {
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
