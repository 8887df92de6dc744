// Package migrations holds the SQL that makes and unmakes Sudi's schema, in
// goose's format.
package migrations

import "embed"

// FS holds the migration files, NNNN_name.sql.
//
//go:embed *.sql
var FS embed.FS
