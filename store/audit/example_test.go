package audit_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sudi/domain"
	"sudi/store/audit"
)

// One round of a log: a record is written, numbered, signed and published,
// then tampered with.
func Example() {
	secret, public, _ := audit.GenerateKey(audit.Ed25519SHA256, "sudi/370404/audit")
	signer, _ := audit.NewSigner(secret)
	verifier, _ := audit.NewVerifier(public)
	folder, _ := os.MkdirTemp("", "audit")
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "audit.journal")

	// In the transaction of what is done.
	canonical, _ := audit.Record{
		ID: "r1", At: time.Now(), Actor: domain.Actor{ID: "u1", Role: domain.RoleClerk},
		Action: "party.reveal", Object: audit.Object{Type: "party", ID: "p1"}, Result: audit.ResultDone,
	}.Canonical()
	leaf := verifier.Suite().Leaf(canonical)

	// The single writer: numbers, note and frontier in one transaction, then the journal.
	head, batch, _ := audit.NewHead(verifier).Append(signer, []audit.Hash{leaf}, time.Now())
	journal, _ := audit.OpenJournal(verifier, path)
	_ = journal.Append(batch)
	_ = journal.Close()

	// After a start it goes on from what the database holds.
	head, _ = audit.Resume(verifier, batch.Note, head.Frontier())
	fmt.Println("rows:", head.Size())

	// A superuser makes another clerk of it, with a hash that agrees.
	forged := bytes.Replace(canonical, []byte("u1"), []byte("u2"), 1)
	rows := []audit.Row{{Seq: 1, Canonical: forged, Leaf: verifier.Suite().Leaf(forged)}}
	file, _ := os.Open(path)
	defer file.Close()
	report, _ := audit.Verify(verifier, func(yield func(audit.Row, error) bool) {
		for row := range slices.Values(rows) {
			if !yield(row, nil) {
				return
			}
		}
	}, file)
	fmt.Println(report.Row)
	// Output:
	// rows: 1
	// row 1: edited (record "r1")
}
