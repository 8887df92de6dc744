package upload

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"
)

// The files of the corpora are made here, by code, so that each attack can be
// read.

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check1(err error) {
	if err != nil {
		panic(err)
	}
}

// raw is an entry of a zip archive as it is written, which need not be true.
type raw struct {
	name      string
	data      string
	store     bool
	flags     uint16
	method    uint16 // 0 = as store says
	unpacked  int    // 0 = the truth, in both headers
	local     string // another name in its own header
	localSize int    // another unpacked size in its own header
	sameAs    int    // 1 + the entry on whose data it lies
	crc       uint32 // 0 = the truth
	mode      uint32
	behind    string // bytes after it that belong to nothing
}

// zipOf writes an archive entry by entry.
func zipOf(entries ...raw) []byte {
	var b, dir bytes.Buffer
	le := binary.LittleEndian
	offsets := make([]int, len(entries))
	for i, e := range entries {
		packed, method := []byte(e.data), uint16(0)
		if !e.store {
			packed, method = deflate([]byte(e.data)), 8
		}
		if e.method != 0 {
			method = e.method
		}
		sum := crc32.ChecksumIEEE([]byte(e.data))
		if e.crc != 0 {
			sum = e.crc
		}
		size := len(e.data)
		if e.unpacked != 0 {
			size = e.unpacked
		}
		head := func(size int, name string) []byte {
			h := le.AppendUint16(nil, 20)
			h = le.AppendUint16(h, e.flags)
			h = le.AppendUint16(h, method)
			h = le.AppendUint32(h, 0x5a210000)
			h = le.AppendUint32(h, sum)
			h = le.AppendUint32(h, uint32(len(packed)))
			h = le.AppendUint32(h, uint32(size))
			h = le.AppendUint16(h, uint16(len(name)))
			return le.AppendUint16(h, 0)
		}
		offsets[i] = b.Len()
		if e.sameAs > 0 {
			offsets[i] = offsets[e.sameAs-1]
		} else {
			own, ownSize := e.name, size
			if e.local != "" {
				own = e.local
			}
			if e.localSize != 0 {
				ownSize = e.localSize
			}
			b.WriteString("PK\x03\x04")
			b.Write(head(ownSize, own))
			b.WriteString(own)
			b.Write(packed)
			b.WriteString(e.behind)
		}
		dir.WriteString("PK\x01\x02")
		dir.Write(le.AppendUint16(nil, 3<<8|20))
		dir.Write(head(size, e.name))
		dir.Write(le.AppendUint16(nil, 0))
		dir.Write(le.AppendUint32(nil, 0))
		dir.Write(le.AppendUint32(nil, e.mode<<16))
		dir.Write(le.AppendUint32(nil, uint32(offsets[i])))
		dir.WriteString(e.name)
	}
	at := b.Len()
	b.Write(dir.Bytes())
	b.WriteString("PK\x05\x06\x00\x00\x00\x00")
	b.Write(le.AppendUint16(le.AppendUint16(nil, uint16(len(entries))), uint16(len(entries))))
	b.Write(le.AppendUint32(le.AppendUint32(nil, uint32(dir.Len())), uint32(at)))
	b.Write([]byte{0, 0})
	return b.Bytes()
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w := must(flate.NewWriter(&out, 9))
	must(w.Write(b))
	check1(w.Close())
	return out.Bytes()
}

const (
	xmlHead  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	relsHead = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relType  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	wordMain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	w        = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
)

func types(main string, more string) string {
	return xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="` + main + `"/>` + more + `</Types>`
}

func rel(kind, target, mode string) string {
	if mode != "" {
		mode = ` TargetMode="` + mode + `"`
	}
	if !strings.Contains(kind, ":") {
		kind = relType + kind
	}
	return `<Relationship Id="r` + strconv.Itoa(int(crc32.ChecksumIEEE([]byte(kind+target)))) + `" Type="` + kind + `" Target="` + target + `"` + mode + `/>`
}

func rels(lines ...string) string { return relsHead + strings.Join(lines, "") + `</Relationships>` }

// wordParts are those of the smallest document, with a body.
func wordParts(body string) map[string]string {
	return map[string]string{
		"[Content_Types].xml": types(wordMain, ""),
		"_rels/.rels":         rels(rel("officeDocument", "word/document.xml", "")),
		"word/document.xml":   xmlHead + `<w:document ` + w + `><w:body>` + body + `</w:body></w:document>`,
	}
}

// ordered puts a package's parts in order, the content types first.
func ordered(parts map[string]string) (entries []raw) {
	names := slices.Sorted(maps.Keys(parts))
	for _, name := range names {
		entries = append(entries, raw{name: name, data: parts[name]})
	}
	return entries
}

func paragraph(text string) string {
	return `<w:p><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

// docx is a document with parts replaced and added.
func docx(changed map[string]string) []byte {
	parts := wordParts(paragraph("反映供暖问题"))
	maps.Copy(parts, changed)
	return zipOf(ordered(parts)...)
}

// body is a document with another body.
func body(xml string) []byte { return zipOf(ordered(wordParts(xml))...) }

// related is a document whose main part has relationships.
func related(lines ...string) []byte {
	return docx(map[string]string{"word/_rels/document.xml.rels": rels(lines...)})
}

// with is a document with entries added to the archive.
func with(more ...raw) []byte {
	return zipOf(append(ordered(wordParts(paragraph("正文"))), more...)...)
}

// written is a document as Go's archive/zip writes it: sizes behind the data.
func written(parts map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		must(must(z.Create(name)).Write([]byte(parts[name])))
	}
	check1(z.Close())
	return b.Bytes()
}

