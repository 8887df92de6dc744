package upload

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"image"
	_ "image/gif"  // pictures in documents
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

// mains are the content types of the main parts, which say what a package is.
var mains = map[Kind]string{
	DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
	XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}

// badParts are the places of what a document must not bring along, and why.
var badParts = []struct {
	at   *regexp.Regexp
	code string
}{
	{regexp.MustCompile(`(^|/)(vba[^/]*|macrosheets|dialogsheets|activex|customui|webextensions)(/|\.|$)`), CodeMacros},
	{regexp.MustCompile(`(^|/)(embeddings|oleobjects?[^/]*|afchunk[^/]*)(/|\.|$)`), CodeEmbedded},
	{regexp.MustCompile(`(^|/)(externallinks|querytables|model|connections\.xml$)`), CodeExternal},
}

// badTypes are words in content types and kinds of relationship, and why not.
var badTypes = []struct{ word, code string }{
	{"macro", CodeMacros}, {"vba", CodeMacros}, {"activex", CodeMacros}, {"dialogsheet", CodeMacros}, {"/control", CodeMacros},
	{"ui/extensibility", CodeMacros}, {"webextension", CodeMacros},
	{"oleobject", CodeEmbedded}, {"relationships/package", CodeEmbedded}, {"afchunk", CodeEmbedded}, {"/vnd.ms-office.oleobject", CodeEmbedded},
	{"externallink", CodeExternal}, {"attachedtemplate", CodeExternal}, {"subdocument", CodeExternal}, {"mailmerge", CodeExternal},
	{"relationships/frame", CodeExternal}, {"connections", CodeExternal}, {"querytable", CodeExternal}, {"powerpivot", CodeExternal},
}

func badType(s string) error {
	s = strings.ToLower(s)
	for _, b := range badTypes {
		if strings.Contains(s, b.word) {
			return refuse(b.code)
		}
	}
	return nil
}

// office judges a package: the directory first, then every part by its content.
func (f file) office(kind Kind) error {
	entries, err := f.directory()
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, bad := range badParts {
			if bad.at.MatchString(strings.ToLower(e.name)) {
				return refuse(bad.code)
			}
		}
	}
	z, err := zip.NewReader(f, f.size)
	if err != nil || len(z.File) != len(entries) {
		return refuse(CodeBroken)
	}
	p := &parts{kind: kind, file: f, names: map[string]bool{}, endings: map[string]bool{}}
	for _, e := range z.File {
		p.names[strings.ToLower(e.Name)], p.endings[strings.ToLower(path.Ext(e.Name))] = true, true
	}
	for _, e := range z.File {
		if err := part(e, func(in io.Reader) error { return p.look(e.Name, in) }); err != nil {
			return err
		}
	}
	if p.main != mains[kind] || !p.names["_rels/.rels"] {
		return refuse(CodeMismatch)
	}
	return nil
}

// parts looks through the parts of one package.
type parts struct {
	kind    Kind
	file    file
	names   map[string]bool // in small letters
	endings map[string]bool // of the names, with the dot
	main    string          // content type of the main part
}

// begins are what the pictures and the like in documents begin with.
var begins = map[string][]string{
	".png": {"\x89PNG\r\n\x1a\n"}, ".jpg": {"\xff\xd8\xff"}, ".jpeg": {"\xff\xd8\xff"}, ".gif": {"GIF87a", "GIF89a"},
	".bmp": {"BM"}, ".tif": {"II*\x00", "MM\x00*"}, ".tiff": {"II*\x00", "MM\x00*"}, ".wdp": {"II\xbc"},
	".emf": {"\x01\x00\x00\x00"}, ".wmf": {"\xd7\xcd\xc6\x9a", "\x01\x00\x09\x00", "\x02\x00\x09\x00"},
}

