package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sudi/domain"
	"sudi/report"
)

// fake keeps everything in memory, by the rules of the real store.
type fake struct {
	Accounts // what of it is not below is tested on the real store alone

	mu       sync.Mutex
	files    map[string]domain.File
	history  map[string][]domain.Entry
	links    []domain.Link
	invited  map[string]domain.Invitation // by hash
	keys     map[string]domain.Idempotency
	keyCase  map[string]string
	numbers  map[domain.NumberSeries]int
	users    map[string]domain.User
	sessions map[string]*fakeSession
	attempts map[domain.AttemptKey]domain.Attempts
	orgs     []domain.Organization
	dir      *domain.Directory
	records  []domain.Record
	deaf     error // no record can be written
	fail     error // every read answers with it
	panics   bool
}

func newFake(orgs []domain.Organization) *fake {
	return &fake{
		files: map[string]domain.File{}, invited: map[string]domain.Invitation{}, history: map[string][]domain.Entry{}, keys: map[string]domain.Idempotency{},
		keyCase: map[string]string{}, numbers: map[domain.NumberSeries]int{}, users: map[string]domain.User{},
		sessions: map[string]*fakeSession{}, attempts: map[domain.AttemptKey]domain.Attempts{}, orgs: orgs, dir: domain.NewDirectory(orgs, nil),
	}
}

func (f *fake) Apply(_ context.Context, d domain.Decision) domain.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.files[d.CaseID]
	if d.CaseID != "" && !ok {
		return domain.Result{Err: domain.Errorf(domain.KindNotFound, "case_unknown")}
	}
	c, err := d.Decide(before)
	if err == nil {
		err = f.refuses(&c)
	}
	if err != nil {
		return domain.Result{Err: err}
	}
	if k := c.Idempotency; k != nil {
		if _, used := f.keys[k.Principal+" "+k.Key]; used {
			return domain.Result{Err: domain.Errorf(domain.KindConflict, "idempotency_key_used")}
		}
		f.keys[k.Principal+" "+k.Key], f.keyCase[k.Principal+" "+k.Key] = *k, c.After.ID
	}
	if c.Series != nil {
		f.numbers[*c.Series]++
		c.After.Number = c.Series.Format(f.numbers[*c.Series])
	}
	after := c.File(before)
	f.keep(&c, after)
	for i := range c.Opens {
		o := &c.Opens[i]
		f.numbers[*o.Series]++
		o.After.Number = o.Series.Format(f.numbers[*o.Series])
		f.keep(o, o.File(domain.File{}))
	}
	return domain.Result{File: after}
}

func (f *fake) keep(c *domain.Change, after domain.File) {
	f.files[after.Case.ID] = after
	f.history[after.Case.ID] = append(f.history[after.Case.ID], c.Entries...)
	f.links = slices.DeleteFunc(f.links, func(l domain.Link) bool {
		return slices.ContainsFunc(c.Unlinks, func(u domain.Link) bool { return u.From == l.From && u.To == l.To && u.Kind == l.Kind })
	})
	f.links = append(f.links, c.Links...)
	if c.Invitation != nil {
		f.invited[string(c.Invitation.TokenHash)] = *c.Invitation
	}
	if c.Spends != nil {
		delete(f.invited, string(c.Spends))
	}
}

