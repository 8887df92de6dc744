package intake

import (
	"archive/zip"
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

var update = flag.Bool("update", false, "write testdata anew")

// readAll gives the rows of a file, numbered.
func readAll(t *testing.T, path string, m *Mapping) (rows map[int][]string, broken []int, err error) {
	t.Helper()
	f, err := examine(path)
	require.NoError(t, err)
	in, err := f.open(m)
	if err != nil {
		return nil, nil, err
	}
	defer in.close()
	rows = map[int][]string{}
	for {
		row, cells, err := in.next()
		switch {
		case err == nil:
			rows[row] = cells
		case strings.Contains(err.Error(), errRow.Error()):
			broken = append(broken, row)
		case err.Error() == "EOF":
			return rows, broken, nil
		default:
			return rows, broken, err
		}
	}
}

// Line breaks within quotes make no rows, empty lines do.
func TestCSVRowsAreNumberedAsASpreadsheetDoes(t *testing.T) {
	rows, broken, err := readAll(t, writeFile(t, "a.csv", "\n标题,内容\n\n\n一,\"两\r\n行\"\n二,x\n\n坏\"了,x\n三,\"a\n\nb\"\n四,\n"), &Mapping{})
	require.NoError(t, err)
	require.Equal(t, map[int][]string{2: {"标题", "内容"}, 5: {"一", "两\n行"}, 6: {"二", "x"}, 9: {"三", "a\n\nb"}, 10: {"四", ""}}, rows)
	require.Equal(t, []int{8}, broken)
}

func TestCSVEncodings(t *testing.T) {
	const text = "标题,内容\n供暖,何时？\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	require.NoError(t, err)
	for name, c := range map[string][2]string{
		"utf-8":        {text, ""},
		"bom":          {bom + text, ""},
		"bom wins":     {bom + text, "gb18030"},
		"gb found out": {gb, ""},
		"gb said":      {gb, "gb18030"},
	} {
		rows, _, err := readAll(t, writeFile(t, "a.csv", c[0]), &Mapping{Encoding: c[1]})
		require.NoError(t, err, name)
		require.Equal(t, map[int][]string{1: {"标题", "内容"}, 2: {"供暖", "何时？"}}, rows, name)
	}
	_, _, err = readAll(t, writeFile(t, "a.csv", gb), &Mapping{Encoding: "utf-8"})
	require.ErrorContains(t, err, "gb18030")
	_, broken, err := readAll(t, writeFile(t, "a.csv", gb+"\xff\xff,x\n"), &Mapping{})
	require.NoError(t, err)
	require.Equal(t, []int{3}, broken)
}

// One bad byte costs its row; it does not turn the others into nonsense.
func TestCSVBrokenByteCostsItsRowOnly(t *testing.T) {
	const head = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n"
	for name, c := range map[string]struct{ text, encoding string }{
		"found out":     {manyRows(3) + "9,A,咨\xe8\xaf询,2019/4/1,,,\n", ""},
		"said":          {manyRows(3) + "9,A,咨\xe8\xaf询,2019/4/1,,,\n", "utf-8"},
		"marked":        {bom + manyRows(3) + "9,A,\xff供暖,2019/4/1,,,\n", ""},
		"at the end":    {manyRows(3) + "9,A,供暖,2019/4/1,,,\xe4\xb8", ""},
		"a piece in GB": {manyRows(3) + "9,A," + strings.Repeat("\xb9\xa9\xc5\xaf", 500) + ",2019/4/1,,,\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			mapping := shippedMapping(t)
			if c.encoding != "" {
				mapping = "encoding: " + c.encoding + "\n" + mapping
			}
			r, err := Run(bg(), options(t, m, writeFile(t, "a.csv", c.text), mapping))
			require.NoError(t, err)
			require.Equal(t, [2]int{3, 1}, [2]int{r.Taken, r.Rejected})
			require.Equal(t, map[int]string{5: "row:row_unreadable"}, m.reasons)
			require.Equal(t, "第0件", m.files[0].Case.Title)
		})
	}
	// Where no line is whole, and where nothing is Chinese.
	for name, text := range map[string]string{
		"one line": strings.ReplaceAll(manyRows(3), "\n", "\r") + "\xff",
		"latin":    "name,town\nJos\u00e9,x\nA\x92s,y\n",
	} {
		f, err := examine(writeFile(t, "a.csv", text))
		require.NoError(t, err)
		require.False(t, f.gb18030, name)
	}
	_, err := Run(bg(), options(t, newMemory(), writeFile(t, "a.csv", "\xff"+head+manyRows(1)), shippedMapping(t)))
	require.ErrorContains(t, err, "row 1, that of the headings: unreadable row: a character is not UTF-8")
	_, err = Run(bg(), options(t, newMemory(), writeFile(t, "a.csv", "a,b\"c\n1,2\n"), shippedMapping(t)))
	require.ErrorContains(t, err, "row 1, that of the headings: unreadable row")
	_, err = Run(bg(), options(t, newMemory(), writeFile(t, "a.csv", bom+"\xb1\xea\xcc\xe2,\xc4\xda\xc8\xdd\xbc\xf2\xbd\xe9\n"), shippedMapping(t)))
	require.ErrorContains(t, err, "marked as UTF-8")
}