// containers begin what may hold anything: none of it is a part of a document.
var containers = []string{"PK\x03\x04", "\xd0\xcf\x11\xe0", "Rar!", "7z\xbc\xaf", "\x1f\x8b", "%PDF-", "MZ", "\x7fELF", "ITSF", "{\\rtf"}

// look judges one part.
func (p *parts) look(name string, in io.Reader) error {
	if strings.HasSuffix(name, "/") { // a folder
		return nil
	}
	first := make([]byte, 16)
	n, _ := io.ReadFull(in, first) // part finds out about a broken one
	first = first[:n]
	for _, c := range containers {
		if bytes.HasPrefix(first, []byte(c)) {
			return refuse(CodeEmbedded)
		}
	}
	whole := io.MultiReader(bytes.NewReader(first), in)
	ending := strings.ToLower(path.Ext(name))
	starts, picture := begins[ending]
	switch {
	case ending == ".xml" || ending == ".rels" || ending == ".vml" || ending == ".psmdcp":
		return p.xml(name, whole)
	case picture:
		if !slices.ContainsFunc(starts, func(s string) bool { return bytes.HasPrefix(first, []byte(s)) }) {
			return refuse(CodePart)
		}
		return p.picture(ending, whole)
	case ending == ".bin" && strings.HasPrefix(path.Base(name), "printerSettings"), ending == ".odttf":
		return nil
	}
	return refuse(CodePart)
}

// picture bounds what a picture unfolds to.
func (p *parts) picture(ending string, in io.Reader) error {
	switch ending {
	case ".png", ".jpg", ".jpeg", ".gif":
		c, _, err := image.DecodeConfig(in)
		if err != nil {
			return refuse(CodeBroken)
		}
		return p.file.pixels(int64(c.Width), int64(c.Height))
	}
	return nil
}

// contentType judges a line of [Content_Types].xml.
func (p *parts) contentType(e xml.StartElement) error {
	t := attribute(e, "ContentType")
	if e.Name.Local == "Default" && !p.endings["."+strings.ToLower(attribute(e, "Extension"))] {
		return nil // some programs declare more than they write
	}
	if err := badType(t); err != nil {
		return err
	}
	if strings.HasSuffix(t, ".main+xml") {
		if p.main != "" && p.main != t {
			return refuse(CodeMixed)
		}
		p.main = t
	}
	return nil
}

// web are the addresses to which a link that a person follows may lead.
var web = regexp.MustCompile(`^(?i:https?://[^\\]+|mailto:[^\\]+|tel:[^\\]+)$`)

// relationship judges a line of a .rels part. A hyperlink that a person has to
// follow is not fetched by itself; everything else must be in the package.
func (p *parts) relationship(of string, e xml.StartElement) error {
	kind, target := attribute(e, "Type"), attribute(e, "Target")
	if err := badType(kind); err != nil {
		return err
	}
	if !strings.EqualFold(attribute(e, "TargetMode"), "External") {
		return p.internal(of, target)
	}
	if strings.HasSuffix(kind, "/relationships/hyperlink") && web.MatchString(target) {
		return nil
	}
	return refuse(CodeExternal)
}

// internal demands that a target is a part of the package.
func (p *parts) internal(of, target string) error {
	target, _, _ = strings.Cut(target, "#")
	if target == "" {
		return nil // a place in the same part
	}
	if strings.Contains(target, ":") || strings.Contains(target, `\`) || strings.HasPrefix(target, "//") {
		return refuse(CodeExternal)
	}
	base := path.Dir(path.Dir(of)) // word/_rels/document.xml.rels → word
	to := path.Join("/", base, target)
	if strings.HasPrefix(target, "/") {
		to = path.Clean(target)
	}
	if strings.HasPrefix(path.Join(base, target), "../") {
		return refuse(CodeEntryName)
	}
	if !p.names[strings.ToLower(to[1:])] && !strings.EqualFold(target, "NULL") { // Excel writes NULL for a removed picture
		return refuse(CodeBroken)
	}
	return nil
}
