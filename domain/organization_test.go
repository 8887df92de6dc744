package domain

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDirectoryCompetent(t *testing.T) {
	from, day := NewDate(2010, 1, 1), NewDate(2020, 6, 1)
	ended := NewDate(2019, 12, 31)
	d := NewDirectory([]Organization{
		{Code: "370404", Kind: OrgCounty, ValidFrom: from},
		{Code: "370404-old", Parent: "370404", Kind: OrgDepartment, Function: "housing", ValidFrom: from, ValidTo: &ended},
		{Code: "370404-housing", Parent: "370404", Kind: OrgDepartment, Function: "housing", ValidFrom: from},
		{Code: "370404-police", Parent: "370404", Kind: OrgPublicSecurity, Function: "public_security", ValidFrom: from},
		{Code: "370404-justice", Parent: "370404", Kind: OrgJusticeBureau, Function: "justice", ValidFrom: from},
		{Code: "370404-court", Parent: "370404", Kind: OrgCourt, Function: "court", ValidFrom: from},
		{Code: "370404-mc", Parent: "370404", Kind: OrgIndustryCommittee, Function: "finance", ValidFrom: from},
	}, map[string]string{
		"01": "housing", "0102": "water", "13": "public_security", "1301": "justice", "130901": "court", "07": "finance",
	})
	for category, want := range map[string]string{
		"01":     "370404-housing", // not the one dissolved
		"010304": "370404-housing", // by the first level
		"010203": "",               // the longer prefix decides, and nobody has that function
		"130402": "370404-police",
		"130101": "370404-justice",
		"130901": "370404-court",
		"130902": "370404-police", // its neighbour's competence is not its own
		"070101": "",              // a committee mediates, it is not competent
		"990101": "",
		"":       "",
	} {
		o := d.Competent(category, day)
		if want == "" {
			assert.Nil(t, o, category)
			continue
		}
		require.NotNil(t, o, category)
		assert.Equal(t, want, o.Code, category)
	}
}

// People name a unit in many ways and mean the one.
func TestNamed(t *testing.T) {
	d := NewDirectory([]Organization{
		{Code: "370404", Kind: OrgCounty, Name: "峄城区"}, {Code: "370404102", Parent: "370404", Kind: OrgTownship, Name: "底阁镇"},
		{Code: "370404001", Parent: "370404", Kind: OrgTownship, Name: "坛山街道"}, {Code: "370404-petition", Parent: "370404", Name: "峄城区信访局"},
		{Code: "370404102201", Parent: "370404102", Kind: OrgVillage, Name: "小刘村"},
		{Code: "a", Parent: "370404102", Kind: OrgVillage, Name: "张庄村"}, {Code: "b", Parent: "370404001", Kind: OrgVillage, Name: "张庄村"},
	}, nil)
	for name, want := range map[string]string{
		"底阁镇": "370404102", "底阁镇人民政府": "370404102", "峄城区底阁镇 政府": "370404102", "山东省枣庄市峄城区底阁镇人民政府": "370404102",
		"坛山街道办事处": "370404001", "坛山街道": "370404001", "信访局": "370404-petition", "峄城区信访局": "370404-petition",
		"小刘村村民委员会": "370404102201", "小刘村委会": "370404102201", "小刘村": "370404102201",
		"张庄村": "", "张庄村委会": "", "某公司": "", "": "", "政府": "",
	} {
		got := ""
		if o := d.Named(name); o != nil {
			got = o.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
