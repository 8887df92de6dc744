package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/county"
	"sudi/domain"
	"sudi/intake"
	"sudi/report"
)

func attestCommand(con *console, set *settings) *cobra.Command {
	cmd := group("attest", con.say("填报指标:录入、导入、清单、未报", "figures that departments state: enter, import, list, missing"))
	cmd.Long = con.say(`年度报告中不能由案件得出的指标,由有关单位填报,注明来源、日期和签字人。填报只增不改:重新填报生成新版本,
原版本保留;与现行版本完全相同的不生成新版本。`,
		`Figures of the annual report that no case yields are stated by a department, with source, date and signer.
Nothing is overwritten: stating a figure anew makes a new revision and keeps the old one; stating the same
again makes none.`)
	year := 0
	cmd.PersistentFlags().IntVar(&year, "year", 0, con.say("年份", "the year"))
	cmd.AddCommand(attestEnterCommand(con, set, &year), attestImportCommand(con, set, &year),
		attestListCommand(con, set, &year), attestMissingCommand(con, set, &year))
	return cmd
}

// ofYear is a PreRunE that wants flags and a year that can be.
func ofYear(year *int, flags ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := needs(append(flags, "year")...)(cmd, args); err != nil {
			return err
		}
		return plausible(*year)
	}
}

func attestEnterCommand(con *console, set *settings, year *int) *cobra.Command {
	var date string
	var in domain.Attested
	cmd := &cobra.Command{
		Use:   "enter CODE VALUE",
		Short: con.say("录入一项", "enter one"),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(2)(cmd, args); err != nil {
				return badUse{err}
			}
			return nil
		},
		PreRunE: ofYear(year, "source", "date", "signer"),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			in.Year, in.Code, in.Value = *year, args[0], args[1]
			var err error
			if in.Date, err = domain.ParseDate(date); err != nil {
				return badUse{fmt.Errorf("--date %s: 2021-01-15", date)}
			}
			if err := a.usualDepartment(con, &in); err != nil {
				return err
			}
			st, checks, err := report.New(a.store, time.Now).State(ctx, a.countyOperator(), report.States{Attested: in, Expected: anyRevision()})
			if err != nil {
				return err
			}
			con.printf("已录入:%s %s(第 %d 版)\n", "Entered: %s %s (revision %d)\n", st.Item.Name.In(con.lang), st.InWords(con.lang), st.Revision)
			con.warn(checks)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&in.Over, "over", false, con.say("多于该值(余、多)", "it is more than the value"))
	cmd.Flags().StringVar(&in.Department, "department", "", con.say("填报单位代码;缺省为通常填报的单位", "code of the department; the usual one when left out"))
	cmd.Flags().StringVar(&in.Source, "source", "", con.say("来源文件或系统", "document or system that it is taken from"))
	cmd.Flags().StringVar(&date, "date", "", con.say("来源日期,如 2021-01-15", "date of the source, such as 2021-01-15"))
	cmd.Flags().StringVar(&in.Signer, "signer", "", con.say("签字人", "who signed for it"))
	cmd.Flags().StringVar(&in.Note, "note", "", con.say("备注", "note"))
	return cmd
}

func anyRevision() *int {
	revision := report.AnyRevision
	return &revision
}

// countyOperator is who runs the command, as an administrator of the county.
func (a *app) countyOperator() domain.Actor {
	who := operator()
	who.Org = a.engine.Rules().Directory.Root()
	return who
}

// usualDepartment fills in whose figure an item usually is.
func (a *app) usualDepartment(con *console, in *domain.Attested) error {
	it := domain.AttestedItemByCode(in.Code)
	if in.Department != "" || it == nil {
		return nil
	}
	o := a.engine.Rules().Directory.Functional(it.Department, domain.DateIn(time.Now()))
	if o == nil {
		return badUse{fmt.Errorf("%s: %s", in.Code, con.say("请用 --department 指定填报单位", "name the department with --department"))}
	}
	in.Department = o.Code
	return nil
}

// warn prints the checks that do not hold.
func (c *console) warn(checks []domain.AttestedCheck) {
	for _, k := range checks {
		if !k.OK {
			fmt.Fprintf(c.err, c.say("注意:%s 填报为 %s,按 %s 应为 %s\n", "Note: %s is stated as %s; by %s it would be %s\n"),
				k.Code, k.Value, strings.Join(k.Parts, ", "), k.Want)
		}
	}
}

