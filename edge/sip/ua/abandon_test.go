package ua

import (
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
)

// guarded takes a step of u as a loop does: a panic is followed by Abandon.
func (n *net) guarded(u *UA, step func(out []Action) []Action) {
	for range 5 {
		var acts []Action
		panicked := func() (yes bool) {
			defer func() { yes = recover() != nil }()
			acts = step(nil)
			return false
		}()
		if !panicked {
			n.post(u, acts)
			return
		}
		step = func(out []Action) []Action { return u.Abandon(n.now, out) }
	}
	n.t.Fatal("it panics for ever")
}

// deliver steps both shards as run does, guarded, for d.
func (n *net) deliver(d time.Duration) {
	end := n.now.Add(d)
	for {
		n.now = n.now.Add(time.Millisecond)
		for len(n.wire) > 0 && !n.wire[0].at.After(n.now) {
			p := n.wire[0]
			n.wire = n.wire[1:]
			n.guarded(p.to, func(out []Action) []Action {
				return p.to.Datagram(n.now, flow.Flow{Remote: p.from}, p.data, out)
			})
		}
		for _, u := range []*UA{n.a, n.b} {
			if at := u.Deadline(); !at.IsZero() && !n.now.Before(at) {
				n.guarded(u, func(out []Action) []Action { return u.Timeout(n.now, out) })
			}
		}
		if n.now.After(end) {
			return
		}
	}
}

// An application that panics over one event of one call loses that call only:
// the peer hears of its end, the application hears of it, nothing is left, and
// the other call knows nothing.
func TestAbandon(t *testing.T) {
	for _, over := range []string{"incoming", "agreed", "acked", "offered", "ended", "ended twice"} {
		t.Run(over, func(t *testing.T) {
			n := newNet(t, 1, 0)
			word, twice := strings.CutSuffix(over, " twice")
			victim, panics := leg.ID(0), 0
			ends := map[leg.ID]int{}
			n.pb.on = func(p *party, in Input) []Action {
				id, event := p.last, "incoming"
				if ev, ok := in.(LegEvent); ok {
					id, event = ev.Leg, describe(ev.Event)
				}
				if _, first := in.(Incoming); first && victim == 0 {
					victim = id
				}
				if id == victim && strings.HasPrefix(event, word) && (panics == 0 || twice) {
					panics++
					panic("ours")
				}
				if strings.HasPrefix(event, "ended") {
					ends[id]++
				}
				return answering(180, 200)(p, in)
			}
			bad := n.pa.legs.Next()
			n.guarded(n.a, func(out []Action) []Action { return n.a.Do(n.now, []Action{Command{bad, call(media(addrA))}}, out) })
			n.deliver(100 * time.Millisecond)
			good := n.pa.legs.Next()
			second := call(media(addrA))
			second.CallID = "call-2"
			n.guarded(n.a, func(out []Action) []Action { return n.a.Do(n.now, []Action{Command{good, second}}, out) })
			n.deliver(100 * time.Millisecond)
			n.guarded(n.a, func(out []Action) []Action {
				return n.a.Do(n.now, []Action{Command{bad, leg.Reoffer{Media: *media(addrA)}}}, out)
			})
			n.deliver(100 * time.Millisecond)
			n.guarded(n.a, func(out []Action) []Action { return n.a.Do(n.now, []Action{Command{bad, leg.HangUp{}}}, out) })
			n.deliver(2 * time.Second)

			if l := n.a.legs[good]; l == nil || l.State() != leg.Confirmed {
				t.Error("the other call suffered")
			}
			if got := n.b.Counts().Abandoned; got != uint64(panics) || panics == 0 {
				t.Errorf("%d panics, %d counted", panics, got)
			}
			if want := 1; ends[victim] != want && !twice {
				t.Errorf("the application finished %d ends of the call", ends[victim])
			}
			n.guarded(n.a, func(out []Action) []Action { return n.a.Do(n.now, []Action{Command{good, leg.HangUp{}}}, out) })
			n.settled()
		})
	}
}

// What a step had done for other calls before a panic, and had still to do, is
// not lost with it.
func TestAbandonKeepsTheStep(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pa.on = func(p *party, in Input) []Action {
		if ev, ok := in.(LegEvent); ok && ev.Leg == 2 && strings.HasPrefix(describe(ev.Event), "ended") && len(p.log) < 3 {
			panic("ours")
		}
		return []Action{Record{}}
	}
	n.cut = "INVITE"
	for i := range 3 {
		c := call(media(addrA))
		c.CallID = strings.Repeat("c", i+1)
		n.do(n.a, n.pa.legs.Next(), c)
	}
	n.sent = nil
	n.now = n.now.Add(32 * time.Second) // all three time out in one step
	n.guarded(n.a, func(out []Action) []Action { return n.a.Timeout(n.now, out) })
	records := 0
	for _, a := range n.sent {
		if _, ok := a.(Record); ok {
			records++
		}
	}
	if records != 3 || n.a.Counts().Legs != 0 {
		t.Fatalf("%d records of 3, %d legs left, told %v", records, n.a.Counts().Legs, n.pa.log)
	}
}

// What a step had returned before a panic is returned behind it.
func TestAbandonReturnsTheStep(t *testing.T) {
	n := newNet(t, 1, 0)
	n.cut = "ACK"
	panicked := false
	n.pb.on = func(p *party, in Input) []Action {
		ev, ok := in.(LegEvent)
		if !ok {
			return answering(200)(p, in)
		}
		if _, ended := ev.Event.(leg.Ended); !ended {
			return nil
		}
		if ev.Leg == 2 && !panicked {
			panicked = true
			panic("ours")
		}
		return []Action{Record{}}
	}
	for i := range 3 {
		c := call(media(addrA))
		c.CallID = strings.Repeat("c", i+1)
		n.do(n.a, n.pa.legs.Next(), c)
	}
	n.run(time.Second)
	n.sent = nil
	n.now = n.now.Add(32 * time.Second) // no call's 2xx was acknowledged
	for range 2 {
		n.guarded(n.b, func(out []Action) []Action { return n.b.Timeout(n.now, out) })
	}
	records := 0
	for _, a := range n.sent {
		if _, ok := a.(Record); ok {
			records++
		}
	}
	if records != 3 || !panicked {
		t.Fatalf("%d records of 3, told %v", records, n.pb.log)
	}
}

// ticker is an application whose Tick is always due and always panics.
type ticker struct{}

func (*ticker) Deadline() time.Time { return time.Unix(1, 0) }
func (*ticker) Handle(_ time.Time, in Input, out []Action) []Action {
	if _, ok := in.(Tick); ok {
		panic("ours")
	}
	return out
}

// A Tick that panics does not become all that the loop does.
func TestTickRests(t *testing.T) {
	n := newNet(t, 1, 0)
	n.a.cfg.App = &ticker{}
	n.guarded(n.a, func(out []Action) []Action { return n.a.Timeout(n.now, out) })
	if wait := n.a.Deadline().Sub(n.now); wait != restAfterPanic {
		t.Fatalf("the next Tick comes after %v", wait)
	}
}
