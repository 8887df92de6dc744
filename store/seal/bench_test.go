package seal

import (
	"strings"
	"testing"
)

// What a party is: one row of four fields.
var partyFields = map[string]string{
	"name": "张三", "phone": "13800138000", "identity_number": "11010519491231002X", "address": "枣庄市山亭区某镇某村某号",
}

func each(b *testing.B, run func(b *testing.B, r *Ring)) {
	for _, s := range suites {
		b.Run(s.name(), func(b *testing.B) {
			r := newRing(b, s.name())
			b.ReportAllocs()
			run(b, r)
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		for b.Loop() {
			r.Seal([]byte("13800138000"), phoneOf)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		sealed := r.Seal([]byte("13800138000"), phoneOf)
		for b.Loop() {
			if _, err := r.Open(sealed, phoneOf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSealParty(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		for b.Loop() {
			row := r.NewRow(phoneOf)
			for column, value := range partyFields {
				row.Seal(column, []byte(value))
			}
		}
	})
}

func BenchmarkOpenParty(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		row, sealed := r.NewRow(phoneOf), map[string][]byte{}
		for column, value := range partyFields {
			sealed[column] = row.Seal(column, []byte(value))
		}
		key := row.Key()
		for b.Loop() {
			row, err := r.OpenRow(key, phoneOf)
			if err != nil {
				b.Fatal(err)
			}
			for column, value := range sealed {
				if _, err := row.Open(column, value); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkOpenLong(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		text := []byte(strings.Repeat("访", 1<<14))
		sealed := r.Seal(text, phoneOf)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := r.Open(sealed, phoneOf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRewrapRow(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		key := r.NewRow(phoneOf).Key()
		rotate(b, r, r.Keys()[0].Suite)
		for b.Loop() {
			if _, err := r.RewrapRow(key, phoneOf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	each(b, func(b *testing.B, r *Ring) {
		for b.Loop() {
			r.Index(Phone, "13800138000")
		}
	})
}
