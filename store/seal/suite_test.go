package seal

import (
	"crypto/hmac"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, digits string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	require.NoError(t, err)
	return b
}

func TestKnownCiphertexts(t *testing.T) {
	for _, v := range []struct{ source, suite, key, nonce, text, data, sealed string }{
		{
			"RFC 8998, A.1", SM, "0123456789ABCDEFFEDCBA9876543210", "00001234567800000000ABCD",
			"AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
			"FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
			"17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735 D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D 83DE3541E4C2B58177E065A9BF7B62EC",
		},
		{"GB/T 36624-2018, C.5, 1", SM, strings.Repeat("00", 16), strings.Repeat("00", 12), "", "", "232f0cfe308b49ea6fc88229b5dc858d"},
		{
			"GB/T 36624-2018, C.5, 2", SM, strings.Repeat("00", 16), strings.Repeat("00", 12), strings.Repeat("00", 16), "",
			"7de2aa7f1110188218063be1bfeb6d89b851b5f39493752be508f1bb4482c557",
		},
		{
			"GCM specification, test case 16", AES, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
			"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
			"feedfacedeadbeeffeedfacedeadbeefabaddad2",
			"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b",
		},
		{
			"GCM specification, test case 13", AES, strings.Repeat("00", 32), strings.Repeat("00", 12), "", "",
			"530f8afbc74536b9a963b4f1c4cb738b",
		},
	} {
		t.Run(v.source, func(t *testing.T) {
			s, err := suiteNamed(v.suite)
			require.NoError(t, err)
			aead := s.aead(unhex(t, v.key))
			require.Equal(t, nonceLength, aead.NonceSize())
			require.Equal(t, tagLength, aead.Overhead())
			sealed := aead.Seal(nil, unhex(t, v.nonce), unhex(t, v.text), unhex(t, v.data))
			require.Equal(t, unhex(t, v.sealed), sealed)
			text, err := aead.Open(nil, unhex(t, v.nonce), sealed, unhex(t, v.data))
			require.NoError(t, err)
			require.Equal(t, unhex(t, v.text), append([]byte{}, text...))
		})
	}
}

func TestKnownMACs(t *testing.T) {
	for _, v := range []struct{ source, suite, key, text, mac string }{
		{
			"GM/T 0042-2015, D.3, 1", SM, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
			hex.EncodeToString([]byte(strings.Repeat("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 2))),
			"ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
		},
		{
			"GM/T 0042-2015, D.3, 2", SM, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425", strings.Repeat("cd", 50),
			"220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
		},
		{
			"RFC 4231, 2", AES, hex.EncodeToString([]byte("Jefe")), hex.EncodeToString([]byte("what do ya want for nothing?")),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		},
		{
			"RFC 4231, 3", AES, strings.Repeat("aa", 20), strings.Repeat("dd", 50),
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
		},
	} {
		t.Run(v.source, func(t *testing.T) {
			s, err := suiteNamed(v.suite)
			require.NoError(t, err)
			mac := hmac.New(s.hash, unhex(t, v.key))
			mac.Write(unhex(t, v.text))
			require.Equal(t, unhex(t, v.mac), mac.Sum(nil))
		})
	}
}

func TestSuitesAreToldApart(t *testing.T) {
	names, codes := map[string]bool{}, map[byte]bool{}
	for _, s := range suites {
		require.False(t, names[s.name()] || codes[s.code()], s.name())
		names[s.name()], codes[s.code()] = true, true
		require.Equal(t, indexLength, s.hash().Size())
	}
	require.Equal(t, map[string]bool{SM: true, AES: true}, names)
	_, err := suiteNamed("rot13")
	require.Equal(t, "suite_unknown", code(err))
}
