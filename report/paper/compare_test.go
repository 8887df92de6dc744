package paper

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestClaimsAssertWhatTheirWordsSay(t *testing.T) {
	for _, c := range []struct {
		claim string
		n, d  int64
		holds bool
	}{
		{"2576", 2576, 1, true}, {"2576", 2577, 1, false}, {"2,576", 2576, 1, true},
		{"62000余", 62417, 1, true}, {"62000余", 62000, 1, false}, {"62000余", 63000, 1, false}, {"62000余", 62999, 1, true},
		{"2560余", 2569, 1, true}, {"2560余", 2570, 1, false}, {"5万余", 50001, 1, true}, {"5万余", 60000, 1, false},
		{"2亿多", 200000001, 1, true}, {"2亿多", 200000000, 1, false},
		{"90%以上", 9000, 100, true}, {"90%以上", 8999, 100, false},
		{"99%", 6178100, 62405, true}, {"99%", 9949, 100, true}, {"99%", 9950, 100, false},
		{"22.4%", 1100, 49, true}, {"22.4%", 2235, 100, true}, {"22.4%", 2234, 100, false},
		{"100%", 100, 1, true}, {"100%", 9999, 100, false},
		{"下降11.2%", -112, 10, true}, {"11.2%下降", -112, 10, true}, {"-11.2", -112, 10, true}, {"上升11.2%", -112, 10, false},
		{"99.9%", 9999, 100, true}, {"100.0%", 9999, 100, false}, {"99.9%", 100, 1, false}, {"99%", 9999, 100, false}, {"99.99%", 9999, 100, true},
		{"下降10%以上", -12, 1, true}, {"下降10%以上", -8, 1, false}, {"下降10%以上", 12, 1, false},
		{"1.5余", 155, 100, true}, {"1.5余", 24, 10, false}, {"1.5万余", 15999, 1, true}, {"1.5万余", 16000, 1, false},
		{"七", 7, 1, true}, {"457万", 4570000, 1, true},
	} {
		claim, err := ParseClaim(c.claim)
		require.NoError(t, err, c.claim)
		require.Equal(t, c.holds, claim.Holds(big.NewRat(c.n, c.d)), "%s of %d/%d", c.claim, c.n, c.d)
	}
	for _, text := range []string{"", "件", "abc", "1.2.3", "--1", "九十九"} {
		_, err := ParseClaim(text)
		require.Error(t, err, text)
	}
}

