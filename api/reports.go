package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"sudi/report/paper"
)

// formJSON is the report's data themselves; the other forms are documents.
const formJSON = "json"

type annualDocumentInput struct {
	Year int    `path:"year" minimum:"1949" maximum:"2100"`
	Form string `path:"form" enum:"docx,html,xlsx,json"`
	Lang string `query:"lang" enum:"zh,en" doc:"That of Accept-Language when left out"`
}

// annualDocumentOutput is a document with what a browser needs to know of it.
type annualDocumentOutput struct {
	ContentType string    `header:"Content-Type"`
	Disposition string    `header:"Content-Disposition"`
	Policy      string    `header:"Content-Security-Policy"`
	Modified    time.Time `header:"Last-Modified"`
	Body        []byte
}

func (s *server) reportRoutes() {
	s.echo.Pre(shortReportPath)
	content := map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}
	for _, f := range paper.Forms {
		media, _, _ := mime.ParseMediaType(f.MediaType()) //nolint:errcheck // our own constants
		content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/document/{form}", id: "getAnnualDocument", tag: "reports",
		summary: "The annual report as a document: for Word, for a browser, as a workbook, or its data",
		details: "Also at /reports/annual/2020.docx, .html, .xlsx and .json. For those who may see the whole county.",
		errors:  []int{http.StatusForbidden}, content: content,
	}, s.annualDocument)
}

// reportPath is the short address of a document: …/2020.docx.
var reportPath = regexp.MustCompile(`^` + prefix + `/reports/annual/(\d{4})\.(docx|html|xlsx|json)$`)

// shortReportPath leads a document's short address to its route: a route's
// parameter cannot end before a point.
func shortReportPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u := c.Request().URL; reportPath.MatchString(u.Path) {
			u.Path, u.RawPath = reportPath.ReplaceAllString(u.Path, prefix+"/reports/annual/$1/document/$2"), ""
		}
		return next(c)
	}
}

func (s *server) annualDocument(ctx context.Context, who *Caller, in *annualDocumentInput) (*annualDocumentOutput, error) {
	annual, err := s.Reports.Published(ctx, in.Year, s.scope(who))
	if err != nil {
		return nil, err
	}
	lang := who.Lang
	if in.Lang != "" {
		lang = in.Lang
	}
	out := &annualDocumentOutput{Modified: annual.AsOf, Policy: answerPolicy}
	name := paper.FileName(&annual, lang) + "." + in.Form
	if in.Form == formJSON {
		out.ContentType, out.Disposition = "application/json", disposition("inline", name)
		out.Body, err = json.Marshal(annual)
		return out, err
	}
	form := paper.Form(in.Form)
	out.ContentType, out.Disposition = form.MediaType(), disposition("attachment", name)
	if form == paper.HTML { // shown, with its own style and nothing else
		out.Disposition = disposition("inline", name)
		out.Policy = pagePolicy(paper.StyleHash())
	}
	var b bytes.Buffer
	if err := paper.Write(&b, &annual, form, lang); err != nil {
		return nil, err
	}
	out.Body = b.Bytes()
	return out, nil
}

// disposition names a file for a browser: in UTF-8, as RFC 6266 has it, and for
// old readers by its ending alone.
func disposition(kind, name string) string {
	return kind + `; filename="sudi` + path.Ext(name) + `"; filename*=UTF-8''` + url.PathEscape(name)
}
