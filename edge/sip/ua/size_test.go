package ua

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
)

// A request over 1,300 bytes is sent whatever the peer's terms say, as short as
// they let it be, and the first of them is told (RFC 3261 §18.1.1, PEERS D22). A
// retransmission is what was sent.
func TestOverMTU(t *testing.T) {
	for _, c := range []struct {
		mode    leg.OverMTU
		flow    flow.Flow
		extra   int
		short   bool
		told    string
		trimmed uint64
	}{
		{leg.FragmentOverMTU, flow.Flow{}, 100, true, "", 0},
		{leg.FragmentOverMTU, flow.Flow{}, 1500, false, "as fragments sizes body=", 0},
		{leg.TCPOverMTU, flow.Flow{}, 1500, false, "as fragments, for want of TCP sizes body=", 0},
		{leg.TrimOverMTU, flow.Flow{}, 1500, true, "without X-Long", 1},
		{leg.TrimOverMTU, flow.Flow{Proto: flow.TCP}, 1500, false, "", 0},
	} {
		n := newNet(t, 1, 0)
		n.a.cfg.Terms = func(Peer) leg.Terms { return leg.Terms{OverMTU: c.mode} }
		c.flow.Remote = addrB
		var sent []string
		n.onSend = func(_ *UA, data string) { sent = append(sent, data) }
		for i := range 2 {
			n.do(n.a, n.pa.legs.Next(), leg.Dial{
				Flow: c.flow, CallID: "c" + string(rune('1'+i)), Target: "sip:2001@192.0.2.2", From: "<sip:a@a.example>", To: "<sip:2001@b.example>",
				MaxForwards: 70, Headers: []sip.Header{sip.NewHeader("X-Long", strings.Repeat("x", c.extra)), sip.NewHeader("P-Asserted-Identity", "<sip:a@a.example>")},
			})
		}
		notes := ""
		for _, a := range n.sent {
			if note, ok := a.(Note); ok {
				notes += note.Message + " " + strings.Join(note.Fields, " ") + "\n"
			}
		}
		for _, data := range sent {
			if (len(data) <= 1300) != c.short || !strings.Contains(data, "P-Asserted-Identity: <sip:a@a.example>") {
				t.Errorf("%v: sent %d bytes\n%s", c.mode, len(data), data)
			}
		}
		if len(sent) != 2 || !strings.Contains(notes, c.told) || (c.told == "") != (notes == "") || strings.Count(notes, "\n") > 1 {
			t.Errorf("%v: sent %d, told %q", c.mode, len(sent), notes)
		}
		counts := n.a.Counts()
		if counts.Trimmed != 2*c.trimmed || (counts.Oversize > 0) != (c.told != "") {
			t.Errorf("%v: counted %d over, %d trimmed", c.mode, counts.Oversize, counts.Trimmed)
		}
		n.post(n.a, n.a.Timeout(n.a.Deadline(), nil))
		if c.flow.Proto == flow.UDP && (len(sent) < 3 || sent[2] != sent[0]) {
			t.Errorf("%v: a retransmission is another message", c.mode)
		}
	}
}
