package registrar

import (
	"slices"
	"testing"
	"time"
)

// TestKeepalive: a phone whose Contact is not where it came from is sent something at
// each interval, once for all its accounts, from its REGISTER to the end of the
// binding; others are not.
func TestKeepalive(t *testing.T) {
	const every = 25 * time.Second
	c := config()
	c.Keepalive = every
	beats := func(r *rig, d time.Duration) (n int) {
		for end := r.now.Add(d); ; {
			at := r.g.Deadline()
			if at.IsZero() || at.After(end) {
				r.now = end
				return n
			}
			r.now = at
			for _, a := range r.g.Handle(r.now, Timeout{}, nil) {
				if b, ok := a.(Beat); ok {
					n++
					if b.Flow.Remote.String() != "198.51.100.11:40000" {
						t.Errorf("a beat to %v", b.Flow)
					}
				}
			}
		}
	}
	login := func(r *rig, m register) {
		t.Helper()
		if a := r.login(m); a.Status != 200 {
			t.Fatalf("%+v", a)
		}
	}
	natted := []string{"<sip:1001@192.0.2.77:5060>"}
	for _, k := range []struct {
		name    string
		from    string
		contact string
		want    int
	}{
		{"behind a NAT", "198.51.100.11:40000", "<sip:1001@192.0.2.77:5060>", 4},
		{"another port", "198.51.100.11:40000", "<sip:1001@198.51.100.11>", 4},
		{"where it is", "198.51.100.11:40000", "<sip:1001@198.51.100.11:40000>", 0},
		{"the standard port", "198.51.100.11:5060", "<sip:1001@198.51.100.11>", 0},
		{"by a name", "198.51.100.11:40000", "<sip:1001@phone.example>", 0},
	} {
		r := newRig(t, c)
		login(r, register{from: k.from, contacts: []string{k.contact}, expires: "120"})
		if n := beats(r, 119*time.Second); n != k.want {
			t.Errorf("%s: %d beats, want %d", k.name, n, k.want)
		}
		if n := beats(r, time.Hour); n != 0 || !r.g.Deadline().IsZero() {
			t.Errorf("%s: %d beats after the binding", k.name, n)
		}
	}

	r := newRig(t, c)
	login(r, register{from: "198.51.100.11:40000", contacts: natted, expires: "300"})
	login(r, register{from: "198.51.100.11:40000", to: "1002@t1.example", contacts: []string{"<sip:1002@192.0.2.77:5060>"}, expires: "300"})
	r.now = r.now.Add(10 * time.Second)
	r.g = Restore(c, r.now, r.g.Snapshot(r.now))
	if n := beats(r, 2*every); n != 2 {
		t.Errorf("two accounts, restored: %d beats, want 2", n)
	}
	login(r, register{from: "198.51.100.11:40000", contacts: []string{"*"}, expires: "0"})
	if n := beats(r, every); n != 1 {
		t.Errorf("one of them has gone: %d beats, want 1", n)
	}
	login(r, register{from: "198.51.100.11:40000", to: "1002@t1.example", contacts: []string{"*"}, expires: "0"})
	if n := beats(r, time.Hour); n != 0 {
		t.Errorf("both have gone: %d beats", n)
	}

	r = newRig(t, config())
	login(r, register{from: "198.51.100.11:40000", contacts: natted, expires: "300"})
	if acts := r.g.Handle(r.now.Add(299*time.Second), Timeout{}, nil); slices.ContainsFunc(acts, func(a Action) bool { _, ok := a.(Beat); return ok }) {
		t.Error("a beat that nobody has asked for")
	}
}
