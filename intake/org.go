package intake

import (
	"strings"

	"sudi/domain"
)

// resolve finds an organisation by its code or by what it is, "kind" or "kind
// function": "citizens_centre", "department housing". A kind with several
// organisations means the one that serves the place. "" when there is none.
func resolve(d *domain.Directory, name, place string, day domain.Date) string {
	name = strings.TrimSpace(name)
	if o := d.Get(name); o != nil {
		return o.Code
	}
	kind, function, _ := strings.Cut(name, " ")
	if kind == string(domain.OrgCounty) || name == "" {
		return d.Root()
	}
	if function != "" {
		return codeOf(d.ByFunction(domain.OrgKind(kind), strings.TrimSpace(function), orToday(d, day)))
	}
	if place != "" {
		if o := d.At(domain.OrgKind(kind), place, day); o != nil {
			return o.Code
		}
	}
	if all := d.OfKind(domain.OrgKind(kind)); len(all) == 1 || place == "" && len(all) > 0 && day.IsZero() {
		return all[0].Code
	}
	return ""
}

// orToday gives a day on which the county's bodies exist when none is asked
// about: a mapping is checked before any row is known.
func orToday(d *domain.Directory, day domain.Date) domain.Date {
	if root := d.Get(d.Root()); day.IsZero() && root != nil {
		if root.ValidTo != nil {
			return *root.ValidTo
		}
		return domain.NewDate(2100, 1, 1)
	}
	return day
}

func codeOf(o *domain.Organization) string {
	if o == nil {
		return ""
	}
	return o.Code
}
