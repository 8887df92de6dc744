package api

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"

	"sudi/domain"
)

// accountView is an account as its administrators see it.
type accountView struct {
	ID         string      `json:"id"`
	Username   string      `json:"username"`
	Name       string      `json:"name"`
	Role       domain.Role `json:"role"`
	Org        string      `json:"org"`
	DisabledAt *time.Time  `json:"disabled_at,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
}

type accountOutput struct{ Body accountView }

type accountsOutput struct {
	Body struct {
		Items []accountView `json:"items"`
	}
}

type newAccountInput struct {
	Body struct {
		Username string      `json:"username" minLength:"1" maxLength:"64" doc:"Small letters, digits, dots, dashes and underscores"`
		Name     string      `json:"name" minLength:"1" maxLength:"100"`
		Role     domain.Role `json:"role"`
		Org      string      `json:"org" minLength:"1" maxLength:"40"`
		Password string      `json:"password" minLength:"1" maxLength:"200"`
	}
}

type changeAccountInput struct {
	ID   string `path:"id" format:"uuid"`
	Body struct {
		Name     *string      `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"For the system administrator to change"`
		Password *string      `json:"password,omitempty" minLength:"1" maxLength:"200" doc:"For the system administrator to change; the account is disabled with it"`
		Role     *domain.Role `json:"role,omitempty" doc:"For the security administrator to change"`
		Org      *string      `json:"org,omitempty" minLength:"1" maxLength:"40" doc:"For the security administrator to change"`
		Disabled *bool        `json:"disabled,omitempty" doc:"Both may disable; only the security administrator enables"`
	}
}

var usernameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (s *server) accountAdminRoutes() {
	register(s, Roles(domain.RoleAdmin, domain.RoleSecurity), operation{
		method: http.MethodGet, path: "/accounts", id: "listAccounts", tag: "accounts", summary: "All accounts",
	}, s.listAccounts)
	register(s, Roles(domain.RoleAdmin), operation{
		method: http.MethodPost, path: "/accounts", id: "createAccount", tag: "accounts", status: http.StatusCreated,
		summary: "Make an account", errors: []int{http.StatusConflict},
		details: "It is disabled until a security administrator enables it: nobody gives rights alone.",
	}, s.createAccount)
	register(s, Roles(domain.RoleAdmin, domain.RoleSecurity), operation{
		method: http.MethodPatch, path: "/accounts/{id}", id: "changeAccount", tag: "accounts",
		summary: "Change an account", errors: []int{http.StatusNotFound},
		details: "The system administrator changes name and password, the security administrator role, organisation and whether it is " +
			"enabled. Whoever may not sign in any more, or not as before, is signed out at once.",
	}, s.changeAccount)
}

func (s *server) listAccounts(ctx context.Context, _ *Caller, _ *nothing) (*accountsOutput, error) {
	users, err := s.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	out := &accountsOutput{}
	out.Body.Items = make([]accountView, len(users))
	for i := range users {
		out.Body.Items[i] = viewAccount(&users[i])
	}
	return out, nil
}

func viewAccount(u *domain.User) accountView {
	return accountView{u.ID, u.Username, u.Name, u.Role, u.Org, u.DisabledAt, u.CreatedAt}
}

// CheckAccount refuses a user name, role or organisation that an account cannot
// have: KindInvalid.
func CheckAccount(u *domain.User, directory *domain.Directory) error {
	var wrong []domain.FieldError
	if !usernameShape.MatchString(u.Username) {
		wrong = append(wrong, domain.FieldError{Field: "username", Code: "username_shape"})
	}
	if wrong = append(wrong, wrongRights(&u.Role, &u.Org, directory)...); wrong != nil {
		return domain.Invalid(wrong...)
	}
	return nil
}

// wrongRights names a role or organisation that there is not; nil is none.
func wrongRights(role *domain.Role, org *string, directory *domain.Directory) (wrong []domain.FieldError) {
	if role != nil && !role.Staff() {
		wrong = append(wrong, domain.FieldError{Field: "role", Code: "role_unknown"})
	}
	if org != nil && directory.Get(*org) == nil {
		wrong = append(wrong, domain.FieldError{Field: "org", Code: "organization_unknown"})
	}
	return wrong
}

func (s *server) createAccount(ctx context.Context, _ *Caller, in *newAccountInput) (*accountOutput, error) {
	now := s.Now()
	b := &in.Body
	u := domain.User{ID: uuid.Must(uuid.NewV7()).String(), Username: b.Username, Name: b.Name, Role: b.Role, Org: b.Org, CreatedAt: now, DisabledAt: &now}
	err := CheckAccount(&u, s.Engine.Rules().Directory)
	if err == nil {
		err = CheckPassword(b.Password, &u)
	}
	if err == nil {
		u.PasswordHash, err = s.password.hash(ctx, b.Password)
	}
	if err == nil {
		err = s.Store.CreateUsers(ctx, []domain.User{u})
	}
	if err != nil {
		return nil, err
	}
	return &accountOutput{viewAccount(&u)}, nil
}

func (s *server) changeAccount(ctx context.Context, who *Caller, in *changeAccountInput) (*accountOutput, error) {
	u, err := s.Store.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.accountChange(ctx, who, &u, in)
	if err == nil {
		err = s.Store.ChangeUser(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	u, err = s.Store.UserByID(ctx, in.ID)
	return &accountOutput{viewAccount(&u)}, err
}

// accountChange is what a request changes, if its sender may.
func (s *server) accountChange(ctx context.Context, who *Caller, u *domain.User, in *changeAccountInput) (domain.UserChange, error) {
	b := &in.Body
	c := domain.UserChange{ID: u.ID, Name: b.Name, Role: b.Role, Org: b.Org, Disabled: b.Disabled, By: who.Actor(), At: s.Now()}
	technical, rights := b.Name != nil || b.Password != nil, b.Role != nil || b.Org != nil || b.Disabled != nil && !*b.Disabled
	if technical && who.User.Role != domain.RoleAdmin || rights && who.User.Role != domain.RoleSecurity {
		return c, domain.Errorf(domain.KindForbidden, "role_not_allowed")
	}
	if wrong := wrongRights(b.Role, b.Org, s.Engine.Rules().Directory); wrong != nil {
		return c, domain.Invalid(wrong...)
	}
	if b.Password == nil {
		return c, nil
	}
	if u.ID == who.User.ID { // that is POST /me/password, which asks for the old one
		return c, domain.Errorf(domain.KindForbidden, "own_account")
	}
	if err := CheckPassword(*b.Password, u); err != nil {
		return c, err
	}
	hash, err := s.password.hash(ctx, *b.Password)
	// Whoever sets a password could sign in with it: another lets it in.
	c.PasswordHash, c.Disabled = &hash, new(true)
	return c, err
}
