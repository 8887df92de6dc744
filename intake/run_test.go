package intake

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func bg() context.Context { return context.Background() }

func TestRowBecomesACaseWithItsHistory(t *testing.T) {
	m := newMemory()
	path := writeFile(t, "a.csv", "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n"+
		"7,A1,咨询供暖,2019/4/25 9:32:09,\"\n\t\t 何时供暖？\n\t\",\u3000\u3000下周。,2019/5/10 14:56:53\n")
	r, err := Run(bg(), options(t, m, path, shippedMapping(t)))
	require.NoError(t, err)
	require.Equal(t, [4]int{1, 1, 0, 0}, [4]int{r.Total, r.Taken, r.Rejected, r.Already})
	require.Empty(t, r.RejectsPath)

	c := m.files[0].Case
	require.Equal(t, "何时供暖？", c.Statement)
	require.Equal(t, "consultation", c.Class)
	require.Equal(t, domain.ChannelMailbox, c.Channel)
	require.Equal(t, "import:"+r.ImportID+":2", c.Source)
	require.Equal(t, "A1", m.files[0].Parties[0].Name)
	require.Equal(t, "2019-04-25T01:32:09Z", c.ReceivedAt.Format(time.RFC3339))
	require.Equal(t, "2019-05-10T06:56:53Z", c.ConcludedAt.Format(time.RFC3339))
	require.Equal(t, c.ConcludedAt, c.ClosedAt)
	require.Equal(t, domain.Concluded, c.Disposition)
	require.Equal(t, "archived", c.State) // thirty days later nobody had reopened it
	require.Empty(t, c.Satisfaction)
	require.Equal(t, "370404-centre", c.Owner)

	var told []string
	for _, e := range m.entries {
		told = append(told, e.At.In(domain.Beijing).Format("2006-01-02")+" "+e.Action)
	}
	require.Contains(t, told, "2019-04-27 deadline_missed") // one working day for a consultation
	require.Equal(t, "2019-04-25 register", told[0])
	require.Contains(t, told, "2019-05-10 close_without_call")
	require.Contains(t, told, "2019-06-11 archive") // the thirtieth day is a Sunday
	require.Equal(t, "原留言编号 7", m.entries[0].Note)

	folded, clocks, err := domain.Fold(m.entries)
	require.NoError(t, err)
	require.Equal(t, c.State, folded.State)
	for _, d := range clocks {
		if d.Kind == "answer" {
			require.False(t, d.Met)
			require.NotNil(t, d.MissedAt)
		}
	}
}

func TestRowWithoutReplyStaysOpen(t *testing.T) {
	m := newMemory()
	path := writeFile(t, "a.csv", "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n7,,供暖,2019/4/25 9:32:09,,,\n")
	_, err := Run(bg(), options(t, m, path, shippedMapping(t)))
	require.NoError(t, err)
	require.Equal(t, "handling", m.files[0].Case.State)
	require.Empty(t, m.files[0].Parties)
}

