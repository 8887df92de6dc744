package domain

import "strings"

// OrgKind is what sort of body an organisation is; routes name kinds, not
// codes, so that the same procedure serves every county.
type OrgKind string

// The kinds of organisation that the procedures know.
const (
	OrgCounty              OrgKind = "county"               // 区: the root
	OrgCitizensCentre      OrgKind = "citizens_centre"      // 市民中心
	OrgPetitionBureau      OrgKind = "petition_bureau"      // 信访局
	OrgJusticeBureau       OrgKind = "justice_bureau"       // 司法局
	OrgCourt               OrgKind = "court"                // 人民法院
	OrgPublicSecurity      OrgKind = "public_security"      // 公安分局
	OrgDepartment          OrgKind = "department"           // 区直部门
	OrgTownship            OrgKind = "township"             // 镇街
	OrgTownshipCentre      OrgKind = "township_centre"      // 便民服务中心 / 一站式矛调中心
	OrgTownshipOffice      OrgKind = "township_office"      // 司法所, 综治办, 信访办, 行政执法, 民政办
	OrgPoliceStation       OrgKind = "police_station"       // 派出所
	OrgVillage             OrgKind = "village"              // 村居
	OrgVillageCommittee    OrgKind = "village_committee"    // 村居人民调解委员会
	OrgTownshipCommittee   OrgKind = "township_committee"   // 镇街人民调解委员会
	OrgIndustryCommittee   OrgKind = "industry_committee"   // 行业性、专业性人民调解委员会 (Function says which)
	OrgEnterpriseCommittee OrgKind = "enterprise_committee" // 企事业单位人民调解委员会
	OrgServiceCentre       OrgKind = "service_centre"       // 公共法律服务中心, 行政调解中心, 行政争议和解中心
)

// MediationKinds are the kinds counted by mediation.organisations.
var MediationKinds = []OrgKind{OrgVillageCommittee, OrgTownshipCommittee, OrgIndustryCommittee, OrgEnterpriseCommittee}

// Organization is a body in the county's tree, valid from ValidFrom until
// ValidTo (both inclusive; zero ValidTo = still active). Codes are never
// reused.
type Organization struct {
	Code      string  `json:"code" gorm:"primaryKey"`
	Parent    string  `json:"parent,omitempty"` // "" for the root
	Path      string  `json:"-"`                // "/370404/370404102/…/": every ancestor and itself
	Kind      OrgKind `json:"kind"`
	Name      string  `json:"name"`
	Place     string  `json:"place,omitempty"`    // division code that it serves
	Function  string  `json:"function,omitempty"` // what a department or industry committee is competent for: "housing", "finance"
	ValidFrom Date    `json:"valid_from"`
	ValidTo   *Date   `json:"valid_to,omitempty"`
}

// TableName is the SQL table.
func (Organization) TableName() string { return "organizations" }

// Active reports whether the organisation exists on a day.
func (o *Organization) Active(d Date) bool {
	return !d.Before(o.ValidFrom) && (o.ValidTo == nil || !o.ValidTo.Before(d))
}

// Directory is an immutable snapshot of the organisation tree and of which
// department is competent for which category.
type Directory struct {
	byCode     map[string]*Organization
	byName     map[string]*Organization // nil where several have the name
	byPlace    map[string][]*Organization
	byKind     map[OrgKind][]*Organization
	competence map[string]string // category code or prefix → function
	root       string
}

// NewDirectory indexes the organisations; competence maps a category code, or
// its first two or four digits, to the function of the competent unit.
func NewDirectory(orgs []Organization, competence map[string]string) *Directory {
	d := &Directory{
		byCode:     make(map[string]*Organization, len(orgs)),
		byName:     make(map[string]*Organization, len(orgs)),
		byPlace:    make(map[string][]*Organization),
		byKind:     make(map[OrgKind][]*Organization),
		competence: competence,
	}
	for i := range orgs {
		o := &orgs[i]
		d.byCode[o.Code] = o
		d.byKind[o.Kind] = append(d.byKind[o.Kind], o)
		if o.Place != "" {
			d.byPlace[o.Place] = append(d.byPlace[o.Place], o)
		}
		if o.Parent == "" {
			d.root = o.Code
		}
	}
	for i := range orgs { // once the county's own name is known
		key := d.nameKey(orgs[i].Name)
		if _, taken := d.byName[key]; taken {
			d.byName[key] = nil
		} else {
			d.byName[key] = &orgs[i]
		}
	}
	return d
}

