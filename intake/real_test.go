package intake

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/county"
	"sudi/domain"
	"sudi/store"
	"sudi/store/storetest"
	"sudi/workflow"
)

// realFile finds the 2,816 messages, which are not part of the tree.
func realFile(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SUDI_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(dir, "data", "replied-messages.xlsx")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the real messages are not here: set SUDI_SHARED to the folder that holds data/replied-messages.xlsx")
	}
	return path
}

// message is what this test reads from the file by itself.
type message struct{ title, statement, reply, received, replied string }

// readPlainly reads the sheet with nothing but zip and XML, so that the counts
// below owe nothing to the code under test.
func readPlainly(t *testing.T, path string) []message {
	t.Helper()
	var table struct {
		Items []struct {
			Text string `xml:"t"`
			Runs []struct {
				Text string `xml:"t"`
			} `xml:"r"`
		} `xml:"si"`
	}
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Ref   string `xml:"r,attr"`
				Type  string `xml:"t,attr"`
				Value string `xml:"v"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer z.Close()
	for name, into := range map[string]any{"xl/sharedStrings.xml": &table, "xl/worksheets/sheet1.xml": &sheet} {
		f, err := z.Open(name)
		require.NoError(t, err)
		require.NoError(t, xml.NewDecoder(f).Decode(into))
		require.NoError(t, f.Close())
	}
	var out []message
	for _, row := range sheet.Rows[1:] {
		cells := map[byte]string{}
		for _, c := range row.Cells {
			v := c.Value
			if c.Type == "s" {
				n, err := strconv.Atoi(v)
				require.NoError(t, err)
				texts := []string{table.Items[n].Text}
				for _, r := range table.Items[n].Runs {
					texts = append(texts, r.Text)
				}
				v = strings.Join(texts, "")
			}
			cells[c.Ref[0]] = strings.ReplaceAll(v, "_x000D_", "\r") // how XML writes a carriage return
		}
		out = append(out, message{cells['C'], cells['E'], cells['F'], cells['D'], cells['G']})
	}
	return out
}

// plainTime reads a time of the file in the three forms that it has.
func plainTime(t *testing.T, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006/1/2 15:04:05", "2006/1/2"} {
		if at, err := time.ParseInLocation(layout, s, domain.Beijing); err == nil {
			return at
		}
	}
	days, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return time.Date(1899, 12, 30, 0, 0, int(math.Round(days*86400)), 0, domain.Beijing)
}

// perYear counts the received and the closed of each Beijing year.
type perYear map[int][2]int

func count(t *testing.T, messages []message) perYear {
	counts := perYear{}
	for _, m := range messages {
		counts.add(plainTime(t, m.received).Year(), plainTime(t, m.replied).Year())
	}
	return counts
}

func (y perYear) add(received, closed int) {
	r, c := y[received], y[closed]
	r[0]++
	y[received] = r
	if received == closed {
		c = r
	}
	c[1]++
	y[closed] = c
}

func TestRealMessages(t *testing.T) {
	path := realFile(t)
	messages := readPlainly(t, path)
	m := newMemory()
	o := options(t, m, path, shippedMapping(t))
	o.RejectsPath = filepath.Join(t.TempDir(), "rejects.xlsx")
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [3]int{2816, 2816, 0}, [3]int{r.Total, r.Taken, r.Rejected})
	t.Logf("%d rows in %v, %.0f a second, without a database", r.Taken, r.Took.Round(time.Millisecond), float64(r.Taken)/r.Took.Seconds())

	got := perYear{}
	for i, f := range m.files { // in the order of the file
		c := &f.Case
		got.add(domain.DateIn(c.ReceivedAt).Year, domain.DateIn(*c.ClosedAt).Year)
		require.True(t, c.ReceivedAt.Equal(plainTime(t, messages[i].received)), c.Source)
		require.True(t, c.ConcludedAt.Equal(plainTime(t, messages[i].replied)), c.Source)
		require.Equal(t, strings.Trim(messages[i].title, " \u00a0\u200b"), c.Title)
		require.Equal(t, trimmed(messages[i].statement), c.Statement)
		require.Equal(t, domain.Concluded, c.Disposition)
		require.Equal(t, "archived", c.State)
	}
	require.Equal(t, count(t, messages), got)
	require.Equal(t, perYear{
		2011: {5, 2}, 2012: {52, 46}, 2013: {109, 114}, 2014: {103, 105}, 2015: {130, 112},
		2016: {227, 232}, 2017: {453, 437}, 2018: {847, 821}, 2019: {886, 924}, 2020: {4, 23},
	}, got)

	replies := 0
	for _, e := range m.entries {
		if e.Action == "reply" {
			require.Equal(t, trimmed(messages[replies].reply), e.Fields["reply"])
			replies++
		}
	}
	require.Equal(t, 2816, replies)
}

func trimmed(s string) string {
	return strings.Trim(strings.ReplaceAll(s, "\r\n", "\n"), " \t\r\n\u00a0\u3000\u200b\ufeff")
}

// countyEngine makes an engine on the model county.
func countyEngine(st *store.Store) *workflow.Engine {
	lib, err := workflow.StandardLibrary()
	check(err)
	codes := map[string]bool{}
	for _, c := range county.Categories() {
		codes[c.Code] = true
	}
	rules := &workflow.Rules{Library: lib, Calendar: domain.StandardCalendar(), Directory: county.Directory(), Categories: codes}
	return workflow.NewEngine(st, rules, func() time.Time { return now }, func() string { return uuid.Must(uuid.NewV7()).String() })
}

// The real messages, into a real database, killed twice on the way; then the
// store's figures against the count made here.
func TestRealMessagesIntoTheDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	path := realFile(t)
	dsn := storetest.NewDatabase(t)
	st, err := store.Open(bg(), dsn, store.Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.LoadCounty(bg(), county.Organizations(), county.Categories(), county.Competences()))
	killHalfWay(t, dsn, path, 700)
	killHalfWay(t, dsn, path, 1500)

	mapping, err := Load("replied-messages")
	require.NoError(t, err)
	r, err := Run(bg(), Options{
		Path: path, Mapping: mapping, Engine: countyEngine(st), Store: st, Categories: county.Categories(),
		Actor: domain.Actor{ID: "tester"}, RejectsPath: filepath.Join(t.TempDir(), "rejects.xlsx"),
	})
	require.NoError(t, err)
	require.Equal(t, [3]int{2816, 2816, 0}, [3]int{r.Total, r.Taken, r.Rejected})
	require.GreaterOrEqual(t, r.Already, 1500)
	t.Logf("the last %d rows in %v, %.0f a second", r.Total-r.Already, r.Took.Round(time.Millisecond), float64(r.Total-r.Already)/r.Took.Seconds())

	got, sources := perYear{}, map[string]bool{}
	require.NoError(t, st.EachFile(bg(), func(f domain.File, _ []domain.Entry) error {
		sources[f.Case.Source] = true
		got.add(domain.DateIn(f.Case.ReceivedAt).Year, domain.DateIn(*f.Case.ClosedAt).Year)
		return nil
	}))
	require.Len(t, sources, 2816)
	want := count(t, readPlainly(t, path))
	require.Equal(t, want, got)
	figures(t, st, want)
}

// figures compares the figures of each year, by roll-up and by recount.
func figures(t *testing.T, st *store.Store, want perYear) {
	for year, n := range want {
		q := domain.CountQuery{Measures: []string{"appeals.received", "appeals.closed"}, Span: domain.Year(year), Org: county.Code}
		for _, count := range []func(context.Context, ...domain.CountQuery) ([]domain.Counts, error){st.Count, st.Recount} {
			c, err := count(bg(), q)
			require.NoError(t, err)
			require.Equal(t, int64(n[0]), c[0][""]["appeals.received"].N, year)
			// Of those received in the year all have been closed by now.
			require.Equal(t, int64(n[0]), c[0][""]["appeals.closed"].N, year)
		}
	}
}
