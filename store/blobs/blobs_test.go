package blobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// place is a storage under test, with a way behind its back.
type place struct {
	at   string
	set  func(t *testing.T, key string, content []byte)
	keys func(t *testing.T) []string
}

// everywhere runs a test on a real folder and on an S3 server in this process.
func everywhere(t *testing.T, test func(t *testing.T, s *Store, p place)) {
	for kind, begin := range map[string]func(*testing.T) place{"folder": inFolder, "s3": inS3} {
		t.Run(kind, func(t *testing.T) {
			p := begin(t)
			test(t, open(t, p.at), p)
		})
	}
}

func open(t *testing.T, at string) *Store {
	t.Helper()
	s, err := Open(t.Context(), at)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func inFolder(t *testing.T) place {
	dir := filepath.Join(t.TempDir(), "files")
	return place{
		at: dir,
		set: func(t *testing.T, key string, content []byte) {
			at := filepath.Join(dir, key)
			require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
			if err := os.Remove(at); !errors.Is(err, os.ErrNotExist) {
				require.NoError(t, err)
			}
			require.NoError(t, os.WriteFile(at, content, 0o600))
		},
		keys: func(t *testing.T) (keys []string) {
			require.NoError(t, filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					key, err := filepath.Rel(dir, name)
					keys = append(keys, filepath.ToSlash(key))
					return err
				}
				return err
			}))
			return keys
		},
	}
}

func inS3(t *testing.T) place {
	t.Setenv("AWS_ACCESS_KEY_ID", "sudi")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "sudi-test-only")
	memory := s3mem.New()
	require.NoError(t, memory.CreateBucket("county"))
	server := httptest.NewServer(gofakes3.New(memory).Server())
	t.Cleanup(server.Close)
	return place{
		at: "s3://county/files?region=us-east-1&endpoint=" + server.URL,
		set: func(t *testing.T, key string, content []byte) {
			_, err := memory.PutObject("county", "files/"+key, map[string]string{}, bytes.NewReader(content), int64(len(content)), nil)
			require.NoError(t, err)
		},
		keys: func(t *testing.T) (keys []string) {
			list, err := memory.ListBucket("county", nil, gofakes3.ListBucketPage{})
			require.NoError(t, err)
			for _, o := range list.Contents {
				keys = append(keys, strings.TrimPrefix(o.Key, "files/"))
			}
			return keys
		},
	}
}

// content is bytes that are not all alike, of which no two sizes share a block.
func content(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + size)
	}
	return b
}

func put(t *testing.T, s *Store, b []byte) Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	return ref
}

func get(t *testing.T, s *Store, ref Ref) []byte {
	t.Helper()
	in, err := s.Get(t.Context(), ref)
	require.NoError(t, err)
	b, err := io.ReadAll(in)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	return b
}

func TestWhatIsPutIsRead(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		for _, size := range []int{1, 511, 32 << 10, 32<<10 + 1, 17 << 20} {
			b := content(size)
			ref := put(t, s, b)
			sum := sha256.Sum256(b)
			require.Equal(t, Ref{hex.EncodeToString(sum[:]), int64(size)}, ref)
			require.True(t, bytes.Equal(b, get(t, s, ref)), "%d bytes", size)
			require.NoError(t, s.Verify(t.Context(), ref))
		}
		_, err := s.Put(t.Context(), strings.NewReader(""), 0)
		require.ErrorContains(t, err, "empty")
		require.Len(t, p.keys(t), 5)
		for _, key := range p.keys(t) {
			require.Regexp(t, `^sha256/[0-9a-f]{2}/[0-9a-f]{64}$`, key)
		}
	})
}

func TestPuttingTwiceKeepsOne(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		ref := put(t, s, content(1000))
		require.Equal(t, ref, put(t, s, content(1000)))
		require.Equal(t, []string{key(ref)}, p.keys(t))
		require.Equal(t, ref, put(t, open(t, p.at), content(1000)), "another process")
	})
}

func TestManyPutTheSameAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		b := content(200 << 10)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				ref, err := s.Put(t.Context(), bytes.NewReader(b), int64(len(b)))
				if err == nil {
					err = s.Verify(t.Context(), ref)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Len(t, p.keys(t), 1)
	})
}

// What is there is not replaced, even by a writer that did not see it.
func TestNothingIsReplaced(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, _ place) {
		ref := put(t, s, content(100))
		require.NoError(t, s.backend.create(t.Context(), key(ref), bytes.NewReader(content(99)), 99))
		require.Equal(t, content(100), get(t, s, ref))
	})
}

func TestDamageIsNeverRead(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		b := content(100_000)
		ref := put(t, s, b)
		changed := bytes.Clone(b)
		changed[77]++
		for name, stored := range map[string][]byte{"changed": changed, "short": b[:99_999], "long": append(bytes.Clone(b), 0), "empty": {}} {
			p.set(t, key(ref), stored)
			require.ErrorIs(t, s.Verify(t.Context(), ref), ErrDamaged, name)
			in, err := s.Get(t.Context(), ref)
			if err == nil {
				var got []byte
				got, err = io.ReadAll(in)
				require.Less(t, len(got), len(b), "%s: a damaged file was given whole", name)
				require.NoError(t, in.Close())
			}
			require.ErrorIs(t, err, ErrDamaged, name)
			_, err = s.Put(t.Context(), bytes.NewReader(b), ref.Size)
			require.ErrorIs(t, err, ErrDamaged, "%s: putting again hides no damage", name)
			require.Equal(t, domain.KindInternal, domain.KindOf(err))
		}
	})
}

