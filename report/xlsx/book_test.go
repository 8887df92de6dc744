package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

var beijing = time.FixedZone("", 8*3600)

// reopen closes a book and reads it as another program would; every part must
// be well-formed XML.
func reopen(t *testing.T, b *Book, buf *bytes.Buffer) *excelize.File {
	t.Helper()
	require.NoError(t, b.Close())
	z, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	require.NoError(t, err)
	for _, part := range z.File {
		r, err := part.Open()
		require.NoError(t, err)
		for d := xml.NewDecoder(r); err == nil; {
			_, err = d.Token()
		}
		require.ErrorIs(t, err, io.EOF, part.Name)
	}
	f, err := excelize.OpenReader(bytes.NewReader(buf.Bytes()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func sheetOf(t *testing.T, cells ...any) *excelize.File {
	t.Helper()
	var buf bytes.Buffer
	b := New(&buf, Options{Title: "台账", Author: "测试", Made: time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC)})
	plan := Plan{Name: "台账", Frozen: 1}
	for range cells {
		plan.Columns = append(plan.Columns, Column{Title: "列", Width: 10})
	}
	require.NoError(t, b.Sheet(plan).Row(cells...))
	return reopen(t, b, &buf)
}

func TestCellsHaveTheirTypes(t *testing.T) {
	var buf bytes.Buffer
	b := New(&buf, Options{Made: time.Now()})
	columns := []Column{
		{"文本", 10, Text}, {"日期", 10, Day}, {"时间", 10, Minute}, {"数", 10, Integer}, {"钱", 10, Money}, {"空", 10, Text}, {"老日期", 10, Day},
	}
	s := b.Sheet(Plan{Name: "台账", Columns: columns, Frozen: 2})
	at := time.Date(2020, 2, 29, 23, 59, 0, 0, beijing)
	require.NoError(t, s.Row("370404199001010011", at.Truncate(24*time.Hour), at, int64(-12345), Fen(-1_234_505), nil, time.Date(1899, 12, 31, 0, 0, 0, 0, beijing)))
	require.Equal(t, 1, s.Rows())
	f := reopen(t, b, &buf)
	raw := func(cell string) string {
		v, err := f.GetCellValue("台账", cell, excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		return v
	}
	kind := func(cell string) excelize.CellType {
		k, err := f.GetCellType("台账", cell)
		require.NoError(t, err)
		return k
	}
	shown := func(cell string) string {
		v, err := f.GetCellValue("台账", cell)
		require.NoError(t, err)
		return v
	}
	require.Equal(t, excelize.CellTypeInlineString, kind("A2"))
	require.Equal(t, "370404199001010011", raw("A2"), "not a number of fifteen digits")
	require.Equal(t, "2020-02-29 23:59", shown("C2"))
	require.Contains(t, raw("C2"), "43890.99930")
	require.Equal(t, "-12345", raw("D2"))
	require.Equal(t, "-12345.05", raw("E2"))
	require.Equal(t, "-12,345.05", shown("E2"))
	require.Empty(t, raw("F2"))
	require.Equal(t, "1899-12-31", raw("G2"), "a day that spreadsheets lack is said in words")
	for _, cell := range []string{"C2", "D2", "E2"} {
		require.NotEqual(t, excelize.CellTypeInlineString, kind(cell), cell)
	}
	for cell, want := range map[string]string{"B2": `yyyy\-mm\-dd`, "C2": `yyyy\-mm\-dd\ hh:mm`, "E2": "#,##0.00"} {
		id, err := f.GetCellStyle("台账", cell)
		require.NoError(t, err)
		style, err := f.GetStyle(id)
		require.NoError(t, err)
		require.NotNil(t, style.CustomNumFmt, cell)
		require.Equal(t, want, *style.CustomNumFmt)
	}
}

func TestDaysAreCountedAsSpreadsheetsDo(t *testing.T) {
	for text, want := range map[string]string{"1900-03-01": "61", "1949-10-01": "18172", "2020-02-29": "43890", "2000-01-01": "36526", "9999-12-31": "2958465"} {
		at, err := time.ParseInLocation("2006-01-02", text, beijing)
		require.NoError(t, err)
		got, ok := serialOf(at)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok := serialOf(time.Date(1900, 2, 28, 0, 0, 0, 0, beijing))
	require.False(t, ok)
}

// What could be taken for a formula is text, and is marked to stay it.
func TestNoTextBecomesAFormula(t *testing.T) {
	for _, text := range []string{
		`=1+1`, `=HYPERLINK("http://x","点")`, `+86 13800000000`, `-2+3`, `@SUM(A1)`, "\t=1+1", "\r=1+1", "\n=1", `＝1+1`, `＋1`, `－1`, `＠a`,
		`=cmd|' /C calc'!A0`,
	} {
		f := sheetOf(t, text, "之后")
		formula, err := f.GetCellFormula("台账", "A2")
		require.NoError(t, err)
		require.Empty(t, formula)
		kind, err := f.GetCellType("台账", "A2")
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeInlineString, kind)
		id, err := f.GetCellStyle("台账", "A2")
		require.NoError(t, err)
		quoted := f.Styles.CellXfs.Xf[id].QuotePrefix
		require.NotNil(t, quoted, text)
		require.True(t, *quoted)
		id, err = f.GetCellStyle("台账", "B2")
		require.NoError(t, err)
		require.Nil(t, f.Styles.CellXfs.Xf[id].QuotePrefix)
	}
}

func TestTextComesBackAsItWas(t *testing.T) {
	for text, want := range map[string]string{
		"路灯&<坏>\"了\"'":         "路灯&<坏>\"了\"'",
		"  两端空格  ":             "  两端空格  ",
		"一\r\n二\r三\n四":         "一\n二\n三\n四",
		"𠮷家・👩‍👩‍👧 é":           "𠮷家・👩‍👩‍👧 é",
		"a\x00b\x0bc\x1fd":     "a�b�c�d",
		"\uFFFE\uFFFF":         "��",
		"坏\xff字节\xed\xa0\x80":  "坏�字节���",
		"_x003D_1+1":           "_x003D_1+1",
		"_x000D_ _x00zz_ _x1_": "_x000D_ _x00zz_ _x1_",
		"\u202e倒\u202c":        "\u202e倒\u202c",
	} {
		got, err := sheetOf(t, text).GetCellValue("台账", "A2")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestTooLongATextIsCutAndSaysSo(t *testing.T) {
	for _, unit := range []string{"字", "𠮷", "a"} {
		for _, n := range []int{16_383, 16_384, 32_766, 32_767, 32_768, 40_000} {
			text := strings.Repeat(unit, n)
			got, err := sheetOf(t, text).GetCellValue("台账", "A2")
			require.NoError(t, err)
			if len(utf16.Encode([]rune(text))) <= mostInCell {
				require.Equal(t, text, got)
				continue
			}
			require.True(t, strings.HasSuffix(got, cut))
			require.True(t, strings.HasPrefix(text, strings.TrimSuffix(got, cut)))
			units := len(utf16.Encode([]rune(got)))
			require.LessOrEqual(t, units, mostInCell)
			require.GreaterOrEqual(t, units, mostInCell-1)
		}
	}
}

func TestSheetIsFitToFilterAndToPrint(t *testing.T) {
	var buf bytes.Buffer
	b := New(&buf, Options{Made: time.Now()})
	s := b.Sheet(Plan{
		Name: "甲'乙", Columns: []Column{{"编号", 20, Text}, {"标题", 40, Wrapped}}, Frozen: 1,
		Page: Page{Top: "甲&乙", Left: "导出人:" + strings.Repeat("长", 200), Right: "2020"},
	})
	require.NoError(t, s.Row("1", "a"))
	require.NoError(t, s.Row("2", "b"))
	about := b.Sheet(Plan{Name: "说明", Columns: []Column{{Width: 10}}})
	require.NoError(t, about.Cells(Cell{Title, "题"}))
	f := reopen(t, b, &buf)
	require.Equal(t, []string{"甲'乙", "说明"}, f.GetSheetList())
	panes, err := f.GetPanes("甲'乙")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, []any{1, 1, "B2"}, []any{panes.XSplit, panes.YSplit, panes.TopLeftCell})
	names := map[string]string{}
	for _, n := range f.GetDefinedName() {
		names[n.Name] = n.RefersTo
	}
	require.Equal(t, map[string]string{"_xlnm._FilterDatabase": "'甲''乙'!$A$1:$B$3", "_xlnm.Print_Titles": "'甲''乙'!$A:$A,'甲''乙'!$1:$1"}, names)
	width, err := f.GetColWidth("甲'乙", "B")
	require.NoError(t, err)
	require.InDelta(t, 40, width, 0.01)
	layout, err := f.GetPageLayout("甲'乙")
	require.NoError(t, err)
	require.Equal(t, "landscape", *layout.Orientation)
	require.Equal(t, 9, *layout.Size)
	require.Equal(t, 0, *layout.FitToHeight)
	require.Equal(t, 1, *layout.FitToWidth)
	foot, err := f.GetHeaderFooter("甲'乙")
	require.NoError(t, err)
	require.Equal(t, "&C甲&&乙", foot.OddHeader)
	require.Contains(t, foot.OddFooter, "&C&P / &N&R2020")
	require.Less(t, len([]rune(foot.OddFooter)), 255)
}

func TestRowsAreAsHighAsTheirTexts(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, "短": 1, "一二三四": 1, "一二三四五": 2, "abcdefghi": 1, "abcdefghij": 2, "一\n二\n三": 3, strings.Repeat("字", 10_000): mostLines,
	} {
		require.Equal(t, want, linesOf(text, 10), text)
	}
	var buf bytes.Buffer
	b := New(&buf, Options{Made: time.Now()})
	s := b.Sheet(Plan{Name: "台账", Columns: []Column{{"甲", 10, Wrapped}, {"乙", 10, Text}}})
	require.NoError(t, s.Row("一二三四五", "一二三四五六七八九十一二三四五六"))
	require.NoError(t, s.Row("一", "一二三四五六七八九十一二三四五六"))
	f := reopen(t, b, &buf)
	for row, want := range map[int]float64{2: 30, 3: 15} {
		got, err := f.GetRowHeight("台账", row)
		require.NoError(t, err)
		require.InDelta(t, want, got, 0.01)
	}
}

func TestRowsRunOnOverSheets(t *testing.T) {
	var buf bytes.Buffer
	b := New(&buf, Options{Made: time.Now()})
	b.mostRows = 4 // the head and three
	s := b.Sheet(Plan{Name: "台账", Columns: []Column{{"序号", 5, Integer}}})
	for i := range 7 {
		require.NoError(t, s.Row(i+1))
	}
	require.Equal(t, 7, s.Rows())
	f := reopen(t, b, &buf)
	require.Equal(t, []string{"台账", "台账 (2)", "台账 (3)"}, f.GetSheetList())
	var got []string
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		require.NoError(t, err)
		require.Equal(t, []string{"序号"}, rows[0])
		require.LessOrEqual(t, len(rows), 4)
		for _, r := range rows[1:] {
			got = append(got, r[0])
		}
	}
	require.Equal(t, []string{"1", "2", "3", "4", "5", "6", "7"}, got)

	buf.Reset()
	b = New(&buf, Options{Made: time.Now()})
	b.mostBytes = 1 << 17
	s = b.Sheet(Plan{Name: "台账", Columns: []Column{{"文", 5, Text}}})
	for range 100 {
		require.NoError(t, s.Row(strings.Repeat("字", 1000)))
	}
	require.NoError(t, b.Close())
	require.Greater(t, len(b.sheets), 1)
}

// brokenWriter takes some bytes and then fails.
type brokenWriter struct{ left int }

var errGone = errors.New("the reader has gone")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errGone
	}
	return len(p), nil
}

