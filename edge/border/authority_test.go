package border

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/policy/profile"
)

// RFC 5009 §5: what B's network says of early media, in whatever message, A's network
// hears in a 183, as long as A hears any.
func TestAuthorityIsPassedOn(t *testing.T) {
	says := sip.NewResponse(200, "OK")
	says.AppendHeader(sip.NewHeader("P-Early-Media", "inactive"))
	for _, r := range []struct {
		what  string
		phase phase
		early bool
		by    bool // B
		told  bool
	}{
		{"early media", proceeding, true, true, true},
		{"none yet", proceeding, false, true, false},
		{"answered", talking, true, true, false},
		{"said by A", proceeding, true, false, false},
	} {
		trunks := carriers(t).trunks
		b := New(Config{Trunks: trunks})
		on := -1
		for i := range trunks {
			if trunks[i].Profile.SIP.EarlyMedia == profile.EarlyPEM {
				on = i
			}
		}
		c := &call{phase: r.phase, earlyFromB: r.early}
		c.a, c.b = party{call: c, leg: 1, peer: ua.Peer(on)}, party{call: c, leg: 2, peer: CorePeer}
		p := &c.a
		if r.by {
			p = &c.b
		}
		out := b.legEvent(start, p, leg.Authorised{Message: says}, nil)
		told := false
		for _, a := range out {
			ring, is := a.(ua.Command).Command.(leg.Ring)
			told = told || is && a.(ua.Command).Leg == 1 && ring.Status == 183 && ring.Headers[0].Value() == "inactive"
		}
		if told != r.told || len(out) > 1 {
			t.Errorf("%s: %v", r.what, out)
		}
	}
}
