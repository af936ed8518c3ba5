package relay_test

import (
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

// A watch looks when it is due, and only then says who is silent: each packet of
// the accepted peer moves it, whatever it carries and whether it is passed on.
func TestWatch(t *testing.T) {
	const patience = 10 * time.Second
	at := func(d time.Duration) time.Time { return epoch.Add(d) }
	for _, test := range []struct {
		name  string
		heard []time.Duration // packets of the peer
		held  bool
		want  time.Duration
	}{
		{"never heard", nil, false, 10 * time.Second},
		{"heard once", []time.Duration{3 * time.Second}, false, 13 * time.Second},
		{"heard until", []time.Duration{3 * time.Second, 9 * time.Second, 18 * time.Second, 27 * time.Second}, false, 37 * time.Second},
		{"heard, not passed on", []time.Duration{9 * time.Second}, true, 19 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := golden.Exact()
			if test.held {
				spec.Direction = 1 // SendOnly
			}
			w := open(spec, golden.Beyond())
			w.in.Watch(at(0), relay.Watch{For: patience})
			heard := test.heard
			n := 0
			for now := time.Duration(0); now <= time.Minute; now += 100 * time.Millisecond {
				if len(heard) > 0 && now >= heard[0] {
					heard = heard[1:]
					n++
					step := voice(n, 9, golden.Near)
					w.packet.Data, w.packet.Source = step.In, step.Source
					w.in.Handle(at(now), &w.packet)
				}
				due := w.in.Deadline()
				if due.IsZero() || due.After(at(now)) {
					continue
				}
				w.in.Unheard(at(now))
				if w.in.Silent(at(now)) {
					if now != test.want {
						t.Fatalf("silent at %v, want %v", now, test.want)
					}
					if !w.in.Deadline().IsZero() || w.in.Silent(at(time.Hour)) {
						t.Fatal("said once, it is said again")
					}
					return
				}
				if !w.in.Deadline().After(at(now)) {
					t.Fatalf("looked at %v, to look again at %v", now, w.in.Deadline().Sub(epoch))
				}
			}
			t.Fatal("never silent")
		})
	}
}

func TestWatchIsCalledOff(t *testing.T) {
	w := open(golden.Exact(), golden.Beyond())
	w.in.Watch(epoch, relay.Watch{For: time.Second})
	w.in.Watch(epoch, relay.Watch{})
	if !w.in.Deadline().IsZero() || w.in.Silent(epoch.Add(time.Hour)) {
		t.Fatal("a watch that was called off goes on")
	}
}
