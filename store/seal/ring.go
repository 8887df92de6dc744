package seal

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sudi/domain"
)

// State says what a key-encryption key is used for.
type State string

// The states of a key. Every key opens what it has wrapped, in any state.
const (
	Waiting State = "waiting" // made, wraps nothing yet: time to give it to every node
	Active  State = "active"  // wraps all that is sealed now; exactly one key does
	Retired State = "retired" // wraps nothing any more
)

// Key tells of a key-encryption key, not the key itself.
type Key struct {
	ID      string
	Suite   string
	Created time.Time // zero for the one of a file that knows no ring yet
	State   State
}

// Ring holds the key-encryption keys and the secret that people are found by.
// Create, Load and Change give one. It is safe for concurrent use.
type Ring struct {
	change sync.Mutex // held by who replaces now
	now    atomic.Pointer[content]
}

// content is a ring at one moment; it never changes.
type content struct {
	index   indexSecret
	columns map[Column][]byte
	keys    []key
	active  *key
}

type key struct {
	id      keyID
	suite   suite
	created time.Time
	state   State
	secret  Secret[[]byte]
	aead    cipher.AEAD
}

type indexSecret struct {
	suite  suite
	secret Secret[[]byte]
}

func newKey(s suite, secret []byte, created time.Time, state State) key {
	return key{idOf(s, secret), s, created, state, Hide(secret), s.aead(secret)}
}

// newContent checks what every ring must hold to.
func newContent(index indexSecret, keys []key) (*content, error) {
	c := &content{index: index, columns: map[Column][]byte{}, keys: keys}
	for column := range forms {
		c.columns[column] = derive(index.suite, index.secret.Reveal(), string(column), indexLength)
	}
	for i := range keys {
		if c.key(keys[i].id) != &keys[i] {
			return nil, errors.New("a key stands twice")
		}
		switch keys[i].state {
		case Active:
			if c.active != nil {
				return nil, errors.New("two keys are active")
			}
			c.active = &keys[i]
		case Waiting, Retired:
		default:
			return nil, errors.New("a key is in an unknown state")
		}
	}
	if c.active == nil {
		return nil, errors.New("no key is active")
	}
	return c, nil
}

// key is nil for one that there is not.
func (c *content) key(id keyID) *key {
	for i := range c.keys {
		if c.keys[i].id == id {
			return &c.keys[i]
		}
	}
	return nil
}

// Keys lists the keys, the oldest first.
func (r *Ring) Keys() []Key {
	var list []Key
	for _, k := range r.now.Load().keys {
		list = append(list, Key{k.id.String(), k.suite.name(), k.created, k.state})
	}
	return list
}

// NewKey adds a waiting key of a suite and gives its id. It fails with
// suite_unknown.
func (r *Ring) NewKey(suite string, now time.Time) (id string, err error) {
	s, err := suiteNamed(suite)
	if err != nil {
		return "", err
	}
	k := newKey(s, random(s.keyLength()), now.UTC().Truncate(time.Second), Waiting)
	return k.id.String(), r.replace(func(keys []key) ([]key, error) { return append(keys, k), nil })
}

// Activate makes a key the one that wraps, and retires the one that did. It is a
// Change of its own, after that of NewKey: only once the key is safely on the disk
// and every node has loaded it may anything depend on it. It fails with
// key_unknown.
func (r *Ring) Activate(id string) error {
	return r.replaceOne(id, func(keys []key, i int) ([]key, error) {
		for j := range keys {
			if keys[j].state == Active {
				keys[j].state = Retired
			}
		}
		keys[i].state = Active
		return keys, nil
	})
}

// Retire sets a waiting key aside for good reason, such as that it was seen by
// somebody. It fails with key_unknown, and with key_active for the active one:
// activate another instead.
func (r *Ring) Retire(id string) error {
	return r.replaceOne(id, func(keys []key, i int) ([]key, error) {
		if keys[i].state == Active {
			return nil, domain.Errorf(domain.KindConflict, "key_active", id)
		}
		keys[i].state = Retired
		return keys, nil
	})
}

// Remove takes a retired key out of the ring. Nothing opens any more that it has
// wrapped, in backups too, so count first (Inspect). It fails with key_unknown,
// and with key_not_retired.
func (r *Ring) Remove(id string) error {
	return r.replaceOne(id, func(keys []key, i int) ([]key, error) {
		if keys[i].state != Retired {
			return nil, domain.Errorf(domain.KindConflict, "key_not_retired", id)
		}
		return slices.Delete(keys, i, i+1), nil
	})
}

// Reload takes up the keys that the file holds by now; values that are being
// sealed or opened meanwhile are not disturbed. It fails as Load does, and with
// key_wrong for the file of another ring.
func (r *Ring) Reload(path string) error {
	r.change.Lock()
	defer r.change.Unlock()
	other, err := Load(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(r.IndexCheck(), other.IndexCheck()) {
		return domain.Errorf(domain.KindConflict, "key_wrong")
	}
	r.now.Store(other.now.Load())
	return nil
}

func (r *Ring) replaceOne(id string, change func(keys []key, i int) ([]key, error)) error {
	return r.replace(func(keys []key) ([]key, error) {
		i := slices.IndexFunc(keys, func(k key) bool { return k.id.String() == id })
		if i < 0 {
			return nil, domain.Errorf(domain.KindNotFound, "key_unknown", id)
		}
		return change(keys, i)
	})
}

func (r *Ring) replace(change func([]key) ([]key, error)) error {
	r.change.Lock()
	defer r.change.Unlock()
	c := r.now.Load()
	keys, err := change(slices.Clone(c.keys))
	if err != nil {
		return err
	}
	if c, err = newContent(c.index, keys); err != nil {
		return err
	}
	r.now.Store(c)
	return nil
}

func ringOf(c *content) *Ring {
	r := &Ring{}
	r.now.Store(c)
	return r
}
