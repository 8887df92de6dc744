package cli

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sudi/api"
	"sudi/county"
	"sudi/domain"
	"sudi/report"
)

// demoSetting remembers which year of the model county is loaded.
const demoSetting = "demo_year"

// demoSeed gives the model year that everybody sees.
const demoSeed = 1

func demoCommand(con *console, set *settings) *cobra.Command {
	year, seed, without := 2020, uint64(demoSeed), false
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   con.say("载入示范县区及其一年的案件", "load the model county and a year of its cases"),
		Args:    noArgs,
		PreRunE: func(*cobra.Command, []string) error { return set.mayDemo(con, year) },
		RunE: withApp(set, shared, func(ctx context.Context, a *app, _ []string) error {
			if without {
				return a.demoCounty(ctx, con)
			}
			return a.demo(ctx, con, year, seed)
		}),
	}
	cmd.Flags().BoolVar(&without, "without-cases", false, con.say("只载入机构和账户", "organisations and accounts only"))
	cmd.Flags().IntVar(&year, "year", year, con.say("年份", "the year"))
	cmd.Flags().Uint64Var(&seed, "seed", seed, con.say("随机种子:同一种子得到同样的案件", "the same seed gives the same cases"))
	return cmd
}

// mayDemo refuses what the model county cannot give: another year, or accounts
// with one password where others can reach them.
func (s *settings) mayDemo(con *console, year int) error {
	if year != 2020 {
		return badUse{errors.New(con.say("示范数据只有 2020 年", "the model county has the year 2020 only"))}
	}
	if !s.loopback() {
		return badUse{fmt.Errorf("%s %s", con.say("示范账户只能用于本机监听,当前监听", "demo accounts are for a server that only this machine reaches, not"), s.listen)}
	}
	return nil
}

// demo loads the model county and a year of its cases, unless they are there
// already, and prints what a newcomer needs.
func (a *app) demo(ctx context.Context, con *console, year int, seed uint64) error {
	if err := a.demoCounty(ctx, con); err != nil {
		return err
	}
	if err := a.demoYear(ctx, con, year, seed); err != nil {
		return err
	}
	if err := a.demoAttested(ctx); err != nil {
		return err
	}
	annual, err := report.New(a.store, time.Now).Published(ctx, year, domain.AllCases)
	if err != nil {
		return err
	}
	if err := annual.WriteBrief(con.out, con.lang); err != nil {
		return err
	}
	con.printf("\n另有部门填报 %d 项,未填报 %d 项。定义、填报和正式文本:sudi report --year %d [--as docx|xlsx|html]\n",
		"\nBesides, departments stated %d figures; %d are missing. Definitions, statements and the report itself: sudi report --year %d [--as docx|xlsx|html]\n",
		len(annual.Attested), len(annual.Missing), year)
	return nil
}

// demoCounty loads the model county's organisations, categories and accounts.
func (a *app) demoCounty(ctx context.Context, con *console) error {
	if err := a.mayHaveDemo(ctx, con); err != nil {
		return err
	}
	if err := a.store.LoadCounty(ctx, county.Organizations(), county.Categories(), county.Competences()); err != nil {
		return err
	}
	if err := a.announceCounty(ctx); err != nil {
		return err
	}
	if err := a.followCounty(ctx); err != nil {
		return err
	}
	password, err := a.demoAccounts(ctx)
	if err != nil {
		return err
	}
	con.printf("示范账户(密码均为 %s):\n", "Demo accounts (password of each: %s):\n", password)
	con.printf("  clerk-370404102 窗口 · handler-370404102 承办 · mediator-370404102 调解 · committee_head-370404102 主任\n"+
		"  handler-370404102-police 派出所 · handler-370404-housing 住建 · clerk-370404-petition 信访 · reconsideration-370404-justice 复议\n"+
		"  court_liaison-370404-court 法院 · mediator-370404-court-mc 诉调 · mediator-370404-finance-mc 金融调解 · mediator-370404-legal-am 行政调解\n"+
		"  clerk-370404-congress 人大 · clerk-370404-cppcc 政协 · supervisor 督办 · leader 领导 · auditor 审计 · security 安全 · admin 管理\n"+
		"  全部账户:sudi users list\n\n",
		"  clerk-370404102 · handler-370404102 · mediator-370404102 · committee_head-370404102\n"+
			"  handler-370404102-police · handler-370404-housing · clerk-370404-petition · reconsideration-370404-justice\n"+
			"  court_liaison-370404-court · mediator-370404-court-mc · mediator-370404-finance-mc · mediator-370404-legal-am\n"+
			"  clerk-370404-congress · clerk-370404-cppcc · supervisor · leader · auditor · security · admin\n"+
			"  All of them: sudi users list\n\n")
	return nil
}