// Every reason that this package finds itself, and those of the rules that a
// file is likely to run into.
func TestRejects(t *testing.T) {
	const head = "编号,标题,类别,分类,收到,答复时间,答复,电话,金额,人数,地点,单位\n"
	const mapping = `
procedure: appeal
id: 编号
case:
  title: 标题
  class: {column: 类别, values: {求助: help, 咨询: consultation}}
  category: {column: 分类}
  place: 地点
  amount: 金额
  persons: 人数
parties: [{name: {column: 电话, prefix: 某}, phone: 电话}]
times: {received: 收到, replied: 答复时间}
steps:
  - {do: dispatch, at: received, fields: {organization: {column: 单位, default: citizens_centre}}}
  - {do: accept, as: handler, at: received}
  - {do: reply, as: handler, at: replied, fields: {reply: 答复, result: {constant: explained}}}
`
	for row, want := range map[string]string{
		"1,,求助,,2019-4-1,,,,,,,":                                 "title:required",
		"1,甲,表扬,,2019-4-1,,,,,,,":                                "class:value_not_listed",
		"1,甲,求助,天气,2019-4-1,,,,,,,":                              "category:category_unknown",
		"1,甲,求助,其他,2019-4-1,,,,,,,":                              "category:category_unknown", // two bear the name
		"1,甲,求助,,四月一日,,,,,,,":                                    "received:date_unreadable",
		"1,甲,求助,,2019-2-29,,,,,,,":                               "received:date_unreadable",
		"1,甲,求助,,,,,,,,,":                                        "received:required",
		"1,甲,求助,,2026-12-1,,,,,,,":                               "received:date_in_future",
		"1,甲,求助,,2009-4-1,,,,,,,":                                "received_at:date_too_old",
		"1,甲,求助,,2019-4-2,2019-4-1,好,,,,,":                       "replied:before_earlier_step",
		"1,甲,求助,,2019-4-2,,好,,,,,":                               "replied:step_without_time",
		"1,甲,求助,,2019-4-2,2019-4-3,,,,,,":                        "reply:required",
		"1,甲,求助,,2019-4-2,,,12ab,,,,":                            "parties.0.phone:phone_shape",
		"1,甲,求助,,2019-4-2,,,,一百,,,":                              "amount:not_an_amount",
		"1,甲,求助,,2019-4-2,,,,1.234,,,":                           "amount:not_an_amount",
		"1,甲,求助,,2019-4-2,,,,,几个,,":                              "persons:not_a_whole_number",
		"1,甲,求助,,2019-4-2,,,,,,110101,":                          "place:place_unknown",
		"1,甲,求助,,2019-4-2,,,,,,,气象局":                             "organization:organization_unknown",
		"1," + strings.Repeat("长", 201) + ",求助,,2019-4-2,,,,,,,": "title:too_long",
		"1,甲\x07,求助,,2019-4-2,,,,,,,":                            "title:bad_characters",
		"1,,表扬,,x,,,,,,,":                                        "class:value_not_listed; received:date_unreadable",
		"1,a\"b,求助,,2019-4-2,,,,,,,":                             "row:row_unreadable",
	} {
		t.Run(want, func(t *testing.T) {
			m := newMemory()
			path := writeFile(t, "a.csv", head+"0,好,咨询,冬季采暖,2019-4-1,,,0632-7711234,\"1,234.5元\",5人,370404102,department housing\n"+row+"\n")
			r, err := Run(bg(), options(t, m, path, mapping))
			require.NoError(t, err)
			require.Equal(t, [2]int{1, 1}, [2]int{r.Taken, r.Rejected})
			require.Equal(t, map[int]string{3: want}, m.reasons)
			require.NotContains(t, ReasonText(want, "zh"), "_")
			require.NotEqual(t, ReasonText(want, "zh"), ReasonText(want, "en"))
			good := m.files[0].Case
			require.Equal(t, int64(123450), good.Amount)
			require.Equal(t, "010207", good.Category)
			require.Equal(t, "370404-housing", good.Owner)
			require.True(t, good.Has(domain.FlagCollective))
		})
	}
}

func TestRepeatedIDIsRejectedOnce(t *testing.T) {
	m := newMemory()
	rows := manyRows(2) + "1,A,又一次,2019/4/1 8:00:00,,,\n"
	r, err := Run(bg(), options(t, m, writeFile(t, "a.csv", rows), shippedMapping(t)))
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 1}, [2]int{r.Taken, r.Rejected})
	require.Equal(t, "id:id_repeated", m.reasons[4])
}

