//go:build !race && linux

package transport

import (
	"testing"

	"sekisho/edge/sip/flow"
)

// One run: 32 datagrams out by Send, in by receive, judged, sorted into
// batches for three shards, delivered and freed.
func TestDatagramsDoNotAllocate(t *testing.T) {
	c := quiet(Listen{Bind: at(loopback4), Sources: everyone})
	c.Shards = 3
	taken := 0
	c.Deliver = func(_ int, b *Batch) bool {
		taken += len(b.Messages)
		b.Free()
		return true
	}
	sender := start(t, newSocket, quiet(Listen{Bind: at(loopback4)}))
	tr, s := still(t, c)
	r := newReader(tr, tr.listeners[0], s, &tr.listeners[0].counters[0])
	out := make([]Outgoing, 32)
	for i := range out {
		out[i] = Outgoing{Flow: flow.Flow{Remote: tr.Addr(0)}, Data: numbered(i)}
	}
	at := tr.epoch
	allocs := testing.AllocsPerRun(200, func() {
		sender.Send(out)
		for before := taken; taken < before+len(out); {
			got, err := s.receive()
			if err != nil {
				t.Fatal(err)
			}
			r.sort(got, at)
		}
	})
	// Below one: a garbage collection may empty the pools once.
	if allocs != 0 {
		t.Fatalf("%v allocations for 32 datagrams", allocs)
	}
}

func TestUnknownSourcesLeaveNoTrace(t *testing.T) {
	table, err := newSourceTable(everyone)
	if err != nil {
		t.Fatal(err)
	}
	tr, s := still(t, quiet(Listen{Bind: at(loopback4)}))
	r := newReader(tr, tr.listeners[0], s, &tr.listeners[0].counters[0])
	got := []slot{{data: numbered(1)}}
	n := uint16(0)
	allocs := testing.AllocsPerRun(5000, func() {
		n++
		got[0].remote = address(n)
		if _, refused := r.judge(&got[0], table, 0); !refused {
			t.Fatal("a stranger was let in")
		}
	})
	if allocs != 0 {
		t.Fatalf("%v allocations for a stranger's datagram", allocs)
	}
}
