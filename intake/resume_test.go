package intake

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/county"
	"sudi/domain"
	"sudi/store"
	"sudi/store/storetest"
	"sudi/workflow"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" { // this process is to be killed
		childImports()
		return
	}
	os.Exit(storetest.Run(m))
}

// once checks that every row has become exactly one case.
func once(t *testing.T, m *memory, rows int) {
	t.Helper()
	seen := map[string]int{}
	for _, f := range m.files {
		seen[f.Case.Source]++
	}
	require.Len(t, seen, rows)
	require.Len(t, m.files, rows)
}

func TestStoppedImportGoesOn(t *testing.T) {
	for stop := 1; stop <= 5; stop++ {
		m := newMemory()
		o := options(t, m, writeFile(t, "a.csv", manyRows(95)+"x,A,,2019/4/1,,,\n"), shippedMapping(t))
		o.Batch = 20
		ctx, cancel := context.WithCancel(bg())
		m.after = func() {
			if m.commits == stop {
				cancel()
			}
		}
		first, err := Run(ctx, o)
		if err == nil {
			require.Equal(t, 5, stop)
		} else {
			require.ErrorIs(t, err, context.Canceled)
		}
		r, err := Run(bg(), o)
		require.NoError(t, err)
		require.Equal(t, first.ImportID, r.ImportID)
		require.Equal(t, [3]int{96, 95, 1}, [3]int{r.Total, r.Taken, r.Rejected})
		require.Equal(t, min(stop*20, 96), r.Already)
		once(t, m, 95)
		// The rejects are whole after each run.
		require.NotEmpty(t, r.RejectsPath)
		r, err = Run(bg(), o)
		require.NoError(t, err)
		require.Equal(t, [4]int{96, 95, 1, 96}, [4]int{r.Total, r.Taken, r.Rejected, r.Already})
		require.NotEmpty(t, r.RejectsPath)
		once(t, m, 95)
		cancel()
	}
}

const (
	childEnv = "SUDI_INTAKE_CHILD" // what the child imports into: a journal, or a database's address
	fileEnv  = "SUDI_INTAKE_FILE"
)

// childImports imports slowly and says so, until it is killed.
func childImports() {
	ctx := context.Background()
	into := os.Getenv(childEnv)
	mapping, err := Load("replied-messages")
	check(err)
	o := Options{Path: os.Getenv(fileEnv), Mapping: mapping, Batch: 20, Actor: domain.Actor{ID: "tester"}}
	o.Progress = func(done, total int) {
		fmt.Println("settled", done, total)
		time.Sleep(3 * time.Millisecond)
	}
	t := &testing.T{}
	if strings.HasPrefix(into, "postgres") {
		st, err := store.Open(ctx, into, store.Options{Keys: storetest.Keys()})
		check(err)
		o.Store, o.Engine, o.Categories = st, countyEngine(st), county.Categories()
	} else {
		m := openMemory(t, into)
		o.Store, o.Categories = m, testCategories
		o.Engine = workflow.NewEngine(m, testRules(t), func() time.Time { return now }, func() string { return uuid.Must(uuid.NewV7()).String() })
	}
	_, err = Run(ctx, o)
	check(err)
	fmt.Println("finished")
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// killHalfWay runs a child and kills it, as by kill -9, after so many rows.
func killHalfWay(t *testing.T, into, file string, rows int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), childEnv+"="+into, fileEnv+"="+file)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	settled, total := 0, 0
	for settled < rows && lines.Scan() {
		_, err := fmt.Sscanf(lines.Text(), "settled %d %d", &settled, &total)
		require.NoError(t, err, lines.Text())
	}
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	require.Less(t, settled, total)
}

func TestKilledImportGoesOn(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	path := writeFile(t, "a.csv", manyRows(900))
	for _, rows := range []int{20, 300, 700} {
		killHalfWay(t, journal, path, rows)
	}
	m := openMemory(t, journal)
	before := len(m.files)
	require.GreaterOrEqual(t, before, 700)
	require.Less(t, before, 900)
	r, err := Run(bg(), options(t, m, path, shippedMapping(t)))
	require.NoError(t, err)
	require.Equal(t, [3]int{900, 900, before}, [3]int{r.Total, r.Taken, r.Already})
	once(t, m, 900)
}
