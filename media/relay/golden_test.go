package relay_test

import (
	"bytes"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// wire is one direction: the in-half of a peer and the out-half it feeds.
type wire struct {
	in     relay.InHalf
	out    relay.OutHalf
	packet relay.Packet
}

func open(in, out relay.Spec) *wire {
	w := &wire{out: relay.NewOutHalf(relay.Slot{Index: 2, Epoch: 1}, golden.Identity)}
	w.in.Slot = relay.Slot{Index: 1, Epoch: 1}
	w.in.Configure(in)
	w.out.Configure(out, out.Remote)
	return w
}

// pass takes one datagram and returns what is sent on, in a fresh slice.
func (w *wire) pass(s golden.Step) ([]byte, relay.Verdict) {
	now := epoch.Add(s.At)
	w.packet.Data, w.packet.Source = bytes.Clone(s.In), s.Source
	v := w.in.Handle(now, &w.packet)
	if v.Action != relay.Forward {
		return nil, v
	}
	if v.Reason = w.out.Handle(now, &w.packet, v); v.Reason != relay.Passed {
		return nil, v
	}
	return w.packet.Data, v
}

func TestGoldenTable(t *testing.T) {
	for _, row := range golden.Table() {
		t.Run(row.Name, func(t *testing.T) {
			w := open(row.In, row.Out)
			for i, s := range row.Steps {
				out, v := w.pass(s)
				if v.Reason != s.Reason {
					t.Fatalf("step %d: %v, want %v", i, v.Reason, s.Reason)
				}
				if !bytes.Equal(out, s.Out) {
					t.Fatalf("step %d sent\n%x, want\n%x", i, out, s.Out)
				}
			}
		})
	}
}

// The halves are plain values: a copy made in the middle of a stream goes on as
// the original would have. This is how an out-half moves between workers.
func TestHalvesMoveAsValues(t *testing.T) {
	for _, row := range golden.Table() {
		w := open(row.In, row.Out)
		for i, s := range row.Steps {
			moved := &wire{in: w.in, out: w.out}
			*w = wire{}
			w = moved
			out, v := w.pass(s)
			if v.Reason != s.Reason || !bytes.Equal(out, s.Out) {
				t.Fatalf("%s: step %d differs after the move", row.Name, i)
			}
		}
	}
}
