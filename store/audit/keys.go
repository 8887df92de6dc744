package audit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"
)

// sm2Kind stands before an SM2 key where a signed note's key has its algorithm:
// 255 is for algorithms without a number, followed by a name.
const sm2Kind = "\xff" + string(SM2SM3) + "\n"

var (
	errKey      = errors.New("audit: this is no key of an audit log")
	errKeyOther = errors.New("audit: the keys are of different logs")
)

// Signer signs the checkpoints of one log.
type Signer struct {
	note.Signer // Name is the log's origin
	suite       Suite
}

// Verifier checks what the keys of one log signed.
type Verifier struct {
	origin string
	suite  Suite
	known  note.Verifiers
}

// Origin is the name of the log.
func (v *Verifier) Origin() string { return v.origin }

// Suite is the log's.
func (v *Verifier) Suite() Suite { return v.suite }

// GenerateKey makes a key for the log called origin, e.g. "sudi/370404/audit"
// (no spaces, no "+"): the secret to sign with, and the public part to verify
// with, each one line in the form of a signed note's keys (c2sp.org/signed-note).
func GenerateKey(s Suite, origin string) (secret, public string, err error) {
	if origin == "" || strings.ContainsAny(origin, "+ \t\r\n") {
		return "", "", fmt.Errorf("audit: no log can be called %q", origin)
	}
	switch s {
	case Ed25519SHA256:
		return note.GenerateKey(rand.Reader, origin)
	case SM2SM3:
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			return "", "", fmt.Errorf("audit: make a key: %w", err)
		}
		point, err := sm2Point(&key.PublicKey)
		if err != nil {
			return "", "", err
		}
		id := keyID(origin, point)
		secret = fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, id, sm2Text(key.D.FillBytes(make([]byte, 32))))
		return secret, fmt.Sprintf("%s+%08x+%s", origin, id, sm2Text(point)), nil
	default:
		return "", "", fmt.Errorf("audit: no suite %q", s)
	}
}

// NewSigner reads a secret that GenerateKey made.
func NewSigner(secret string) (*Signer, error) {
	rest, _ := strings.CutPrefix(secret, "PRIVATE+KEY+")
	origin, id, scalar, isSM2 := cutSM2(rest)
	if !isSM2 {
		signer, err := note.NewSigner(secret)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errKey, err)
		}
		return &Signer{Signer: signer, suite: Ed25519SHA256}, nil
	}
	key, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKey, err)
	}
	point, err := sm2Point(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	if id != fmt.Sprintf("%08x", keyID(origin, point)) {
		return nil, errKey
	}
	return &Signer{Signer: &sm2Signer{sm2Name{origin, keyID(origin, point)}, key}, suite: SM2SM3}, nil
}

// NewVerifier reads public keys of one log: the present one and, after a
// change of keys, those before it.
func NewVerifier(public ...string) (*Verifier, error) {
	if len(public) == 0 {
		return nil, errKey
	}
	v := &Verifier{}
	known := make([]note.Verifier, len(public))
	for i, text := range public {
		key, suite, err := newKey(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errKey, err)
		}
		if i > 0 && (key.Name() != v.origin || suite != v.suite) {
			return nil, errKeyOther
		}
		known[i], v.origin, v.suite = key, key.Name(), suite
	}
	v.known = note.VerifierList(known...)
	return v, nil
}

func newKey(text string) (note.Verifier, Suite, error) {
	origin, id, point, isSM2 := cutSM2(text)
	if !isSM2 {
		key, err := note.NewVerifier(text)
		return key, Ed25519SHA256, err
	}
	key, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, "", err
	}
	if id != fmt.Sprintf("%08x", keyID(origin, point)) {
		return nil, "", errKey
	}
	return &sm2Verifier{sm2Name{origin, keyID(origin, point)}, key}, SM2SM3, nil
}

// cutSM2 takes "<origin>+<id>+<key>" apart, and says whether it is an SM2 key.
func cutSM2(text string) (origin, id string, key []byte, isSM2 bool) {
	origin, rest, _ := strings.Cut(text, "+")
	id, encoded, _ := strings.Cut(rest, "+")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", nil, false
	}
	key, isSM2 = bytes.CutPrefix(data, []byte(sm2Kind))
	return origin, id, key, isSM2 && origin != ""
}

func sm2Text(key []byte) string {
	return base64.StdEncoding.EncodeToString(append([]byte(sm2Kind), key...))
}

// sm2Point gives a public key as an uncompressed point.
func sm2Point(public *ecdsa.PublicKey) ([]byte, error) {
	key, err := sm2.PublicKeyToECDH(public)
	if err != nil {
		return nil, fmt.Errorf("audit: write a public key: %w", err)
	}
	return key.Bytes(), nil
}

// keyID tells apart the keys of one name, as signed notes have it.
func keyID(origin string, point []byte) uint32 {
	sum := sha256.Sum256([]byte(origin + "\n" + sm2Kind + string(point)))
	return binary.BigEndian.Uint32(sum[:])
}

// sm2Name is what a key is called in a note.
type sm2Name struct {
	name string
	id   uint32
}

// Name is the log's.
func (n sm2Name) Name() string { return n.name }

// KeyHash tells the key from others of the name.
func (n sm2Name) KeyHash() uint32 { return n.id }

// sm2Signer is a note.Signer.
type sm2Signer struct {
	sm2Name
	key *sm2.PrivateKey
}

// Sign signs with the user id that GM/T 0009 gives where none is agreed upon.
func (s *sm2Signer) Sign(text []byte) ([]byte, error) {
	return s.key.SignWithSM2(rand.Reader, nil, text)
}

// sm2Verifier is a note.Verifier.
type sm2Verifier struct {
	sm2Name
	key *ecdsa.PublicKey
}

// Verify checks what Sign signed.
func (v *sm2Verifier) Verify(text, signature []byte) bool {
	return sm2.VerifyASN1WithSM2(v.key, nil, text, signature)
}
