package store

import (
	"encoding/hex"

	"sudi/domain"
	"sudi/store/seal"
)

// SearchKey names what somebody searched for without telling it: the same words
// give the same name, and without the keys outside the database nobody finds the
// words. A telephone or identity number, and the name of a person, have the name
// under which the party is kept.
func (s *Store) SearchKey(words string) string {
	kind, column := "text:", seal.Name
	switch {
	case domain.IdentityForm(words) != "":
		kind, column = "identity:", seal.Identity
	case domain.PhoneForm(words) != "":
		kind, column = "phone:", seal.Phone
	}
	key := s.ring.Index(column, words)
	if key == nil {
		return ""
	}
	return kind + hex.EncodeToString(key)
}
