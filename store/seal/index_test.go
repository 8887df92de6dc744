package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndexFindsEveryWayOfWriting(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite string) {
		r := newRing(t, suite)
		for column, ways := range map[Column][]string{
			Phone:    {"13800138000", "138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００"},
			Identity: {"11010519491231002X", "11010519491231002x", " 110105 19491231 002Ｘ", "110105491231002"},
			Name:     {"古丽·艾山", "古丽•艾山", "古丽 艾山", "古丽・艾山 "},
		} {
			want := r.Index(column, ways[0])
			require.Len(t, want, indexLength)
			for _, way := range ways {
				require.Equal(t, want, r.Index(column, way), way)
			}
		}
		require.Equal(t, r.Index(Name, "山亭（Ｔ）公司"), r.Index(Name, "山亭(t)公司"))
		require.NotEqual(t, r.Index(Name, "张三"), r.Index(Name, "张四"))
		for column := range forms {
			require.Nil(t, r.Index(column, ""), column)
			require.Equal(t, column != Attempt, r.Index(column, " -") == nil, column)
		}
		require.NotEqual(t, r.Index(Phone, "1234567"), r.Index(Identity, "1234567"), "a key for each column")
		require.NotEqual(t, r.Index(Identity, "1234567"), r.Index(Name, "1234567"), "a key for each column")
		require.NotEqual(t, r.Index(Phone, "1234567"), newRing(t, suite).Index(Phone, "1234567"), "a secret for each ring")
		require.Panics(t, func() { r.Index("addresses", "x") })
	})
}

func TestIndexOutlivesRotation(t *testing.T) {
	r := newRing(t, SM)
	index, check := r.Index(Name, "张三"), r.IndexCheck()
	require.NoError(t, r.Remove(rotate(t, r, AES)))
	require.Equal(t, index, r.Index(Name, "张三"))
	require.Equal(t, check, r.IndexCheck())
}

// What the database holds since before there was a ring stays findable.
func TestIndexOfTheSingleKeyIsTheOldOne(t *testing.T) {
	old := []byte("0123456789abcdef0123456789abcdef")
	c, err := parse(old)
	require.NoError(t, err)
	r := ringOf(c)
	before := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, old, nil, "sudi "+purpose, sha256.Size)
		require.NoError(t, err)
		return key
	}
	keyed := func(key []byte, value string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(value))
		return mac.Sum(nil)
	}
	require.Equal(t, keyed(before("telephone numbers"), "13800138000"), r.Index(Phone, "138 0013 8000"))
	require.Equal(t, keyed(before("identity numbers"), "11010519491231002X"), r.Index(Identity, "11010519491231002x"))
	require.Equal(t, before("check"), r.IndexCheck())
}
