package paper

import (
	"bytes"
	_ "embed" // the anchors
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

//go:embed anchors.csv
var anchorsCSV []byte

// anchor is how the published report words a figure: "#" in its pattern is the
// figure; without one the wording itself says value.
type anchor struct {
	code    string
	pattern *regexp.Regexp
	value   string
}

// loadAnchors reads anchors.csv once. It is embedded, so a fault in it is one
// of the program, which a test finds.
var loadAnchors = sync.OnceValue(func() []anchor {
	rows, err := csv.NewReader(bytes.NewReader(anchorsCSV)).ReadAll()
	if err != nil {
		panic(fmt.Errorf("anchors.csv: %w", err))
	}
	var all []anchor
	for _, row := range rows[1:] {
		all = append(all, anchor{row[0], regexp.MustCompile(strings.ReplaceAll(row[1], "#", figurePattern)), row[2]})
	}
	return all
})

// soughtCodes are the figures that a published report usually has.
func soughtCodes() map[string]bool {
	codes := map[string]bool{}
	for _, a := range loadAnchors() {
		codes[a.code] = true
	}
	return codes
}

// Publication is the figures of a published report by code.
type Publication struct {
	Claims map[string]Claim
	Order  []string // the codes as they came
	Unread []string // "code: text" that is no figure
}

func (p *Publication) add(code, text string) {
	code, text = strings.TrimSpace(code), strings.TrimSpace(text)
	if code == "" || text == "" {
		return
	}
	claim, err := ParseClaim(text)
	if err != nil {
		p.Unread = append(p.Unread, code+": "+text)
		return
	}
	if p.Claims == nil {
		p.Claims = map[string]Claim{}
	}
	if _, again := p.Claims[code]; !again {
		p.Order = append(p.Order, code)
	}
	p.Claims[code] = claim
}

// maxPublication bounds a file of published figures.
const maxPublication = 32 << 20

// ReadPublication reads published figures: code and value from csv, xlsx or
// json, or the words of the report itself from txt. The name's ending decides.
func ReadPublication(name string, r io.Reader) (Publication, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPublication+1))
	if err != nil {
		return Publication{}, err
	}
	if len(data) > maxPublication {
		return Publication{}, fmt.Errorf("%s is larger than %d MiB", name, maxPublication>>20)
	}
	ending := strings.ToLower(filepath.Ext(name))
	if !utf8.Valid(data) && ending != ".xlsx" { // as Windows in China writes text
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data); err == nil {
			data = decoded
		}
	}
	var p Publication
	switch ending {
	case ".txt":
		p.readText(string(data))
	case ".csv":
		err = p.readCSV(data)
	case ".xlsx":
		err = p.readXLSX(data)
	case ".json":
		err = p.readJSON(data)
	default:
		err = fmt.Errorf("published figures come as txt, csv, xlsx or json, not %q", ending)
	}
	if err != nil {
		return p, fmt.Errorf("read %s: %w", name, err)
	}
	return p, nil
}

// narrowMarks puts full-width marks into ASCII, so that a pattern finds a
// wording however it was typed.
var narrowMarks = strings.NewReplacer("\uff0c", ",", "\uff1b", ";", "\uff1a", ":", "\uff08", "(", "\uff09", ")", "\uff05", "%", "\ufeff", "")

// readText finds each figure by its anchor.
func (p *Publication) readText(text string) {
	text = narrowMarks.Replace(text)
	for _, a := range loadAnchors() {
		m := a.pattern.FindStringSubmatch(text)
		switch {
		case m == nil:
		case a.value != "":
			p.add(a.code, a.value)
		default:
			p.add(a.code, m[1])
		}
	}
}

func (p *Publication) readCSV(data []byte) error {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		return err
	}
	return p.addRows(rows)
}

func (p *Publication) readXLSX(data []byte) error {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: 8 * maxPublication})
	if err != nil {
		return err
	}
	defer book.Close() //nolint:errcheck // read to its end
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			return err
		}
		if code, value := columnsIn(rows); code >= 0 && value >= 0 {
			if err := p.addRows(rows); err != nil {
				return err
			}
		}
	}
	if len(p.Order) == 0 && len(p.Unread) == 0 {
		return errors.New("no sheet has the columns code and value")
	}
	return nil
}

// columnsIn finds the columns of code and value by their titles; -1 where there
// is none. A sheet that is grouped is no list of the year's figures.
func columnsIn(rows [][]string) (code, value int) {
	code, value = -1, -1
	if len(rows) == 0 {
		return code, value
	}
	for i, title := range rows[0] {
		switch strings.ToLower(strings.TrimSpace(title)) {
		case "code", "代码":
			code = i
		case "value", "数值":
			value = i
		case "group code", "分组代码":
			return -1, -1
		}
	}
	return code, value
}

func (p *Publication) addRows(rows [][]string) error {
	code, value := columnsIn(rows)
	if code < 0 || value < 0 {
		return errors.New("the first line must name the columns code and value")
	}
	for _, row := range rows[1:] {
		if len(row) > max(code, value) {
			p.add(row[code], row[value])
		}
	}
	return nil
}

// readJSON takes {"code": value, …}, [{"code": …, "value": …}, …], or a report
// as sudi writes it.
func (p *Publication) readJSON(data []byte) error {
	type entry struct {
		Code  string          `json:"code"`
		Value json.RawMessage `json:"value"`
		Over  bool            `json:"over"`
		Unit  string          `json:"unit"`
	}
	add := func(es []entry) {
		for _, e := range es {
			text := rawText(e.Value)
			switch fen, ok := new(big.Rat).SetString(text); {
			case e.Unit == "percent" && ok:
				text += "%"
			case e.Unit == "fen" && ok:
				text = fen.Quo(fen, big.NewRat(100, 1)).FloatString(2)
			}
			if e.Over {
				text += "余"
			}
			p.add(e.Code, text)
		}
	}
	var list []entry
	if json.Unmarshal(data, &list) == nil {
		add(list)
		return nil
	}
	var annual struct {
		Figures []entry `json:"figures"`
	}
	if json.Unmarshal(data, &annual) == nil && annual.Figures != nil {
		add(annual.Figures)
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	codes := make([]string, 0, len(object))
	for code := range object {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	for _, code := range codes {
		p.add(code, rawText(object[code]))
	}
	return nil
}

// rawText is a JSON string or number as text, "" for null.
func rawText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if text := string(raw); text != "null" {
		return text
	}
	return ""
}
