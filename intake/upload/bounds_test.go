package upload

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// most is what a check may have in memory beside the file, whatever the file.
const most = 48 << 20

// peak gives by how much the heap grew, at its highest, while something ran.
func peak(run func()) uint64 {
	read := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before := read()
	var highest atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			highest.Store(max(highest.Load(), read()))
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	run()
	close(stop)
	<-stopped
	return max(highest.Load(), before) - before
}

// zeroes are as many bytes as one likes that cost no memory, behind a beginning
// and before an end.
type zeroes struct {
	begin, end []byte
	size       int64
}

func (z zeroes) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), z.size-off))
	for i := range n {
		switch at := off + int64(i); {
		case at < int64(len(z.begin)):
			p[i] = z.begin[at]
		case at >= z.size-int64(len(z.end)):
			p[i] = z.end[at-z.size+int64(len(z.end))]
		default:
			p[i] = 0
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Memory is bounded whatever a file claims, unpacks to or repeats. The collector
// runs often here, since the files themselves are in memory too and would let it
// wait: what is measured is what a check holds, not what it has let go.
func TestMemoryIsBounded(t *testing.T) {
	limits := Standard
	limits.Size = 1 << 30
	noise := make([]byte, 30<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	letters := hex.EncodeToString(noise[:15<<20])
	var paragraphs strings.Builder
	for at := 0; at < len(letters)/2; at += 100 {
		paragraphs.WriteString(paragraph(letters[at : at+100]))
	}
	numbers := strings.Repeat("1 ", 20<<20)
	files := map[string]sample{
		"a document of many parts":      {name: "a.docx", data: archives()[5].data},
		"a document at the limit":       {name: "a.docx", kind: DOCX, data: body(paragraphs.String())},
		"a text of one token":           {name: "a.docx", data: body("<w:p>" + letters + "</w:p>")},
		"a stream of 300 MiB":           {name: "a.pdf", data: pdf(page("", stream("/Filter /FlateDecode", zipped(strings.Repeat("\x00", 300<<20))))...)},
		"a stream of numbers":           {name: "a.pdf", kind: PDF, data: pdf(page("", packed("", numbers))...)},
		"a stream of one word":          {name: "a.pdf", kind: PDF, data: pdf(page("", stream("/Filter /FlateDecode", zipped("/"+strings.Repeat("A", 60<<20))))...)},
		"a PDF of noise":                {name: "a.pdf", kind: PDF, data: pdf(page("", stream("", string(noise)))...)},
		"a PDF of names":                {name: "a.pdf", kind: PDF, data: pdf(page("", strings.Repeat("/A/B/C/URI ", 2<<20))...)},
		"a photograph with noise in it": {name: "a.jpg", data: append(jpegFile()[:len(jpegFile())-2], noise...)},
		"a table of one line":           {name: "a.csv", kind: CSV, data: bytes.Repeat([]byte("=a|"), 10<<20)},
	}
	for what, s := range files {
		r := bytes.NewReader(s.data)
		var kind Kind
		grown := peak(func() { kind, _ = Check(t.Context(), s.name, r, r.Size(), limits) })
		require.Equal(t, s.kind, kind, what)
		t.Logf("%-30s %4d MiB, grown by %d KiB", what, r.Size()>>20, grown>>10)
		require.Less(t, grown, uint64(most), what)
	}
	for what, z := range map[string]zeroes{
		"a.mp4": {begin: mp4File("isom", 1, "")[:len(mp4File("isom", 1, ""))-508], size: 150 << 20},
		"a.jpg": {begin: jpegFile(), size: 150 << 20},
		"a.pdf": {begin: []byte("%PDF-1.7\n"), end: []byte("\n%%EOF\n"), size: 150 << 20},
		"a.txt": {begin: bytes.Repeat([]byte("x"), 100<<10), size: 150 << 20},
	} {
		grown := peak(func() { _, _ = Check(t.Context(), what, z, z.size, limits) })
		t.Logf("%-30s %4d MiB, grown by %d KiB", what, z.size>>20, grown>>10)
		require.Less(t, grown, uint64(most), what)
	}
}

// failing cannot be read from some place on.
type failing struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("the disk is gone")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return f.Reader.ReadAt(p, off)
}

// A file that cannot be read is not called broken, and is never taken.
func TestReadingThatFailsIsNoJudgement(t *testing.T) {
	for _, s := range goodFiles() {
		for _, from := range []int64{0, int64(len(s.data)) / 2, int64(len(s.data)) - 1} {
			r := failing{bytes.NewReader(s.data), from}
			_, err := Check(t.Context(), s.name, r, int64(len(s.data)), Standard)
			require.ErrorIs(t, err, errDisk, "%s from %d", s.what, from)
			require.Equal(t, domain.KindInternal, domain.KindOf(err))
		}
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, s := range goodFiles() {
		_, err := Check(ctx, s.name, bytes.NewReader(s.data), int64(len(s.data)), Standard)
		require.ErrorIs(t, err, context.Canceled, s.what)
	}
}

func TestSizeIsLimitedByKind(t *testing.T) {
	for name, c := range map[string]struct {
		size int64
		code string
	}{
		"a.pdf": {Standard.Size + 1, CodeTooLarge}, "a.docx": {Standard.Size + 1, CodeTooLarge}, "a.txt": {Standard.Size + 1, CodeTooLarge},
		"a.mp4": {Standard.Media + 1, CodeTooLarge}, "a.wav": {Standard.Media + 1, CodeTooLarge}, "b.mp4": {Standard.Size + 1, CodeMismatch},
	} {
		_, err := Check(t.Context(), name, zeroes{size: c.size}, c.size, Standard)
		require.ErrorContains(t, err, c.code, name)
	}
}

// A size that is not the reader's is not trusted either.
func TestSizeThatIsTooLargeIsNoCrash(t *testing.T) {
	for _, s := range goodFiles() {
		_, err := Check(t.Context(), s.name, bytes.NewReader(s.data), int64(len(s.data))+1000, Standard)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err), s.what)
	}
}

// FuzzCheck: whatever comes is taken as what its name says, or refused with a
// code that has words; and the same file is judged the same twice.
func FuzzCheck(f *testing.F) {
	for _, s := range append(goodFiles(), hostileFiles()...) {
		if len(s.data) < 100_000 {
			f.Add(s.name, s.data)
		}
	}
	limits := Standard
	limits.Unpacked, limits.Part = 4<<20, 2<<20
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		kind, err := Check(t.Context(), name, bytes.NewReader(data), int64(len(data)), limits)
		again, err2 := Check(t.Context(), name, bytes.NewReader(data), int64(len(data)), limits)
		require.Equal(t, kind, again)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(err2))
		if err == nil {
			require.NotEmpty(t, kind.MediaType())
			require.NotEmpty(t, data)
			require.False(t, bytes.Contains(data[max(0, len(data)-100):], endOfZip) && kind != DOCX && kind != XLSX)
			return
		}
		var refusal *domain.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, domain.KindInvalid, refusal.Kind)
		require.Contains(t, allCodes, refusal.Code)
	})
}
