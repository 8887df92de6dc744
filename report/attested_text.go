package report

import (
	"fmt"
	"io"
	"strings"
)

// InWords is a stated value with its unit: 12000余条, over 12000 items.
func (st *Stated) InWords(lang string) string {
	unit := st.Item.Unit.In(lang)
	if st.Item.Percent {
		unit = "%"
	}
	switch {
	case lang == "zh" && st.Over:
		for _, myriad := range []string{"万", "亿"} { // 2亿余元
			if rest, ok := strings.CutPrefix(unit, myriad); ok {
				return st.Value + myriad + "余" + rest
			}
		}
		return st.Value + "余" + unit
	case lang == "zh" || st.Item.Percent:
		return st.Value + unit
	case st.Over:
		return strings.TrimSpace("over " + st.Value + " " + unit)
	default:
		return strings.TrimSpace(st.Value + " " + unit)
	}
}

// WriteAttested writes for a terminal what departments state, apart from the
// computed figures, and what is missing.
func (a *Annual) WriteAttested(w io.Writer, lang string) error {
	title, missing := "Stated by departments", "Not stated yet: %d items; see `sudi attest missing`\n"
	head := [3]string{"Item", "Value"}
	if lang != "en" {
		lang, title, missing = "zh", "单位填报", "尚未填报:%d 项,见 sudi attest missing\n"
		head = [3]string{"指标", "数值"}
	}
	var b strings.Builder
	if len(a.Attested) > 0 {
		rows := [][3]string{head}
		for i := range a.Attested {
			st := &a.Attested[i]
			rows = append(rows, [3]string{st.Item.Name.In(lang), st.InWords(lang)})
		}
		widths := columns(rows)
		fmt.Fprintf(&b, "\n%s\n\n", title)
		for i, row := range rows {
			writeRow(&b, row, widths)
			if i > 0 {
				st := &a.Attested[i-1]
				for _, line := range wrap(st.credit(lang), textWidth-2) {
					b.WriteString("  " + line + "\n")
				}
			}
		}
	}
	if len(a.Missing) > 0 {
		fmt.Fprintf(&b, "\n"+missing, len(a.Missing))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// credit says who stated a figure, by what, and whether it can be made again.
func (st *Stated) credit(lang string) string {
	parts := []string{st.DepartmentName, st.Source, st.Date.String(), st.Signer}
	if st.Note != "" {
		parts = append(parts, st.Note)
	}
	text := strings.Join(parts, ", ")
	if lang == "zh" {
		text = strings.Join(parts, "，")
	}
	switch {
	case st.Item.Unproven && lang == "zh":
		text += "（不能复算）"
	case st.Item.Unproven:
		text += " (not reproducible)"
	}
	return text
}
