package report

import (
	"fmt"
	"io"
	"strings"
)

// verifyWords are the words of a verification's result.
type verifyWords struct {
	cases, counts, ok, wrong, line, more string
	checks                               map[Check]string
}

var verifyWordsIn = map[string]verifyWords{
	"zh": {
		cases:  "已核对案件 %d 件、历史记录 %d 条、期限 %d 个。\n",
		counts: "已核对汇总数 %d 个、%d 年明细清单 %d 份。\n",
		ok:     "全部一致。\n",
		wrong:  "不一致 %d 处:\n",
		line:   "  %s  %s:应为 %s,实为 %s\n",
		more:   "  ……另有 %d 处未列出\n",
		checks: map[Check]string{
			CheckFold: "案件与历史", CheckClocks: "期限与历史", CheckVersion: "版本号",
			CheckRollUp: "汇总与案件", CheckRecount: "重算与案件",
			CheckList: "清单与数字", CheckListed: "清单中重复或不应计入的案件",
		},
	},
	"en": {
		cases:  "Checked %d cases, %d history entries and %d clocks.\n",
		counts: "Checked %d counts and, for %d, %d lists behind figures.\n",
		ok:     "All agree.\n",
		wrong:  "%d differences:\n",
		line:   "  %s  %s: want %s, got %s\n",
		more:   "  … and %d more\n",
		checks: map[Check]string{
			CheckFold: "case and history", CheckClocks: "clock and history", CheckVersion: "version",
			CheckRollUp: "roll-up and cases", CheckRecount: "recount and cases",
			CheckList: "list and figure", CheckListed: "listed twice or wrongly",
		},
	},
}

// WriteText writes the result for a terminal, in "zh" or "en".
func (r *VerifyResult) WriteText(w io.Writer, lang string) error {
	words, ok := verifyWordsIn[lang]
	if !ok {
		words = verifyWordsIn["zh"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, words.cases, r.Cases, r.Entries, r.Clocks)
	fmt.Fprintf(&b, words.counts, r.Counts, r.Year, r.Lists)
	if r.OK() {
		b.WriteString(words.ok)
	} else {
		fmt.Fprintf(&b, words.wrong, r.Wrong)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(&b, words.line, words.checks[d.Check], d.Where, d.Want, d.Got)
	}
	if more := r.Wrong - int64(len(r.Differences)); more > 0 {
		fmt.Fprintf(&b, words.more, more)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