// refuses is what the database's constraints find fault with.
func (f *fake) refuses(c *domain.Change) error {
	id := c.After.ID
	if into := c.After.MergedInto; into != nil {
		master, ok := f.files[*into]
		if !ok {
			return domain.Invalid(domain.FieldError{Field: "merged_into", Code: "case_unknown"})
		}
		hangs := false
		for _, other := range f.files {
			hangs = hangs || other.Case.MergedInto != nil && *other.Case.MergedInto == id
		}
		if hangs || master.Case.MergedInto != nil || master.Case.Procedure != c.After.Procedure {
			return domain.Invalid(domain.FieldError{Field: "merged_into", Code: "merge_target_bad"})
		}
	}
	if c.Before != nil && c.Before.Matter != c.After.Matter {
		on := func(tie *string) bool { return tie != nil && *tie == id }
		for _, other := range f.files {
			if other.Case.Matter == id && other.Case.ID != id || on(other.Case.Repeats) || on(other.Case.DerivedFrom) {
				return domain.Errorf(domain.KindConflict, "matter_has_cases")
			}
		}
	}
	if c.Spends != nil {
		if i, ok := f.invited[string(c.Spends)]; !ok || i.CaseID != id || c.After.UpdatedAt.After(i.ExpiresAt) {
			return domain.Errorf(domain.KindGone, "invitation_used")
		}
	}
	return nil
}

func (f *fake) ApplyAll(ctx context.Context, ds []domain.Decision) ([]domain.File, error) {
	var files []domain.File
	for _, d := range ds {
		r := f.Apply(ctx, d)
		if r.Err != nil {
			return nil, r.Err
		}
		files = append(files, r.File)
	}
	return files, nil
}

func (f *fake) File(ctx context.Context, id string) (domain.File, error) {
	return f.Visible(ctx, domain.AllCases, id)
}

func (f *fake) sees(scope domain.Scope, file *domain.File) bool {
	if scope.All {
		return true
	}
	c := &file.Case
	opened := scope.Sealed && (scope.Watch || c.Desk == scope.Org || c.Owner == scope.Org)
	return (opened || !c.Restricted()) && !f.against(scope, file) && (scope.Watch || f.touches(scope.Org, &file.Case))
}

// against reports whether a case complains of the scope's own organisation.
func (f *fake) against(scope domain.Scope, file *domain.File) bool {
	return slices.ContainsFunc(file.Complained(), func(c string) bool {
		return scope.Org == c || f.dir.Within(scope.Org, c) && c != f.dir.Root()
	})
}

func (f *fake) touches(org string, c *domain.Case) bool {
	return f.dir.Within(c.Desk, org) || f.dir.Within(c.Owner, org) || f.dir.Within(c.RegisteredBy, org) ||
		slices.ContainsFunc(c.Partners, func(p string) bool { return f.dir.Within(p, org) })
}

func (f *fake) Visible(_ context.Context, scope domain.Scope, id string) (domain.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("secret: 13800000000")
	}
	if f.fail != nil {
		return domain.File{}, f.fail
	}
	file, ok := f.files[id]
	if !ok || !f.sees(scope, &file) {
		return domain.File{}, domain.Errorf(domain.KindNotFound, "case_unknown")
	}
	return file, nil
}

func (f *fake) matches(q *domain.CaseQuery, file *domain.File) bool {
	c := &file.Case
	first := earliest(file)
	due := q.DueBefore == nil || first != nil && first.Before(*q.DueBefore) && (q.DueFrom == nil || !first.Before(*q.DueFrom))
	day, counted := domain.DateIn(c.ReceivedAt), true
	if q.Measure != "" {
		day, counted = domain.MeasureByCode(q.Measure).Counts(c)
	}
	bounds := q.Span
	if q.Measure != "" {
		bounds = domain.MeasureByCode(q.Measure).Bounds(q.Span)
	}
	return f.sees(q.Scope, file) && due && counted && between(bounds, day) && between(q.Received, domain.DateIn(c.ReceivedAt)) &&
		(q.Within == "" || f.dir.Within(c.Owner, q.Within)) && grouped(q.Group, c, day) &&
		(q.State == "" || q.State == c.State) && (q.Procedure == "" || q.Procedure == c.Procedure) &&
		(q.Among == nil || slices.Contains(q.Among, c.Procedure)) &&
		strings.HasPrefix(c.Category, q.Category) && (q.Org == "" || f.touches(q.Org, c)) &&
		(q.Owner == "" || q.Owner == c.Owner) && (q.Handler == "" || q.Handler == c.Handler) &&
		(q.Dissatisfied == nil || c.Satisfaction == domain.Dissatisfied && !c.EvaluatedAt.Before(*q.Dissatisfied)) &&
		(q.Flag == "" || c.Has(q.Flag)) && (!q.Restricted || c.Restricted() && c.ClosedAt == nil) &&
		(q.Township == "" || q.Township == c.Township) &&
		f.works(q, c) && (len(q.In) == 0 || slices.Contains(q.In, c.Disposition)) &&
		(q.Text == "" || q.Text == c.Number || strings.Contains(c.Title, q.Text))
}

