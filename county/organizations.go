package county

import (
	_ "embed" // the model's tables
	"fmt"
	"slices"
	"strings"

	"sudi/domain"
)

//go:embed bodies.csv
var bodiesCSV string

//go:embed townships.csv
var townshipsCSV string

//go:embed villages.csv
var villagesCSV string

// Organizations lists every body of the model county in code order, those
// dissolved and those yet to be founded included. 532 of them mediate on
// 31 December 2020, as the county reported.
func Organizations() []domain.Organization {
	t := &tree{paths: map[string]string{}}
	t.addBodies()
	for i, row := range rows(townshipsCSV, 3) {
		t.addTownship(i, row[0], row[1], mustDate(row[2]))
	}
	for _, row := range rows(villagesCSV, 4) {
		t.addVillage(row[0], row[1], mustDate(row[2]), until(row[3]))
	}
	slices.SortFunc(t.all, func(a, b domain.Organization) int { return strings.Compare(a.Code, b.Code) })
	return t.all
}

// Villages lists the villages and communities that exist on a day.
func Villages(day domain.Date) []domain.Organization {
	return slices.DeleteFunc(Organizations(), func(o domain.Organization) bool {
		return o.Kind != domain.OrgVillage || !o.Active(day)
	})
}

// tree grows from the root: a parent is added before its children.
type tree struct {
	all   []domain.Organization
	paths map[string]string
}

func (t *tree) add(o domain.Organization) {
	parent, ok := t.paths[o.Parent]
	if o.Parent != "" && !ok {
		panic("county: " + o.Code + " comes before its parent " + o.Parent)
	}
	o.Path = domain.OrgPath(parent, o.Code)
	t.paths[o.Code] = o.Path
	t.all = append(t.all, o)
}

// addBodies adds the county and its own bodies, each below the county or below
// the body that its row names.
func (t *tree) addBodies() {
	for _, row := range rows(bodiesCSV, 7) {
		o := domain.Organization{
			Code: bodyCode(row[0]), Kind: domain.OrgKind(row[2]), Function: row[3], Name: row[4], Place: Code,
			ValidFrom: mustDate(row[5]), ValidTo: until(row[6]),
		}
		if row[0] != "" {
			o.Parent = bodyCode(row[1])
		}
		t.add(o)
	}
}

func bodyCode(suffix string) string {
	if suffix == "" {
		return Code
	}
	return Code + "-" + suffix
}

// townshipBodies are what every township has: 一窗, 两所, 四办 and its
// mediation committee.
var townshipBodies = []struct {
	suffix   string
	kind     domain.OrgKind
	function string
	name     string
}{
	{"centre", domain.OrgTownshipCentre, "", "便民服务中心"},
	{"justice", domain.OrgTownshipOffice, "justice", "司法所"},
	{"police", domain.OrgPoliceStation, "", "派出所"},
	{"governance", domain.OrgTownshipOffice, "governance", "综治办"},
	{"petition", domain.OrgTownshipOffice, "petition", "信访办"},
	{"enforcement", domain.OrgTownshipOffice, "enforcement", "综合行政执法办"},
	{"civil-affairs", domain.OrgTownshipOffice, "civil_affairs", "民政办"},
	{"mc", domain.OrgTownshipCommittee, "", "人民调解委员会"},
}

func (t *tree) addTownship(i int, code, name string, from domain.Date) {
	t.add(domain.Organization{Code: code, Parent: Code, Kind: domain.OrgTownship, Name: name, Place: code, ValidFrom: from})
	for _, b := range townshipBodies {
		t.add(domain.Organization{
			Code: code + "-" + b.suffix, Parent: code, Kind: b.kind, Function: b.function,
			Name: name + b.name, Place: code, ValidFrom: from,
		})
	}
	t.addEnterpriseCommittees(i, code, name)
}

// The committees of enterprises and institutions, per township. With the
// villages', the townships' and the industries' they make 532 at the end of
// 2020.
const (
	enterprisesDissolved = 1 // at the end of 2018
	enterprisesOf2020    = 24
	enterprisesFounded   = 1 // on 1 July 2021
)

var enterpriseTrades = []string{
	"纺织", "食品", "机械", "建材", "化工", "包装", "电子", "木业", "玻璃", "粮油", "物流", "服装", "石榴制品",
}

// addEnterpriseCommittees adds committees of enterprises whose names show that
// they are invented: 古邵某甲纺织公司.
func (t *tree) addEnterpriseCommittees(township int, code, name string) {
	short := strings.TrimSuffix(strings.TrimSuffix(name, "镇"), "街道")
	for i := range enterprisesDissolved + enterprisesOf2020 + enterprisesFounded {
		from, to := domain.NewDate(2011+(i*5+township)%10, 1, 1), ""
		switch {
		case i < enterprisesDissolved:
			from, to = domain.NewDate(2011, 1, 1), "2018-12-31"
		case i >= enterprisesDissolved+enterprisesOf2020:
			from = domain.NewDate(2021, 7, 1)
		}
		t.add(domain.Organization{
			Code: fmt.Sprintf("%s-ec%02d", code, i+1), Parent: code, Kind: domain.OrgEnterpriseCommittee, Place: code,
			Name:      short + "某" + stems[i%len(stems)] + enterpriseTrades[(i+township)%len(enterpriseTrades)] + "公司人民调解委员会",
			ValidFrom: from, ValidTo: until(to),
		})
	}
}

func (t *tree) addVillage(code, name string, from domain.Date, to *domain.Date) {
	township := domain.TownshipOf(code)
	t.add(domain.Organization{
		Code: code, Parent: township, Kind: domain.OrgVillage, Name: name, Place: code, ValidFrom: from, ValidTo: to,
	})
	t.add(domain.Organization{
		Code: code + "-mc", Parent: code, Kind: domain.OrgVillageCommittee, Place: code,
		Name: townshipNames()[township] + name + "人民调解委员会", ValidFrom: from, ValidTo: to,
	})
}
