// Package upload judges a file that somebody sends, by its content: is it of a
// kind that cases need, is it that and nothing else, and does it do nothing but
// be read. Check is the only door; what it refuses is a domain error whose code
// says why. It opens nothing for display and trusts no name, no declared size
// and no declared type.
//
// It finds what hides and what bursts. It knows no viruses: a scanner is for
// the operator to put behind it.
package upload

import (
	"context"
	"io"
	"math"

	"sudi/domain"
)

// Kind is what a file was found to be.
type Kind string

// The kinds that are taken. Everything else is refused.
const (
	PDF  Kind = "pdf"
	JPEG Kind = "jpeg"
	PNG  Kind = "png"
	DOCX Kind = "docx"
	XLSX Kind = "xlsx"
	Text Kind = "txt"
	CSV  Kind = "csv" // also separated by tabs
	MP3  Kind = "mp3"
	M4A  Kind = "m4a"
	MP4  Kind = "mp4"
	WAV  Kind = "wav"
)

// MediaType is the Content-Type under which a file of the kind may be given
// out; never the one that its sender stated.
func (k Kind) MediaType() string { return mediaTypes[k] }

var mediaTypes = map[Kind]string{
	PDF: "application/pdf", JPEG: "image/jpeg", PNG: "image/png",
	DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	Text: "text/plain", CSV: "text/csv",
	MP3: "audio/mpeg", M4A: "audio/mp4", MP4: "video/mp4", WAV: "audio/wav",
}

// The codes of refusals; api/messages.go has the words.
const (
	CodeEmpty       = "file_empty"
	CodeTooLarge    = "file_too_large"
	CodeName        = "file_name_bad"          // characters, length, reserved
	CodeDoubleName  = "file_name_double"       // photo.exe.jpg
	CodeType        = "file_type_refused"      // of no kind that is taken
	CodeMismatch    = "file_type_mismatch"     // the content is not what the name says
	CodeMixed       = "file_mixed"             // two formats in one
	CodeBroken      = "file_broken"            // not whole, or against its format
	CodeEncrypted   = "file_encrypted"         // with a password
	CodeOLE         = "file_old_office"        // doc, xls, msg …
	CodeMacros      = "file_macros"            //
	CodeEmbedded    = "file_embedded"          // files within the file
	CodeExternal    = "file_external_link"     // fetches from elsewhere
	CodeDDE         = "file_dde"               // fields or formulas that start programs
	CodeEntities    = "file_xml_entities"      // a DTD in an XML part
	CodeEntries     = "file_too_many_parts"    //
	CodeUnpacked    = "file_unpacks_too_large" //
	CodeRatio       = "file_packed_too_tight"  //
	CodeEntryName   = "file_part_name"         // a part's name leads out, or is there twice
	CodeOverlap     = "file_parts_overlap"     //
	CodeLies        = "file_parts_lie"         // declared sizes are not the real ones
	CodePart        = "file_part_refused"      // a part that such a document does not have
	CodePDFScript   = "file_pdf_script"        //
	CodePDFAction   = "file_pdf_action"        // Launch, or opens an address by itself
	CodePDFHidden   = "file_pdf_hidden"        // packed so that it cannot be looked through
	CodeImageTooBig = "file_image_too_big"     // in pixels
)

// Limits bound what a check takes on. Bytes unless said otherwise.
type Limits struct {
	Size     int64 // of the file; media (mp3, m4a, mp4, wav) have Media
	Media    int64
	Unpacked int64 // of all that is packed in it
	Part     int64 // of one part of a package, unpacked
	Entries  int   // of a package
	Ratio    int64 // unpacked : packed, for parts over 1 MiB
	Pixels   int64 // of an image
	Side     int   // of an image, in pixels
	Controls bool  // texts may have control characters, other than zero bytes
}

// Standard are the limits of attachments and of files over the API.
var Standard = Limits{
	Size: 50 << 20, Media: 500 << 20, Unpacked: 64 << 20, Part: 32 << 20, Entries: 2000, Ratio: 100, Pixels: 120_000_000, Side: 30_000,
}

// Check judges size bytes of r by what they are and gives their kind. name is
// the file's own name, without a folder; only its ending and its manners matter.
// What is refused is KindInvalid with one of the codes above. Any other error
// means that r could not be read or that ctx ended. It keeps at most a few
// megabytes in memory, whatever the file.
func Check(ctx context.Context, name string, r io.ReaderAt, size int64, limits Limits) (Kind, error) {
	in := &source{ctx: ctx, r: r}
	kind, err := check(name, in, size, limits)
	if in.err != nil { // the file could not be read: no judgement on it
		return "", in.err
	}
	if err != nil {
		return "", err
	}
	return kind, nil
}

func check(name string, in io.ReaderAt, size int64, limits Limits) (Kind, error) {
	kind, err := kindOfName(name)
	if err != nil {
		return "", err
	}
	most := limits.Size
	if kind == MP3 || kind == M4A || kind == MP4 || kind == WAV {
		most = limits.Media
	}
	switch {
	case size <= 0:
		return "", refuse(CodeEmpty)
	case size > most:
		return "", refuse(CodeTooLarge, most>>20)
	}
	f := file{in, size, limits}
	if len(f.at(size-1, 1)) == 0 {
		return "", refuse(CodeBroken) // it ends before it should
	}
	if err := f.sniff(kind); err != nil {
		return "", err
	}
	return kind, f.judge(kind)
}

// judge looks through a file of a kind that its first bytes agree with.
func (f file) judge(kind Kind) error {
	if kind != DOCX && kind != XLSX {
		if err := f.noZipBehind(); err != nil {
			return err
		}
	}
	switch kind {
	case PDF:
		return f.pdf()
	case JPEG:
		return f.jpeg()
	case PNG:
		return f.png()
	case DOCX, XLSX:
		return f.office(kind)
	case Text, CSV:
		return f.text()
	case MP3:
		return f.mp3()
	case M4A, MP4:
		return f.mp4()
	default:
		return f.wav()
	}
}

func refuse(code string, args ...any) error { return domain.Errorf(domain.KindInvalid, code, args...) }

// file is a file under judgement.
type file struct {
	io.ReaderAt
	size   int64
	limits Limits
}

// from reads on from an offset, at most to the end.
func (f file) from(offset int64) *io.SectionReader {
	return io.NewSectionReader(f, offset, max(0, f.size-offset))
}

// at gives up to n bytes at an offset, fewer at the end.
func (f file) at(offset, n int64) []byte {
	if offset < 0 || offset >= f.size {
		return nil
	}
	b := make([]byte, min(n, f.size-offset))
	got, _ := f.ReadAt(b, offset) // source keeps the error
	return b[:got]
}

// source remembers that reading failed, since the readers of formats take any
// error for a fault of the file.
type source struct {
	ctx context.Context //nolint:containedctx // it lives as long as one check
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.ReadAt(p, off)
	switch {
	case err == nil || n == len(p):
		return n, nil
	case err != io.EOF: //nolint:errorlint // io.ReaderAt promises io.EOF itself
		s.err = err
	}
	return n, err
}

// small narrows a size for arithmetic that must not overflow.
func small(n uint64) int64 { return int64(min(n, math.MaxInt64/4)) } //nolint:gosec // bounded
