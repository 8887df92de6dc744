package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sudi/store"
)

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
