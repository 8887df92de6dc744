package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/workflow"
)

func proceduresCommand(con *console, set *settings) *cobra.Command {
	cmd := group("procedures", con.say("办理程序:检查、绘图、公布、迁移、生成说明", "the procedures: check, draw, publish, migrate, describe"))
	cmd.Long = con.say(`办理程序写在 YAML 文件中,每个文件有版本号。版本一经公布就不再改动:办理中的案件一直用它
登记时的版本,直到有人明确迁移。sudi 自带的程序在启动时自动公布;区县自己的版本用 publish 公布。`,
		`A procedure is a YAML file with a version. Once published a version never changes: a case stays on the
version that it was registered under until somebody migrates it. The procedures that come with sudi are
published when it starts; a county publishes versions of its own with publish.`)
	cmd.AddCommand(lintCommand(con), drawCommand(con), docsCommand(con), listProceduresCommand(con, set),
		publishCommand(con, set), migrateCasesCommand(con, set))
	return cmd
}

func lintCommand(con *console) *cobra.Command {
	return &cobra.Command{
		Use:   "lint [FILE]",
		Short: con.say("检查程序定义", "check the procedures' definitions"),
		Long: con.say(`检查 sudi 自带的全部程序,或一个文件。一次列出所有错误及行号:走不到的状态、办不结的状态、无人负责的
状态、没有期限或条文的时限、缺少中英文名称等。文件中的 _common.yaml 内容取自 sudi 自带的。`,
			`Check every procedure that comes with sudi, or one file. All mistakes are listed at once, with their lines:
states that cannot be reached or cannot end, states without anybody responsible, limits without a length or
an article, missing titles. What all procedures share is taken from sudi.`),
		Args: atMostOneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			library, err := workflow.StandardLibrary()
			if err != nil {
				return err
			}
			sound := library.All()
			if len(args) == 1 {
				p, _, err := readProcedure(library, args[0])
				if err != nil {
					return err
				}
				sound = []*workflow.Procedure{p}
			}
			for _, p := range sound {
				con.printf("%s(%s)第 %d 版:%d 个状态,无误\n", "%s (%s) version %d: %d states, sound\n",
					p.Name, p.Title.In(con.lang), p.Version, len(p.States))
			}
			return nil
		},
	}
}

func drawCommand(con *console) *cobra.Command {
	return &cobra.Command{
		Use:   "draw NAME",
		Short: con.say("画出状态图 (Mermaid)", "draw the states (Mermaid)"),
		Long: con.say("以 Mermaid 状态图输出一个程序的最新版本,可粘贴到支持 Mermaid 的页面中查看。",
			"Write the newest version of a procedure as a Mermaid state diagram, for any page that shows Mermaid."),
		Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			library, err := workflow.StandardLibrary()
			if err != nil {
				return err
			}
			all := library.All()
			i := slices.IndexFunc(all, func(p *workflow.Procedure) bool { return p.Name == args[0] })
			if i < 0 {
				return badUse{fmt.Errorf("no procedure %q", args[0])}
			}
			fmt.Fprint(con.out, workflow.Draw(all[i], con.lang, ""))
			return nil
		},
	}
}

func docsCommand(con *console) *cobra.Command {
	return &cobra.Command{
		Use:   "docs DIR",
		Short: con.say("生成每个程序的说明页 (Markdown)", "write a page about each procedure (Markdown)"),
		Long: con.say(`为 sudi 自带的每个程序写中英文各一页说明和一个目录:环节、由谁办、条件、时限及依据、派单规则、文书、
计入的指标。写在 DIR 中,同名文件被替换。`,
			`Write a page in Chinese and one in English about every procedure that comes with sudi, and an index: states,
who acts, conditions, time limits with their articles, routes, papers and the figures that count it. Files of
the same name in DIR are replaced.`),
		Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			library, err := workflow.StandardLibrary()
			if err != nil {
				return err
			}
			pages := workflow.Pages(library)
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // pages for everybody
				return err
			}
			for name, page := range pages {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644); err != nil { //nolint:gosec // the same
					return err
				}
			}
			con.printf("%d 个文件写入 %s。\n", "%d files are written to %s.\n", len(pages), args[0])
			return nil
		},
	}
}

func listProceduresCommand(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: con.say("列出已公布的版本及在办案件数", "list the published versions and the cases that run on them"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			return a.listProcedures(ctx, con)
		}),
	}
}