// mayHaveDemo refuses to put accounts with one password into a database that
// has accounts of its own, or whose server others can reach.
func (a *app) mayHaveDemo(ctx context.Context, con *console) error {
	listens, ok, err := a.store.Setting(ctx, listenSetting)
	if err != nil {
		return err
	}
	if ok && !loopback(listens) {
		return fmt.Errorf("%s %s", con.say("该数据库的服务对外监听,不能载入示范账户:", "no demo accounts for a database whose server listens on"), listens)
	}
	users, err := a.store.Users(ctx)
	if err != nil {
		return err
	}
	model := map[string]bool{}
	for _, u := range county.Users() {
		model[u.ID] = true
	}
	for _, u := range users {
		if !model[u.ID] {
			return fmt.Errorf("%s %s", con.say("该数据库已有自己的账户,不能载入示范账户:", "no demo accounts beside the database's own account"), u.Username)
		}
	}
	return nil
}

// demoAccounts makes the model county's accounts, or gives them a new
// password, and tells it.
func (a *app) demoAccounts(ctx context.Context) (string, error) {
	password, err := a.demoPassword()
	if err != nil {
		return "", err
	}
	hash, err := api.HashPassword(password)
	if err != nil {
		return "", err
	}
	users := county.Users()
	for i := range users {
		users[i].PasswordHash, users[i].CreatedAt = hash, time.Now()
	}
	return password, a.store.PutUsers(ctx, users)
}

// demoPassword is the one that SUDI_DEMO_PASSWORD names, else one made at random
// and kept beside the data, so that a restart does not change it.
func (a *app) demoPassword() (string, error) {
	if password := os.Getenv("SUDI_DEMO_PASSWORD"); password != "" {
		return password, api.CheckPassword(password, &domain.User{}) // of many accounts, so of no name
	}
	file := filepath.Join(a.set.dataDir, "demo-password")
	raw, err := os.ReadFile(file)
	if err == nil && len(raw) > 0 {
		return string(raw), nil
	}
	password := randomPassword()
	if err := os.MkdirAll(a.set.dataDir, 0o711); err != nil { //nolint:gosec // the database's own user must reach its folder below
		return "", err
	}
	return password, os.WriteFile(file, []byte(password), 0o600)
}

// randomPassword is 80 random bits in letters and digits that nobody confuses.
func randomPassword() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// demoYear plays the year unless it is there already; one that was interrupted
// goes on where it was.
func (a *app) demoYear(ctx context.Context, con *console, year int, seed uint64) error {
	loaded, ok, err := a.store.Setting(ctx, demoSetting)
	if err != nil {
		return err
	}
	wanted := fmt.Sprintf("%d seed %d", year, seed)
	switch {
	case ok && loaded == wanted+" done":
		con.printf("示范县区 %d 年的案件已载入。\n", "The model county's year %d is loaded.\n", year)
		return nil
	case ok && loaded != wanted:
		return errors.New(con.say("数据库中已有另一个示范年份", "the database holds another model year") + ": " + loaded)
	}
	if err := a.store.SetSetting(ctx, demoSetting, wanted); err != nil {
		return err
	}
	stored, err := a.store.CountSource(ctx, county.Source)
	if err != nil {
		return err
	}
	bar := newBar(con, con.say("演示年度办案", "Playing the year"))
	begin := time.Now()
	err = county.Play(ctx, a.engine, county.Scenario2020(seed), stored, func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done)
	})
	if err != nil {
		_ = bar.Exit()
		return err
	}
	_ = bar.Finish()
	con.printf("\n用时 %s。\n", "\nTook %s.\n", time.Since(begin).Round(time.Second))
	return a.store.SetSetting(ctx, demoSetting, wanted+" done")
}

// newBar shows progress on a terminal and stays silent elsewhere.
func newBar(con *console, what string) *progressbar.ProgressBar {
	if f, ok := con.err.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor
		return progressbar.DefaultSilent(-1)
	}
	return progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(con.err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(), progressbar.OptionUseANSICodes(true))
}
