package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/domain"
	"sudi/report/ledger"
)

// exportFlags are the flags of `sudi export ledger`.
type exportFlags struct {
	kind, period, org, procedure, category, indicator, side, persons, out string
}

func exportCommand(con *console, set *settings) *cobra.Command {
	cmd := group("export", con.say("导出台账", "write ledgers to files"))
	cmd.AddCommand(exportLedgerCommand(con, set))
	return cmd
}

func exportLedgerCommand(con *console, set *settings) *cobra.Command {
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: con.say("导出一本台账为 xlsx", "write a ledger as xlsx"),
		Args:  noArgs,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if err := needs("kind", "out")(cmd, args); err != nil {
				return err
			}
			_, err := f.request()
			return err
		},
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error { return a.exportLedger(ctx, con, f) }),
	}
	kinds := make([]string, len(ledger.Kinds))
	for i, k := range ledger.Kinds {
		kinds[i] = string(k)
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", "", con.say("台账：", "which: ")+strings.Join(kinds, ", "))
	flags.StringVar(&f.period, "period", "", con.say("期间：2020、2020-H1、2020-Q2 或 2020-03；不填为全部", "2020, 2020-H1, 2020-Q2 or 2020-03; all time when left out"))
	flags.StringVar(&f.org, "org", "", con.say("单位代码，含下级", "code of an organisation, with all below it"))
	flags.StringVar(&f.procedure, "procedure", "", con.say("办理程序", "procedure"))
	flags.StringVar(&f.category, "category", "", con.say("内容分类代码或其开头", "code of a category, or its beginning"))
	flags.StringVar(&f.indicator, "indicator", "", con.say("指标代码：数字背后的案件", "code of a figure: the cases behind it"))
	flags.StringVar(&f.side, "side", "", con.say("numerator（分子）或 denominator（分母）", "numerator or denominator"))
	flags.StringVar(&f.persons, "persons", "masked", con.say("个人信息：masked（隐去）或 full", "personal data: masked or full"))
	flags.StringVar(&f.out, "out", "", con.say("写入的文件", "the file to write"))
	return cmd
}

// request reads the flags; what is wrong with them is bad use.
func (f *exportFlags) request() (ledger.Request, error) {
	r := ledger.Request{Kind: ledger.Kind(f.kind), Masked: f.persons != "full"}
	if !slices.Contains(ledger.Kinds, r.Kind) {
		return r, badUse{fmt.Errorf("--kind is one of %v, not %q", ledger.Kinds, f.kind)}
	}
	if f.persons != "full" && f.persons != "masked" {
		return r, badUse{fmt.Errorf("--persons is masked or full, not %q", f.persons)}
	}
	if !slices.Contains([]string{"", "numerator", "denominator"}, f.side) {
		return r, badUse{fmt.Errorf("--side is numerator or denominator, not %q", f.side)}
	}
	span, ok := api.LedgerPeriod(f.period)
	if !ok {
		return r, badUse{fmt.Errorf("--period is 2020, 2020-H1, 2020-Q2 or 2020-03, not %q", f.period)}
	}
	measure, wrong := api.LedgerMeasure(f.indicator, f.side)
	if wrong != "" {
		return r, badUse{fmt.Errorf("--indicator %q: %s", f.indicator, wrong)}
	}
	r.Query = domain.CaseQuery{Scope: domain.AllCases, Span: span, Org: f.org, Procedure: f.procedure, Category: f.category, Measure: measure}
	if r.Indicator = domain.IndicatorByCode(f.indicator); r.Indicator != nil {
		r.Side = api.SideTitle(r.Indicator, measure)
	}
	if measure != "" { // org is then whom the figure is of
		r.Query.Org, r.Query.Within = "", f.org
	}
	return r, nil
}

func (a *app) exportLedger(ctx context.Context, con *console, f *exportFlags) error {
	if err := a.needCounty(con); err != nil {
		return err
	}
	r, err := f.request()
	if err != nil {
		return err
	}
	rules := a.engine.Rules()
	if f.org != "" && rules.Directory.Get(f.org) == nil {
		return badUse{fmt.Errorf("--org %s: %s", f.org, con.say("没有这个单位", "there is no such organisation"))}
	}
	orgs, err := a.store.Organizations(ctx)
	if err != nil {
		return err
	}
	categories, err := a.store.Categories(ctx)
	if err != nil {
		return err
	}
	users, err := a.store.Users(ctx)
	if err != nil {
		return err
	}
	r.Lang, r.Now, r.Words = con.lang, time.Now(), api.NewLedgerWords(rules, orgs, categories, users)
	r.Exporter = con.say("命令行", "command line") + " (" + cmp.Or(os.Getenv("SUDO_USER"), os.Getenv("USER"), "sudi") + ")"
	if r.Masked {
		r.Conceal = maskPersons
	}
	bar := newBar(con, con.say("导出", "Exporting"))
	r.Progress = func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}
	if err := a.recordExport(ctx, &r, f, -1); err != nil {
		return err
	}
	var result ledger.Result
	err = writeWhole(f.out, 0o600, func(w io.Writer) (err error) {
		result, err = ledger.Write(ctx, a.store, r, w)
		return err
	})
	_ = bar.Exit()
	if err != nil {
		return err
	}
	if err := a.recordExport(ctx, &r, f, result.Rows); err != nil {
		return err
	}
	con.printf("%s：%d 行，数据截至 %s，已写入 %s。\n", "%s: %d rows as of %s, written to %s.\n",
		r.Kind.Title().In(con.lang), result.Rows, result.AsOf.In(domain.Beijing).Format("2006-01-02 15:04"), f.out)
	return nil
}

// recordExport records an export before it begins and, with its rows, when the
// file is written. What is not a code is not kept: anything may stand there.
func (a *app) recordExport(ctx context.Context, r *ledger.Request, f *exportFlags, rows int) error {
	record := domain.Record{
		Action: "ledger.export", Object: domain.RecordObject{Type: "ledger", ID: string(r.Kind)},
		Details: map[string]string{"masked": strconv.FormatBool(r.Masked)},
	}
	for name, value := range map[string]string{"measure": r.Query.Measure, "under": f.org, "period": f.period} {
		if value != "" { // checked before
			record.Details[name] = value
		}
	}
	if rows >= 0 {
		record.Action, record.Details["rows"] = "ledger.exported", strconv.Itoa(rows)
	}
	return a.store.Record(ctx, record)
}

// maskPersons hides who the persons of some rows are.
func maskPersons(rows []domain.LedgerRow) {
	for i := range rows {
		api.MaskPersons(&rows[i])
	}
}