func (a *app) listProcedures(ctx context.Context, con *console) error {
	known, err := a.store.Procedures(ctx)
	if err != nil {
		return err
	}
	use, err := a.store.ProcedureUse(ctx)
	if err != nil {
		return err
	}
	library := a.engine.Rules().Library
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, con.say("程序\t版本\t公布时间\t受理日起\t公布者\t在办", "NAME\tVERSION\tPUBLISHED\tFOR CASES FROM\tBY\tRUNNING"))
	for _, t := range known {
		p, err := library.Get(t.Name, t.Version)
		if err != nil {
			return err
		}
		by, running := "sudi", 0
		if t.Own {
			by = con.say("本区", "county")
		}
		for _, u := range use {
			if s := p.State(u.State); u.Procedure == t.Name && u.Version == t.Version && (s == nil || !s.Final) {
				running += u.Cases
			}
		}
		from := "-"
		if !p.ValidFrom.IsZero() {
			from = p.ValidFrom.String()
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%d\n", t.Name, t.Version,
			t.PublishedAt.In(domain.Beijing).Format(time.DateTime), from, by, running)
	}
	return table.Flush()
}

func publishCommand(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "publish FILE",
		Short: con.say("公布本区自己的程序版本", "publish a version of the county's own"),
		Long: con.say(`检查文件并公布其中的版本,版本号须高于已有版本。从此新登记的案件按它办理;文件中有
valid_from: 2026-01-01 时,只有当日及以后收到的案件按它办理,此前收到的仍用旧版本。已登记的案件
不受影响。正在运行的服务几秒内生效,无须重启。公布后不能撤回或改动,只能再公布更高的版本。`,
			`Check a file and publish its version, which must be higher than every other of the procedure. Cases
registered from now on run on it; with valid_from: 2026-01-01 in the file, only those received on that day
or later do, and what was received before keeps the older version. Cases already registered stay as they
are. Running servers take it up within seconds. A published version cannot be taken back or changed; publish
a higher one instead.`),
		Args: oneArg,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			return a.publish(ctx, con, args[0])
		}),
	}
}

// publish publishes the version that a file describes.
func (a *app) publish(ctx context.Context, con *console, file string) error {
	p, text, err := readProcedure(a.engine.Rules().Library, file)
	if err != nil {
		return err
	}
	standard, err := workflow.StandardLibrary()
	if err != nil {
		return err
	}
	known, err := a.store.Procedures(ctx)
	if err != nil {
		return err
	}
	if i := published(known, p.Name, p.Version); i >= 0 && known[i].Hash == text.Hash {
		con.printf("%s 第 %d 版此前已公布,没有变化。\n", "%s version %d is published already, just so.\n", p.Name, p.Version)
		return nil
	}
	newest := 0
	for _, t := range known {
		if t.Name == p.Name {
			newest = max(newest, t.Version)
		}
	}
	if p.Version <= newest {
		return fmt.Errorf(con.say("%s 已公布到第 %d 版;请把文件中的 version 改为 %d 或更高", "%s is published up to version %d; raise the file's version to %d or more"),
			p.Name, newest, newest+1)
	}
	text.Own, text.PublishedAt = true, now()
	if _, err := standard.With(append(known, text)); err != nil { // it must fit the others
		return err
	}
	n, err := a.store.Publish(ctx, []domain.ProcedureText{text})
	if err == nil && n == 0 {
		err = errors.New(con.say("另有人刚刚公布了这个版本", "somebody else has just published this version"))
	}
	if err == nil {
		err = a.announceCounty(ctx)
	}
	if err != nil {
		return err
	}
	con.printf("%s 第 %d 版已公布。\n", "%s version %d is published.\n", p.Name, p.Version)
	if !p.ValidFrom.IsZero() {
		con.printf("适用于 %s 起收到的案件。\n", "It is for cases received from %s on.\n", p.ValidFrom)
	}
	return nil
}

// readProcedure reads and checks a file; the error lists every mistake.
func readProcedure(library *workflow.Library, file string) (*workflow.Procedure, domain.ProcedureText, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, domain.ProcedureText{}, badUse{err}
	}
	p, text, problems := library.Read(filepath.Base(file), source)
	return p, text, errors.Join(problems...)
}

// atMostOneArg refuses more arguments as bad use.
func atMostOneArg(cmd *cobra.Command, args []string) error {
	if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
		return badUse{err}
	}
	return nil
}
