package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
)

// Checkpoint says what a log consisted of at a moment. Signed it is a note
// (c2sp.org/signed-note) of the common form of checkpoints
// (c2sp.org/tlog-checkpoint) with three lines more:
//
//	sudi/370404/audit
//	<number of rows>
//	<root hash, base64>
//	suite ed25519-sha256
//	time 2026-11-24T08:00:05.000000Z
//	previous <digest of the checkpoint before, base64; all zero for the first>
//
//	— sudi/370404/audit <signature>
type Checkpoint struct {
	Origin   string // name of the log
	Size     uint64 // rows 1 to Size are covered
	Root     Hash
	Suite    Suite
	Time     time.Time // UTC, to the microsecond
	Previous Hash      // Digest of the checkpoint before; zero for the first
}

// Digest tells a checkpoint from all others; the next one has it as Previous.
// It is zero for none (Time is zero).
func (c Checkpoint) Digest() Hash {
	if c.Time.IsZero() {
		return Hash{}
	}
	return c.Suite.hasher().sum([]byte(c.text()))
}

// text is what is signed.
func (c Checkpoint) text() string {
	common := log.Checkpoint{Origin: c.Origin, Size: c.Size, Hash: c.Root[:]}
	return fmt.Sprintf("%ssuite %s\ntime %s\nprevious %s\n",
		common.Marshal(), c.Suite, c.Time.UTC().Format(timeForm), c.Previous)
}

// parseCheckpoint reads what text wrote, and nothing else.
func parseCheckpoint(text string) (Checkpoint, error) {
	var common log.Checkpoint
	rest, err := common.Unmarshal([]byte(text))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: %w", err)
	}
	lines := strings.Split(string(rest), "\n")
	if len(lines) != 4 || len(common.Hash) != HashSize {
		return Checkpoint{}, errors.New("audit: a checkpoint has six lines and a hash of 32 bytes")
	}
	suite, _ := strings.CutPrefix(lines[0], "suite ")
	at, _ := strings.CutPrefix(lines[1], "time ")
	digest, _ := strings.CutPrefix(lines[2], "previous ")
	c := Checkpoint{Origin: common.Origin, Size: common.Size, Root: Hash(common.Hash), Suite: Suite(suite)}
	if c.Suite != Ed25519SHA256 && c.Suite != SM2SM3 {
		return Checkpoint{}, fmt.Errorf("audit: no suite %q", suite)
	}
	if c.Time, err = time.Parse(timeForm, at); err != nil {
		return Checkpoint{}, fmt.Errorf("audit: a checkpoint's time: %w", err)
	}
	previous, err := base64.StdEncoding.DecodeString(digest)
	if err != nil || len(previous) != HashSize {
		return Checkpoint{}, fmt.Errorf("audit: %q is no digest", digest)
	}
	c.Previous = Hash(previous)
	if c.text() != text {
		return Checkpoint{}, errors.New("audit: a checkpoint is not in its one form")
	}
	return c, nil
}

// sign gives the checkpoint as a signed note.
func (c Checkpoint) sign(key *Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, key)
	if err != nil {
		return nil, fmt.Errorf("audit: sign a checkpoint: %w", err)
	}
	return signed, nil
}

// Open reads a signed checkpoint. It is an error if none of the log's keys
// signed it, or if it is another log's. Signatures of others, such as
// witnesses, may stand beside the log's.
func (v *Verifier) Open(signed []byte) (Checkpoint, error) {
	opened, err := note.Open(signed, v.known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("audit: open a checkpoint: %w", err)
	}
	c, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.origin || c.Suite != v.suite {
		return Checkpoint{}, fmt.Errorf("audit: a checkpoint of %q, %s", c.Origin, c.Suite)
	}
	return c, nil
}
