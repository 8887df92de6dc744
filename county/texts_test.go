package county

import (
	"maps"
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
	for name, file := range map[string]templates{
		"appeals": appeals(), "petitions": petitions(), "mediations": mediations(), "enterprises": enterprises(),
		"administrative": administrative(), "police": policeMatters(), "reconsiderations": reconsiderations(), "suits": suits(),
		"proposals": proposals(), "backlogs": backlogs(),
	} {
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
		assert.Equal(t, class, appealText(r, class, village).Class)
	}
	for file, classes := range map[*templates][]string{
		new(petitions()):        {"demand", "suggestion"},
		new(mediations()):       {"neighbour", "land", "wages", "debt", "family", "traffic", "consumer", "property", "medical"},
		new(enterprises()):      {markEnterprise, markFinancial, markBoth},
		new(administrative()):   {"application", "ex_officio"},
		new(policeMatters()):    {"fight", "damage", "insult", "nuisance"},
		new(reconsiderations()): {"penalty", "compulsion", "licence", "ownership", "work_injury", "inaction", "disclosure", "taking"},
		new(suits()):            {"penalty", "coercion", "registration", "information", "omission", "expropriation", "payment"},
		new(proposals()):        {"npc", "cppcc"},
		new(backlogs()):         {"five_year", "four_key"},
	} {
		assert.ElementsMatch(t, append(classes, ""), slices.Collect(maps.Keys(*file)))
		for _, class := range classes {
			assert.Equal(t, class, file.tell(r, class, village).Class)
		}
	}
	for _, mark := range []string{"", markEnterprise, markFinancial, markBoth} {
		text := disputeText(r, mark, village)
		assert.Equal(t, mark == markEnterprise || mark == markBoth, slices.Contains(text.Flags, domain.FlagEnterprise))
		assert.Equal(t, mark == markFinancial || mark == markBoth, slices.Contains(text.Flags, domain.FlagFinancial))
	}
	assert.Panics(t, func() { appealText(r, "praise", village) })
}

func TestTextsAreDeterministicAndVaried(t *testing.T) {
	villages := Villages(endOf2020)
	tell := func(seed uint64) []Text {
		r := rand.New(rand.NewPCG(seed, 0))
		var all []Text
		for i := range 1000 {
			v := villages[i%len(villages)]
			all = append(all, appealText(r, "", v), petitions().tell(r, "", v), disputeText(r, "", v))
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
