package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"

	"sudi/domain"
)

// The suites of algorithms, as a setting names them.
const (
	SM  = "sm"  // SM4-GCM and HMAC-SM3
	AES = "aes" // AES-256-GCM and HMAC-SHA-256
)

// suite is one choice of algorithms. A certified module that is bought one day
// becomes one more.
type suite interface {
	name() string
	code() byte // in headers: a number once given is never given again
	keyLength() int
	aead(key []byte) cipher.AEAD // with nonceLength and tagLength
	hash() hash.Hash             // for HMAC and HKDF
}

var suites = []suite{smSuite{}, aesSuite{}}

// suiteNamed fails with suite_unknown.
func suiteNamed(name string) (suite, error) {
	for _, s := range suites {
		if s.name() == name {
			return s, nil
		}
	}
	return nil, domain.Errorf(domain.KindInvalid, "suite_unknown", name)
}

type smSuite struct{}

func (smSuite) name() string                { return SM }
func (smSuite) code() byte                  { return 1 }
func (smSuite) keyLength() int              { return 16 }
func (smSuite) hash() hash.Hash             { return sm3.New() }
func (smSuite) aead(key []byte) cipher.AEAD { return gcm(sm4.NewCipher(key)) }

type aesSuite struct{}

func (aesSuite) name() string                { return AES }
func (aesSuite) code() byte                  { return 2 }
func (aesSuite) keyLength() int              { return 32 }
func (aesSuite) hash() hash.Hash             { return sha256.New() }
func (aesSuite) aead(key []byte) cipher.AEAD { return gcm(aes.NewCipher(key)) }

// gcm takes the result of a NewCipher, whose only error is a wrong length of the
// key. Lengths are checked where keys are read.
func gcm(block cipher.Block, err error) cipher.AEAD {
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// derive makes a key for one purpose out of another.
func derive(s suite, key []byte, purpose string, length int) []byte {
	out, err := hkdf.Key(s.hash, key, nil, "sudi "+purpose, length)
	if err != nil { // only for absurd lengths
		panic(err)
	}
	return out
}

func idOf(s suite, key []byte) (id keyID) {
	copy(id[:], derive(s, key, "key id", len(id)))
	return id
}
