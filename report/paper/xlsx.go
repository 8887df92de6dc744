package paper

import (
	"io"

	"sudi/report"
)

func WriteXLSX(w io.Writer, a *report.Annual, lang string) error { return nil }
