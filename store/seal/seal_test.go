package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var phoneOf = Place{Table: "parties", Column: "phone", Row: "0190b6c1-0000-7000-8000-000000000001/1"}

func newRing(t interface {
	require.TestingT
	Helper()
}, suite string,
) *Ring {
	t.Helper()
	s, err := suiteNamed(suite)
	require.NoError(t, err)
	c, err := newContent(indexSecret{s, Hide(random(oldLength))}, []key{newKey(s, random(s.keyLength()), noon, Active)})
	require.NoError(t, err)
	return ringOf(c)
}

// code is the message key of a domain error.
func code(err error) string {
	var own *domain.Error
	if !errors.As(err, &own) {
		return ""
	}
	return own.Code
}

func activeID(r *Ring) string {
	for _, k := range r.Keys() {
		if k.State == Active {
			return k.ID
		}
	}
	return ""
}

func rotate(t require.TestingT, r *Ring, suite string) (former string) {
	former = activeID(r)
	id, err := r.NewKey(suite, noon)
	require.NoError(t, err)
	require.NoError(t, r.Activate(id))
	return former
}

func eachSuite(t *testing.T, test func(t *testing.T, suite string)) {
	for _, s := range suites {
		t.Run(s.name(), func(t *testing.T) { test(t, s.name()) })
	}
}

var (
	anySuite = rapid.SampledFrom([]string{SM, AES})
	anyPlace = rapid.Custom(func(t *rapid.T) Place {
		short := rapid.StringMatching(`[ab/]{0,2}`) // so that two places are often alike
		return Place{short.Draw(t, "table"), short.Draw(t, "column"), short.Draw(t, "row")}
	})
)

func TestWhatIsSealedOpensThereOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing(t, anySuite.Draw(t, "suite"))
		value := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		at, other := anyPlace.Draw(t, "place"), anyPlace.Draw(t, "other place")
		sealed := r.Seal(value, at)
		opened, err := r.Open(sealed, at)
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, opened))
		if len(value) > 3 {
			require.False(t, bytes.Contains(sealed, value))
		}
		require.NotEqual(t, sealed, r.Seal(value, at), "equal values must not look equal")
		if at != other {
			_, err = r.Open(sealed, other)
			require.Equal(t, "sealed_refused", code(err))
			_, err = r.Rewrap(sealed, other)
			require.Equal(t, "sealed_refused", code(err))
		}
	})
}

func TestFieldsOfARowOpenThereOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing(t, anySuite.Draw(t, "suite"))
		at, other := anyPlace.Draw(t, "place"), anyPlace.Draw(t, "other place")
		value := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		row, err := r.OpenRow(r.NewRow(at).Key(), at)
		require.NoError(t, err)
		sealed := row.Seal(at.Column, value)
		again, err := r.OpenRow(row.Key(), Place{Table: at.Table, Row: at.Row})
		require.NoError(t, err)
		opened, err := again.Open(at.Column, sealed)
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, opened))
		if at.Column != other.Column {
			_, err = row.Open(other.Column, sealed)
			require.Equal(t, "sealed_refused", code(err))
		}
		if at.Table != other.Table || at.Row != other.Row {
			_, err = r.OpenRow(row.Key(), other)
			require.Equal(t, "sealed_refused", code(err))
			_, err = r.RewrapRow(row.Key(), other)
			require.Equal(t, "sealed_refused", code(err))
		}
		_, err = r.NewRow(at).Open(at.Column, sealed) // same place, another data key
		require.Equal(t, "sealed_refused", code(err))
	})
}

// bound writes lengths before names: a place is no mere string of its letters.
func TestPlacesOfTheSameLettersDiffer(t *testing.T) {
	r := newRing(t, SM)
	sealed := r.Seal([]byte("138"), Place{"ab", "c", "d"})
	for _, at := range []Place{{"a", "bc", "d"}, {"abc", "", "d"}, {"ab", "cd", ""}, {"", "abc", "d"}} {
		_, err := r.Open(sealed, at)
		require.Equal(t, "sealed_refused", code(err), at)
	}
}

