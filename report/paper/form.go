package paper

import (
	"fmt"
	"io"

	"sudi/report"
)

// Form is a file format of the annual report.
type Form string

// The forms.
const (
	DOCX Form = "docx"
	HTML Form = "html"
	XLSX Form = "xlsx"
)

// Forms are all of them.
var Forms = []Form{DOCX, HTML, XLSX}

// MediaType is the form's content type.
func (f Form) MediaType() string {
	switch f {
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	default:
		return "text/html; charset=utf-8"
	}
}

// Write writes the annual report in a form and a language, "zh" or "en".
func Write(w io.Writer, a *report.Annual, form Form, lang string) error {
	switch form {
	case DOCX, HTML:
		d, err := Build(a, lang)
		if err != nil {
			return err
		}
		if form == HTML {
			return WriteHTML(w, d)
		}
		return WriteDOCX(w, d, a.AsOf)
	case XLSX:
		return WriteXLSX(w, a, lang)
	default:
		return fmt.Errorf("no form %q of the annual report", form)
	}
}

// FileName is what a downloaded report is called, without its ending.
func FileName(a *report.Annual, lang string) string {
	if lang == "en" {
		return fmt.Sprintf("%s rule-of-law report %d", a.County, a.Year)
	}
	return fmt.Sprintf("%s%d年度法治政府建设情况报告", a.County, a.Year)
}
