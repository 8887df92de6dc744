package upload

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

const (
	maxDepth = 256
	maxToken = 4 << 20 // of one element or one text
)

var errLongToken = errors.New("token too long")

// tokenLimit ends a reading that goes on for too long within one token, which
// the decoder keeps in memory whole.
type tokenLimit struct {
	r    io.Reader
	left int
}

func (t *tokenLimit) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, errLongToken
	}
	n, err := t.r.Read(p[:min(len(p), 4<<10)])
	t.left -= n
	return n, err
}

// xml reads a part to its end. It resolves nothing, and a document type, which
// is where entities come from, is refused.
func (p *parts) xml(name string, in io.Reader) error {
	limited := &tokenLimit{r: in}
	d := xml.NewDecoder(limited)
	c := &content{parts: p, name: strings.ToLower(name)} // parts are found in capitals or not
	depth, roots := 0, 0
	for {
		limited.left = maxToken
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refuse(CodeBroken)
		}
		switch t := token.(type) {
		case xml.Directive:
			return refuse(CodeEntities)
		case xml.ProcInst:
			if t.Target != "xml" && t.Target != "mso-application" {
				return refuse(CodePart) // a style sheet is fetched
			}
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > maxDepth {
				return refuse(CodeBroken)
			}
			if err := c.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
			if err := c.end(t); err != nil {
				return err
			}
		case xml.CharData:
			c.chars(t)
		}
	}
	if roots != 1 || depth != 0 {
		return refuse(CodeBroken)
	}
	if p.kind == DOCX {
		return c.judgeFields(0)
	}
	return nil
}

// attribute is the value of an attribute of no namespace. One of another
// namespace with the same name is not it.
func attribute(e xml.StartElement, name string) string {
	return attributeIn(e, "", name)
}

// word is part of the namespaces of Word's own elements and attributes.
const word = "wordprocessingml"

// attributeIn is the value of an attribute of a namespace that has space in it.
func attributeIn(e xml.StartElement, space, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && (a.Name.Space == "") == (space == "") && strings.Contains(a.Name.Space, space) {
			return a.Value
		}
	}
	return ""
}

// content judges what stands in a part: relationships, and the fields and
// formulas that fetch or start something.
type content struct {
	*parts
	name  string
	code  strings.Builder // of the formula or name, or of the fields, that are being read
	takes bool
}

// enough of the code of fields is judged at once; some is kept, since what is
// looked for may have begun in it.
const (
	enough = 8 << 10
	keep   = 1 << 10
)

func (c *content) start(e xml.StartElement) error {
	switch {
	case c.name == "[content_types].xml" && (e.Name.Local == "Default" || e.Name.Local == "Override"):
		return c.contentType(e)
	case strings.HasSuffix(c.name, ".rels") && e.Name.Local == "Relationship":
		return c.relationship(c.name, e)
	}
	switch e.Name.Local {
	case "OLEObject", "oleObject", "object", "altChunk":
		if e.Name.Local == "object" && !strings.Contains(e.Name.Space, word) {
			break
		}
		return refuse(CodeEmbedded)
	case "ddeLink", "oleLink":
		return refuse(CodeDDE)
	case "fldSimple":
		return c.judge(attributeIn(e, word, "instr"))
	case "definedName":
		if name := strings.ToLower(attribute(e, "name")); strings.Contains(name, "auto_open") || strings.Contains(name, "auto_close") || strings.Contains(name, "auto_activate") {
			return refuse(CodeMacros)
		}
	case "fldChar":
		if strings.Contains(e.Name.Space, word) && attributeIn(e, word, "fldCharType") == "end" {
			return c.judgeFields(0) // until then a field's code may come in pieces
		}
	}
	if strings.Contains(e.Name.Space, "schemas-microsoft-com:vml") {
		if src := attribute(e, "src"); strings.Contains(src, ":") || strings.HasPrefix(src, `\\`) || strings.HasPrefix(src, "//") {
			return refuse(CodeExternal)
		}
	}
	if c.takes = c.coded(e.Name.Local); c.takes && c.kind == XLSX {
		c.code.Reset()
	}
	return nil
}

// coded are the elements whose text is computed: Word's field codes; formulas of
// cells, of names, of conditional formats and of validations.
func (c *content) coded(name string) bool {
	if c.kind == DOCX {
		return name == "instrText" || name == "delInstrText"
	}
	switch name {
	case "f", "definedName", "formula", "formula1", "formula2", "calculatedColumnFormula", "totalsRowFormula":
		return true
	}
	return false
}

func (c *content) chars(b []byte) {
	if c.takes {
		c.code.Write(b)
	}
}

func (c *content) end(e xml.EndElement) error {
	c.takes = false
	switch {
	case c.kind == XLSX && c.coded(e.Name.Local):
		return c.judge(c.code.String())
	case c.kind == DOCX && c.code.Len() > enough:
		return c.judgeFields(keep)
	}
	return nil
}

// judgeFields judges the code of fields and forgets all but its end.
func (c *content) judgeFields(keep int) error {
	code := c.code.String()
	c.code.Reset()
	c.code.WriteString(code[max(0, len(code)-keep):])
	return c.judge(code)
}

var (
	literal = regexp.MustCompile(`"(?:[^"]|"")*"`)
	// A field may also be spelt in numbers: QUOTE 68 68 69.
	fieldDDE  = regexp.MustCompile(`(?i)\bDDE(?:AUTO)?\b|\bQUOTE\s+\d+\s+\d+`)
	fieldBad  = regexp.MustCompile(`(?i)(?:^|[^A-Za-z])(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|DATABASE|RD|AUTOTEXTLIST)\s+\S*`)
	fieldLink = regexp.MustCompile(`(?i)HYPERLINK\s+"?\s*(\\\\|//|[a-z][a-z0-9+.-]*:/{0,2})`)
	fieldHost = regexp.MustCompile(`(?i)(?:\\\\|//|:|file|\.)`)
	sheetDDE  = regexp.MustCompile(`(?i)[A-Za-z0-9_.']\|\s*(?:'[^']*'|[^\s!']+)!`)
	sheetBad  = regexp.MustCompile(`(?i)\b(?:WEBSERVICE|FILTERXML|RTD|CALL|REGISTER(?:\.ID)?|EXEC|IMAGE|SQL\.REQUEST)\s*\(`)
	sheetFar  = regexp.MustCompile(`(?i)(?:(?:^|[^A-Za-z0-9_\]\[])'?\[\d+\]|'?(?:https?:|file:|\\\\)[^!]*)[^!]*!`)
)

// judge decides on a field's or a formula's code. Texts within a formula are
// not looked at: only what it would do.
func (c *content) judge(code string) error {
	if c.kind == DOCX {
		for _, link := range fieldLink.FindAllStringSubmatch(code, -1) {
			if !web.MatchString(link[1] + "x") {
				return refuse(CodeExternal)
			}
		}
		switch {
		case fieldDDE.MatchString(code):
			return refuse(CodeDDE)
		case fieldBad.MatchString(code) && fieldHost.MatchString(code):
			return refuse(CodeExternal)
		}
		return nil
	}
	bare := literal.ReplaceAllString(code, `""`)
	switch {
	case sheetDDE.MatchString(bare):
		return refuse(CodeDDE)
	case sheetBad.MatchString(bare), sheetFar.MatchString(bare):
		return refuse(CodeExternal)
	}
	return nil
}
