package paper

import (
	"fmt"
	"strconv"
	"strings"
)

// textWidth is the width between the margins, in twentieths of a point:
// 210 − 28 − 26 mm.
const textWidth = 8844

func (w *docxWriter) table(t *Table) {
	widths := widthsOf(t.Columns, textWidth)
	b := &w.body
	b.WriteString(styled("Caption", text(t.Caption, "")))
	fmt.Fprintf(b, `<w:tbl><w:tblPr><w:tblStyle w:val="FigureTable"/><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1"/></w:tblPr><w:tblGrid>`, textWidth)
	for _, width := range widths {
		fmt.Fprintf(b, `<w:gridCol w:w="%d"/>`, width)
	}
	b.WriteString(`</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`)
	for i, c := range t.Columns {
		b.WriteString(cellXML(widths[i], Center, true, text(c.Title, "")))
	}
	b.WriteString(`</w:tr>`)
	for r, row := range t.Rows {
		b.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for i, content := range row {
			xml := lineBreaks(content)
			if i == 0 && t.Anchors != nil {
				xml = w.bookmark(t.Anchors[r], xml)
			}
			b.WriteString(cellXML(widths[i], t.Columns[i].Align, r == 0, xml))
		}
		b.WriteString(`</w:tr>`)
	}
	b.WriteString(`</w:tbl>`)
	b.WriteString(styled("Remark", text(t.Remark, "")))
}

// cellXML is a cell; keep holds its row with the next one, so that a header
// never stands alone at the foot of a page.
func cellXML(width int, align Align, keep bool, content string) string {
	side := map[Align]string{Left: "left", Right: "right", Center: "center"}[align]
	next := ""
	if keep {
		next = "<w:keepNext/>"
	}
	return `<w:tc><w:tcPr><w:tcW w:w="` + strconv.Itoa(width) + `" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="Cell"/>` +
		next + `<w:jc w:val="` + side + `"/></w:pPr>` + content + `</w:p></w:tc>`
}

// lineBreaks is a run whose lines stand below each other.
func lineBreaks(content string) string {
	var b strings.Builder
	for i, line := range strings.Split(content, "\n") {
		if i > 0 {
			b.WriteString(`<w:r><w:br/></w:r>`)
		}
		b.WriteString(text(line, ""))
	}
	return b.String()
}

// widthsOf shares a width among columns by their weights, without a remainder.
func widthsOf(cs []Column, total int) []int {
	sum := 0
	for _, c := range cs {
		sum += c.Weight
	}
	widths, left := make([]int, len(cs)), total
	for i, c := range cs {
		widths[i] = total * c.Weight / max(sum, 1)
		left -= widths[i]
	}
	if len(widths) > 0 {
		widths[len(widths)-1] += left
	}
	return widths
}
