package shard

import (
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// app answers every call but one from "panic", which is our bug, and passes on
// what it is told.
type app struct {
	legs ua.Sequence
	self netip.AddrPort
	told chan leg.Event
}

func (a *app) Deadline() time.Time { return time.Time{} }

func (a *app) Handle(_ time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Incoming:
		if in.Request.From().Address.User == "panic" {
			panic("the application's own fault")
		}
		return append(out,
			ua.Command{Leg: in.Leg, Command: leg.Ring{Status: 180}},
			ua.Command{Leg: in.Leg, Command: leg.Answer{Media: speech(a.self)}})
	case ua.LegEvent:
		a.told <- in.Event
	}
	return out
}

func speech(self netip.AddrPort) *leg.Media {
	return &leg.Media{
		Addr: netip.AddrPortFrom(self.Addr(), 20000),
		Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMU}, Event: relay.NoPayload},
	}
}

func dial(id leg.ID, from, callID string, self, peer netip.AddrPort) ua.Action {
	return ua.Command{Leg: id, Command: leg.Dial{
		Flow: flow.Flow{Remote: peer}, CallID: callID, Target: "sip:2001@" + peer.String(),
		From: "<sip:" + from + "@a.example>", To: "<sip:2001@b.example>", MaxForwards: 70, Media: speech(self),
	}}
}

func machine(a *app, seed uint64) *ua.UA {
	return ua.New(ua.Config{
		Source: rand.New(rand.NewPCG(seed, seed)), Legs: &a.legs, App: a,
		Hosts: []leg.Host{{Name: a.self.Addr().String(), Port: int(a.self.Port())}},
		Peer:  func(flow.Flow) (ua.Peer, bool) { return 1, true },
	})
}

// end is one running loop with sockets of its own.
type end struct {
	app  *app
	road *transport.Transport
	box  *Inbox
	loop *Loop
}

func open(t *testing.T, seed uint64) *end {
	t.Helper()
	e := &end{box: NewInbox(16), app: &app{told: make(chan leg.Event, 256)}}
	road, err := transport.Open(transport.Config{
		Listeners: []transport.Listen{{
			Bind:    netip.MustParseAddrPort("127.0.0.1:0"),
			Sources: []transport.Source{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}},
		}},
		Shards: 1, Key: callid.Key{}, Scan: header.CallID,
		Deliver: func(_ int, b *transport.Batch) bool { return e.box.Deliver(b) },
	})
	if err != nil {
		t.Fatal(err)
	}
	e.road, e.app.self = road, road.Addr(0)
	e.loop = Run(Config{UA: machine(e.app, seed), Send: road.Send}, e.box)
	t.Cleanup(e.close)
	return e
}

func (e *end) close() {
	e.road.Close()
	e.loop.Close()
}

// ask runs f on the loop and waits for it.
func (e *end) ask(f func(u *ua.UA) []ua.Action) {
	done := make(chan struct{})
	e.box.Ask(func(_ time.Time, u *ua.UA) []ua.Action {
		defer close(done)
		return f(u)
	})
	<-done
}

// until waits for the event that is wanted.
func (e *end) until(t *testing.T, want func(leg.Event) bool) {
	t.Helper()
	patience := time.After(10 * time.Second)
	for {
		select {
		case ev := <-e.app.told:
			if want(ev) {
				return
			}
		case <-patience:
			t.Fatal("nothing of the kind was told")
		}
	}
}

func answered(ev leg.Event) bool { _, ok := ev.(leg.Answered); return ok }
func acked(ev leg.Event) bool    { _, ok := ev.(leg.Acked); return ok }
func over(ev leg.Event) bool     { _, ok := ev.(leg.Ended); return ok }

// Two loops call each other over loopback sockets; the one call in which we
// panic ends, the other goes on, and Close leaves nothing running.
func TestCallOverLoopback(t *testing.T) {
	a, b := open(t, 1), open(t, 2)
	var good, bad leg.ID
	a.ask(func(*ua.UA) []ua.Action {
		good, bad = a.app.legs.Next(), a.app.legs.Next()
		return []ua.Action{
			dial(good, "0300009001", "good", a.app.self, b.app.self),
			dial(bad, "panic", "bad", a.app.self, b.app.self),
		}
	})
	var winner, loser bool
	a.until(t, func(ev leg.Event) bool {
		winner = winner || answered(ev)
		if ended, ok := ev.(leg.Ended); ok {
			if loser = true; ended.Cause.Status != 500 {
				t.Errorf("the call that panicked ended with %v", ended.Cause)
			}
		}
		return winner && loser
	})
	b.until(t, acked)
	if got := b.loop.Panics(); got != 1 {
		t.Errorf("%d panics counted", got)
	}
	a.ask(func(*ua.UA) []ua.Action {
		return []ua.Action{ua.Command{Leg: good, Command: leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}}}
	})
	a.until(t, over)
	b.until(t, func(ev leg.Event) bool {
		ended, ok := ev.(leg.Ended)
		return ok && ended.Cause.Q850 == cause.NormalClearing
	})
	b.ask(func(u *ua.UA) []ua.Action {
		if n := u.Counts().Legs; n != 0 {
			t.Errorf("%d legs left", n)
		}
		return nil
	})
	a.close()
	b.close()
	if left := stacks(); strings.Contains(left, "shard.(*Loop)") || strings.Contains(left, "transport.(*reader)") {
		t.Errorf("still running after Close:\n%s", left)
	}
	a.loop.Close() // a second time does no harm
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// sink notes what a loop sends instead of sending it.
type sink struct {
	mu   sync.Mutex
	at   []time.Time
	fail error
}

