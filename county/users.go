package county

import (
	"slices"

	"github.com/google/uuid"

	"sudi/domain"
)

// rolesOf are the accounts that a body of a kind has. Who works for a body of
// another kind has his account at the next one above that has the role.
var rolesOf = map[domain.OrgKind][]domain.Role{
	domain.OrgCounty:            {domain.RoleClerk, domain.RoleHandler, domain.RoleMediator, domain.RoleCommitteeHead, domain.RoleReconsideration},
	domain.OrgTownship:          {domain.RoleClerk, domain.RoleHandler, domain.RoleMediator, domain.RoleCommitteeHead},
	domain.OrgPoliceStation:     {domain.RoleHandler},
	domain.OrgIndustryCommittee: {domain.RoleMediator, domain.RoleCommitteeHead},
	domain.OrgCitizensCentre:    {domain.RoleClerk, domain.RoleHandler},
	domain.OrgPetitionBureau:    {domain.RoleClerk, domain.RoleHandler, domain.RoleSupervisor},
	domain.OrgDepartment:        {domain.RoleClerk, domain.RoleHandler},
	domain.OrgPublicSecurity:    {domain.RoleHandler},
	domain.OrgJusticeBureau:     {domain.RoleHandler, domain.RoleReconsideration},
	domain.OrgCourt:             {domain.RoleHandler, domain.RoleCourtLiaison},
	domain.OrgServiceCentre:     {domain.RoleClerk, domain.RoleMediator},
}

// countyRoles have one account each, named after the role alone.
var countyRoles = []domain.Role{domain.RoleSupervisor, domain.RoleLeader, domain.RoleAuditor, domain.RoleSecurity, domain.RoleAdmin}

// Users are the model county's accounts, without passwords: <role>-<code> for
// the county, every township, police station and county body, and supervisor,
// leader, auditor, security and admin.
func Users() []domain.User {
	d := Directory()
	var users []domain.User
	for _, role := range countyRoles {
		users = append(users, account(string(role), role, d.Get(d.Root())))
	}
	for _, o := range Organizations() {
		for _, role := range rolesOf[o.Kind] {
			users = append(users, account(string(role)+"-"+o.Code, role, &o))
		}
	}
	return users
}

func account(username string, role domain.Role, o *domain.Organization) domain.User {
	return domain.User{ID: userID(username), Username: username, Name: o.Name + roleTitles[role], Role: role, Org: o.Code}
}

// userID is the same for the same account in every installation of the model.
func userID(username string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("sudi/county/"+username)).String()
}

var roleTitles = map[domain.Role]string{
	domain.RoleClerk: "窗口", domain.RoleHandler: "承办人", domain.RoleMediator: "调解员",
	domain.RoleCommitteeHead: "调委会主任", domain.RoleCourtLiaison: "诉调联络员",
	domain.RoleReconsideration: "复议员", domain.RoleSupervisor: "督办员",
	domain.RoleLeader: "领导", domain.RoleAuditor: "审计员", domain.RoleSecurity: "安全管理员", domain.RoleAdmin: "管理员",
}

// staff is whoever works in a role for an organisation: its own account, else
// the nearest one above it.
func staff(role domain.Role, code string, d *domain.Directory) domain.Actor {
	for o := d.Get(code); o != nil; o = d.Get(o.Parent) {
		username := string(role) + "-" + o.Code
		switch {
		case slices.Contains(rolesOf[o.Kind], role):
		case o.Code == d.Root() && slices.Contains(countyRoles, role):
			username = string(role)
		default:
			continue
		}
		u := account(username, role, o)
		return u.Actor()
	}
	panic("county: nobody is " + string(role) + " for " + code)
}
