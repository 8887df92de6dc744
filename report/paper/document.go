// Package paper makes the county's annual report as a document: its words with
// the figures in their places, tables, charts and the appendix of method, as
// docx, html and xlsx.
//
// The document is built once from a report.Annual (Build); the writers only
// lay it out. The words live in words/, so a lawyer can read and change them
// without reading Go.
package paper

// Document is an annual report before it is laid out.
type Document struct {
	Lang   string // "zh" or "en"
	Title  string
	Blocks []Block
	Notes  []Note // what the marks behind attested figures point to, in order
}

// Block is a part of a document from one margin to the other: a Heading, a
// Paragraph, a Table, a Chart, NoteList or PageBreak.
type Block any

// Heading is a title of a part. Level 0 is the document's own, 1 a section
// (一、), 2 a part of a section ((一)).
type Heading struct {
	Level int
	Text  string
	ID    string // for links: "s1", "s2", …
}

// Style is how a paragraph is set.
type Style string

// The styles.
const (
	Body  Style = ""      // running text, its first line indented
	Front Style = "front" // below the title, centred
	Small Style = "small" // a remark below a table or chart
)

// Paragraph is running text.
type Paragraph struct {
	Style Style
	Runs  []Run
}

// Kind says where the text of a run comes from.
type Kind string

// The kinds.
const (
	Words    Kind = ""         // the report's own
	Computed Kind = "computed" // counted from cases
	Stated   Kind = "stated"   // attested by a department
	Missing  Kind = "missing"  // attested by nobody yet
)

// Run is text of one kind. Code is the indicator or attested item of a figure,
// Note the number of the note behind it, 0 for none.
type Run struct {
	Text string
	Kind Kind
	Code string
	Note int
}

// Align is the side on which the cells of a column stand.
type Align string

// The sides.
const (
	Left   Align = "left"
	Right  Align = "right"
	Center Align = "center"
)

// Column is a column of a table. Weight is its share of the width.
type Column struct {
	Title  string
	Align  Align
	Weight int
}

// Table is a table; its header repeats on each page.
type Table struct {
	Name    string // as the words call it
	Caption string
	Columns []Column
	Rows    [][]string
	Anchors []string // of each row, for links to it: "fig-appeals.received"; may be nil
	Remark  string   // below it
}

// ChartKind is how a chart draws its series.
type ChartKind string

// The kinds. Dots do not start at zero: a bar that does not would mislead.
const (
	Columns ChartKind = "columns"
	Bars    ChartKind = "bars"
	Dots    ChartKind = "dots"
)

// Chart is a drawing of figures.
type Chart struct {
	Name    string
	Caption string
	Kind    ChartKind
	Percent bool // the values are tenths of a percent
	Labels  []string
	Series  []Series
	Remark  string
}

// Series is a row of values, one for each label; nil where there is none.
type Series struct {
	Name   string
	Values []*int64
}

// Note says who attested a figure: department, source, date and signer.
type Note struct {
	Number int
	Text   string
}

// NoteList is the place where the document's notes are printed.
type NoteList struct{}

// PageBreak begins a new page; a heading stands behind it.
type PageBreak struct{}
