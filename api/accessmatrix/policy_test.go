package accessmatrix

import "strings"

// The roles, in short groups. Everything below is the policy, written down by
// hand; docs/access.md is made from it.
const (
	workers = "clerk handler mediator committee_head court_liaison reconsideration supervisor"
	lookers = "leader auditor"
	mayRead = workers + " " + lookers
	admins  = "security admin"
	anyRole = mayRead + " " + admins
	public  = "public" // without an account
)

// kind is what a route answers about.
type kind string

const (
	aCase     kind = "one case"     // named in the path: a case that is not his to see is not found
	manyCases kind = "cases"        // those that are his to see, and no others
	figures   kind = "figures"      // counts of his organisation and all below it
	wholeYear kind = "annual"       // for those who may see the whole county's figures
	reference kind = "reference"    // the same for everybody who is let in
	himself   kind = "himself"      // about the account itself
	byLink    kind = "link"         // about the case of a link that was given out
	openToAll kind = "no case data" // nothing that is of anybody
)

// rule is the row of a route.
type rule struct {
	route string
	roles string
	about kind
	says  string
}

// rules say who may call which route. What a role may do with a case that it
// sees is the procedure's to say (docs/procedures).
var rules = []rule{
	{"GET /", public, openToAll, "leads to the documentation"},
	{"GET /docs", public, openToAll, "documentation"},
	{"GET /api/v1/openapi.json", public, openToAll, "the contract"},
	{"GET /healthz", public, openToAll, "is it alive"},
	{"GET /readyz", public, openToAll, "can it serve"},
	{"GET /metrics", public, openToAll, "measurements of the program"},
	{"POST /api/v1/sessions", public, himself, "sign in"},
	{"POST /api/v1/sessions/second-factor", public, himself, "go on signing in, with a code"},
	{"GET /api/v1/sessions/provider", public, himself, "begin to sign in by the identity provider"},
	{"GET /api/v1/sessions/provider/callback", public, himself, "come back from the identity provider, in the browser that began"},
	{"GET /api/v1/public/evaluations/:token", public, byLink, "what a link asks about: number, organisation and days, no person"},
	{"POST /api/v1/public/evaluations/:token", public, byLink, "rate a case by a link, once"},

	{"DELETE /api/v1/sessions/current", anyRole, himself, "sign out"},
	{"GET /api/v1/me", anyRole, himself, "who is signed in"},
	{"GET /api/v1/sessions", anyRole, himself, "one's own sessions"},
	{"DELETE /api/v1/sessions/:session", anyRole, himself, "end one of them"},
	{"POST /api/v1/me/password", anyRole, himself, "change one's password, with the old one"},
	{"POST /api/v1/me/second-factor", anyRole, himself, "begin a second factor, with the password"},
	{"POST /api/v1/me/second-factor/confirm", anyRole, himself, "make it count, with a code"},
	{"POST /api/v1/me/second-factor/remove", anyRole, himself, "give it up, with the password and a code"},
	{"GET /api/v1/users", workers, reference, "colleagues at or below one's own organisation"},

	{"GET /api/v1/cases", mayRead, manyCases, "lists, searches, the cases behind a figure"},
	{"POST /api/v1/cases", workers, manyCases, "register a case; it may be tied only to a case that one sees"},
	{"GET /api/v1/similar", workers, manyCases, "likely repeats"},
	{"GET /api/v1/worklist", mayRead, manyCases, "what waits"},
	{"GET /api/v1/ledgers/:file", mayRead, manyCases, "ledgers as workbooks"},

	{"GET /api/v1/cases/:id", mayRead, aCase, "read"},
	{"PATCH /api/v1/cases/:id", workers, aCase, "correct what was written down"},
	{"GET /api/v1/cases/:id/actions", mayRead, aCase, "what one may do now"},
	{"POST /api/v1/cases/:id/actions/:action", workers + " leader", aCase, "act"},
	{"GET /api/v1/cases/:id/history", mayRead, aCase, "history"},
	{"GET /api/v1/cases/:id/deadlines", mayRead, aCase, "time limits"},
	{"GET /api/v1/cases/:id/links", mayRead, aCase, "ties to other cases"},
	{"GET /api/v1/cases/:id/chain", mayRead, aCase, "the matter as one story"},
	{"POST /api/v1/cases/:id/parties/:seq/reveal", mayRead, aCase, "see one masked field, with a reason, some times a day; recorded first"},
	{"POST /api/v1/cases/:id/invitations", "clerk supervisor leader", aCase, "make a link for the applicant to rate by"},

	{"GET /api/v1/figures", anyRole, figures, "figures"},
	{"GET /api/v1/figures/backlog", anyRole, figures, "how old the open cases are"},

	{"GET /api/v1/reports/annual/:year", anyRole, wholeYear, "the annual report"},
	{"GET /api/v1/reports/annual/:year/pending", anyRole, wholeYear, "what the next revision would change, with the cases"},
	{"GET /api/v1/reports/annual/:year/document/:form", anyRole, wholeYear, "the annual report as a document"},
	{"GET /api/v1/reports/annual/:year/publications", anyRole, wholeYear, "what was published"},
	{"GET /api/v1/reports/annual/:year/publications/:revision", anyRole, wholeYear, "a publication, to the letter; refused to who may not see a case that it names"},
	{"GET /api/v1/audit", "auditor", reference, "who wrote, read or was refused what; reading it is recorded"},
	{"POST /api/v1/reports/annual/:year/freeze", "supervisor leader admin", wholeYear, "publish"},
	{"GET /api/v1/reports/annual/:year/attested", anyRole, reference, "what departments state, printed in a public report: on purpose for every account"},
	{"GET /api/v1/reports/annual/:year/attested/:code", anyRole, reference, "one such statement"},
	{"PUT /api/v1/reports/annual/:year/attested/:code", workers + " admin", reference, "state a figure, for one's own department"},

	{"GET /api/v1/accounts", admins, reference, "all accounts"},
	{"POST /api/v1/accounts", "admin", reference, "make an account; it is shut out until it is let in by a security administrator"},
	{"PATCH /api/v1/accounts/:id", admins, reference, "name and password: the system's administrator; role, organisation and letting in: security's"},
	{"POST /api/v1/accounts/:id/unlock", "security", reference, "let an account try again at once"},
	{"GET /api/v1/accounts/:id/sessions", "security", reference, "another account's sessions"},
	{"DELETE /api/v1/accounts/:id/sessions", "security", reference, "end all of them"},
	{"DELETE /api/v1/accounts/:id/sessions/:session", "security", reference, "end one of them"},
	{"DELETE /api/v1/accounts/:id/second-factor", "security", reference, "take away the second factor of somebody who has lost it"},

	{"GET /api/v1/organizations", anyRole, reference, "the organisation tree"},
	{"GET /api/v1/categories", anyRole, reference, "the category list"},
	{"GET /api/v1/indicators", anyRole, reference, "what each figure counts"},
	{"GET /api/v1/calendar/:year", anyRole, reference, "working days"},
	{"GET /api/v1/procedures", anyRole, reference, "the procedures"},
	{"GET /api/v1/procedures/:name", anyRole, reference, "a procedure"},
}

