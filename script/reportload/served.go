package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// served reads figures as people do, over HTTP from the server of the database.
type served struct {
	base, token string
}

// The pages that are measured, for who sees the whole county.
func pages() []string {
	return []string{
		fmt.Sprintf("/figures?year=%d&compare=year", reportYear),
		fmt.Sprintf("/figures?year=%d&by=month", reportYear),
		fmt.Sprintf("/figures?year=%d&by=township&compare=year", reportYear),
		fmt.Sprintf("/figures?year=%d&by=organization", reportYear),
		fmt.Sprintf("/reports/annual/%d", reportYear),
	}
}

// signIn refuses a server on another machine.
func signIn(ctx context.Context, base, username string) (*served, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is not on loopback", base)
	}
	s := &served{base: base + "/api/v1"}
	var answer struct {
		Token string `json:"token"`
	}
	err = s.do(ctx, http.MethodPost, "/sessions", map[string]string{"username": username, "password": os.Getenv("SUDI_DEMO_PASSWORD")}, &answer)
	s.token = answer.Token
	return s, err
}

func (s *served) do(ctx context.Context, method, path string, body, into any) error {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, &payload)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// page reads a page a number of times.
func (s *served) page(ctx context.Context, path string, n int) (times, error) {
	var took times
	for range n {
		begin := time.Now()
		if err := s.do(ctx, http.MethodGet, path, nil, nil); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// freshness registers appeals and reads the figure that counts them, until it
// does: how long after the answer to the one did the other show it.
func (s *served) freshness(ctx context.Context, clerk *served, n int) (times, error) {
	count, err := s.appeals(ctx)
	if err != nil {
		return nil, err
	}
	var took times
	for range n {
		if err := clerk.do(ctx, http.MethodPost, "/cases", map[string]any{
			"procedure": "appeal", "class": "help", "category": "010201", "title": "反映村口路灯不亮", "statement": "路灯坏了三个月。",
			"place": "370404102", "parties": []any{map[string]any{"role": "applicant", "name": "张某甲", "phone": "19900000001"}},
		}, nil); err != nil {
			return nil, err
		}
		begin := time.Now()
		for now := count; now == count; {
			if now, err = s.appeals(ctx); err != nil {
				return nil, err
			}
		}
		count++
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// appeals is how many appeals were received this year.
func (s *served) appeals(ctx context.Context) (int64, error) {
	var answer struct {
		Figures []struct {
			Code      string `json:"code"`
			Numerator *int64 `json:"numerator"`
		} `json:"figures"`
	}
	if err := s.do(ctx, http.MethodGet, "/figures", nil, &answer); err != nil {
		return 0, err
	}
	for _, f := range answer.Figures {
		if f.Code == "appeals.received" && f.Numerator != nil {
			return *f.Numerator, nil
		}
	}
	return 0, errors.New("no figure appeals.received")
}
