package blobs

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// verified reads content that must be what its ref says. The bytes that
// complete it are given only when the hash is right, since a reader that knows
// the size, such as an HTTP request, stops there and never sees io.EOF.
type verified struct {
	r     io.Reader
	ref   Ref
	sum   hash.Hash
	seen  int64
	wrong error // what it means that it is not
	err   error
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	v.seen += int64(n)
	whole := v.seen == v.ref.Size && hex.EncodeToString(v.sum.Sum(nil)) == v.ref.Hash
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case v.seen < v.ref.Size && !ended:
		v.err = err
	case !whole:
		n, v.err = 0, fmt.Errorf("%w: %s", v.wrong, v.ref.Hash)
	case ended:
		v.err = io.EOF
	default:
		v.err = err
	}
	return n, v.err
}

// stoppable ends the reading of what knows no context.
type stoppable struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
