//go:build sudi_rls_alone

package accessmatrix

import "testing"

// The store's own conditions are left out of this build: the database alone holds
// the same matrix by row-level security.
func TestTheDatabaseAlone(t *testing.T) {
	w := county(t)
	var f findings
	missing := w.missing()
	w.everybody(readers, []string{"clerk", "supervisor", "auditor"}, func(who *reader) {
		w.askCases(&f, w.api, who, missing)
		w.askLists(&f, w.api, who)
	})
	w.everybody([]string{"town"}, []string{"clerk"}, func(who *reader) { w.search(&f, w.api, who, w.cases) })
	f.none(t)
}
