package upload

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// sample is a file and what must come of it.
type sample struct {
	what string
	name string
	data []byte
	kind Kind   // of a good one
	code string // of a hostile one
}

// goodFiles must be taken.
func goodFiles() []sample {
	table := "标题,内容\n供暖,何时？\n-5,=1+1\n"
	link := rel("hyperlink", "https://www.gov.cn/", "External")
	id3 := "ID3\x04\x00\x00\x00\x00\x00\x0a" + strings.Repeat("\x00", 10)
	scan := stream("/Type /XObject /Subtype /Image /Width 40 /Height 30 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", string(jpegFile()))
	photo := jpegFile()
	return []sample{
		{what: "a PDF", name: "申请书.pdf", data: pdf(page("")...), kind: PDF},
		{what: "a PDF with a scan", name: "scan.PDF", data: pdf(page("", scan)...), kind: PDF},
		{what: "a PDF with a link to follow", name: "链接.pdf", data: pdf(page("", "<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://www.gov.cn/) >> >>")...), kind: PDF},
		{what: "a PDF that opens at a page", name: "open.pdf", data: pdf(page("/OpenAction [3 0 R /Fit]", "<< /S /URI /URI (https://www.gov.cn/) >>")...), kind: PDF},
		{what: "a PDF that goes to a page by an object", name: "goto.pdf", data: pdf(page("/OpenAction 5 0 R", "<< /S /GoTo /D [3 0 R /Fit] >>", "<< /S /URI /URI (https://www.gov.cn/) >>")...), kind: PDF},
		{what: "a PDF with packed objects", name: "packed.pdf", data: pdf(page("", packed("", "<< /Type /Font >>", "<< /S /URI /URI (https://www.gov.cn/) >>"))...), kind: PDF},
		{what: "a PDF saved twice", name: "twice.pdf", data: append(pdf(page("")...), pdf(page("")...)[9:]...), kind: PDF},
		{what: "a photograph", name: "现场照片.jpg", data: photo, kind: JPEG},
		{what: "a photograph, long ending", name: "IMG_2020.01.05.JPEG", data: photo, kind: JPEG},
		{what: "a photograph with another behind it, as telephones write them", name: "mpf.jpg", data: slices.Concat(photo, photo), kind: JPEG},
		{what: "a photograph with a film behind it, as telephones write them", name: "live.jpg", data: slices.Concat(photo, mp4File("mp42", 1, "")), kind: JPEG},
		{what: "a photograph with padding", name: "padded.jpg", data: slices.Concat(photo, make([]byte, 5000)), kind: JPEG},
		{what: "a screenshot", name: "截图 (1).png", data: pngFile(), kind: PNG},
		{what: "a screenshot with a text", name: "text.png", data: slices.Concat(pngFile()[:33], chunk("tEXt", []byte("Comment\x00hi")), pngFile()[33:]), kind: PNG},
		{what: "a document", name: "情况说明.docx", data: docx(nil), kind: DOCX},
		{what: "a document with sizes behind the data", name: "go.docx", data: written(wordParts(paragraph("正文"))), kind: DOCX},
		{what: "a document with a link to follow", name: "link.docx", data: related(link, rel("hyperlink", "mailto:a@example.cn", "External")), kind: DOCX},
		{what: "a document with a picture", name: "picture.docx", data: docx(map[string]string{
			"word/media/image1.png": string(pngFile()), "word/media/image2.jpeg": string(jpegFile()), "word/media/image3.gif": string(gifFile()),
			"word/_rels/document.xml.rels": rels(rel("image", "media/image1.png", ""), rel("image", "/word/media/image2.jpeg", "")),
		}), kind: DOCX},
		{what: "a document with page numbers", name: "fields.docx", data: body(`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>` +
			`<w:fldSimple w:instr=" HYPERLINK &quot;https://www.gov.cn/&quot; "/></w:p>`), kind: DOCX},
		{what: "a document that speaks of DDE and macros", name: "words.docx", data: body(paragraph("DDEAUTO c:\\\\windows 宏 INCLUDEPICTURE http://x")), kind: DOCX},
		{what: "a document whose parts have a mark", name: "bom.docx", data: docx(map[string]string{"word/styles.xml": "\ufeff" + xmlHead + "<a/>"}), kind: DOCX},
		{what: "a document with fields that lead to a place and to a page", name: "toc.docx", data: body(`<w:p><w:r><w:instrText> HYPERLINK \l "_Toc1" </w:instrText></w:r><w:r><w:instrText> TOC \o "1-3" \h \z \u HYPERLINK "mailto:a@b.cn" </w:instrText></w:r></w:p>`), kind: DOCX},
		{what: "a document of many pages", name: "long.docx", data: body(strings.Repeat(paragraph(fmt.Sprint("第", 1, "段")), 3000)), kind: DOCX},
		{what: "a workbook that would have macros, if it had any", name: "default.xlsx", data: rebook(func(p map[string]string) {
			p["[Content_Types].xml"] = strings.Replace(p["[Content_Types].xml"], "<Override", `<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Override`, 1)
		}), kind: XLSX},
		{what: "a workbook", name: "留言.xlsx", data: book(nil), kind: XLSX},
		{what: "a workbook with formulas", name: "formula.xlsx", data: book(func(f *excelize.File) {
			check1(f.SetCellFormula("Sheet1", "C1", `SUM(B1:B9)&"a|'b'!c"&"[1]x!"`))
			check1(f.SetCellFormula("Sheet1", "C2", `'Sheet1'!B2*2`))
		}), kind: XLSX},
		{what: "a workbook with a chart, a picture and a note", name: "chart.xlsx", data: book(func(f *excelize.File) {
			check1(f.AddChart("Sheet1", "E1", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Values: "Sheet1!$B$1:$B$2"}}}))
			check1(f.AddPictureFromBytes("Sheet1", "H1", &excelize.Picture{Extension: ".png", File: pngFile()}))
			check1(f.AddComment("Sheet1", excelize.Comment{Cell: "A1", Author: "甲", Text: "批注"}))
			check1(f.SetCellHyperLink("Sheet1", "A1", "https://www.gov.cn/", "External"))
		}), kind: XLSX},
		{what: "a workbook of many rows", name: "rows.xlsx", data: book(func(f *excelize.File) {
			for i := 1; i < 3000; i++ {
				check1(f.SetSheetRow("Sheet1", fmt.Sprint("A", i), &[]any{i, "张三", "供暖", i * 17}))
			}
		}), kind: XLSX},
		{what: "a note in UTF-8", name: "说明.txt", data: []byte("供暖何时？\n"), kind: Text},
		{what: "a note in GB18030", name: "gb.txt", data: []byte(must(simplifiedchinese.GB18030.NewEncoder().String(table))), kind: Text},
		{what: "a note in UTF-16", name: "utf16.txt", data: []byte(must(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(table))), kind: Text},
		{what: "a note in UTF-16, the other way", name: "utf16be.txt", data: []byte(must(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(table))), kind: Text},
		{what: "a note that speaks of pages", name: "html.txt", data: []byte("网页里写着 <script> 和 <html>\n"), kind: Text},
		{what: "a table", name: "表.csv", data: []byte(table), kind: CSV},
		{what: "a table with a mark", name: "bom.csv", data: []byte("\xef\xbb\xbf" + table), kind: CSV},
		{what: "a table by tabs", name: "表.tsv", data: []byte(strings.ReplaceAll(table, ",", "\t")), kind: CSV},
		{what: "a table with bars and marks of exclamation", name: "bars.csv", data: []byte("a,b\n甲|乙,急！!\n- 一|二,快!\n"), kind: CSV},
		{what: "one letter", name: "x.txt", data: []byte("x"), kind: Text},
		{what: "a recording", name: "录音.mp3", data: mp3File(40), kind: MP3},
		{what: "a recording with a tag", name: "tag.mp3", data: append([]byte(id3), mp3File(9)...), kind: MP3},
		{what: "a recording of a telephone", name: "call.m4a", data: mp4File("M4A ", 1, ""), kind: M4A},
		{what: "a film", name: "现场.mp4", data: mp4File("isom", 1, ""), kind: MP4},
		{what: "a film of a telephone", name: "VID_1.mp4", data: mp4File("mp42", 1, ""), kind: MP4},
		{what: "a recording without loss", name: "a.wav", data: wavFile(), kind: WAV},
		{what: "a name in two endings of one kind", name: "合同.pdf.pdf", data: pdf(page("")...), kind: PDF},
		{what: "a name with dots of a day", name: "2020.1.5会议纪要.docx", data: docx(nil), kind: DOCX},
		{what: "a name that begins like a device", name: "console.txt", data: []byte("x"), kind: Text},
	}
}