// Where the reads of a file happen to end does not matter.
func TestEncodingIsWeighedInPieces(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(manyRows(5))
	require.NoError(t, err)
	for text, want := range map[string]bool{manyRows(5) + "\xff": false, manyRows(5): false, gb: true, gb + "\xff\xff": true, "a,b\n": false, "": false} {
		for _, piece := range []int{1, 2, 3, 7, len(text) + 1} {
			var e encodingCheck
			for rest := []byte(text); len(rest) > 0; {
				n := min(piece, len(rest))
				_, err := e.Write(rest[:n])
				require.NoError(t, err)
				rest = rest[n:]
			}
			require.Equal(t, want, e.gb18030(), "%.20q by %d", text, piece)
		}
	}
}

func TestUTF16IsNamed(t *testing.T) {
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		for _, mark := range []unicode.BOMPolicy{unicode.UseBOM, unicode.IgnoreBOM} {
			text, err := unicode.UTF16(order, mark).NewEncoder().String(manyRows(3))
			require.NoError(t, err)
			for _, mapping := range []string{"", "encoding: gb18030\n"} {
				_, err = Run(bg(), options(t, newMemory(), writeFile(t, "a.csv", text), mapping+shippedMapping(t)))
				require.ErrorContains(t, err, "a.csv is UTF-16")
			}
		}
	}
	require.False(t, isUTF16(nil))
	require.False(t, isUTF16([]byte("标题,内容\x00\n")))
}

func TestCSVSwallowingQuoteStopsBeforeAnythingIsTaken(t *testing.T) {
	m := newMemory()
	path := writeFile(t, "a.csv", manyRows(300)+"x,\"没有结束\n"+manyRows(5))
	_, err := Run(bg(), options(t, m, path, shippedMapping(t)))
	require.ErrorContains(t, err, "opened on line 302")
	require.Empty(t, m.files)
}

func TestXLSXCells(t *testing.T) {
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetName("Sheet1", "来 件"))
	require.NoError(t, f.SetSheetRow("来 件", "A1", &[]any{"编号", "时间", "文字"}))
	require.NoError(t, f.SetSheetRow("来 件", "A4", &[]any{13812345678, 43563.359259259261, "a_x000D_\nb"}))
	require.NoError(t, f.SetCellBool("来 件", "D4", true))
	path := filepath.Join(t.TempDir(), "a.xlsx")
	require.NoError(t, f.SaveAs(path))
	for _, sheet := range []string{"", "来件"} {
		rows, _, err := readAll(t, path, &Mapping{Sheet: sheet})
		require.NoError(t, err)
		require.Equal(t, []string{"编号", "时间", "文字"}, rows[1])
		require.Empty(t, rows[2])
		require.Equal(t, "13812345678", rows[4][0])
		m, ok := ReadDate(rows[4][1], nil, false)
		require.True(t, ok)
		require.Equal(t, "2019-04-08 00:37:20", m.Format("2006-01-02 15:04:05"))
		require.Len(t, rows, 4)
	}
	_, _, err := readAll(t, path, &Mapping{Sheet: "没有"})
	require.ErrorContains(t, err, "来 件")
	require.Equal(t, "13800000000", plainNumber("1.38E+10"))
	require.Equal(t, "1.5E+0", plainNumber("1.5E+0"))
}

