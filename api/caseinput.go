package api

import (
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sudi/domain"
	"sudi/workflow"
)

// The vocabularies of the domain, as types whose schema lists their words.
type (
	flagName    string
	channelName string
	partyRole   string
	reasonName  string
)

var partyRoles = []domain.PartyRole{domain.PartyApplicant, domain.PartyRespondent, domain.PartyRepresentative, domain.PartyThird}

// Schema lists the flags.
func (flagName) Schema(huma.Registry) *huma.Schema { return enum(domain.Flags) }

// Schema lists the channels.
func (channelName) Schema(huma.Registry) *huma.Schema { return enum(domain.Channels) }

// Schema lists the roles of parties.
func (partyRole) Schema(huma.Registry) *huma.Schema { return enum(partyRoles) }

// Schema lists the reasons.
func (reasonName) Schema(huma.Registry) *huma.Schema { return enum(domain.Reasons) }

// Schema lists the kinds.
func (chainKind) Schema(huma.Registry) *huma.Schema { return enum(chainKinds) }

func enum[T ~string](words []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	s.PrecomputeMessages()
	return s
}

// fieldValues are the values that an action is given, by name.
type fieldValues map[string]any

// caseBody is a new case. What its values may be is the engine's to say; here
// stand only their types.
type caseBody struct {
	Procedure  string      `json:"procedure" doc:"Name of a procedure: appeal, petition, mediation"`
	Class      string      `json:"class,omitempty" doc:"One of the procedure's classes"`
	Category   string      `json:"category,omitempty" doc:"Code of the three-level list"`
	Title      string      `json:"title"`
	Statement  string      `json:"statement,omitempty"`
	Place      string      `json:"place,omitempty" doc:"Division code: county, township, village or grid"`
	Lng        *float64    `json:"lng,omitempty"`
	Lat        *float64    `json:"lat,omitempty"`
	Channel    channelName `json:"channel,omitempty" doc:"How it came in; window when left out"`
	Amount     int64       `json:"amount,omitempty" doc:"In dispute, fen"`
	Persons    int         `json:"persons,omitempty" doc:"Petitioners; as many as are named when left out"`
	Flags      []flagName  `json:"flags,omitempty"`
	Parties    []partyBody `json:"parties,omitempty"`
	ReceivedAt *time.Time  `json:"received_at,omitempty" doc:"Now when left out"`
	Fields     fieldValues `json:"fields,omitempty" doc:"What the procedure asks for at registration"`
	Note       string      `json:"note,omitempty" maxLength:"20000"`
	Repeats    string      `json:"repeats,omitempty" doc:"Id of the earlier case that it repeats"`
	Derived    string      `json:"derived_from,omitempty" doc:"Id of the case that it comes out of"`
}

// partyBody is a party as it is told.
type partyBody struct {
	Role           partyRole `json:"role,omitempty" doc:"applicant when left out"`
	Organization   bool      `json:"organization,omitempty" doc:"A legal person"`
	OrgCode        string    `json:"org_code,omitempty" doc:"When it is one of the county's own organisations"`
	Name           string    `json:"name"`
	Phone          string    `json:"phone,omitempty"`
	IdentityNumber string    `json:"identity_number,omitempty"`
	Address        string    `json:"address,omitempty"`
}

func (b *caseBody) intake() workflow.Intake {
	in := workflow.Intake{
		Procedure: b.Procedure, Class: b.Class, Category: b.Category, Title: b.Title, Statement: b.Statement,
		Place: b.Place, Lng: b.Lng, Lat: b.Lat, Channel: domain.Channel(b.Channel), Amount: b.Amount,
		Persons: b.Persons, Flags: words[domain.Flag](b.Flags), Parties: parties(b.Parties),
		Fields: domain.Fields(b.Fields), Note: b.Note, Repeats: strings.ToLower(b.Repeats), DerivedFrom: strings.ToLower(b.Derived),
	}
	if b.ReceivedAt != nil {
		in.ReceivedAt = *b.ReceivedAt
	}
	return in
}

// patchBody corrects a case; what is left out stays as it is.
type patchBody struct {
	Title     *string      `json:"title,omitempty"`
	Statement *string      `json:"statement,omitempty"`
	Class     *string      `json:"class,omitempty"`
	Category  *string      `json:"category,omitempty"`
	Place     *string      `json:"place,omitempty"`
	Amount    *int64       `json:"amount,omitempty" doc:"In dispute, fen"`
	Persons   *int         `json:"persons,omitempty"`
	Flags     *[]flagName  `json:"flags,omitempty"`
	Parties   *[]partyBody `json:"parties,omitempty" doc:"All parties: they replace those there were"`
}

func (b *patchBody) patch() workflow.Patch {
	p := workflow.Patch{
		Title: b.Title, Statement: b.Statement, Class: b.Class, Category: b.Category, Place: b.Place,
		Amount: b.Amount, Persons: b.Persons,
	}
	if b.Flags != nil {
		flags := words[domain.Flag](*b.Flags)
		p.Flags = &flags
	}
	if b.Parties != nil {
		list := parties(*b.Parties)
		p.Parties = &list
	}
	return p
}

// empty reports whether the patch corrects nothing.
func (b *patchBody) empty() bool { return *b == patchBody{} }

// actionBody is what an action is given.
type actionBody struct {
	Fields fieldValues `json:"fields,omitempty" doc:"Values of the fields that the action asks for"`
	Note   string      `json:"note,omitempty" maxLength:"20000"`
}

func parties(bodies []partyBody) []domain.Party {
	list := make([]domain.Party, len(bodies))
	for i, b := range bodies {
		list[i] = domain.Party{
			Role: domain.PartyRole(b.Role), Organization: b.Organization, OrgCode: b.OrgCode,
			Name: b.Name, Phone: b.Phone, IdentityNumber: b.IdentityNumber, Address: b.Address,
		}
	}
	return list
}

// words turns a list of words into another type.
func words[B, A ~string](list []A) []B {
	out := make([]B, len(list))
	for i, w := range list {
		out[i] = B(w)
	}
	return out
}
