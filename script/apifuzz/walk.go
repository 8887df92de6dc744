package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"sudi/domain"
	"sudi/workflow"
)

// field is one that an action asks for, as the server lists it.
type field struct {
	Name     string
	Type     workflow.FieldType
	Required bool
	Values   map[string]json.RawMessage
}

// fieldValue makes a value of a field, now and then none that fits.
func (f *fuzzer) fieldValue(x *field, who *account) any {
	if f.chance(8) {
		return f.odd()
	}
	switch x.Type {
	case workflow.FieldChoice:
		return pick(f, slices.Sorted(maps.Keys(x.Values)))
	case workflow.FieldDate:
		return time.Now().AddDate(0, 0, f.rand.IntN(3)).Format(time.DateOnly)
	case workflow.FieldAmount, workflow.FieldNumber:
		return 1 + f.rand.IntN(20)
	case workflow.FieldBool:
		return f.chance(70)
	case workflow.FieldOrganization:
		return pick(f, []string{town, pick(f, f.known.orgs)})
	case workflow.FieldOrganizations:
		return []string{pick(f, f.known.orgs)}
	case workflow.FieldUser:
		return who.Username
	case workflow.FieldCase:
		return pick(f, f.known.cases)
	case workflow.FieldText:
	}
	return "已现场查看，路灯已修好"
}

// replies brings some appeals to where they can be rated, and invites to one.
func (f *fuzzer) replies(ctx context.Context) error {
	clerk, handler := f.named("clerk-"+town), f.named("handler-"+town)
	for range 5 {
		register := f.plain(clerk, "registerCase", "")
		register.body, register.hasBody = encode(map[string]any{
			"procedure": "appeal", "class": "help", "title": "路灯不亮", "place": town,
			"parties": []any{map[string]any{"role": "applicant", "name": "周某甲", "phone": "19900000001"}},
		}), true
		a, err := f.must(ctx, register, http.StatusCreated)
		if err != nil {
			return err
		}
		var c struct{ ID string }
		if err := json.Unmarshal(a.body, &c); err != nil {
			return err
		}
		for _, step := range []struct {
			who    *account
			action string
			fields map[string]any
		}{
			{clerk, "dispatch", map[string]any{"organization": town}},
			{handler, "accept", nil},
			{handler, "reply", map[string]any{"reply": "已修好", "result": "resolved"}},
		} {
			act := f.plain(step.who, "act", c.ID)
			act.path = strings.Replace(act.path, "{action}", step.action, 1)
			act.header["If-Match"] = []string{"*"}
			act.body, act.hasBody = encode(map[string]any{"fields": step.fields}), true
			if _, err := f.must(ctx, act, http.StatusOK); err != nil {
				return err
			}
		}
		f.known.replied = keep(f.known.replied, c.ID)
	}
	_, err := f.must(ctx, f.plain(clerk, "invite", f.known.replied[0]), http.StatusCreated)
	return err
}

// must sends a request that has to get a status.
func (f *fuzzer) must(ctx context.Context, q *request, status int) (*answer, error) {
	if q.hasBody {
		q.header["Content-Type"] = []string{"application/json"}
	}
	a, err := f.send(ctx, q)
	if err == nil && (a == nil || a.status != status) {
		return nil, fmt.Errorf("%s did not answer %d: %v", q.op.id, status, a)
	}
	return a, err
}

func (f *fuzzer) named(username string) *account {
	i := slices.IndexFunc(f.accounts, func(a *account) bool { return a.Username == username })
	return f.accounts[i] // the model county has it
}

// secondFactor goes through its steps, which no single request reaches: each
// needs what the one before has answered.
func (f *fuzzer) secondFactor(ctx context.Context) error {
	who := f.victims[0]
	var told struct{ Secret, Continuation string }
	for _, step := range []struct {
		operation string
		body      func() map[string]any
		status    int
	}{
		{"signIn", func() map[string]any { return map[string]any{"username": who.Username, "password": password} }, http.StatusCreated},
		{"enrolSecondFactor", func() map[string]any { return map[string]any{"password": password} }, http.StatusOK},
		{"confirmSecondFactor", func() map[string]any { return map[string]any{"code": code(told.Secret)} }, http.StatusOK},
		{"signIn", func() map[string]any { return map[string]any{"username": who.Username, "password": password} }, http.StatusUnauthorized},
		{"signInSecondFactor", func() map[string]any {
			return map[string]any{"continuation": told.Continuation, "code": f.recovery[0]}
		}, http.StatusCreated},
		{"removeSecondFactor", func() map[string]any { return map[string]any{"password": password, "code": f.recovery[1]} }, http.StatusNoContent},
		{"changePassword", func() map[string]any { return map[string]any{"old_password": password, "password": password + "-2"} }, http.StatusOK},
		{"enrolSecondFactor", func() map[string]any { return map[string]any{"password": password + "-2"} }, http.StatusOK},
		{"confirmSecondFactor", func() map[string]any { return map[string]any{"code": code(told.Secret)} }, http.StatusOK},
		{"resetSecondFactor", func() map[string]any { return nil }, http.StatusNoContent}, // by the administrator of security
	} {
		q := f.plain(who, step.operation, who.ID)
		if step.operation == "resetSecondFactor" {
			q.who = f.ofRole(domain.RoleSecurity)[0]
		}
		q.body, q.hasBody = encode(step.body()), true
		a, err := f.must(ctx, q, step.status)
		if err != nil {
			return err
		}
		var more struct {
			Codes []string `json:"recovery_codes"`
		}
		if len(a.body) > 0 {
			if err := errors.Join(json.Unmarshal(a.body, &told), json.Unmarshal(a.body, &more)); err != nil {
				return err
			}
		}
		if more.Codes != nil {
			f.recovery = more.Codes
		}
		if err := f.again(ctx, who); err != nil {
			return err
		}
	}
	return nil
}

// code is that of a second factor now.
func code(secret string) string {
	c, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		return "" // the server then says what is wrong
	}
	return c
}
