package transaction

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestQueue(t *testing.T) {
	var q queue
	next, pushed := 0, 0
	check := func() {
		t.Helper()
		if e, ok := q.first(); !ok || e.id != ID(next) {
			t.Fatalf("first is %d (%v), want %d", e.id, ok, next)
		}
		q.drop()
		next++
	}
	// Three in, two out, so that the front is reclaimed while it is used.
	for range 2000 {
		for range 3 {
			q.push(entry{at: epoch.Add(time.Duration(pushed)), id: ID(pushed)})
			pushed++
		}
		check()
		check()
	}
	if c := cap(q.entries); c > 2*(pushed-next)+1024 {
		t.Errorf("%d entries take room for %d", pushed-next, c)
	}
	for next < pushed {
		check()
	}
	if _, ok := q.first(); ok {
		t.Error("an empty queue has a first entry")
	}
	if c := cap(q.entries); c != 0 {
		t.Errorf("an emptied queue keeps room for %d", c)
	}
}

// What only absorbs keeps no message: an accepted client transaction, a
// confirmed server transaction, an answered non-INVITE client transaction.
func TestAbsorbersKeepNoMessage(t *testing.T) {
	for name, inputs := range map[string][]Input{
		"Accepted client": {
			Request{Flow: udp, Request: newRequest(t, sip.INVITE, branch)},
			Received{Flow: udp, Message: newResponse(t, sip.INVITE, branch, 200, "t1")},
		},
		"Completed non-INVITE client": {
			Request{Flow: udp, Request: newRequest(t, sip.BYE, branch)},
			Received{Flow: udp, Message: newResponse(t, sip.BYE, branch, 200, "t1")},
		},
		"Confirmed server": {
			Received{Flow: udp, Message: newRequest(t, sip.INVITE, branch)},
			respond(t, newRequest(t, sip.INVITE, branch), 486),
			Received{Flow: udp, Message: newRequest(t, sip.ACK, branch)},
		},
	} {
		tab := newTable()
		for _, in := range inputs {
			tab.Handle(epoch, in, nil)
		}
		saved := tab.Snapshot(epoch).Transactions
		if len(saved) != 1 || saved[0].Message != nil || !saved[0].Lingering {
			t.Errorf("%s: %+v", name, saved)
		}
	}
}

// Restore queues alarms by when they are due, not by name.
func TestRestoreOrder(t *testing.T) {
	tab := newTable()
	for _, b := range []string{"z9hG4bK1", "z9hG4bK2"} {
		tab.Handle(epoch, Request{Flow: udp, Request: newRequest(t, sip.BYE, b)}, nil)
	}
	for i, b := range []string{"z9hG4bK2", "z9hG4bK1"} {
		at := epoch.Add(time.Duration(i) * 100 * time.Millisecond)
		tab.Handle(at, Received{Flow: udp, Message: newResponse(t, sip.BYE, b, 200, "t1")}, nil)
	}
	now := epoch.Add(time.Second)
	tab = Restore(now, Config{Tokens: new(counter)}, tab.Snapshot(now))
	for _, want := range []ID{2, 1} {
		at, timer := tab.Deadline()
		out := tab.Handle(at, Timeout{}, nil)
		if len(out) != 1 || timer != TimerK || out[0].(Ended).ID != want {
			t.Errorf("timer %v ended %v, want transaction %d", timer, out, want)
		}
	}
}

// An alarm that nobody carries any longer is no deadline, also when it stood
// behind another's and comes to the front as that one is spent.
func TestNoFalseDeadline(t *testing.T) {
	tab := newTable()
	for i, b := range []string{"z9hG4bK1", "z9hG4bK2"} {
		at := epoch.Add(time.Duration(i) * time.Second)
		tab.Handle(at, Received{Flow: udp, Message: newRequest(t, sip.BYE, b)}, nil)
	}
	tab.Handle(epoch.Add(2*time.Second), Respond{ID: 2, Response: Reply(newRequest(t, sip.BYE, "z9hG4bK2"), 200, "", "t1")}, nil)
	for _, want := range []struct {
		id    ID
		timer Timer
		after time.Duration
	}{{1, TimerF, 32 * time.Second}, {2, TimerJ, 34 * time.Second}} {
		at, timer := tab.Deadline()
		if timer != want.timer || at.Sub(epoch) != want.after {
			t.Errorf("timer %v after %v, want %v after %v", timer, at.Sub(epoch), want.timer, want.after)
		}
		if out := tab.Handle(at, Timeout{}, nil); len(out) != 1 || out[0].(Ended).ID != want.id {
			t.Errorf("timer %v ended %v, want transaction %d", timer, out, want.id)
		}
	}
}
