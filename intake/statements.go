package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sudi/domain"
)

// maxStatementFile bounds a file of statements; a county has some hundred.
const maxStatementFile = 8 << 20

// Statement is a statement of a file, and its row there, from 1.
type Statement struct {
	domain.Attested
	Row int
}

// statementColumns are the columns of a file of statements, by every name that
// they may have.
var statementColumns = map[string]string{
	"code": "code", "代码": "code", "value": "value", "数值": "value", "over": "over", "余": "over",
	"department": "department", "单位": "department", "source": "source", "来源": "source",
	"date": "date", "日期": "date", "signer": "signer", "签字人": "signer", "note": "note", "备注": "note",
}

// ReadStatements reads a csv or xlsx file of what departments state for a year.
// The first row names the columns: code, value, over, department, source, date,
// signer and note, or 代码、数值、余、单位、来源、日期、签字人、备注; over, department and
// note may be missing. Whether a statement is right is not looked at.
func ReadStatements(path string, year int) ([]Statement, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxStatementFile {
		return nil, fmt.Errorf("%s: not a file of at most %d MiB", filepath.Base(path), maxStatementFile>>20)
	}
	var cells [][]string
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		cells, err = csvCells(path)
	case ".xlsx":
		cells, err = xlsxCells(path)
	default:
		err = fmt.Errorf("%s: neither .csv nor .xlsx", filepath.Base(path))
	}
	if err != nil {
		return nil, err
	}
	return statementRows(cells, year)
}

// csvCells reads a csv file in UTF-8 or, when it is none, in GB18030.
func csvCells(path string) ([][]string, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the user's own file
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) {
		if raw, err = simplifiedchinese.GB18030.NewDecoder().Bytes(raw); err != nil {
			return nil, fmt.Errorf("%s is neither UTF-8 nor GB18030: %w", filepath.Base(path), err)
		}
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	return r.ReadAll()
}

// xlsxCells reads the first sheet as its cells are shown, but dates as dates.
func xlsxCells(path string) (cells [][]string, err error) {
	book, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: 16 * maxStatementFile, UnzipXMLSizeLimit: maxStatementFile})
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	sheet := book.GetSheetName(0)
	if cells, err = book.GetRows(sheet); err != nil || len(cells) == 0 {
		return cells, err
	}
	at := slices.IndexFunc(cells[0], func(name string) bool { return statementColumns[columnKey(name)] == "date" })
	if at < 0 {
		return cells, nil
	}
	props, err := book.GetWorkbookProps()
	if err != nil {
		return nil, err
	}
	raw, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	for i := 1; i < min(len(cells), len(raw)); i++ {
		if at >= len(cells[i]) || at >= len(raw[i]) {
			continue
		}
		if serial, err := strconv.ParseFloat(raw[i][at], 64); err == nil {
			day, err := excelize.ExcelDateToTime(serial, props.Date1904 != nil && *props.Date1904)
			if err != nil {
				return nil, err
			}
			cells[i][at] = day.Format("2006-01-02")
		}
	}
	return cells, nil
}

func columnKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// statementRows reads the rows below their heading.
func statementRows(cells [][]string, year int) ([]Statement, error) {
	if len(cells) < 2 {
		return nil, errors.New("the file has no rows below a heading")
	}
	var names []string
	for _, name := range cells[0] {
		key := statementColumns[columnKey(name)]
		if key == "" && columnKey(name) != "" || key != "" && slices.Contains(names, key) {
			return nil, fmt.Errorf("column %q is unknown or there twice", name)
		}
		names = append(names, key)
	}
	for _, needed := range []string{"code", "value", "source", "date", "signer"} {
		if !slices.Contains(names, needed) {
			return nil, fmt.Errorf("the file has no column %s", needed)
		}
	}
	var rows []Statement
	for i, record := range cells[1:] {
		fields := make(map[string]string, len(names))
		for n, cell := range record {
			if n < len(names) {
				fields[names[n]] = strings.TrimSpace(cell)
			}
		}
		if strings.Join(record, "") == "" {
			continue
		}
		row := Statement{Row: i + 2}
		if err := row.fill(fields, year); err != nil {
			return nil, fmt.Errorf("row %d: %w", row.Row, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *Statement) fill(fields map[string]string, year int) error {
	date, err := domain.ParseDate(fields["date"])
	if err != nil {
		return fmt.Errorf("date %q: 2021-01-15", fields["date"])
	}
	over, ok := map[string]bool{"": false, "false": false, "0": false, "否": false, "no": false,
		"true": true, "1": true, "是": true, "yes": true, "余": true, "多": true}[strings.ToLower(fields["over"])]
	if !ok {
		return fmt.Errorf("over %q: true or false", fields["over"])
	}
	value, more := plainValue(fields["value"])
	s.Attested = domain.Attested{
		Year: year, Code: fields["code"], Value: value, Over: over || more, Department: fields["department"],
		Source: fields["source"], Date: date, Signer: fields["signer"], Note: fields["note"],
	}
	return nil
}

// plainValue reads a number as people and workbooks write it: 1,012; 93.60%;
// 2560余. What is no number is left as it is, to be refused.
func plainValue(text string) (value string, more bool) {
	value = strings.TrimRight(text, "%％ ")
	for _, mark := range []string{"余", "多", "以上", "+"} {
		if short, ok := strings.CutSuffix(value, mark); ok {
			value, more = strings.TrimRight(short, "%％ "), true
		}
	}
	value = strings.ReplaceAll(value, ",", "")
	if strings.Contains(value, ".") {
		value = strings.TrimSuffix(strings.TrimRight(value, "0"), ".")
	}
	return value, more
}
