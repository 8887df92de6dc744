// Package accessmatrix holds no program, only a test of who may see and do what.
// It holds the policy as tables (policy_test.go), which docs/access.md shows, and
// asks the API, on the real engine and the real store, for every route as every
// role in every relation to a case. What the API answers must be what the tables
// say; nothing that is expected is taken from the code that is tested.
//
// A route without a row in the table fails. A leak that is known and not closed
// yet stands in the list of gaps, and fails on the day on which it is closed.
package accessmatrix
