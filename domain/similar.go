package domain

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// SimilarQuery asks for cases that one at the window may repeat. Text, Phone or
// IdentityNumber finds them; Place and Category only weigh what was found.
type SimilarQuery struct {
	Scope          Scope
	Text           string
	Phone          string
	IdentityNumber string
	Place          string
	Category       string

	pairs []string // Bigrams, once they were asked for
}

// Reason is why a case may be the one that another repeats.
type Reason string

// The reasons.
const (
	ReasonIdentity Reason = "same_identity" // a party has the identity number
	ReasonPhone    Reason = "same_phone"    // a party has the telephone number
	ReasonText     Reason = "similar_text"
	ReasonPlace    Reason = "same_place" // the same village
	ReasonTownship Reason = "same_township"
	ReasonCategory Reason = "same_category"
)

// Reasons lists every reason.
var Reasons = []Reason{ReasonIdentity, ReasonPhone, ReasonText, ReasonPlace, ReasonTownship, ReasonCategory}

// weights are what each reason adds to the score; similar texts add as much of
// theirs as they are alike.
var weights = map[Reason]float64{
	ReasonIdentity: 60, ReasonPhone: 50, ReasonText: 50, ReasonPlace: 10, ReasonTownship: 5, ReasonCategory: 5,
}

// Likeness is a case that may be the one that another repeats.
type Likeness struct {
	CaseLine
	Score   int // 0–100
	Reasons []Reason
}

const (
	// MostAlike is how many likely repeats are shown.
	MostAlike = 10
	// leastAlike is how alike two texts must be to count as similar.
	leastAlike = 0.3
	// headLength is how much of a statement says what a case is about.
	headLength = 120
	// askedLength is how much of an asker's text is looked at.
	askedLength = 400
	fullScore   = 100
	villageCode = 12
)

// Judge says how likely the case is the one that the query's repeats; 0 when
// neither its people nor its text speak for it.
func (q *SimilarQuery) Judge(c *Case, samePhone, sameIdentity bool) (score int, reasons []Reason) {
	sum := 0.0
	add := func(holds bool, r Reason, share float64) {
		if holds {
			sum += share * weights[r]
			reasons = append(reasons, r)
		}
	}
	add(sameIdentity, ReasonIdentity, 1)
	add(samePhone, ReasonPhone, 1)
	asked := q.Bigrams()
	alike := max(jaccard(asked, bigrams(c.Title)), jaccard(asked, bigrams(c.Title+"\n"+first(c.Statement, headLength))))
	add(alike >= leastAlike, ReasonText, alike)
	if len(reasons) == 0 {
		return 0, nil
	}
	village := len(q.Place) >= villageCode && strings.HasPrefix(c.Place, q.Place[:villageCode])
	add(village, ReasonPlace, 1)
	add(!village && c.Township != "" && c.Township == TownshipOf(q.Place), ReasonTownship, 1)
	add(q.Category != "" && c.Category == q.Category, ReasonCategory, 1)
	return int(math.Min(fullScore, math.Round(sum))), reasons
}

// Best keeps the likeliest of what was found: the highest score first, among
// equals the newest.
func Best(found []Likeness) []Likeness {
	slices.SortFunc(found, func(a, b Likeness) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(b.ID, a.ID))
	})
	return found[:min(len(found), MostAlike)]
}

// Bigrams are the pairs of neighbouring characters of what was asked: two
// characters are a Chinese word more often than not. They are made once: the
// question is judged against hundreds of cases.
func (q *SimilarQuery) Bigrams() []string {
	if q.pairs == nil {
		q.pairs = bigrams(first(q.Text, askedLength))
	}
	return q.pairs
}

// bigrams lists the pairs of neighbouring letters and digits, each once and in
// order; no pair reaches across a space or a stop.
func bigrams(text string) []string {
	pairs := []string{}
	var before rune
	for _, r := range strings.ToLower(HalfWidth(text)) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = 0
		}
		if before != 0 && r != 0 {
			pairs = append(pairs, string([]rune{before, r}))
		}
		before = r
	}
	slices.Sort(pairs)
	return slices.Compact(pairs)
}

// jaccard is the share that two sorted sets have in common of all that is in
// either.
func jaccard(a, b []string) float64 {
	common, j := 0, 0
	for _, s := range a {
		for j < len(b) && b[j] < s {
			j++
		}
		if j < len(b) && b[j] == s {
			common++
		}
	}
	if common == 0 {
		return 0
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

// first is the beginning of a text, in characters.
func first(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
