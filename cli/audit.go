package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/store"
	"sudi/store/audit"
)

const (
	// auditKeyName is the file of the audit log's key in the data folder, when no
	// other is named: the secret on its first line, the public key on its second.
	auditKeyName = "audit.key"
	// journalName is the file of a journal, in its folder.
	journalName = "audit.journal"
)

func auditCommand(con *console, set *settings) *cobra.Command {
	cmd := group("audit", con.say("审计记录", "the audit log"))
	cmd.AddCommand(&cobra.Command{
		Use:   "key",
		Short: con.say("显示核对审计记录所用公钥", "print the public key that the audit log is verified with"),
		Args:  noArgs,
		RunE: withApp(set, existing, func(ctx context.Context, a *app, _ []string) error {
			key, err := a.store.AuditKey(ctx)
			if err != nil {
				return err
			}
			if key == "" {
				return errors.New(con.say("审计记录尚无密钥:`sudi serve` 首次启动时生成", "the audit log has no key yet: `sudi serve` makes it at its first start"))
			}
			fmt.Fprintln(con.out, key)
			return nil
		}),
	})
	return cmd
}

// journals are the files in which the audit log is published: one in the data
// folder, and one in the second place if there is one.
func (s *settings) journals() []string {
	paths := []string{filepath.Join(s.dataDir, "audit", journalName)}
	if s.auditJournal != "" {
		paths = append(paths, filepath.Join(s.auditJournal, journalName))
	}
	return paths
}

// auditKeyPath is the file of the key that signs.
func (s *settings) auditKeyPath() string {
	if s.auditKeyFile != "" {
		return s.auditKeyFile
	}
	return filepath.Join(s.dataDir, auditKeyName)
}

// sealer makes what seals the audit log. Its key is made when a database is
// served for the first time; afterwards it must be there.
func (a *app) sealer(ctx context.Context) (*store.Sealer, error) {
	secret, public, err := a.auditKey(ctx)
	if err != nil {
		return nil, err
	}
	return a.store.NewSealer(ctx, secret, public, a.set.journals()...)
}

func (a *app) auditKey(ctx context.Context) (secret, public string, err error) {
	path := a.set.auditKeyPath()
	secret, public, err = readAuditKey(path)
	if !errors.Is(err, os.ErrNotExist) || a.set.auditKeyFile != "" {
		return secret, public, err
	}
	bound, err := a.store.AuditKey(ctx)
	if err != nil {
		return "", "", err
	}
	if bound != "" {
		return "", "", domain.Errorf(domain.KindConflict, "audit_key_missing")
	}
	if secret, public, err = audit.GenerateKey(audit.Ed25519SHA256, "sudi/"+a.set.county+"/audit"); err != nil {
		return "", "", err
	}
	if err := writeOnce(path, secret+"\n"+public+"\n"); err != nil && !errors.Is(err, os.ErrExist) { // another process may have been quicker
		return "", "", fmt.Errorf("make the key of the audit log: %w", err)
	}
	return readAuditKey(path)
}