// A key that encrypts twice with one nonce gives its texts away.
func TestNoNonceComesTwice(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite string) {
		r := newRing(t, suite)
		row := r.NewRow(phoneOf)
		const headerLength = 3 + len(keyID{})
		seen := map[string]bool{}
		for range 1000 {
			sealed := r.Seal([]byte("138"), phoneOf)
			rewrapped, err := r.RewrapRow(row.Key(), phoneOf)
			require.NoError(t, err)
			for _, nonce := range [][]byte{
				sealed[headerLength:][:nonceLength], rewrapped[headerLength:][:nonceLength],
				row.Seal("phone", []byte("138"))[2:][:nonceLength],
			} {
				require.False(t, seen[string(nonce)])
				seen[string(nonce)] = true
			}
		}
	})
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite string) {
		r := newRing(t, suite)
		row := r.NewRow(phoneOf)
		field := row.Seal("phone", []byte("13800138000"))
		seen := map[string]int{}
		for _, c := range []struct {
			what  string
			bytes []byte
			open  func([]byte) error
		}{
			{"value", r.Seal([]byte("13800138000"), phoneOf), func(b []byte) error { _, err := r.Open(b, phoneOf); return err }},
			{"key of a row", row.Key(), func(b []byte) error { _, err := r.OpenRow(b, phoneOf); return err }},
			{"rewrapped key", row.Key(), func(b []byte) error { _, err := r.RewrapRow(b, phoneOf); return err }},
			{"field", field, func(b []byte) error { _, err := row.Open("phone", b); return err }},
		} {
			require.NoError(t, c.open(c.bytes), c.what)
			for i := range len(c.bytes) * 8 {
				flipped := bytes.Clone(c.bytes)
				flipped[i/8] ^= 1 << (i % 8)
				err := c.open(flipped)
				require.Error(t, err, "%s, bit %d", c.what, i)
				require.Equal(t, domain.KindInternal, domain.KindOf(err))
				seen[code(err)]++
			}
			for n := range c.bytes {
				require.Error(t, c.open(c.bytes[:n]), "%s, cut to %d", c.what, n)
			}
			require.Error(t, c.open(append(bytes.Clone(c.bytes), 0)), "%s, longer", c.what)
		}
		for _, want := range []string{"sealed_refused", "sealed_version_unknown", "sealed_suite_unknown", "sealed_key_unknown"} {
			require.Positive(t, seen[want], want)
		}
	})
}

func TestErrorsTellWhatIsWrong(t *testing.T) {
	r := newRing(t, SM)
	sealed := r.Seal([]byte("138"), phoneOf)
	for want, b := range map[string][]byte{
		"sealed_malformed":       sealed[:40],
		"sealed_version_unknown": append([]byte{9}, sealed[1:]...),
		"sealed_suite_unknown":   append([]byte{version, 77}, sealed[2:]...),
		"sealed_refused":         append([]byte{version, aesSuite{}.code()}, sealed[2:]...), // not the suite of its key
		"sealed_key_unknown":     newRing(t, SM).Seal([]byte("138"), phoneOf),
	} {
		_, err := r.Open(b, phoneOf)
		require.Equal(t, want, code(err))
		_, err = r.Rewrap(b, phoneOf)
		require.Equal(t, want, code(err))
		_, err = r.OpenRow(b, phoneOf)
		require.Equal(t, want, code(err))
		_, err = r.RewrapRow(b, phoneOf)
		require.Equal(t, want, code(err))
	}
	_, err := r.Open(nil, phoneOf)
	require.Equal(t, "sealed_malformed", code(err))
	_, err = r.NewRow(phoneOf).Open("phone", nil)
	require.Equal(t, "sealed_malformed", code(err))
	_, err = r.NeedsRewrap([]byte{version})
	require.Equal(t, "sealed_malformed", code(err))
	_, err = Inspect([]byte{version, 1, 99, 1, 2, 3, 4, 5, 6, 7, 8})
	require.Equal(t, "sealed_suite_unknown", code(err))
}

