package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/domain"
	"sudi/workflow"
)

func migrateCasesCommand(con *console, set *settings) *cobra.Command {
	var from int
	var m workflow.Migration
	var states, clocks []string
	var apply bool
	cmd := &cobra.Command{
		Use:   "migrate NAME",
		Short: con.say("把在办案件迁移到另一版本;不加 --apply 只试算", "move open cases to another version; a dry run unless --apply is given"),
		Long: con.say(`把一个程序某版本上的在办案件迁移到另一版本。不加 --apply 时只试算:按状态列出可迁移的件数,逐件列出
不能迁移的案件及原因,有不能迁移的即以退出码 1 结束。加 --apply 时迁移能迁移的案件,每件留下一条
历史记录和一个事件;中断后重新运行即可继续。

迁移不改动任何正在计算的时限:到期日、条文和适用法律都保持登记时的样子。法律自某日起变化的,
应公布带 valid_from 的新版本,只适用于此后收到的案件。已终结的案件留在原版本。新版本中按次数限制的
动作,只认旧版本已经计过的次数。`,
			`Move the open cases of a procedure from one version to another. Without --apply nothing is moved: the
cases that can move are counted by state, those that cannot are listed with the reasons, and the exit code is
1 when there are any. With --apply those that can are moved, each with an entry in its history and an
event; run it again to go on after an interruption.

No running time limit is touched: its day, its article and its law stay as they were. For a law that changes
on a date publish a version with valid_from, which is for cases received from then on. Cases that have ended
stay on their version. Where the new version limits how often an action is taken, only what the old one
counted is known.`),
		Example: "  sudi procedures migrate mediation --from 1 --to 2 --state mediating=hearing --clock level=stage\n" +
			"  sudi procedures migrate mediation --from 1 --to 2 --reason \"…\" --apply",
		Args:    oneArg,
		PreRunE: needs("from", "to"),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			var err error
			if m.States, err = pairs("state", states); err != nil {
				return err
			}
			if m.Clocks, err = pairs("clock", clocks); err != nil {
				return err
			}
			return a.migrateCases(ctx, con, args[0], from, m, apply)
		}),
	}
	cmd.Flags().IntVar(&from, "from", 0, con.say("原版本", "the version that they run on"))
	cmd.Flags().IntVar(&m.To, "to", 0, con.say("新版本", "the version that they move to"))
	cmd.Flags().StringArrayVar(&states, "state", nil, con.say("状态改名:旧=新,可多次给出", "a state of another name: OLD=NEW, may be repeated"))
	cmd.Flags().StringArrayVar(&clocks, "clock", nil, con.say("时限改名:旧=新,可多次给出", "a limit of another name: OLD=NEW, may be repeated"))
	cmd.Flags().StringVar(&m.Reason, "reason", "", con.say("理由,写入历史(--apply 时必填)", "why, for the history (needed with --apply)"))
	cmd.Flags().BoolVar(&apply, "apply", false, con.say("实际迁移", "move them"))
	return cmd
}

// pairs reads OLD=NEW arguments.
func pairs(flag string, given []string) (map[string]string, error) {
	names := map[string]string{}
	for _, pair := range given {
		old, name, ok := strings.Cut(pair, "=")
		if !ok || old == "" || name == "" {
			return nil, badUse{fmt.Errorf("--%s is OLD=NEW, not %q", flag, pair)}
		}
		if other, twice := names[old]; twice && other != name {
			return nil, badUse{fmt.Errorf("--%s %s is given twice", flag, old)}
		}
		names[old] = name
	}
	return names, nil
}

// migratePage is how many cases are looked at, and moved, at a time.
const migratePage = 500

