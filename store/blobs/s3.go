package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket keeps files in an S3 bucket, below a prefix.
type bucket struct {
	client *minio.Core
	name   string
	prefix string
}

func openS3(ctx context.Context, place string) (*bucket, error) {
	at, err := url.Parse(place)
	if err != nil {
		return nil, errors.New("the address of the bucket cannot be read")
	}
	options := at.Query()
	for name := range options {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("the address of the bucket: unknown parameter %q", name)
		}
	}
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if given := options.Get("endpoint"); given != "" {
		if endpoint, err = url.Parse(given); err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" {
			return nil, errors.New("the endpoint should be https://host or http://host")
		}
	}
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Secure: endpoint.Scheme == "https",
		Region: options.Get("region"),
		Creds:  credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}),
	})
	if err != nil {
		return nil, err
	}
	b := &bucket{client, at.Host, strings.Trim(at.Path, "/")}
	switch there, err := client.BucketExists(ctx, b.name); {
	case err != nil:
		return nil, fmt.Errorf("bucket %s: %w", b.name, err)
	case !there:
		return nil, fmt.Errorf("there is no bucket %s", b.name)
	}
	return b, nil
}

// create sends the file in one request, so that it is there whole or not at
// all, and asks that nothing be replaced.
func (b *bucket) create(ctx context.Context, key string, r io.Reader, size int64) error {
	options := minio.PutObjectOptions{DisableMultipart: true, ContentType: "application/octet-stream"}
	options.SetMatchETagExcept("*")
	_, err := b.client.Client.PutObject(ctx, b.name, b.key(key), r, size, options)
	if code := minio.ToErrorResponse(err).StatusCode; code == http.StatusPreconditionFailed {
		return nil // somebody put the same just now
	}
	return outcome(ctx, err)
}

func (b *bucket) open(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	in, info, _, err := b.client.GetObject(ctx, b.name, b.key(key), minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, 0, errAbsent
	}
	if err != nil {
		return nil, 0, outcome(ctx, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{broken{ctx, in}, in}, info.Size, nil
}

func (b *bucket) remove(ctx context.Context, key string) error {
	return outcome(ctx, b.client.RemoveObject(ctx, b.name, b.key(key), minio.RemoveObjectOptions{}))
}

func (b *bucket) key(key string) string { return path.Join(b.prefix, key) }
func (b *bucket) close() error          { return nil }

// outcome marks the failures that another try may mend: no answer at all, and
// an answer of 5xx. A caller that gave up, content that changed and a refusal
// are none of them.
func outcome(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrChanged) {
		return err
	}
	if status := minio.ToErrorResponse(err).StatusCode; status != 0 && status < http.StatusInternalServerError {
		return err
	}
	return &unreachableError{err}
}

// broken marks what ends the reading of an answer, other than its end.
type broken struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	return n, outcome(b.ctx, err)
}
