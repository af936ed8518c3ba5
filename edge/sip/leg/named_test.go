package leg

import (
	"testing"

	"sekisho/edge/sip/header"
)

// What a Replaces header finds at each point of a leg's life (RFC 3891 §3).
func TestNamed(t *testing.T) {
	for _, r := range []struct {
		name, remote string
		steps        []string
		want         Naming
	}{
		{"an early dialog of ours", "a", []string{"dial", "180 a"}, NamedEarly},
		{"another branch", "b", []string{"dial", "180 a"}, NotNamed},
		{"nothing yet", "a", []string{"dial"}, NotNamed},
		{"the call", "a", []string{"dial", "180 a", "200 a sdp"}, NamedConfirmed},
		{"a branch that lost", "b", []string{"dial", "180 b", "200 a sdp"}, NotNamed},
		{`"matches an early dialog that was not initiated by this UA"`, "them", []string{"receive sdp", "ring"}, NamedArrived},
		{"an answered call", "them", []string{"receive sdp", "answer"}, NamedConfirmed},
		{`"matches a confirmed dialog [that] has already terminated"`, "them", []string{"receive sdp", "answer", "ACK", "hangup"}, NamedOver},
	} {
		g := newRig(t)
		for _, step := range r.steps {
			g.step(step)
		}
		named := header.Replaces{CallID: "c1", ToTag: string(g.leg.LocalTag()), FromTag: r.remote}
		if got := g.leg.Named(named); got != r.want {
			t.Errorf("%s: %d, want %d", r.name, got, r.want)
		}
		named.CallID = "c2"
		if got := g.leg.Named(named); got != NotNamed {
			t.Errorf("%s by another Call-ID: %d", r.name, got)
		}
		named.CallID, named.ToTag = "c1", named.ToTag+"x"
		if got := g.leg.Named(named); got != NotNamed {
			t.Errorf("%s by another tag: %d", r.name, got)
		}
	}
}
