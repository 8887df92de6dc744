package upload

import (
	"bytes"
	"io"
	"slices"

	"github.com/gabriel-vasile/mimetype"
)

// head is how much of a file its kind is told by.
const head = 4 << 10

// looks are what mimetype may call the beginning of a file of a kind.
var looks = map[Kind][]string{
	PDF:  {"application/pdf"},
	JPEG: {"image/jpeg"},
	PNG:  {"image/png"},
	DOCX: {"application/zip"},
	XLSX: {"application/zip"},
	Text: plain,
	CSV:  plain,
	MP3:  {"audio/mpeg"},
	M4A:  {"video/mp4", "audio/mp4", "audio/x-m4a", "video/3gpp"},
	MP4:  {"video/mp4", "audio/mp4", "audio/x-m4a", "video/3gpp", "video/x-m4v"},
	WAV:  {"audio/wav"},
}

// plain are the texts that nothing executes or renders.
var plain = []string{"text/plain", "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson", "application/x-subrip"}

// likes reports whether a detected type, or one that it is a form of, is among
// the names. Texts count as themselves only, since HTML is a form of plain text.
func likes(found *mimetype.MIME, names []string) bool {
	is := func(name string) bool { return found.Is(name) }
	if slices.ContainsFunc(names, is) {
		return true
	}
	for found = found.Parent(); found != nil && !found.Is("text/plain"); found = found.Parent() {
		if slices.ContainsFunc(names, is) {
			return true
		}
	}
	return false
}

// sniff compares the first bytes with the kind that the name promises.
func (f file) sniff(kind Kind) error {
	first := f.at(0, head)
	found := mimetype.Detect(first)
	if likes(found, looks[kind]) {
		return nil
	}
	switch {
	case (kind == Text || kind == CSV) && (utf16Mark(first) || f.limits.Controls && found.Is("application/octet-stream")):
		return nil // text looks at every byte
	case bytes.HasPrefix(first, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		if f.find(f.from(0), [][]byte{[]byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")}, false) {
			return refuse(CodeEncrypted)
		}
		return refuse(CodeOLE)
	}
	return refuse(CodeMismatch)
}

// find reports whether any of some words occurs, read in pieces.
func (f file) find(r io.Reader, words [][]byte, fold bool) bool {
	longest := 0
	for _, w := range words {
		longest = max(longest, len(w))
	}
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		window := buffer[:kept+n]
		if fold {
			window = bytes.ToLower(window)
		}
		for _, w := range words {
			if bytes.Contains(window, w) {
				return true
			}
		}
		if err != nil {
			return false
		}
		kept = copy(buffer, buffer[len(buffer)-longest+1:])
	}
}

// markup is what a browser that guesses would take a file for a page by.
var markup = [][]byte{[]byte("<script"), []byte("<?php"), []byte("<html"), []byte("<!doctype"), []byte("<iframe"), []byte("<svg "), []byte("<svg>"), []byte("<body")}

// endOfZip is the record at the end of a zip archive.
var endOfZip = []byte("PK\x05\x06")

// noZipBehind refuses a file that a reader of archives would take for one: they
// look for the record at the end only.
func (f file) noZipBehind() error {
	const furthest = 22 + 65535
	tail := f.at(max(0, f.size-furthest), furthest)
	if bytes.Contains(tail, endOfZip) {
		return refuse(CodeMixed)
	}
	return nil
}
