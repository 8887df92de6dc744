//go:build !sudi_rls_alone

package store

// goChecks says that the store's own conditions decide who sees what, before
// row-level security does. Tests switch them off, to see that it holds alone.
const goChecks = true