func TestRotation(t *testing.T) {
	for _, pair := range [][2]string{{SM, SM}, {AES, AES}, {AES, SM}, {SM, AES}} {
		t.Run(pair[0]+" to "+pair[1], func(t *testing.T) {
			r := newRing(t, pair[0])
			value := []byte("13800138000")
			sealed := r.Seal(value, phoneOf)
			row := r.NewRow(phoneOf)
			field := row.Seal("phone", value)
			former := rotate(t, r, pair[1])

			opened, err := r.Open(sealed, phoneOf)
			require.NoError(t, err)
			require.Equal(t, value, opened)
			needs, err := r.NeedsRewrap(sealed)
			require.NoError(t, err)
			require.True(t, needs)

			rewrapped, err := r.Rewrap(sealed, phoneOf)
			require.NoError(t, err)
			needs, err = r.NeedsRewrap(rewrapped)
			require.NoError(t, err)
			require.False(t, needs)
			fieldLength := 2 + nonceLength + len(value) + tagLength
			require.Equal(t, sealed[len(sealed)-fieldLength:], rewrapped[len(rewrapped)-fieldLength:], "the field is not touched")
			h, err := Inspect(rewrapped)
			require.NoError(t, err)
			require.Equal(t, Header{KeyID: activeID(r), Suite: pair[0]}, h)
			rowKey, err := r.RewrapRow(row.Key(), phoneOf)
			require.NoError(t, err)

			require.NoError(t, r.Remove(former))
			_, err = r.Open(sealed, phoneOf)
			require.Equal(t, "sealed_key_unknown", code(err))
			require.Contains(t, err.Error(), former)
			opened, err = r.Open(rewrapped, phoneOf)
			require.NoError(t, err)
			require.Equal(t, value, opened)
			row, err = r.OpenRow(rowKey, phoneOf)
			require.NoError(t, err)
			opened, err = row.Open("phone", field)
			require.NoError(t, err)
			require.Equal(t, value, opened)
		})
	}
}

func TestStatesOfKeys(t *testing.T) {
	r := newRing(t, AES)
	first := activeID(r)
	second, err := r.NewKey(SM, noon)
	require.NoError(t, err)
	require.Equal(t, []Key{{first, AES, noon, Active}, {second, SM, noon, Waiting}}, r.Keys())
	h, err := Inspect(r.Seal(nil, phoneOf))
	require.NoError(t, err)
	require.Equal(t, Header{first, AES}, h, "a waiting key wraps nothing")
	require.Equal(t, "key_not_retired", code(r.Remove(second)))
	require.Equal(t, "key_active", code(r.Retire(first)))
	require.Equal(t, "key_not_retired", code(r.Remove(first)))
	require.NoError(t, r.Activate(second))
	require.Equal(t, []Key{{first, AES, noon, Retired}, {second, SM, noon, Active}}, r.Keys())
	require.NoError(t, r.Activate(first)) // and back again
	require.Equal(t, []Key{{first, AES, noon, Active}, {second, SM, noon, Retired}}, r.Keys())
	third, err := r.NewKey(AES, noon)
	require.NoError(t, err)
	require.NoError(t, r.Retire(third))
	require.NoError(t, r.Remove(third))
	for _, err := range []error{r.Activate(third), r.Retire(third), r.Remove(third), r.Activate("")} {
		require.Equal(t, "key_unknown", code(err))
	}
	_, err = r.NewKey("des", noon)
	require.Equal(t, "suite_unknown", code(err))
	require.Len(t, r.Keys(), 2)
}

