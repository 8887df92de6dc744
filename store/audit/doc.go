// Package audit is the tamper-evident part of the audit log (审计: who read,
// wrote or was refused what), without a database.
//
// A business transaction inserts a Record as its canonical bytes and leaf hash;
// rows inserted so have no order and need no lock. A single writer, which
// signs, later numbers the committed rows 1, 2, 3 …, appends their leaf hashes
// to a Merkle tree (RFC 6962) with Head.Append, and publishes the signed
// checkpoint in a Journal outside the database. Verify reads the rows and a
// journal and names the first bad row.
//
// # What is proved
//
// The attacker may write anything into the database, hashes and frontier
// included, and may write into a journal, but has not the signing key.
//
//   - Any change, removal, exchange or insertion of a row that a checkpoint of
//     the journal covers is found.
//   - With the leaf hashes of a batch in the journal (Batch.Leaves) the first
//     bad row is named exactly, also when the attacker has made all hashes in
//     the database agree. The leaf hashes need no trust: the signed root vouches
//     for them.
//   - With checkpoints alone (Batch.Bare) a row is named exactly if its content
//     and its stored leaf hash disagree and the rest of its batch is whole. If
//     they agree, the batch is named: RowFault.From to RowFault.Row. If a batch
//     has a row that is certainly bad and more is wrong with it, From tells from
//     where on nothing vouches for the rows. A batch is never joined with
//     another, as long as the journal has both checkpoints.
//   - What is wrong with the row (RowFault.Kind) is judged from the rows and
//     leaf hashes within window of it. A row that was moved farther counts as
//     edited or inserted; its number is exact all the same.
//   - A journal line that was changed, removed, exchanged or signed by another
//     is found by signature and chain.
//
// # What is not
//
//   - Rows that no checkpoint covers yet (the newest seconds): they can be
//     changed, removed or made up. Report.Pending counts those with a number.
//   - Removal of a journal's last lines together with the rows that they cover:
//     the rest is a log that stood so once. Keep journals in two places that
//     no one person can write, and look at Report.Last: its size and age.
//   - A record that was false when it was written.
//   - Anything done with the signing key. Head.Append will not sign a history
//     other than the one that it signed before; see Resume.
package audit
