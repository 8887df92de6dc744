package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type healthOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

// readyPatience bounds a readiness check.
const readyPatience = 3 * time.Second

func (s *server) healthRoutes() {
	register(s, Public(), operation{
		method: http.MethodGet, path: "/healthz", root: true, id: "healthz", tag: "operations", summary: "Is the program alive?",
	}, func(context.Context, *Caller, *nothing) (*healthOutput, error) { return healthy(), nil })
	register(s, Public(), operation{
		method: http.MethodGet, path: "/readyz", root: true, id: "readyz", tag: "operations", summary: "Can it serve?",
	}, s.ready)
	handler := echo.WrapHandler(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	s.rawGet(Public(), "/metrics", func(c echo.Context, _ *Caller) error { return handler(c) })
}

func healthy() *healthOutput {
	out := &healthOutput{}
	out.Body.Status = "ok"
	return out
}

func (s *server) ready(ctx context.Context, _ *Caller, _ *nothing) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	err := s.Store.Ping(ctx)
	if err == nil {
		err = s.Ready(ctx)
	}
	if err != nil {
		s.Logger.Warn("not ready", "cause", err)
		return nil, &protocolError{http.StatusServiceUnavailable, "not_ready", retryAfterOverload}
	}
	return healthy(), nil
}

// metrics are what the API counts about itself.
type metrics struct {
	requests *prometheus.HistogramVec
	refusals *prometheus.CounterVec
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sudi_http_request_seconds", Help: "Time that requests took, by route and status.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "route", "status"}), refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sudi_http_limited_total", Help: "Requests refused because there were too many, by the limit that refused.",
	}, []string{"limit"})}
	for _, c := range []prometheus.Collector{m.requests, m.refusals, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}
