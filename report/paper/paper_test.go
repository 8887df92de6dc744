package paper

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file in the report's testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("..", "testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if string(want) != got {
		wants, gots := strings.Split(string(want), "\n"), strings.Split(got, "\n")
		at := 0
		for at < min(len(wants), len(gots))-1 && wants[at] == gots[at] {
			at++
		}
		require.Equal(t, wants[at], gots[at], "%s:%d; run go test ./report/paper -update after a change on purpose", path, at+1)
		t.Fatalf("%s has other lines behind line %d", path, at+1)
	}
}

var languages = []string{"zh", "en"}

func built(t *testing.T, a *report.Annual, lang string) *Document {
	t.Helper()
	d, err := Build(a, lang)
	require.NoError(t, err)
	return d
}

func TestModelYearReadsAsInItsGoldenFile(t *testing.T) {
	for _, lang := range languages {
		golden(t, "paper."+lang+".txt", built(t, sample(), lang).String())
	}
}

// named are the codes that a language's template names.
func named(t *testing.T, lang string) []string {
	t.Helper()
	text, err := words.ReadFile("words/annual." + lang + ".tmpl")
	require.NoError(t, err)
	var codes []string
	for _, m := range regexp.MustCompile(`"([a-z_]+\.[a-z_0-9]+)"`).FindAllSubmatch(text, -1) {
		codes = append(codes, string(m[1]))
	}
	return codes
}

// seedFigures are the indicators that the published report of 2020 prints.
var seedFigures = []string{
	"appeals.received", "appeals.closure_rate", "appeals.satisfaction_rate", "mediation.succeeded", "mediation.success_rate",
	"mediation.organisations", "enterprise.disputes", "finance.disputes", "backlog.resolution_rate", "backlog.four_key_rate",
	"reconsideration.accepted", "reconsideration.concluded", "reconsideration.correction_rate", "reconsideration.hearing_rate",
	"litigation.cases", "litigation.head_appearance_rate", "proposals.reply_rate", "proposals.satisfaction_rate",
}

func TestWordsNameEveryFigureAndNoOther(t *testing.T) {
	for _, lang := range languages {
		codes := named(t, lang)
		for _, code := range codes {
			require.True(t, domain.IndicatorByCode(code) != nil || domain.AttestedItemByCode(code) != nil, "%s: nobody knows %s", lang, code)
		}
		for _, item := range domain.AttestedItems {
			require.Contains(t, codes, item.Code, lang)
		}
		for _, code := range seedFigures {
			require.Contains(t, codes, code, lang)
		}
	}
}

func TestEveryProcedureHasWords(t *testing.T) {
	for _, lang := range languages {
		l := labelsOf(lang)
		for i := range domain.Measures {
			for _, p := range domain.Measures[i].Procedures {
				require.NotEmpty(t, l.Procedures[p], "%s %s", lang, p)
			}
		}
		for _, code := range grouped {
			require.NotEmpty(t, l.Short[code], "%s %s", lang, code)
		}
		for name := range tables {
			require.NotEmpty(t, l.Tables[name], "%s %s", lang, name)
		}
		for name := range charts {
			require.NotEmpty(t, l.Charts[name], "%s %s", lang, name)
		}
		for _, item := range domain.AttestedItems {
			require.NotEmpty(t, l.Sections[item.Section], "%s %d", lang, item.Section)
		}
	}
}

// prose is a document's running text without its tables.
func prose(d *Document) string {
	var b strings.Builder
	for _, block := range d.Blocks {
		if p, ok := block.(Paragraph); ok {
			for _, r := range p.Runs {
				b.WriteString(r.Text)
			}
		}
	}
	return b.String()
}

// with is the sample with a figure of other counts.
func with(code string, n, d int64) *report.Annual {
	a := sample()
	i := slices.IndexFunc(a.Figures, func(f report.Figure) bool { return f.Code == code })
	a.Figures[i] = figureOf(code, counts{n, d})
	return a
}

func TestWordsClaimOnlyWhatTheIntegersSay(t *testing.T) {
	for _, c := range []struct {
		code string
		n, d int64
		say  string
		not  string
	}{
		{"mediation.success_rate", 9, 10, "达90%以上", ""},
		{"mediation.success_rate", 8999, 10000, "达90.0%", "90%以上"},
		{"mediation.success_rate", 10, 10, "为100%", "90%以上"},
		{"reconsideration.hearing_rate", 20, 28, "70%以上", ""},
		{"reconsideration.hearing_rate", 19, 28, "占67.9%", "70%以上"},
		{"proposals.reply_rate", 1999, 2000, "办复率99.9%", "办复率100%"},
		{"proposals.reply_rate", 0, 0, "办复率——", ""},
		{"appeals.received", 62000, 0, "62000件", "62000余"},
		{"appeals.received", 62001, 0, "62000余件", ""},
		{"appeals.received", 999, 0, "诉求999件", "余件"},
	} {
		got := prose(built(t, with(c.code, c.n, c.d), "zh"))
		require.Contains(t, got, c.say, "%s %d/%d", c.code, c.n, c.d)
		if c.not != "" {
			body, _, _ := strings.Cut(got, "统计时点。") // the appendix explains the words
			require.NotContains(t, body, c.not, "%s %d/%d", c.code, c.n, c.d)
		}
	}
}

