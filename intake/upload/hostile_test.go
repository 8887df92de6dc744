package upload

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func bad(what, name string, data []byte, code string) sample {
	return sample{what: what, name: name, data: data, code: code}
}

// hostileFiles must all be refused, each for what it is.
func hostileFiles() []sample {
	return slices.Concat(names(), disguises(), polyglots(), archives(), documents(), workbooks(), xmls(), pdfs(), images(), media(), texts())
}

func names() (all []sample) {
	text := []byte("正文")
	for what, name := range map[string]string{
		"leads out of the folder":         "../secret.txt",
		"leads out, on Windows":           `..\secret.txt`,
		"is absolute":                     "/etc/passwd.txt",
		"names a drive":                   "C:x.txt",
		"hides a stream":                  "a.txt:b.txt",
		"has a zero byte":                 "a.exe\x00.txt",
		"breaks the line":                 "a\r\nSet-Cookie: x.txt",
		"has an escape":                   "a\x1b[2J.txt",
		"has a control character of C1":   "a\u0085b.txt",
		"turns the direction of writing":  "photo\u202etxt.exe.txt",
		"isolates a direction":            "a\u2066b.txt",
		"has no width":                    "a\u200b.txt",
		"has a byte order mark":           "\ufeffa.txt",
		"has a soft hyphen":               "a\u00ad.txt",
		"separates lines":                 "a\u2028.txt",
		"is for private use":              "a\ue000.txt",
		"is not UTF-8":                    "a\xff.txt",
		"is too long":                     strings.Repeat("很", 100) + ".txt",
		"is the console":                  "CON.txt",
		"is the console, small":           "con.tar.txt",
		"is a port":                       "com1.txt",
		"is a port with a raised digit":   "LPT².txt",
		"is nothing":                      "NUL .txt",
		"begins with a dot":               ".htaccess.txt",
		"ends in a dot":                   "a.txt.",
		"ends in a space":                 "a.txt ",
		"begins with a space":             " a.txt",
		"is empty":                        "",
		"is a wildcard":                   "*.txt",
		"has a pipe":                      "a|b.txt",
		"has markup":                      "<img src=x>.txt",
		"has a mark of replaced nonsense": "a\ufffd.txt",
	} {
		all = append(all, bad("a name that "+what, name, text, CodeName))
	}
	for _, name := range []string{"photo.exe.txt", "a.JS.txt", "a.php.txt", "a.html .txt", "a.docm.txt", "a.lnk.1.txt", "a.pdf.txt", "a.zip.txt", "a.scr.pdf", "a.svg.png", "a.tar.gz.csv"} {
		all = append(all, bad("a double ending", name, text, CodeDoubleName))
	}
	for _, name := range []string{"a", "a.exe", "a.svg", "a.html", "a.doc", "a.xls", "a.docm", "a.xlsm", "a.xlsb", "a.dotx", "a.zip", "a.rar", "a.7z", "a.gif", "a.webp", "a.mov", "a.iso", "a.eml", "a.ofd", "a.rtf", "a.txt.lnk", "a.txt.exe"} {
		all = append(all, bad("a kind that is not taken", name, text, CodeType))
	}
	return all
}

