package paper

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/report"
)

func book(t *testing.T, a *report.Annual, lang string) *excelize.File {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, a, XLSX, lang))
	f, err := excelize.OpenReader(&b)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func TestWorkbookHasASheetForEachPart(t *testing.T) {
	require.Equal(t, []string{"说明", "指标", "按月", "按镇街", "按类别", "按程序", "按承办单位", "存量", "部门填报", "尚未报送", "图表"}, book(t, sample(), "zh").GetSheetList())
	require.Equal(t, []string{"About", "Figures", "Not yet stated"}, book(t, &report.Annual{Year: 2020, Figures: sample().Figures}, "en").GetSheetList())
}

func TestWorkbookHasTheFiguresAsNumbers(t *testing.T) {
	a := sample()
	f := book(t, a, "zh")
	raw := excelize.Options{RawCellValue: true}
	for i := range a.Figures {
		row := strconv.Itoa(i + 2)
		code, err := f.GetCellValue("指标", "A"+row)
		require.NoError(t, err)
		require.Equal(t, a.Figures[i].Code, code)
		for column, want := range map[string]*int64{"E": a.Figures[i].Numerator, "F": a.Figures[i].Denominator} {
			got, err := f.GetCellValue("指标", column+row, raw)
			require.NoError(t, err)
			if want == nil {
				require.Empty(t, got, code)
				continue
			}
			if a.Figures[i].Unit == domain.UnitFen { // in yuan, as the value and the unit beside it
				n, err := strconv.ParseFloat(got, 64)
				require.NoError(t, err)
				require.InDelta(t, float64(*want)/100, n, 1e-6, code)
				continue
			}
			require.Equal(t, strconv.FormatInt(*want, 10), got, code)
			kind, err := f.GetCellType("指标", column+row)
			require.NoError(t, err)
			require.Contains(t, []excelize.CellType{excelize.CellTypeNumber, excelize.CellTypeUnset}, kind, code)
		}
	}
	shown, err := f.GetCellValue("指标", "C3")
	require.NoError(t, err)
	require.Equal(t, "99.0%", shown)
	date, err := f.GetCellValue("部门填报", "I2")
	require.NoError(t, err)
	require.Equal(t, "2021-01-15", date)
}

func TestWorkbookSheetsKeepTheirHeaderInSightAndFilter(t *testing.T) {
	f := book(t, sample(), "zh")
	for _, sheet := range f.GetSheetList() {
		if sheet == "说明" || sheet == "图表" {
			continue
		}
		panes, err := f.GetPanes(sheet)
		require.NoError(t, err)
		require.True(t, panes.Freeze && panes.YSplit == 1, sheet)
	}
	filters := 0
	for _, n := range f.GetDefinedName() {
		if n.Name == "_xlnm._FilterDatabase" {
			filters++
		}
	}
	require.Equal(t, 9, filters)
}

func TestWorkbookHoldsNoFormula(t *testing.T) {
	f := book(t, hostile(), "zh")
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		require.NoError(t, err)
		for r, row := range rows {
			for c := range row {
				at, err := excelize.CoordinatesToCellName(c+1, r+1)
				require.NoError(t, err)
				formula, err := f.GetCellFormula(sheet, at)
				require.NoError(t, err)
				require.Empty(t, formula, sheet+at)
			}
		}
	}
}
