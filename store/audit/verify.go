package audit

import (
	"errors"
	"io"
	"iter"
)

// window is how many rows and leaf hashes behind a bad row are looked at to
// tell what was done to it.
const window = 1024

// Verify reads the rows in the order of their numbers, from 1, beside a
// journal from its first checkpoint (which may go on in further files, in their
// order), and reports the first bad row and the first bad line; the
// package's comment says what can be found and how exactly. It holds in memory
// one batch's leaf hashes, not the rows. Without rows (nil) it checks the
// journal alone, and, as far as leaf hashes stand in it, that every checkpoint
// extends the one before.
//
// Its error is of reading, not of what was read.
func Verify(v *Verifier, rows iter.Seq2[Row, error], journal ...io.Reader) (Report, error) {
	nextLine, stopLines := iter.Pull2(v.lines(journal...))
	defer stopLines()
	r := run{suite: v.suite, nextLine: nextLine, tree: newTree(v.suite), lone: rows == nil}
	if rows != nil {
		nextRow, stopRows := iter.Pull2(rows)
		defer stopRows()
		r.nextRow = nextRow
	}
	if err := r.checkpoints(); err != nil {
		return r.report, err
	}
	if err := r.pending(); err != nil {
		return r.report, err
	}
	return r.report, nil
}

// run is one verification under way.
type run struct {
	suite    Suite
	nextRow  func() (Row, error, bool)
	nextLine func() (numbered, error, bool)
	ahead    []numbered // lines that were read ahead
	tree     tree       // of the rows so far, as signed
	lone     bool       // there are no rows to read: the journal is checked alone
	blind    bool       // of a lone journal: leaf hashes are wanting, so roots cannot be computed
	report   Report
}

// line gives the next line, one read ahead first.
func (r *run) line() (numbered, bool, error) {
	if len(r.ahead) > 0 {
		line := r.ahead[0]
		r.ahead = r.ahead[1:]
		return line, true, nil
	}
	line, err, more := r.nextLine()
	return line, more, err
}

// checkpoints goes through the journal, and through the rows as far as it
// reaches.
func (r *run) checkpoints() error {
	for {
		line, more, err := r.line()
		if err != nil || !more {
			return err
		}
		switch {
		case errors.Is(line.err, errTorn):
			r.report.Torn = append(r.report.Torn, line.number)
			continue
		case line.err != nil:
			r.blame(CheckpointForged, line)
			continue
		}
		c := line.batch.Checkpoint
		chained := c.follows(r.report.Last)
		if !chained {
			r.blame(CheckpointMissing, line)
		}
		if c.Size < r.report.Last.Size {
			continue // an older one: its rows were looked at
		}
		r.report.Checkpoints++
		if err := r.batch(line, chained); err != nil {
			return err
		}
		r.report.Last = c
	}
}

func (r *run) blame(kind CheckpointKind, line numbered) {
	if r.report.Checkpoint == nil {
		r.report.Checkpoint = &CheckpointFault{Kind: kind, Line: line.number, Size: line.batch.Size}
	}
}

// batch checks the rows that a genuine checkpoint adds.
func (r *run) batch(line numbered, chained bool) error {
	if r.report.Row != nil {
		return nil // the first bad row is known
	}
	signed, trusted := r.signed(line.batch)
	if !trusted && chained && len(line.batch.Leaves) > 0 && !r.blind {
		r.blame(CheckpointLeaves, line)
	}
	switch {
	case r.lone && trusted:
		r.tree = signed
	case r.lone:
		r.blind = true
	case trusted:
		return r.compare(line.batch, signed)
	case line.batch.Size == r.tree.size():
		if r.tree.root() != line.batch.Root {
			r.blame(CheckpointMissing, line) // of another history
		}
	default:
		return r.recompute(line.batch)
	}
	return nil
}

// signed gives the tree with the leaf hashes that stand beside a checkpoint,
// and whether it is the tree that was signed.
func (r *run) signed(b Batch) (tree, bool) {
	if r.blind || uint64(len(b.Leaves)) != b.Size-r.tree.size() {
		return tree{}, false
	}
	t := r.tree.clone()
	for _, leaf := range b.Leaves {
		t.append(leaf)
	}
	return t, t.root() == b.Root
}

// compare checks rows against leaf hashes that are known to have been signed.
func (r *run) compare(b Batch, signed tree) error {
	for i, want := range b.Leaves {
		seq := r.tree.size() + uint64(i) + 1
		row, found, err := r.row()
		if err != nil {
			return err
		}
		if kind := misplaced(row, found, seq); kind != "" {
			return r.fault(kind, seq, seq, row)
		}
		switch r.suite.Leaf(row.Canonical) {
		case row.Leaf:
			if row.Leaf == want {
				continue
			}
		case want:
			return r.fault(RowLeaf, seq, seq, row)
		}
		kind, err := r.judge(b.Leaves[i:], row)
		if err != nil {
			return err
		}
		return r.fault(kind, seq, seq, row)
	}
	r.tree = signed
	r.report.Rows = r.tree.size()
	return nil
}

