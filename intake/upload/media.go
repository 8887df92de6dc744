package upload

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// noMarkup looks where a browser that guesses would look.
func (f file) noMarkup() error {
	if f.find(bytes.NewReader(f.at(0, 64<<10)), markup, true) {
		return refuse(CodeMixed)
	}
	return nil
}

// wav walks the chunks of a RIFF file.
func (f file) wav() error {
	h := f.at(0, 12)
	if len(h) < 12 || int64(binary.LittleEndian.Uint32(h[4:]))+8 > f.size {
		return refuse(CodeBroken)
	}
	end := int64(binary.LittleEndian.Uint32(h[4:])) + 8
	if !f.zeros(end) {
		return refuse(CodeMixed)
	}
	format, data := false, false
	for at := int64(12); at < end; {
		c := f.at(at, 8)
		if len(c) < 8 {
			return refuse(CodeBroken)
		}
		length := int64(binary.LittleEndian.Uint32(c[4:]))
		if at+8+length > end {
			return refuse(CodeBroken)
		}
		format, data = format || string(c[:4]) == "fmt ", data || string(c[:4]) == "data"
		at += 8 + length + length%2
	}
	if !format || !data {
		return refuse(CodeBroken)
	}
	return f.noMarkup()
}

// mp4Boxes are those at the top of a film or a recording.
var mp4Boxes = strings.Fields("ftyp styp moov moof mdat free skip wide uuid meta mfra sidx ssix pdin prft emsg udta")

// mp4Brands are the forms of MP4 and of the recordings of telephones; the same
// boxes also hold pictures (heic, avif) and QuickTime.
var mp4Brands = strings.Fields("isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 hvc1 dash MSNV M4A M4V 3gp4 3gp5 3gp6 3gp7 3g2a")

// mp4 walks the boxes: they fill the file, and the film's data is in it.
func (f file) mp4() error {
	if b := f.at(8, 4); len(b) < 4 || !slices.Contains(mp4Brands, strings.TrimSpace(string(b))) {
		return refuse(CodeMismatch)
	}
	if err := f.boxes(0, f.size, 0); err != nil {
		return err
	}
	return f.noMarkup()
}

// within are the boxes on the way to where a track says that its data is.
var within = strings.Fields("moov trak mdia minf dinf")

// boxes walks the boxes between two offsets.
func (f file) boxes(at, end int64, depth int) error {
	index := false
	for steps := 0; at < end; steps++ {
		h := f.at(at, 16)
		if len(h) < 8 || steps > 100_000 {
			return refuse(CodeBroken)
		}
		length, header, name := int64(binary.BigEndian.Uint32(h)), int64(8), string(h[4:8])
		switch {
		case length == 1 && len(h) == 16:
			length, header = small(binary.BigEndian.Uint64(h[8:])), 16
		case length == 0 && depth == 0:
			length = end - at
		}
		if depth == 0 && !slices.Contains(mp4Boxes, name) {
			return refuse(CodeMixed)
		}
		if length < header || length > end-at {
			return refuse(CodeBroken)
		}
		index = index || name == "moov"
		switch {
		case name == "dref":
			if err := f.references(at+header, at+length); err != nil {
				return err
			}
		case depth < len(within) && slices.Contains(within, name):
			if err := f.boxes(at+header, at+length, depth+1); err != nil {
				return err
			}
		}
		at += length
	}
	if depth == 0 && !index {
		return refuse(CodeBroken)
	}
	return nil
}

// references refuses data that is not in the file itself (flag 1 of an entry).
func (f file) references(at, end int64) error {
	h := f.at(at, 8)
	if len(h) < 8 {
		return refuse(CodeBroken)
	}
	at += 8
	for range min(binary.BigEndian.Uint32(h[4:]), 64) {
		e := f.at(at, 12)
		if len(e) < 12 || at+12 > end {
			return refuse(CodeBroken)
		}
		if e[11]&1 == 0 {
			return refuse(CodeExternal)
		}
		at += max(12, int64(binary.BigEndian.Uint32(e)))
	}
	return nil
}

// mp3 demands frames that follow one another behind the tag.
func (f file) mp3() error {
	at := int64(0)
	if h := f.at(0, 10); len(h) == 10 && string(h[:3]) == "ID3" {
		at = 10 + int64(h[6]&0x7f)<<21 + int64(h[7]&0x7f)<<14 + int64(h[8]&0x7f)<<7 + int64(h[9]&0x7f)
		if h[5]&0x10 != 0 {
			at += 10
		}
	}
	for skip := at; at < f.size && at < skip+64<<10; at++ { // padding behind the tag
		if b := f.at(at, 1); len(b) == 0 || b[0] != 0 {
			break
		}
	}
	for range 3 {
		length := frame(f.at(at, 4))
		if length == 0 || at+length > f.size {
			return refuse(CodeBroken)
		}
		if at += length; at == f.size {
			break
		}
	}
	return f.noMarkup()
}

// kbps are the rates of layer III, of MPEG-1 and of MPEG-2 and 2.5.
var kbps = [2][16]int64{
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
}

// frame is the length of the frame that a header begins, 0 for none.
func frame(h []byte) int64 {
	if len(h) < 4 || h[0] != 0xff || h[1]&0xe6 != 0xe2 { // sync and layer III
		return 0
	}
	version := h[1] >> 3 & 3 // 0: 2.5, 2: MPEG-2, 3: MPEG-1
	rates := map[byte][3]int64{3: {44100, 48000, 32000}, 2: {22050, 24000, 16000}, 0: {11025, 12000, 8000}}[version]
	sampling, older := h[2]>>2&3, 0
	if sampling == 3 || version == 1 {
		return 0
	}
	per := int64(144)
	if version != 3 {
		per, older = 72, 1
	}
	rate := kbps[older][h[2]>>4] * 1000
	if rate == 0 {
		return 0
	}
	return per*rate/rates[sampling] + int64(h[2]>>1&1)
}
