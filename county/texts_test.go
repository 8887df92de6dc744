package county

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestTemplates(t *testing.T) {
	categories := map[string]bool{}
	for _, c := range Categories() {
		categories[c.Code] = c.Level3 != ""
	}
	firstLevels, titles, total := map[string]bool{}, map[string]bool{}, 0
	village := Villages(endOf2020)[100]
	for name, file := range map[string]templates{"appeals": appeals(), "petitions": petitions(), "mediations": mediations()} {
		r := rand.New(rand.NewPCG(1, 1))
		for _, tmpl := range file[""] {
			total++
			firstLevels[tmpl.text.Category[:2]] = true
			assert.True(t, categories[tmpl.text.Category], "%s: %s", name, tmpl.text.Title)
			assert.False(t, titles[tmpl.text.Title+tmpl.text.Statement], "%s twice", tmpl.text.Title)
			titles[tmpl.text.Title+tmpl.text.Statement] = true
			for _, f := range tmpl.text.Flags {
				assert.Contains(t, domain.Flags, f)
			}
			written := tmpl.text.Title + tmpl.text.Statement + tmpl.text.Reply
			assert.Equal(t, tmpl.most > 0, strings.Contains(written, "{amount}"), tmpl.text.Title)
			assert.Equal(t, tmpl.objects[0] != "", strings.Contains(written, "{object}"), tmpl.text.Title)
			for range 20 {
				checkText(t, tmpl.fill(r, village), village)
			}
		}
	}
	assert.GreaterOrEqual(t, total, 120)
	assert.GreaterOrEqual(t, len(firstLevels), 13, "all but party affairs and discipline")
}

func checkText(t *testing.T, text Text, village domain.Organization) {
	t.Helper()
	for _, s := range []string{text.Title, text.Statement, text.Reply} {
		require.NotEmpty(t, s)
		require.NotContains(t, s, "{")
		require.NotContains(t, s, "}")
	}
	assert.LessOrEqual(t, utf8.RuneCountInString(text.Title), 60)
	if text.Amount > 0 {
		assert.Contains(t, text.Title+text.Statement, strconv.FormatInt(text.Amount/100, 10)+"元")
	}
	if strings.Contains(text.Title, village.Name) {
		assert.Contains(t, text.Title, "镇"+village.Name, "a village is named with its township")
	}
}

func TestTextsByClass(t *testing.T) {
	village := Villages(endOf2020)[0]
	r := rand.New(rand.NewPCG(2, 2))
	for _, class := range []string{"consultation", "complaint", "help", "suggestion"} {
		assert.Equal(t, class, AppealText(r, class, village).Class)
	}
	for _, class := range []string{"demand", "suggestion"} {
		assert.Equal(t, class, PetitionText(r, class, village).Class)
	}
	kinds := []string{"neighbour", "land", "wages", "debt", "family", "traffic", "consumer", "property", "medical"}
	assert.ElementsMatch(t, kinds, DisputeKinds())
	for _, kind := range kinds {
		assert.Equal(t, kind, MediationText(r, kind, village).Class)
	}
	assert.Panics(t, func() { AppealText(r, "praise", village) })
}

func TestTextsAreDeterministicAndVaried(t *testing.T) {
	villages := Villages(endOf2020)
	tell := func(seed uint64) []Text {
		r := rand.New(rand.NewPCG(seed, 0))
		var all []Text
		for i := range 1000 {
			v := villages[i%len(villages)]
			all = append(all, AppealText(r, "", v), PetitionText(r, "", v), MediationText(r, "", v))
		}
		return all
	}
	all := tell(3)
	assert.Equal(t, all, tell(3))
	statements := map[string]bool{}
	for _, text := range all {
		statements[text.Statement] = true
	}
	assert.Greater(t, len(statements), 2500)
	// A caller may change its flags.
	i := slices.IndexFunc(all, func(t Text) bool { return len(t.Flags) > 0 })
	all[i].Flags[0] = "changed"
	assert.Equal(t, tell(3)[i].Class, all[i].Class)
	assert.NotEqual(t, domain.Flag("changed"), tell(3)[i].Flags[0])
}
