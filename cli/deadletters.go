package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func deadLettersCommand(con *console, set *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: con.say("列出无法处理的事件", "list the events that could not be applied"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			letters, err := a.store.DeadLetters(ctx, true)
			if err != nil {
				return err
			}
			for _, l := range letters {
				fmt.Fprintf(con.out, "%s  %s  %s  %s\n    %s\n", l.ID, l.CreatedAt.Local().Format(time.DateTime), l.Consumer, l.Subject, l.Cause)
			}
			return nil
		}),
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "replay ID",
		Short: con.say("重新投递(由运行中的服务完成)", "deliver one again (the running server does it)"),
		Args:  oneArg,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			return a.store.AskReplay(ctx, args[0], time.Now())
		}),
	})
	return cmd
}
