package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sudi/domain"
)

// canonical writes a value as JSON in one way only: names in the order of their
// bytes, no space, numbers as they are written, nothing escaped that need not
// be, and an end of line behind it all.
func canonical(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var tree any
	if err := in.Decode(&tree); err != nil {
		return "", err
	}
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(tree); err != nil { // maps are written in order
		return "", err
	}
	return b.String(), nil
}

// hashOf is the hash of a publication's content.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// publication is the document as it is kept.
func (d *document) publication() (domain.Publication, error) {
	content, err := canonical(d)
	if err != nil {
		return domain.Publication{}, fmt.Errorf("write a publication: %w", err)
	}
	return domain.Publication{
		Year: d.Year, Revision: d.Revision, At: d.At, By: d.By, ByName: d.ByName, Reason: d.Reason, Position: d.Position,
		Hash: hashOf(content), Content: content, Differences: d.Differences,
	}, nil
}

// read gives the document of a publication.
func read(p *domain.Publication) (document, error) {
	var d document
	if err := json.Unmarshal([]byte(p.Content), &d); err != nil {
		return d, fmt.Errorf("read revision %d of %d: %w", p.Revision, p.Year, err)
	}
	return d, nil
}

// published is the report of a document, with what it says of itself.
func (d *document) published(hash string) Annual {
	a := d.Annual
	a.Published = &Published{Revision: d.Revision, At: d.At, By: d.ByName, Position: d.Position, Hash: hash}
	return a
}

// UnmarshalJSON reads what MarshalJSON writes: a number with a point is of
// tenths.
func (v *Value) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if text == "null" {
		*v = Value{}
		return nil
	}
	whole, tenths, point := strings.Cut(text, ".")
	if point && len(tenths) != 1 {
		return fmt.Errorf("a value has one decimal: %s", text)
	}
	n, err := strconv.ParseInt(whole+tenths, 10, 64)
	if err != nil {
		return fmt.Errorf("no value: %s", text)
	}
	*v = Value{known: true, tenths: point, n: n}
	return nil
}