func TestAnUnstatedFigureIsAGapThatNamesWhoOwesIt(t *testing.T) {
	d := built(t, sample(), "zh")
	require.Contains(t, d.String(), "{court.filings: ——\uff08待峄城区人民法院报送\uff09}")
	for _, b := range d.Blocks {
		if table, ok := b.(Table); ok && table.Name == "missing" {
			require.Len(t, table.Rows, 2)
			return
		}
	}
	t.Fatal("the missing figures are not listed")
}

func TestFiguresOfOneDocumentShareANote(t *testing.T) {
	d := built(t, sample(), "zh")
	texts := map[string]bool{}
	for i, n := range d.Notes {
		require.Equal(t, i+1, n.Number)
		require.False(t, texts[n.Text], n.Text)
		texts[n.Text] = true
	}
	require.Less(t, len(d.Notes), 20)
	require.Contains(t, d.Notes[0].Text, "峄城区行政审批服务局")
	require.Contains(t, d.Notes[0].Text, "2021年1月15日")
	require.Contains(t, d.Notes[0].Text, "张某某")
}

func TestAmountsAreNeverRoundedToNothing(t *testing.T) {
	for fen, want := range map[int64]string{
		0: "0.00元", 40: "0.40元", 95050: "950.50元", 999_999: "9999.99元", 1_000_000: "1.00万元", 8_123_456_789: "8123.46万元",
	} {
		require.Equal(t, want, money(fen, "zh"))
	}
}

// A year that is over tells what is left of its cases today, not what stood open
// at its end; the year that runs tells what stands open.
func TestWhatIsOpenSaysSinceWhen(t *testing.T) {
	over, running := sample(), sample()
	running.AsOf = domain.NewDate(2020, 12, 31).End()
	for lang, words := range map[string][]string{
		"zh": {"其中至今（截至2021年3月8日）未办结的", "其中至今未办结", "其中至今（统计时点）未办结的，不是年末当时的在办数"},
		"en": {"are still open today (8 March 2021)", "of these still open today", "those still open today, as of the figures; not what was open at its end"},
	} {
		text, now := built(t, over, lang).String(), built(t, running, lang).String()
		for _, w := range words {
			require.True(t, strings.Contains(text, w), w)
			require.False(t, w != words[1] && strings.Contains(now, w), w)
		}
	}
}

func TestAnEmptyYearCanBePrinted(t *testing.T) {
	for _, lang := range languages {
		a := &report.Annual{Year: 2031, County: "某县", AsOf: asOf}
		for _, key := range []string{"370404102", "370404103"} { // groups without a case
			a.ByOrganization = append(a.ByOrganization, inGroup(figureOf("appeals.received", counts{}), key, key))
		}
		for _, ind := range domain.Indicators {
			a.Figures = append(a.Figures, figureOf(ind.Code, counts{}))
		}
		d := built(t, a, lang)
		for _, b := range d.Blocks {
			_, drawn := b.(Chart)
			require.False(t, drawn, "a chart of nothing")
			if table, ok := b.(Table); ok {
				require.NotEqual(t, "organizations", table.Name, "a table of nothing")
			}
		}
		for _, form := range Forms {
			require.NoError(t, Write(new(strings.Builder), a, form, lang))
		}
	}
}

func TestMarksAmongChineseAreWide(t *testing.T) {
	for in, want := range map[string]string{
		"办结率99.0%,比上年提高":      "办结率99.0%\uff0c比上年提高",
		"信访条例 (2005) 第22条":    "信访条例 (2005) 第22条",
		"信访事项(去重)":            "信访事项\uff08去重\uff09",
		"10:00发布;sha256:3f9a": "10:00发布\uff1bsha256:3f9a",
		"“七五”,普法":             "“七五”\uff0c普法",
		"(一)优化(a(b)c)":        "\uff08一\uff09优化\uff08a(b)c\uff09",
		"1,234 of (a, b)":     "1,234 of (a, b)",
		"":                    "",
	} {
		require.Equal(t, want, fullWidth(in))
	}
}
