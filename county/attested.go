package county

import (
	_ "embed" // the model's tables
	"strconv"

	"sudi/domain"
)

//go:embed attested.csv
var attestedCSV string

// Attested are the statements of the county's departments for 2020: the values
// that its annual report gave, and for the court's filings, of which it gave
// only the change, invented counts that make it. Sources and signers are
// invented and their names show it. Who enters them is left to the caller.
func Attested() []domain.Attested {
	d := Directory()
	table := rows(attestedCSV, 7)
	all := make([]domain.Attested, 0, len(table))
	for _, row := range table {
		item := domain.AttestedItemByCode(row[0])
		over, err := strconv.ParseBool(row[2])
		if item == nil || err != nil {
			panic("county: no statement: " + row[0])
		}
		date := mustDate(row[4])
		all = append(all, domain.Attested{
			Year: 2020, Code: row[0], Value: row[1], Over: over, Department: d.Functional(item.Department, date).Code,
			Source: row[3], Date: date, Signer: row[5], Note: row[6],
		})
	}
	return all
}
