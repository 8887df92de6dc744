package domain

import (
	"slices"
	"time"
)

// Channel is how a case reached the county.
type Channel string

// The channels.
const (
	ChannelWindow   Channel = "window"   // 窗口
	ChannelOnline   Channel = "online"   // 网上
	ChannelHotline  Channel = "hotline"  // 热线
	ChannelLetter   Channel = "letter"   // 来信
	ChannelMailbox  Channel = "mailbox"  // 领导信箱
	ChannelAssigned Channel = "assigned" // 上级交办
	ChannelPolice   Channel = "police"   // 公安移送
	ChannelCourt    Channel = "court"    // 法院委派
	ChannelPatrol   Channel = "patrol"   // 网格巡查
)

// Channels lists every channel.
var Channels = []Channel{
	ChannelWindow, ChannelOnline, ChannelHotline, ChannelLetter, ChannelMailbox,
	ChannelAssigned, ChannelPolice, ChannelCourt, ChannelPatrol,
}

// Flag marks a case for routes, limits and figures.
type Flag string

// The flags.
const (
	FlagCollective   Flag = "collective"   // 集体: five persons or more
	FlagRepeat       Flag = "repeat"       // 重复
	FlagUrgent       Flag = "urgent"       // 紧急: water, power, danger
	FlagRisk         Flag = "risk"         // 风险: self-harm, violence, gathering
	FlagBacklog      Flag = "backlog"      // 积案: over five years
	FlagFourKey      Flag = "four_key"     // 四个重点
	FlagEnterprise   Flag = "enterprise"   // 涉企
	FlagFinancial    Flag = "financial"    // 金融债务
	FlagConfidential Flag = "confidential" // 要求保密
	FlagSupervised   Flag = "supervised"   // 督办
	FlagSimplified   Flag = "simplified"   // 简易办理
)

// Flags lists every flag.
var Flags = []Flag{
	FlagCollective, FlagRepeat, FlagUrgent, FlagRisk, FlagBacklog, FlagFourKey,
	FlagEnterprise, FlagFinancial, FlagConfidential, FlagSupervised, FlagSimplified,
}

// Disposition is what a state means for the figures; every state of every
// procedure has one.
type Disposition string

// The dispositions.
const (
	Pending     Disposition = "pending"      // registered, nobody has accepted it yet
	Active      Disposition = "active"       // accepted and being handled
	Concluded   Disposition = "concluded"    // answered: replied, opinion served, closed
	Succeeded   Disposition = "succeeded"    // an agreement is in effect
	Failed      Disposition = "failed"       // mediation ended without agreement
	NotAccepted Disposition = "not_accepted" // 不予受理, 导入法定途径
	Withdrawn   Disposition = "withdrawn"    // by the applicant
	Merged      Disposition = "merged"       // counted with its master case
	Terminated  Disposition = "terminated"   // ended without an answer
)

// Dispositions lists every disposition.
var Dispositions = []Disposition{
	Pending, Active, Concluded, Succeeded, Failed, NotAccepted, Withdrawn, Merged, Terminated,
}

// Satisfaction is the applicant's last answer; "" means not asked or not
// answered and is never read as satisfied.
type Satisfaction string

// The answers.
const (
	Satisfied          Satisfaction = "satisfied"           // 满意
	BasicallySatisfied Satisfaction = "basically_satisfied" // 基本满意
	Dissatisfied       Satisfaction = "dissatisfied"        // 不满意
)

// Satisfactions lists every answer, the best first.
var Satisfactions = []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}