func between(s domain.Span, d domain.Date) bool {
	return (s.From.IsZero() || !d.Before(s.From)) && (s.To.IsZero() || !d.After(s.To))
}

// grouped tells whether a case is in the group; the fake knows two ways.
func grouped(g *domain.Group, c *domain.Case, day domain.Date) bool {
	switch {
	case g == nil:
		return true
	case g.By == domain.ByMonth:
		return domain.MonthKey(day) == g.Key
	default:
		return c.Township == g.Key
	}
}

// earliest is when the first running limit of a case ends.
func earliest(file *domain.File) (first *time.Time) {
	for i := range file.Deadlines {
		if d := &file.Deadlines[i]; d.Running() && !d.Chance && (first == nil || d.Due.Before(*first)) {
			first = &d.Due
		}
	}
	return first
}

func (f *fake) CountList(ctx context.Context, q domain.CaseQuery, most int) (int, error) {
	q.Cursor, q.Limit = "", most
	page, err := f.List(ctx, q)
	return len(page.Items), err
}

func (f *fake) CountWithheld(ctx context.Context, q domain.CaseQuery) (int, error) {
	seen, err := f.CountList(ctx, q, 1000)
	if err != nil {
		return 0, err
	}
	q.Scope = domain.AllCases
	all, err := f.CountList(ctx, q, 1000)
	return all - seen, err
}

func (f *fake) works(q *domain.CaseQuery, c *domain.Case) bool {
	if q.Worker == nil {
		return true
	}
	here, theirs := f.dir.Within(c.Desk, q.Worker.Org), f.dir.Within(c.Owner, q.Worker.Org)
	switch q.Whose {
	case domain.WhoseHere:
		return here
	case domain.WhoseElsewhere:
		return theirs && !here
	case domain.WhosePartners:
		return !here && !theirs && slices.ContainsFunc(c.Partners, func(p string) bool { return f.dir.Within(p, q.Worker.Org) })
	default:
		return here || theirs || c.Handler == q.Worker.ID
	}
}

func (f *fake) List(_ context.Context, q domain.CaseQuery) (domain.CasePage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return domain.CasePage{}, f.fail
	}
	found := []domain.CaseLine{}
	for _, file := range f.files {
		if f.matches(&q, &file) {
			found = append(found, domain.CaseLine{Case: file.Case, Due: earliest(&file)})
		}
	}
	slices.SortFunc(found, func(a, b domain.CaseLine) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(b.ID, a.ID))
	})
	if q.Limit == 0 {
		q.Limit = 50
	}
	at := 0
	if q.Cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(q.Cursor)
		if at, _ = strconv.Atoi(string(raw)); err != nil || at <= 0 {
			return domain.CasePage{}, domain.Invalid(domain.FieldError{Field: "cursor", Code: "cursor_bad"})
		}
	}
	page := domain.CasePage{Items: found[min(at, len(found)):min(at+q.Limit, len(found))]}
	if at+q.Limit < len(found) {
		page.Next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(at + q.Limit)))
	}
	return page, nil
}

