package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/report"
)

func reportCommand(con *console, set *settings) *cobra.Command {
	year, as := 0, "text"
	cmd := &cobra.Command{
		Use:   "report",
		Short: con.say("年度数据", "the figures of a year"),
		Args:  noArgs,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if as != "text" && as != "json" {
				return badUse{fmt.Errorf("--as is text or json, not %q", as)}
			}
			if err := needs("year")(cmd, args); err != nil {
				return err
			}
			return plausible(year)
		},
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			annual, pending, err := report.New(a.store, time.Now).Current(ctx, year, domain.AllCases)
			if err != nil {
				return err
			}
			if as == "text" {
				return con.annual(&annual, &pending)
			}
			out := json.NewEncoder(con.out)
			out.SetIndent("", "  ")
			out.SetEscapeHTML(false)
			return out.Encode(struct {
				report.Annual
				Pending domain.Differences `json:"pending"` // since it was published
			}{annual, pending})
		}),
	}
	cmd.AddCommand(freezeCommand(con, set), pendingCommand(con, set))
	cmd.Flags().IntVar(&year, "year", 0, con.say("年份", "the year"))
	cmd.Flags().StringVar(&as, "as", as, con.say("格式:text 或 json", "form: text or json"))
	return cmd
}

func verifyCommand(con *console, set *settings) *cobra.Command {
	year, rebuild := 0, false
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   con.say("核对:案件与历史、汇总与重算、数字与清单", "prove that cases, history, roll-ups and lists agree"),
		Args:    noArgs,
		PreRunE: func(*cobra.Command, []string) error { return plausible(year) },
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			service := report.New(a.store, time.Now)
			if rebuild {
				if err := rebuildRollUp(ctx, con, service); err != nil {
					return err
				}
			}
			bar := newBar(con, con.say("核对", "Verifying"))
			result, err := service.Verify(ctx, report.VerifyOptions{
				Year: year, Progress: func(_ report.Stage, done int64) { _ = bar.Set64(done) },
			})
			_ = bar.Exit()
			if err != nil {
				return err
			}
			if err := result.WriteText(con.out, con.lang); err != nil {
				return err
			}
			published, err := service.VerifyPublications(ctx)
			if err != nil {
				return err
			}
			con.publications(&published)
			if !result.OK() || !published.OK() {
				return fmt.Errorf("%s", con.say("核对发现不一致", "the verification found differences"))
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&year, "year", time.Now().Year(), con.say("核对哪一年的清单", "the year whose lists are opened"))
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, con.say("先由历史记录重建汇总(期间照常办公)", "first rebuild the roll-up from history; work goes on meanwhile"))
	return cmd
}

// rebuildRollUp counts every case anew from its history.
func rebuildRollUp(ctx context.Context, con *console, service *report.Service) error {
	bar := newBar(con, con.say("重建汇总", "Rebuilding"))
	corrected, err := service.Rebuild(ctx, func(done int64) { _ = bar.Set64(done) })
	_ = bar.Exit()
	if err == nil {
		_, err = fmt.Fprintf(con.out, con.say("已重建汇总,更正 %d 个数。\n", "The roll-up was rebuilt: %d counts corrected.\n"), corrected)
	}
	return err
}

// plausible refuses a number that is no year of Sudi's.
func plausible(year int) error {
	if year < 1949 || year > 2100 {
		return badUse{fmt.Errorf("--year %d: 1949–2100", year)}
	}
	return nil
}
