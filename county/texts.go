package county

import (
	_ "embed" // the templates
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sudi/domain"
)

// Templates: class or kind of dispute, category, flags, the most that the
// amount may be in yuan, objects to choose from, then the three texts.

//go:embed appeals.csv
var appealsCSV string

//go:embed petitions.csv
var petitionsCSV string

//go:embed mediations.csv
var mediationsCSV string

//go:embed enterprises.csv
var enterprisesCSV string

//go:embed administrative.csv
var administrativeCSV string

//go:embed police.csv
var policeCSV string

//go:embed reconsiderations.csv
var reconsiderationsCSV string

//go:embed suits.csv
var suitsCSV string

//go:embed proposals.csv
var proposalsCSV string

//go:embed backlogs.csv
var backlogsCSV string

// Text is an invented everyday matter, told as a case tells it.
type Text struct {
	Class     string // the procedure's class where its texts have classes, else the kind of matter
	Category  string // of the third level
	Title     string
	Statement string
	Reply     string // what the unit answers, or what the parties agree
	Flags     []domain.Flag
	Amount    int64 // in fen, as the texts say it; 0 when they name none
}

// appealText tells an appeal: a consultation, complaint, help or suggestion, or
// any of them when class is "".
func appealText(r *rand.Rand, class string, village domain.Organization) Text {
	t := appeals().tell(r, class, village)
	t.Statement = one(r, openings) + t.Statement + one(r, closings)
	return t
}

// disputeText tells a dispute: of an enterprise, a bank or both where the mark
// says so, else one between villagers. Its reply is the agreement.
func disputeText(r *rand.Rand, mark string, village domain.Organization) Text {
	if mark == "" {
		return mediations().tell(r, "", village)
	}
	return enterprises().tell(r, mark, village)
}

// tell tells a matter of a class, or of any when class is "".
func (t templates) tell(r *rand.Rand, class string, village domain.Organization) Text {
	return t.pick(r, class).fill(r, village)
}

var (
	openings = []string{"", "", "您好，", "来电反映：", "网上留言反映：", "我想反映一个问题："}
	closings = []string{"", "", "盼复。", "请核实处理，谢谢。", "希望得到答复。", "麻烦尽快回电。"}
)

// templates are those of a file by class, and under "" all of them.
type templates map[string][]template

type template struct {
	text    Text
	objects []string
	most    int // yuan; 0 when the texts name no amount
}

var (
	appeals          = templatesOf(appealsCSV)
	petitions        = templatesOf(petitionsCSV)
	mediations       = templatesOf(mediationsCSV)
	enterprises      = templatesOf(enterprisesCSV)
	administrative   = templatesOf(administrativeCSV)
	policeMatters    = templatesOf(policeCSV)
	reconsiderations = templatesOf(reconsiderationsCSV)
	suits            = templatesOf(suitsCSV)
	proposals        = templatesOf(proposalsCSV)
	backlogs         = templatesOf(backlogsCSV)
)

// templatesOf reads a file when it is first asked for.
func templatesOf(table string) func() templates {
	return sync.OnceValue(func() templates { return parseTemplates(table) })
}

func parseTemplates(table string) templates {
	all := templates{}
	for _, row := range rows(table, 8) {
		t := template{
			text:    Text{Class: row[0], Category: row[1], Title: row[5], Statement: row[6], Reply: row[7]},
			objects: strings.Split(row[4], "、"),
		}
		if row[2] != "" {
			for f := range strings.SplitSeq(row[2], "、") {
				t.text.Flags = append(t.text.Flags, domain.Flag(f))
			}
		}
		if row[3] != "" {
			yuan, err := strconv.Atoi(row[3])
			if err != nil {
				panic(fmt.Sprintf("county: template %q: %v", row[5], err))
			}
			t.most = yuan
		}
		all[row[0]] = append(all[row[0]], t)
		all[""] = append(all[""], t)
	}
	return all
}

func (t templates) pick(r *rand.Rand, class string) template {
	of, ok := t[class]
	if !ok {
		panic("county: no texts of " + class)
	}
	return one(r, of)
}

func (t template) fill(r *rand.Rand, village domain.Organization) Text {
	text := t.text
	text.Flags = slices.Clone(text.Flags)
	// The object may hold a slot of its own, so it goes first.
	object := strings.NewReplacer("{object}", one(r, t.objects))
	slots := []string{
		"{place}", townshipNames()[domain.TownshipOf(village.Place)] + village.Name,
		"{days}", strconv.Itoa(2 + r.IntN(14)),
		"{count}", strconv.Itoa(2 + r.IntN(11)),
	}
	if t.most > 0 {
		yuan := (t.most/20 + r.IntN(t.most-t.most/20)) / 10 * 10
		slots = append(slots, "{amount}", strconv.Itoa(yuan))
		text.Amount = int64(yuan) * 100
	}
	fill := strings.NewReplacer(slots...)
	for _, s := range []*string{&text.Title, &text.Statement, &text.Reply} {
		*s = fill.Replace(object.Replace(*s))
	}
	return text
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }
