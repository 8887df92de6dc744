package upload

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"io"
	"strconv"
)

// pdf looks for what a PDF does by itself. Readers find objects by tables that
// may point anywhere, so that nothing can be said from where an object seems to
// stand: names are looked for in every byte of the file and of everything that
// is packed in it, spelt with #-escapes or not.
func (f file) pdf() error {
	if !bytes.HasPrefix(f.at(0, 5), []byte("%PDF-")) {
		return refuse(CodeMixed) // readers would search for the beginning
	}
	const last = 2 << 10
	tail := f.at(max(0, f.size-last), last)
	end := bytes.LastIndex(tail, []byte("%%EOF"))
	if end < 0 {
		return refuse(CodeBroken)
	}
	if len(bytes.Trim(tail[end+5:], "\x00\t\n\f\r ")) > 0 {
		return refuse(CodeMixed)
	}
	p := &pdfScan{file: f, left: f.limits.Unpacked * 4, actions: map[int]bool{}, opens: map[int]bool{}}
	p.behind, p.inner = bufio.NewReaderSize(nil, 16<<10), bufio.NewReaderSize(nil, 32<<10)
	if err := p.scan(f.from(0), nil); err != nil {
		return err
	}
	for object := range p.opens {
		if p.actions[object] {
			return refuse(CodePDFAction)
		}
	}
	return nil
}

// pdfNames are what no file that is sent in needs to have.
var pdfNames = map[string]string{
	"JavaScript": CodePDFScript, "Rendition": CodePDFScript, "XFA": CodePDFScript,
	"Launch": CodePDFAction, "GoToR": CodePDFAction, "GoToE": CodePDFAction, "SubmitForm": CodePDFAction, "ImportData": CodePDFAction,
	"EmbeddedFile": CodeEmbedded, "EmbeddedFiles": CodeEmbedded, "RichMedia": CodeEmbedded, "Collection": CodeEmbedded,
	"Encrypt": CodeEncrypted,
}

// pdfKnown are the names by which a stream is told.
var pdfKnown = map[string]bool{
	"ObjStm": true, "First": true, "Image": true, "Filter": true, "Predictor": true, "FlateDecode": true, "Fl": true,
	"LZWDecode": true, "LZW": true, "ASCIIHexDecode": true, "AHx": true, "ASCII85Decode": true, "A85": true, "RunLengthDecode": true, "RL": true, "Crypt": true,
}

// pdfScan goes through a PDF once.
type pdfScan struct {
	file
	left    int64 // that may still be unpacked
	actions map[int]bool
	opens   map[int]bool // objects that are done when the file or a page opens

	behind   *bufio.Reader // of a packed stream
	unpacked io.ReadCloser // what it unpacks to
	inner    *bufio.Reader // of that
}

// pdfObject is what is known of the object that is being read.
type pdfObject struct {
	number  int
	names   map[string]bool // those of pdfKnown that it has
	first   int             // where a packed object stream's objects begin
	opening int             // how deep the value of an OpenAction is being read; 0 = none
}

// maxNames bounds what is remembered of one object and of all.
const maxNames = 1 << 16

// scan reads tokens. packed is nil for the file itself, or what is known of the
// stream whose content is read.
func (p *pdfScan) scan(in io.Reader, packed *pdfObject) error {
	t := &pdfTokens{r: p.inner}
	if packed == nil {
		t.r = bufio.NewReaderSize(nil, 32<<10)
	}
	t.r.Reset(in)
	o := &pdfObject{names: map[string]bool{}}
	var index [][2]int // of a packed stream: object number, place
	var numbers []int
	heading := packed != nil && packed.first > 0
	depth, expecting := 0, false // expecting: the value of OpenAction or AA comes
	for {
		token, at, err := t.next()
		if err != nil {
			return nil //nolint:nilerr // the end; source keeps what else it may be
		}
		number, isNumber := atoi(token)
		if isNumber {
			if numbers = append(numbers, number); len(numbers) > 2 && (!heading || len(numbers) > maxNames) {
				numbers = append(numbers[:0], numbers[len(numbers)-2:]...)
			}
			continue
		}
		if heading {
			for i := 0; i+1 < len(numbers); i += 2 {
				index = append(index, [2]int{numbers[i], packed.first + numbers[i+1]})
			}
			heading = false
		}
		for len(index) > 0 && at >= int64(index[0][1]) {
			o = &pdfObject{number: index[0][0], names: map[string]bool{}}
			index, depth, expecting = index[1:], 0, false
		}
		switch {
		case string(token) == "obj" && len(numbers) >= 2:
			o = &pdfObject{number: numbers[len(numbers)-2], names: map[string]bool{}}
			depth, expecting = 0, false
		case string(token) == "R" && expecting && len(numbers) >= 2:
			if len(p.opens) < maxNames {
				p.opens[numbers[len(numbers)-2]] = true
			}
			expecting = o.opening > 0
		case string(token) == "<<":
			if depth++; expecting && o.opening == 0 {
				o.opening = depth
			}
		case string(token) == ">>":
			if depth == o.opening {
				o.opening, expecting = 0, false
			}
			depth--
		case string(token) == "stream" && packed == nil:
			if err := p.stream(o, t.at); err != nil {
				return err
			}
		case token[0] == '/':
			if err := p.name(o, token[1:]); err != nil {
				return err
			}
			expecting = o.opening > 0 || string(token) == "/OpenAction" || string(token) == "/AA"
			if string(token) == "/First" {
				o.first = t.number()
			}
		default:
			expecting = expecting && o.opening > 0
		}
		numbers = numbers[:0]
	}
}

