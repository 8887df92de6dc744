package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/domain"
)

func usersCommand(con *console, set *settings) *cobra.Command {
	cmd := group("users", con.say("账户", "the accounts"))
	var name, role, org string
	add := &cobra.Command{
		Use:     "add USERNAME",
		Short:   con.say("新建账户;密码从标准输入读一行", "make an account; its password is one line of standard input"),
		Args:    oneArg,
		PreRunE: needs("name", "role", "org"),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			return a.addUser(ctx, con, domain.User{Username: args[0], Name: name, Role: domain.Role(role), Org: org})
		}),
	}
	add.Flags().StringVar(&name, "name", "", con.say("姓名", "the person's name"))
	add.Flags().StringVar(&role, "role", "", con.say("角色", "the role"))
	add.Flags().StringVar(&org, "org", "", con.say("单位代码", "code of the organisation"))
	list := &cobra.Command{
		Use:   "list",
		Short: con.say("列出账户", "list the accounts"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			users, err := a.store.Users(ctx)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
			for _, u := range users {
				state := ""
				if u.DisabledAt != nil {
					state = con.say("已停用", "disabled")
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", u.Username, u.Role, u.Org, u.Name, state)
			}
			return table.Flush()
		}),
	}
	cmd.AddCommand(add, list,
		onUser(set, "unlock", con.say("解除登录尝试过多造成的等待", "let an account sign in again after too many wrong attempts"),
			func(ctx context.Context, a *app, u *domain.User) error {
				if err := a.store.ForgetAttempts(ctx, u); err != nil {
					return err
				}
				con.printf("账户 %s 可以重新登录。\n", "Account %s may sign in again.\n", u.Username)
				return nil
			}),
		onUser(set, "reset-second-factor", con.say("删除账户的动态口令,如手机丢失时;其登录全部结束", "remove an account's second factor, as when a telephone is lost; its sessions end"),
			func(ctx context.Context, a *app, u *domain.User) error {
				if err := a.store.RemoveFactor(ctx, u.ID); err != nil {
					return err
				}
				con.printf("账户 %s 的动态口令已删除。\n", "Account %s has no second factor any more.\n", u.Username)
				return nil
			}),
		onUser(set, "disable", con.say("停用账户;其登录全部结束", "disable an account; its sessions end"), func(ctx context.Context, a *app, u *domain.User) error {
			if err := a.switchUser(ctx, u, true); err != nil {
				return err
			}
			con.printf("账户 %s 已停用。\n", "Account %s is disabled.\n", u.Username)
			return nil
		}),
		onUser(set, "enable", con.say("启用账户", "enable an account"), func(ctx context.Context, a *app, u *domain.User) error {
			if err := a.switchUser(ctx, u, false); err != nil {
				return err
			}
			con.printf("账户 %s 已启用。\n", "Account %s is enabled.\n", u.Username)
			return nil
		}))
	return cmd
}

// onUser is a command on one account, for when nobody can sign in who might do
// the same over HTTP. Whoever may run it can read the database anyway; what he
// does is recorded as his (origin).
func onUser(set *settings, verb, short string, do func(context.Context, *app, *domain.User) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " USERNAME", Short: short, Args: oneArg,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			u, err := a.store.UserByName(ctx, args[0])
			if err != nil {
				return err
			}
			return do(ctx, a, &u)
		}),
	}
}

func (a *app) switchUser(ctx context.Context, u *domain.User, disabled bool) error {
	return a.store.ChangeUser(ctx, domain.UserChange{ID: u.ID, Disabled: &disabled, By: operator(), At: time.Now()})
}

func (a *app) addUser(ctx context.Context, con *console, u domain.User) error {
	if strings.TrimSpace(u.Name) == "" {
		return badUse{errors.New(con.say("姓名不能为空", "--name must not be empty"))}
	}
	if err := api.CheckAccount(&u, a.engine.Rules().Directory); err != nil {
		return badUse{err}
	}
	fmt.Fprint(con.err, con.say("密码:", "Password: "))
	line, err := bufio.NewReader(con.in).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if err != nil && password == "" {
		return fmt.Errorf("reading the password: %w", err)
	}
	fmt.Fprintln(con.err)
	if err := api.CheckPassword(password, &u); err != nil {
		return badUse{err}
	}
	if u.PasswordHash, err = api.HashPassword(password); err != nil {
		return err
	}
	u.ID, u.CreatedAt = uuid.Must(uuid.NewV7()).String(), time.Now()
	if err := a.store.CreateUsers(ctx, []domain.User{u}); err != nil {
		return err
	}
	con.printf("账户 %s 已建立。\n", "Account %s is made.\n", u.Username)
	return nil
}