// relation is what a case is to a reader's organisation.
type relation string

const (
	own        relation = "own"
	below      relation = "below"
	handedOver relation = "handed over"
	handedAway relation = "handed away"
	helps      relation = "helps"
	above      relation = "above"
	sibling    relation = "sibling"
	none       relation = "none"
	traced     relation = "traced"
	against    relation = "against"
)

// relations say in which relation an organisation's people see a case.
var relations = []struct {
	name   relation
	seen   bool
	sealed bool // whether who works on cases sees it when it is an accusation; nobody else does
	whole  bool // whether who works on cases sees it whole when it is confidential, and not masked
	watch  bool // whether a supervisor of the petition bureau sees it
	says   string
}{
	{own, true, true, true, true, "it registered the case, answers for it or has it on its desk"},
	{handedOver, true, true, true, true, "another registered it, and it was handed over here"},
	{handedAway, true, false, true, true, "it registered the case, and another answers for it now"},
	{below, true, false, false, true, "an organisation below it does"},
	{helps, true, false, false, true, "it was asked to help, or was told"},
	{above, false, false, false, true, "only an organisation above it has the case"},
	{sibling, false, false, false, true, "an organisation beside it has the case"},
	{none, false, false, false, true, "neither it nor anybody above, below or beside it has the case"},
	{traced, false, false, false, true, "the case came out of one that it registered or answers for: the chain of that one tells its number and where it stands, and no word of it"},
	{against, false, false, false, false, "the case complains of it, or of an organisation that it is a part of; the county itself is never kept from a case"},
}

// The organisations whose people read.
var readers = []string{"county", "bureau", "town", "village", "station", "other", "housing", "court", "police"}

// placements are the cases of the test county and what each is to whom. The
// columns behind the name are who registers it, to whom it is handed over, who
// helps, and of whom it complains.
var placements = parsePlacements(`
name            registers to    helps against | county      bureau      town        village     station     other       housing     court       police
county          county    -     -     -       | own         above       above       above       above       above       above       above       above
bureau          bureau    -     -     -       | below       own         none        none        none        none        sibling     sibling     sibling
town            town      -     -     -       | below       sibling     own         above       above       sibling     sibling     sibling     sibling
village         village   -     -     -       | below       none        below       own         sibling     none        none        none        none
station         station   -     -     -       | below       none        below       sibling     own         none        none        none        none
other           other     -     -     -       | below       sibling     sibling     none        none        own         sibling     sibling     sibling
housing         housing   -     -     -       | below       sibling     sibling     none        none        sibling     own         sibling     sibling
court           court     -     -     -       | below       sibling     sibling     none        none        sibling     sibling     own         sibling
police          police    -     -     -       | below       sibling     sibling     none        none        sibling     sibling     sibling     own
handed          other     town  -     -       | below       sibling     handed_over above       above       handed_away sibling     sibling     sibling
handed_down     town      village -   -       | below       none        handed_away handed_over sibling     none        none        none        none
helped          other     -     town  -       | below       sibling     helps       above       above       own         sibling     sibling     sibling
helped_below    other     -     village -     | below       sibling     below       helps       none        own         sibling     sibling     sibling
against_town    town      -     -     town    | below       handed_over against     against     against     none        sibling     sibling     sibling
against_below   village   -     -     town    | below       handed_over against     against     against     none        none        none        none
against_told    other     -     town  town    | below       sibling     against     against     against     own         sibling     sibling     sibling
against_village town      -     -     village | below       sibling     own         against     above       sibling     sibling     sibling     sibling
against_bureau  town      -     -     bureau  | below       against     own         above       above       sibling     sibling     sibling     sibling
against_self    bureau    -     -     bureau  | own         against     above       above       above       above       above       above       above
against_police  station   -     -     police  | below       none        below       sibling     own         none        none        none        against
against_county  other     -     -     county  | below       sibling     sibling     none        none        own         sibling     sibling     sibling
`)