// Root is the county's own code.
func (d *Directory) Root() string { return d.root }

// Serves reports whether some organisation serves exactly this place.
func (d *Directory) Serves(place string) bool { return len(d.byPlace[place]) > 0 }

// Get finds an organisation by its code, nil when unknown.
func (d *Directory) Get(code string) *Organization { return d.byCode[code] }

// Named finds the one organisation that people mean by a name, nil when there
// is none or there are several: 底阁镇人民政府 is 底阁镇.
func (d *Directory) Named(name string) *Organization { return d.byName[d.nameKey(name)] }

// authorities are what people put behind a place's name when they mean those
// who govern it, and what is left of it.
var authorities = [][2]string{
	{"村民委员会", "村"}, {"村委会", "村"}, {"居民委员会", ""}, {"居委会", ""},
	{"人民政府", ""}, {"街道办事处", "街道"}, {"办事处", ""}, {"政府", ""},
}

// nameKey is a name as everybody would write it: without spaces, without the
// county in front, and without the word for those who govern a place.
func (d *Directory) nameKey(name string) string {
	name = strings.Join(strings.Fields(HalfWidth(name)), "")
	if root := d.byCode[d.root]; root != nil {
		if _, rest, found := strings.Cut(name, root.Name); found && rest != "" {
			name = rest
		}
	}
	for _, a := range authorities {
		if short, found := strings.CutSuffix(name, a[0]); found && short != "" {
			name = strings.Replace(short+a[1], "村村", "村", 1)
			break
		}
	}
	return name
}

// OfKind lists the organisations of a kind, in code order as given.
func (d *Directory) OfKind(k OrgKind) []*Organization { return d.byKind[k] }

// At finds the organisation of a kind that serves a place on a day: the
// place's own, else that of the next larger division.
func (d *Directory) At(kind OrgKind, place string, day Date) *Organization {
	for place != "" {
		for _, o := range d.byPlace[place] {
			if o.Kind == kind && o.Active(day) {
				return o
			}
		}
		place = ParentPlace(place)
	}
	return nil
}

// ByFunction finds the active organisation of a kind with a function.
func (d *Directory) ByFunction(kind OrgKind, function string, day Date) *Organization {
	for _, o := range d.byKind[kind] {
		if o.Function == function && o.Active(day) {
			return o
		}
	}
	return nil
}

// Competent finds the unit competent for a category, by the longest prefix
// that the county has assigned: a department, else the police, the justice
// bureau or the court; nil when none is.
func (d *Directory) Competent(category string, day Date) *Organization {
	for n := len(category); n >= 2; n -= 2 {
		f, ok := d.competence[category[:n]]
		if !ok {
			continue
		}
		for _, kind := range []OrgKind{OrgDepartment, OrgPublicSecurity, OrgJusticeBureau, OrgCourt} {
			if o := d.ByFunction(kind, f, day); o != nil {
				return o
			}
		}
		return nil
	}
	return nil
}

// Within reports whether an organisation is another one or lies below it.
func (d *Directory) Within(code, ancestor string) bool {
	for o := d.byCode[code]; o != nil; o = d.byCode[o.Parent] {
		if o.Code == ancestor {
			return true
		}
	}
	return false
}

// Unit is the organisation that figures are kept by: the township, or the
// county body, that an organisation belongs to.
func (d *Directory) Unit(code string) string {
	for o := d.byCode[code]; o != nil; o = d.byCode[o.Parent] {
		if o.Kind == OrgTownship || o.Parent == d.root || o.Parent == "" {
			return o.Code
		}
	}
	return code
}

// Shares reports whether two organisations are the same or one lies below the
// other: the test for "never handles its own complaint".
func (d *Directory) Shares(a, b string) bool { return d.Within(a, b) || d.Within(b, a) }

// ParentPlace is the next larger division of a GB/T 2260 (6), GB/T 10114 (9)
// or statistical village (12 digits) code; "" above the county.
func ParentPlace(code string) string {
	switch {
	case len(code) > 12: // grid
		return code[:12]
	case len(code) > 9:
		return code[:9]
	case len(code) > 6:
		return code[:6]
	default:
		return ""
	}
}

// TownshipOf is the nine-digit township part of a place code, "" for a code
// that names only the county.
func TownshipOf(place string) string {
	if len(place) < 9 {
		return ""
	}
	return place[:9]
}

// OrgPath builds the materialised path of an organisation below its parent.
func OrgPath(parentPath, code string) string {
	return strings.TrimSuffix(parentPath, "/") + "/" + code + "/"
}