func TestDeletedIsGone(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		ref := put(t, s, content(10))
		kept := put(t, s, content(11))
		for range 2 {
			require.NoError(t, s.Delete(t.Context(), ref))
			_, err := s.Get(t.Context(), ref)
			require.Equal(t, domain.KindNotFound, domain.KindOf(err))
			require.ErrorContains(t, err, "file_unknown")
		}
		require.Equal(t, []string{key(kept)}, p.keys(t))
		require.Equal(t, ref, put(t, s, content(10)), "and may come again")
	})
}

func TestNoRefLeadsOut(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		ref := put(t, s, content(10))
		before := p.keys(t)
		for _, hash := range []string{"", "..", "../../etc/passwd", strings.ToUpper(ref.Hash), ref.Hash[:63], ref.Hash + "0", strings.Repeat("/", 64), strings.Repeat("g", 64)} {
			_, err := s.Get(t.Context(), Ref{hash, 10})
			require.Equal(t, domain.KindNotFound, domain.KindOf(err), hash)
			require.Equal(t, domain.KindNotFound, domain.KindOf(s.Delete(t.Context(), Ref{hash, 10})), hash)
		}
		require.Equal(t, before, p.keys(t))
	})
}

// shifting is content that is another each time it is read from the start.
type shifting struct{ reads byte }

func (s *shifting) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		s.reads++
	}
	for i := range p {
		p[i] = s.reads
	}
	return len(p), nil
}

func TestFailedPutLeavesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, p place) {
		_, err := s.Put(t.Context(), &shifting{}, 100_000)
		require.ErrorIs(t, err, ErrChanged)
		_, err = s.Put(t.Context(), bytes.NewReader(content(9)), 10)
		require.ErrorIs(t, err, ErrChanged)
		b := content(10)
		ref, err := name(t.Context(), bytes.NewReader(b), 10)
		require.NoError(t, err)
		require.Error(t, s.backend.create(t.Context(), key(ref), io.MultiReader(bytes.NewReader(b[:5]), iotest.ErrReader(io.ErrUnexpectedEOF)), 10))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Put(gone, bytes.NewReader(b), 10)
		require.ErrorIs(t, err, context.Canceled)
		require.Error(t, s.backend.create(gone, key(ref), bytes.NewReader(b), 10))
		require.Empty(t, p.keys(t))
		require.Equal(t, domain.KindNotFound, domain.KindOf(s.Verify(t.Context(), ref)))
	})
}

func TestFolderIsForItsOwnerOnly(t *testing.T) {
	p := inFolder(t)
	ref := put(t, open(t, p.at), content(10))
	for name, mode := range map[string]os.FileMode{".": 0o700, "sha256": 0o700, key(ref): 0o400} {
		info, err := os.Stat(filepath.Join(p.at, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestFolderFollowsNoLinkOut(t *testing.T) {
	p := inFolder(t)
	s := open(t, p.at)
	b := []byte("a secret of another")
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, b, 0o600))
	ref, err := name(t.Context(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(p.at, "sha256", ref.Hash[:2]), 0o700))
	require.NoError(t, os.Symlink(outside, filepath.Join(p.at, key(ref))))
	_, err = s.Get(t.Context(), ref)
	require.Error(t, err)
}

func TestFolderForgetsWhatACrashLeft(t *testing.T) {
	p := inFolder(t)
	open(t, p.at)
	old, young := filepath.Join(p.at, halfDone, "old"), filepath.Join(p.at, halfDone, "young")
	for _, name := range []string{old, young} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-abandon-time.Hour)))
	open(t, p.at)
	require.NoFileExists(t, old)
	require.FileExists(t, young)
}

// A bucket that does not answer, and one that cannot just now, are not faults
// of ours: another try may help.
func TestAwayIsOverloaded(t *testing.T) {
	p := inS3(t)
	s := open(t, p.at)
	ref := put(t, s, content(10))
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer sick.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, at := range []string{strings.TrimPrefix(sick.URL, "http://"), closed.Addr().String()} {
		client, err := minio.NewCore(at, &minio.Options{Region: "us-east-1", Creds: credentials.NewStaticV4("sudi", "sudi-test-only", ""), MaxRetries: 1})
		require.NoError(t, err)
		lost := &Store{&bucket{client, "county", "files"}}
		_, err = lost.Get(t.Context(), ref)
		require.Equal(t, domain.KindOverloaded, domain.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "storage_away")
		require.Equal(t, domain.KindOverloaded, domain.KindOf(lost.Delete(t.Context(), ref)))
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	p := inS3(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, at := range []string{
		"", file, "s3://", "s3://county?endpoint=ftp://x", "s3://county/%zz", "s3://county?secret=x",
		strings.Replace(p.at, "s3://county", "s3://another", 1),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := Open(ctx, at)
		require.Error(t, err, at)
		cancel()
	}
}

func ExampleStore_Put() {
	dir, _ := os.MkdirTemp("", "files")
	defer os.RemoveAll(dir)
	s, _ := Open(context.Background(), dir)
	defer s.Close()
	ref, _ := s.Put(context.Background(), strings.NewReader("供暖照片"), int64(len("供暖照片")))
	in, _ := s.Get(context.Background(), ref)
	b, _ := io.ReadAll(in)
	fmt.Println(string(b))
	// Output: 供暖照片
}
