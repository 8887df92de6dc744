package upload

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// pixels refuses images that would not fit in a reader's memory.
func (f file) pixels(width, height int64) error {
	if width <= 0 || height <= 0 {
		return refuse(CodeBroken)
	}
	if width > int64(f.limits.Side) || height > int64(f.limits.Side) || width*height > f.limits.Pixels {
		return refuse(CodeImageTooBig)
	}
	return nil
}

// png walks the chunks, from the first to the last and nothing behind it.
func (f file) png() error {
	at := int64(8)
	for first := true; ; first = false {
		h := f.at(at, 8)
		if len(h) < 8 {
			return refuse(CodeBroken)
		}
		length, name := int64(binary.BigEndian.Uint32(h)), string(h[4:])
		if first != (name == "IHDR") || first && length != 13 || at+12+length > f.size {
			return refuse(CodeBroken)
		}
		if first {
			b := f.at(at+8, 8)
			if err := f.pixels(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))); err != nil {
				return err
			}
		}
		sum := crc32.NewIEEE()
		_, _ = io.Copy(sum, io.NewSectionReader(f, at+4, 4+length)) // source keeps the error
		if !bytes.Equal(sum.Sum(nil), f.at(at+8+length, 4)) {
			return refuse(CodeBroken)
		}
		if at += 12 + length; name == "IEND" {
			break
		}
	}
	if at != f.size || f.find(f.from(0), markup, true) {
		return refuse(CodeMixed)
	}
	return nil
}

// jpeg walks the segments to the end of the image. Telephones put a second
// image or a short film behind it, and zeros; nothing else may be there.
func (f file) jpeg() error {
	end, err := f.jpegImage(0)
	if err != nil {
		return err
	}
	for end < f.size && bytes.HasPrefix(f.at(end, 3), []byte("\xff\xd8\xff")) {
		if end, err = f.jpegImage(end); err != nil {
			return refuse(CodeMixed)
		}
	}
	if rest := f.at(end, 12); len(rest) >= 12 && string(rest[4:8]) == "ftyp" {
		if f.boxes(end, f.size, 0) != nil {
			return refuse(CodeMixed)
		}
		end = f.size
	}
	if !f.zeros(end) || f.find(f.from(0), markup, true) {
		return refuse(CodeMixed)
	}
	return nil
}

// zeros reports whether nothing but zeros follows.
func (f file) zeros(at int64) bool {
	for ; at < f.size; at += 64 << 10 {
		if len(bytes.Trim(f.at(at, 64<<10), "\x00")) > 0 {
			return false
		}
	}
	return true
}

// jpegImage gives where the image that begins at an offset ends.
func (f file) jpegImage(at int64) (int64, error) {
	at += 2
	sized := false
	for {
		h := f.at(at, 4)
		if len(h) < 2 || h[0] != 0xff {
			return 0, refuse(CodeBroken)
		}
		marker := h[1]
		switch {
		case marker == 0xff: // fill
			at++
			continue
		case marker == 0xd9:
			if !sized {
				return 0, refuse(CodeBroken)
			}
			return at + 2, nil
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			at += 2
			continue
		case len(h) < 4 || marker < 0xc0:
			return 0, refuse(CodeBroken)
		}
		length := int64(binary.BigEndian.Uint16(h[2:]))
		if length < 2 || at+2+length > f.size {
			return 0, refuse(CodeBroken)
		}
		if marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc {
			b := f.at(at+4, 5)
			if len(b) < 5 {
				return 0, refuse(CodeBroken)
			}
			if err := f.pixels(int64(binary.BigEndian.Uint16(b[3:])), int64(binary.BigEndian.Uint16(b[1:]))); err != nil {
				return 0, err
			}
			sized = true
		}
		if at += 2 + length; marker == 0xda {
			at = f.nextMarker(at)
		}
	}
}

// nextMarker skips the compressed data of a scan.
func (f file) nextMarker(at int64) int64 {
	for ; at < f.size; at += 32 << 10 {
		b := f.at(at, 32<<10+1)
		for i := 0; i+1 < len(b); i++ {
			if b[i] == 0xff && b[i+1] != 0 && b[i+1] != 0xff && (b[i+1] < 0xd0 || b[i+1] > 0xd7) {
				return at + int64(i)
			}
		}
	}
	return f.size
}
