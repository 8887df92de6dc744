package county

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var endOf2020 = domain.NewDate(2020, 12, 31)

func mediating(day domain.Date) int {
	n := 0
	for _, o := range Organizations() {
		if slices.Contains(domain.MediationKinds, o.Kind) && o.Active(day) {
			n++
		}
	}
	return n
}

func TestMediationOrganisationsByDate(t *testing.T) {
	assert.Equal(t, 532, mediating(endOf2020), "as the county reported")
	// Committees come and go, so the count is one of a day.
	assert.NotEqual(t, 532, mediating(domain.NewDate(2019, 12, 31)))
	assert.NotEqual(t, 532, mediating(domain.NewDate(2021, 12, 31)))
}

func TestOrganisationsAreWellFormed(t *testing.T) {
	codeShape := regexp.MustCompile(`^[0-9A-Za-z.-]{6,40}$`) // organizations_code_shape
	placeShape := regexp.MustCompile(`^[0-9]{6}([0-9]{3}([0-9]{3})?)?$`)
	orgs := Organizations()
	byCode := map[string]domain.Organization{}
	names := map[string]string{}
	for _, o := range orgs {
		require.NotContains(t, byCode, o.Code)
		byCode[o.Code] = o
		if o.Kind != domain.OrgVillage { // 王庄村 there are several
			require.NotContains(t, names, o.Name, o.Code)
			names[o.Name] = o.Code
		}
	}
	for _, o := range orgs {
		assert.Regexp(t, codeShape, o.Code)
		assert.Regexp(t, placeShape, o.Place)
		assert.NotEmpty(t, o.Name)
		assert.True(t, o.ValidTo == nil || !o.ValidTo.Before(o.ValidFrom), o.Code)
		if o.Parent == "" {
			assert.Equal(t, Code, o.Code, "one root")
			assert.Equal(t, "/370404/", o.Path)
			continue
		}
		parent, ok := byCode[o.Parent]
		require.True(t, ok, "%s has no parent %s", o.Code, o.Parent)
		assert.Equal(t, parent.Path+o.Code+"/", o.Path)
		assert.True(t, strings.HasPrefix(o.Code, o.Parent), "%s says where it belongs", o.Code)
		assert.False(t, o.ValidFrom.Before(parent.ValidFrom), o.Code)
		// County, township, village, its committee.
		assert.LessOrEqual(t, strings.Count(o.Path, "/"), 5, o.Code)
	}
	assert.True(t, slices.IsSortedFunc(orgs, func(a, b domain.Organization) int { return strings.Compare(a.Code, b.Code) }))
	assert.Equal(t, orgs, Organizations(), "the same every time")
}

func TestTownships(t *testing.T) {
	d := Directory()
	var got []string
	for _, o := range d.OfKind(domain.OrgTownship) {
		got = append(got, o.Code+" "+o.Name)
		for _, kind := range []domain.OrgKind{domain.OrgTownshipCentre, domain.OrgPoliceStation, domain.OrgTownshipCommittee} {
			body := d.At(kind, o.Code, endOf2020)
			require.NotNil(t, body, "%s of %s", kind, o.Code)
			assert.Equal(t, o.Code, body.Parent)
		}
		offices := map[string]bool{}
		for _, p := range d.OfKind(domain.OrgTownshipOffice) {
			if p.Parent == o.Code {
				offices[p.Function] = true
			}
		}
		assert.Equal(t, map[string]bool{"justice": true, "governance": true, "petition": true, "enforcement": true, "civil_affairs": true}, offices)
	}
	assert.Equal(t, []string{
		"370404001 坛山街道", "370404002 吴林街道", "370404100 古邵镇", "370404101 阴平镇",
		"370404102 底阁镇", "370404103 榴园镇", "370404104 峨山镇",
	}, got)
}

func TestEveryVillageHasItsCommittee(t *testing.T) {
	d := Directory()
	villages := Villages(endOf2020)
	assert.Len(t, villages, 331)
	for _, v := range villages {
		assert.Len(t, v.Code, 12)
		assert.Equal(t, v.Code, v.Place)
		c := d.At(domain.OrgVillageCommittee, v.Place, endOf2020)
		require.NotNil(t, c, v.Name)
		assert.Equal(t, v.Code+"-mc", c.Code)
	}
	merged := "370404104200" // 城一村, part of 城前村 since 2022
	assert.NotNil(t, d.At(domain.OrgVillageCommittee, merged, endOf2020))
	assert.Nil(t, d.At(domain.OrgVillageCommittee, merged, domain.NewDate(2022, 6, 1)))
}