func (s *sink) send(out []transport.Outgoing) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := 0
	for i := range out {
		s.at = append(s.at, time.Now())
		if out[i].Err = s.fail; s.fail != nil {
			failed++
		}
	}
	return failed
}

func (s *sink) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.at...)
}

func bubble(s *sink) *end {
	e := &end{box: NewInbox(1), app: &app{told: make(chan leg.Event, 16), self: netip.MustParseAddrPort("192.0.2.1:5060")}}
	e.loop = Run(Config{UA: machine(e.app, 1), Send: s.send}, e.box)
	return e
}

var nobody = netip.MustParseAddrPort("192.0.2.2:5060")

// The loop sleeps until the machine's deadline and no longer: "timer A [...]
// fires [...] MUST be reset [...] with a value of 2*T1" (RFC 3261 §17.1.1.2).
func TestLoopKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sink
		e := bubble(&s)
		defer e.loop.Close()
		start := time.Now()
		e.ask(func(*ua.UA) []ua.Action {
			return []ua.Action{dial(e.app.legs.Next(), "a", "c", e.app.self, nobody)}
		})
		e.untilOver(t)
		want := []time.Duration{0, 500, 1500, 3500, 7500, 15500, 31500}
		got := s.times()
		if len(got) != len(want) {
			t.Fatalf("sent %d times, want %d", len(got), len(want))
		}
		for i := range want {
			if d := got[i].Sub(start); d != want[i]*time.Millisecond {
				t.Errorf("copy %d after %v, want %v", i, d, want[i]*time.Millisecond)
			}
		}
		if d := time.Since(start); d != 32*time.Second {
			t.Errorf("given up after %v, want 64*T1", d)
		}
	})
}

// untilOver waits, in a bubble's time, for the end of a call nobody answers.
func (e *end) untilOver(t *testing.T) {
	t.Helper()
	if ev := <-e.app.told; !over(ev) {
		t.Fatalf("told %T", ev)
	}
}

// A message that the transport cannot send ends what depends on it at once, and
// what follows is carried out without waiting for another event.
func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sink{fail: transport.ErrNoRoad}
		e := bubble(&s)
		defer e.loop.Close()
		start := time.Now()
		e.ask(func(*ua.UA) []ua.Action {
			return []ua.Action{dial(e.app.legs.Next(), "a", "c", e.app.self, nobody)}
		})
		ev := <-e.app.told
		if ended, ok := ev.(leg.Ended); !ok || ended.Cause.Status != 503 {
			t.Fatalf("told %+v", ev)
		}
		if time.Since(start) != 0 {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

// A full inbox says so and blocks nobody.
func TestInboxFull(t *testing.T) {
	in := NewInbox(1)
	if !in.Deliver(new(transport.Batch)) || in.Deliver(new(transport.Batch)) {
		t.Error("an inbox of one batch must take one and refuse the next")
	}
}

// clock wants to be told of each millisecond.
type clock struct {
	due   time.Time
	ticks int
	late  time.Duration
}

func (c *clock) Deadline() time.Time { return c.due }

func (c *clock) Handle(now time.Time, _ ua.Input, out []ua.Action) []ua.Action {
	c.ticks++
	c.late = max(c.late, now.Sub(c.due))
	c.due = now.Add(time.Millisecond)
	return out
}

// A loop with nothing but timers to do wakes once a grain, and is never later
// than that.
func TestTimersShareWakings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{due: time.Now().Add(time.Millisecond)}
		u := ua.New(ua.Config{
			Source: rand.New(rand.NewPCG(1, 1)), Legs: new(ua.Sequence), App: c,
			Peer: func(flow.Flow) (ua.Peer, bool) { return 1, true },
		})
		l := Run(Config{UA: u, Send: func([]transport.Outgoing) int { return 0 }}, NewInbox(1))
		const grains = 20
		time.Sleep(grains*grain + grain/2)
		l.Close()
		if c.ticks != grains || c.late == 0 || c.late >= grain {
			t.Errorf("woken %d times in %d grains, %s late at most", c.ticks, grains, c.late)
		}
	})
}
