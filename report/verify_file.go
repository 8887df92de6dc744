package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sudi/domain"
)

// file checks one case against its history.
func (v *verifier) file(f *domain.File, entries []domain.Entry) {
	v.Cases++
	v.Entries += int64(len(entries))
	v.Clocks += int64(len(f.Deadlines))
	where := cmp.Or(f.Case.Number, f.Case.ID)
	if f.Case.Version != len(entries) {
		v.differs(CheckVersion, where, strconv.Itoa(len(entries)), strconv.Itoa(f.Case.Version))
	}
	folded, clocks, err := domain.Fold(entries)
	if err != nil {
		v.differs(CheckFold, where, "1 … n", err.Error())
		return
	}
	stored, want := domain.Diff(&folded, &f.Case), domain.Diff(&f.Case, &folded)
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		v.differs(CheckFold, where+" "+name, show(want[name]), show(stored[name]))
	}
	v.clocks(where, clocks, f.Deadlines)
}

// clocks compares the clocks that history gives with those that are stored.
func (v *verifier) clocks(where string, want, got []domain.Deadline) {
	type key struct {
		kind  string
		round int
	}
	stored := make(map[key]*domain.Deadline, len(got))
	for i := range got {
		stored[key{got[i].Kind, got[i].Round}] = &got[i]
	}
	for i := range want {
		k := key{want[i].Kind, want[i].Round}
		at := fmt.Sprintf("%s %s/%d", where, k.kind, k.round)
		if d := stored[k]; d == nil {
			v.differs(CheckClocks, at, show(want[i]), "—")
		} else {
			v.clock(at, &want[i], d)
		}
		delete(stored, k)
	}
	for i := range got { // what is left of them
		if k := (key{got[i].Kind, got[i].Round}); stored[k] != nil {
			v.differs(CheckClocks, fmt.Sprintf("%s %s/%d", where, k.kind, k.round), "—", show(got[i]))
		}
	}
}

// clock compares two clocks field by field, times as instants.
func (v *verifier) clock(where string, want, got *domain.Deadline) {
	w, g := reflect.ValueOf(want).Elem(), reflect.ValueOf(got).Elem()
	for i := range w.NumField() {
		x, y := w.Field(i).Interface(), g.Field(i).Interface()
		if !sameField(x, y) {
			name := strings.ToLower(w.Type().Field(i).Name)
			v.differs(CheckClocks, where+" "+name, show(x), show(y))
		}
	}
}

func sameField(x, y any) bool {
	switch a := x.(type) {
	case time.Time:
		b, ok := y.(time.Time)
		return ok && a.Equal(b)
	case *time.Time:
		b, ok := y.(*time.Time)
		return ok && a == b || a != nil && b != nil && a.Equal(*b)
	default:
		return x == y
	}
}

func show(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
