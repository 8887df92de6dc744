package paper

import (
	"embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"sudi/domain"
)

//go:embed words
var words embed.FS

// labels are the words of a language outside of the running text.
type labels struct {
	Day           string                          `yaml:"day"`
	Month         string                          `yaml:"month"`
	Comma         string                          `yaml:"comma"`
	Note          string                          `yaml:"note"`
	OwnDefinition string                          `yaml:"own_definition"`
	Unproven      string                          `yaml:"unproven"`
	UnitOf        map[domain.IndicatorUnit]string `yaml:"unit_of"`
	Trend         map[string]string               `yaml:"trend"`
	Move          map[string]string               `yaml:"move"`
	Gap           map[string]string               `yaml:"gap"`
	All           string                          `yaml:"all"`
	County        string                          `yaml:"county"`
	Elsewhere     string                          `yaml:"elsewhere"`
	Small         string                          `yaml:"small"`
	Age           map[string]string               `yaml:"age"`
	PercentSeries string                          `yaml:"percent_series"`
	Tables        map[string]string               `yaml:"tables"`
	Remarks       map[string]string               `yaml:"remarks"`
	Charts        map[string]string               `yaml:"charts"`
	ChartRemarks  map[string]string               `yaml:"chart_remarks"`
	Columns       map[string]string               `yaml:"columns"`
	Short         map[string]string               `yaml:"short"`
	Procedures    map[string]string               `yaml:"procedures"`
	Sheets        map[string]string               `yaml:"sheets"`
	Sections      map[int]string                  `yaml:"sections"`
	Yes           string                          `yaml:"yes"`
	Contents      string                          `yaml:"contents"`
	ComputedWord  string                          `yaml:"computed_figure"`
	StatedWord    string                          `yaml:"stated_figure"`
	MissingWord   string                          `yaml:"missing_figure"`
	Notes         string                          `yaml:"notes"`
	Unpublished   string                          `yaml:"unpublished"`
	Published     string                          `yaml:"published"`
	Compare       map[string]string               `yaml:"compare"`
	FromDay       string                          `yaml:"from_day"`

	lang string
}

// loadLabels reads words/labels.yaml once. The file is embedded, so a fault in
// it is one of the program, which a test finds.
var loadLabels = sync.OnceValue(func() map[string]labels {
	data, err := words.ReadFile("words/labels.yaml")
	if err != nil {
		panic(err)
	}
	all := map[string]labels{}
	if err := yaml.UnmarshalWithOptions(data, &all, yaml.Strict()); err != nil {
		panic(fmt.Errorf("words/labels.yaml: %w", err))
	}
	for lang, l := range all {
		l.lang = lang
		all[lang] = l
	}
	return all
})

// labelsOf are the labels of a language, the Chinese ones for any other.
func labelsOf(lang string) labels {
	all := loadLabels()
	if l, ok := all[lang]; ok {
		return l
	}
	return all["zh"]
}

// day prints a date: 2021年3月8日, 8 March 2021.
func (l *labels) day(d domain.Date) string {
	if l.lang == "en" {
		return fmt.Sprintf(l.Day, d.Year, d.Month, d.Day)
	}
	return fmt.Sprintf(l.Day, d.Year, int(d.Month), d.Day)
}

// month names a month, "05": 5月, May.
func (l *labels) month(digits string) string {
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 1 || n > 12:
		return digits
	case l.lang == "en":
		return time.Month(n).String()[:3]
	default:
		return fmt.Sprintf(l.Month, n)
	}
}

// moment prints a Beijing day and time.
func (l *labels) moment(t time.Time) string {
	return l.day(domain.DateIn(t)) + " " + t.In(domain.Beijing).Format("15:04")
}

// sourceWords puts the English of a definition's source into Chinese; the laws
// among them are named in Chinese already.
var sourceWords = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`annual report (\d+), part 1\((\d+)\)`), "${1}年度报告第一部分第${2}项"},
	{regexp.MustCompile(` ?arts?\. ([\d–, ]*\d)`), "第${1}条"},
}

// cited is a definition's source in the language. The project's own notes are
// no source for a reader: what rests on them alone is Sudi's own definition.
func (l *labels) cited(source string) string {
	var parts []string
	for _, part := range strings.Split(source, "; ") {
		if strings.HasPrefix(part, "domain") || l.lang == "zh" && part[0] >= 'a' && part[0] < 'a'+26 && !sourceWords[0].from.MatchString(part) {
			continue // in Chinese, remarks on the English name too
		}
		if l.lang == "zh" {
			for _, w := range sourceWords {
				part = w.from.ReplaceAllString(part, w.to)
			}
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return l.OwnDefinition
	}
	if l.lang == "zh" { // whose wide marks need no space behind them
		return strings.ReplaceAll(strings.Join(parts, ";"), ": ", ":")
	}
	return strings.Join(parts, "; ")
}