// tied are cases that hang together with one of the placements, in most of them
// with one that some reader must not know of: what they say of it must not reach
// him either.
var tied = parsePlacements(`
name            registers to    helps against | county      bureau      town        village     station     other       housing     court       police
repeat_of       town      -     -     -       | below       sibling     own         above       above       sibling     sibling     sibling     sibling
derived_from    town      -     -     -       | below       traced      own         above       above       sibling     sibling     sibling     sibling
merged_into     town      -     -     -       | below       sibling     own         above       above       sibling     sibling     sibling     sibling
repeated_by     other     -     -     town    | below       sibling     against     against     against     own         sibling     sibling     sibling
repeat_of_other town      -     -     -       | below       sibling     own         above       above       sibling     sibling     sibling     sibling
repeat_of_sealed town     -     -     -       | below       sibling     own         above       above       sibling     sibling     sibling     sibling
`)

// ties are how each of them hangs together with which case.
var ties = map[string]struct{ how, with string }{
	"repeat_of":        {"repeats", "against_below/accepted"},
	"derived_from":     {"derived_from", "against_below/accepted"},
	"merged_into":      {"master", "against_below/fresh"},
	"repeated_by":      {"repeats", "town/concluded"},
	"repeat_of_other":  {"repeats", "other/accepted"},
	"repeat_of_sealed": {"repeats", "town/accusation"},
}

// states are in which each of these cases stands.
var states = []struct {
	name string
	says string
}{
	{"fresh", "registered, perhaps dispatched, not accepted"},
	{"accepted", "being handled"},
	{"concluded", "answered"},
	{"merged", "merged into another"},
	{confidential, "being handled; the applicant asked for confidence"},
	{"tied", "registered, and tied to a case of which not everybody may know"},
	{sealed, "a petition that accuses somebody (检举控告), accepted"},
}

// confidential is the state of a case that is shown whole only where it is worked
// on, and to nobody else by what he cannot read.
const confidential = "confidential"

// sealed is the state of a case that is in no list, not even of those who may
// open it, but for what waits for them.
const sealed = "accusation"

// shown is how a case is shown to whom it is shown.
type shown string

const (
	whole  shown = "whole"
	masked shown = "masked"
	absent shown = "absent"
)

// views say what a role is shown of a case that its organisation may see.
var views = []struct {
	roles string
	as    shown
	says  string
}{
	{workers, whole, "everything; of a mediation's private record only those who work where it was written, or answer for the case, and above them"},
	{lookers, masked, "no statement, no note, no value of an action, no telephone, identity number, address or person's name in full; no title of a confidential case"},
	{admins, absent, "nothing: they run the system"},
}

// The parts of a case that are planted with words of its own, and who is shown
// them of a case that he may see.
var parts = []struct {
	name   string
	masked bool // whether masked readers are shown it too
	says   string
}{
	{"number", true, ""},
	{"title", true, "but not of a confidential case"},
	{"statement", false, ""},
	{"name", false, "the first character of a person's; an organisation's whole"},
	{"phone", false, "three digits in front and two behind"},
	{"identity", false, "three characters in front and two behind"},
	{"address", false, ""},
	{"note", false, ""},
	{"reply", false, "nor any other value of an action"},
}

// editors may correct a case that their organisation registered, answers for or
// has on its desk, or that one below it has.
const editors = "clerk handler mediator committee_head reconsideration supervisor"

// corrected are the fields of a case that a correction may name; every other
// field is refused.
var corrected = []string{"title", "statement", "class", "category", "place", "amount", "persons", "flags", "parties"}

// gaps are leaks that are known and not closed yet. Each fails when it is
// closed, so that its row is taken out.
var gaps = map[string]string{
	"bureau in the report": "The annual report, before and after it is published, is split by month, category, place and organisation with the complaints against the petition " +
		"bureau in it, whose supervisor may read it: what is printed for everybody is the same for everybody. Day by day, what stood open is the county's too.",
}

func has(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}