// Who seals or opens meanwhile goes on with the ring as it was.
func TestContentNeverChanges(t *testing.T) {
	r := newRing(t, AES)
	id, err := r.NewKey(SM, noon)
	require.NoError(t, err)
	c := r.now.Load()
	before, active := c.form(), c.active.id
	require.NoError(t, r.Activate(id))
	require.NoError(t, r.Remove(active.String()))
	require.Equal(t, before, c.form())
	require.Equal(t, active, c.active.id)
	require.Len(t, r.Keys(), 1)
}

// Whatever is done to a ring, what was sealed opens and the index stands, until
// the key of a value is removed.
func TestAnyHistoryOfARing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing(t, anySuite.Draw(t, "suite"))
		index := r.Index(Phone, "13800138000")
		type value struct {
			sealed []byte
			at     Place
			text   string
		}
		var values []value
		pick := func(t *rapid.T) string { return rapid.SampledFrom(r.Keys()).Draw(t, "key").ID }
		under := func(id string) bool {
			for _, v := range values {
				if h, err := Inspect(v.sealed); err == nil && h.KeyID == id {
					return true
				}
			}
			return false
		}
		t.Repeat(map[string]func(*rapid.T){
			"seal": func(t *rapid.T) {
				v := value{at: anyPlace.Draw(t, "place"), text: rapid.String().Draw(t, "text")}
				v.sealed = r.Seal([]byte(v.text), v.at)
				values = append(values, v)
			},
			"new":      func(t *rapid.T) { _, err := r.NewKey(anySuite.Draw(t, "suite"), noon); require.NoError(t, err) },
			"activate": func(t *rapid.T) { require.NoError(t, r.Activate(pick(t))) },
			"retire":   func(t *rapid.T) { require.Contains(t, []string{"", "key_active"}, code(r.Retire(pick(t)))) },
			"remove": func(t *rapid.T) {
				if id := pick(t); !under(id) {
					require.Contains(t, []string{"", "key_not_retired"}, code(r.Remove(id)))
				}
			},
			"rewrap": func(t *rapid.T) {
				for i, v := range values {
					var err error
					values[i].sealed, err = r.Rewrap(v.sealed, v.at)
					require.NoError(t, err)
					require.True(t, under(activeID(r)))
				}
			},
			"write": func(t *rapid.T) {
				raw, err := json.Marshal(r.now.Load().form())
				require.NoError(t, err)
				c, err := parse(raw)
				require.NoError(t, err)
				before := r.Keys()
				r = ringOf(c)
				require.Equal(t, before, r.Keys())
			},
			"": func(t *rapid.T) {
				active := 0
				for _, k := range r.Keys() {
					if k.State == Active {
						active++
					}
				}
				require.Equal(t, 1, active)
				require.Equal(t, index, r.Index(Phone, "13800138000"))
				for _, v := range values {
					opened, err := r.Open(v.sealed, v.at)
					require.NoError(t, err)
					require.Equal(t, v.text, string(opened))
				}
			},
		})
	})
}

func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sudi.key")
	r, err := Create(path, SM, noon)
	require.NoError(t, err)
	index := r.Index(Phone, "13800138000")
	row := r.NewRow(phoneOf)
	var stop atomic.Bool
	var opened atomic.Int64
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				text := []byte(strconv.Itoa(n*1_000_000 + i))
				at := Place{"parties", "phone", string(text)}
				sealed := r.Seal(text, at)
				sealed, err := r.Rewrap(sealed, at)
				if !okay(t, err) {
					return
				}
				got, err := r.Open(sealed, at)
				if !okay(t, err) || !bytes.Equal(text, got) {
					t.Errorf("%s became %s", text, got)
					return
				}
				if got, err = row.Open("phone", row.Seal("phone", text)); !okay(t, err) || !bytes.Equal(text, got) {
					t.Errorf("%s of the row became %s", text, got)
					return
				}
				if !bytes.Equal(index, r.Index(Phone, "138 0013 8000")) || len(r.Keys()) == 0 {
					t.Error("the index moved")
					return
				}
				opened.Add(1)
			}
		})
	}
	for i := range 20 { // another process rotates, this one takes it up
		_, err := Change(path, func(r *Ring) error {
			_, err := r.NewKey(suites[i%2].name(), noon)
			return err
		})
		require.NoError(t, err)
		_, err = Change(path, func(r *Ring) error { return r.Activate(r.Keys()[i+1].ID) })
		require.NoError(t, err)
		require.NoError(t, r.Reload(path))
		require.Len(t, r.Keys(), i+2)
		for before := opened.Load(); opened.Load() < before+5 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	stop.Store(true)
	workers.Wait()
}

