package intake

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

const smallMapping = `procedure: appeal
case:
  title: 标题
  class: {constant: help}
times:
  received: 收到
steps:
  - do: dispatch
    at: received
    fields: {organization: {constant: citizens_centre}}
`

func TestMappingMistakesNameTheirLine(t *testing.T) {
	replace := func(from, to string) string { return strings.Replace(smallMapping, from, to, 1) }
	for name, c := range map[string][2]string{
		"unknown key":        {"colour: red\n" + smallMapping, "colour"},
		"unknown source key": {replace("title: 标题", "title: {colum: 标题}"), "colum"},
		"no title":           {replace("  title: 标题\n", ""), "m.yaml:3: case.title: is missing"},
		"no received":        {replace("received: 收到", "got: 收到"), "m.yaml:6: times.received: is missing"},
		"time":               {replace("at: received", "at: replied"), `m.yaml:9: steps[0].at: "replied" is not one of times`},
		"both":               {replace("title: 标题", "title: {column: 标题, constant: x}"), "m.yaml:3: case.title: has more than one"},
		"neither":            {replace("title: 标题", "title: {space: line}"), "m.yaml:3: case.title: needs a column"},
		"space":              {replace("title: 标题", "title: {column: 标题, space: none}"), "m.yaml:3: case.title: space"},
		"from itself":        {replace("title: 标题", "title: {from: title, first: 9}"), "m.yaml:3: case.title: from must be"},
		"from without first": {replace("title: 标题", "title: {from: statement}"), "m.yaml:3: case.title: from and first"},
		"values twice":       {replace("title: 标题", "title: {column: 标题, values: {Ａ: x, a: y}}"), "are the same"},
		"empty words":        {replace("title: 标题", "title: {column: 标题, contains: [{any: [], is: x}]}"), "m.yaml:3: case.title.contains[0]: names no words"},
		"layout":             {"dates: [YYYY-MM-DD]\n" + smallMapping, `m.yaml:1: dates[0]: "YYYY-MM-DD" does not write`},
		"header":             {"header: -1\n" + smallMapping, "m.yaml:1: header: must be"},
		"encoding":           {"encoding: big5\n" + smallMapping, "m.yaml:1: encoding:"},
		"delimiter":          {"delimiter: ';;'\n" + smallMapping, "m.yaml:1: delimiter:"},
		"party":              {smallMapping + "parties: [{phone: x}]\n", "m.yaml:11: parties[0].name: is missing"},
		"not yaml":           {"a: [", "m.yaml"},
		"large":              {"#" + strings.Repeat("x", maxMapping), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("m.yaml", []byte(c[0]))
			require.ErrorContains(t, err, c[1])
		})
	}
	// A mistake deep in a strict mapping still names its line.
	_, err := Parse("m.yaml", []byte(replace("title: 标题", "title: {colum: 标题}")))
	require.ErrorContains(t, err, "[3:")
}

func TestMappingIsCheckedAgainstTheProcedure(t *testing.T) {
	replace := func(from, to string) string { return strings.Replace(smallMapping, from, to, 1) }
	for name, c := range map[string][2]string{
		"procedure": {replace("procedure: appeal", "procedure: apeal"), `m.yaml:1: procedure: "apeal" is not a procedure`},
		"class":     {replace("constant: help", "constant: hlep"), `m.yaml:4: case.class: "hlep" is not one of complaint, consultation, help, suggestion`},
		"no class":  {replace("  class: {constant: help}\n", ""), "case.class: is missing"},
		"values":    {replace("{constant: help}", "{column: 类, values: {求助: x}}"), `case.class: "x" is not one of`},
		"action":    {replace("do: dispatch", "do: despatch"), `m.yaml:8: steps[0].do: "despatch" is not an action`},
		"role":      {replace("do: dispatch", "do: dispatch\n    as: handler"), "m.yaml:9: steps[0].as: dispatch is not done by a handler"},
		"clock":     {replace("do: dispatch", "do: archive\n    as: clock"), "is not a role of people"},
		"state":     {replace("do: dispatch", "do: dispatch\n    in: [regist]"), "is not a state"},
		"field":     {replace("organization:", "organisation:"), "m.yaml:10: steps[0].fields.organisation: is not asked by dispatch (it asks "},
		"org":       {"org: nowhere\n" + smallMapping, "m.yaml:1: org:"},
		"channel":   {replace("  title: 标题", "  channel: {constant: post}\n  title: 标题"), `m.yaml:3: case.channel: "post" is not one of`},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Parse("m.yaml", []byte(c[0]))
			require.NoError(t, err)
			require.ErrorContains(t, m.Check(testRules(t), domain.DateIn(now)), c[1])
		})
	}
}