func TestWritingStopsWhenNobodyReads(t *testing.T) {
	b := New(&brokenWriter{left: 300_000}, Options{Made: time.Now()})
	s := b.Sheet(Plan{Name: "台账", Columns: []Column{{"文", 5, Text}}})
	for i := range 1_000_000 {
		if err := s.Row(fmt.Sprint(i, time.Now().UnixNano())); err != nil {
			require.ErrorIs(t, err, errGone)
			require.Less(t, i, 200_000)
			require.ErrorIs(t, b.Close(), errGone)
			return
		}
	}
	t.Fatal("it went on writing")
}

func TestUnknownValueIsAnError(t *testing.T) {
	b := New(io.Discard, Options{Made: time.Now()})
	require.ErrorContains(t, b.Sheet(Plan{Name: "x", Columns: []Column{{"文", 5, Text}}}).Row(1.5), "float64")
}

// live is the heap that is in use after a collection.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fill writes rows of 24 columns and gives the most that was live on the way.
func fill(tb testing.TB, w io.Writer, rows int, each func(n int)) {
	tb.Helper()
	b := New(w, Options{Title: "台账", Made: time.Now()})
	plan := Plan{Name: "台账", Frozen: 2}
	values := make([]any, 24)
	for i := range values {
		plan.Columns = append(plan.Columns, Column{Title: fmt.Sprint("列", i), Width: 12, Style: []Style{Text, Wrapped, Minute, Integer}[i%4]})
	}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, beijing)
	s := b.Sheet(plan)
	for n := range rows {
		for i := range values {
			switch i % 4 {
			case 0:
				values[i] = fmt.Sprintf("SQ-370404102-2020-%06d", n)
			case 1:
				values[i] = "反映村口路灯不亮,夜间出行不便,请有关单位尽快处理"
			case 2:
				values[i] = at.Add(time.Duration(n) * time.Minute)
			default:
				values[i] = n * i
			}
		}
		if err := s.Row(values...); err != nil {
			tb.Fatal(err)
		}
		each(n)
	}
	if err := b.Close(); err != nil {
		tb.Fatal(err)
	}
}

// However many rows, the same little is kept.
func TestMemoryDoesNotGrowWithTheRows(t *testing.T) {
	before := live()
	var early, most uint64
	fill(t, io.Discard, 200_000, func(n int) {
		if n%20_000 != 10_000 {
			return
		}
		if used := max(live(), before) - before; n == 10_000 {
			early = used
		} else {
			most = max(most, used)
		}
	})
	t.Logf("live heap: %d KiB after 10,000 rows, at most %d KiB until 200,000", early>>10, most>>10)
	require.Less(t, most, uint64(8<<20))
	require.Less(t, most, early+1<<20)
}

// BenchmarkMillionRows writes a ledger of a million rows; -benchtime 1x.
func BenchmarkMillionRows(b *testing.B) {
	for b.Loop() {
		before, most := live(), uint64(0)
		w := &counter{w: io.Discard}
		fill(b, w, 1_000_000, func(n int) {
			if n%100_000 == 50_000 {
				most = max(most, live()-before)
			}
		})
		b.ReportMetric(float64(most)/(1<<20), "MiB-live")
		b.ReportMetric(float64(w.n)/(1<<20), "MiB-file")
	}
}