func judgeBytes(name string, data []byte) (Kind, error) {
	return Check(context.Background(), name, bytes.NewReader(data), int64(len(data)), Standard)
}

func TestGoodFilesAreTaken(t *testing.T) {
	files := goodFiles()
	require.GreaterOrEqual(t, len(files), 40)
	seen := map[Kind]bool{}
	for _, s := range files {
		kind, err := judgeBytes(s.name, s.data)
		require.NoError(t, err, "%s (%s)", s.what, s.name)
		require.Equal(t, s.kind, kind, s.what)
		require.NotEmpty(t, kind.MediaType())
		seen[kind] = true
	}
	for ending, kind := range endings {
		require.True(t, seen[kind], ending)
	}
}

// A table of cases may have a bad character, which costs its row and not the
// file; a zero byte is no character.
func TestControlsMayBeLeftToTheReader(t *testing.T) {
	limits := Standard
	limits.Controls = true
	for text, want := range map[string]string{"a,b\n甲\x07,1\n": "", "a\x1bb": "", "a\x00b": CodeMismatch, "a\x07\n=cmd|'/c calc'!A0\n": CodeDDE} {
		_, err := Check(t.Context(), "a.csv", strings.NewReader(text), int64(len(text)), limits)
		if want == "" {
			require.NoError(t, err, "%q", text)
			_, err = judgeBytes("a.csv", []byte(text))
			require.ErrorContains(t, err, CodeMismatch, "%q", text)
			continue
		}
		require.ErrorContains(t, err, want, "%q", text)
	}
}

// A good file that is cut off anywhere is refused, not taken and not a crash.
func TestWhatIsCutOffIsRefused(t *testing.T) {
	for _, s := range goodFiles() {
		if s.kind == Text || s.kind == CSV || s.kind == MP3 {
			continue // these are whole at any length
		}
		for n := 1; n < len(s.data)-1; n += 1 + len(s.data)/300 {
			if s.kind == JPEG && bytes.HasPrefix(s.data[:n], jpegFile()) || s.kind == PDF && n >= len(pdf(page("")...))-1 {
				continue // whole without what was behind it
			}
			_, err := judgeBytes(s.name, s.data[:n])
			require.Error(t, err, "%s cut off at %d of %d", s.what, n, len(s.data))
		}
	}
}
