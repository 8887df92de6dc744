package domain

// Leg is one case of a matter, as somebody may see it.
type Leg struct {
	File
	Entries []Entry
	// Traced marks a leg that its reader sees only because his organisation
	// received the matter first: where it stands, and no word of what was
	// written.
	Traced bool
}

// Story is a matter as somebody may see it: its cases in the order of receipt.
type Story struct {
	Legs   []Leg
	Hidden int // that are not his to see
	More   int // that are, but are too many to tell
}

// MatterNumbers is what a case comes to with those that hang on it.
type MatterNumbers struct {
	Petitioners int // persons of the case and of those merged into it
	Visits      int // registrations of the matter: the first, its repeats, and what was merged into any
}
