package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"sudi/domain"
	"sudi/workflow"
)

// createdOutput answers a registration, the first time and every time it is
// repeated under its key.
type createdOutput struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when the case was there already"`
	Body     caseView
}

type caseOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   caseView
}

type createInput struct {
	Key  string `header:"Idempotency-Key" doc:"At most 200 visible ASCII characters; the same key and body give the same case"`
	Body caseBody
}

type getInput struct {
	ID          string `path:"id"`
	IfNoneMatch string `header:"If-None-Match"`
}

type patchInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"ETag of the case as it was read; required"`
	Body    patchBody
}

func (s *server) caseRoutes() {
	register(s, CaseWorkers(), operation{
		method: http.MethodPost, path: "/cases", id: "registerCase", tag: "cases", status: http.StatusCreated,
		summary: "Register a case", errors: []int{http.StatusConflict},
	}, s.createCase)
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases", id: "listCases", tag: "cases",
		summary: "List cases, newest first, or earliest due first with due_before",
	}, s.listCases)
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}", id: "getCase", tag: "cases", summary: "Read a case",
		errors: []int{http.StatusNotModified, http.StatusNotFound},
	}, s.getCase)
	register(s, CaseWorkers(), operation{
		method: http.MethodPatch, path: "/cases/{id}", id: "editCase", tag: "cases", summary: "Correct what was written down",
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
	}, s.patchCase)
}

func (s *server) createCase(ctx context.Context, who *Caller, in *createInput) (*createdOutput, error) {
	if in.Body.ReceivedAt != nil && in.Body.ReceivedAt.IsZero() { // which would mean now
		return nil, domain.Invalid(domain.FieldError{Field: "received_at", Code: "date_too_old"})
	}
	key, err := idempotency(who, in)
	if err != nil {
		return nil, err
	}
	if key != nil {
		if out, found, err := s.replay(ctx, who, key); found || err != nil {
			return out, err
		}
	}
	if err := s.knowsTies(ctx, who, &in.Body); err != nil {
		return nil, err
	}
	file, err := s.Engine.Register(ctx, in.Body.intake(), who.Actor(), key)
	if key != nil && isCode(err, "idempotency_key_used") { // somebody was quicker with the same key
		if out, found, err := s.replay(ctx, who, key); found || err != nil {
			return out, err
		}
	}
	if err != nil {
		return nil, s.inWords(err, in.Body.Procedure, 0)
	}
	return s.created(ctx, &file, who, ""), nil
}

// knowsTies refuses a new case that is tied to one which its sender may not
// see.
func (s *server) knowsTies(ctx context.Context, who *Caller, b *caseBody) error {
	var wrong []domain.FieldError
	for _, tie := range []struct{ field, id string }{{"repeats", b.Repeats}, {"derived_from", b.Derived}} {
		if tie.id == "" {
			continue
		}
		_, err := s.visible(ctx, who, tie.id)
		if domain.KindOf(err) == domain.KindNotFound {
			wrong = append(wrong, domain.FieldError{Field: tie.field, Code: "case_unknown"})
		} else if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return domain.Invalid(wrong...)
	}
	return nil
}

// replay finds the case that was opened under a key before.
func (s *server) replay(ctx context.Context, who *Caller, key *domain.Idempotency) (*createdOutput, bool, error) {
	id, hash, found, err := s.Store.Idempotent(ctx, key.Principal, key.Key)
	if err != nil || !found {
		return nil, false, err
	}
	if hash != key.BodyHash {
		return nil, true, domain.Errorf(domain.KindInvalid, "idempotency_key_mismatch")
	}
	file, err := s.Store.Visible(ctx, s.opening(who), id)
	if domain.KindOf(err) == domain.KindNotFound { // it has gone where he may not see it, or complains of his own unit
		if file, err = s.Store.Visible(ctx, domain.AllCases, id); err != nil {
			return nil, true, err
		}
		out := &createdOutput{Location: prefix + "/cases/" + id, ETag: etag(1), Replayed: "true"}
		out.Body = caseView{Case: withFlags(domain.Case{ID: id, Number: file.Case.Number}), Parties: []domain.Party{}, Masked: true}
		return out, true, nil
	}
	if err == nil {
		err = s.recordRead(ctx, "case.read", "case", id, nil)
	}
	if err != nil {
		return nil, true, err
	}
	return s.created(ctx, &file, who, "true"), true, nil
}

func (s *server) created(ctx context.Context, f *domain.File, who *Caller, replayed string) *createdOutput {
	out := &createdOutput{Location: prefix + "/cases/" + f.Case.ID, ETag: etag(f.Case.Version), Replayed: replayed}
	if replayed == "" && f.Case.Matter == f.Case.ID { // nothing can hang on it yet
		out.Body = s.caseViewOf(f, who)
		out.Body.Petitioners, out.Body.Visits = f.Case.Persons, 1
	} else {
		out.Body = s.viewOf(ctx, f, who)
	}
	return out
}

// idempotency reads the key of a registration, nil when there is none.
func idempotency(who *Caller, in *createInput) (*domain.Idempotency, error) {
	if in.Key == "" {
		return nil, nil //nolint:nilnil // no key is no error
	}
	if len(in.Key) > 200 {
		return nil, domain.Invalid(domain.FieldError{Field: "Idempotency-Key", Code: "too_long"})
	}
	for i := range len(in.Key) {
		if in.Key[i] <= ' ' || in.Key[i] > '~' {
			return nil, domain.Invalid(domain.FieldError{Field: "Idempotency-Key", Code: "bad_characters"})
		}
	}
	body, err := canonical(in.Body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &domain.Idempotency{Principal: "user:" + who.User.ID, Key: in.Key, BodyHash: hex.EncodeToString(sum[:])}, nil
}

func isCode(err error, code string) bool {
	var e *domain.Error
	return errors.As(err, &e) && e.Code == code
}

// codeOf is the message key of an error, "internal" where it has none.
func codeOf(err error) string {
	var e *domain.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}

func (s *server) getCase(ctx context.Context, who *Caller, in *getInput) (*caseOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &caseOutput{Status: http.StatusOK, ETag: etag(file.Case.Version)}
	if notModified(in.IfNoneMatch, file.Case.Version) {
		out.Status = http.StatusNotModified
		return out, nil
	}
	if !s.masked(who, &file.Case) {
		if err := s.recordRead(ctx, "case.read", "case", file.Case.ID, nil); err != nil {
			return nil, err
		}
	}
	out.Body = s.viewOf(ctx, &file, who)
	return out, nil
}

func (s *server) patchCase(ctx context.Context, who *Caller, in *patchInput) (*caseOutput, error) {
	file, version, err := s.visibleAt(ctx, who, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	if in.Body.empty() {
		return nil, domain.Errorf(domain.KindInvalid, "patch_empty")
	}
	if s.masked(who, &file.Case) { // nobody corrects what he is not shown, nor takes the mark away
		return nil, domain.Errorf(domain.KindForbidden, "action_not_yours", workflow.ActionEdit)
	}
	p, v := file.Case.Procedure, file.Case.ProcedureVersion
	if file, err = s.Engine.Edit(ctx, in.ID, version, in.Body.patch(), who.Actor()); err != nil {
		return nil, s.inWords(err, p, v)
	}
	return &caseOutput{Status: http.StatusOK, ETag: etag(file.Case.Version), Body: s.viewOf(ctx, &file, who)}, nil
}

// scope bounds what a caller may see in lists, and tied to other cases.
func (s *server) scope(who *Caller) domain.Scope { return s.Engine.Rules().Scope(who.Actor()) }

// opening is the scope of a caller who opens a case by its id, or looks at what
// waits for him: it holds the restricted cases of those who work on them.
func (s *server) opening(who *Caller) domain.Scope {
	scope := s.scope(who)
	scope.Sealed = who.Works()
	return scope
}

// visible reads a case that the caller may see; any other, and any id that can
// be no case's, is not found in the same words.
func (s *server) visible(ctx context.Context, who *Caller, id string) (domain.File, error) {
	if len(id) != 36 || uuid.Validate(id) != nil {
		return domain.File{}, errCaseNotFound
	}
	file, err := s.Store.Visible(ctx, s.opening(who), id)
	if domain.KindOf(err) == domain.KindNotFound {
		return domain.File{}, errCaseNotFound
	}
	return file, err
}

var errCaseNotFound = domain.Errorf(domain.KindNotFound, "case_not_found")

// visibleAt also reads the caller's If-Match: the version that the engine must
// find, 0 for any.
func (s *server) visibleAt(ctx context.Context, who *Caller, id, ifMatch string) (domain.File, int, error) {
	file, err := s.visible(ctx, who, id)
	if err != nil {
		return file, 0, err
	}
	version, err := matching(ifMatch, file.Case.Version)
	return file, version, err
}
