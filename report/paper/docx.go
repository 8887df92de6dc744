package paper

import (
	"archive/zip"
	"embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/template"
	"time"
)

//go:embed ooxml
var ooxml embed.FS

// docxWriter lays a document out as WordprocessingML. See
// docs/decisions/0013-docx.md for why it does so itself.
type docxWriter struct {
	doc    *Document
	body   strings.Builder
	charts []chartPart
	ids    int // of bookmarks and drawings

	newPage bool // the next heading begins one: a break of its own would leave an empty page behind a full one
}

// chartPart is a chart's drawing and the workbook that Word edits it with.
type chartPart struct {
	xml  string
	data []byte
}

// WriteDOCX writes the document for Word and LibreOffice; at is the time that
// its properties give, so that the same report gives the same bytes.
func WriteDOCX(w io.Writer, d *Document, at time.Time) error {
	dw := &docxWriter{doc: d}
	for _, b := range d.Blocks {
		if err := dw.block(b); err != nil {
			return err
		}
	}
	z := zip.NewWriter(w)
	add := func(name string, content []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()})
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		return err
	}
	if err := dw.parts(at, add); err != nil {
		return fmt.Errorf("docx: %w", err)
	}
	return z.Close()
}

// parts adds every part of the package.
func (w *docxWriter) parts(at time.Time, add func(name string, content []byte) error) error {
	data := map[string]any{
		"Title": w.doc.Title, "Lang": w.doc.Lang, "ZH": w.doc.Lang == "zh", "Body": w.body.String(),
		"Time": at.UTC().Format(time.RFC3339), "Charts": w.charts,
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"xml": escaped, "add": func(a, b int) int { return a + b },
	}).ParseFS(ooxml, "ooxml/*.xml")
	if err != nil {
		return err
	}
	for _, p := range docxParts {
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, p.template, data); err != nil {
			return err
		}
		if err := add(p.name, []byte(b.String())); err != nil {
			return err
		}
	}
	for i, c := range w.charts {
		n := strconv.Itoa(i + 1)
		rels := strings.ReplaceAll(chartRels, "{n}", n)
		if err := add("word/charts/chart"+n+".xml", []byte(c.xml)); err != nil {
			return err
		}
		if err := add("word/charts/_rels/chart"+n+".xml.rels", []byte(rels)); err != nil {
			return err
		}
		if err := add("word/embeddings/chart"+n+".xlsx", c.data); err != nil {
			return err
		}
	}
	return nil
}

// docxParts are the parts with their templates, the content types first as
// some readers want them.
var docxParts = []struct{ name, template string }{
	{"[Content_Types].xml", "content_types.xml"},
	{"_rels/.rels", "package_rels.xml"},
	{"docProps/core.xml", "core.xml"},
	{"docProps/app.xml", "app.xml"},
	{"word/document.xml", "document.xml"},
	{"word/_rels/document.xml.rels", "document_rels.xml"},
	{"word/styles.xml", "styles.xml"},
	{"word/settings.xml", "settings.xml"},
	{"word/fontTable.xml", "fonts.xml"},
	{"word/footer1.xml", "footer_odd.xml"},
	{"word/footer2.xml", "footer_even.xml"},
}

const chartRels = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/package" Target="../embeddings/chart{n}.xlsx"/></Relationships>`

func (w *docxWriter) block(b Block) error {
	switch b := b.(type) {
	case Heading:
		w.heading(&b)
	case Paragraph:
		w.paragraph(&b)
	case Table:
		w.table(&b)
	case Chart:
		return w.chart(&b)
	case NoteList:
		w.notes()
	case PageBreak:
		w.newPage = true
	}
	return nil
}

func (w *docxWriter) id() int { w.ids++; return w.ids }

// bookmark wraps content in a place that links can go to.
func (w *docxWriter) bookmark(name, content string) string {
	id := strconv.Itoa(w.id())
	return `<w:bookmarkStart w:id="` + id + `" w:name="` + bookmarkName(name) + `"/>` + content + `<w:bookmarkEnd w:id="` + id + `"/>`
}

// bookmarkName is a name as Word allows them: letters, digits and underscores,
// at most 40.
func bookmarkName(name string) string {
	name = strings.NewReplacer("-", "_", ".", "_").Replace(name)
	return name[:min(len(name), 40)]
}

func styled(style, content string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>` + content + `</w:p>`
}

// text is a run; properties may be empty.
func text(s, properties string) string {
	if properties != "" {
		properties = "<w:rPr>" + properties + "</w:rPr>"
	}
	return `<w:r>` + properties + `<w:t xml:space="preserve">` + escaped(s) + `</w:t></w:r>`
}

func (w *docxWriter) heading(h *Heading) {
	style := map[int]string{0: "Title", 1: "Heading1", 2: "Heading2"}[h.Level]
	before := ""
	if w.newPage {
		before, w.newPage = "<w:pageBreakBefore/>", false
	}
	w.body.WriteString(`<w:p><w:pPr><w:pStyle w:val="` + style + `"/>` + before + `</w:pPr>` + w.bookmark(h.ID, text(h.Text, "")) + `</w:p>`)
}

func (w *docxWriter) paragraph(p *Paragraph) {
	style := map[Style]string{Body: "BodyText", Front: "Front", Small: "Remark"}[p.Style]
	var b strings.Builder
	for _, r := range p.Runs {
		switch r.Kind {
		case Missing:
			b.WriteString(text(r.Text, `<w:rStyle w:val="MissingFigure"/>`))
		case Stated:
			b.WriteString(text(r.Text, ""))
			fmt.Fprintf(&b, `<w:hyperlink w:anchor="note_%d">%s</w:hyperlink>`, r.Note, text(noteMark(r.Note), `<w:rStyle w:val="NoteMark"/>`))
		default:
			b.WriteString(text(r.Text, ""))
		}
	}
	w.body.WriteString(styled(style, b.String()))
}

func (w *docxWriter) notes() {
	for _, n := range w.doc.Notes {
		w.body.WriteString(styled("NoteText", w.bookmark("note_"+strconv.Itoa(n.Number), text(noteMark(n.Number), ""))+`<w:r><w:tab/></w:r>`+text(n.Text, "")))
	}
}

// escaped makes text safe in XML: what XML 1.0 has no character for goes.
func escaped(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
