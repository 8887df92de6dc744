package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/store/seal"
)

// keysCommand holds the commands about the keys that personal fields are sealed by.
func keysCommand(con *console, set *settings) *cobra.Command {
	cmd := group("keys", con.say("个人信息加密密钥", "the keys that personal fields are sealed by"))
	cmd.Long = con.say(`更换密钥的步骤(服务不停):
  1. sudi keys new               生成新密钥,暂不使用;多个节点时把密钥文件分发到各节点
  2. sudi keys activate ID       启用新密钥,原密钥停用;再次分发密钥文件
  3. sudi keys rewrap            用新密钥重新加密各案件的数据密钥;中断后重新运行即可继续
  4. sudi keys list              确认原密钥已无案件使用
  5. sudi keys remove ID         删除原密钥;在此之前的备份从此无法读取,应先确认不再需要
运行中的服务几秒内自动读取新的密钥文件。密钥文件须与数据库分开备份:丢失后个人信息无法恢复。`,
		`To change keys while the server runs:
  1. sudi keys new               makes a key that nothing uses yet; give the key file to every node
  2. sudi keys activate ID       makes it the one in use and retires the one before; give the file out again
  3. sudi keys rewrap            wraps the data key of every case by it; run it again to go on after an interruption
  4. sudi keys list              shows whether any case still needs the old key
  5. sudi keys remove ID         removes it: backups from before cannot be read any more, so be sure that none is needed
Running servers take up the key file by themselves within seconds. Back up the key file, apart from the
database: without it personal fields are lost.`)
	cmd.AddCommand(keysList(con, set), keysNew(con, set), keysChange(con, set, "activate",
		con.say("启用一把密钥,原密钥停用", "make a key the one in use, and retire the one that was"), (*seal.Ring).Activate),
		keysChange(con, set, "retire", con.say("停用一把尚未启用的密钥", "set a waiting key aside"), (*seal.Ring).Retire),
		keysRemove(con, set), keysRewrap(con, set))
	return cmd
}

func keysList(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: con.say("列出密钥及使用它的案件数", "list the keys, and how many cases need each"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			uses, err := a.store.KeyUses(ctx)
			if err != nil {
				return err
			}
			ring, err := set.keys()
			if err != nil {
				return err
			}
			states := map[seal.State]string{
				seal.Waiting: con.say("待用", "waiting"), seal.Active: con.say("在用", "active"), seal.Retired: con.say("停用", "retired"),
			}
			table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, con.say("密钥\t算法\t状态\t生成时间\t案件数", "KEY\tSUITE\tSTATE\tMADE\tCASES"))
			for _, k := range ring.Keys() {
				made := "—" // before there was a ring
				if !k.Created.IsZero() {
					made = k.Created.Local().Format(time.DateTime)
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", k.ID, k.Suite, states[k.State], made, uses[k.ID])
				delete(uses, k.ID)
			}
			if err := table.Flush(); err != nil {
				return err
			}
			for id := range uses {
				return domain.Errorf(domain.KindInternal, "sealed_key_unknown", id)
			}
			return nil
		}),
	}
}

func keysNew(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "new",
		Short: con.say("生成一把待用密钥(算法由 --key-suite 指定)", "make a key that waits (of the algorithms that --key-suite names)"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			var id string
			_, err := seal.Change(set.keyPath(), func(r *seal.Ring) (err error) {
				id, err = r.NewKey(set.keySuite, time.Now())
				return err
			})
			if err != nil {
				return err
			}
			con.printf("已生成密钥 %s(%s),尚未启用。\n", "Made the key %s (%s), which nothing uses yet.\n", id, set.keySuite)
			return nil
		},
	}
}

// keysChange is a command that changes the state of one key.
func keysChange(con *console, set *settings, name, short string, change func(r *seal.Ring, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID", Short: short, Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := seal.Change(set.keyPath(), func(r *seal.Ring) error { return change(r, args[0]) })
			if err == nil {
				con.printf("密钥文件已更新:%s\n", "The key file is changed: %s\n", set.keyPath())
			}
			return err
		},
	}
}

func keysRemove(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "remove ID",
		Short: con.say("删除一把已停用、无案件使用的密钥", "remove a retired key that no case needs"),
		Args:  oneArg,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, args []string) error {
			uses, err := a.store.KeyUses(ctx)
			if err != nil {
				return err
			}
			_, err = seal.Change(set.keyPath(), func(r *seal.Ring) error {
				if err := r.Remove(args[0]); err != nil {
					return err
				}
				if n := uses[args[0]]; n > 0 {
					return domain.Errorf(domain.KindConflict, "key_in_use", args[0], n)
				}
				return nil
			})
			if err == nil {
				con.printf("已删除密钥 %s。由它加密的备份从此无法读取。\n", "Removed the key %s. Backups that it seals cannot be read any more.\n", args[0])
			}
			return err
		}),
	}
}

func keysRewrap(con *console, set *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "rewrap",
		Short: con.say("用在用密钥重新加密各案件的数据密钥", "wrap the data key of every case by the key in use"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			bar := newBar(con, con.say("重新加密", "Wrapping"))
			result, err := a.store.Rewrap(ctx, func(done, total int64) {
				bar.ChangeMax64(total)
				_ = bar.Set64(done)
			})
			_ = bar.Exit()
			if err != nil {
				return err
			}
			con.printf("已重新加密 %d 件案件的数据密钥。\n", "Wrapped the data keys of %d cases anew.\n", result.Done)
			if n := len(result.Closed); n > 0 {
				return fmt.Errorf(con.say("%d 件案件的数据密钥无法打开,被移动、改动过,或者缺少其密钥:\n%s", "the data keys of %d cases do not open: moved, changed, or their key is not in the file:\n%s"),
					n, strings.Join(result.Closed, "\n"))
			}
			return nil
		}),
	}
}
