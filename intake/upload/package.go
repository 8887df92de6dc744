package upload

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"sudi/domain"
)

// The zip format, as far as an honest package uses it: one directory at the
// end, entries one behind another from the first byte on, nothing between.
const (
	endSize    = 22
	entrySize  = 46
	localSize  = 30
	encrypted  = 1<<0 | 1<<6 | 1<<13
	sizesLater = 1 << 3 // sizes stand behind the data
	unixLink   = 0o120000
	unixType   = 0o170000
)

// entry is a line of the directory.
type entry struct {
	name     string
	offset   int64
	packed   int64
	unpacked int64
	flags    uint16
	method   uint16
	crc      uint32
}

// directory reads and judges the directory before anything is unpacked, and
// before archive/zip allocates for what it claims.
func (f file) directory() ([]entry, error) {
	end := f.at(f.size-endSize, endSize)
	if len(end) < endSize || !bytes.HasPrefix(end, endOfZip) {
		if f.size > endSize && bytes.Contains(f.at(max(0, f.size-endSize-65535), endSize+65535), endOfZip) {
			return nil, refuse(CodeMixed) // something behind the archive
		}
		return nil, refuse(CodeBroken)
	}
	u16, u32 := binary.LittleEndian.Uint16, func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }
	count, size, offset := int(u16(end[10:])), u32(end[12:]), u32(end[16:])
	switch {
	case count > f.limits.Entries:
		return nil, refuse(CodeEntries, f.limits.Entries)
	case u16(end[4:]) != 0 || u16(end[6:]) != 0 || int(u16(end[8:])) != count, u16(end[20:]) != 0, count == 0:
		return nil, refuse(CodeBroken) // in several volumes, or with a comment
	case offset+size != f.size-endSize:
		return nil, refuse(CodeMixed) // something before the archive, or zip64
	case size > int64(f.limits.Entries)*(entrySize+1<<10):
		return nil, refuse(CodeBroken)
	}
	entries := make([]entry, 0, count)
	seen := make(map[string]bool, count)
	for at := offset; at < offset+size; {
		h := f.at(at, entrySize)
		if len(h) < entrySize || u32(h) != 0x02014b50 || len(entries) == count {
			return nil, refuse(CodeBroken)
		}
		names, extra, comment := int64(u16(h[28:])), int64(u16(h[30:])), int64(u16(h[32:]))
		e := entry{
			name: string(f.at(at+entrySize, names)), offset: u32(h[42:]), packed: u32(h[20:]), unpacked: u32(h[24:]),
			flags: u16(h[8:]), method: u16(h[10:]), crc: binary.LittleEndian.Uint32(h[16:]),
		}
		folded := strings.ToLower(e.name)
		if !decentPart(e.name) || seen[folded] || u32(h[38:])>>16&unixType == unixLink {
			return nil, refuse(CodeEntryName)
		}
		seen[folded] = true
		entries = append(entries, e)
		at += entrySize + names + extra + comment
		if at > offset+size {
			return nil, refuse(CodeBroken)
		}
	}
	if len(entries) != count {
		return nil, refuse(CodeBroken)
	}
	return entries, f.layout(entries, offset)
}

// layout judges what the directory claims and whether the entries lie one
// behind another, each as its own header says it is.
func (f file) layout(entries []entry, end int64) error {
	total := int64(0)
	for _, e := range entries {
		total += e.unpacked
		switch {
		case e.flags&encrypted != 0:
			return refuse(CodeEncrypted)
		case e.method != zip.Store && e.method != zip.Deflate:
			return refuse(CodeBroken)
		case e.method == zip.Store && e.packed != e.unpacked:
			return refuse(CodeLies)
		case e.unpacked > f.limits.Part || total > f.limits.Unpacked:
			return refuse(CodeUnpacked, f.limits.Unpacked>>20)
		case e.unpacked > 1<<20 && e.unpacked > f.limits.Ratio*e.packed:
			return refuse(CodeRatio, f.limits.Ratio)
		case strings.HasSuffix(e.name, "/") && e.unpacked != 0:
			return refuse(CodePart) // a folder with something in it
		}
	}
	order := slices.Clone(entries)
	slices.SortFunc(order, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	if order[0].offset != 0 {
		return refuse(CodeMixed)
	}
	for i, e := range order {
		next := end
		if i+1 < len(order) {
			next = order[i+1].offset
		}
		if err := f.local(e, next); err != nil {
			return err
		}
	}
	return nil
}

// local compares an entry's own header with the directory.
func (f file) local(e entry, next int64) error {
	h := f.at(e.offset, localSize)
	if len(h) < localSize || binary.LittleEndian.Uint32(h) != 0x04034b50 {
		return refuse(CodeBroken)
	}
	u16, u32 := binary.LittleEndian.Uint16, func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }
	names := int64(u16(h[26:]))
	ends := e.offset + localSize + names + int64(u16(h[28:])) + e.packed
	later := u16(h[6:])&sizesLater != 0
	switch {
	case u16(h[6:])&encrypted != 0:
		return refuse(CodeEncrypted)
	case ends > next:
		return refuse(CodeOverlap)
	case string(f.at(e.offset+localSize, names)) != e.name, u16(h[8:]) != e.method, later != (e.flags&sizesLater != 0):
		return refuse(CodeLies)
	case !later && (u32(h[18:]) != e.packed || u32(h[22:]) != e.unpacked || binary.LittleEndian.Uint32(h[14:]) != e.crc):
		return refuse(CodeLies)
	case !later && ends != next, later && !f.descriptor(e, ends, next):
		return refuse(CodeMixed) // something between the entries
	}
	return nil
}

// descriptor reports whether what stands between an entry's data and the next
// entry is its sizes, in one of the four forms in which they are written.
func (f file) descriptor(e entry, at, next int64) bool {
	b := f.at(at, 24)[:max(0, min(next-at, 24))]
	if next-at == 16 || next-at == 24 {
		if !bytes.HasPrefix(b, []byte("PK\x07\x08")) {
			return false
		}
		b = b[4:]
	}
	switch len(b) {
	case 12:
		return binary.LittleEndian.Uint32(b) == e.crc && int64(binary.LittleEndian.Uint32(b[4:])) == e.packed && int64(binary.LittleEndian.Uint32(b[8:])) == e.unpacked
	case 20:
		return binary.LittleEndian.Uint32(b) == e.crc && small(binary.LittleEndian.Uint64(b[4:])) == e.packed && small(binary.LittleEndian.Uint64(b[12:])) == e.unpacked
	}
	return false
}

// part gives a part's bytes to read and then makes sure that it was what the
// directory said, to the last bit.
func part(z *zip.File, read func(io.Reader) error) error {
	in, err := z.Open()
	if err != nil {
		return refuse(CodeBroken)
	}
	defer in.Close() //nolint:errcheck // read only
	sum := crc32.NewIEEE()
	counted := &io.LimitedReader{R: in, N: small(z.UncompressedSize64) + 1}
	all := io.TeeReader(counted, sum)
	judged := read(all)
	var why *domain.Error
	if judged != nil && (!errors.As(judged, &why) || why.Code != CodeBroken) {
		return judged
	}
	_, err = io.Copy(io.Discard, all) // what broke may have been the package, not the part
	if counted.N != 1 || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(CodeLies)
	}
	if judged == nil && (err != nil || sum.Sum32() != z.CRC32) {
		return refuse(CodeBroken)
	}
	return judged
}