// migrateCases moves the cases of a version, or only says what would happen.
func (a *app) migrateCases(ctx context.Context, con *console, name string, from int, m workflow.Migration, apply bool) error {
	library := a.engine.Rules().Library
	if err := library.CheckMigration(name, from, m); err != nil {
		return err
	}
	if m.Reason = strings.TrimSpace(m.Reason); m.Reason == "" {
		if apply {
			return badUse{errors.New(con.say("--apply 须同时给出 --reason", "--apply needs --reason"))}
		}
		m.Reason = "dry run" // Migrate wants one
	}
	p, err := library.Get(name, from)
	if err != nil {
		return err
	}
	result := &migration{con: con, procedure: p, to: m.To, moved: map[string]int{}}
	actor, after := operator(), ""
	for {
		files, err := a.store.FilesOn(ctx, name, from, after, migratePage)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			break
		}
		after = files[len(files)-1].Case.ID
		files = slices.DeleteFunc(files, func(f domain.File) bool { return result.stays(&f.Case) })
		errs := make([]error, len(files))
		if apply {
			ids := make([]string, len(files))
			for i := range files {
				ids[i] = files[i].Case.ID
			}
			errs = a.engine.Migrate(ctx, ids, from, m, actor)
		} else {
			for i := range files {
				_, errs[i] = a.engine.Rules().Migrate(files[i], m, actor, a.engine.Now())
			}
		}
		for i := range files {
			result.add(&files[i].Case, errs[i])
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return result.tell(apply)
}

// migration is what came, or would come, of moving cases.
type migration struct {
	con       *console
	procedure *workflow.Procedure
	to        int
	moved     map[string]int // by state
	final     int
	stuck     []string // one line for each case that cannot move
}

// stays counts a case that has ended, which stays on its version.
func (r *migration) stays(c *domain.Case) bool {
	s := r.procedure.State(c.State)
	if s == nil || !s.Final {
		return false
	}
	r.final++
	return true
}

func (r *migration) add(c *domain.Case, err error) {
	if err == nil {
		r.moved[c.State]++
		return
	}
	why, ours := api.Describe(err, r.con.lang)
	if !ours {
		why = err.Error()
	}
	if lines := strings.Split(why, "\n"); len(lines) > 1 { // each reason behind the general word
		for i := range lines {
			_, lines[i], _ = strings.Cut(lines[i], ": ")
		}
		why = strings.Join(lines[1:], r.con.say("；", "; "))
	}
	r.stuck = append(r.stuck, fmt.Sprintf("%s\t%s\t%s", c.Number, c.State, why))
}

// tell prints the result; the error says that some cases cannot move.
func (r *migration) tell(applied bool) error {
	con := r.con
	moved := 0
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, state := range slices.Sorted(maps.Keys(r.moved)) {
		title := state
		if t, ok := r.procedure.TitleOf(state); ok {
			title = t.In(con.lang)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\n", state, title, r.moved[state])
		moved += r.moved[state]
	}
	if len(r.stuck) > 0 {
		fmt.Fprintln(table, con.say("\n不能迁移:", "\nThese cannot move:"))
		for _, line := range r.stuck {
			fmt.Fprintln(table, line)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if moved+len(r.stuck) > 0 {
		fmt.Fprintln(con.out)
	}
	if applied {
		con.printf("已迁移到第 %d 版 %d 件;不能迁移 %d 件;已终结、留在原版本 %d 件。\n",
			"Moved to version %d: %d cases; %d cannot move; %d have ended and stay.\n", r.to, moved, len(r.stuck), r.final)
	} else {
		con.printf("试算,未迁移:可迁移到第 %d 版 %d 件;不能迁移 %d 件;已终结、留在原版本 %d 件。\n",
			"Dry run, nothing was moved: %[2]d cases could move to version %[1]d; %[3]d cannot; %[4]d have ended and stay.\n", r.to, moved, len(r.stuck), r.final)
	}
	if len(r.stuck) > 0 {
		return fmt.Errorf(con.say("%d 件不能迁移", "%d cases cannot move"), len(r.stuck))
	}
	return nil
}

// operator is who runs the command: known by the name of his account on this
// machine, which the history keeps.
func operator() domain.Actor {
	name := os.Getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return domain.Actor{ID: "cli:" + name, Name: name, Role: domain.RoleAdmin}
}
