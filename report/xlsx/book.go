// Package xlsx writes workbooks of any length as a stream: each row goes to the
// reader as it is written, and nothing of it is kept in memory or on disk. Cells
// are typed and no text can become a formula. docs/decisions/0014-ledgers.md
// says why it is not excelize's StreamWriter.
package xlsx

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"time"
)

const header = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// Book is a workbook being written. Its first error stays; Close gives it.
type Book struct {
	zip    *zip.Writer
	made   time.Time
	title  string
	author string
	sheets []sheetPart
	open   *Sheet
	buffer *bufio.Writer
	err    error

	mostRows  int   // of a sheet, the head included
	mostBytes int64 // of a sheet's XML
}

// sheetPart is a sheet as the workbook lists it.
type sheetPart struct {
	name   string
	filter string // range of the filter, "" for none
	head   string // rows repeated on every page, "" for none
	left   string // columns repeated on every page, "" for none
}

// Options describe a workbook.
type Options struct {
	Title  string
	Author string
	Made   time.Time
}

const (
	excelRows = 1_048_576
	// excelBytes keeps a sheet's XML below the 4 GiB at which a streamed zip
	// entry becomes one that Excel does not open.
	excelBytes = 3 << 30
)

// New begins a workbook; what is written to w comes in pieces of some 64 KiB.
func New(w io.Writer, o Options) *Book {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed)
	})
	b := &Book{zip: z, made: o.Made, title: o.Title, author: o.Author, mostRows: excelRows, mostBytes: excelBytes}
	b.part("_rels/.rels", relations(relation{"officeDocument", "xl/workbook.xml"}, relation{"metadata/core-properties", "docProps/core.xml"}))
	b.part("xl/styles.xml", styles)
	return b
}

// part writes a whole part of the workbook.
func (b *Book) part(name, content string) {
	if w := b.entry(name); b.err == nil {
		_, b.err = io.WriteString(w, content)
	}
}

func (b *Book) entry(name string) io.Writer {
	if b.err != nil {
		return io.Discard
	}
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.made})
	b.err = err
	return w
}

// Close ends the last sheet and the workbook, and gives the first error.
func (b *Book) Close() error {
	b.endSheet()
	b.part("xl/workbook.xml", b.workbook())
	targets := []relation{{"styles", "styles.xml"}}
	for i := range b.sheets {
		targets = append(targets, relation{"worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i+1)})
	}
	b.part("xl/_rels/workbook.xml.rels", relations(targets...))
	b.part("docProps/core.xml", b.core())
	b.part("[Content_Types].xml", b.contentTypes())
	if b.err != nil {
		return b.err
	}
	return b.zip.Close()
}

// relation says which part of a workbook plays which role for another.
type relation struct{ kind, target string }

func relations(rs ...relation) string {
	var s strings.Builder
	s.WriteString(header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, r := range rs {
		base := "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
		if strings.HasPrefix(r.kind, "metadata/") {
			base = "http://schemas.openxmlformats.org/package/2006/relationships/"
		}
		fmt.Fprintf(&s, `<Relationship Id="rId%d" Type="%s" Target="%s"/>`, i+1, base+r.kind, r.target)
	}
	s.WriteString(`</Relationships>`)
	return s.String()
}

func (b *Book) workbook() string {
	var s strings.Builder
	s.WriteString(header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><bookViews><workbookView/></bookViews><sheets>`)
	for i, p := range b.sheets {
		fmt.Fprintf(&s, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escaped(p.name), i+1, i+2)
	}
	s.WriteString(`</sheets>`)
	var names strings.Builder
	for i, p := range b.sheets { // by name, as Excel sorts them
		if p.filter != "" {
			fmt.Fprintf(&names, `<definedName name="_xlnm._FilterDatabase" localSheetId="%d" hidden="1">%s!%s</definedName>`, i, sheetRef(p.name), p.filter)
		}
	}
	for i, p := range b.sheets {
		if p.head == "" {
			continue
		}
		titles := sheetRef(p.name) + "!" + p.head
		if p.left != "" {
			titles = sheetRef(p.name) + "!" + p.left + "," + titles
		}
		fmt.Fprintf(&names, `<definedName name="_xlnm.Print_Titles" localSheetId="%d">%s</definedName>`, i, titles)
	}
	if names.Len() > 0 {
		s.WriteString(`<definedNames>` + names.String() + `</definedNames>`)
	}
	s.WriteString(`</workbook>`)
	return s.String()
}

// sheetRef names a sheet in a range.
func sheetRef(name string) string { return "'" + strings.ReplaceAll(escaped(name), "'", "''") + "'" }

func (b *Book) core() string {
	return header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escaped(b.title) + `</dc:title><dc:creator>` + escaped(b.author) + `</dc:creator>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + b.made.UTC().Format(time.RFC3339) + `</dcterms:created></cp:coreProperties>`
}

func (b *Book) contentTypes() string {
	const kind = `application/vnd.openxmlformats-officedocument.spreadsheetml.`
	var s strings.Builder
	s.WriteString(header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + kind + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + kind + `styles+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>`)
	for i := range b.sheets {
		fmt.Fprintf(&s, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, kind)
	}
	s.WriteString(`</Types>`)
	return s.String()
}

// escaped is a text as XML has it.
func escaped(text string) string {
	var s strings.Builder
	w := bufio.NewWriter(&s)
	writeText(w, text)
	_ = w.Flush()
	return s.String()
}