func attestImportCommand(con *console, set *settings, year *int) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: con.say("导入 xlsx 或 csv 文件", "import an xlsx or csv file"),
		Long: con.say(`第一行为列名:code,value,over,department,source,date,signer,note(或 代码、数值、余、单位、来源、日期、签字人、备注)。
department 空着时为通常填报的单位。有一行不对,就一行也不录入。`,
			`The first row names the columns: code,value,over,department,source,date,signer,note. An empty department
is the one whose figure it usually is. When one row is wrong, none is entered.`),
		Args:    oneArg,
		PreRunE: ofYear(year),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			rows, err := intake.ReadStatements(args[0], *year)
			if err != nil {
				return badUse{err}
			}
			return a.attestRows(ctx, con, *year, rows)
		}),
	}
}

// attestRows enters rows, all or none.
func (a *app) attestRows(ctx context.Context, con *console, year int, rows []intake.Statement) error {
	list := make([]report.States, len(rows))
	for i := range rows {
		if err := a.usualDepartment(con, &rows[i].Attested); err != nil {
			return err
		}
		list[i] = report.States{Attested: rows[i].Attested, Expected: anyRevision()}
	}
	service := report.New(a.store, time.Now)
	if _, err := service.StateAll(ctx, a.countyOperator(), list); err != nil {
		var row report.RowError
		if errors.As(err, &row) {
			text, ok := api.Describe(err, con.lang)
			if !ok {
				text = err.Error()
			}
			return fmt.Errorf(con.say("第 %d 行(%s):%s 未录入任何一行。", "row %d (%s): %s Nothing was entered."),
				rows[row.Index].Row, rows[row.Index].Code, text)
		}
		return err
	}
	all, err := service.AttestedYear(ctx, year)
	if err != nil {
		return err
	}
	con.printf("已录入 %d 行;%d 年尚缺 %d 项。\n", "%d rows are entered; %[3]d items of %[2]d are missing.\n", len(rows), year, len(all.Missing))
	con.warn(all.Checks)
	return nil
}

func attestListCommand(con *console, set *settings, year *int) *cobra.Command {
	history := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   con.say("列出已填报的", "list what is stated"),
		Args:    noArgs,
		PreRunE: ofYear(year),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			all, err := report.New(a.store, time.Now).AttestedYear(ctx, *year)
			if err != nil {
				return err
			}
			rows := [][]string{{con.say("代码", "CODE"), con.say("指标", "ITEM"), con.say("数值", "VALUE"), con.say("版本", "REVISION"),
				con.say("填报单位", "DEPARTMENT"), con.say("来源", "SOURCE"), con.say("日期", "DATE"), con.say("签字人", "SIGNER")}}
			line := func(st *report.Stated) {
				rows = append(rows, []string{st.Code, st.Item.Name.In(con.lang), st.InWords(con.lang), strconv.Itoa(st.Revision),
					st.DepartmentName, st.Source, st.Date.String(), st.Signer})
			}
			for i := range all.Items {
				line(&all.Items[i].Stated)
				for n := range all.Items[i].Earlier {
					if history {
						line(&report.Stated{Item: all.Items[i].Item, Attested: all.Items[i].Earlier[n], DepartmentName: all.Items[i].Earlier[n].Department})
					}
				}
			}
			con.warn(all.Checks)
			return writeColumns(con.out, rows)
		}),
	}
	cmd.Flags().BoolVar(&history, "history", false, con.say("含以前的版本", "earlier revisions as well"))
	return cmd
}

func attestMissingCommand(con *console, set *settings, year *int) *cobra.Command {
	return &cobra.Command{
		Use:     "missing",
		Short:   con.say("列出尚未填报的", "list what nobody has stated yet"),
		Args:    noArgs,
		PreRunE: ofYear(year),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			missing, err := report.New(a.store, time.Now).MissingOf(ctx, *year)
			if err != nil {
				return err
			}
			rows := [][]string{{con.say("代码", "CODE"), con.say("指标", "ITEM"), con.say("填报单位", "DEPARTMENT")}}
			for i := range missing {
				m := &missing[i]
				rows = append(rows, []string{m.Item.Code, m.Item.Name.In(con.lang), m.DepartmentName})
			}
			return writeColumns(con.out, rows)
		}),
	}
}

// writeColumns lines columns up by how wide their characters are shown.
func writeColumns(w io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// demoAttested enters what the model county's departments state, unless
// somebody has stated something already.
func (a *app) demoAttested(ctx context.Context) error {
	service := report.New(a.store, time.Now)
	var list []report.States
	for _, st := range county.Attested() {
		list = append(list, report.States{Attested: st, Expected: anyRevision()})
	}
	have, err := service.AttestedYear(ctx, list[0].Year)
	if err != nil || len(have.Items) > 0 {
		return err
	}
	admin := domain.Actor{ID: county.Source, Name: county.Source, Role: domain.RoleAdmin, Org: county.Code}
	_, err = service.StateAll(ctx, admin, list)
	return err
}