func (f *fake) Ledger(ctx context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error {
	q.Limit = 1 << 30
	page, err := f.List(ctx, q.CaseQuery)
	if err != nil {
		return err
	}
	if err := begin(domain.LedgerHead{At: time.Now(), Total: len(page.Items)}); err != nil {
		return err
	}
	for _, line := range slices.Backward(page.Items) {
		f.mu.Lock()
		file := f.files[line.ID]
		row := domain.LedgerRow{Case: file.Case, Due: line.Due, Parties: slices.Clone(file.Parties), Deadlines: file.Deadlines}
		for _, e := range f.history[line.ID] {
			if slices.Contains(q.Actions, e.Action) {
				row.Entries = append(row.Entries, e)
			}
		}
		f.mu.Unlock()
		if err := each(&row); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) History(_ context.Context, id string) ([]domain.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.history[id]), nil
}

func (f *fake) Links(_ context.Context, id string) (out []domain.Link, err error) {
	for _, l := range f.links {
		if l.From == id || l.To == id {
			out = append(out, l)
		}
	}
	return out, nil
}

func (f *fake) Lines(_ context.Context, scope domain.Scope, ids []string) (out []domain.CaseLine, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		if file, ok := f.files[id]; ok && f.sees(scope, &file) {
			out = append(out, domain.CaseLine{Case: file.Case, Due: earliest(&file)})
		}
	}
	return out, f.fail
}

func (f *fake) Similar(_ context.Context, q domain.SimilarQuery) ([]domain.Likeness, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []domain.Likeness
	for _, file := range f.files {
		var phone, identity bool
		for _, p := range file.Parties {
			phone = phone || q.Phone != "" && domain.PhoneForm(p.Phone) != "" && domain.PhoneForm(p.Phone) == domain.PhoneForm(q.Phone)
			identity = identity || domain.IdentityForm(p.IdentityNumber) != "" && domain.IdentityForm(p.IdentityNumber) == domain.IdentityForm(q.IdentityNumber)
		}
		if score, reasons := q.Judge(&file.Case, phone, identity); score > 0 && f.sees(q.Scope, &file) {
			found = append(found, domain.Likeness{CaseLine: domain.CaseLine{Case: file.Case, Due: earliest(&file)}, Score: score, Reasons: reasons})
		}
	}
	return domain.Best(found), f.fail
}

func (f *fake) Story(_ context.Context, scope domain.Scope, matter string) (story domain.Story, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.files[matter]
	for _, file := range f.files {
		if file.Case.Matter != matter || !scope.All && f.against(scope, &file) {
			continue
		}
		received := f.dir.Within(first.Case.Owner, scope.Org) || f.dir.Within(first.Case.RegisteredBy, scope.Org)
		against := f.against(scope, &first)
		leg := domain.Leg{File: file, Entries: f.history[file.Case.ID], Traced: !f.sees(scope, &file)}
		if leg.Traced && (!received || against || file.Case.DerivedFrom == nil || file.Case.Has(domain.FlagConfidential)) {
			story.Hidden++
			continue
		}
		story.Legs = append(story.Legs, leg)
	}
	slices.SortFunc(story.Legs, func(a, b domain.Leg) int {
		return cmp.Or(a.Case.ReceivedAt.Compare(b.Case.ReceivedAt), cmp.Compare(a.Case.ID, b.Case.ID))
	})
	return story, f.fail
}

func (f *fake) MatterNumbers(_ context.Context, scope domain.Scope, id string) (n domain.MatterNumbers, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	own := f.files[id].Case
	n.Petitioners = own.Persons
	for _, file := range f.files {
		if f.against(scope, &file) {
			continue
		}
		c := &file.Case
		into := ""
		if c.MergedInto != nil {
			into = *c.MergedInto
		}
		if into == id {
			n.Petitioners += c.Persons
		}
		if c.DerivedFrom == nil && (c.Matter == own.Matter || into != "" && f.files[into].Case.Matter == own.Matter) {
			n.Visits++
		}
	}
	return n, f.fail
}

func (f *fake) Invitation(_ context.Context, hash []byte, now time.Time) (domain.Invitation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.invited[string(hash)]
	if !ok || now.After(i.ExpiresAt) {
		return domain.Invitation{}, domain.Errorf(domain.KindGone, "invitation_used")
	}
	return i, f.fail
}

