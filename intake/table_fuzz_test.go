package intake

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a csv file holds, reading it comes to an end, each row is numbered
// after the one before, and a row that cannot be read costs no other.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"", "a,b\n1,2\n", "\xef\xbb\xbfa\n", "\"a\n\nb\",c\nd", "\"", "a\"b,c\n", "\xd6\xd0\xce\xc4,1\n", "a\x00b\x00c\x00d\x00", "\n\n\r\na\r"} {
		f.Add([]byte(text), "")
		f.Add([]byte(text), "gb18030")
	}
	f.Fuzz(func(t *testing.T, text []byte, encoding string) {
		path := filepath.Join(t.TempDir(), "f.csv")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		about, err := examine(path)
		require.NoError(t, err)
		table, err := openCSV(about, &Mapping{Encoding: encoding})
		if err != nil {
			return
		}
		defer table.close() //nolint:errcheck // only read
		last := 0
		for range len(text) + 2 {
			row, _, err := table.next()
			if err != nil && !errors.Is(err, errRow) {
				return
			}
			require.Greater(t, row, last)
			last = row
		}
		t.Fatal("the file has no end")
	})
}
