package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
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
