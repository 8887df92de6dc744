// Package county is the model county, 峄城区 (GB/T 2260 370404): its
// organisations, petition categories and competences, and invented people and
// matters for demonstrations and tests. Divisions, villages and categories are
// real; bodies are those that a district has; no person or enterprise is.
package county

import (
	_ "embed" // the model's tables
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sudi/domain"
)

// Code is the county's division code.
const Code = "370404"

//go:embed categories.csv
var categoriesCSV string

//go:embed competences.csv
var competencesCSV string

// Categories lists the three-level petition categories in code order. The
// file holds the third level; the levels above are the first two and four
// digits of a code.
func Categories() []domain.Category {
	var all []domain.Category
	seen := map[string]bool{}
	add := func(c domain.Category) {
		if !seen[c.Code] {
			seen[c.Code] = true
			all = append(all, c)
		}
	}
	for _, row := range rows(categoriesCSV, 4) {
		code, l1, l2, l3 := row[0], row[1], row[2], row[3]
		add(domain.Category{Code: code[:2], Level1: l1})
		add(domain.Category{Code: code[:4], Level1: l1, Level2: l2})
		add(domain.Category{Code: code, Level1: l1, Level2: l2, Level3: l3})
	}
	return all
}

// Competences maps a category code, or its first two or four digits, to the
// function of the competent unit; the longest prefix decides.
func Competences() map[string]string {
	m := map[string]string{}
	for _, row := range rows(competencesCSV, 3) {
		m[row[0]] = row[2]
	}
	return m
}

// Directory is the county's organisations and competences, indexed.
func Directory() *domain.Directory {
	return domain.NewDirectory(Organizations(), Competences())
}

// rows reads an embedded table below its heading. The tables are part of the
// program: one that cannot be read is a mistake in it.
func rows(table string, columns int) [][]string {
	r := csv.NewReader(strings.NewReader(table))
	r.FieldsPerRecord = columns
	all, err := r.ReadAll()
	if err != nil || len(all) < 2 {
		panic(fmt.Sprintf("county: unreadable table: %v", err))
	}
	return slices.Clip(all[1:])
}

func mustDate(s string) domain.Date {
	d, err := domain.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// until is the last day of validity, nil for one that is still active.
func until(s string) *domain.Date {
	if s == "" {
		return nil
	}
	d := mustDate(s)
	return &d
}

// townshipNames are the names of the townships by code.
var townshipNames = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, row := range rows(townshipsCSV, 3) {
		m[row[0]] = row[1]
	}
	return m
})
