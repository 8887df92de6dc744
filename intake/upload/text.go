package upload

import (
	"bytes"
	"io"
	"regexp"
)

// dynamic is a cell that asks another program for its value: app|'topic'!item.
var dynamic = regexp.MustCompile(`(?:^|[\n\r,;\t"])\s*[=+@-][\s"]*[A-Za-z0-9_.]{1,40}\|\s*(?:'[^'\n]{0,400}'|[^\s,!']{1,400})!`)

func utf16Mark(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))
}

// control reports whether a byte has no place in a text.
func (f file) control(c byte) bool {
	switch c {
	case '\n', '\r', '\t', '\f':
		return false
	case 0:
		return true
	}
	return !f.limits.Controls && (c < ' ' || c == 0x7f)
}

// text refuses what is no text: control characters. Single broken bytes are
// left to whoever reads it, who knows the encoding.
func (f file) text() error {
	if utf16Mark(f.at(0, 2)) {
		return f.utf16()
	}
	const overlap = 1 << 10
	buffer := make([]byte, 64<<10)
	in, kept := f.from(0), 0
	for {
		n, err := io.ReadFull(in, buffer[kept:])
		for _, c := range buffer[kept : kept+n] {
			if f.control(c) {
				return refuse(CodeMismatch)
			}
		}
		if dynamic.Match(buffer[:kept+n]) {
			return refuse(CodeDDE)
		}
		if err != nil {
			return nil //nolint:nilerr // the end; source keeps what else it may be
		}
		kept = copy(buffer, buffer[len(buffer)-overlap:])
	}
}

// utf16 refuses control characters, halves of characters and cells as above.
func (f file) utf16() error {
	if f.size%2 != 0 {
		return refuse(CodeBroken)
	}
	low := 0
	if f.at(0, 1)[0] == 0xfe {
		low = 1
	}
	const overlap = 2 << 10
	buffer, letters := make([]byte, 64<<10), make([]byte, 32<<10)
	in, kept := f.from(2), 0
	for {
		n, err := io.ReadFull(in, buffer[kept:])
		window := buffer[:(kept+n)&^1]
		for i := 0; i < len(window); i += 2 {
			c := window[i+low]
			if window[i+1-low] != 0 { // no letter of ours
				c = '?'
			}
			if f.control(c) {
				return refuse(CodeMismatch)
			}
			letters[i/2] = c
		}
		if dynamic.Match(letters[:len(window)/2]) {
			return refuse(CodeDDE)
		}
		if err != nil {
			return nil //nolint:nilerr // the end; source keeps what else it may be
		}
		kept = copy(buffer, buffer[len(buffer)-overlap:])
	}
}
