// Package blobs keeps the files of cases: each once, under the SHA-256 of its
// content, in a folder or in an S3 bucket. What has been checked
// (intake/upload) is put here; who may read a file, and what it was called, is
// the database's to know. No key holds anything that a user chose.
package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"sudi/domain"
)

// Ref names a stored file: the SHA-256 of its content in lower-case hex, and
// its size in bytes.
type Ref struct {
	Hash string
	Size int64
}

// ErrDamaged means that what is stored is not what was put: the disk or the
// bucket lost or changed it. It is for the operator; people see a fault of ours.
var ErrDamaged = errors.New("a stored file is damaged")

// ErrChanged means that the content changed while it was being put.
var ErrChanged = errors.New("the file changed while it was read")

// errAbsent is a backend's answer for a key that it does not hold.
var errAbsent = errors.New("absent")

// backend keeps bytes under keys and never replaces any.
type backend interface {
	// create writes size bytes under a key, whole or not at all, durably before
	// it returns. A key that is there already stays as it is, without an error.
	create(ctx context.Context, key string, r io.Reader, size int64) error
	// open gives the bytes and their number, or errAbsent.
	open(ctx context.Context, key string) (io.ReadCloser, int64, error)
	// remove forgets a key; one that is not there is no error.
	remove(ctx context.Context, key string) error
	close() error
}

// Store keeps files by their content. It may be used by many at once.
type Store struct{ backend backend }

// Open opens the storage at a place: "s3://bucket/prefix?endpoint=…&region=…"
// (credentials as the AWS tools take them, from AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY or ~/.aws/credentials; without an endpoint, Amazon's),
// or the path of a folder, which is made when it is not there.
func Open(ctx context.Context, place string) (*Store, error) {
	var b backend
	var err error
	if strings.HasPrefix(place, "s3://") {
		b, err = openS3(ctx, place)
	} else {
		b, err = openFolder(place)
	}
	if err != nil {
		return nil, fmt.Errorf("open the storage of files: %w", err)
	}
	return &Store{b}, nil
}

// Close gives back what the storage holds open.
func (s *Store) Close() error { return s.backend.close() }

// Put keeps size bytes of r and says under what name. Putting the same again
// changes nothing and gives the same name. When it returns, the file survives
// a loss of power; when it fails, nothing of the file is there. It reads r
// twice, first to know its name, and fails with ErrChanged when the two differ,
// with ErrDamaged when the name is taken by something that is not the content.
func (s *Store) Put(ctx context.Context, r io.ReaderAt, size int64) (Ref, error) {
	if size <= 0 {
		return Ref{}, errors.New("an empty file is nothing to store")
	}
	ref, err := name(ctx, r, size)
	if err != nil {
		return Ref{}, err
	}
	switch err := s.Verify(ctx, ref); {
	case err == nil:
		return ref, nil
	case domain.KindOf(err) != domain.KindNotFound:
		return Ref{}, err
	}
	again := &verified{r: io.NewSectionReader(r, 0, size), ref: ref, sum: sha256.New(), wrong: ErrChanged}
	if err := s.backend.create(ctx, key(ref), again, size); err != nil {
		return Ref{}, away(err)
	}
	return ref, nil
}

// name reads content to its end to learn its hash.
func name(ctx context.Context, r io.ReaderAt, size int64) (Ref, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, stoppable{ctx, io.NewSectionReader(r, 0, size)})
	if err != nil {
		return Ref{}, fmt.Errorf("read the file to store: %w", err)
	}
	if n != size {
		return Ref{}, fmt.Errorf("%w: it has %d bytes, not %d", ErrChanged, n, size)
	}
	return Ref{Hash: hex.EncodeToString(sum.Sum(nil)), Size: size}, nil
}

// Get streams a stored file. The reader fails with ErrDamaged instead of giving
// the last of the bytes when size or hash is not that of ref; whoever has read
// to io.EOF has had the content itself. A file that is not there is
// KindNotFound, "file_unknown".
func (s *Store) Get(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	if !ref.valid() {
		return nil, unknown()
	}
	in, size, err := s.backend.open(ctx, key(ref))
	switch {
	case errors.Is(err, errAbsent):
		return nil, unknown()
	case err != nil:
		return nil, away(err)
	case size != ref.Size:
		return nil, errors.Join(fmt.Errorf("%w: %s has %d bytes instead of %d", ErrDamaged, ref.Hash, size, ref.Size), in.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{&verified{r: stoppable{ctx, in}, ref: ref, sum: sha256.New(), wrong: ErrDamaged}, in}, nil
}

// Verify reads a stored file to its end: nil when it is what was put,
// ErrDamaged when not, KindNotFound when it is not there.
func (s *Store) Verify(ctx context.Context, ref Ref) error {
	in, err := s.Get(ctx, ref)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return errors.Join(away(err), in.Close())
}

// Delete removes a file. Only what nothing refers to any more may be deleted,
// and that is the caller's to know: files of equal content share their bytes.
// Deleting what is not there is no error.
func (s *Store) Delete(ctx context.Context, ref Ref) error {
	if !ref.valid() {
		return unknown()
	}
	return away(s.backend.remove(ctx, key(ref)))
}

func unknown() error { return domain.Errorf(domain.KindNotFound, "file_unknown") }

// valid reports whether a ref can be one that Put gave. Keys are made of
// nothing else, so that no ref leads out of the storage.
func (r Ref) valid() bool {
	raw, err := hex.DecodeString(r.Hash)
	return err == nil && len(raw) == sha256.Size && strings.ToLower(r.Hash) == r.Hash && r.Size > 0
}

// key spreads files over folders of two letters; a folder of a million files is
// slow to list and to back up.
func key(r Ref) string { return "sha256/" + r.Hash[:2] + "/" + r.Hash }

// away tells a full disk and a storage that does not answer from faults of ours.
func away(err error) error {
	var net *unreachableError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &domain.Error{Kind: domain.KindOverloaded, Code: "storage_full", Cause: err}
	case errors.As(err, &net):
		return &domain.Error{Kind: domain.KindOverloaded, Code: "storage_away", Cause: err}
	}
	return err
}

// unreachableError wraps the failure of a storage that did not answer, or
// answered that it cannot just now.
type unreachableError struct{ cause error }

func (e *unreachableError) Error() string { return e.cause.Error() }
func (e *unreachableError) Unwrap() error { return e.cause }
