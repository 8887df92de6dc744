// Package domain holds the county's vocabulary and its rules without I/O: cases,
// parties, organisations, history, time limits, the calendar and the
// indicators. It imports nothing but the standard library.
package domain

import "slices"

// Role is what a person (or part of Sudi) may do, on the cases of its
// organisation.
type Role string

// The roles of staff, then those that no account can hold.
const (
	RoleClerk           Role = "clerk"           // 综合窗口: registers, gives receipts
	RoleHandler         Role = "handler"         // 承办人: handles what its unit accepted
	RoleMediator        Role = "mediator"        // 调解员
	RoleCommitteeHead   Role = "committee_head"  // 调委会主任
	RoleCourtLiaison    Role = "court_liaison"   // 法院诉调对接员
	RoleReconsideration Role = "reconsideration" // 复议应诉工作人员
	RoleSupervisor      Role = "supervisor"      // 信访局督办: assigns, decides hand-backs
	RoleLeader          Role = "leader"          // 领导: figures and masked cases
	RoleAuditor         Role = "auditor"         // 审计
	RoleSecurity        Role = "security"        // 安全管理员: roles, sessions, letting in again
	RoleAdmin           Role = "admin"           // 系统管理员

	RoleCitizen Role = "citizen" // the applicant, through the citizens' page or a paper that staff enter
	RoleRouter  Role = "router"  // chooses the first desk
	RoleClock   Role = "clock"   // acts when a time limit passes
)

// StaffRoles are the roles that an account can hold.
var StaffRoles = []Role{
	RoleClerk, RoleHandler, RoleMediator, RoleCommitteeHead, RoleCourtLiaison,
	RoleReconsideration, RoleSupervisor, RoleLeader, RoleAuditor, RoleSecurity, RoleAdmin,
}

// Staff reports whether an account can hold the role.
func (r Role) Staff() bool { return slices.Contains(StaffRoles, r) }

// Administrator reports whether a role runs the system, or watches who does, and
// has no part in the work on cases. There are three, so that nobody both holds a
// right and grants or watches it (三员分立, GB/T 22239-2019 8.1.5).
func (r Role) Administrator() bool { return r == RoleAdmin || r == RoleSecurity || r == RoleAuditor }

// Actor is who acts: a signed-in user, a citizen, or a part of Sudi.
type Actor struct {
	ID   string // user id; "router", "clock", "citizen", "import:<job>" for those without an account
	Name string
	Role Role
	Org  string // organisation code; "" for the system's own actors
}

// System reports whether the actor is a part of Sudi, which no organisation
// scope binds.
func (a Actor) System() bool { return a.Role == RoleRouter || a.Role == RoleClock }

// Staff reports whether the actor is neither a part of Sudi nor a citizen.
func (a Actor) Staff() bool { return !a.System() && a.Role != RoleCitizen }

// The system's own actors.
var (
	Router = Actor{ID: "router", Name: "router", Role: RoleRouter}
	Clock  = Actor{ID: "clock", Name: "clock", Role: RoleClock}
)

// Citizen is the applicant who acts by himself, without an account.
var Citizen = Actor{ID: "citizen", Name: "citizen", Role: RoleCitizen}
