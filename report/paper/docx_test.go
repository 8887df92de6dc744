package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/report"
)

// unzipped are the parts of a package by name, each name once.
func unzipped(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NotContains(t, parts, f.Name)
		parts[f.Name] = string(content)
	}
	return parts
}

func docx(t *testing.T, a *report.Annual, lang string) map[string]string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, a, DOCX, lang))
	return unzipped(t, b.Bytes())
}

// wellFormed reads a part to its end and hands over each opening element.
func wellFormed(t *testing.T, name, content string, each func(xml.StartElement)) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(content))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err, name)
		if start, ok := token.(xml.StartElement); ok {
			each(start)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestDOCXPartsHoldTogether(t *testing.T) {
	for _, lang := range languages {
		parts := docx(t, sample(), lang)
		for name, content := range parts {
			if strings.HasSuffix(name, ".xlsx") {
				book, err := excelize.OpenReader(strings.NewReader(content))
				require.NoError(t, err, name)
				require.NoError(t, book.Close())
				continue
			}
			wellFormed(t, name, content, func(e xml.StartElement) {
				if e.Name.Local != "Relationship" {
					return
				}
				folder := path.Dir(path.Dir(name)) // of word/_rels/document.xml.rels: word
				require.Contains(t, parts, path.Join(folder, attr(e, "Target")), name)
			})
		}
		wellFormed(t, "[Content_Types].xml", parts["[Content_Types].xml"], func(e xml.StartElement) {
			if e.Name.Local == "Override" {
				require.Contains(t, parts, strings.TrimPrefix(attr(e, "PartName"), "/"))
			}
		})
	}
}

func TestDOCXNamesOnlyStylesLinksAndChartsThatThereAre(t *testing.T) {
	parts := docx(t, sample(), "zh")
	styles, ids, bookmarks, targets := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	wellFormed(t, "styles", parts["word/styles.xml"], func(e xml.StartElement) {
		if e.Name.Local == "style" {
			styles[attr(e, "styleId")] = true
		}
	})
	wellFormed(t, "rels", parts["word/_rels/document.xml.rels"], func(e xml.StartElement) { targets[attr(e, "Id")] = true })
	var links, drawings []string
	wellFormed(t, "document", parts["word/document.xml"], func(e xml.StartElement) {
		switch e.Name.Local {
		case "pStyle", "rStyle", "tblStyle":
			require.True(t, styles[attr(e, "val")], attr(e, "val"))
		case "bookmarkStart":
			name := attr(e, "name")
			require.False(t, bookmarks[name] || ids[attr(e, "id")], name)
			require.Regexp(t, regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`), name)
			bookmarks[name], ids[attr(e, "id")] = true, true
		case "hyperlink":
			links = append(links, attr(e, "anchor"))
		case "chart":
			drawings = append(drawings, attr(e, "id"))
		}
	})
	require.NotEmpty(t, links)
	for _, l := range links {
		require.True(t, bookmarks[l], l)
	}
	require.Len(t, drawings, 5)
	for _, d := range drawings {
		require.True(t, targets[d], d)
	}
}

func TestDOCXIsSetAsAnOfficialDocument(t *testing.T) {
	parts := docx(t, sample(), "zh")
	body := parts["word/document.xml"]
	require.Contains(t, body, `<w:pgSz w:w="11906" w:h="16838"/>`)
	require.Contains(t, body, `w:top="2098" w:right="1474" w:bottom="1984" w:left="1588"`) // 37, 26, 35, 28 mm
	require.Equal(t, strings.Count(body, "<w:tbl>"), strings.Count(body, "<w:tblHeader/>"), "each table repeats its header")
	styles := parts["word/styles.xml"]
	for name, want := range map[string][]string{
		"Title":    {"方正小标宋简体", `<w:sz w:val="44"/>`},
		"BodyText": {`w:line="560" w:lineRule="exact"`, `w:firstLineChars="200"`},
		"Heading1": {"黑体", "<w:keepNext/>"},
		"Heading2": {"楷体", "<w:keepNext/>"},
	} {
		style := regexp.MustCompile(`w:styleId="` + name + `">.*?</w:style>`).FindString(styles)
		for _, w := range want {
			require.Contains(t, style, w, name)
		}
	}
	require.Contains(t, styles, `w:eastAsia="仿宋"/><w:sz w:val="32"/>`)
	require.Contains(t, parts["word/footer1.xml"], "PAGE")
	require.Contains(t, parts["word/footer1.xml"], "— ")
}

func TestTheSameReportGivesTheSameBytes(t *testing.T) {
	for _, form := range []Form{DOCX, HTML} {
		var first, second bytes.Buffer
		require.NoError(t, Write(&first, sample(), form, "zh"))
		require.NoError(t, Write(&second, sample(), form, "zh"))
		require.Equal(t, first.Bytes(), second.Bytes(), form)
	}
}

// hostile is a report in which people have entered what could break a format.
func hostile() *report.Annual {
	a := sample()
	a.County = `<b>&"县`
	a.ByTownship[0].GroupName = "</w:t><script>alert(1)</script>\x00\x1b"
	a.Attested[0].DepartmentName = "=HYPERLINK(\"x\")<img src=x>"
	a.Attested[0].Source = "]]>\x02\x1f\x03 \xff"
	a.Missing[0].DepartmentName = "\x02\x1f<局>\x03"
	return a
}

func TestNothingEnteredBreaksAFormat(t *testing.T) {
	for name, content := range docx(t, hostile(), "zh") {
		if !strings.HasSuffix(name, ".xlsx") {
			wellFormed(t, name, content, func(xml.StartElement) {})
		}
	}
	var b bytes.Buffer
	require.NoError(t, Write(&b, hostile(), HTML, "zh"))
	require.NotContains(t, b.String(), "<script")
	require.NotContains(t, b.String(), "<img")
}

// TestDOCXBecomesPages renders the report with LibreOffice, where there is one.
func TestDOCXBecomesPages(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("no LibreOffice on this machine")
	}
	if testing.Short() {
		t.Skip("rendering takes seconds")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "annual.docx")
	var b bytes.Buffer
	require.NoError(t, Write(&b, sample(), DOCX, "zh"))
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	cmd := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", "pdf", "--outdir", dir, file) //nolint:gosec // the office that we looked up
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	pdf, err := os.ReadFile(filepath.Join(dir, "annual.pdf"))
	require.NoError(t, err)
	pages := regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(pdf, -1)
	require.Greater(t, len(pages), 10)
	require.Less(t, len(pages), 40)
}
