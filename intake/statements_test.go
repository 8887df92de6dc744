package intake

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestPlainValue(t *testing.T) {
	for text, want := range map[string]string{
		"1,012": "1012", "93.60%": "93.6", "2560余": "2560+", "5万": "5万", "90%以上": "90+", "-11.2": "-11.2", "100.0": "100", "2+": "2+", "": "",
	} {
		value, more := plainValue(text)
		if more {
			value += "+"
		}
		require.Equal(t, want, value, text)
	}
}

func TestGB18030Statements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	raw := append([]byte("code,value,source,date,signer\ncleanup.kept,21,"), 0xcc, 0xa8, 0xd5, 0xcb) // 台账
	raw = append(raw, []byte(",2021-01-15,A\n")...)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	rows, err := ReadStatements(path, 2020)
	require.NoError(t, err)
	require.Equal(t, "台账", rows[0].Source)
	require.Equal(t, domain.NewDate(2021, 1, 15), rows[0].Date)
}
