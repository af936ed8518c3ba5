package border

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/policy/profile"
)

// prober is a border of one trunk, the core's place taken by nobody, and
// whatever it asked last.
func prober(t *testing.T, interval time.Duration) *Border {
	t.Helper()
	f := carriers(t)
	own := *f.trunks[3].Profile
	own.SIP.Options = profile.Options{Interval: interval, DownAfter: 2, UpAfter: 2}
	f.trunks[3].Profile = &own
	for i := range f.trunks {
		if i != 3 {
			other := *f.trunks[i].Profile
			other.SIP.Options.Interval = 0
			f.trunks[i].Profile = &other
		}
	}
	return New(Config{
		Tables: f.tables, Trunks: f.trunks, Source: rand.New(rand.NewPCG(3, 4)), Legs: new(ua.Sequence),
		Hosts: []leg.Host{{Name: "203.0.113.10", Port: 5060}}, Core: Core{To: []flow.Flow{{}}}, Key: callid.Key{1},
	})
}

// until lets time pass to the next question, and returns it with what else was
// said on the way.
func until(t *testing.T, b *Border, now *time.Time) (ua.Ask, []ua.Note) {
	t.Helper()
	var notes []ua.Note
	for range 10 {
		*now = b.Deadline()
		for _, a := range b.Handle(*now, ua.Tick{}, nil) {
			switch a := a.(type) {
			case ua.Ask:
				return a, notes
			case ua.Note:
				notes = append(notes, a)
			}
		}
	}
	t.Fatal("nobody is asked")
	return ua.Ask{}, nil
}

// What an answer to OPTIONS says: any is one, but of an ill server.
func TestProbes(t *testing.T) {
	response := func(status int, retry string) *sip.Response {
		r := sip.NewResponse(status, "")
		if retry != "" {
			r.AppendHeader(sip.NewHeader("Retry-After", retry))
		}
		return r
	}
	const none = 0
	type answer struct {
		status int
		retry  string
		up     bool
	}
	rows := []struct {
		name    string
		answers []answer
	}{
		{"alive whatever it says", []answer{{200, "", true}, {404, "", true}, {405, "", true}, {501, "", true}, {481, "", true}}},
		{"two in a row", []answer{{none, "", true}, {200, "", true}, {none, "", true}, {none, "", false}, {200, "", false}, {200, "", true}}},
		{"a 503 is no health (PEERS D27)", []answer{{503, "", true}, {503, "", false}, {503, "", false}, {200, "", false}, {200, "", true}}},
		{"nor is a 500", []answer{{500, "", true}, {408, "", false}}},
		{"and is honoured", []answer{{503, "60", false}, {200, "", false}}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			b, now := prober(t, 30*time.Second), time.Unix(1000, 0)
			b.StartProbes(now)
			began := now
			for i, a := range r.answers {
				q, _ := until(t, b, &now)
				if q.Method != sip.OPTIONS || q.Flow.Remote.String() != "198.51.100.4:5060" || q.Target != "sip:198.51.100.4:5060" {
					t.Fatalf("asked %+v", q)
				}
				if bucket := b.cfg.Key.OfString(q.CallID); bucket != 0 {
					t.Fatalf("the answer goes to bucket %d, which may be another shard's", bucket)
				}
				if wait := now.Sub(began); i == 0 && wait > 30*time.Second || i > 0 && (wait < 27*time.Second || wait > 33*time.Second) {
					t.Fatalf("question %d comes %v behind the last", i, wait)
				}
				began = now
				if a.status == none {
					now = b.Deadline()
					if now.Sub(began) != 5*time.Second {
						t.Fatalf("given up after %v", now.Sub(began))
					}
					b.Handle(now, ua.Tick{}, nil)
					// What comes later is not taken back.
					b.Handle(now, ua.Replied{Token: q.Token, Response: response(200, "")}, nil)
				} else {
					now = now.Add(20 * time.Millisecond)
					b.Handle(now, ua.Replied{Token: q.Token, Response: response(a.status, a.retry)}, nil)
				}
				if up := b.cfg.Health.Available(now, trunk.Group(3)); up != a.up {
					t.Fatalf("answer %d, %d: available %v", i, a.status, up)
				}
			}
			b.StopProbes()
			if at := b.Deadline(); !at.IsZero() {
				t.Errorf("something is still due at %v", at)
			}
		})
	}
}

func TestProbesTell(t *testing.T) {
	b, now := prober(t, 10*time.Millisecond), time.Unix(1000, 0)
	if b.StopProbes(); !b.Deadline().IsZero() {
		t.Error("asked before the start")
	}
	b.StartProbes(now)
	var all []ua.Note
	began := now
	for range 4 {
		_, notes := until(t, b, &now)
		all = append(all, notes...)
	}
	if now.Sub(began) < 3*900*time.Millisecond {
		t.Errorf("four questions in %v: an interval of 10 ms is a flood", now.Sub(began))
	}
	if len(all) != 1 || all[0].Level != ua.Warn || all[0].Message != "peer is down" {
		t.Errorf("told %+v", all)
	}
}