// The rejects hold the row as it was, and can be put right and imported.
func TestRejectsFileComesBackIn(t *testing.T) {
	for _, ext := range []string{".csv", ".xlsx"} {
		t.Run(ext, func(t *testing.T) {
			m := newMemory()
			head := []string{"留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"}
			path := writeXLSX(t, head,
				[]string{"1", "A", "=1+1", "2019年4月1日 8时", "详\n情", "答", "2019/4/2"},
				[]string{"2", "A", "标题", "不知道", " 详\n情", "答", "2019/4/2"})
			if ext == ".csv" {
				path = writeFile(t, "a.csv", strings.Join(head, ",")+"\n1,A,=1+1,2019年4月1日 8时,\"详\n情\",答,2019/4/2\n2,A,标题,不知道,\" 详\n情\",答,2019/4/2\n")
			}
			r, err := Run(bg(), options(t, m, path, shippedMapping(t)))
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(path, ext)+".rejects"+ext, r.RejectsPath)
			info, err := os.Stat(r.RejectsPath)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

			f, err := examine(r.RejectsPath)
			require.NoError(t, err)
			in, err := f.open(&Mapping{})
			require.NoError(t, err)
			_, got, err := in.next()
			require.NoError(t, err)
			require.Equal(t, append(head, rejectHeader...), got)
			_, got, err = in.next()
			require.NoError(t, err)
			require.Equal(t, []string{"2", "A", "标题", "不知道", " 详\n情", "答", "2019/4/2", "3",
				"收到时间（列“留言时间”）：日期无法识别", `received (column "留言时间"): is no date that can be read`}, got)
			require.NoError(t, in.close())

			again, err := Run(bg(), options(t, newMemory(), r.RejectsPath, shippedMapping(t)))
			require.NoError(t, err)
			require.Equal(t, [2]int{0, 1}, [2]int{again.Taken, again.Rejected})
		})
	}
}

func TestRejectsNeverOverwriteTheFile(t *testing.T) {
	path := writeFile(t, "a.csv", manyRows(1))
	o := options(t, newMemory(), path, shippedMapping(t))
	o.RejectsPath = filepath.Join(filepath.Dir(path), ".", "a.csv")
	_, err := Run(bg(), o)
	require.ErrorContains(t, err, "overwrite")
}

// A row that only the store refuses goes alone.
func TestStoreRefusesOneRow(t *testing.T) {
	for name, refusal := range map[string]error{
		"row:" + CodeRefused:   domain.Errorf(domain.KindInternal, "database"),
		"row:cases_some_check": domain.Errorf(domain.KindInvalid, "cases_some_check"),
	} {
		m := newMemory()
		m.refuse = func(c domain.Change) error {
			if c.After.Title == "第3件" {
				return refusal
			}
			return nil
		}
		r, err := Run(bg(), options(t, m, writeFile(t, "a.csv", manyRows(10)), shippedMapping(t)))
		require.NoError(t, err)
		require.Equal(t, [2]int{9, 1}, [2]int{r.Taken, r.Rejected})
		require.Equal(t, name, m.reasons[5])
	}
}

// Two runs of one file at once ask what is settled once a batch, not once a row.
func TestTwoRunsAtOnceDoNotAskRowByRow(t *testing.T) {
	const rows, batches = 2000, 10
	path, mapping := writeFile(t, "a.csv", manyRows(rows)), shippedMapping(t)
	for _, ahead := range []int{250, rows} { // rows that the other run has taken when this one begins to write
		m := newMemory()
		late := &counting{memory: m}
		late.first = func() {
			other := options(t, m, path, mapping)
			other.Batch = 50
			ctx, cancel := context.WithCancel(bg())
			defer cancel()
			other.Progress = func(done, _ int) {
				if done == ahead && ahead < rows {
					cancel()
				}
			}
			_, err := Run(ctx, other)
			require.Equal(t, ahead == rows, err == nil)
		}
		o := options(t, m, path, mapping)
		o.Store = late
		r, err := Run(bg(), o)
		require.NoError(t, err)
		require.Equal(t, [2]int{rows, 0}, [2]int{r.Taken, r.Rejected})
		once(t, m, rows)
		require.Equal(t, 2, late.calls, "at the start and after the batch that failed")
	}

	m := newMemory()
	both := &counting{memory: m}
	var runs sync.WaitGroup
	for range 2 {
		o := options(t, m, path, mapping)
		o.Store = both
		runs.Go(func() {
			r, err := Run(bg(), o)
			assert.NoError(t, err)
			assert.Equal(t, [2]int{rows, 0}, [2]int{r.Taken, r.Rejected})
		})
	}
	runs.Wait()
	once(t, m, rows)
	require.LessOrEqual(t, both.calls, 2+2*batches)
}