// rewrite changes one part of a workbook.
func rewrite(t *testing.T, path, part string, change func([]byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer in.Close()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(r)
		require.NoError(t, err)
		w, err := z.Create(f.Name)
		require.NoError(t, err)
		body := b.Bytes()
		if f.Name == part {
			body = change(body)
		}
		_, err = w.Write(body)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	to := filepath.Join(t.TempDir(), "changed.xlsx")
	require.NoError(t, os.WriteFile(to, out.Bytes(), 0o600))
	return to
}

func TestHostileWorkbooksAreRefused(t *testing.T) {
	good := writeXLSX(t, []string{"标题"}, []string{"一"}, []string{"二"})
	const sheet = "xl/worksheets/sheet1.xml"
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   string
	}{
		"cut off":     {func(b []byte) []byte { return b[:len(b)*2/3] }, "broken"},
		"wrong tag":   {func(b []byte) []byte { return bytes.Replace(b, []byte("</row>"), []byte("</raw>"), 1) }, "broken"},
		"rows back":   {func(b []byte) []byte { return bytes.Replace(b, []byte(`r="3"`), []byte(`r="2"`), 1) }, "comes after"},
		"deep":        {func([]byte) []byte { return []byte(strings.Repeat("<a>", 2000)) }, "too deeply"},
		"other bytes": {func([]byte) []byte { return []byte("\x00\x01\x02") }, "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			_, err := Run(bg(), options(t, m, rewrite(t, good, sheet, c.change), smallMapping))
			require.ErrorContains(t, err, c.want)
			require.Empty(t, m.files)
		})
	}
	bomb := rewrite(t, good, sheet, func([]byte) []byte { return bytes.Repeat([]byte(" "), 2<<20) })
	require.ErrorContains(t, wellFormed(bomb, 1<<20), "more than 1 MiB")
	_, err := examine(writeFile(t, "a.pdf", "x"))
	require.ErrorContains(t, err, "neither")
	_, err = Run(bg(), options(t, newMemory(), writeFile(t, "a.xlsx", "not a zip"), smallMapping))
	require.ErrorContains(t, err, "not a workbook")
}

func TestSpaces(t *testing.T) {
	const text = "\ufeff\n\t\t 一\u3000二 \r\n\t\u00a0\n\t\t三\u200b\n"
	require.Equal(t, "一\u3000二 \n\t\u00a0\n\t\t三", Space("").apply(text))
	require.Equal(t, "一 二 三", SpaceLine.apply(text))
	require.Equal(t, "一\u3000二\n三", SpaceLines.apply(text))
	require.Equal(t, text, SpaceKeep.apply(text))
	require.Equal(t, "一二", first("一二三", 2))
	require.Equal(t, "一二", first("一二", 5))
}

func TestTitleFromTheStatement(t *testing.T) {
	m := newMemory()
	path := writeFile(t, "a.csv", "题,文,收\n,一二三四\n五六,2019-1-1\n,\" 一二三四 \n 五六\",2019-1-1\n")
	mapping := "procedure: appeal\ncase:\n  title: {column: 题, from: statement, first: 6}\n  statement: 文\n  class: {constant: help}\ntimes: {received: 收}\n"
	r, err := Run(bg(), options(t, m, path, mapping))
	require.NoError(t, err)
	require.Equal(t, "一二三四 五", m.files[len(m.files)-1].Case.Title)
	require.Equal(t, 3, r.Total) // the unquoted line break made two rows, both rejected
	require.Equal(t, 2, r.Rejected)
}

func TestCategoriesByTheirLevels(t *testing.T) {
	x := indexCategories(testCategories)
	for want, levels := range map[string][]string{
		"010207": {"城乡建设", "城市建设和市政管理", "冬季采暖"},
		"010203": {"城乡建设", " 城市建设和市政管理", "其他"},
		"0102":   {"城乡建设", "城市建设和市政管理", ""},
		"01":     {"城乡建设"},
		"0103":   {"城乡建设 > 城乡规划"},
		"010301": {"城乡建设/城乡规划/其他"},
	} {
		require.Equal(t, want, x.find(levels), levels)
	}
	require.Equal(t, "010207", x.find([]string{"010207"}))
	require.Equal(t, "010207", x.find([]string{"冬季采暖"}))
	require.Empty(t, x.find([]string{"其他"}))
	require.Empty(t, x.find([]string{"城乡建设", "没有"}))
}