// book is a workbook that excelize writes.
func book(fill func(f *excelize.File)) []byte {
	f := excelize.NewFile()
	check1(f.SetCellValue("Sheet1", "A1", "标题"))
	check1(f.SetCellValue("Sheet1", "B2", 12.5))
	if fill != nil {
		fill(f)
	}
	var b bytes.Buffer
	check1(f.Write(&b))
	return b.Bytes()
}

// rebook is a workbook with its parts changed.
func rebook(change func(parts map[string]string)) []byte {
	parts := unzip(book(nil))
	change(parts)
	return zipOf(ordered(parts)...)
}

func unzip(b []byte) map[string]string {
	parts := map[string]string{}
	for _, f := range must(zip.NewReader(bytes.NewReader(b), int64(len(b)))).File {
		var out bytes.Buffer
		in := must(f.Open())
		must(out.ReadFrom(in))
		check1(in.Close())
		parts[f.Name] = out.String()
	}
	return parts
}

// sheet is a workbook whose sheet is replaced by cells of its own.
func sheet(cells string) []byte {
	return rebook(func(parts map[string]string) {
		parts["xl/worksheets/sheet1.xml"] = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">` + cells + `</row></sheetData></worksheet>`
	})
}

func formula(f string) []byte { return sheet(`<c r="A1"><f>` + f + `</f><v>0</v></c>`) }

func picture() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		m.Set(i%40, i/40, color.RGBA{uint8(i), uint8(i / 3), uint8(i * 7), 255})
	}
	return m
}

func pngFile() []byte {
	var b bytes.Buffer
	check1(png.Encode(&b, picture()))
	return b.Bytes()
}

func jpegFile() []byte {
	var b bytes.Buffer
	check1(jpeg.Encode(&b, picture(), nil))
	return b.Bytes()
}

func gifFile() []byte {
	var b bytes.Buffer
	check1(gif.Encode(&b, picture(), nil))
	return b.Bytes()
}

// chunk is one of a PNG.
func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngSized is a PNG that claims to be so large.
func pngSized(width, height uint32) []byte {
	b := pngFile()
	h := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return slices.Concat(b[:8], chunk("IHDR", append(h, b[24:29]...)), b[33:])
}

// jpegSized is a JPEG that claims to be so large.
func jpegSized(width, height uint16) []byte {
	b := jpegFile()
	at := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[at+5:], height)
	binary.BigEndian.PutUint16(b[at+7:], width)
	return b
}

// segment puts a comment behind the beginning of a JPEG.
func segment(text string) []byte {
	b := jpegFile()
	s := binary.BigEndian.AppendUint16([]byte{0xff, 0xfe}, uint16(len(text)+2))
	return slices.Concat(b[:2], s, []byte(text), b[2:])
}

// pdf writes objects, with a table of where they are.
func pdf(objects ...string) []byte { return pdfWith("/Root 1 0 R", objects...) }

func pdfWith(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	at := make([]int, len(objects))
	for i, o := range objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

// page are the objects of a document of one page, the catalog with more in it.
func page(catalog string, more ...string) []string {
	return append([]string{
		"<< /Type /Catalog /Pages 2 0 R " + catalog + " >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
		stream("", "BT /F1 12 Tf 72 720 Td (Hello) Tj ET"),
	}, more...)
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), dict, data)
}

func zipped(data string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	must(z.Write([]byte(data)))
	check1(z.Close())
	return b.String()
}

// packed is an object stream that holds objects from number 20 on.
func packed(dict string, objects ...string) string {
	var index, all strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&index, "%d %d ", 20+i, all.Len())
		all.WriteString(o + " ")
	}
	return stream(fmt.Sprintf("/Type /ObjStm /N %d /First %d /Filter /FlateDecode %s", len(objects), index.Len(), dict), zipped(index.String()+all.String()))
}

// wavFile is a tenth of a second.
func wavFile() []byte {
	le := binary.LittleEndian
	format := le.AppendUint16(le.AppendUint16(nil, 1), 1)
	format = le.AppendUint32(le.AppendUint32(format, 8000), 16000)
	format = le.AppendUint16(le.AppendUint16(format, 2), 16)
	return riff(riffChunk("fmt ", format), riffChunk("data", make([]byte, 1600)))
}

func riffChunk(name string, data []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data))), data...)
}

func riff(chunks ...[]byte) []byte {
	all := slices.Concat(chunks...)
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(all)+4)), []byte("WAVE"), all)
}

// mp3File is silence: frames of MPEG-1 layer III, 128 kbit/s, 44.1 kHz.
func mp3File(frames int) []byte {
	one := make([]byte, 417)
	copy(one, "\xff\xfb\x90\x00")
	return bytes.Repeat(one, frames)
}

// box is one of an MP4.
func box(name string, data ...[]byte) []byte {
	all := slices.Concat(data...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(all)+8)), []byte(name), all)
}

// mp4File has a track whose data is where flags and location say.
func mp4File(brand string, flags byte, location string) []byte {
	url := box("url ", []byte{0, 0, 0, flags}, []byte(location))
	dref := box("dref", []byte{0, 0, 0, 0, 0, 0, 0, 1}, url)
	trak := box("trak", box("mdia", box("minf", box("dinf", dref))))
	return slices.Concat(box("ftyp", []byte(brand), []byte{0, 0, 2, 0}, []byte("isommp41")), box("moov", box("mvhd", make([]byte, 100)), trak), box("mdat", make([]byte, 500)))
}

func utf16le(s string) (string, error) {
	return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
}
