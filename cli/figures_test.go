package cli

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"sudi/api"
	"sudi/county"
	"sudi/domain"
	"sudi/report"
)

// accounts are the model county's, and one of a village, by name.
var accounts = sync.OnceValue(func() map[string]domain.User {
	byName := map[string]domain.User{}
	for _, u := range county.Users() {
		byName[u.Username] = u
	}
	return byName
})

// figure is one as the API sends it.
type figure struct {
	Code                   string
	Group                  string
	Numerator, Denominator *int64
	Value                  *float64
	NotBefore              string `json:"not_before"`
	Cases                  *struct{ Numerator, Denominator string }
}

// reader opens figures as one user.
type reader struct {
	base, token string
	own         string // the organisation that his figures are of

	mu     sync.Mutex
	opened map[string]int64 // "indicator side" → the longest list
	lists  int
}

// get reads a page, and says what is wrong when there is none.
func (r *reader) get(path string, into any) (int, error) {
	req, err := http.NewRequest(http.MethodGet, r.base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(into)
}

// item is a case in a list.
type item struct {
	domain.Case
	Statement *string `json:"statement"`
	Parties   any     `json:"parties"`
}

// list reads the list at an address to its end.
func (r *reader) list(address string) (items []item, withheld int64, err error) {
	seen := map[string]bool{}
	for cursor := ""; ; {
		var page struct {
			Items    []item
			Next     string
			Withheld int64
			Detail   string
		}
		status, err := r.get(address+cursor, &page)
		if err != nil || status != http.StatusOK {
			return nil, 0, fmt.Errorf("%s: %d %s %w", address, status, page.Detail, err)
		}
		for _, c := range page.Items {
			if seen[c.ID] {
				return nil, 0, fmt.Errorf("%s: %s twice", address, c.ID)
			}
			seen[c.ID] = true
		}
		items, withheld = append(items, page.Items...), withheld+page.Withheld
		if page.Next == "" {
			return items, withheld, nil
		}
		cursor = "&cursor=" + page.Next
	}
}

// figures asks for those of a query.
func (r *reader) figures(t *testing.T, query string) []figure {
	t.Helper()
	var answer struct{ Figures []figure }
	status, err := r.get("/api/v1/figures?"+query, &answer)
	require.NoError(t, err, query)
	require.Equal(t, http.StatusOK, status, query)
	require.NotEmpty(t, answer.Figures, query)
	return answer.Figures
}

// open follows a side of a figure to its cases, which must be those that the
// measure counts, as many as the figure says.
func (r *reader) open(address, measure string, want int64) ([]item, error) {
	items, withheld, err := r.list(address)
	if err != nil {
		return nil, err
	}
	m := domain.MeasureByCode(measure)
	got := withheld
	for i := range items {
		if _, counted := m.Counts(&items[i].Case); !counted {
			return nil, fmt.Errorf("%s: %s is not counted", address, items[i].ID)
		}
		got += m.Amount(&items[i].Case)
	}
	if got != want {
		return nil, fmt.Errorf("%s: the figure is %d, the list %d", address, want, got)
	}
	return items, nil
}

// check opens a figure on both sides and works its value out anew.
func (r *reader) check(f *figure) error {
	ind := domain.IndicatorByCode(f.Code)
	if len(ind.OrgKinds) > 0 || f.NotBefore != "" {
		if f.Cases != nil {
			return fmt.Errorf("%s %s has cases, though it has none", f.Code, f.Group)
		}
		return nil
	}
	var value report.Value
	if f.Numerator != nil {
		if err := r.side(f, "numerator", f.Cases.Numerator, ind.Numerator, *f.Numerator, nil); err != nil {
			return err
		}
		value = report.Count(*f.Numerator)
	}
	if f.Denominator != nil {
		var days []int
		if err := r.side(f, "denominator", f.Cases.Denominator, ind.Denominator, *f.Denominator, &days); err != nil {
			return err
		}
		switch ind.Form {
		case domain.FormRate:
			value = report.Rate(*f.Numerator, *f.Denominator)
		case domain.FormMean:
			value = meanOf(days)
		default:
			value = ninth(days)
		}
		if int64(len(days)) != *f.Denominator {
			return nil // some are withheld from this reader
		}
	}
	if value.Known() != (f.Value != nil) || value.Known() && value.Float() != *f.Value {
		return fmt.Errorf("%s %s: the value is %v, not %v", f.Code, f.Group, f.Value, value)
	}
	return nil
}

func (r *reader) side(f *figure, side, address, measure string, want int64, days *[]int) error {
	items, err := r.open(address, measure, want)
	if err != nil {
		return err
	}
	for i := range items {
		if days != nil {
			*days = append(*days, items[i].HandledDays())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists++
	r.opened[f.Code+" "+side] = max(r.opened[f.Code+" "+side], int64(len(items)))
	return nil
}

func meanOf(days []int) report.Value {
	var sum int64
	for _, d := range days {
		sum += int64(d)
	}
	return report.Mean(sum, int64(len(days)))
}

// ninth is the day on which the last of the first nine tenths was done.
func ninth(days []int) report.Value {
	if len(days) == 0 {
		return report.Value{}
	}
	slices.Sort(days)
	return report.Count(int64(days[(9*len(days)+9)/10-1]))
}

// empty reports whether there is nothing in a figure.
func (f *figure) empty() bool {
	return (f.Numerator == nil || *f.Numerator == 0) && (f.Denominator == nil || *f.Denominator == 0)
}

// openAll opens every figure of a query; of those in which there is nothing
// every twentieth.
func (r *reader) openAll(t *testing.T, query string) {
	t.Helper()
	fs := r.figures(t, query)
	var group errgroup.Group
	group.SetLimit(6)
	for i := range fs {
		if fs[i].empty() && i%20 != 0 {
			continue
		}
		group.Go(func() error { return r.check(&fs[i]) })
	}
	require.NoError(t, group.Wait(), query)
}

// serveAPI is the product's API over the drill's county, at the drill's time.
func (d *drill) serveAPI() string {
	handler, err := api.New(api.Config{
		Engine: d.engine, Store: d.store, Figures: report.New(d.store, d.now), Reports: report.New(d.store, d.now), Now: d.now, Logger: slog.New(slog.DiscardHandler),
		NoLimits: true, // thousands of lists are opened
	})
	require.NoError(d.t, err)
	server := httptest.NewServer(handler)
	d.t.Cleanup(server.Close)
	return server.URL
}

// village is whose committee answers for the most cases, and an account there.
func (d *drill) village() (committee string) {
	owned := map[string]int{}
	dir := d.engine.Rules().Directory
	d.each(func(f *domain.File, _ []domain.Entry) {
		if dir.Get(f.Case.Owner).Kind == domain.OrgVillageCommittee {
			owned[f.Case.Owner]++
		}
	})
	for code, n := range owned {
		if n > owned[committee] || n == owned[committee] && code < committee {
			committee = code
		}
	}
	require.NotEmpty(d.t, committee)
	return committee
}

// admit makes the accounts that the drill reads with.
func (d *drill) admit(base, village string) func(username string) *reader {
	hash, err := api.HashPassword(testPassword)
	require.NoError(d.t, err)
	users := []domain.User{{ID: d.engine.NewID(), Username: "clerk-of-a-village", Name: "村窗口", Role: domain.RoleClerk, Org: village}}
	for _, name := range []string{"supervisor", "leader", "clerk-370404102", "supervisor-370404-petition"} {
		users = append(users, accounts()[name])
	}
	for i := range users {
		users[i].PasswordHash, users[i].CreatedAt = hash, d.at
	}
	require.NoError(d.t, d.store.PutUsers(d.t.Context(), users))
	return func(username string) *reader {
		c := &client{t: d.t, base: base + "/api/v1"}
		c.signIn(username, testPassword)
		i := slices.IndexFunc(users, func(u domain.User) bool { return u.Username == username })
		return &reader{base: base, token: c.token, own: users[i].Org, opened: map[string]int64{}}
	}
}

var groupings = []string{"", "month", "township", "category", "procedure", "organization"}

// TestEveryFigureOpens fills a county with every story of every procedure, lets
// half a year of everything that could disturb a figure happen to it, and opens
// each figure to its cases.
func TestEveryFigureOpens(t *testing.T) {
	if testing.Short() {
		t.Skip("opens some thousands of lists")
	}
	begun := time.Now()
	lap := func(what string) { t.Log(what, time.Since(begun).Round(time.Second)) }
	d := newDrill(t, 1)
	users := make([]domain.User, 0, len(accounts()))
	for _, u := range accounts() {
		u.CreatedAt = d.at
		users = append(users, u)
	}
	require.NoError(t, d.store.PutUsers(t.Context(), users))
	d.play(1)
	_, err := d.store.FoldTallies(t.Context())
	require.NoError(t, err)
	lap("played")
	d.goOn(400, domain.NewDate(2021, 10, 15))
	d.requireEveryKind()
	lap("gone on")
	village := d.village()
	as := d.admit(d.serveAPI(), village)
	supervisor := as("supervisor")

	t.Run("the same before and after folding", func(t *testing.T) {
		before := map[string][]figure{}
		for _, by := range groupings {
			before[by] = supervisor.figures(t, "year=2021&by="+by)
		}
		n, err := d.store.FoldTallies(t.Context())
		require.NoError(t, err)
		require.Positive(t, n)
		for _, by := range groupings {
			require.Equal(t, before[by], supervisor.figures(t, "year=2021&by="+by), by)
		}
	})
	t.Run("of the county", func(t *testing.T) {
		for _, period := range []string{"2020", "2021", "2021-Q1", "2020-12"} {
			for _, by := range groupings {
				supervisor.openAll(t, "period="+period+"&by="+by)
			}
		}
		lap("county opened")
		for i := range domain.Indicators {
			ind := &domain.Indicators[i]
			for side, measure := range map[string]string{"numerator": ind.Numerator, "denominator": ind.Denominator} {
				if measure != "" {
					require.Positive(t, supervisor.opened[ind.Code+" "+side], "nothing was in %s of %s", side, ind.Code)
				}
			}
		}
	})
	t.Run("of a township and a village", func(t *testing.T) {
		for _, by := range groupings {
			supervisor.openAll(t, "period=2020&org=370404102&by="+by)
			supervisor.openAll(t, "period=2020&org="+village+"&by="+by)
		}
		supervisor.openAll(t, "period=2021&org=370404102&by=organization")
		lap("township opened")
	})
	t.Run("of the backlog", func(t *testing.T) {
		for _, query := range []string{"year=2021", "period=2020", "period=2021-Q1", "year=2021&org=370404102", "year=2021&org=" + village} {
			supervisor.openBacklog(t, query)
		}
	})
	t.Run("for a leader, without persons", func(t *testing.T) {
		leader := as("leader")
		for _, query := range []string{"period=2020", "period=2021", "period=2021&by=township"} {
			require.Equal(t, supervisor.figures(t, query), leader.figures(t, query))
			leader.openAll(t, query)
		}
		leader.seesNobody(t)
	})
	t.Run("for a township, its own only", func(t *testing.T) {
		clerk := as("clerk-370404102")
		clerk.ownOnly(t, supervisor, "370404103")
	})
	t.Run("for a village, its own only", func(t *testing.T) {
		clerk := as("clerk-of-a-village")
		clerk.ownOnly(t, supervisor, "370404102")
	})
	t.Run("for whom is complained of", func(t *testing.T) {
		bureau := as("supervisor-370404-petition")
		require.Equal(t, supervisor.figures(t, "year=2021"), bureau.figures(t, "year=2021"))
		bureau.openAll(t, "year=2021")
		_, withheld, err := bureau.list("/api/v1/cases?indicator=appeals.received&period=2021")
		require.NoError(t, err)
		require.Positive(t, withheld)
		_, all, err := supervisor.list("/api/v1/cases?indicator=appeals.received&period=2021")
		require.NoError(t, err)
		require.Zero(t, all)
	})
	lap("all read")
	t.Run("and all agree", func(t *testing.T) {
		service, cases := report.New(d.store, d.now), int64(0)
		d.each(func(*domain.File, []domain.Entry) { cases++ })
		for _, year := range []int{2020, 2021} {
			r, err := service.Verify(t.Context(), report.VerifyOptions{Year: year})
			require.NoError(t, err)
			require.Empty(t, r.Differences)
			require.Equal(t, cases, r.Cases)
		}
		n, err := service.Rebuild(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, n)
	})
	lap(fmt.Sprint(supervisor.lists, " lists by the supervisor"))
}

// openBacklog opens each class of age.
func (r *reader) openBacklog(t *testing.T, query string) {
	t.Helper()
	var b struct {
		Ages []struct {
			Open, Overdue int64
			Cases         string
		}
	}
	status, err := r.get("/api/v1/figures/backlog?"+query, &b)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	var open, overdue int64
	for _, age := range b.Ages {
		items, err := r.open(age.Cases, report.OpenCases, age.Open)
		require.NoError(t, err, query)
		late := int64(0)
		for i := range items {
			if met := items[i].ConcludeMet; met != nil && !*met {
				late++
			}
		}
		require.Equal(t, age.Overdue, late, "%s: %s", query, age.Cases)
		open, overdue = open+age.Open, overdue+age.Overdue
	}
	for _, f := range r.figures(t, query) {
		switch f.Code {
		case report.OpenCases:
			require.Equal(t, *f.Numerator, open, query)
		case report.OverdueCases:
			require.Equal(t, *f.Numerator, overdue, query)
		}
	}
}

// seesNobody wants no person and no text to be seen in a list or a case.
func (r *reader) seesNobody(t *testing.T) {
	t.Helper()
	items, _, err := r.list("/api/v1/cases?indicator=petitions.visits&period=2021")
	require.NoError(t, err)
	more, _, err := r.list("/api/v1/cases?indicator=appeals.received&period=2021")
	require.NoError(t, err)
	confidential := 0
	for i, c := range append(items, more...) {
		require.Nil(t, c.Parties)
		require.Nil(t, c.Statement)
		if c.Has(domain.FlagConfidential) {
			confidential++
			require.Equal(t, "***", c.Title)
		}
		if i%10 > 0 {
			continue
		}
		var whole struct {
			Masked    bool
			Statement string
			Parties   []domain.Party
		}
		status, err := r.get("/api/v1/cases/"+c.ID, &whole)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.True(t, whole.Masked)
		require.Equal(t, "***", whole.Statement)
		for _, p := range whole.Parties {
			require.True(t, p.Organization || strings.HasSuffix(p.Name, "***"), p.Name)
		}
	}
	require.Positive(t, confidential)
}

// ownOnly wants a reader to have the figures of his own organisation, the same
// as the county has of it, and no others.
func (r *reader) ownOnly(t *testing.T, supervisor *reader, other string) {
	t.Helper()
	for _, by := range []string{"", "organization"} {
		require.Equal(t, supervisor.figures(t, "year=2020&org="+r.own+"&by="+by), r.figures(t, "year=2020&by="+by))
		r.openAll(t, "year=2020&by="+by)
	}
	r.openAll(t, "year=2021")
	r.openBacklog(t, "year=2021")
	for _, path := range []string{"/figures?year=2020", "/figures/backlog?year=2020", "/cases?indicator=appeals.received&period=2020"} {
		for _, org := range []string{other, "370404"} {
			var problem struct{ Code string }
			status, err := r.get("/api/v1"+path+"&org="+org, &problem)
			require.NoError(t, err)
			require.Equal(t, http.StatusForbidden, status, "%s of %s", path, org)
		}
	}
}
