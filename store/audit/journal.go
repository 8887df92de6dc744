package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// errTorn is a line that a death or a power cut left unfinished.
var errTorn = errors.New("audit: a torn line")

// journalLine is a batch in a journal: one line of JSON, so that a line that
// was cut off anywhere is none.
type journalLine struct {
	Note   string `json:"note"`
	Leaves []byte `json:"leaves,omitempty"` // one hash after the other
}

// line writes a batch, with its newline.
func (b Batch) line() ([]byte, error) {
	l := journalLine{Note: string(b.Note)}
	for _, leaf := range b.Leaves {
		l.Leaves = append(l.Leaves, leaf[:]...)
	}
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("audit: write a batch: %w", err)
	}
	return append(text, '\n'), nil
}

// parseLine reads a line. errTorn is one that no batch was ever written as; any
// other error is one that none of the log's keys signed.
func (v *Verifier) parseLine(text []byte) (Batch, error) {
	var l journalLine
	if err := json.Unmarshal(text, &l); err != nil || len(l.Leaves)%HashSize != 0 {
		return Batch{}, errTorn
	}
	c, err := v.Open([]byte(l.Note))
	if err != nil {
		return Batch{}, err
	}
	b := Batch{Checkpoint: c, Note: []byte(l.Note)}
	for i := 0; i < len(l.Leaves); i += HashSize {
		b.Leaves = append(b.Leaves, Hash(l.Leaves[i:]))
	}
	return b, nil
}

// Batch puts a stored note and the leaf hashes of the rows that it adds
// together again, to append them to a journal that lacks them. It is an error
// if the note is not the log's; whether the leaf hashes are the note's, Verify
// tells.
func (v *Verifier) Batch(note []byte, leaves []Hash) (Batch, error) {
	c, err := v.Open(note)
	if err != nil {
		return Batch{}, err
	}
	return Batch{Checkpoint: c, Note: note, Leaves: leaves}, nil
}

// numbered is a line of a journal. err is as of parseLine.
type numbered struct {
	number int
	batch  Batch
	err    error
}

// lines reads a journal, file after file. The error of the sequence is the
// readers'.
func (v *Verifier) lines(journal ...io.Reader) iter.Seq2[numbered, error] {
	return func(yield func(numbered, error) bool) {
		number := 0
		for _, file := range journal {
			for text, err := range texts(file) {
				if err != nil {
					yield(numbered{}, fmt.Errorf("audit: read a journal: %w", err))
					return
				}
				number++
				if len(text) == 0 {
					continue
				}
				batch, broken := v.parseLine(text)
				if !yield(numbered{number, batch, broken}, nil) {
					return
				}
			}
		}
	}
}

// texts gives the lines of a file, however long, without their newlines.
func texts(file io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		reader := bufio.NewReader(file)
		for {
			text, err := reader.ReadBytes('\n')
			ended := errors.Is(err, io.EOF)
			if err != nil && !ended {
				yield(nil, err)
				return
			}
			if !ended || len(text) > 0 {
				if !yield(bytes.TrimSuffix(text, []byte{'\n'}), nil) {
					return
				}
			}
			if ended {
				return
			}
		}
	}
}

// Journal is a file outside the database with the signed checkpoints of a log,
// one after the other. It is only ever appended to, so the file may be made
// append-only (chattr +a) or lie on a medium that writes once. One process may
// have it open for appending.
type Journal struct {
	file   *os.File
	last   Checkpoint // zero in an empty journal
	torn   bool       // the file does not end with a newline
	failed error
}

// OpenJournal opens a journal for appending, or makes it. A line that was torn
// when the machine died stays as it is and is passed over. A last line that
// none of the log's keys signed is an error.
func OpenJournal(v *Verifier, path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit: open a journal: %w", err)
	}
	j := &Journal{file: file}
	if err = j.find(v); err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return j, nil
}

// find reads the file from its end until it knows the last checkpoint.
func (j *Journal) find(v *Verifier) error {
	info, err := j.file.Stat()
	if err != nil {
		return fmt.Errorf("audit: open a journal: %w", err)
	}
	for length := int64(1 << 16); ; length *= 8 {
		length = min(length, info.Size())
		tail := make([]byte, length)
		if _, err := j.file.ReadAt(tail, info.Size()-length); err != nil {
			return fmt.Errorf("audit: read a journal: %w", err)
		}
		j.torn = length > 0 && tail[length-1] != '\n'
		lines := bytes.Split(tail, []byte{'\n'})
		for i := len(lines) - 1; i >= 0; i-- { // the first may be the end of a line: no JSON
			switch batch, err := v.parseLine(lines[i]); {
			case err == nil:
				j.last = batch.Checkpoint
				return nil
			case !errors.Is(err, errTorn):
				return fmt.Errorf("audit: the journal's last checkpoint is not the log's: %w", err)
			}
		}
		if length == info.Size() {
			return nil
		}
	}
}

// Last is the newest checkpoint of the journal; its Time is zero if there is
// none. What was stored after it is still to be appended.
func (j *Journal) Last() Checkpoint { return j.last }

// Append writes a batch and returns when it is on the disk. A batch that does
// not follow the journal's last is an error and is not written; in an empty
// journal, which may continue another, any may be the first. After an error of
// the disk the journal must be opened anew: what it holds then is not known.
func (j *Journal) Append(b Batch) error {
	if j.failed != nil {
		return j.failed
	}
	if !j.last.Time.IsZero() && !b.follows(j.last) {
		return fmt.Errorf("audit: the checkpoint of %d rows does not follow that of %d", b.Size, j.last.Size)
	}
	text, err := b.line()
	if err != nil {
		return err
	}
	if j.torn {
		text = append([]byte{'\n'}, text...)
	}
	if _, err = j.file.Write(text); err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.failed = fmt.Errorf("audit: write a journal: %w", err)
		return j.failed
	}
	j.last, j.torn = b.Checkpoint, false
	return nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// follows reports whether the log signed c just after before.
func (c Checkpoint) follows(before Checkpoint) bool {
	return c.Previous == before.Digest() && c.Size >= before.Size && !c.Time.Before(before.Time)
}

// syncDir makes sure that a new file is found again after a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("audit: open a journal's folder: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("audit: sync a journal's folder: %w", err)
	}
	return nil
}
