package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page that shows the contract
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle string

func (s *server) documentRoutes() {
	asJSON := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.huma.OpenAPI()) })
	s.rawGet(Public(), prefix+"/openapi.json", func(c echo.Context, _ *Caller) error {
		body, err := asJSON()
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "application/json", body)
	})
	page := sync.OnceValues(s.renderDocs)
	s.rawGet(Public(), "/", func(c echo.Context, _ *Caller) error { // until there is a console
		return c.Redirect(http.StatusFound, "/docs")
	})
	s.rawGet(Public(), "/docs", func(c echo.Context, _ *Caller) error {
		body, err := page()
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(docsStyle))
		c.Response().Header().Set("Content-Security-Policy", pagePolicy("sha256-"+base64.StdEncoding.EncodeToString(sum[:])))
		return c.HTMLBlob(http.StatusOK, body)
	})
}

// docsOperation is an operation as the page shows it.
type docsOperation struct {
	Method, Path string
	*huma.Operation
	Statuses []string
	Body     string // name of the body's schema
	Answer   string // name of the answer's schema
}

// docsSchema is a schema as the page shows it.
type docsSchema struct {
	Name       string
	Properties []docsProperty
}

type docsProperty struct {
	Name, Type, Description string
	Required                bool
}

// renderDocs writes the contract as one page that needs nothing else.
func (s *server) renderDocs() ([]byte, error) {
	t, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Style": template.CSS(docsStyle), //nolint:gosec // our own file
		"Info":  s.huma.OpenAPI().Info, "Operations": s.docsOperations(), "Schemas": s.docsSchemas(),
	})
	return b.Bytes(), err
}

func (s *server) docsOperations() []docsOperation {
	var ops []docsOperation
	paths := s.huma.OpenAPI().Paths
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			d := docsOperation{Method: op.Method, Path: path, Operation: op, Statuses: slices.Sorted(maps.Keys(op.Responses))}
			if op.RequestBody != nil {
				d.Body = schemaName(op.RequestBody.Content["application/json"])
			}
			if ok := op.Responses[d.Statuses[0]]; ok != nil {
				d.Answer = schemaName(ok.Content["application/json"])
			}
			ops = append(ops, d)
		}
	}
	return ops
}

func (s *server) docsSchemas() []docsSchema {
	var schemas []docsSchema
	all := s.huma.OpenAPI().Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d := docsSchema{Name: name}
		for _, property := range slices.Sorted(maps.Keys(all[name].Properties)) {
			p := all[name].Properties[property]
			d.Properties = append(d.Properties, docsProperty{
				Name: property, Type: typeName(p), Description: p.Description, Required: slices.Contains(all[name].Required, property),
			})
		}
		schemas = append(schemas, d)
	}
	return schemas
}

const schemaPrefix = "#/components/schemas/"

func schemaName(m *huma.MediaType) string {
	if m == nil || m.Schema == nil || len(m.Schema.Ref) < len(schemaPrefix) {
		return ""
	}
	return m.Schema.Ref[len(schemaPrefix):]
}

func typeName(s *huma.Schema) string {
	switch {
	case s.Ref != "":
		return s.Ref[len(schemaPrefix):]
	case s.Type == huma.TypeArray && s.Items != nil:
		return "[" + typeName(s.Items) + "]"
	case len(s.Enum) > 0:
		return fmt.Sprint(s.Enum)
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	default:
		return s.Type
	}
}
