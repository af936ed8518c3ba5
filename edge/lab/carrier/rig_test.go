package carrier

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/lab/siptest"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// lines is two exchanges, each the other's border.
type lines struct {
	t    *testing.T
	ctx  context.Context
	a, b *Exchange
}

func open(t *testing.T, c Config) *Exchange {
	t.Helper()
	if !c.Bind.IsValid() {
		c.Bind = loopback
	}
	e, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if n := e.Panics(); n != 0 {
			t.Errorf("%d panics in %s", n, c.Name)
		}
	})
	return e
}

func connect(t *testing.T, a, b Style) lines {
	t.Helper()
	return join(t, Config{Style: a}, Config{Style: b})
}

func connectLean(t *testing.T, a, b Style) lines {
	t.Helper()
	return join(t, Config{Style: a, Lean: true}, Config{Style: b, Lean: true})
}

func join(t *testing.T, a, b Config) lines {
	t.Helper()
	l := lines{t: t}
	a.Name, a.Seed = "docomo", 1
	l.a = open(t, a)
	b.Name, b.Seed, b.Border = "au", 2, l.a.Addr()
	l.b = open(t, b)
	l.a.SetBorder(l.b.Addr())
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("the test's limit"))
	l.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("\n" + l.ladder())
		}
		cancel()
	})
	return l
}

func (l lines) ladder() string {
	return siptest.Ladder([]siptest.Party{l.a.Party(), l.b.Party()}, siptest.Merge(l.a.Trace(), l.b.Trace()))
}

// call places a call from a to b, which behaves as given.
func (l lines) call(d Dial, b Behaviour) *Call {
	d.From, d.To = "09000002001", "09000002002"
	l.b.Answer(Script{d.To: b}.For)
	return l.a.Dial(d)
}

func (l lines) await() *Call {
	l.t.Helper()
	c, err := l.b.AwaitNumber(l.ctx, "09000002002")
	l.must(err)
	return c
}

func (l lines) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// settle waits until both ends are at rest and their traces whole.
func (l lines) settle() {
	l.t.Helper()
	l.must(l.a.Settle(l.ctx))
	l.must(l.b.Settle(l.ctx))
}

// hears fails unless the party heard the voice, undistorted, and nothing else.
func (l lines) hears(who string, pcm []int16, voice uint64) {
	l.t.Helper()
	v := audio.HearsLoop(pcm, audio.Decode(audio.Voice(voice)))
	if !v.OK || v.Found < 500*time.Millisecond || v.Peak < 0.99 {
		l.t.Errorf("%s does not hear voice %d: %v, %v of it", who, voice, v, v.Found)
	}
}