func okay(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// stored is what version 1 wrote, and every later one must open.
type stored struct {
	Ring   json.RawMessage
	Values []struct {
		At     Place
		Text   string
		Sealed string
		Row    string // the row's key, where the field is one of a row
	}
	Index map[Column][2]string // a value and what it is found by
}

func TestWhatVersion1WroteOpens(t *testing.T) {
	for _, name := range []string{SM, AES} {
		raw, err := os.ReadFile(filepath.Join("testdata", "v1-"+name+".json"))
		require.NoError(t, err)
		var old stored
		require.NoError(t, json.Unmarshal(raw, &old))
		c, err := parse(old.Ring)
		require.NoError(t, err)
		r := ringOf(c)
		require.Len(t, old.Values, 4)
		for _, v := range old.Values {
			open := func(b []byte) ([]byte, error) { return r.Open(b, v.At) }
			if v.Row != "" {
				row, err := r.OpenRow(unhex(t, v.Row), v.At)
				require.NoError(t, err)
				open = func(b []byte) ([]byte, error) { return row.Open(v.At.Column, b) }
			}
			text, err := open(unhex(t, v.Sealed))
			require.NoError(t, err)
			require.Equal(t, v.Text, string(text))
		}
		require.Len(t, old.Index, len(forms))
		for column, pair := range old.Index {
			require.Equal(t, pair[1], hex.EncodeToString(r.Index(column, pair[0])), column)
		}
	}
}

// FuzzOpen finds that no bytes make Open panic, and none open but those that
// were sealed.
func FuzzOpen(f *testing.F) {
	r := newRing(f, SM)
	sealed := map[string]bool{}
	add := func(b []byte) {
		sealed[string(b)] = true
		f.Add(b)
	}
	add(r.Seal([]byte("13800138000"), phoneOf))
	add(r.Seal(nil, phoneOf))
	rotate(f, r, AES)
	add(r.Seal([]byte("张三"), phoneOf))
	row := r.NewRow(phoneOf)
	keys := map[string]bool{string(row.Key()): true}
	fields := map[string]bool{}
	field := row.Seal("phone", []byte("13800138000"))
	fields[string(field)] = true
	f.Add(row.Key())
	f.Add(field)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := r.Open(b, phoneOf); (err == nil) != sealed[string(b)] {
			t.Fatalf("Open: %v", err)
		}
		if _, err := r.OpenRow(b, phoneOf); (err == nil) != keys[string(b)] {
			t.Fatalf("OpenRow: %v", err)
		}
		if _, err := row.Open("phone", b); (err == nil) != fields[string(b)] {
			t.Fatalf("Row.Open: %v", err)
		}
		if _, err := r.RewrapRow(b, phoneOf); (err == nil) != keys[string(b)] {
			t.Fatalf("RewrapRow: %v", err)
		}
		_, _ = r.Rewrap(b, phoneOf) // does not look at the field
		_, unread := Inspect(b)
		if _, err := r.NeedsRewrap(b); (err == nil) != (unread == nil) {
			t.Fatalf("NeedsRewrap: %v, Inspect: %v", err, unread)
		}
	})
}
