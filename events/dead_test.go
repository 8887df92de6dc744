package events

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func (b *bench) replayer() *Replayer {
	return &Replayer{Letters: b.memory, Conn: b.conn, Now: time.Now}
}

func TestReplayReachesTheConsumerThatFailedAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := event(1, 1)
	b.relayAll(e, event(2, 1))
	router, notifier := newApplied(), newApplied()
	var mended atomic.Bool
	b.run(b.consumer("router", func(ctx context.Context, e domain.Event) error {
		if e.CaseID == event(1, 1).CaseID && !mended.Load() {
			return domain.Errorf(domain.KindInvalid, "bad_thing")
		}
		return router.apply(ctx, e)
	}).Run)
	b.run(b.consumer("notifier", notifier.apply).Run)
	id := letterID("router", e.ID)
	b.eventually(func() bool { return b.memory.letter(id).ID == id && notifier.count() == 2 })

	// Not mended yet: it fails again, and the letter is open again.
	first := b.memory.letter(id).CreatedAt
	require.NoError(t, b.replayer().Replay(t.Context(), id))
	b.eventually(func() bool { l := b.memory.letter(id); return l.CreatedAt.After(first) && l.ReplayedAt == nil })
	b.eventually(func() bool { return len(b.stored(DeadStream)) == 2 })

	mended.Store(true)
	n, err := b.replayer().ReplayAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	b.eventually(func() bool { return router.times(e.ID) == 1 })
	require.NotNil(t, b.memory.letter(id).ReplayedAt)
	n, err = b.replayer().ReplayAll(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "none is open")

	c := b.consumer("notifier", nil)
	b.eventually(func() bool { n, err := c.Lag(t.Context()); return err == nil && n == 0 })
	require.Equal(t, 1, notifier.times(e.ID), "it had no part in the failure")
}

// slowBox marks a letter only once its consumer has failed again.
type slowBox struct {
	*memory
	failed func(first time.Time)
}

func (s slowBox) MarkReplayed(ctx context.Context, d domain.DeadLetter, at time.Time) error {
	s.failed(d.CreatedAt)
	return s.memory.MarkReplayed(ctx, d, at)
}

func TestAFailureThatIsQuickerThanTheMarkIsNotHidden(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := event(1, 1)
	b.relayAll(e)
	b.run(b.consumer("router", func(context.Context, domain.Event) error { return domain.Errorf(domain.KindInvalid, "bad_thing") }).Run)
	id := letterID("router", e.ID)
	b.eventually(func() bool { return b.memory.letter(id).ID == id })
	box := slowBox{b.memory, func(first time.Time) {
		b.eventually(func() bool { return b.memory.letter(id).CreatedAt.After(first) })
	}}
	r := &Replayer{Letters: box, Conn: b.conn, Now: time.Now}
	require.NoError(t, r.Replay(t.Context(), id))
	require.Nil(t, b.memory.letter(id).ReplayedAt)
}

// unmarked is a box in which nothing can be marked.
type unmarked struct{ *memory }

func (unmarked) MarkReplayed(context.Context, domain.DeadLetter, time.Time) error {
	return errors.New("no database")
}

// Every serving process looks after the same wishes; one that could not mark
// what it sent tries again. The consumer hears of a wish once.
func TestAWishIsFulfilledOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(event(1, 1))
	asked := time.Now()
	b.memory.letters["1"] = domain.DeadLetter{
		ID: "1", Consumer: "router", EventID: event(1, 1).ID, Subject: CaseSubject(county, event(1, 1)), CreatedAt: asked.Add(-time.Hour), ReplayAskedAt: &asked,
	}
	broken := &Replayer{Letters: unmarked{b.memory}, Conn: b.conn, Now: time.Now}
	require.Error(t, broken.Replay(t.Context(), "1"))
	require.Nil(t, b.memory.letter("1").ReplayedAt)
	require.NoError(t, b.replayer().Replay(t.Context(), "1"))
	require.NotNil(t, b.memory.letter("1").ReplayedAt)
	require.Len(t, b.stored(CasesStream), 2)
	again := asked.Add(time.Second)
	b.memory.letters["1"] = domain.DeadLetter{ID: "1", Consumer: "router", EventID: event(1, 1).ID, Subject: CaseSubject(county, event(1, 1)), ReplayAskedAt: &again}
	require.NoError(t, b.replayer().Replay(t.Context(), "1"))
	require.Len(t, b.stored(CasesStream), 3)
}

func TestAReplayedUnreadableEventKeepsItsLetter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(event(1, 1))
	publishRaw(t, b, CaseSubject(county, event(1, 1)), "garbage", []byte("garbage"))
	b.run(b.consumer("router", newApplied().apply).Run)
	id := letterID("router", "garbage")
	b.eventually(func() bool { return b.memory.letter(id).ID == id })
	first := b.memory.letter(id).CreatedAt
	require.NoError(t, b.replayer().Replay(t.Context(), id))
	b.eventually(func() bool { l := b.memory.letter(id); return l.CreatedAt.After(first) && l.ReplayedAt == nil })
	require.Len(t, b.memory.letters, 1)
}

func TestReplayThatIsNotSentStaysOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.letters["1"] = domain.DeadLetter{ID: "1", Consumer: "router", Subject: CaseSubject(county, event(1, 1))}
	require.Error(t, b.replayer().Replay(t.Context(), "1"), "there is no stream")
	require.Nil(t, b.memory.letter("1").ReplayedAt)
	err := b.replayer().Replay(t.Context(), "2")
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
}

func TestLetterIDIsAUUIDAndStable(t *testing.T) {
	t.Parallel()
	id := letterID("router", "x-1")
	require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), id)
	require.Equal(t, id, letterID("router", "x-1"))
	require.NotEqual(t, id, letterID("router", "x-2"))
	require.NotEqual(t, letterID("a", "b-1"), letterID("ab", "-1"))
}

// What an error says may be about a person; the broker hears its class.
func TestTheBrokerHearsTheClassOfACauseOnly(t *testing.T) {
	t.Parallel()
	secret := "张三 13800138000"
	for want, err := range map[string]error{
		"internal":     errors.New(secret),
		"invalid:code": domain.Errorf(domain.KindInvalid, "code", secret),
		"panic":        &panicError{value: secret},
		"unreadable":   errors.Join(errUnreadable, errors.New(secret)),
	} {
		require.Equal(t, want, causeClass(err))
	}
}

func TestTextIsFitForPostgreSQL(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ab", text("a\x00\xffb"))
	long := text(strings.Repeat("信", causeLimit))
	require.LessOrEqual(t, len(long), causeLimit)
	require.True(t, utf8.ValidString(long))
}
