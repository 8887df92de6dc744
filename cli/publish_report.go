package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/report"
)

// freezeCommand publishes the report of a year: `sudi report freeze`.
func freezeCommand(con *console, set *settings) *cobra.Command {
	var year int
	var reason string
	cmd := &cobra.Command{
		Use:   "freeze",
		Short: con.say("公布年度报告:冻结数字", "publish a year's report: freeze its figures"),
		Long: con.say(`公布后,该年的报告一直是公布时的样子;以后的变化列为待公布的差异,并指出是哪些案件、哪些填报造成的。
再次公布生成新的一版,须说明原因;没有差异时不能再次公布。`,
			`Once published, the report of a year stays as it was published; what changes afterwards is listed as pending,
with the cases and statements that caused it. Publishing again makes the next revision and needs a reason;
it is refused when nothing differs.`),
		Args:    noArgs,
		PreRunE: ofYear(&year),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			p, err := report.New(a.store, time.Now).Freeze(ctx, a.countyOperator(), report.Freeze{Year: year, Reason: strings.TrimSpace(reason)})
			if err != nil {
				return err
			}
			con.printf("%d 年报告已公布,第 %d 版。\n位置 %d\n%s\n", "The report of %d is published, revision %d.\nPosition %d\n%s\n",
				p.Year, p.Revision, p.Position, p.Hash)
			return con.differences(&p.Differences)
		}),
	}
	cmd.Flags().IntVar(&year, "year", 0, con.say("年份", "the year"))
	cmd.Flags().StringVar(&reason, "reason", "", con.say("再次公布的原因", "why it is published anew"))
	return cmd
}

// pendingCommand shows what differs from the published report, and why: `sudi
// report pending`.
func pendingCommand(con *console, set *settings) *cobra.Command {
	var year int
	cmd := &cobra.Command{
		Use:     "pending",
		Short:   con.say("与已公布报告的差异及原因", "what differs from the published report, and why"),
		Args:    noArgs,
		PreRunE: ofYear(&year),
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			annual, pending, err := report.New(a.store, time.Now).Pending(ctx, year, domain.AllCases)
			if err != nil {
				return err
			}
			if annual.Published == nil {
				con.printf("%d 年报告尚未公布。\n", "The report of %d is not published.\n", year)
				return nil
			}
			con.printf("%d 年报告第 %d 版,%s 由 %s 公布。\n%s\n", "Report of %d, revision %d, published on %s by %s.\n%s\n",
				year, annual.Published.Revision, domain.DateIn(annual.Published.At), annual.Published.By, annual.Published.Hash)
			if pending.Empty() {
				con.printf("没有差异。\n", "Nothing differs.\n")
			}
			return con.differences(&pending)
		}),
	}
	cmd.Flags().IntVar(&year, "year", 0, con.say("年份", "the year"))
	return cmd
}

// mostCauses is how many causes of a difference are printed; the API gives all.
const mostCauses = 5

// differences prints the county's figures that differ, each with its causes.
func (c *console) differences(d *domain.Differences) error {
	cases := make(map[string]*domain.ChangedCase, len(d.Cases))
	for i := range d.Cases {
		cases[d.Cases[i].ID] = &d.Cases[i]
	}
	for i := range d.Figures {
		r := &d.Figures[i]
		if r.Group != "" {
			continue // the groups' differences are those of the whole, apart
		}
		was := r.Before.Value
		if was == "" {
			was = "—"
		}
		c.printf("%s(%s):%s → %s\n", "%s (%s): %s → %s\n", r.Name.In(c.lang), r.Period, was, r.After.Value)
		for n := range r.Causes {
			if n == mostCauses {
				c.printf("  另有 %d 项原因\n", "  and %d more causes\n", len(r.Causes)-n)
				break
			}
			fmt.Fprintln(c.out, "  "+c.cause(&r.Causes[n], cases))
		}
	}
	return nil
}

// cause is a cause in words.
func (c *console) cause(cause *domain.Cause, cases map[string]*domain.ChangedCase) string {
	switch cause.Kind {
	case domain.CauseCase:
		k := cases[cause.CaseID]
		if k == nil {
			return fmt.Sprintf(c.say("一件不列出的案件 %+d/%+d", "a case that is not named %+d/%+d"), cause.Numerator, cause.Denominator)
		}
		var steps []string
		for _, s := range k.Steps {
			steps = append(steps, fmt.Sprintf("%s %s %s", domain.DateIn(s.At), s.Action, s.By))
		}
		if len(steps) > mostCauses {
			steps = append([]string{"…"}, steps[len(steps)-mostCauses:]...)
		}
		return fmt.Sprintf("%s %+d/%+d: %s", k.Number, cause.Numerator, cause.Denominator, strings.Join(steps, "; "))
	case domain.CauseAttested:
		return fmt.Sprintf(c.say("填报第 %d 版,%s,%s 签字", "statement revision %d, %s, signed by %s"), cause.Statement.Revision, cause.Statement.Source, cause.Statement.Signer)
	case domain.CauseOrganizations:
		return c.say("机构设立、撤销或更正", "organisations were founded, dissolved or corrected")
	case domain.CauseTime:
		return c.say("到了可以统计的日期", "the day came from which it can be told")
	default:
		return c.say("统计口径与公布时不同", "the program counts otherwise than when it was published")
	}
}

// annual prints a report: its figures, what departments state, and how it
// differs from what was published.
func (c *console) annual(a *report.Annual, pending *domain.Differences) error {
	if err := a.WriteText(c.out, c.lang); err != nil {
		return err
	}
	if err := a.WriteAttested(c.out, c.lang); err != nil {
		return err
	}
	if p := a.Published; p != nil {
		c.printf("\n公布:第 %d 版,%s,%s\n%s\n", "\nPublished: revision %d, %s, %s\n%s\n", p.Revision, domain.DateIn(p.At), p.By, p.Hash)
	}
	if !pending.Empty() {
		c.printf("\n公布之后的变化(原因见 sudi report pending --year %d):\n", "\nChanged since it was published (why: sudi report pending --year %d):\n", a.Year)
	}
	return c.differences(pending)
}

// publications prints what the verification of publications found.
func (c *console) publications(v *report.VerifiedPublications) {
	c.printf("已公布报告 %d 版:重算 %d 个数字,不符 %d 处\n", "Publications: %d; %d figures counted again, %d differences\n",
		v.Publications, v.Figures, len(v.Differences))
	for _, d := range v.Differences {
		fmt.Fprintf(c.out, "  %s %s: %s ≠ %s\n", d.Check, d.Where, d.Want, d.Got)
	}
}
