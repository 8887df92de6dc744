package domain

import "slices"

// departmentKinds are the kinds of body that state figures; offices of
// townships and committees with the same function do not.
var departmentKinds = []OrgKind{OrgDepartment, OrgPublicSecurity, OrgJusticeBureau, OrgCourt, OrgPetitionBureau}

// Functional finds the county's body for a function on a day, nil when there
// is none.
func (d *Directory) Functional(function string, day Date) *Organization {
	for _, kind := range departmentKinds {
		if o := d.ByFunction(kind, function, day); o != nil {
			return o
		}
	}
	return nil
}

// States reports whether an organisation is one that states figures.
func (o *Organization) States() bool { return slices.Contains(departmentKinds, o.Kind) }
