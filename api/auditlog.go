package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

type auditInput struct {
	Actor  string `query:"actor" maxLength:"200" doc:"Id of who did it"`
	Action string `query:"action" maxLength:"100" doc:"Whole, or up to a dot: case is all of case.read, case.accept …"`
	Object string `query:"object" maxLength:"200" doc:"Id of what was read or written"`
	From   string `query:"from" doc:"At this time or later; a date is its first instant in Beijing"`
	To     string `query:"to" doc:"Before this time"`
	Cursor string `query:"cursor" maxLength:"20" doc:"From the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"50 when left out"`
}

type auditOutput struct{ Body auditPage }

type auditPage struct {
	Items []auditView `json:"items" doc:"The newest first"`
	Next  string      `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// auditView is a record of the audit log.
type auditView struct {
	Seq     uint64              `json:"seq,omitempty" doc:"Its number in the sealed log; absent for some seconds"`
	ID      string              `json:"id"`
	At      time.Time           `json:"at"`
	Actor   auditActor          `json:"actor"`
	Action  string              `json:"action"`
	Object  *auditObject        `json:"object,omitempty"`
	Result  domain.RecordResult `json:"result" enum:"done,denied,failed"`
	Reason  string              `json:"reason,omitempty"`
	Request string              `json:"request,omitempty"`
	Address string              `json:"address,omitempty" doc:"Network address that it came from"`
	Details map[string]string   `json:"details,omitempty"`
}

type auditActor struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
	Org  string `json:"org,omitempty"`
}

type auditObject struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
}

func (s *server) auditRoutes() {
	register(s, Roles(domain.RoleAuditor), operation{
		method: http.MethodGet, path: "/audit", id: "listAudit", tag: "audit",
		summary: "Who read, wrote or was refused what, newest first; reading it is recorded too",
	}, s.listAudit)
	register(s, Readers(), operation{
		method: http.MethodPost, path: "/cases/{id}/parties/{seq}/reveal", id: "revealParty", tag: "cases",
		summary: "See one personal field that is masked, with a reason, some times a day",
		details: "It is recorded before the value is answered. 429 when the day's number, in Beijing, is used up.",
		errors:  []int{http.StatusNotFound, http.StatusTooManyRequests},
	}, s.revealParty)
}

func (s *server) listAudit(ctx context.Context, _ *Caller, in *auditInput) (*auditOutput, error) {
	q, wrong := in.query()
	if len(wrong) > 0 {
		return nil, domain.Invalid(wrong...)
	}
	details := map[string]string{}
	for name, value := range map[string]string{
		"actor": s.code(in.Actor), "action": s.code(in.Action), "object": s.code(in.Object), "from": s.code(in.From), "to": s.code(in.To),
	} {
		if value != "" {
			details[name] = value
		}
	}
	if err := s.recordRead(ctx, "audit.read", "audit", "", details); err != nil {
		return nil, err
	}
	limit := q.Limit
	q.Limit++
	list, err := s.Store.Records(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &auditOutput{}
	out.Body.Items = make([]auditView, 0, limit)
	for i := range list {
		if i == limit {
			out.Body.Next = strconv.FormatInt(list[limit-1].Position, 10)
			break
		}
		out.Body.Items = append(out.Body.Items, auditViewOf(&list[i]))
	}
	return out, nil
}

func (in *auditInput) query() (q domain.RecordQuery, wrong []domain.FieldError) {
	q = domain.RecordQuery{Actor: in.Actor, Action: in.Action, Object: in.Object, Limit: in.Limit}
	if q.Limit == 0 {
		q.Limit = 50
	}
	if in.Cursor != "" {
		var err error
		if q.Before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || q.Before < 1 {
			wrong = append(wrong, domain.FieldError{Field: "cursor", Code: "cursor_bad"})
		}
	}
	var ok bool
	if in.From != "" {
		if q.From, ok = moment(in.From); !ok {
			wrong = append(wrong, domain.FieldError{Field: "from", Code: "not_a_time"})
		}
	}
	if in.To != "" {
		if q.To, ok = moment(in.To); !ok {
			wrong = append(wrong, domain.FieldError{Field: "to", Code: "not_a_time"})
		}
	}
	return q, wrong
}

func auditViewOf(r *domain.Recorded) auditView {
	v := auditView{
		Seq: r.Seq, ID: r.ID, At: r.At, Action: r.Action, Result: r.Result, Reason: r.Reason,
		Actor:   auditActor{ID: r.Actor.ID, Name: r.Actor.Name, Role: string(r.Actor.Role), Org: r.Actor.Org},
		Request: r.Request, Address: r.Address, Details: r.Details,
	}
	if r.Object != (domain.RecordObject{}) {
		v.Object = &auditObject{r.Object.Type, r.Object.ID}
	}
	return v
}

// revealsADay is how many personal fields an account that sees them masked may
// see a day, unless the settings say another number.
const revealsADay = 20

type revealInput struct {
	ID   string `path:"id"`
	Seq  int    `path:"seq" minimum:"1" doc:"Of the party"`
	Body struct {
		Field  string `json:"field" enum:"name,phone,identity_number,address"`
		Reason string `json:"reason" minLength:"2" maxLength:"200" doc:"What it is needed for, without anybody's personal data; it is kept"`
	}
}

type revealOutput struct {
	Body struct {
		Field string `json:"field"`
		Value string `json:"value"`
		Left  int    `json:"left" doc:"How many more the caller may see today"`
	}
}

// revealParty shows one field. Whatever it then fails at, it was recorded, and
// counts.
func (s *server) revealParty(ctx context.Context, who *Caller, in *revealInput) (*revealOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(in.Body.Reason)
	if reason == "" || !workflow.CleanText(reason) {
		return nil, domain.Invalid(domain.FieldError{Field: "reason", Code: "required"})
	}
	i := slices.IndexFunc(file.Parties, func(p domain.Party) bool { return p.Seq == in.Seq })
	if i < 0 {
		return nil, domain.Errorf(domain.KindNotFound, "party_not_found")
	}
	now := s.Now()
	used, err := s.Store.RecordAtMost(ctx, domain.Record{
		At: now, Action: "party.reveal", Object: domain.RecordObject{Type: "case", ID: file.Case.ID}, Reason: reason,
		Details: map[string]string{"party": strconv.Itoa(in.Seq), "field": in.Body.Field},
	}, domain.DateIn(now).Start(), s.Reveals)
	if err != nil {
		return nil, err
	}
	if used > s.Reveals {
		return nil, &protocolError{http.StatusTooManyRequests, "reveals_used_up", int(domain.DateIn(now).AddDays(1).Start().Sub(now)/time.Second) + 1}
	}
	out := &revealOutput{}
	p := &file.Parties[i]
	out.Body.Field, out.Body.Left = in.Body.Field, s.Reveals-used
	out.Body.Value = map[string]string{"name": p.Name, "phone": p.Phone, "identity_number": p.IdentityNumber, "address": p.Address}[in.Body.Field]
	return out, nil
}
