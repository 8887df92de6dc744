package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/domain"
	"sudi/store"
	"sudi/workflow"
)

func versionCommand(con *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: con.say("版本", "the version"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(con.out, "sudi", version())
			return nil
		},
	}
}

// version is the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return info.Main.Version
}

func migrateCommand(con *console, set *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:       "migrate up|down|status",
		Short:     con.say("数据库结构升级、回退、状态", "bring the schema up, one step down, or show it"),
		ValidArgs: []string{"up", "down", "status"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains([]string{"up", "down", "status"}, args[0]) {
				return badUse{errors.New("migrate takes up, down or status")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a := &app{set: set}
			defer a.close()
			dsn, err := a.database(cmd.Context(), shared)
			if err != nil {
				return err
			}
			return migrate(cmd.Context(), con, dsn, args[0])
		},
	}
	return cmd
}

func migrate(ctx context.Context, con *console, dsn, what string) error {
	switch what {
	case "up":
		if err := store.Migrate(ctx, dsn); err != nil {
			return err
		}
	case "down":
		if err := store.MigrateDown(ctx, dsn); err != nil {
			return err
		}
	}
	status, err := store.MigrateStatus(ctx, dsn)
	if err != nil {
		return err
	}
	for _, m := range status {
		applied := con.say("未应用", "pending")
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.Local().Format(time.DateTime)
		}
		fmt.Fprintf(con.out, "%s  %s\n", m.Name, applied)
	}
	return nil
}

func proceduresCommand(con *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "procedures",
		Short: con.say("办理程序", "the procedures"),
		Args:  noArgs,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "lint",
		Short: con.say("检查程序定义", "check the procedures' definitions"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			library, err := workflow.StandardLibrary()
			if err != nil {
				return err
			}
			for _, p := range library.All() {
				con.printf("%s(%s)第 %d 版:%d 个状态,无误\n", "%s (%s) version %d: %d states, sound\n",
					p.Name, p.Title.In(con.lang), p.Version, len(p.States))
			}
			return nil
		},
	}, &cobra.Command{
		Use:   "draw NAME",
		Short: con.say("画出状态图 (Mermaid)", "draw the states (Mermaid)"),
		Args:  oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			library, err := workflow.StandardLibrary()
			if err != nil {
				return err
			}
			p, err := library.Latest(args[0])
			if err != nil {
				return badUse{fmt.Errorf("no procedure %q", args[0])}
			}
			fmt.Fprint(con.out, workflow.Draw(p, con.lang, ""))
			return nil
		},
	})
	return cmd
}

func usersCommand(con *console, set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "users", Short: con.say("账户", "the accounts"), Args: noArgs}
	var name, role, org string
	add := &cobra.Command{
		Use:   "add USERNAME",
		Short: con.say("新建账户;密码从标准输入读一行", "make an account; its password is one line of standard input"),
		Args:  oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "name", "role", "org"); err != nil {
				return err
			}
			if !slices.Contains(domain.StaffRoles, domain.Role(role)) {
				return badUse{fmt.Errorf("--role is one of %v", domain.StaffRoles)}
			}
			a, err := openApp(cmd.Context(), set, shared)
			if err != nil {
				return err
			}
			defer a.close()
			if a.engine.Rules().Directory.Get(org) == nil {
				return badUse{fmt.Errorf("no organisation %q", org)}
			}
			return a.addUser(cmd.Context(), con, domain.User{Username: args[0], Name: name, Role: domain.Role(role), Org: org})
		},
	}
	add.Flags().StringVar(&name, "name", "", con.say("姓名", "the person's name"))
	add.Flags().StringVar(&role, "role", "", con.say("角色", "the role"))
	add.Flags().StringVar(&org, "org", "", con.say("单位代码", "code of the organisation"))
	list := &cobra.Command{
		Use:   "list",
		Short: con.say("列出账户", "list the accounts"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := openApp(cmd.Context(), set, shared)
			if err != nil {
				return err
			}
			defer a.close()
			users, err := a.store.Users(cmd.Context())
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
			for _, u := range users {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.Username, u.Role, u.Org, u.Name)
			}
			return table.Flush()
		},
	}
	cmd.AddCommand(add, list)
	return cmd
}

// minPassword is the least length of a password, in characters.
const minPassword = 10

func (a *app) addUser(ctx context.Context, con *console, u domain.User) error {
	fmt.Fprint(con.err, con.say("密码:", "Password: "))
	line, err := bufio.NewReader(con.in).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if err != nil && password == "" {
		return fmt.Errorf("reading the password: %w", err)
	}
	if len([]rune(password)) < minPassword {
		return badUse{fmt.Errorf(con.say("密码至少 %d 位", "a password has %d characters or more"), minPassword)}
	}
	if u.PasswordHash, err = api.HashPassword(password); err != nil {
		return err
	}
	u.ID, u.CreatedAt = uuid.Must(uuid.NewV7()).String(), time.Now()
	return a.store.CreateUsers(ctx, []domain.User{u})
}

func deadLettersCommand(con *console, set *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: con.say("列出无法处理的事件", "list the events that could not be applied"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := openApp(cmd.Context(), set, shared)
			if err != nil {
				return err
			}
			defer a.close()
			letters, err := a.store.DeadLetters(cmd.Context(), true)
			if err != nil {
				return err
			}
			for _, l := range letters {
				fmt.Fprintf(con.out, "%s  %s  %s  %s\n    %s\n", l.ID, l.CreatedAt.Local().Format(time.DateTime), l.Consumer, l.Subject, l.Cause)
			}
			return nil
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "replay ID",
		Short: con.say("重新投递(由运行中的服务完成)", "deliver one again (the running server does it)"),
		Args:  oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := openApp(cmd.Context(), set, shared)
			if err != nil {
				return err
			}
			defer a.close()
			return a.store.AskReplay(cmd.Context(), args[0], time.Now())
		},
	})
	return cmd
}

// oneArg refuses another number of arguments as bad use.
func oneArg(cmd *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(cmd, args); err != nil {
		return badUse{err}
	}
	return nil
}
