// Package cli is Sudi's command line: it reads the settings, wires the parts
// together and runs them. It holds no rules.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sudi/api"
	"sudi/domain"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitBadUse = 2
)

// console is where a command talks to its user, in the user's language.
type console struct {
	in       io.Reader
	out, err io.Writer
	lang     string // "zh" or "en"
}

// say picks the wording in the user's language.
func (c *console) say(zh, en string) string {
	if c.lang == "zh" {
		return zh
	}
	return en
}

// printf writes to the user in the user's language; both formats take the
// same arguments.
func (c *console) printf(zh, en string, args ...any) {
	fmt.Fprintf(c.out, c.say(zh, en), args...)
}

// badUse marks an error as the user's mistake in calling the command.
type badUse struct{ error }

// Unwrap gives what was wrong, which may have words of its own.
func (e badUse) Unwrap() error { return e.error }

// Run runs the command line and gives the exit code: 0 done, 1 failed, 2 bad
// use.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	con := &console{in: in, out: out, err: errOut, lang: language(args)}
	root := newRoot(con)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	text, ok := api.Describe(err, con.lang)
	if !ok {
		text = err.Error()
	}
	fmt.Fprintln(errOut, "sudi:", text)
	if errors.As(err, new(badUse)) {
		return exitBadUse
	}
	return exitFailed
}

func newRoot(con *console) *cobra.Command {
	set := &settings{}
	root := &cobra.Command{
		Use:           "sudi",
		Short:         con.say("县区信访与矛盾纠纷办理系统", "A county's petitions and mediations"),
		Args:          noArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetContext(domain.WithOrigin(cmd.Context(), origin()))
			return set.finish(con)
		},
	}
	set.flags(root.PersistentFlags(), con)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return badUse{err} })
	serve := serveCommand(con, set)
	root.AddCommand(serve, demoCommand(con, set), reportCommand(con, set), attestCommand(con, set), exportCommand(con, set), importCommand(con, set),
		verifyCommand(con, set), proceduresCommand(con, set), usersCommand(con, set), keysCommand(con, set), auditCommand(con, set),
		migrateCommand(con, set), deadLettersCommand(con, set), versionCommand(con))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(helpCommand(root)) // cobra's own speaks English alone
	if con.lang == "zh" {
		root.SetUsageTemplate(chineseUsage(root.UsageTemplate()))
	}
	root.RunE = func(cmd *cobra.Command, args []string) error { return serve.RunE(cmd, args) }
	return root
}

// helpCommand says what --help would, of the command that is named behind it.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{Use: "help", Hidden: true, RunE: func(_ *cobra.Command, args []string) error {
		cmd, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return badUse{fmt.Errorf("unknown command %q; see `%s --help`", strings.Join(args, " "), root.CommandPath())}
		}
		return cmd.Help()
	}}
}

// group is a command that only holds others.
func group(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
}

// chineseUsage puts the headings of cobra's help into Chinese.
func chineseUsage(template string) string {
	return strings.NewReplacer("Usage:", "用法:", "Available Commands:", "命令:", "Additional Commands:", "其他命令:",
		"Global Flags:", "全局选项:", "Flags:", "选项:", "Examples:", "示例:", "Aliases:", "别名:",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `"{{.CommandPath}} [command] --help" 查看某一命令的说明。`).Replace(template)
}

// noArgs refuses arguments as bad use: a word that is no command, mostly.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return badUse{fmt.Errorf("unknown command or argument %q; see `%s --help`", args[0], cmd.CommandPath())}
	}
	return nil
}

// needs makes a PreRunE that refuses a call without these flags as bad use.
func needs(flags ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		for _, name := range flags {
			if !cmd.Flags().Changed(name) {
				return badUse{fmt.Errorf("--%s is needed; see `%s --help`", name, cmd.CommandPath())}
			}
		}
		return nil
	}
}

// oneArg refuses another number of arguments as bad use.
func oneArg(cmd *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(cmd, args); err != nil {
		return badUse{err}
	}
	return nil
}

// language is the one that --lang names, else the system's. It is read before
// everything else, since the help texts need it.
func language(args []string) string {
	for i, arg := range args {
		lang, ok := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			lang, ok = args[i+1], true
		}
		if ok && (lang == "zh" || lang == "en") {
			return lang
		}
	}
	return systemLanguage()
}

// systemLanguage reads the language from the environment as other programs
// do; English where none is set.
func systemLanguage() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "en") || v == "C" || v == "POSIX" || strings.HasPrefix(v, "C.") {
				return "en"
			}
			return "zh"
		}
	}
	return "en"
}
