package store

import (
	"encoding/base64"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// A cursor is either refused in words or names one place in the list, the same
// when it is written again.
func FuzzCursor(f *testing.F) {
	for _, text := range []string{
		"r:1583197200000000:01900000-0000-7000-8000-000000000000", "r:-9223372036854775808:x", "d:0:", "r:+1:{01900000-0000-7000-8000-000000000000}", "::", "",
	} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, o := range []*order{received, earliestDue} {
			at, id, err := o.parse(cursor)
			if err != nil {
				require.Equal(t, domain.KindInvalid, domain.KindOf(err))
				continue
			}
			again, same, err := o.parse(o.cursor(at, uuid.UUID(id).String()))
			require.NoError(t, err)
			require.True(t, at.Equal(again))
			require.Equal(t, id, same)
		}
	})
}