// recompute checks rows against the root alone.
func (r *run) recompute(b Batch) error {
	from := r.tree.size() + 1
	content := r.tree.clone()
	var stored tree // by stored leaf hashes, from the first row on where they are not the content's
	var bad Row
	for seq := from; seq <= b.Size; seq++ {
		row, found, err := r.row()
		if err != nil {
			return err
		}
		if kind := misplaced(row, found, seq); kind != "" && bad.Seq == 0 {
			return r.fault(kind, from, seq, row)
		} else if kind != "" {
			return r.fault(RowEdited, from, bad.Seq, bad)
		}
		leaf := r.suite.Leaf(row.Canonical)
		if leaf != row.Leaf && bad.Seq == 0 {
			bad, stored = row, content.clone()
		}
		content.append(leaf)
		if bad.Seq != 0 {
			stored.append(row.Leaf)
		}
	}
	switch agrees := content.root() == b.Root; {
	case agrees && bad.Seq == 0:
		r.tree = content
		r.report.Rows = content.size()
		return nil
	case agrees:
		return r.fault(RowLeaf, bad.Seq, bad.Seq, bad)
	case bad.Seq == 0:
		return r.fault(RowRewritten, from, b.Size, Row{})
	case stored.root() == b.Root:
		return r.fault(RowEdited, bad.Seq, bad.Seq, bad)
	default:
		return r.fault(RowEdited, from, bad.Seq, bad)
	}
}

// pending reads the rows that no checkpoint covers.
func (r *run) pending() error {
	if r.lone || r.report.Row != nil {
		return nil
	}
	from := r.tree.size() + 1
	for seq := from; ; seq++ {
		row, found, err := r.row()
		if err != nil || !found {
			return err
		}
		if r.report.Checkpoints == 0 {
			r.blame(CheckpointNone, numbered{})
		}
		if kind := misplaced(row, found, seq); kind != "" {
			return r.fault(kind, from, seq, row)
		}
		if r.suite.Leaf(row.Canonical) != row.Leaf {
			return r.fault(RowEdited, from, seq, row)
		}
		r.report.Pending++
	}
}

func (r *run) row() (Row, bool, error) {
	row, err, found := r.nextRow()
	return row, found, err
}

// misplaced tells what is wrong if the row that comes next is not the one with
// the number seq; "" if it is.
func misplaced(row Row, found bool, seq uint64) RowKind {
	switch {
	case !found:
		return RowTruncated
	case row.Seq > seq:
		return RowMissing
	case row.Seq < seq:
		return RowInserted
	default:
		return ""
	}
}

func (r *run) fault(kind RowKind, from, seq uint64, found Row) error {
	f := &RowFault{Kind: kind, From: from, Row: seq}
	if kind == RowInserted && found.Seq != 0 && found.Seq < seq {
		f.Row = max(found.Seq, 1)
		f.From = min(f.From, f.Row)
	}
	if record, err := ParseRecord(found.Canonical); err == nil && kind != RowMissing && kind != RowTruncated {
		f.Record = record.ID
	}
	r.report.Row = f
	return nil
}

// judge tells what was done to a row whose content is not the one that want
// begins with, from what comes behind both.
func (r *run) judge(want []Hash, bad Row) (RowKind, error) {
	if len(want) < window {
		var err error
		if want, err = r.lookAhead(want); err != nil {
			return "", err
		}
	}
	want = want[:min(len(want), window)]
	have := []Hash{r.suite.Leaf(bad.Canonical)}
	for len(have) < window {
		row, found, err := r.row()
		if err != nil {
			return "", err
		}
		if !found {
			break
		}
		have = append(have, r.suite.Leaf(row.Canonical))
	}
	return judge(want, have), nil
}

// lookAhead gives want with the leaf hashes of the next lines, as far as the
// window reaches, in lines as in hashes. They were not checked: they only help
// to name the kind.
func (r *run) lookAhead(want []Hash) ([]Hash, error) {
	longer := append([]Hash{}, want...)
	for len(longer) < window && len(r.ahead) < window {
		line, err, more := r.nextLine()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		r.ahead = append(r.ahead, line)
		longer = append(longer, line.batch.Leaves...)
	}
	return longer, nil
}

// judge compares what was signed with what is there; their first ones differ.
func judge(want, have []Hash) RowKind {
	later := contains(want[1:], have[0]) // what is there belongs farther back
	moved := contains(have[1:], want[0]) // what belongs here stands farther back
	inPlace := len(want) > 1 && len(have) > 1 && want[1] == have[1]
	switch {
	case moved && later:
		return RowMoved
	case moved:
		return RowInserted
	case later && !inPlace:
		return RowMissing
	default:
		return RowEdited
	}
}

func contains(hashes []Hash, hash Hash) bool {
	for _, h := range hashes {
		if h == hash {
			return true
		}
	}
	return false
}