// writeOnce writes a secret file that is not there yet; it is there whole or not
// at all.
func writeOnce(path, content string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a file left over does no harm
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

func readAuditKey(path string) (secret, public string, err error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the administrator's choice
	if err != nil {
		return "", "", err
	}
	lines := strings.Fields(string(raw))
	if len(lines) != 2 {
		return "", "", fmt.Errorf("%s is no key of an audit log: it has a secret and a public line", path)
	}
	return lines[0], lines[1], nil
}

// verifyAudit holds the audit log against its journals. The key and a journal
// that were kept elsewhere vouch for more than those beside the database.
func (a *app) verifyAudit(ctx context.Context, con *console, public string, journals []string) error {
	if _, kept, err := readAuditKey(a.set.auditKeyPath()); public == "" && err == nil {
		public = kept // rather than what a superuser can write
	}
	if public == "" {
		var err error
		if public, err = a.store.AuditKey(ctx); err != nil {
			return err
		}
	}
	if public == "" {
		return errors.New(con.say("审计记录尚未封存:`sudi serve` 启动后每 5 秒内封存一次", "the audit log was never sealed: `sudi serve` seals it, at most 5 seconds after each record"))
	}
	verifier, err := audit.NewVerifier(public)
	if err != nil {
		return badUse{err}
	}
	if len(journals) == 0 {
		journals = a.set.journals()
	}
	bad := false
	for _, path := range journals {
		report, err := a.verifyJournal(ctx, verifier, path)
		if err != nil {
			return err
		}
		con.auditReport(path, &report)
		bad = bad || !report.OK()
	}
	waiting, oldest, err := a.store.AuditWaiting(ctx)
	if err != nil {
		return err
	}
	if waiting > 0 {
		con.printf("另有 %d 条记录尚未封存,最早写于 %s。\n", "%d records are not sealed yet; the oldest was written at %s.\n", waiting, oldest)
	}
	if bad {
		return errors.New(con.say("审计记录被改动", "the audit log was tampered with"))
	}
	return nil
}

// verifyJournal reads a journal as far as it goes now, and then the rows, which
// are committed before a journal tells of them.
func (a *app) verifyJournal(ctx context.Context, verifier *audit.Verifier, path string) (audit.Report, error) {
	file, err := os.Open(path) //nolint:gosec // the administrator's choice
	if err != nil {
		return audit.Report{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(verifier, a.store.AuditRows(ctx), io.LimitReader(file, info.Size()))
}

// rowFaults and checkpointFaults say in words what was done.
var (
	rowFaults = map[audit.RowKind][2]string{
		audit.RowEdited:    {"内容被改动", "its content was changed"},
		audit.RowLeaf:      {"内容完好,存储的哈希被改动", "its content is whole; the hash stored beside it was changed"},
		audit.RowMissing:   {"记录被删除", "it was removed"},
		audit.RowInserted:  {"记录是插入的,从未封存", "it was inserted; no such record was sealed here"},
		audit.RowMoved:     {"自此顺序被改动", "the order was changed, from here on"},
		audit.RowTruncated: {"此条及其后的记录均被删除", "it and all later ones were removed"},
		audit.RowRewritten: {"其中有记录被改动", "among them something was changed"},
	}
	checkpointFaults = map[audit.CheckpointKind][2]string{
		audit.CheckpointForged:  {"检查点不是本审计记录的密钥签署的", "a checkpoint that the log's key did not sign"},
		audit.CheckpointMissing: {"此前的检查点被删除或移动", "a checkpoint before it was removed or moved"},
		audit.CheckpointLeaves:  {"检查点旁的哈希被改动", "the hashes beside the checkpoint were changed"},
		audit.CheckpointNone:    {"已有编号的记录,但没有任何检查点", "there are numbered records and no checkpoint"},
	}
)

func (c *console) auditReport(path string, r *audit.Report) {
	c.printf("%s:%d 条记录与 %d 个检查点相符", "%s: %d records agree with %d checkpoints", path, r.Rows, r.Checkpoints)
	if !r.Last.Time.IsZero() {
		at := r.Last.Time.In(domain.Beijing).Format("2006-01-02 15:04:05")
		c.printf(",最近的检查点签于 %s,共 %d 条", ", the last signed at %s over %d", at, r.Last.Size)
	}
	c.printf("。\n", ".\n")
	if r.Pending > 0 {
		c.printf("  最近的检查点之后还有 %d 条,尚无检查点证明。\n", "  %d more are behind the last checkpoint; nothing vouches for them yet.\n", r.Pending)
	}
	if f := r.Row; f != nil {
		words := rowFaults[f.Kind]
		if f.From == f.Row {
			c.printf("  第一条有问题的记录:第 %d 条,%s。\n", "  The first bad record is number %d: %s.\n", f.Row, c.say(words[0], words[1]))
		} else {
			c.printf("  第一条有问题的记录在第 %d 至 %d 条之中,%s。\n", "  The first bad record is among numbers %d to %d: %s.\n", f.From, f.Row, c.say(words[0], words[1]))
		}
		if f.Record != "" {
			c.printf("  该处现有记录 %s。\n", "  What stands there now is record %s.\n", f.Record)
		}
	}
	if f := r.Checkpoint; f != nil {
		words := checkpointFaults[f.Kind]
		c.printf("  日志文件第 %d 行:%s。\n", "  Line %d of the journal: %s.\n", f.Line, c.say(words[0], words[1]))
	}
}
