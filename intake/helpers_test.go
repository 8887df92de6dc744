package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/workflow"
)

// now is the house clock of the tests.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, domain.Beijing)

// testCategories is a piece of the county's list.
var testCategories = []domain.Category{
	{Code: "01", Level1: "城乡建设"},
	{Code: "0102", Level1: "城乡建设", Level2: "城市建设和市政管理"},
	{Code: "010203", Level1: "城乡建设", Level2: "城市建设和市政管理", Level3: "其他"},
	{Code: "010207", Level1: "城乡建设", Level2: "城市建设和市政管理", Level3: "冬季采暖"},
	{Code: "0103", Level1: "城乡建设", Level2: "城乡规划"},
	{Code: "010301", Level1: "城乡建设", Level2: "城乡规划", Level3: "其他"},
}

func testRules(t testing.TB) *workflow.Rules {
	t.Helper()
	lib, err := workflow.StandardLibrary()
	require.NoError(t, err)
	from := domain.NewDate(2000, 1, 1)
	org := func(code, parent string, kind domain.OrgKind, place, function string) domain.Organization {
		return domain.Organization{Code: code, Parent: parent, Kind: kind, Name: code, Place: place, Function: function, ValidFrom: from}
	}
	dir := domain.NewDirectory([]domain.Organization{
		org("370404", "", domain.OrgCounty, "370404", ""),
		org("370404-centre", "370404", domain.OrgCitizensCentre, "370404", ""),
		org("370404-housing", "370404", domain.OrgDepartment, "370404", "housing"),
		org("370404102", "370404", domain.OrgTownship, "370404102", ""),
		org("370404102-c", "370404102", domain.OrgTownshipCentre, "370404102", ""),
		org("370404103", "370404", domain.OrgTownship, "370404103", ""),
	}, map[string]string{"01": "housing"})
	codes := map[string]bool{}
	for _, c := range testCategories {
		codes[c.Code] = true
	}
	return &workflow.Rules{Library: lib, Calendar: domain.StandardCalendar(), Directory: dir, Categories: codes}
}

// memory is a store in memory. With a journal it survives its process: each
// transaction is one line, and a torn last line never happened.
type memory struct {
	mu      sync.Mutex
	journal *os.File
	imports map[string]domain.Import // by file hash and mapping
	rows    map[int]bool
	reasons map[int]string
	files   []domain.File
	entries []domain.Entry
	commits int
	refuse  func(domain.Change) error // the store's own objection to a change
	down    error
	after   func() // after each commit
}

func newMemory() *memory {
	return &memory{imports: map[string]domain.Import{}, rows: map[int]bool{}, reasons: map[int]string{}}
}

// line is one transaction in the journal.
type line struct {
	Import  *domain.Import
	Key     string
	Rows    map[int]bool
	Cases   []domain.Case
	Reasons map[int]string
}

func openMemory(t testing.TB, path string) *memory {
	m := newMemory()
	raw, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	whole := 0
	for at, b := range raw {
		if b != '\n' {
			continue
		}
		var l line
		require.NoError(t, json.Unmarshal(raw[whole:at], &l))
		m.replay(&l)
		whole = at + 1
	}
	m.journal, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, m.journal.Truncate(int64(whole)))
	_, err = m.journal.Seek(0, 2)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.journal.Close() })
	return m
}

func (m *memory) replay(l *line) {
	if l.Import != nil {
		m.imports[l.Key] = *l.Import
	}
	maps.Copy(m.rows, l.Rows)
	maps.Copy(m.reasons, l.Reasons)
	for i := range l.Cases {
		m.files = append(m.files, domain.File{Case: l.Cases[i]})
	}
}

func (m *memory) write(l line) error {
	if m.journal == nil {
		return nil
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := m.journal.Write(append(raw, '\n')); err != nil {
		return err
	}
	return m.journal.Sync()
}

func (m *memory) ApplyAll(ctx context.Context, ds []domain.Decision) ([]domain.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(ctx.Err(), m.down); err != nil {
		return nil, err
	}
	l := line{Rows: map[int]bool{}}
	var files []domain.File
	var entries []domain.Entry
	for _, d := range ds {
		c, err := d.Decide(domain.File{})
		if err == nil && m.refuse != nil {
			err = m.refuse(c)
		}
		if err != nil {
			return nil, err
		}
		row := c.ImportRow.Row
		if _, twice := m.rows[row]; twice || l.Rows[row] {
			return nil, domain.Errorf(domain.KindConflict, "import_rows_pkey")
		}
		l.Rows[row] = true
		files = append(files, c.File(domain.File{}))
		l.Cases = append(l.Cases, c.After)
		entries = append(entries, c.Entries...)
	}
	if err := m.write(l); err != nil {
		return nil, err
	}
	maps.Copy(m.rows, l.Rows)
	m.files = append(m.files, files...)
	m.entries = append(m.entries, entries...)
	m.commits++
	if m.after != nil {
		m.after()
	}
	return files, nil
}

func (m *memory) Apply(context.Context, domain.Decision) domain.Result {
	return domain.Result{Err: errors.New("an import writes in batches")}
}

func (m *memory) File(context.Context, string) (domain.File, error) {
	return domain.File{}, errors.New("an import reads no case")
}

func (m *memory) FindOrStartImport(_ context.Context, imp domain.Import) (domain.Import, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := imp.FileHash + " " + imp.Mapping
	if found, ok := m.imports[key]; ok {
		return found, nil
	}
	m.imports[key] = imp
	// Hash and mapping are not in the JSON of domain.Import.
	err := m.write(line{Import: &imp, Key: key})
	return imp, err
}

func (m *memory) ImportedRows(context.Context, string) (map[int]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.rows), m.down
}

func (m *memory) RejectRow(_ context.Context, _ string, row int, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return m.down
	}
	m.rows[row], m.reasons[row] = false, reason
	return m.write(line{Rows: map[int]bool{row: false}, Reasons: map[int]string{row: reason}})
}

func (m *memory) FinishImport(_ context.Context, imp domain.Import) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, i := range m.imports {
		if i.ID == imp.ID {
			m.imports[key] = imp
		}
	}
	return nil
}

// options make a run of a file with a mapping.
func options(t testing.TB, m *memory, path, mapping string) Options {
	t.Helper()
	parsed, err := Parse("test.yaml", []byte(mapping))
	require.NoError(t, err)
	engine := workflow.NewEngine(m, testRules(t), func() time.Time { return now }, func() string {
		return uuid.Must(uuid.NewV7()).String()
	})
	return Options{Path: path, Mapping: parsed, Engine: engine, Store: m, Categories: testCategories, Actor: domain.Actor{ID: "tester"}}
}

// shippedMapping is the text of the mapping for the real file.
func shippedMapping(t testing.TB) string {
	raw, err := shipped.ReadFile("mappings/replied-messages.yaml")
	require.NoError(t, err)
	return string(raw)
}

// writeXLSX writes rows of text into a new workbook.
func writeXLSX(t testing.TB, rows ...[]string) string {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		for j, cell := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			require.NoError(t, f.SetCellStr("Sheet1", at, cell))
		}
	}
	path := filepath.Join(t.TempDir(), "rows.xlsx")
	require.NoError(t, f.SaveAs(path))
	return path
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// manyRows is a csv of n good messages.
func manyRows(n int) string {
	var text strings.Builder
	text.WriteString("留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n")
	for i := range n {
		fmt.Fprintf(&text, "%d,A%05d,第%d件,2019/4/%d 9:32:09,内容,答复,2019/5/10 14:56:53\n", i, i, i, i%28+1)
	}
	return text.String()
}
