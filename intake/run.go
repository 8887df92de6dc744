package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"
	"unicode/utf8"

	"sudi/domain"
)

// Run imports a file. It can be stopped at any moment and run again with the
// same file and mapping: it goes on where it was, takes no row twice and
// leaves none out, because a case and its row are written in one transaction.
// The error is of what stopped it; bad rows do not, they are rejected.
func Run(ctx context.Context, o Options) (Result, error) {
	began := time.Now()
	r, err := start(ctx, &o)
	if err != nil {
		return Result{}, err
	}
	err = errors.Join(r.all(ctx), r.rejects.close())
	r.result.Took = time.Since(began)
	if r.rejects.written > 0 {
		r.result.RejectsPath = r.rejects.path
	}
	if err != nil || o.DryRun {
		return r.result, err
	}
	end := o.Engine.Now()
	r.imp.Total, r.imp.Taken, r.imp.Rejected, r.imp.EndedAt = r.result.Total, r.result.Taken, r.result.Rejected, &end
	if err := o.Store.FinishImport(ctx, r.imp); err != nil {
		return r.result, fmt.Errorf("finish the import: %w", err)
	}
	return r.result, nil
}

// run is one import under way.
type run struct {
	o       *Options
	plan    *plan
	file    file
	imp     domain.Import
	settled map[int]bool
	seen    map[[16]byte]bool // ids of the rows above
	rejects rejects
	batch   []job
	result  Result
}

// job is a row on its way into the store.
type job struct {
	row      int
	cells    []string
	decision domain.Decision
}

// start reads the file through once, binds the mapping to it and finds or
// starts the import.
func start(ctx context.Context, o *Options) (*run, error) {
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	path, err := rejectsPath(o.RejectsPath, o.Path)
	if err != nil {
		return nil, err
	}
	f, err := examine(o.Path)
	if err != nil {
		return nil, err
	}
	total, header, sheet, err := f.count(ctx, o.Mapping)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(o.Path), err)
	}
	p, err := bind(o, header)
	if err != nil {
		return nil, err
	}
	comma, _ := utf8.DecodeRuneInString(o.Mapping.Delimiter)
	if o.Mapping.Delimiter == "" {
		comma = 0
	}
	r := &run{
		o: o, plan: p, file: f, seen: map[[16]byte]bool{}, result: Result{Total: total},
		rejects: rejects{
			path: path, header: header, columns: max(len(header), p.widest()), name: sheet,
			before: max(o.Mapping.headerRow()-1, 0), comma: comma,
		},
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// begin finds the import in the store, with the rows that are settled already.
func (r *run) begin(ctx context.Context) error {
	mapping, err := r.o.Mapping.digest()
	if err != nil {
		return err
	}
	r.imp = domain.Import{
		ID: r.o.Engine.NewID(), FileName: filepath.Base(r.o.Path), FileHash: r.file.hash, Mapping: mapping,
		Actor: r.o.Actor.ID, Total: r.result.Total, StartedAt: r.o.Engine.Now(),
	}
	if !r.o.DryRun {
		if r.imp, err = r.o.Store.FindOrStartImport(ctx, r.imp); err != nil {
			return fmt.Errorf("start the import: %w", err)
		}
		if r.settled, err = r.o.Store.ImportedRows(ctx, r.imp.ID); err != nil {
			return fmt.Errorf("find the rows taken so far: %w", err)
		}
		if r.settled == nil {
			r.settled = map[int]bool{}
		}
	}
	r.plan.importID, r.result.ImportID = r.imp.ID, r.imp.ID
	return nil
}

// widest is the number of columns that the mapping speaks of.
func (p *plan) widest() int {
	n := 0
	for _, columns := range p.columns {
		for _, c := range columns {
			n = max(n, c+1)
		}
	}
	return n
}

// all goes through the rows from top to bottom.
func (r *run) all(ctx context.Context) error {
	t, err := r.file.open(r.o.Mapping)
	if err != nil {
		return err
	}
	defer t.close() //nolint:errcheck // read only
	r.plan.base1904 = t.base1904()
	if _, err := headings(t, r.o.Mapping.headerRow()); err != nil {
		return err
	}
	for {
		row, cells, err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return r.flush(ctx)
		case errors.Is(err, errRow):
			err = r.reject(ctx, row, cells, Reason{{Field: "row", Code: CodeUnreadable}})
		case err == nil && !blankRow(cells):
			err = r.row(ctx, row, cells)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// row understands a row and queues it, or rejects it.
func (r *run) row(ctx context.Context, row int, cells []string) error {
	rec := r.plan.read(row, cells)
	if rec.id != "" {
		if r.seen[rec.idHash] {
			rec.fail("id", CodeRepeated, r.plan.columnOf(r.plan.m.ID))
		}
		r.seen[rec.idHash] = true
	}
	taken, settled := r.settled[row]
	if taken {
		r.result.Already++
		r.take(1)
		return nil
	}
	if len(rec.wrong) > 0 {
		return r.reject(ctx, row, cells, rec.wrong)
	}
	decision := r.plan.decision(rec, r.o.Engine.NewID())
	// Asking once here keeps bad rows out of the transaction.
	if _, err := decision.Decide(domain.File{}); err != nil {
		reason, ok := reasonOf(err)
		if !ok {
			return fmt.Errorf("row %d: %w", row, err)
		}
		return r.reject(ctx, row, cells, reason)
	}
	if settled { // rejected before, for a reason that is gone
		return r.reject(ctx, row, cells, Reason{{Field: "row", Code: CodeEarlier}})
	}
	if r.o.DryRun {
		r.take(1)
		return nil
	}
	r.batch = append(r.batch, job{row, cells, decision})
	if len(r.batch) < r.o.Batch {
		return nil
	}
	return r.flush(ctx)
}

// take counts rows that became cases.
func (r *run) take(n int) {
	r.result.Taken += n
	r.o.Progress(r.result.Taken+r.result.Rejected, r.result.Total)
}

// reject sets a row aside, in the file and in the store.
func (r *run) reject(ctx context.Context, row int, cells []string, reason Reason) error {
	if err := r.rejects.add(row, cells, reason); err != nil {
		return err
	}
	r.result.Rejected++
	if _, settled := r.settled[row]; settled {
		r.result.Already++
	} else if !r.o.DryRun {
		if err := r.o.Store.RejectRow(ctx, r.imp.ID, row, reason.String()); err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
	}
	r.o.Progress(r.result.Taken+r.result.Rejected, r.result.Total)
	return nil
}
