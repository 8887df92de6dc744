package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"sudi/workflow"
)

func proceduresCommand(con *console) *cobra.Command {
	cmd := group("procedures", con.say("办理程序", "the procedures"))
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
