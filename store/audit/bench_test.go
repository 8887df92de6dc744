package audit

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// BenchmarkVerify verifies a log of 200,000 rows in batches of 500, rows and
// journal in memory: what is left for reading is the database's.
func BenchmarkVerify(b *testing.B) {
	const rows = 200_000
	for _, s := range suites {
		log := newBook(b, s)
		for range rows / 500 {
			log.grow(b, 500)
		}
		for name, bare := range map[string]bool{"leaves": false, "bare": true} {
			text := journal(b, log.batches, bare)
			b.Run(string(s)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					report, err := Verify(log.verifier, each(log.rows), bytes.NewReader(text))
					require.NoError(b, err)
					require.True(b, report.OK())
				}
				b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// BenchmarkAppend signs batches of 500 onto a log of a million rows.
func BenchmarkAppend(b *testing.B) {
	for _, s := range suites {
		b.Run(string(s), func(b *testing.B) {
			signer, verifier := keys(b, s)
			head := NewHead(verifier)
			leaves := make([]Hash, 500)
			var err error
			for head.Size() < 1_000_000 {
				head, _, err = head.Append(signer, make([]Hash, 50_000), morning)
				require.NoError(b, err)
			}
			for b.Loop() {
				_, _, err := head.Append(signer, leaves, morning)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkCanonical(b *testing.B) {
	r := Record{
		At: time.Now(), Actor: domain.Actor{ID: "u1", Name: "王", Role: domain.RoleClerk, Org: "370404102"},
		Action: "case.act", Object: Object{Type: "case", ID: "0198f0c2-0000-7000-8000-000000000001"}, Result: ResultDone,
		Request: "0198f0c2-0000-7000-8000-000000000002", Address: "10.0.0.1", Details: map[string]string{"action": "accept"},
	}
	for i := 0; b.Loop(); i++ {
		r.ID = strconv.Itoa(i)
		_, err := r.Canonical()
		require.NoError(b, err)
	}
}
