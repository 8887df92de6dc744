package intake

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sudi/domain"
)

const (
	sampleXLSX = "testdata/messages.xlsx"
	sampleCSV  = "testdata/messages.csv"
	// pageSpace is what the message board leaves around a text.
	pageSpace = "\n\t\t\t\t\t\n\t\t\t\t\t"
	pageEnd   = "\n\t\t\t\t\t\n\t\t\t\t\t\n\t\t\t\t"
)

// sample is an invented file with the quirks of the real one, and with rows
// that cannot be taken, which the real one does not have.
var sample = [][]string{
	{"留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"},
	{"101", "A00000001", "榴园小区物业收费咨询", "2019/4/25 9:32:09", pageSpace + "请问物业费标准？" + pageEnd, "您好，已收悉。", "2019/5/10 14:56:53"},
	{"102", "UU0000002", "建议增设公交站点\u00a0", "43563.359259259261", pageSpace + "\u00a0\u3000\u3000建议在东关路口设站。\r\n谢谢。" + pageEnd, "\u3000\u3000网友“UU0000002”\u3000\u3000您好！已列入计划。\u00a0", "2019/5/9 10:02:08"},
	{"103", "UU0000003", "投诉夜间施工噪音\u200b", "2018/3/19 10:05:04", pageSpace + "一、\t每晚十一点后仍在施工。" + pageEnd, "网友：您好！留言已收悉", "2018/4/24"},
	{"104", "A000000004", "路灯不亮", "2020/1/2 23:59:59", "东关街路灯不亮。", "已修复。", "2020/1/2"},
	{"105", "UU000005", "下水道堵塞", "2020/10/9 8:00:00", pageSpace + "中通路下水道堵塞。" + pageEnd, "", ""},
	{"", "", "", "", "", "", ""},
	{"106", "UU000006", "", "2011/12/30 9:00:00", pageSpace + "没有标题的留言，标题取自内容。" + pageEnd, "已收悉", "2012/1/4 17:00:00"},
	{"107", "UU000007", "日期写错了", "2019年13月1日", "日期不对。", "", ""},
	{"108", "UU000008", "答复早于留言", "2019/6/2 8:00:00", "时间颠倒。", "已答复。", "2019/6/1 8:00:00"},
	{"109", "UU000009", "有答复没有时间", "2019/6/2 8:00:00", "缺时间。", "已答复。", ""},
	{"101", "A00000001", "编号重复", "2019/6/3 8:00:00", "再发一次。", "", ""},
	{"110", "UU000010", "", "2019/6/4 8:00:00", "", "", ""},
}

// sampleReasons are the rows of the sample that are rejected.
var sampleReasons = map[int]string{
	9: "received:date_unreadable", 10: "replied:before_earlier_step", 11: "replied:step_without_time",
	12: "id:id_repeated", 13: "title:required",
}

func TestSample(t *testing.T) {
	if *update {
		writeSample(t)
	}
	for _, path := range []string{sampleXLSX, sampleCSV} {
		t.Run(path, func(t *testing.T) {
			m := newMemory()
			o := options(t, m, path, shippedMapping(t))
			o.RejectsPath = t.TempDir() + "/rejects.xlsx"
			r, err := Run(bg(), o)
			require.NoError(t, err)
			require.Equal(t, [3]int{11, 6, 5}, [3]int{r.Total, r.Taken, r.Rejected})
			require.Equal(t, sampleReasons, m.reasons)

			byTitle := map[string]domain.Case{}
			for _, f := range m.files {
				byTitle[f.Case.Title] = f.Case
			}
			bus := byTitle["建议增设公交站点"]
			require.Equal(t, "2019-04-08 08:37:20", bus.ReceivedAt.In(domain.Beijing).Format("2006-01-02 15:04:05"))
			require.Equal(t, "建议在东关路口设站。\n谢谢。", bus.Statement)
			require.Equal(t, "suggestion", bus.Class)
			// A reply on the day of receipt, at an hour that nobody wrote down.
			lamp := byTitle["路灯不亮"]
			require.True(t, lamp.ConcludedAt.Equal(lamp.ReceivedAt))
			require.Contains(t, byTitle, "没有标题的留言，标题取自内容。")
			require.Contains(t, byTitle, "投诉夜间施工噪音")
			require.Equal(t, "handling", byTitle["下水道堵塞"].State)
			require.Nil(t, byTitle["下水道堵塞"].ConcludedAt)
		})
	}
}

// writeSample writes the invented file, as a workbook and as a csv in GB18030.
func writeSample(t *testing.T) {
	f := excelize.NewFile()
	var text strings.Builder
	w := csv.NewWriter(&text)
	for i, row := range sample {
		require.NoError(t, w.Write(row))
		for j, cell := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			switch {
			case cell == "":
			case strings.HasPrefix(cell, "43563."):
				require.NoError(t, f.SetCellFloat("Sheet1", at, 43563.359259259261, -1, 64))
			default:
				require.NoError(t, f.SetCellStr("Sheet1", at, cell))
			}
		}
	}
	w.Flush()
	require.NoError(t, w.Error())
	require.NoError(t, f.SaveAs(sampleXLSX))
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(sampleCSV, []byte(gb), 0o600))
}
