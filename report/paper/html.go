package paper

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed page
var page embed.FS

// htmlPage is what page/annual.html needs.
type htmlPage struct {
	*Document
	Labels labels
	CSS    template.CSS
}

var loadPage = sync.OnceValues(func() (*template.Template, error) {
	return template.New("annual.html").Funcs(template.FuncMap{
		"kind": kindOf, "lines": func(s string) []string { return strings.Split(s, "\n") },
		"noteMark": noteMark, "svg": drawn, "anchor": anchorOf, "headings": headings,
		"short": func(s string) bool { return utf8.RuneCountInString(s) <= 12 }, // may stay on one line with its note
	}).ParseFS(page, "page/annual.html")
})

// WriteHTML writes the document as one file that loads nothing from elsewhere,
// for the screen, the telephone and A4 paper.
func WriteHTML(w io.Writer, d *Document) error {
	t, err := loadPage()
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	css, err := page.ReadFile("page/annual.css")
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return t.Execute(w, htmlPage{d, labelsOf(d.Lang), template.CSS(css)}) //nolint:gosec // our own stylesheet
}

// kindOf names a block for the template.
func kindOf(b Block) string {
	switch b.(type) {
	case Heading:
		return "heading"
	case Paragraph:
		return "paragraph"
	case Table:
		return "table"
	case Chart:
		return "chart"
	case NoteList:
		return "notes"
	default:
		return "page"
	}
}

// headings are the parts that the contents list: the sections.
func headings(blocks []Block) []Heading {
	var hs []Heading
	for _, b := range blocks {
		if h, ok := b.(Heading); ok && h.Level == 1 {
			hs = append(hs, h)
		}
	}
	return hs
}

func anchorOf(anchors []string, i int) string {
	if i < len(anchors) {
		return anchors[i]
	}
	return ""
}

// drawn draws a chart for a width.
func drawn(c Chart, width int) template.HTML {
	return template.HTML(svgOf(&c, width)) //nolint:gosec // svgOf escapes every text
}

// StyleHash is the hash of the page's stylesheet as a content security policy
// names it.
func StyleHash() string {
	css, err := page.ReadFile("page/annual.css")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(css)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