func TestCountyBodies(t *testing.T) {
	d := Directory()
	for _, kind := range []domain.OrgKind{
		domain.OrgCounty, domain.OrgCitizensCentre, domain.OrgPetitionBureau, domain.OrgJusticeBureau,
		domain.OrgCourt, domain.OrgPublicSecurity,
	} {
		assert.Len(t, d.OfKind(kind), 1, kind)
		assert.NotNil(t, d.At(kind, "370404102200", endOf2020), "a village's case finds the %s", kind)
	}
	for kind, functions := range map[domain.OrgKind][]string{
		domain.OrgDepartment: {
			"housing", "hrss", "agriculture", "civil_affairs", "natural_resources", "ecology", "health", "education",
			"market", "transport", "enforcement", "peoples_congress", "cppcc",
		},
		domain.OrgIndustryCommittee: {
			"district", "court", "finance", "medical", "labour", "property", "traffic", "consumer", "enterprise", "police", "petition",
		},
		domain.OrgServiceCentre: {"legal_services", "administrative_mediation", "administrative_settlement"},
	} {
		for _, f := range functions {
			assert.NotNil(t, d.ByFunction(kind, f, endOf2020), "%s %s", kind, f)
		}
	}
	assert.Equal(t, "370404-legal", d.ByFunction(domain.OrgServiceCentre, "administrative_mediation", endOf2020).Parent)
	assert.Equal(t, "370404-court", d.ByFunction(domain.OrgIndustryCommittee, "court", endOf2020).Parent)
	assert.Equal(t, "370404-court", d.ByFunction(domain.OrgServiceCentre, "administrative_settlement", endOf2020).Parent)
}

func TestCategoryCodesFollowTheList(t *testing.T) {
	shape := regexp.MustCompile(`^([0-9]{2}){1,3}$`) // categories_code_shape
	all := Categories()
	paths := map[string]string{}
	count := map[int]int{}
	for i, c := range all {
		assert.Regexp(t, shape, c.Code)
		if i > 0 {
			assert.Less(t, all[i-1].Code, c.Code)
		}
		path := c.Level1 + "/" + c.Level2 + "/" + c.Level3
		assert.Equal(t, strings.ReplaceAll(strings.TrimSpace(path), " ", ""), path)
		require.NotContains(t, paths, path, "one code per line of the list")
		paths[path] = c.Code
		count[len(c.Code)]++
	}
	assert.Equal(t, map[int]int{2: 15, 4: 118, 6: 517}, count)
	assert.Equal(t, "010204", paths["城乡建设/城市建设和市政管理/城市公共设施"])
	assert.Equal(t, "15", paths["劳动和社会保障//"])
}

func TestEveryCategoryHasACompetentUnit(t *testing.T) {
	d := Directory()
	used := map[string]bool{}
	for _, c := range Categories() {
		o := d.Competent(c.Code, domain.NewDate(2020, 1, 1))
		require.NotNil(t, o, "%+v", c)
		used[o.Function] = true
	}
	for function, code := range map[string]string{
		"010216": "370404-water", "011001": "370404-provident-fund", "130807": "370404-police",
		"130102": "370404-justice", "130903": "370404-court", "150603": "370404-hrss", "120401": "370404-market",
	} {
		assert.Equal(t, code, d.Competent(function, endOf2020).Code, function)
	}
	for prefix, f := range Competences() {
		assert.True(t, used[f], "%s: nobody is asked as %s", prefix, f)
	}
	names := map[string]string{}
	for _, c := range Categories() {
		names[c.Code] = c.Level1
		if c.Level2 != "" {
			names[c.Code] = c.Level2
		}
		if c.Level3 != "" {
			names[c.Code] = c.Level3
		}
	}
	for _, row := range rows(competencesCSV, 3) {
		assert.Equal(t, names[row[0]], row[1], "the name beside %s", row[0])
	}
}
