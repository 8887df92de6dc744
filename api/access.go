package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"sudi/domain"
)

// Access says who may call a route. The zero Access is nobody; a route cannot
// be registered without one.
type Access struct {
	level level
	roles []domain.Role
	bare  bool // open to an account that still has to get its second factor
}

type level int

const (
	closed level = iota
	public
	signedIn
	withRole
)

// Public lets anybody in.
func Public() Access { return Access{level: public} }

// SignedIn lets any account in.
func SignedIn() Access { return Access{level: signedIn} }

// withoutFactor lets an account in too that must have a second factor and has
// none yet.
func (a Access) withoutFactor() Access {
	a.bare = true
	return a
}

// Roles lets accounts with one of these roles in.
func Roles(roles ...domain.Role) Access { return Access{level: withRole, roles: roles} }

// CaseWorkers lets in who works on cases: not leaders and auditors, who only
// look, nor administrators.
func CaseWorkers() Access {
	return Roles(domain.RoleClerk, domain.RoleHandler, domain.RoleMediator, domain.RoleCommitteeHead,
		domain.RoleCourtLiaison, domain.RoleReconsideration, domain.RoleSupervisor)
}

// Actors lets in whoever procedures give something to do: case workers, and
// leaders, who take charge of cases and approve.
func Actors() Access { return Roles(append(CaseWorkers().roles, domain.RoleLeader)...) }

// Readers lets in who may read cases: those who work on them, and leaders and
// auditors, who see them masked. The administrators of the system and of its
// security see none.
func Readers() Access { return Roles(append(Actors().roles, domain.RoleAuditor)...) }

// Caller is who sent a request; the zero Caller is nobody in particular.
type Caller struct {
	User  domain.User
	Lang  string // "zh" or "en"
	IP    string
	TLS   bool
	Agent string // the beginning of what the browser calls itself

	session   []byte // hash of the token, nil without a session (over the desk channel)
	sessionID string
	factor    bool // the account has a second factor
}

// Actor is the caller as somebody who acts.
func (c *Caller) Actor() domain.Actor { return c.User.Actor() }

// Works reports whether the caller works on cases.
func (c *Caller) Works() bool { return worksOnCases(c.User.Role) }

func worksOnCases(role domain.Role) bool { return slices.Contains(CaseWorkers().roles, role) }

// reads reports whether the caller may see cases at all.
func (c *Caller) reads() bool { return slices.Contains(Readers().roles, c.User.Role) }

// Masked reports whether personal fields are hidden from the caller: those who
// do not work on cases see none.
func (c *Caller) Masked() bool { return !c.Works() }

// admits reports whether a caller may use a route, and why not.
func (a Access) admits(c *Caller) error {
	switch {
	case a.level == public:
		return nil
	case a.level == closed:
		return domain.Errorf(domain.KindForbidden, "route_closed")
	case c.User.ID == "":
		return domain.Errorf(domain.KindUnauthenticated, "sign_in_first")
	case a.level == withRole && !slices.Contains(a.roles, c.User.Role):
		return domain.Errorf(domain.KindForbidden, "role_not_allowed")
	default:
		return nil
	}
}

// guard lets a request through to its route, or not, before anything of its
// body is read.
func (s *server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		rule, ok := s.rules[c.Request().Method+" "+c.Path()]
		if !ok { // no such route: echo says 404 or 405
			return next(c)
		}
		if _, desk := fromDesk(c.Request().Context()); desk && !s.desk[c.Request().Method+" "+c.Path()] {
			return domain.Errorf(domain.KindNotFound, "not_on_desk")
		}
		q := requestOf(c.Request().Context())
		if err := s.identify(c, q, rule); err != nil {
			return err
		}
		if err := s.limitCaller(c, &q.Caller.User); err != nil {
			return err
		}
		c.SetRequest(c.Request().WithContext(withOrigin(c.Request().Context(), &q.Caller.User)))
		q.asked(c, s.names[c.Request().Method+" "+c.Path()])
		if err := rule.admits(&q.Caller); err != nil {
			return s.refused(c.Request().Context(), err)
		}
		if q.Caller.session != nil && !rule.bare && !q.Caller.factor && s.owesFactor(q.Caller.User.Role) {
			return s.refused(c.Request().Context(), domain.Errorf(domain.KindForbidden, "second_factor_required"))
		}
		return next(c)
	}
}

// operation describes a route for the contract.
type operation struct {
	method  string
	path    string // below prefix, unless it is in the root
	root    bool
	id      string
	tag     string
	summary string
	details string
	status  int                        // of success; 0 = 200, or 204 without a body
	errors  []int                      // beyond those that every such route can give
	content map[string]*huma.MediaType // of success, where it is not JSON of the output type

	openQuery bool // what is not known in the query is somebody else's and left alone
}

// register adds a typed route. Its handler gets the caller explicitly; its
// errors become problem documents here and nowhere else.
func register[I, O any](s *server, access Access, op operation, handle func(context.Context, *Caller, *I) (*O, error)) {
	path := prefix + op.path
	if op.root {
		path = op.path
	}
	s.rules[op.method+" "+echoPath(path)] = access
	s.names[op.method+" "+echoPath(path)] = op.id
	s.desk[op.method+" "+echoPath(path)] = deskOperations[op.id]
	huma.Register(s.huma, huma.Operation{
		Method: op.method, Path: path, OperationID: op.id, Tags: []string{op.tag}, Summary: op.summary,
		Description: op.details, DefaultStatus: op.status, MaxBodyBytes: maxBody, BodyReadTimeout: s.RequestTimeout,
		RejectUnknownQueryParameters: !op.openQuery, Errors: errorsOf[I](access, &op), Responses: emptyResponses(&op), Security: security(access),
	}, func(ctx context.Context, in *I) (*O, error) {
		q := requestOf(ctx)
		out, err := handle(ctx, &q.Caller, in)
		if err != nil {
			return nil, q.problem(s.refused(ctx, err))
		}
		return out, nil
	})
}

// rawGet adds a route whose answer is not JSON; it too needs a rule.
func (s *server) rawGet(access Access, path string, handle func(echo.Context, *Caller) error) {
	s.rules[http.MethodGet+" "+echoPath(path)] = access
	s.echo.GET(echoPath(path), func(c echo.Context) error {
		return handle(c, &requestOf(c.Request().Context()).Caller)
	})
}

// Routes lists what is served, as "METHOD /path", from the registration itself;
// a part that varies is written :name.
func (a *API) Routes() []string {
	var routes []string
	for _, r := range a.server.echo.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	slices.Sort(routes)
	return routes
}

// unsafe reports whether a method changes something.
func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
