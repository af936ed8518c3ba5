package leg

import (
	"testing"

	"sekisho/edge/sip/cause"
)

// A leg that ends by itself says why (RFC 3326 §2), but not to a peer that wants
// no Reason: not after a restart either.
func TestReasonOfALegThatEndsByItself(t *testing.T) {
	for _, r := range []struct {
		telling cause.Telling
		want    string
	}{{cause.Tell, `Q.850;cause=102;text="no ACK for our 2xx"`}, {cause.Withhold, ""}} {
		g := newRig(t)
		g.step("receive sdp")
		g.take(g.leg.Command(g.now, Answer{Media: &voice, Reasons: r.telling}, nil))
		g.step("restart")
		if got := g.step("after 32s"); got != "ended remote 408, BYE 1" {
			t.Fatalf("64*T1 after the 2xx: %q", got)
		}
		if got := reasonIn(g); got != r.want {
			t.Errorf("telling %d: BYE with Reason %q, want %q", r.telling, got, r.want)
		}
	}
}

func reasonIn(g *rig) string {
	if h := g.last.GetHeader("Reason"); h != nil {
		return h.Value()
	}
	return ""
}