func disguises() (all []sample) {
	exe := []byte("MZ\x90\x00" + strings.Repeat("\x00", 56) + "\x80\x00\x00\x00" + strings.Repeat("\x00", 64) + "PE\x00\x00")
	ole := []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 2000))
	locked := slices.Concat(ole, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"), make([]byte, 500))
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`)
	html := []byte("<!DOCTYPE html><html><script>alert(1)</script></html>")
	for _, d := range []sample{
		bad("a program", "a.pdf", exe, CodeMismatch),
		bad("a program", "a.jpg", exe, CodeMismatch),
		bad("a program for Linux", "a.txt", []byte("\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 60)), CodeMismatch),
		bad("an SVG", "a.png", svg, CodeMismatch),
		bad("an SVG", "a.jpg", svg, CodeMismatch),
		bad("an SVG", "a.txt", svg, CodeMismatch),
		bad("a page", "a.png", html, CodeMismatch),
		bad("a page", "a.jpeg", html, CodeMismatch),
		bad("a page", "a.pdf", html, CodeMismatch),
		bad("a page", "a.txt", html, CodeMismatch),
		bad("a page", "a.csv", html, CodeMismatch),
		bad("a program of a shell", "a.txt", []byte("#!/bin/sh\nrm -rf ~\n"), CodeMismatch),
		bad("a program of PHP", "a.txt", []byte("<?php system($_GET['c']); ?>"), CodeMismatch),
		bad("rich text", "a.txt", []byte(`{\rtf1{\object\objocx}}`), CodeMismatch),
		bad("a PNG", "a.jpg", pngFile(), CodeMismatch),
		bad("a JPEG", "a.png", jpegFile(), CodeMismatch),
		bad("a GIF", "a.png", gifFile(), CodeMismatch),
		bad("a PDF", "a.docx", pdf(page("")...), CodeMismatch),
		bad("a PDF", "a.jpg", pdf(page("")...), CodeMismatch),
		bad("a PDF", "a.txt", pdf(page("")...), CodeMismatch),
		bad("a workbook", "a.docx", book(nil), CodeMismatch),
		bad("a document", "a.xlsx", docx(nil), CodeMismatch),
		bad("a document", "a.pdf", docx(nil), CodeMismatch),
		bad("any archive", "a.docx", zipOf(raw{name: "a.xml", data: "<a/>"}), CodeMismatch),
		bad("an archive of programs", "a.docx", zipOf(raw{name: "META-INF/MANIFEST.MF", data: "x"}, raw{name: "A.class", data: "\xca\xfe\xba\xbe"}), CodePart),
		bad("an open document", "a.docx", zipOf(raw{name: "mimetype", data: "application/vnd.oasis.opendocument.text", store: true}, raw{name: "content.xml", data: "<a/>"}), CodePart),
		bad("an old document", "a.docx", ole, CodeOLE),
		bad("an old workbook", "a.xlsx", ole, CodeOLE),
		bad("an old document", "a.pdf", ole, CodeOLE),
		bad("a document with a password", "a.docx", locked, CodeEncrypted),
		bad("a workbook with a password", "a.xlsx", locked, CodeEncrypted),
		bad("an archive of RAR", "a.docx", []byte("Rar!\x1a\x07\x01\x00"+strings.Repeat("x", 50)), CodeMismatch),
		bad("an archive of gzip", "a.txt", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03x"), CodeMismatch),
		bad("a film of QuickTime", "a.mp4", mp4File("qt  ", 1, ""), CodeMismatch),
		bad("a picture of HEIC", "a.mp4", mp4File("heic", 1, ""), CodeMismatch),
		bad("a picture of AVIF", "a.m4a", mp4File("avif", 1, ""), CodeMismatch),
		bad("a recording", "a.wav", mp3File(5), CodeMismatch),
		bad("noise", "a.mp3", bytes.Repeat([]byte{7, 200, 13}, 500), CodeMismatch),
		bad("noise", "a.docx", bytes.Repeat([]byte{7, 200, 13}, 500), CodeMismatch),
	} {
		d.what = d.what + " that calls itself " + d.name
		all = append(all, d)
	}
	for _, name := range []string{"a.pdf", "a.png", "a.docx", "a.txt", "a.mp3"} {
		all = append(all, bad("nothing", name, nil, CodeEmpty))
	}
	return all
}

func polyglots() (all []sample) {
	jar := zipOf(raw{name: "A.class", data: "\xca\xfe\xba\xbe"})
	commented := slices.Clone(jar)
	binary.LittleEndian.PutUint16(commented[len(commented)-2:], 40)
	script := []byte("<script>alert(document.cookie)</script>")
	return []sample{
		bad("a PDF with an archive behind it", "a.pdf", slices.Concat(pdf(page("")...), jar), CodeMixed),
		bad("a PDF that is the comment of an archive", "a.pdf", slices.Concat(pdf(page("", string(commented))...)), CodeMixed),
		bad("a PDF behind something else", "a.pdf", slices.Concat([]byte("%!PS\n"), pdf(page("")...)), CodeMixed),
		bad("a PDF behind a line", "a.pdf", slices.Concat([]byte("\n"), pdf(page("")...)), CodeMixed),
		bad("a PDF with a page behind it", "a.pdf", slices.Concat(pdf(page("")...), script), CodeMixed),
		bad("a photograph with an archive behind it", "a.jpg", slices.Concat(jpegFile(), jar), CodeMixed),
		bad("a photograph with a program behind it", "a.jpg", slices.Concat(jpegFile(), []byte("MZ\x90\x00")), CodeMixed),
		bad("a photograph with a PDF behind it", "a.jpg", slices.Concat(jpegFile(), pdf(page("")...)), CodeMixed),
		bad("a photograph with a page behind it", "a.jpg", slices.Concat(jpegFile(), script), CodeMixed),
		bad("a photograph with a page behind much padding", "a.jpg", slices.Concat(jpegFile(), make([]byte, 200_000), script), CodeMixed),
		bad("a photograph with a page as its comment", "a.jpg", segment("--><ScRiPt>alert(1)</script>"), CodeMixed),
		bad("a photograph with PHP as its comment", "a.jpg", segment("<?php system($_GET[0]); ?>"), CodeMixed),
		bad("a photograph with half a film behind it", "a.jpg", slices.Concat(jpegFile(), mp4File("mp42", 1, "")[:150]), CodeMixed),
		bad("a photograph with half of another behind it", "a.jpg", slices.Concat(jpegFile(), jpegFile()[:100]), CodeMixed),
		bad("a photograph whose film fetches", "a.jpg", slices.Concat(jpegFile(), mp4File("mp42", 0, "http://x/")), CodeMixed),
		bad("a screenshot with an archive behind it", "a.png", slices.Concat(pngFile(), jar), CodeMixed),
		bad("a screenshot with one byte behind it", "a.png", slices.Concat(pngFile(), []byte{0}), CodeMixed),
		bad("a screenshot with PHP in a text", "a.png", slices.Concat(pngFile()[:33], chunk("tEXt", []byte("x\x00<?php echo 1 ?>")), pngFile()[33:]), CodeMixed),
		bad("a document behind a photograph", "a.docx", slices.Concat(jpegFile(), docx(nil)), CodeMismatch),
		bad("a document behind an entry that the directory does not know", "a.docx", slices.Concat([]byte("PK\x03\x04"), make([]byte, 60), docx(nil)), CodeMixed),
		bad("a document with something behind it", "a.docx", slices.Concat(docx(nil), []byte("x")), CodeMixed),
		bad("a document that is another archive's comment", "a.docx", slices.Concat(docx(nil)[:len(docx(nil))-2], []byte{3, 0}, []byte("abc")), CodeMixed),
		bad("a film with an archive behind it", "a.mp4", slices.Concat(mp4File("isom", 1, ""), jar), CodeMixed),
		bad("a film with a box of its own", "a.mp4", slices.Concat(mp4File("isom", 1, ""), box("evil", []byte("MZ"))), CodeMixed),
		bad("a film with a page in it", "a.mp4", slices.Concat(mp4File("isom", 1, ""), box("free", script)), CodeMixed),
		bad("a recording with an archive behind it", "a.wav", slices.Concat(wavFile(), jar), CodeMixed),
		bad("a recording with a page behind it", "a.wav", slices.Concat(wavFile(), script), CodeMixed),
		bad("a recording with a page in it", "a.wav", riff(riffChunk("fmt ", make([]byte, 16)), riffChunk("LIST", []byte("<html><script>xx")), riffChunk("data", make([]byte, 90))), CodeMixed),
		bad("a recording with an archive behind it", "a.mp3", slices.Concat(mp3File(9), jar), CodeMixed),
		bad("a recording with a page in its tag", "a.mp3", slices.Concat([]byte("ID3\x04\x00\x00\x00\x00\x00\x27"), script, mp3File(9)), CodeMixed),
		bad("a note with an archive behind it", "a.txt", slices.Concat([]byte("text\n"), jar), CodeMismatch),
	}
}

func archives() (all []sample) {
	honest := ordered(wordParts(paragraph("正文")))
	bomb := raw{name: "word/media/image1.bmp", data: "BM" + strings.Repeat("\x00", 20<<20)}
	lying := func(change func(e *raw)) []byte {
		e := raw{name: "word/more.xml", data: xmlHead + "<a>" + strings.Repeat("内容", 500) + "</a>"}
		change(&e)
		return with(e)
	}
	many := make([]raw, 0, 3000)
	for i := range 3000 {
		many = append(many, raw{name: fmt.Sprintf("word/%d.xml", i), data: "<a/>"})
	}
	heavy := make([]raw, 0, 5)
	for i := range 5 {
		heavy = append(heavy, raw{name: fmt.Sprintf("word/media/%d.bmp", i), data: "BM" + strings.Repeat("0123456789abcdef", 1<<20), store: true})
	}
	overlapping := slices.Clone(honest)
	for i := range 500 {
		overlapping = append(overlapping, raw{name: fmt.Sprintf("word/%d.xml", i), data: honest[len(honest)-1].data, sameAs: len(honest)})
	}
	counts := docx(nil)
	binary.LittleEndian.PutUint16(counts[len(counts)-14:], 60000)
	binary.LittleEndian.PutUint16(counts[len(counts)-12:], 60000)
	fewer := docx(nil)
	binary.LittleEndian.PutUint16(fewer[len(fewer)-14:], 1)
	binary.LittleEndian.PutUint16(fewer[len(fewer)-12:], 1)
	volumes := docx(nil)
	binary.LittleEndian.PutUint16(volumes[len(volumes)-18:], 1)
	elsewhere := docx(nil)
	binary.LittleEndian.PutUint32(elsewhere[len(elsewhere)-6:], 7)
	zip64 := slices.Concat(docx(nil)[:len(docx(nil))-22], []byte("PK\x06\x07"), make([]byte, 16), docx(nil)[len(docx(nil))-22:])
	all = []sample{
		bad("a bomb of one part", "a.docx", with(bomb), CodeRatio),
		bad("a bomb that is one part over its limit", "a.docx", with(raw{name: "word/media/image1.bmp", data: "BM" + strings.Repeat("0123456789abcdef", 3<<20)}), CodeUnpacked),
		bad("a bomb of several parts", "a.docx", with(heavy...), CodeTooLarge),
		bad("a bomb that claims four gigabytes", "a.docx", lying(func(e *raw) { e.unpacked = 0xfffffffe }), CodeUnpacked),
		bad("a bomb of one part, a workbook", "a.xlsx", zipOf(append(ordered(unzip(book(nil))), raw{name: "xl/media/image1.bmp", data: "BM" + strings.Repeat("\x00", 20<<20)})...), CodeRatio),
		bad("parts that lie on one another", "a.docx", zipOf(overlapping...), CodeOverlap),
		bad("too many parts", "a.docx", with(many...), CodeEntries),
		bad("a count of parts that lies upwards", "a.docx", counts, CodeEntries),
		bad("a count of parts that lies downwards", "a.docx", fewer, CodeBroken),
		bad("a size that is too small", "a.docx", lying(func(e *raw) { e.unpacked = 100 }), CodeLies),
		bad("a size that is too large", "a.docx", lying(func(e *raw) { e.unpacked = 9000 }), CodeLies),
		bad("a size that is another in the part's own header", "a.docx", lying(func(e *raw) { e.localSize = 10 }), CodeLies),
		bad("a size of a stored part that lies", "a.docx", lying(func(e *raw) { e.store, e.unpacked = true, 10 }), CodeLies),
		bad("a sum that lies", "a.docx", lying(func(e *raw) { e.crc = 1 }), CodeLies),
		bad("another name in the part's own header", "a.docx", lying(func(e *raw) { e.local = "word/evil.exe" }), CodeLies),
		bad("bytes between the parts", "a.docx", lying(func(e *raw) { e.behind = "MZ\x90\x00" }), CodeMixed),
		bad("sizes that should stand behind the data and do not", "a.docx", lying(func(e *raw) { e.flags = sizesLater; e.behind = strings.Repeat("x", 16) }), CodeMixed),
		bad("a part with a password", "a.docx", lying(func(e *raw) { e.flags = 1 }), CodeEncrypted),
		bad("a part with strong encryption", "a.docx", lying(func(e *raw) { e.flags = 1 | 1<<6 }), CodeEncrypted),
		bad("a directory that is encrypted", "a.docx", lying(func(e *raw) { e.flags = 1 << 13 }), CodeEncrypted),
		bad("a packing that is not Office's", "a.docx", lying(func(e *raw) { e.method = 14 }), CodeBroken),
		bad("a packing that is deflate64", "a.docx", lying(func(e *raw) { e.method = 9 }), CodeBroken),
		bad("a part that is a link", "a.docx", lying(func(e *raw) { e.mode = unixLink | 0o777 }), CodeEntryName),
		bad("an archive in several volumes", "a.docx", volumes, CodeBroken),
		bad("a directory elsewhere", "a.docx", elsewhere, CodeMixed),
		bad("a directory in the form of zip64", "a.docx", zip64, CodeMixed),
		bad("no directory at all", "a.docx", docx(nil)[:100], CodeBroken),
		bad("a folder with something in it", "a.docx", with(raw{name: "word/x/", data: "MZ"}), CodePart),
		bad("the same part twice", "a.docx", with(raw{name: "word/document.xml", data: "<a/>"}), CodeEntryName),
		bad("the same part twice, in capitals", "a.docx", with(raw{name: "WORD/Document.xml", data: "<a/>"}), CodeEntryName),
	}
	for _, name := range []string{"../../etc/cron.d/x.xml", "/etc/passwd.xml", `..\..\x.xml`, "C:/x.xml", "word/../../x.xml", "word//x.xml", "./x.xml", "word/a\x00.xml", "word/a\u202e.xml", "..", "word/\xff.xml", strings.Repeat("a/", 200) + "x.xml", ""} {
		all = append(all, bad(fmt.Sprintf("a part called %.20q", name), "a.docx", with(raw{name: name, data: "<a/>"}), CodeEntryName))
	}
	for what, inner := range map[string][]byte{
		"an archive": zipOf(raw{name: "a", data: "b"}), "a document": docx(nil), "an old document": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a program": []byte("MZ\x90"),
		"a PDF": pdf(page("")...), "an archive of RAR": []byte("Rar!\x1a\x07\x00"), "an archive of 7-Zip": []byte("7z\xbc\xaf\x27\x1c"), "an archive of gzip": []byte("\x1f\x8b\x08"), "rich text": []byte(`{\rtf1}`),
	} {
		all = append(all, bad(what+" as a picture in a document", "a.docx", with(raw{name: "word/media/image1.png", data: string(inner)}), CodeEmbedded))
	}
	for _, name := range []string{"word/a.exe", "word/a.js", "word/a.html", "word/media/image1.svg", "word/a.dat", "a", "word/a.bin", "word/a.lnk"} {
		all = append(all, bad("a part "+name, "a.docx", with(raw{name: name, data: "harmless"}), CodePart))
	}
	return append(all,
		bad("a part whose picture is none", "a.docx", with(raw{name: "word/media/image1.png", data: "<svg onload='x'/>"}), CodePart),
		bad("a part whose picture is broken", "a.docx", with(raw{name: "word/media/image1.png", data: "\x89PNG\r\n\x1a\nxxxx"}), CodeBroken),
		bad("a part whose picture would fill the memory", "a.docx", with(raw{name: "word/media/image1.png", data: string(pngSized(60000, 60000))}), CodeImageTooBig),
	)
}

func pdfs() (all []sample) {
	js := "<< /S /JavaScript /JS (app.alert(1)) >>"
	one := func(what, code string, catalog string, more ...string) {
		all = append(all, bad("a PDF with "+what, "a.pdf", pdf(page(catalog, more...)...), code))
	}
	one("a script on opening", CodePDFScript, "/OpenAction "+js)
	one("a script in an object of its own", CodePDFScript, "/OpenAction 5 0 R", js)
	one("a script in the tree of names", CodePDFScript, "/Names << /JavaScript 5 0 R >>", "<< >>")
	one("a script whose name is escaped", CodePDFScript, "/OpenAction << /S /J#61v#61Script /JS (x) >>")
	one("a script whose name is escaped throughout", CodePDFScript, "/OpenAction << /S /#4a#61#76#61#53#63#72#69#70#74 /JS (x) >>")
	one("a script in a packed object", CodePDFScript, "", packed("", "<< >>", js))
	one("a script in a packed object, behind much", CodePDFScript, "", packed("", strings.Repeat("<< /A (b) >> ", 9000), js))
	one("a script in a packed object that says to be a picture", CodePDFScript, "", packed("/Subtype /Image", js))
	one("a script in a packed object without a type", CodePDFScript, "", strings.Replace(packed("", js), "/Type /ObjStm", "", 1))
	one("a script in any packed stream", CodePDFScript, "", stream("/Filter /FlateDecode", zipped(js)))
	one("a script in an open object stream", CodePDFScript, "", stream("/Type /ObjStm /N 1 /First 5", "20 0 "+js))
	one("a script between objects", CodePDFScript, "", stream("", "endobj 9 0 obj "+js))
	one("a script in a comment that a table points into", CodePDFScript, "", "% "+js)
	one("a script of a sound or film", CodePDFScript, "", "<< /S /Rendition /JS (x) >>")
	one("a form of XFA", CodePDFScript, "/AcroForm << /XFA 5 0 R >>", "<< >>")
	one("a program to start", CodePDFAction, "/OpenAction << /S /Launch /F (cmd.exe) >>")
	one("a program to start, packed", CodePDFAction, "", packed("", "<< /S /Launch /Win << /F (cmd.exe) >> >>"))
	one("an address that opens by itself", CodePDFAction, "/OpenAction << /S /URI /URI (http://x/) >>")
	one("an address that opens by itself, from an object", CodePDFAction, "/OpenAction 5 0 R", "<< /S /URI /URI (http://x/) >>")
	one("an address that opens by itself, from a packed object", CodePDFAction, "/OpenAction 21 0 R", packed("", "<< >>", "<< /S /URI /URI (http://x/) >>"))
	one("an address that opens with a page", CodePDFAction, "/AA << /WC << /S /URI /URI (http://x/) >> >>")
	one("an address that opens with a page, from an object", CodePDFAction, "/AA << /WC 5 0 R >>", "<< /S /URI /URI (http://x/) >>")
	one("an address behind another action", CodePDFAction, "/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (http://x/) >> >>")
	one("a file of another machine to go to", CodePDFAction, "", `<< /S /GoToR /F (\\\\x\\a.pdf) >>`)
	one("a file within to go to", CodePDFAction, "", "<< /S /GoToE >>")
	one("a form that sends itself", CodePDFAction, "", "<< /S /SubmitForm /F (http://x/) >>")
	one("a form that reads a file", CodePDFAction, "", "<< /S /ImportData /F (a) >>")
	one("a file within", CodeEmbedded, "", stream("/Type /EmbeddedFile", "MZ"))
	one("files within by name", CodeEmbedded, "/Names << /EmbeddedFiles 5 0 R >>", "<< >>")
	one("films within", CodeEmbedded, "", "<< /Subtype /RichMedia >>")
	one("a collection of files", CodeEmbedded, "/Collection << >>")
	one("objects packed twice", CodePDFHidden, "", strings.Replace(packed("", js), "/Filter /FlateDecode", "/Filter [/ASCIIHexDecode /FlateDecode]", 1))
	one("objects packed otherwise", CodePDFHidden, "", stream("/Type /ObjStm /N 1 /First 5 /Filter /LZWDecode", "x"))
	one("objects whose packing is said elsewhere", CodePDFHidden, "", stream("/Type /ObjStm /N 1 /First 5 /Filter 9 0 R", "x"))
	one("objects packed with differences", CodePDFHidden, "", packed("/DecodeParms << /Predictor 12 /Columns 5 >>", js))
	one("objects that cannot be unpacked", CodePDFHidden, "", stream("/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode", "no zlib"))
	one("a stream that bursts", CodeUnpacked, "", stream("/Filter /FlateDecode", zipped(strings.Repeat("\x00", 300<<20))))
	burst := stream("/Filter /FlateDecode", zipped(strings.Repeat(" ", 60<<20)))
	one("streams that burst together", CodeUnpacked, "", burst, burst, burst, burst, burst)
	var streams strings.Builder
	for i := range 140_000 {
		fmt.Fprintf(&streams, "%d 0 obj<</Filter/FlateDecode>>stream\nx\x9c\x03\x00\x00\x00\x00\x01endstream ", 100+i)
	}
	one("more streams than any", CodeUnpacked, "", streams.String())
	return append(all,
		bad("a PDF with a password", "a.pdf", pdfWith("/Root 1 0 R /Encrypt 5 0 R", page("", "<< /Filter /Standard /V 5 >>")...), CodeEncrypted),
		bad("a PDF without an end", "a.pdf", bytes.ReplaceAll(pdf(page("")...), []byte("%%EOF"), nil), CodeBroken),
		bad("a PDF that is only its beginning", "a.pdf", []byte("%PDF-1.7\n"), CodeBroken),
	)
}

func images() []sample {
	short := pngFile()
	short[len(short)-20]++
	first := slices.Concat(pngFile()[:8], chunk("tEXt", []byte("a\x00b")), pngFile()[8:])
	long := slices.Clone(pngFile())
	binary.BigEndian.PutUint32(long[33:], 0x7fffffff)
	return []sample{
		bad("a picture of ten thousand million pixels", "a.png", pngSized(100_000, 100_000), CodeImageTooBig),
		bad("a picture wider than any", "a.png", pngSized(2_000_000_000, 1), CodeImageTooBig),
		bad("a picture as high as can be said", "a.png", pngSized(1, 0xffffffff), CodeImageTooBig),
		bad("a picture just over the limit", "a.png", pngSized(12_001, 10_000), CodeImageTooBig),
		bad("a picture without pixels", "a.png", pngSized(0, 0), CodeBroken),
		bad("a photograph of four thousand million pixels", "a.jpg", jpegSized(65535, 65535), CodeImageTooBig),
		bad("a photograph without height", "a.jpg", jpegSized(100, 0), CodeBroken),
		bad("a second photograph that is too large", "a.jpg", slices.Concat(jpegFile(), jpegSized(65535, 65535)), CodeMixed),
		bad("a picture with a wrong sum", "a.png", short, CodeBroken),
		bad("a picture that does not begin with its size", "a.png", first, CodeBroken),
		bad("a picture with a chunk of two gigabytes", "a.png", long, CodeBroken),
		bad("a picture of a beginning only", "a.png", pngFile()[:33], CodeBroken),
		bad("a photograph of a beginning only", "a.jpg", jpegFile()[:20], CodeBroken),
		bad("a photograph without an image", "a.jpg", []byte("\xff\xd8\xff\xd9"), CodeBroken),
		bad("a photograph without a size", "a.jpg", []byte("\xff\xd8\xff\xfe\x00\x04hi\xff\xd9"), CodeBroken),
	}
}

func media() []sample {
	deep := box("moov", box("mvhd", make([]byte, 100)))
	for range 200 {
		deep = box("trak", deep)
	}
	long := mp4File("isom", 1, "")
	binary.BigEndian.PutUint32(long[24:], 0x7fffffff)
	huge := mp4File("isom", 1, "")
	at := bytes.Index(huge, []byte("moov")) - 4
	binary.BigEndian.PutUint32(huge[at:], 1)
	tag := slices.Concat([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), mp3File(9))
	size := wavFile()
	binary.LittleEndian.PutUint32(size[4:], 0xffffffff)
	inner := wavFile()
	binary.LittleEndian.PutUint32(inner[40:], 0x7ffffff0)
	return []sample{
		bad("a film whose data is elsewhere", "a.mp4", mp4File("isom", 0, "http://x/a.mp4\x00"), CodeExternal),
		bad("a recording whose data is in a file", "a.m4a", mp4File("M4A ", 0, "file:///etc/passwd\x00"), CodeExternal),
		bad("a film without an index", "a.mp4", slices.Concat(box("ftyp", []byte("isom\x00\x00\x02\x00isom")), box("mdat", make([]byte, 50))), CodeBroken),
		bad("a film with a box larger than it", "a.mp4", long, CodeBroken),
		bad("a film with a box of 64 bits that is not true", "a.mp4", huge, CodeBroken),
		bad("a film nested deeply, without an index", "a.mp4", slices.Concat(box("ftyp", []byte("isom\x00\x00\x02\x00isom")), deep), CodeMixed),
		bad("a film with boxes of no length", "a.mp4", slices.Concat(mp4File("isom", 1, ""), []byte("\x00\x00\x00\x02free")), CodeBroken),
		bad("a recording whose tag is larger than it", "a.mp3", tag, CodeBroken),
		bad("a recording with one frame and then something else", "a.mp3", slices.Concat(mp3File(1), bytes.Repeat([]byte("MZ"), 900)), CodeBroken),
		bad("a recording of a reserved rate", "a.mp3", slices.Concat([]byte("\xff\xfb\xf0\x00"), make([]byte, 900)), CodeBroken),
		bad("a recording without frames", "a.mp3", slices.Concat([]byte("ID3\x04\x00\x00\x00\x00\x00\x0a"), make([]byte, 3000)), CodeBroken),
		bad("a recording larger than it is", "a.wav", size, CodeBroken),
		bad("a recording with a chunk larger than it", "a.wav", inner, CodeBroken),
		bad("a recording without a format", "a.wav", riff(riffChunk("data", make([]byte, 90))), CodeBroken),
	}
}

func texts() []sample {
	return []sample{
		bad("a note with a zero byte", "a.txt", []byte("a\x00b"), CodeMismatch),
		bad("a note with a zero byte far behind", "a.txt", append(bytes.Repeat([]byte("正文。\n"), 20_000), 0), CodeMismatch),
		bad("a note with an escape for terminals", "a.txt", append(bytes.Repeat([]byte("正文。\n"), 2000), "\x1b]0;x\x07"...), CodeMismatch),
		bad("a note in half of UTF-16", "a.txt", []byte("\xff\xfea\x00b"), CodeBroken),
		bad("a note with a zero in UTF-16", "a.txt", []byte("\xff\xfea\x00\x00\x00"), CodeMismatch),
		bad("a table of DDE", "a.csv", []byte("a,b\n=cmd|'/c calc'!A0,1\n"), CodeDDE),
		bad("a table of DDE, with a plus", "a.csv", []byte("a,b\n1,+cmd|'/c calc'!A0\n"), CodeDDE),
		bad("a table of DDE, with an at", "a.csv", []byte("a\n\"@cmd|'/c calc'!A0\"\n"), CodeDDE),
		bad("a table of DDE, with tabs", "a.tsv", []byte("a\tb\n1\t- msexcel|'\\..\\x'!A1\n"), CodeDDE),
		bad("a table of DDE in UTF-16", "a.csv", []byte(must(utf16le("a,b\n=cmd|'/c calc'!A0\n"))), CodeDDE),
		bad("a table of DDE where two readings meet", "a.csv", append(bytes.Repeat([]byte("x"), 64<<10-8), "\n=cmd|'/c calc'!A0\n"...), CodeDDE),
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	files := hostileFiles()
	require.GreaterOrEqual(t, len(files), 300)
	codes, names := map[string]int{}, map[string]bool{}
	for _, s := range files {
		_, err := judgeBytes(s.name, s.data)
		var refusal *domain.Error
		require.ErrorAs(t, err, &refusal, "TAKEN: %s (%s)", s.what, s.name)
		require.Equal(t, domain.KindInvalid, refusal.Kind, s.what)
		require.Equal(t, s.code, refusal.Code, "%s (%q)", s.what, s.name)
		require.False(t, names[s.what+s.name], "twice: %s", s.what)
		codes[refusal.Code]++
		names[s.what+s.name] = true
	}
	for _, code := range allCodes {
		require.NotZero(t, codes[code], "nothing in the corpus is refused with %s", code)
	}
	t.Logf("%d hostile files refused: %v", len(files), slices.Collect(maps.Keys(codes)))
}

// allCodes are those that a refusal can have.
var allCodes = []string{
	CodeEmpty, CodeTooLarge, CodeName, CodeDoubleName, CodeType, CodeMismatch, CodeMixed, CodeBroken, CodeEncrypted, CodeOLE, CodeMacros, CodeEmbedded,
	CodeExternal, CodeDDE, CodeEntities, CodeEntries, CodeUnpacked, CodeRatio, CodeEntryName, CodeOverlap, CodeLies, CodePart, CodePDFScript, CodePDFAction,
	CodePDFHidden, CodeImageTooBig,
}