// Case is one citizen's problem in one procedure. GORM maps it as it stands;
// all but its texts is the fold of its history.
type Case struct {
	ID               string         `json:"id" gorm:"primaryKey;type:uuid"`
	Matter           string         `json:"matter" gorm:"type:uuid"`   // the problem, shared by the cases derived from one another
	Number           string         `json:"number,omitempty" fold:"-"` // gapless per registering organisation, procedure and year; the store allots it
	Procedure        string         `json:"procedure"`
	ProcedureVersion int            `json:"procedure_version"`
	Regime           string         `json:"regime,omitempty"` // the law in force when it was received: "P05"
	Class            string         `json:"class,omitempty"`  // the procedure's own kinds: "consultation", "accusation"
	Category         string         `json:"category,omitempty"`
	Title            string         `json:"title" fold:"-"`
	Statement        string         `json:"statement" fold:"-"`
	Place            string         `json:"place,omitempty"`    // division code, county to grid
	Township         string         `json:"township,omitempty"` // nine-digit part of Place
	Lng              *float64       `json:"lng,omitempty"`
	Lat              *float64       `json:"lat,omitempty"`
	Channel          Channel        `json:"channel"`
	Amount           int64          `json:"amount,omitempty"`  // in dispute, fen
	Settled          int64          `json:"settled,omitempty"` // agreed, fen
	Persons          int            `json:"persons"`           // petitioners; 1 unless collective
	Flags            []Flag         `json:"flags" gorm:"serializer:json;not null"`
	RegisteredBy     string         `json:"registered_by"`                                      // organisation that registered it; numbers are its own
	Owner            string         `json:"owner"`                                              // organisation responsible now (首接负责)
	Desk             string         `json:"desk"`                                               // organisation whose turn it is
	Unit             string         `json:"unit"`                                               // township or county body of Owner, by which figures are kept
	Partners         []string       `json:"partners,omitempty" gorm:"serializer:json;not null"` // organisations that help (协办) or were alerted: they see the case
	Handler          string         `json:"handler,omitempty"`                                  // user id
	ConcludedBy      string         `json:"concluded_by,omitempty"`                             // id of the user who gave the result, "" when nobody of staff did
	State            string         `json:"state"`
	HeldFrom         string         `json:"held_from,omitempty"` // state that a held (merged) case goes back to
	Disposition      Disposition    `json:"disposition"`
	Outcome          string         `json:"outcome,omitempty"`  // the procedure's own result codes
	Resolved         *bool          `json:"resolved,omitempty"` // the applicant's answer at follow-up
	Satisfaction     Satisfaction   `json:"satisfaction,omitempty"`
	MergedInto       *string        `json:"merged_into,omitempty" gorm:"type:uuid"`
	Repeats          *string        `json:"repeats,omitempty" gorm:"type:uuid"` // the earlier case of the same matter, when this is a repeat
	DerivedFrom      *string        `json:"derived_from,omitempty" gorm:"type:uuid"`
	Source           string         `json:"source,omitempty"`                                 // "import:<job>:<row>", "demo"; "" when people entered it
	Counts           map[string]int `json:"counts,omitempty" gorm:"serializer:json;not null"` // how often each limited action was taken
	ReceivedAt       time.Time      `json:"received_at"`
	AcceptedAt       *time.Time     `json:"accepted_at,omitempty"`
	ConcludedAt      *time.Time     `json:"concluded_at,omitempty"` // reply, opinion, agreement's effect, or failure
	ClosedAt         *time.Time     `json:"closed_at,omitempty"`    // nothing more to do
	EvaluatedAt      *time.Time     `json:"evaluated_at,omitempty"`
	RespondDue       *time.Time     `json:"respond_due,omitempty"` // by when each Duty is or was due; nil when it is not owed
	RespondMet       *bool          `json:"respond_met,omitempty"` // whether it was done in time; nil while there is time left
	AcceptDue        *time.Time     `json:"accept_due,omitempty"`
	AcceptMet        *bool          `json:"accept_met,omitempty"`
	ConcludeDue      *time.Time     `json:"conclude_due,omitempty"`
	ConcludeMet      *bool          `json:"conclude_met,omitempty"`
	PerformDue       *time.Time     `json:"perform_due,omitempty"`
	PerformMet       *bool          `json:"perform_met,omitempty"`
	PausedDays       int            `json:"paused_days,omitempty"` // natural days since acceptance on which the time to conclude stood still
	ReturnedAt       *time.Time     `json:"returned_at,omitempty"` // receipt of the first repeat after the conclusion
	ReturnedBy       *string        `json:"returned_by,omitempty" gorm:"type:uuid"`
	UpdatedAt        time.Time      `json:"updated_at"`
	Version          int            `json:"version"` // number of history entries; the ETag
}

// TableName is the SQL table.
func (Case) TableName() string { return "cases" }

// ClassAccusation is the class of a petition that accuses somebody (检举控告).
const ClassAccusation = "accusation"

// Restricted reports whether the case is sealed: in no list, search or figure,
// and there only for who has it. The column cases.restricted says the same.
func (c *Case) Restricted() bool { return c.Procedure == "petition" && c.Class == ClassAccusation }

// Has reports whether the case carries a flag.
func (c *Case) Has(f Flag) bool { return slices.Contains(c.Flags, f) }

// Clone copies the case so that changing the copy leaves the original alone.
func (c *Case) Clone() Case {
	d := *c
	d.Flags = slices.Clone(c.Flags)
	d.Partners = slices.Clone(c.Partners)
	d.Counts = make(map[string]int, len(c.Counts)+1)
	for k, v := range c.Counts {
		d.Counts[k] = v
	}
	return d
}

// PartyRole is what a party is in a case.
type PartyRole string

// The roles of parties.
const (
	PartyApplicant      PartyRole = "applicant"
	PartyRespondent     PartyRole = "respondent"
	PartyRepresentative PartyRole = "representative" // of a collective: at most five (信访工作条例 art. 20)
	PartyThird          PartyRole = "third_party"
)

// Party is a person or organisation in a case. Unverified identities are kept
// as such and never block registration.
type Party struct {
	CaseID         string    `json:"-" gorm:"primaryKey;type:uuid"`
	Seq            int       `json:"seq" gorm:"primaryKey;autoIncrement:false"`
	Role           PartyRole `json:"role"`
	Organization   bool      `json:"organization"`       // a legal person, not a natural one
	OrgCode        string    `json:"org_code,omitempty"` // when it is one of the county's own organisations: it never handles the case
	Name           string    `json:"name"`
	Phone          string    `json:"phone,omitempty"`
	IdentityNumber string    `json:"identity_number,omitempty"`
	Address        string    `json:"address,omitempty"`
}

// TableName is the SQL table.
func (Party) TableName() string { return "parties" }

// File is a case with what a decision about it needs.
type File struct {
	Case      Case
	Parties   []Party
	Deadlines []Deadline // every clock of the case, current values
	Derived   []Case     // cases that were opened out of this one, oldest first
	Repeats   []Repeat   // of this case, and of those again, oldest first
}

// Complained lists the county's organisations that the case is against.
func (f *File) Complained() []string {
	var codes []string
	for i := range f.Parties {
		if f.Parties[i].Role == PartyRespondent && f.Parties[i].OrgCode != "" {
			codes = append(codes, f.Parties[i].OrgCode)
		}
	}
	return codes
}
