package store

import (
	"encoding/hex"

	"sudi/domain"
)

// SearchKey names what somebody searched for without telling it: the same words
// give the same name, and without the key outside the database nobody finds the
// words. A telephone or identity number has the name under which the party is
// kept. Without a key it is "".
func (s *Store) SearchKey(words string) string {
	if s.keys == nil || words == "" {
		return ""
	}
	if domain.IdentityForm(words) != "" {
		return "identity:" + hex.EncodeToString(s.keys.identityKey(words))
	}
	if domain.PhoneForm(words) != "" {
		return "phone:" + hex.EncodeToString(s.keys.phoneKey(words))
	}
	// A telephone's form has no space, so the key serves both.
	return "text:" + hex.EncodeToString(keyed(s.keys.phone, "search "+words))
}