func (f *fake) Idempotent(_ context.Context, principal, key string) (string, string, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.keys[principal+" "+key]
	return f.keyCase[principal+" "+key], k.BodyHash, ok, nil
}

func (f *fake) Organizations(context.Context) ([]domain.Organization, error) { return f.orgs, f.fail }
func (f *fake) Categories(context.Context) ([]domain.Category, error) {
	return []domain.Category{{Code: "01", Level1: "城乡建设"}, {Code: "0101", Level1: "城乡建设", Level2: "市政"}}, f.fail
}
func (f *fake) Ping(context.Context) error { return f.fail }

// Record keeps what the API records of reads.
func (f *fake) Record(ctx context.Context, r domain.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deaf != nil {
		return f.deaf
	}
	r.Result = cmp.Or(r.Result, domain.ResultDone)
	if o := domain.OriginOf(ctx); r.Actor.ID == "" {
		r.Actor, r.Request, r.Address = o.Actor, o.Request, o.Address
	}
	f.records = append(f.records, r)
	return nil
}

func (f *fake) RecordAtMost(ctx context.Context, r domain.Record, since time.Time, most int) (int, error) {
	actor, used := domain.OriginOf(ctx).Actor.ID, 1
	f.mu.Lock()
	for _, old := range f.records {
		if old.Action == r.Action && old.Actor.ID == actor && !old.At.Before(since) {
			used++
		}
	}
	f.mu.Unlock()
	if used > most {
		return used, nil
	}
	return used, f.Record(ctx, r)
}

func (f *fake) Records(_ context.Context, q domain.RecordQuery) ([]domain.Recorded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []domain.Recorded
	for i, r := range slices.Backward(f.records) {
		if (q.Before == 0 || int64(i) < q.Before) && (q.Actor == "" || r.Actor.ID == q.Actor) && (q.Object == "" || r.Object.ID == q.Object) &&
			(q.Action == "" || r.Action == q.Action || strings.HasPrefix(r.Action, q.Action+".")) &&
			!r.At.Before(q.From) && (q.To.IsZero() || r.At.Before(q.To)) && len(out) < q.Limit {
			out = append(out, domain.Recorded{Position: int64(i), Record: r})
		}
	}
	return out, f.fail
}

func (f *fake) SearchKey(words string) string {
	if words == "" {
		return ""
	}
	return "key of " + strconv.Itoa(len(words))
}

// fakeFigures knows one figure.
type fakeFigures struct{ err error }

func (f fakeFigures) Org(_ context.Context, asked string, scope domain.Scope) (string, error) {
	return cmp.Or(asked, scope.Org), f.err
}

func (f fakeFigures) Backlog(context.Context, report.Query) (report.Backlog, error) {
	ages := []report.Age{
		{From: 0, To: 15, Open: 3, Overdue: 1, Received: domain.Span{From: domain.NewDate(2020, 5, 1), To: domain.NewDate(2020, 5, 16)}},
		{From: 16, Received: domain.Span{To: domain.NewDate(2020, 4, 30)}},
	}
	return report.Backlog{Org: "370404", Ages: ages, Days: []domain.BacklogDay{{Day: domain.NewDate(2020, 5, 15), Open: 3, Overdue: 1}}}, f.err
}

func (f fakeFigures) Figures(_ context.Context, q report.Query) ([]report.Figure, error) {
	n, d := int64(198), int64(200)
	return []report.Figure{
		{Code: "appeals.closure_rate", Name: domain.Text{ZH: "诉求办结率", EN: "Closure"}, Numerator: &n, Denominator: &d, Value: report.Rate(n, d), Unit: domain.UnitPercent, Source: "computed"},
		{Code: "appeals.received", Numerator: &n, Value: report.Count(n), Unit: domain.UnitCases, Source: "computed", Group: q.By},
		{Code: "petitions.satisfaction_rate", Unit: domain.UnitPercent, Source: "computed"},
	}, f.err
}