func TestMappingNamesColumnsOfTheFile(t *testing.T) {
	o := options(t, newMemory(), writeFile(t, "a.csv", "标 题,收到,收到\n一,2019-1-1,\n"), smallMapping)
	_, err := Run(bg(), o)
	require.ErrorContains(t, err, `test.yaml:6: times.received: the file has 2 columns "收到": name one by its letter`)

	o = options(t, newMemory(), writeFile(t, "a.csv", "题目,收到\n一,2019-1-1\n"), smallMapping)
	_, err = Run(bg(), o)
	require.ErrorContains(t, err, `test.yaml:3: case.title: the file has no column "标题"; it has 题目, 收到`)

	byLetter := strings.NewReplacer("title: 标题", "title: A", "received: 收到", "received: C").Replace(smallMapping)
	for header, text := range map[string]string{
		"header: 0\n":  "一,,2019-1-1\n",
		"":             "标题,收到,收到\n一,,2019-1-1\n",
		"header: 3\n":  "一张表\n\n标题,收到,收到\n\n一,,2019-1-1\n",
		"header: 01\n": "Ａ,收到,Ｃ\n一,,2019-1-1\n", // a heading comes before a letter
	} {
		m := newMemory()
		r, err := Run(bg(), options(t, m, writeFile(t, "a.csv", text), header+byLetter))
		require.NoError(t, err)
		require.Equal(t, 1, r.Taken)
		require.Equal(t, "一", m.files[0].Case.Title)
	}
}

// The import of a file is found again although a comment was added.
func TestMappingDigestIsOfWhatItSays(t *testing.T) {
	digest := func(text string) string {
		m, err := Parse("m.yaml", []byte(text))
		require.NoError(t, err)
		d, err := m.digest()
		require.NoError(t, err)
		return d
	}
	require.Equal(t, digest(smallMapping), digest("# a comment\n"+strings.ReplaceAll(smallMapping, "标题", `"标题"`)))
	require.NotEqual(t, digest(smallMapping), digest(strings.ReplaceAll(smallMapping, "标题", "题目")))
}

func TestLoad(t *testing.T) {
	m, err := Load("replied-messages")
	require.NoError(t, err)
	require.NoError(t, m.Check(testRules(t), domain.DateIn(now)))
	_, err = Load("nothing-of-the-kind")
	require.Error(t, err)
	m, err = Load(writeFile(t, "m.yaml", smallMapping))
	require.NoError(t, err)
	require.Equal(t, "appeal", m.Procedure)
}

func FuzzMapping(f *testing.F) {
	f.Add(smallMapping)
	f.Add("procedure: appeal\ncase: {title: {from: statement, first: 3}, statement: B}\ntimes: {received: {column: A, values: {x: y}}}\n")
	rules := testRules(f)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse("m.yaml", []byte(text))
		if err != nil {
			return
		}
		_ = m.Check(rules, domain.DateIn(now))
		p := &plan{m: m, rules: rules, columns: map[*Source][]int{}, header: []string{"A"}, now: now, categories: indexCategories(testCategories)}
		if p.procedure, err = rules.Library.Latest("appeal", domain.DateIn(now)); err != nil || p.bindColumns() != nil {
			return
		}
		_ = p.read(1, []string{"2019-1-1", "x"}).wrong.Text("zh")
	})
}

// A file whose lines are not told apart is all headings, and those are what
// citizens wrote.
func TestMissingColumnDoesNotPrintTheFile(t *testing.T) {
	path := writeFile(t, "a.csv", strings.ReplaceAll(manyRows(100)+strings.Repeat("长", 100), "\n", "\r"))
	_, err := Run(bg(), options(t, newMemory(), path, smallMapping))
	require.ErrorContains(t, err, "the file has no column")
	for line := range strings.Lines(err.Error()) {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 20*43+100)
	}
	require.NotContains(t, err.Error(), "第10件")

	require.Equal(t, "甲, 乙", someNames([]string{"甲", "乙"}))
	long := strings.Repeat("长", 41)
	got := someNames(append([]string{long, "a\nb"}, make([]string, 20)...))
	require.True(t, strings.HasPrefix(got, strings.Repeat("长", 40)+"…, a b, "), got)
	require.True(t, strings.HasSuffix(got, ", and 2 more"), got)
}
