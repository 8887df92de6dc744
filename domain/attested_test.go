package domain

import (
	"regexp"
	"testing"
)

func TestAttestedItemsAreWellFormed(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z]+\.[a-z0-9_]+$`)
	seen := map[string]bool{}
	section := 0
	for _, it := range AttestedItems {
		if !shape.MatchString(it.Code) || seen[it.Code] || IndicatorByCode(it.Code) != nil {
			t.Errorf("%s: not a code of its own", it.Code)
		}
		seen[it.Code] = true
		if it.Name.ZH == "" || it.Name.EN == "" || it.Department == "" {
			t.Errorf("%s: no name or department", it.Code)
		}
		if it.Percent != (it.Unit.ZH == "") {
			t.Errorf("%s: a percentage has no unit, and everything else has one", it.Code)
		}
		if it.Change && !it.Percent {
			t.Errorf("%s: a change is a percentage", it.Code)
		}
		if it.Section < section || it.Section > 10 && it.Section != 13 {
			t.Errorf("%s: section %d is out of the report's order", it.Code, it.Section)
		}
		section = it.Section
	}
}
