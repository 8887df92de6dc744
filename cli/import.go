package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/intake"
)

func importCommand(con *console, set *settings) *cobra.Command {
	var mappingName, rejects string
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "import FILE",
		Short:   con.say("导入 xlsx 或 csv 文件中的案件", "import cases from an xlsx or csv file"),
		Args:    oneArg,
		PreRunE: needs("mapping"),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			mapping, err := intake.Load(mappingName)
			if err != nil {
				return badUse{err}
			}
			return a.importFile(ctx, con, intake.Options{Path: args[0], Mapping: mapping, DryRun: dryRun, RejectsPath: rejects})
		}),
	}
	cmd.Flags().StringVar(&mappingName, "mapping", "", con.say("映射文件,或内置映射名", "mapping file, or the name of one that comes with Sudi"))
	cmd.Flags().StringVar(&rejects, "rejects", "", con.say("退回行写入的文件", "file for the rejected rows"))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, con.say("只检查,不写入", "check everything, write nothing"))
	return cmd
}

func (a *app) importFile(ctx context.Context, con *console, o intake.Options) error {
	if err := a.needCounty(con); err != nil {
		return err
	}
	var err error
	if o.Categories, err = a.store.Categories(ctx); err != nil {
		return err
	}
	o.Engine, o.Store = a.engine, a.store
	o.Actor = domain.Actor{ID: "import", Name: "import", Role: domain.RoleClerk}
	bar := newBar(con, con.say("导入", "Importing"))
	o.Progress = func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}
	result, err := intake.Run(ctx, o)
	_ = bar.Exit()
	if err != nil {
		return err
	}
	if o.DryRun {
		con.printf("试运行,未写入:共 %d 行,可导入 %d,将退回 %d。\n", "Dry run, nothing was written: of %d rows %d would be taken, %d rejected.\n",
			result.Total, result.Taken, result.Rejected)
	} else {
		con.printf("共 %d 行:已导入 %d,已退回 %d;其中此前已处理 %d 行;用时 %s。\n", "%d rows: %d are taken and %d rejected, %d of all these by an earlier run; took %s.\n",
			result.Total, result.Taken, result.Rejected, result.Already, result.Took.Round(time.Millisecond))
	}
	if result.Rejected > 0 {
		con.printf("退回的行及原因:%s\n", "The rejected rows and why: %s\n", result.RejectsPath)
	}
	return nil
}

// needCounty refuses to work in a database that has no organisations.
func (a *app) needCounty(con *console) error {
	if a.engine.Rules().Directory.Root() == "" {
		return fmt.Errorf("%s", con.say("数据库中还没有机构,可先运行 sudi demo 载入示范县区", "the database has no organisations yet; `sudi demo` loads the model county"))
	}
	return nil
}