func TestAnchorsNameEveryFigureThatThereIs(t *testing.T) {
	codes := map[string]bool{}
	for _, a := range loadAnchors() {
		require.True(t, domain.IndicatorByCode(a.code) != nil || domain.AttestedItemByCode(a.code) != nil, a.code)
		require.False(t, codes[a.code], a.code)
		codes[a.code] = true
		require.Equal(t, 1, a.pattern.NumSubexp()+boolean(a.value != ""), "%s: a figure or a value", a.code)
	}
	for _, item := range domain.AttestedItems {
		require.True(t, codes[item.Code], item.Code)
	}
	for _, code := range seedFigures {
		require.True(t, codes[code], code)
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wording is how a report might put some figures.
const wording = "全年已接受三大诉求62000余件\uff0c办结率99%,群众满意率98%。矛盾纠纷调处成功率达90%以上。区法院立案数下降11.2%。" +
	"70%以上案件实行听证。受理行政复议案件30件,审结28件,行政复议综合纠错率22.4%。政务公开考核位居全市第一。在七个镇\uff08街\uff09建立机制。" +
	"发放宣传资料5万余份。税收减免2亿多元。成功调解矛盾纠纷2577件。"

func TestAPublishedTextIsReadByItsAnchors(t *testing.T) {
	p, err := ReadPublication("2020.txt", strings.NewReader(wording))
	require.NoError(t, err)
	c := Compare(sample(), p, "zh")
	holds := map[string]bool{}
	for _, r := range c.Rows {
		holds[r.Code] = r.Holds
	}
	require.Equal(t, map[string]bool{
		"appeals.received": true, "appeals.closure_rate": true, "appeals.satisfaction_rate": true, "mediation.success_rate": true,
		"mediation.succeeded": false, "court.filings_change": true, "reconsideration.hearing_rate": true, "reconsideration.accepted": true,
		"reconsideration.concluded": true, "reconsideration.correction_rate": true, "reconsideration.correction_rate_published": true,
		"openness.city_rank": true, "governance.integrated_townships": true, "training.leaflets": true, "relief.taxes": true,
	}, holds)
	require.Contains(t, c.NotFound, domain.AttestedItemByCode("court.filings").Name)
	var b strings.Builder
	require.NoError(t, c.WriteText(&b, "zh"))
	require.Contains(t, b.String(), "对照15项:成立14项,不成立1项,无从核对0项。")
	golden(t, "compare.zh.txt", b.String())
}

func TestFilesOfFiguresAreRead(t *testing.T) {
	var xlsx, annual bytes.Buffer
	require.NoError(t, Write(&xlsx, sample(), XLSX, "zh"))
	require.NoError(t, json.NewEncoder(&annual).Encode(sample()))
	for name, content := range map[string]string{
		"a.csv":  "\uFEFFcode,value\nappeals.received,62417\nappeals.closure_rate,99.0%\nmediation.succeeded,两千\nno.such,1\n",
		"b.json": `{"appeals.received": 62417, "appeals.closure_rate": "99.0%", "mediation.succeeded": "两千", "no.such": 1}`,
		"c.json": `[{"code":"appeals.received","value":62417},{"code":"appeals.closure_rate","value":"99.0%"},{"code":"mediation.succeeded","value":"两千"},{"code":"no.such","value":"1"}]`,
	} {
		p, err := ReadPublication(name, strings.NewReader(content))
		require.NoError(t, err, name)
		c := Compare(sample(), p, "zh")
		require.Len(t, c.Rows, 2, name)
		require.Equal(t, 2, c.Agreeing(), name)
		require.Equal(t, []string{"no.such"}, c.Unknown, name)
		require.Equal(t, []string{"mediation.succeeded: 两千"}, c.Unread, name)
	}
	for name, content := range map[string]string{"own.xlsx": xlsx.String(), "OWN.XLSX": xlsx.String(), "own.json": annual.String()} {
		p, err := ReadPublication(name, strings.NewReader(content))
		require.NoError(t, err, name)
		c := Compare(sample(), p, "zh")
		require.Empty(t, c.Unknown, name)
		for _, r := range c.Rows {
			require.True(t, r.Holds || r.Source == Stated, "%s: %s: %s is not %s", name, r.Code, r.Ours, r.Published.Text)
		}
		require.Greater(t, len(c.Rows), 40, name)
	}
	for name, content := range map[string]string{"a.pdf": "", "a.csv": "x,y\n1,2\n", "a.json": "{", "a.xlsx": "no zip"} {
		_, err := ReadPublication(name, strings.NewReader(content))
		require.Error(t, err, name)
	}
}

// More than 12000 is at least 12000, and no other number exactly.
func TestWhatIsStatedAsMoreBearsOutLess(t *testing.T) {
	more := ours{kind: Stated, value: big.NewRat(12000, 1), over: true}
	for text, holds := range map[string]bool{"12000余": true, "12000以上": true, "11000以上": true, "13000以上": false, "12000": false, "11000余": false} {
		claim, err := ParseClaim(text)
		require.NoError(t, err, text)
		require.Equal(t, holds, more.bearsOut(&claim), text)
	}
}

func FuzzReadPublication(f *testing.F) {
	f.Add("a.txt", wording)
	f.Add("a.csv", "code,value\na,1\n")
	f.Add("a.json", `{"a":1}`)
	a := sample()
	f.Fuzz(func(t *testing.T, name, content string) {
		p, err := ReadPublication(filepath.Base(name), strings.NewReader(content))
		if err != nil {
			return
		}
		c := Compare(a, p, "en")
		require.NoError(t, c.WriteText(new(strings.Builder), "en"))
	})
}

// TestTheSeedIsFound needs the published report, which is not part of the
// project; SUDI_PUBLISHED_REPORT names it.
func TestTheSeedIsFound(t *testing.T) {
	path := os.Getenv("SUDI_PUBLISHED_REPORT")
	if path == "" {
		t.Skip("SUDI_PUBLISHED_REPORT names no file")
	}
	file, err := os.Open(path) //nolint:gosec // named by who runs the test
	require.NoError(t, err)
	defer file.Close()
	p, err := ReadPublication(path, file)
	require.NoError(t, err)
	c := Compare(sample(), p, "zh")
	require.Len(t, c.NotFound, 2, "court filings of both years")
	require.Equal(t, len(c.Rows), c.Agreeing())
}
