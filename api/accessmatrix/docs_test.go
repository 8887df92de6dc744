package accessmatrix

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of docs/access.md anew")

const page = "../../docs/access.md"

// docs/access.md shows the policy that the server is held to: its tables are
// made from the same rows.
func TestThePageShowsThePolicy(t *testing.T) {
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	want := string(raw)
	for name, table := range tables() {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
		before, rest, ok := strings.Cut(want, begin)
		require.True(t, ok, "no place for the table %q in %s", name, page)
		_, after, ok := strings.Cut(rest, end)
		require.True(t, ok, "no end of the table %q in %s", name, page)
		want = before + begin + "\n" + table + "\n" + end + after
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644)) //nolint:gosec // a page of the documentation
		return
	}
	require.Equal(t, want, string(raw), "%s does not show the policy: go test ./api/accessmatrix -run TestThePage -update", page)
}

// tables are the generated parts of the page.
func tables() map[string]string {
	return map[string]string{
		"relations": table("the case is to the reader's organisation|it is seen|an accusation, by who works there|a confidential case whole, by who works there|by the petition bureau's supervisor|which means", func(row func(...string)) {
			for _, r := range relations {
				row(string(r.name), yes(r.seen), yes(r.sealed), yes(r.whole), yes(r.watch), r.says)
			}
		}),
		"views": table("role|what is shown of a case that is seen|that is", func(row func(...string)) {
			for _, v := range views {
				row(strings.ReplaceAll(v.roles, " ", ", "), string(v.as), v.says)
			}
		}),
		"parts": table("part of a case|whole|masked", func(row func(...string)) {
			for _, p := range parts {
				shows := map[bool]string{true: "shown", false: "hidden"}[p.masked]
				if p.says != "" {
					shows += ": " + p.says
				}
				row(p.name, "shown", shows)
			}
		}),
		"routes": table("route|who|answers about|what it is", func(row func(...string)) {
			for _, r := range rules {
				row("`"+r.route+"`", who(r.roles), string(r.about), r.says)
			}
		}),
		"placements": table("case|registered by|handed to|told|complains of|"+strings.Join(readers, "|"), func(row func(...string)) {
			for _, p := range slices.Concat(placements, tied) {
				cells := []string{strings.ReplaceAll(p.name, "_", " "), p.registers, p.to, p.helps, p.against}
				for _, r := range readers {
					cells = append(cells, string(p.relations[r]))
				}
				row(cells...)
			}
		}),
		"states": table("state|which is", func(row func(...string)) {
			for _, s := range states {
				row(s.name, s.says)
			}
		}),
		"gaps": table("gap|what it is", func(row func(...string)) {
			for _, name := range slices.Sorted(maps.Keys(gaps)) {
				row(name, gaps[name])
			}
		}),
	}
}

// table is a Markdown table of heads, parted by |, and rows.
func table(heads string, rows func(row func(...string))) string {
	var b strings.Builder
	line := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	columns := strings.Split(heads, "|")
	line(columns...)
	line(slices.Repeat([]string{"---"}, len(columns))...)
	rows(line)
	return b.String()
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// who names a group of roles by the word that the page explains.
func who(roles string) string {
	switch roles {
	case public:
		return "anybody"
	case anyRole:
		return "every account"
	case workers:
		return "case workers"
	default:
		return strings.ReplaceAll(strings.Replace(strings.Replace(roles, workers, "case-workers", 1), "  ", " ", 1), " ", ", ")
	}
}