// counting counts how often an import asks which rows are settled; first runs
// right after the first answer was given.
type counting struct {
	*memory
	count sync.Mutex
	calls int
	first func()
}

func (c *counting) ImportedRows(ctx context.Context, id string) (map[int]bool, error) {
	settled, err := c.memory.ImportedRows(ctx, id)
	c.count.Lock()
	c.calls++
	once := c.calls == 1
	c.count.Unlock()
	if once && c.first != nil {
		c.first()
	}
	return settled, err
}

// What another run has rejected meanwhile stays rejected.
func TestRowRejectedMeanwhile(t *testing.T) {
	m := newMemory()
	late := &counting{memory: m, first: func() {
		require.NoError(t, m.RejectRow(bg(), "", 4, "row:store_refused"))
	}}
	o := options(t, m, writeFile(t, "a.csv", manyRows(5)), shippedMapping(t))
	o.Store = late
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [3]int{4, 1, 1}, [3]int{r.Taken, r.Rejected, r.Already})
	require.Equal(t, map[int]string{4: "row:store_refused"}, m.reasons)
}

func TestStoreThatIsDownRejectsNothing(t *testing.T) {
	m := newMemory()
	o := options(t, m, writeFile(t, "a.csv", manyRows(10)), shippedMapping(t))
	o.Batch = 4
	ill := domain.Errorf(domain.KindInternal, "database")
	m.after = func() { m.down = errors.Join(ill) }
	_, err := Run(bg(), o)
	require.ErrorIs(t, err, ill)
	m.down, m.after = nil, nil
	m.refuse = func(domain.Change) error { return ill } // it answers, but writes nothing
	_, err = Run(bg(), o)
	require.ErrorIs(t, err, ill)
	require.Empty(t, m.reasons)
	m.refuse = nil
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [3]int{10, 0, 4}, [3]int{r.Taken, r.Rejected, r.Already})
}

func TestDryRunWritesNothing(t *testing.T) {
	o := options(t, nil, writeFile(t, "a.csv", manyRows(3)+"9,A,,2019/4/1,,,\n"), shippedMapping(t))
	o.Store, o.DryRun = nil, true
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [3]int{4, 3, 1}, [3]int{r.Total, r.Taken, r.Rejected})
}

func TestImportStaysWithinItsActorsOrganisation(t *testing.T) {
	o := options(t, newMemory(), writeFile(t, "a.csv", manyRows(1)), shippedMapping(t))
	o.Actor = domain.Actor{ID: "u", Role: domain.RoleClerk, Org: "370404102"}
	_, err := Run(bg(), o)
	require.Equal(t, domain.KindForbidden, domain.KindOf(err))

	m := newMemory()
	o = options(t, m, o.Path, "org: '370404102'\n"+shippedMapping(t))
	o.Actor = domain.Actor{ID: "u", Role: domain.RoleClerk, Org: "370404102"}
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, 1, r.Rejected)
	require.Equal(t, "row:org_out_of_scope", m.reasons[2]) // it would reply for the citizens' centre
}

func TestProgressEndsAtTheTotal(t *testing.T) {
	o := options(t, newMemory(), writeFile(t, "a.csv", manyRows(25)), shippedMapping(t))
	o.Batch = 10
	var seen [][2]int
	o.Progress = func(done, total int) { seen = append(seen, [2]int{done, total}) }
	_, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [][2]int{{10, 25}, {20, 25}, {25, 25}}, seen)
}

func TestRejectsCSVKeepsItsDelimiter(t *testing.T) {
	path := writeFile(t, "a.csv", strings.ReplaceAll("留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n1,A,,,,,\n", ",", ";"))
	r, err := Run(bg(), options(t, newMemory(), path, "delimiter: ';'\n"+shippedMapping(t)))
	require.NoError(t, err)
	raw, err := os.ReadFile(r.RejectsPath)
	require.NoError(t, err)
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(raw), bom)))
	in.Comma = ';'
	all, err := in.ReadAll()
	require.NoError(t, err)
	require.Len(t, all[1], 10)
}
