//go:build sudi_rls_alone

package store

const goChecks = false
