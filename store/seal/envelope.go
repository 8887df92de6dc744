package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"sudi/domain"
)

// version is of the bytes below. Another arrangement gets another number.
//
//	wrapped key  version, suite of the KEK, suite of the data key, id of the KEK (8), nonce (12), data key, tag (16)
//	field        version, suite of the data key, nonce (12), text, tag (16)
//
// What Ring.Seal makes is a wrapped key and a field, one after the other.
const version = 1

const (
	nonceLength = 12
	tagLength   = 16
)

// What a ciphertext is, so that one can never pass for the other.
const (
	wrappedKey byte = 'k'
	fieldText  byte = 'f'
)

var (
	errMalformed = domain.Errorf(domain.KindInternal, "sealed_malformed")
	errRefused   = domain.Errorf(domain.KindInternal, "sealed_refused")
)

// keyID names a key. It is made of the key (idOf), so processes that read the
// same key call it the same, and a damaged key shows.
type keyID [8]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

type header struct {
	kek, dek suite
	id       keyID
}

func (h header) bytes() []byte {
	return append([]byte{version, h.kek.code(), h.dek.code()}, h.id[:]...)
}

// readHeader reads what stands before a wrapped data key.
func readHeader(b []byte) (h header, rest []byte, err error) {
	if len(b) < 3+len(h.id) {
		return h, nil, errMalformed
	}
	if h.kek, err = readSuite(b[0], b[1]); err != nil {
		return h, nil, err
	}
	if h.dek, err = readSuite(b[0], b[2]); err != nil {
		return h, nil, err
	}
	copy(h.id[:], b[3:])
	return h, b[3+len(h.id):], nil
}

func readSuite(v, code byte) (suite, error) {
	if v != version {
		return nil, domain.Errorf(domain.KindInternal, "sealed_version_unknown", int(v))
	}
	for _, s := range suites {
		if s.code() == code {
			return s, nil
		}
	}
	return nil, domain.Errorf(domain.KindInternal, "sealed_suite_unknown", int(code))
}

// bound is what a ciphertext is authenticated with. Lengths stand before the
// names, so that no two places read alike.
func bound(what byte, header []byte, at Place) []byte {
	b := append(make([]byte, 0, 128), what)
	b = append(b, header...)
	for _, name := range []string{at.Table, at.Column, at.Row} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(name)))
		b = append(b, name...)
	}
	return b
}

func encrypt(dst []byte, with cipher.AEAD, text, data []byte) []byte {
	dst = slices.Grow(dst, nonceLength+len(text)+tagLength)
	nonce := random(nonceLength)
	return with.Seal(append(dst, nonce...), nonce, text, data)
}

func decrypt(with cipher.AEAD, b, data []byte) ([]byte, error) {
	if len(b) < nonceLength+tagLength {
		return nil, errMalformed
	}
	text, err := with.Open(nil, b[:nonceLength], b[nonceLength:], data)
	if err != nil {
		return nil, errRefused // the cause says no more than that
	}
	return text, nil
}

// dataKey encrypts the fields of one record.
type dataKey struct {
	suite suite
	aead  cipher.AEAD
}

func (k dataKey) seal(dst, value []byte, at Place) []byte {
	h := []byte{version, k.suite.code()}
	return encrypt(append(dst, h...), k.aead, value, bound(fieldText, h, at))
}

func (k dataKey) open(sealed []byte, at Place) ([]byte, error) {
	if len(sealed) < 2 {
		return nil, errMalformed
	}
	if _, err := readSuite(sealed[0], sealed[1]); err != nil {
		return nil, err
	}
	return decrypt(k.aead, sealed[2:], bound(fieldText, sealed[:2], at))
}

// newDataKey makes a data key and wraps it by the active key.
func (c *content) newDataKey(at Place) (key dataKey, wrapped []byte) {
	s := c.active.suite
	secret := random(s.keyLength())
	return dataKey{s, s.aead(secret)}, c.wrap(secret, s, at)
}

func (c *content) wrap(secret []byte, dek suite, at Place) []byte {
	h := header{kek: c.active.suite, dek: dek, id: c.active.id}.bytes()
	return encrypt(h, c.active.aead, secret, bound(wrappedKey, h, at))
}

// openDataKey unwraps the data key that b begins with.
func (c *content) openDataKey(b []byte, at Place) (key dataKey, rest []byte, err error) {
	h, rest, err := readHeader(b)
	if err != nil {
		return key, nil, err
	}
	secret, rest, err := c.unwrap(h, rest, at)
	if err != nil {
		return key, nil, err
	}
	return dataKey{h.dek, h.dek.aead(secret)}, rest, nil
}

func (c *content) rewrap(b []byte, at Place) (wrapped, rest []byte, err error) {
	h, rest, err := readHeader(b)
	if err != nil {
		return nil, nil, err
	}
	secret, rest, err := c.unwrap(h, rest, at)
	if err != nil {
		return nil, nil, err
	}
	return c.wrap(secret, h.dek, at), rest, nil
}

func (c *content) unwrap(h header, b []byte, at Place) (secret, rest []byte, err error) {
	key := c.key(h.id)
	if key == nil {
		return nil, nil, domain.Errorf(domain.KindInternal, "sealed_key_unknown", h.id.String())
	}
	end := nonceLength + h.dek.keyLength() + tagLength
	if len(b) < end {
		return nil, nil, errMalformed
	}
	secret, err = decrypt(key.aead, b[:end], bound(wrappedKey, h.bytes(), at))
	return secret, b[end:], err
}
