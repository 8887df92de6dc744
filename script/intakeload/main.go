// Command intakeload registers appeals over HTTP as fast as some connections
// can, for a bounded time, and prints how many were acknowledged per second.
// script/bench runs it beside pgbench; it refuses to load another machine.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// longest is the longest load that may be asked for.
const longest = 2 * time.Minute

func main() {
	base := flag.String("url", "http://127.0.0.1:8080", "server, on loopback")
	username := flag.String("user", "clerk-370404102", "account")
	connections := flag.Int("c", 32, "connections, at most 256")
	period := flag.Duration("t", 10*time.Second, "how long, at most 2m")
	flag.Parse()
	if err := run(*base, *username, min(*connections, 256), min(*period, longest)); err != nil {
		fmt.Fprintln(os.Stderr, "intakeload:", err)
		os.Exit(1)
	}
}

func run(base, username string, connections int, period time.Duration) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is not on loopback", base)
	}
	l := &load{base: base + "/api/v1", client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}}
	if err := l.login(username, os.Getenv("SUDI_DEMO_PASSWORD")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), period)
	defer cancel()
	begin := time.Now()
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() { l.register(ctx) })
	}
	wg.Wait()
	return l.print(time.Since(begin))
}

type load struct {
	base   string
	client *http.Client
	token  string
	done   atomic.Int64
	failed atomic.Int64
	mu     sync.Mutex
	took   []time.Duration
}

func (l *load) post(ctx context.Context, path string, body any) (int, []byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if l.token != "" {
		req.Header.Set("Authorization", "Bearer "+l.token)
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

func (l *load) login(username, password string) error {
	status, body, err := l.post(context.Background(), "/sessions", map[string]string{"username": username, "password": password})
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if status != http.StatusCreated || json.Unmarshal(body, &answer) != nil {
		return fmt.Errorf("signing in: %d %s", status, body)
	}
	l.token = answer.Token
	return nil
}

// register sends one appeal after another until the time is up.
func (l *load) register(ctx context.Context) {
	var took []time.Duration
	for ctx.Err() == nil {
		begin := time.Now()
		status, _, err := l.post(ctx, "/cases", map[string]any{
			"procedure": "appeal", "class": "help", "category": "010201", "title": "反映村口路灯不亮", "statement": "路灯坏了三个月。",
			"place": "370404102", "parties": []any{map[string]any{"role": "applicant", "name": "张某甲", "phone": "19900000001"}},
		})
		switch {
		case ctx.Err() != nil:
		case err != nil || status != http.StatusCreated:
			l.failed.Add(1)
		default:
			l.done.Add(1)
			took = append(took, time.Since(begin))
		}
	}
	l.mu.Lock()
	l.took = append(l.took, took...)
	l.mu.Unlock()
}

func (l *load) print(took time.Duration) error {
	slices.Sort(l.took)
	n := len(l.took)
	if n == 0 || l.failed.Load() > 0 {
		return fmt.Errorf("%d acknowledged, %d failed", n, l.failed.Load())
	}
	fmt.Printf("%.0f per second, p50 %s, p99 %s\n", float64(l.done.Load())/took.Seconds(),
		l.took[n/2].Round(10*time.Microsecond), l.took[n*99/100].Round(10*time.Microsecond))
	return nil
}