// name judges a name and remembers it of its object.
func (p *pdfScan) name(o *pdfObject, name []byte) error {
	if code, bad := pdfNames[string(name)]; bad {
		return refuse(code)
	}
	if string(name) == "URI" {
		if o.opening > 0 {
			return refuse(CodePDFAction)
		}
		if len(p.actions) < maxNames {
			p.actions[o.number] = true
		}
	}
	if pdfKnown[string(name)] {
		o.names[string(name)] = true
	}
	return nil
}

// stream unpacks what stands behind the word stream and looks through it. What
// is only a picture is left packed: no reader looks for objects in what does not
// say where the first of them is.
func (p *pdfScan) stream(o *pdfObject, at int64) error {
	holds := o.names["ObjStm"] || o.names["First"]
	if !holds && (o.names["Image"] || !o.names["FlateDecode"] && !o.names["Fl"]) {
		return nil
	}
	if holds && (!o.names["FlateDecode"] && o.names["Filter"] || o.names["Predictor"] || o.unusual()) {
		return refuse(CodePDFHidden)
	}
	start := at
	if b := p.at(at, 2); len(b) > 0 && b[0] == '\r' {
		start++
	}
	if b := p.at(start, 1); len(b) > 0 && b[0] == '\n' {
		start++
	}
	if !o.names["Filter"] {
		return nil // it lies open and is being read
	}
	p.left -= perStream
	if err := p.unpack(start); err != nil {
		if holds {
			return refuse(CodePDFHidden)
		}
		return nil //nolint:nilerr // nothing is packed there
	}
	counted := &io.LimitedReader{R: p.unpacked, N: max(0, p.left+1)}
	if err := p.scan(counted, o); err != nil {
		return err
	}
	if p.left = counted.N - 1; p.left < 0 {
		return refuse(CodeUnpacked, p.limits.Unpacked*4>>20)
	}
	return nil
}

// perStream is what a stream costs of what may be unpacked, however little it
// holds.
const perStream = 2 << 10

// unpack begins to unpack at a place, with the buffers of the time before.
func (p *pdfScan) unpack(at int64) (err error) {
	p.behind.Reset(p.from(at))
	if p.unpacked == nil {
		p.unpacked, err = zlib.NewReader(p.behind)
		return err
	}
	return p.unpacked.(zlib.Resetter).Reset(p.behind, nil) //nolint:errcheck // zlib's readers are resetters
}

// unusual reports a filter besides Flate: objects are not packed twice.
func (o *pdfObject) unusual() bool {
	for _, name := range []string{"LZWDecode", "LZW", "ASCIIHexDecode", "AHx", "ASCII85Decode", "A85", "RunLengthDecode", "RL", "Crypt"} {
		if o.names[name] {
			return true
		}
	}
	return false
}

// pdfTokens cuts a PDF into names, words and brackets. Texts are not skipped:
// whether something is within one depends on where reading began.
type pdfTokens struct {
	r    *bufio.Reader
	at   int64
	last []byte // the token that was given last
}

// longestToken bounds names and words; a PDF's own are at most 127 bytes.
const longestToken = 256

func delimiter(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ', '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// next gives a token, good until the next, and where it begins.
func (t *pdfTokens) next() ([]byte, int64, error) {
	for {
		c, err := t.r.ReadByte()
		if err != nil {
			return nil, 0, err
		}
		start := t.at
		t.at++
		switch {
		case c == '/':
			return t.word(true), start, nil
		case c == '<' || c == '>':
			if b, err := t.r.Peek(1); err == nil && b[0] == c {
				_, _ = t.r.Discard(1)
				t.at++
				t.last = append(t.last[:0], c, c)
				return t.last, start, nil
			}
		case c == '[':
			t.last = append(t.last[:0], c)
			return t.last, start, nil
		case c > ' ' && !delimiter(c):
			_ = t.r.UnreadByte() // it was just read
			t.at--
			return t.word(false), start, nil
		}
	}
}

// word reads up to the next delimiter; in a name #41 is A.
func (t *pdfTokens) word(name bool) []byte {
	b := t.last[:0]
	if name {
		b = append(b, '/')
	}
	for {
		c, err := t.r.ReadByte()
		if err != nil {
			break
		}
		if delimiter(c) {
			_ = t.r.UnreadByte() // it was just read
			break
		}
		t.at++
		if c == '#' && name {
			if hex, err := t.r.Peek(2); err == nil {
				if n, err := strconv.ParseUint(string(hex), 16, 8); err == nil {
					c = byte(n)
					_, _ = t.r.Discard(2)
					t.at += 2
				}
			}
		}
		if len(b) < longestToken {
			b = append(b, c)
		}
	}
	t.last = b
	return b
}

// number reads the number that comes next, 0 when none does.
func (t *pdfTokens) number() int {
	b, _ := t.r.Peek(16) // fewer at the end
	b = bytes.TrimLeft(b, "\x00\t\n\f\r ")
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<30 {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func atoi(token []byte) (int, bool) {
	if token[0] < '0' || token[0] > '9' || len(token) > 10 {
		return 0, false
	}
	n, err := strconv.Atoi(string(token))
	return n, err == nil
}
