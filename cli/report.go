package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sudi/domain"
	"sudi/report"
	"sudi/report/paper"
)

// reportForms are what --as takes.
var reportForms = []string{"text", "json", "html", "docx", "xlsx"}

// reportOptions are the flags of `sudi report`.
type reportOptions struct {
	year             int
	as, out, compare string
}

func reportCommand(con *console, set *settings) *cobra.Command {
	o := reportOptions{as: "text"}
	cmd := &cobra.Command{
		Use:   "report",
		Short: con.say("年度报告", "the annual report"),
		Args:  noArgs,
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if err := needs("year")(cmd, args); err != nil {
				return err
			}
			return o.check(con)
		},
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			annual, pending, err := report.New(a.store, time.Now).Current(ctx, o.year, domain.AllCases)
			if err != nil {
				return err
			}
			return o.write(con, func(w io.Writer) error {
				if o.compare != "" {
					return compareTo(w, &annual, o.compare, con.lang)
				}
				return writeReport(w, &annual, &pending, o.as, con.lang)
			})
		}),
	}
	cmd.AddCommand(freezeCommand(con, set), pendingCommand(con, set))
	cmd.Flags().IntVar(&o.year, "year", 0, con.say("年份", "the year"))
	cmd.Flags().StringVar(&o.as, "as", o.as, con.say("格式:text、json、html、docx 或 xlsx", "form: text, json, html, docx or xlsx"))
	cmd.Flags().StringVar(&o.out, "out", "", con.say("写入的文件(默认写到标准输出)", "the file to write (standard output if not given)"))
	cmd.Flags().StringVar(&o.compare, "compare", "",
		con.say("与公布的数字对照:csv、xlsx、json(code,value)或公布报告的文本 txt", "set against published figures: csv, xlsx or json of code,value, or the published report as txt"))
	return cmd
}

// check refuses what cannot be written.
func (o *reportOptions) check(con *console) error {
	if err := plausible(o.year); err != nil {
		return err
	}
	if !slices.Contains(reportForms, o.as) {
		return badUse{fmt.Errorf("--as is text, json, html, docx or xlsx, not %q", o.as)}
	}
	if o.compare != "" {
		if o.as != "text" {
			return badUse{errors.New("--compare prints text; leave out --as")}
		}
		if _, err := os.Stat(o.compare); err != nil {
			return badUse{fmt.Errorf("--compare: %w", err)}
		}
	}
	if binary := o.as == "docx" || o.as == "xlsx"; binary && o.out == "" && terminal(con.out) {
		return badUse{fmt.Errorf("--as %s is no text for a terminal; name a file with --out", o.as)}
	}
	return nil
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // a descriptor fits
}

// write writes to the file that is named, whole or not at all, else to the
// standard output.
func (o *reportOptions) write(con *console, do func(io.Writer) error) error {
	if o.out == "" {
		return do(con.out)
	}
	return writeWhole(o.out, 0o644, do)
}

func writeReport(w io.Writer, annual *report.Annual, pending *domain.Differences, as, lang string) error {
	switch as {
	case "text":
		to := console{out: w, lang: lang}
		return to.annual(annual, pending)
	case "json":
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(struct {
			*report.Annual
			Pending *domain.Differences `json:"pending"` // since it was published
		}{annual, pending})
	default:
		return paper.Write(w, annual, paper.Form(as), lang)
	}
}

// compareTo sets the report against a file of published figures.
func compareTo(w io.Writer, annual *report.Annual, file, lang string) error {
	f, err := os.Open(file) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	published, err := paper.ReadPublication(file, f)
	if err != nil {
		return err
	}
	c := paper.Compare(annual, published, lang)
	return c.WriteText(w, lang)
}

func verifyCommand(con *console, set *settings) *cobra.Command {
	year, rebuild, auditLog := 0, false, false
	var auditKey string
	var journals []string
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   con.say("核对:案件与历史、汇总与重算、数字与清单", "prove that cases, history, roll-ups and lists agree"),
		Args:    noArgs,
		PreRunE: func(*cobra.Command, []string) error { return plausible(year) },
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			if auditLog {
				return a.verifyAudit(ctx, con, auditKey, journals)
			}
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
	cmd.Flags().BoolVar(&auditLog, "audit", false, con.say("核对审计记录,不核对案件", "verify the audit log, not the cases"))
	cmd.Flags().StringArrayVar(&journals, "journal", nil, con.say("审计日志文件,可多次给出;不填为数据目录和第二处目录的", "with --audit: a journal's file, more than once for several; those of the data folder and the second place when left out"))
	cmd.Flags().StringVar(&auditKey, "public-key", "", con.say("另行保存的公钥;不填为密钥文件的,没有时为数据库所记的", "with --audit: the public key as it was kept elsewhere; when left out that of the key's file, or the database's"))
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
