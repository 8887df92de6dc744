package paper

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"sudi/domain"
	"sudi/report"
)

// Build makes the document of a report in a language, "zh" or "en" (any other
// is "zh"). An error means that the words name a figure that nobody knows.
func Build(a *report.Annual, lang string) (*Document, error) {
	s := newSpeaker(a, lang)
	s.lang = s.labels.lang
	text, err := s.speak()
	if err != nil {
		return nil, err
	}
	if len(s.wrong) > 0 {
		return nil, fmt.Errorf("the words of the annual report name unknown figures: %s", strings.Join(s.wrong, ", "))
	}
	d := &Document{Lang: s.lang}
	if err := s.read(d, text); err != nil {
		return nil, err
	}
	d.Notes = s.notes
	d.typeset()
	return d, nil
}

// speak runs the template.
func (s *speaker) speak() (string, error) {
	name := "annual." + s.lang + ".tmpl"
	t, err := template.New(name).Funcs(s.functions()).ParseFS(words, "words/"+name, "words/method."+s.lang+".tmpl")
	if err != nil {
		return "", fmt.Errorf("annual report: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s.annual); err != nil {
		return "", fmt.Errorf("annual report: %w", err)
	}
	return b.String(), nil
}

// read takes the text apart into blocks. Blocks are parted by blank lines:
// "# " begins the title, "## " and "### " headings, "[…]" stands for a table, a
// chart, the notes or a page break, "@style" on a line sets the paragraph
// behind it; the rest is running text.
func (s *speaker) read(d *Document, text string) error {
	style := Body
	for _, block := range regexp.MustCompile(`\n[ \t]*\n`).Split(text, -1) {
		block = strings.TrimSpace(block)
		for strings.HasPrefix(block, "@") {
			var first string
			first, block, _ = strings.Cut(block, "\n")
			style, block = Style(first[1:]), strings.TrimSpace(block)
		}
		switch {
		case block == "":
			continue
		case strings.HasPrefix(block, "["):
			b, err := s.directive(strings.Trim(block, "[]"))
			if err != nil {
				return err
			}
			if b != nil {
				d.Blocks = append(d.Blocks, b)
			}
		case strings.HasPrefix(block, "#"):
			d.addHeading(block)
		default:
			d.Blocks = append(d.Blocks, Paragraph{style, runs(joinLines(block, s.lang))})
		}
		style = Body
	}
	return nil
}

func (d *Document) addHeading(line string) {
	hashes, text, _ := strings.Cut(line, " ")
	h := Heading{Level: len(hashes) - 1, Text: text}
	if h.Level == 0 {
		d.Title = text
	}
	n := 0
	for _, b := range d.Blocks {
		if _, ok := b.(Heading); ok {
			n++
		}
	}
	h.ID = "s" + strconv.Itoa(n)
	d.Blocks = append(d.Blocks, h)
}

// joinLines makes one line of a paragraph's lines; Chinese has no space there.
func joinLines(block, lang string) string {
	between := ""
	if lang == "en" {
		between = " "
	}
	return strings.Join(strings.Split(block, "\n"), between)
}

// runs parts a text at its marks.
func runs(text string) []Run {
	var rs []Run
	for text != "" {
		words, rest, found := strings.Cut(text, markOpen)
		if words != "" {
			rs = append(rs, Run{Text: words})
		}
		if !found {
			break
		}
		inner, after, _ := strings.Cut(rest, markClose)
		parts := strings.SplitN(inner, markPart, 4)
		note, _ := strconv.Atoi(parts[2]) //nolint:errcheck // mark wrote it
		rs = append(rs, Run{Text: parts[3], Kind: Kind(parts[0]), Code: parts[1], Note: note})
		text = after
	}
	return rs
}

// directive makes the block that stands for "table NAME", "chart NAME", "notes"
// or "page"; nil where there is nothing to show.
func (s *speaker) directive(text string) (Block, error) {
	kind, name, _ := strings.Cut(text, " ")
	switch kind {
	case "page":
		return PageBreak{}, nil
	case "notes":
		if len(s.notes) == 0 {
			return nil, nil
		}
		return NoteList{}, nil
	case "table":
		if make, ok := tables[name]; ok {
			t := make(s)
			if len(t.Rows) == 0 {
				return nil, nil
			}
			t.Name, t.Caption = name, s.labels.Tables[name]
			if t.Remark == "" {
				t.Remark = s.labels.Remarks[name]
			}
			return t, nil
		}
	case "chart":
		if make, ok := charts[name]; ok {
			c := make(s)
			if len(c.Labels) == 0 {
				return nil, nil
			}
			c.Name, c.Caption = name, s.labels.Charts[name]
			return c, nil
		}
	}
	return nil, fmt.Errorf("the words of the annual report ask for an unknown block [%s]", text)
}

func inCatalogue(code string) bool { return domain.AttestedItemByCode(code) != nil }
