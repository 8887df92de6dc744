package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

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
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.Username, u.Role, u.Org, u.Name)
			}
			return table.Flush()
		}),
	}
	cmd.AddCommand(add, list)
	return cmd
}

// Lengths of a password, in characters.
const (
	minPassword = 10
	maxPassword = 200
)

var usernameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (a *app) addUser(ctx context.Context, con *console, u domain.User) error {
	if !usernameShape.MatchString(u.Username) {
		return badUse{errors.New(con.say("用户名由 1 至 64 个小写字母、数字、点、横线组成", "a username is 1 to 64 small letters, digits, dots, dashes and underscores"))}
	}
	if strings.TrimSpace(u.Name) == "" {
		return badUse{errors.New(con.say("姓名不能为空", "--name must not be empty"))}
	}
	if !slices.Contains(domain.StaffRoles, u.Role) {
		return badUse{fmt.Errorf("--role is one of %v", domain.StaffRoles)}
	}
	if a.engine.Rules().Directory.Get(u.Org) == nil {
		return badUse{fmt.Errorf("no organisation %q", u.Org)}
	}
	fmt.Fprint(con.err, con.say("密码:", "Password: "))
	line, err := bufio.NewReader(con.in).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if err != nil && password == "" {
		return fmt.Errorf("reading the password: %w", err)
	}
	fmt.Fprintln(con.err)
	if err := checkPassword(con, password); err != nil {
		return err
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

func checkPassword(con *console, password string) error {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return badUse{fmt.Errorf(con.say("密码为 %d 至 %d 位", "a password has %d to %d characters"), minPassword, maxPassword)}
	}
	return nil
}
