package workflow

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestEveryGuardHasWords(t *testing.T) {
	for name := range guardKinds {
		require.True(t, HasWords(name), "no words for %s", name)
	}
	for name := range conditions {
		require.Contains(t, guardKinds, name, "words for what is no guard")
	}
	for name := range obstacles {
		require.Contains(t, guardKinds, name, "words for what is no guard")
	}
}

// inBothLanguages wants words in Chinese and in English, with the same holes.
func inBothLanguages(t *testing.T, key string, m domain.Text) {
	t.Helper()
	han, holes := regexp.MustCompile(`\p{Han}`), regexp.MustCompile(`\{\d\}`)
	require.Regexp(t, han, m.ZH, key)
	require.NotEmpty(t, m.EN, key)
	require.NotRegexp(t, han, m.EN, key)
	require.ElementsMatch(t, holes.FindAllString(m.ZH, -1), holes.FindAllString(m.EN, -1), key)
}

func TestWordsAreInBothLanguages(t *testing.T) {
	for name, c := range conditions {
		inBothLanguages(t, name, c.holds)
		inBothLanguages(t, name, c.not)
	}
	for name, o := range obstacles {
		inBothLanguages(t, name, o.holds)
		inBothLanguages(t, name, o.not)
	}
	for _, f := range domain.Flags {
		inBothLanguages(t, string(f), FlagTitles[f])
	}
	for _, c := range domain.Channels {
		inBothLanguages(t, string(c), ChannelTitles[c])
	}
	for _, d := range domain.Dispositions {
		inBothLanguages(t, string(d), DispositionTitles[d])
	}
	for _, kind := range orgKinds {
		inBothLanguages(t, string(kind), KindTitles[kind])
	}
	for _, r := range partyRoles {
		inBothLanguages(t, string(r), PartyRoleTitles[r])
	}
}
