package api

import (
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// maxBody bounds a request's body.
const maxBody = 1 << 20

// settleHuma sets the package-wide switches of huma; only this package uses it.
var settleHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return (&request{}).humaProblem(status, message, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := requestOf(c.Context()).humaProblem(status, message, errs)
		for name, values := range p.GetHeaders() {
			c.SetHeader(name, values[0])
		}
		return p
	}
})

// contract is the head of the OpenAPI document and how huma serves it: no
// schema links in bodies, no page that loads anything from elsewhere.
func contract(version string) huma.Config {
	settleHuma()
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Sudi", Version: version,
				Description: "Petition and mediation cases of a county (诉递). Errors are application/problem+json in the " +
					"language of Accept-Language (zh or en). Times are RFC 3339, dates YYYY-MM-DD in Beijing, amounts fen. " +
					"What is null or, in a query, empty counts as left out; what is not known is refused.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer"},
					"cookie": {Type: "apiKey", In: "cookie", Name: cookieName},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": strictJSON, "json": strictJSON},
		DefaultFormat: "application/json",
	}
}

func security(a Access) []map[string][]string {
	if a.level == public {
		return nil
	}
	return []map[string][]string{{"bearer": {}}, {"cookie": {}}}
}

// errorsOf lists the statuses that a route can answer with: its own and those
// that its access rule, method and body bring along.
func errorsOf[I any](a Access, op *operation) []int {
	list := append([]int{http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable}, op.errors...)
	if !unlimited[op.path] {
		list = append(list, http.StatusTooManyRequests)
	}
	if a.level != public {
		list = append(list, http.StatusUnauthorized)
	}
	if a.level == withRole || a.level == signedIn && !a.bare || unsafe(op.method) {
		list = append(list, http.StatusForbidden)
	}
	if _, body := reflect.TypeFor[I]().FieldByName("Body"); body {
		list = append(list, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType)
	}
	list = slices.DeleteFunc(list, func(status int) bool { return status == http.StatusNotModified })
	slices.Sort(list)
	return slices.Compact(list)
}

// emptyResponses declares the answers that are neither success nor problem, and
// successes of other content than JSON.
func emptyResponses(op *operation) map[string]*huma.Response {
	responses := map[string]*huma.Response{}
	if slices.Contains(op.errors, http.StatusNotModified) {
		responses["304"] = &huma.Response{Description: http.StatusText(http.StatusNotModified)}
	}
	if op.content != nil {
		responses["200"] = &huma.Response{Description: http.StatusText(http.StatusOK), Content: op.content}
	}
	return responses
}
