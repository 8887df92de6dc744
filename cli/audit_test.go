package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/storetest"
)

// A superuser changes a record and `sudi verify --audit` names it.
func TestVerifyAuditNamesTheFirstBadRecord(t *testing.T) {
	dsn, dir, worm := storetest.NewDatabase(t), t.TempDir(), t.TempDir()
	t.Setenv("SUDI_AUDIT_JOURNAL", worm)
	run := func(lang string, args ...string) (int, string) {
		var out bytes.Buffer
		code := Run(t.Context(), append(args, "--lang", lang, "--database-url", dsn, "--data-dir", dir), strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	code, text := run("en", "verify", "--audit")
	require.Equal(t, exitFailed, code, text)
	require.Contains(t, text, "never sealed")

	set := settings{databaseURL: dsn, dataDir: dir, auditJournal: worm, county: "370404"}
	a, err := openApp(t.Context(), &set, shared)
	require.NoError(t, err)
	defer a.close()
	for range 5 {
		require.NoError(t, a.store.Record(t.Context(), domain.Record{Actor: domain.Actor{ID: "u1"}, Action: "case.read"}))
	}
	sealer, err := a.sealer(t.Context())
	require.NoError(t, err)
	require.NoError(t, sealer.Seal(t.Context()))
	info, err := os.Stat(filepath.Join(dir, auditKeyName))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := a.sealer(t.Context())
	require.NoError(t, err)
	require.NoError(t, again.Seal(t.Context()))

	code, text = run("zh", "verify", "--audit")
	require.Equal(t, exitDone, code, text)
	require.Equal(t, 2, strings.Count(text, "与 1 个检查点相符"), "both journals: "+text)
	code, key := run("en", "audit", "key")
	require.Equal(t, exitDone, code)
	require.True(t, strings.HasPrefix(key, "sudi/370404/audit+"), key)

	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer admin.Close(t.Context())
	var seq string
	require.NoError(t, admin.QueryRow(t.Context(), "SELECT max(o.seq)::text FROM audit_order o JOIN audit_records r ON r.id = o.record WHERE r.actor = 'u1'").Scan(&seq))
	_, err = admin.Exec(t.Context(), `ALTER TABLE audit_records DISABLE TRIGGER USER;
		UPDATE audit_records SET canonical = replace(canonical, '"u1"', '"u2"') WHERE id = (SELECT record FROM audit_order ORDER BY seq DESC LIMIT 1)`)
	require.NoError(t, err)
	code, text = run("zh", "verify", "--audit", "--public-key", strings.TrimSpace(key), "--journal", filepath.Join(worm, journalName))
	require.Equal(t, exitFailed, code, text)
	require.Contains(t, text, "第一条有问题的记录:第 "+seq+" 条,内容被改动")
	code, text = run("en", "verify", "--audit")
	require.Equal(t, exitFailed, code)
	require.Contains(t, text, "The first bad record is number "+seq+": its content was changed")

	// Without its key nothing is sealed, and no other key is made.
	require.NoError(t, os.Remove(filepath.Join(dir, auditKeyName)))
	_, err = a.sealer(t.Context())
	var own *domain.Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, "audit_key_missing", own.Code)
	require.NoFileExists(t, filepath.Join(dir, auditKeyName))
}
