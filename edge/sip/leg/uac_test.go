package leg

import (
	"strings"
	"testing"
	"time"
)

func TestUAC(t *testing.T) {
	play(t, []row{
		{"answered", `"The UAC core MUST generate an ACK request for each 2xx received from the transaction layer" (RFC 3261 §13.2.2.4)`, []string{
			"dial = INVITE 1", "100 - = progressed 100", "180 a = progressed 180",
			"200 a sdp = ack, answered+media", "200 a sdp = ack same"}},
		{"early media", `"If the initial offer is in an INVITE, the answer MUST be in a reliable non-failure message from UAS back to UAC [...]. That same exact answer MAY also be placed in any provisional responses sent prior to the answer" (§13.2.1)`, []string{
			"dial = INVITE 1", "183 a sdp = progressed 183+media", "200 a = ack, answered+media"}},
		{"answers of branches stay apart", `"Each response is distinguished by the tag parameter in the To header field, and each represents a distinct dialog" (§13.2.2.4)`, []string{
			"dial = INVITE 1", "183 a sdp = progressed 183+media", "180 b = progressed 180", "200 b = ack, ended local 488, BYE 2", "bye 200 = gone"}},
		{"no answer to our offer", `"If the initial offer is in an INVITE, the answer MUST be in a reliable non-failure message from UAS back to UAC" (§13.2.1)`, []string{
			"dial = INVITE 1", "200 a = ack, ended local 488, BYE 2", "bye 200 = gone"}},
		{"offer in 18x of an offerless INVITE is none", `"The initial offer MUST be in either an INVITE or, if not there, in the first reliable non-failure message from the UAS back to the UAC" (§13.2.1)`, []string{
			"dial late = INVITE 1", "183 a sdp = progressed 183", "200 a sdp = answered+offer", "200 a sdp =", "acknowledge = ack+sdp, agreed", "200 a sdp = ack+sdp same"}},
		{"offerless both ways", `"If the INVITE did not contain an offer, the 2xx MUST contain an offer if the UAS has not yet sent an offer" (§13.3.1.4)`, []string{
			"dial late = INVITE 1", "200 a = ack, ended local 488, BYE 2"}},
		{"hang up before Acknowledge", `ACK, then BYE (§13.2.2.4)`, []string{
			"dial late = INVITE 1", "200 a sdp = answered+offer", "hangup = ack, ended local 0, BYE 2", "bye 200 = gone"}},
		{"peer's BYE before Acknowledge", `§15.1.2`, []string{
			"dial late = INVITE 1", "200 a sdp = answered+offer", "BYE = 200, ack, ended remote 0, gone"}},
		{"second 2xx", `"If, after acknowledging any 2xx response to an INVITE, the UAC does not want to continue with that dialog, then the UAC MUST terminate the dialog by sending a BYE request" (§13.2.2.4)`, []string{
			"dial = INVITE 1", "200 a sdp = ack, answered+media", "200 b sdp = ack, BYE 2", "200 b sdp = ack same", "486 c ="}},
		{"busy", `"All early dialogs are considered terminated upon reception of the non-2xx final response" (§13.2.2.3)`, []string{
			"dial = INVITE 1", "180 a = progressed 180", "486 a = ended remote 486, gone"}},
		{"silent peer", `"When a timeout error is received from the transaction layer, it MUST be treated as if a 408 (Request Timeout) status code has been received" (§8.1.3.1)`, []string{
			"dial = INVITE 1", "fail INVITE 1 = ended remote 408, gone"}},
		{"no road", `"If a fatal transport error is reported by the transport layer [...], the condition MUST be treated as a 503 (Service Unavailable) status code" (§8.1.3.1)`, []string{
			"dial = INVITE 1", "unreachable INVITE 1 = ended remote 503, gone"}},
		{"2xx without tag", `a response without To tag makes no dialog to end (§12.1.2)`, []string{
			"dial = INVITE 1", "200 - sdp = ended remote 502, gone"}},
		{"requests in an early dialog", `"A UAS that receives an INVITE on a dialog while an INVITE it had sent on that dialog is in progress MUST return a 491" (§14.2)`, []string{
			"dial = INVITE 1", "OPTIONS = not ours", "183 a = progressed 183", "OPTIONS = 200", "INVITE sdp = 491", "INFO = 405", "OPTIONS old = 500",
			"200 a sdp = ack, answered+media", "OPTIONS old = 500", "OPTIONS = 200"}},
		{"BYE on the only early dialog", `"the callee's UA [...] MUST NOT send a BYE on early dialogs" (§15); it does when its 2xx was lost for 64*T1`, []string{
			"dial = INVITE 1", "183 a = progressed 183", "BYE = 200, ended remote 0, CANCEL 1", "BYE = not ours", "487 a = gone"}},
		{"BYE on one of two early dialogs", `§15`, []string{
			"dial = INVITE 1", "183 a = progressed 183", "183 b = progressed 183", "BYE = 200", "200 b sdp = ack, answered+media"}},
	})
}

// Each To tag is a dialog of its own; a peer that makes too many only loses
// their early media, not the call.
func TestManyBranches(t *testing.T) {
	g := newRig(t)
	g.step("dial")
	for i := range 40 {
		g.step("183 t" + strings.Repeat("x", i) + " sdp")
	}
	if n := len(g.leg.early); n != maxBranches {
		t.Fatalf("%d early dialogs remembered", n)
	}
	if got := g.step("200 late sdp"); got != "ack, answered+media" {
		t.Fatalf("a 2xx beyond the remembered branches gave %q", got)
	}
}

// "the route set for the dialog MUST be recomputed based on the 2xx response"
// (RFC 3261 §13.2.2.4), but what the peer has numbered in the early dialog
// stays numbered.
func TestConfirmKeepsSequence(t *testing.T) {
	g := newRig(t)
	for _, s := range []string{"dial", "183 a", "OPTIONS", "200 a sdp"} {
		g.step(s)
	}
	if !g.leg.dialog.RemoteKnown || g.leg.dialog.RemoteSeq != g.seq {
		t.Fatalf("the peer's sequence %d became %d", g.seq, g.leg.dialog.RemoteSeq)
	}
}

// RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID, else 0 to 2 s, in
// units of 10 ms.
func TestRetry(t *testing.T) {
	for first, bounds := range map[string][2]time.Duration{"dial": {2100, 4000}, "receive sdp": {0, 2000}} {
		g := newRig(t)
		g.step(first)
		for range 1000 {
			d := g.leg.retry()
			if d < bounds[0]*time.Millisecond || d > bounds[1]*time.Millisecond || d%(10*time.Millisecond) != 0 {
				t.Fatalf("%s: retry after %v", first, d)
			}
		}
	}
}
