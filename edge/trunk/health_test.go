package trunk

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
)

func newHealth(w Watch) *Health {
	for _, a := range []string{"198.51.100.1:5060", "198.51.100.2:5060", "198.51.100.3:5060"} {
		w.To = append(w.To, flow.Flow{Remote: netip.MustParseAddrPort(a)})
	}
	return NewHealth(rand.New(rand.NewPCG(1, 2)), []Watch{{Name: "other", To: w.To[:1]}, w})
}

// What is done to peer 1 of a group, and what is left of the order.
func TestHealth(t *testing.T) {
	at := PeerID{1, 1}
	all, without := []int{0, 1, 2}, []int{0, 2}
	type step struct {
		after  time.Duration
		what   func(*Health, time.Time) Change
		change Change
		order  []int
	}
	probe := func(status int) func(*Health, time.Time) Change {
		return func(h *Health, now time.Time) Change { return h.Probed(now, at, status) }
	}
	miss := func(h *Health, now time.Time) Change { return h.Missed(now, at) }
	answer := func(h *Health, now time.Time) Change { return h.Answered(now, at) }
	pause := func(d time.Duration) func(*Health, time.Time) Change {
		return func(h *Health, now time.Time) Change { return h.Pause(now, at, d) }
	}
	wait := func(*Health, time.Time) Change { return Unchanged }
	probed := Watch{Name: "t", DownAfter: 3, UpAfter: 2, Interval: 30 * time.Second}
	rows := []struct {
		name  string
		watch Watch
		steps []step
	}{
		{"down after three misses, up after two answers", probed, []step{
			{0, probe(0), Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, probe(0), WentDown, without},
			{0, probe(0), Unchanged, without},
			{0, probe(200), Unchanged, without},
			{0, probe(200), CameUp, all},
		}},
		{"misses count in a row", probed, []step{
			{0, probe(0), Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, probe(200), Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, probe(0), WentDown, without},
		}},
		{"answers count in a row", probed, []step{
			{0, probe(0), Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, probe(0), WentDown, without},
			{0, probe(200), Unchanged, without},
			{0, probe(0), Unchanged, without},
			{0, probe(200), Unchanged, without},
			{0, probe(404), CameUp, all},
		}},
		{"a 503 to a probe is not healthy (PEERS D27), a 405 is", probed, []step{
			{0, probe(503), Unchanged, all},
			{0, probe(500), Unchanged, all},
			{0, probe(503), WentDown, without},
			{0, probe(405), Unchanged, without},
			{0, probe(501), CameUp, all},
		}},
		{"calls that find nobody count like probes", probed, []step{
			{0, miss, Unchanged, all},
			{0, probe(0), Unchanged, all},
			{0, miss, WentDown, without},
			{time.Hour, wait, Unchanged, without},
			{0, answer, Unchanged, without}, // a late one's: probes bring it back
			{0, answer, Unchanged, without},
			{0, probe(200), Unchanged, without},
			{0, probe(200), CameUp, all},
		}},
		{"a call that is answered forgives", probed, []step{
			{0, miss, Unchanged, all},
			{0, miss, Unchanged, all},
			{0, answer, Unchanged, all},
			{0, miss, Unchanged, all},
			{0, miss, Unchanged, all},
			{0, miss, WentDown, without},
		}},
		{"a peer that nobody asks is tried again", Watch{Name: "t", DownAfter: 2, Rest: 30 * time.Second}, []step{
			{0, miss, Unchanged, all},
			{0, miss, WentDown, without},
			{29 * time.Second, wait, Unchanged, without},
			{9 * time.Second, wait, Unchanged, all}, // 30 s and a quarter at most
			{0, miss, Unchanged, without},           // one miss is enough
			{38 * time.Second, wait, Unchanged, all},
			{0, answer, CameUp, all},
			{0, miss, Unchanged, all},
		}},
		{"Retry-After is honoured, and a little more", probed, []step{
			{0, pause(0), Unchanged, all},
			{0, pause(20 * time.Second), Paused, without},
			{20 * time.Second, wait, Unchanged, without},
			{5 * time.Second, wait, Unchanged, all},
			{0, pause(20 * time.Second), Paused, without},
			{10 * time.Second, pause(time.Second), Unchanged, without}, // the longer holds
			{10 * time.Second, wait, Unchanged, without},
		}},
		{"but not for a day", probed, []step{
			{0, pause(24 * time.Hour), Paused, without},
			{4 * time.Minute, wait, Unchanged, without},
			{3 * time.Minute, wait, Unchanged, all},
		}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			h, now := newHealth(r.watch), time.Unix(1000, 0)
			for i, s := range r.steps {
				now = now.Add(s.after)
				if got := s.what(h, now); got != s.change {
					t.Fatalf("step %d: %s, want %s", i, got, s.change)
				}
				if got := h.Order(now, 1, nil); !slices.Equal(got, s.order) {
					t.Fatalf("step %d: order %v, want %v", i, got, s.order)
				}
				if !slices.Equal(h.Order(now, 0, nil), []int{0}) || !h.Available(now, 1) {
					t.Fatalf("step %d: another group's peer is out of use", i)
				}
			}
		})
	}
}

func TestAvailable(t *testing.T) {
	h, now := newHealth(Watch{DownAfter: 1, Interval: time.Second}), time.Unix(1000, 0)
	if !h.Calm(now) {
		t.Error("nothing is known, and it is held against somebody")
	}
	for i := range 3 {
		if !h.Available(now, 1) {
			t.Fatalf("%d of three are down", i)
		}
		h.Missed(now, PeerID{1, i})
	}
	if h.Available(now, 1) || len(h.Order(now, 1, nil)) != 0 || h.Calm(now) {
		t.Error("all are down")
	}
	if s := h.States(now); len(s) != 4 || !s[0].Up || s[1].Up || s[1].Misses != 1 || s[1].Peer.Remote.String() != "198.51.100.1:5060" {
		t.Errorf("%+v", s)
	}
}
