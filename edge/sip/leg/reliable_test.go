package leg

import (
	"strconv"
	"strings"
	"testing"

	"sekisho/edge/sip/header"
)

var with100rel = Terms{Rel100: Supported}

func TestReliableUAS(t *testing.T) {
	required, supported := "receive sdp | Require: 100rel = arrived offer=true", "receive sdp | Supported: 100rel = arrived offer=true"
	playUnder(t, with100rel, []row{
		{"required", `"If the UAS [...] receives an INVITE with a Require header field with the option tag 100rel, it MUST send any non-100 provisional response reliably" (RFC 3262 §3)`, []string{
			required, "ring = 180 reliable", "PRACK = 200", "early = 183+sdp reliable, agreed", "PRACK = 200", "same = 200", "ACK = acked"}},
		{"supported only", `"the UAS MAY send any non-100 provisional response [...] reliably" (§3): it is asked to`, []string{
			supported, "ring = 180", "ring reliable = 180 reliable", "PRACK = 200", "ring = 180"}},
		{"behind an answer that may be lost", `a reliable response without a description answers nothing: the 200 does (RFC 3261 §13.2.1)`, []string{
			supported, "early = 183+sdp, agreed", "ring reliable = 180 reliable", "PRACK = 200", "same = 200+sdp", "ACK = acked"}},
		{"unknown to the peer", `"A UAS MUST NOT attempt to send [...] reliably" without the option tag (§3)`, []string{
			"receive sdp = arrived offer=true", "early reliable = 183+sdp, agreed"}},
		{"repeated", `"The provisional response is passed to the transaction layer periodically with an interval that starts at T1 seconds and doubles for each retransmission" (§3)`, []string{
			required, "early = 183+sdp reliable, agreed", "after 499ms =", "after 1ms = again", "after 999ms =", "after 1ms = again", "after 2s = again", "after 4s = again",
			"after 7999ms =", "after 1ms = again", "PRACK = 200", "after 40s ="}},
		{"no PRACK", `"If a PRACK is not received for a reliable provisional response, and the retransmission timer [...] reaches 64*T1, the UAS SHOULD reject the original request with a 5xx response" (§3)`, []string{
			required, "ring = 180 reliable", "after 31999ms = again", "after 1ms = 504, ended remote 504, gone"}},
		{"one at a time", `"The UAS MUST NOT send a second reliable provisional response until the first is acknowledged" (§3)`, []string{
			required, "ring = 180 reliable", "early =", "ring =", "PRACK = 200, 183+sdp reliable, agreed", "PRACK = 200, 180 reliable", "PRACK = 200"}},
		{"unknown PRACK", `"If a PRACK request is received by the UA core that does not match any unacknowledged reliable provisional response, the UAS MUST respond to the PRACK with a 481 response" (§3)`, []string{
			required, "PRACK = 481", "ring = 180 reliable", "PRACK wrong = 481", "after 500ms = again", "PRACK = 200", "PRACK = 481"}},
		{"the 2xx waits for a description", `"If the UAS had placed a session description in any reliable provisional response that is unacknowledged when the INVITE is accepted, the UAS MUST delay sending the 2xx until the provisional response is acknowledged" (§3)`, []string{
			required, "early = 183+sdp reliable, agreed", "answer =", "answer =", "ring =", "after 500ms = again", "PRACK = 200, 200, agreed", "ACK = acked"}},
		{"the 2xx waits for nothing else", `"the UAS MAY send a final response [...] before [...] PRACK"; it "MUST be prepared to process PRACK requests" afterwards (§3)`, []string{
			required, "ring = 180 reliable", "early =", "answer = 200+sdp, agreed", "after 500ms = again", "PRACK = 200", "ACK = acked", "PRACK = 481"}},
		{"the 2xx that waits in vain", `§3, and whoever answered is told`, []string{
			required, "early = 183+sdp reliable, agreed", "answer =", "after 32s = 504, ended remote 504 unanswered, gone"}},
		{"hung up while the 2xx waits", `the INVITE has no final response yet (RFC 3261 §15)`, []string{
			required, "early = 183+sdp reliable, agreed", "answer =", "hangup = 480, ended local 480 unanswered, gone", "PRACK = 481"}},
		{"cancelled while the 2xx waits", `RFC 3261 §9.2`, []string{
			required, "early = 183+sdp reliable, agreed", "answer =", "CANCEL = 487, ended remote 487 unanswered, gone"}},
		{"BYE while a PRACK is due", `RFC 3261 §15.1.2`, []string{
			required, "early = 183+sdp reliable, agreed", "BYE = 200, 487, ended remote 0, gone", "PRACK = 481"}},
		{"refused while a PRACK is due", `"the UAS MAY send a final response" (§3)`, []string{
			required, "ring = 180 reliable", "busy = 486, ended local 486, gone"}},
		{"late offer", `"If the INVITE did not contain an offer, the first reliable non-failure message carries it, and the answer MUST be in the acknowledgement for that message" (RFC 3261 §13.2.1, RFC 3262 §5)`, []string{
			"receive late | Supported: 100rel = arrived offer=false", "early = 183", "early reliable = 183+sdp reliable", "answer =", "PRACK sdp = 200, agreed, 200, agreed", "ACK = acked"}},
		{"late offer without an answer", `§5`, []string{
			"receive late | Supported: 100rel = arrived offer=false", "early reliable = 183+sdp reliable", "PRACK = 200, 488, ended local 488, gone"}},
		{"offer in PRACK", `"If the UAS receives a PRACK with an offer, it MUST place the answer in the 2xx to the PRACK" (§5)`, []string{
			required, "early = 183+sdp reliable, agreed", "answer =", "PRACK sdp = offered+media", "accept = 200+sdp, agreed, 200, agreed", "ACK = acked"}},
		{"offer in PRACK declined", `the response is acknowledged all the same`, []string{
			required, "early = 183+sdp reliable, agreed", "PRACK sdp = offered+media", "decline = 488", "after 40s =", "same = 200"}},
		{"cancelled while an offer in PRACK waits", `RFC 3261 §9.2: each request has its answer`, []string{
			required, "early = 183+sdp reliable, agreed", "PRACK sdp = offered+media", "CANCEL = 487, 487, ended remote 487, gone"}},
		{"without a number", `§7.2`, []string{required, "ring = 180 reliable", "PRACK | RAck: 1 = 400"}},
		{"restart", `what remains counts on`, []string{
			required, "early = 183+sdp reliable, agreed", "ring =", "answer =", "after 30s = again", "restart =", "after 999ms =", "after 1ms = again", "restart =", "PRACK = 200, 200, agreed", "ACK = acked"}},
		{"restart, no PRACK", `what remains counts on`, []string{
			required, "ring = 180 reliable", "early =", "after 30s = again", "restart =", "after 1s = again", "after 999ms =", "after 1ms = 504, ended remote 504, gone"}},
		{"restart before the next", `what waits is not lost`, []string{
			required, "ring = 180 reliable", "early =", "restart =", "PRACK = 200, 183+sdp reliable, agreed", "restart =", "answer =", "PRACK = 200, 200, agreed"}},
		{"restart with an offer", `what is offered is not lost`, []string{
			required, "early = 183+sdp reliable, agreed", "PRACK sdp = offered+media", "restart =", "accept = 200+sdp, agreed"}},
	})
	play(t, []row{{"off", `RFC 3262 §3`, []string{"receive sdp | Supported: 100rel = arrived offer=true", "early reliable = 183+sdp, agreed"}}})
	playUnder(t, Terms{Rel100: Required}, []row{
		{"by profile", `§3`, []string{supported, "ring = 180 reliable", "PRACK = 200"}},
		{"by profile, unknown to the peer", `§3`, []string{"receive sdp = arrived offer=true", "ring = 180"}},
	})
}

// "The value of the header field for the first reliable provisional response
// [...] MUST be chosen uniformly between 1 and 2**31 - 1", the next "MUST be
// greater by exactly one" (RFC 3262 §3).
func TestRSeq(t *testing.T) {
	g := newRig(t)
	g.terms = with100rel
	g.step("receive sdp | Require: 100rel")
	g.step("ring")
	first := g.rseq
	g.step("PRACK")
	g.step("ring")
	if first == 0 || first > 1<<31-1 || g.rseq != first+1 {
		t.Fatalf("RSeq %d, then %d", first, g.rseq)
	}
	if got := header.First(g.reply, "Require"); got != "100rel" {
		t.Fatalf("Require: %q", got)
	}
	if !strings.Contains(g.reply.GetHeader("Allow").Value(), "UPDATE") {
		t.Fatal("the peer cannot know that it may UPDATE")
	}
}

func TestReliableUAC(t *testing.T) {
	one := func(n int) string { return " | Require: 100rel | RSeq: " + strconv.Itoa(n) }
	playUnder(t, with100rel, []row{
		{"acknowledged", `"the UAC MUST create a new request with method PRACK. This request is sent within the dialog associated with the provisional response" (RFC 3262 §4)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "183 a sdp" + one(8) + " = PRACK 3 (8 1 INVITE), progressed 183+media",
			"200 a = ack, answered+media", "hangup = ended local 0, BYE 4"}},
		{"repeated", `"Once a reliable provisional response is received, retransmissions of that response MUST be discarded" (§4)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "180 a" + one(7) + " ="}},
		{"out of order", `"the response MUST NOT be acknowledged with a PRACK, and MUST NOT be processed further by the UAC" (§4)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "183 a sdp" + one(9) + " =", "183 a sdp" + one(6) + " =",
			"183 a" + one(8) + " = PRACK 3 (8 1 INVITE), progressed 183", "183 a sdp" + one(9) + " = PRACK 4 (9 1 INVITE), progressed 183+media"}},
		{"each dialog counts for itself", `"the RSeq [...] space [is] within a dialog" (§4)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "180 b" + one(3) + " = PRACK 2 (3 1 INVITE), progressed 180",
			"183 b sdp" + one(4) + " = PRACK 3 (4 1 INVITE), progressed 183+media", "183 a sdp" + one(8) + " = PRACK 3 (8 1 INVITE), progressed 183+media"}},
		{"not required", `"If the provisional response contains a Require header field with the option tag 100rel" (§4), and only then`, []string{
			"dial = INVITE 1", "180 a | RSeq: 7 = progressed 180", "180 a | Require: 100rel = progressed 180", "180 - | Require: 100rel | RSeq: 7 = progressed 180"}},
		{"the answer is given once", `"the UAC MUST treat the first session description it receives as the answer, and MUST ignore any session descriptions in subsequent responses to the initial INVITE" (RFC 3261 §13.2.1)`, []string{
			"dial = INVITE 1", "183 a sdp" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 183+media", "200 a moved = ack, answered+media"}},
		{"late offer", `"If the UAC receives a reliable provisional response with an offer [...], it MUST generate an answer in the PRACK" (§5)`, []string{
			"dial late = INVITE 1", "183 a sdp" + one(7) + " = progressed 183+offer", "183 a sdp" + one(7) + " =", "acknowledge = PRACK 2 (7 1 INVITE)+sdp, agreed", "acknowledge =",
			"200 a sdp = ack, answered+media"}},
		{"late offer given up", `RFC 3261 §9.1`, []string{
			"dial late = INVITE 1", "183 a sdp" + one(7) + " = progressed 183+offer", "hangup = ended local 0, CANCEL 1", "acknowledge =", "487 a = gone"}},
		{"late offer, and the 2xx overtakes the PRACK", `the 2xx "MUST" wait (§3); a peer that does not wait has no answer`, []string{
			"dial late = INVITE 1", "183 a sdp" + one(7) + " = progressed 183+offer", "200 a = ack, ended local 488, BYE 2"}},
		{"while cancelling", `the INVITE is over (RFC 3261 §9.1)`, []string{
			"dial = INVITE 1", "hangup = ended local 0", "183 a sdp" + one(7) + " = CANCEL 1", "183 a sdp" + one(8) + " =", "487 a = gone"}},
		{"authority beside the responses", `"a 2xx response to [...] PRACK or UPDATE" and an UPDATE may have P-Early-Media (RFC 5009 §8)`, []string{
			"dial = INVITE 1", "183 a sdp" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 183+media", "reply 200 | P-Early-Media: inactive = authorised", "reply 200 =",
			"reply 481 | P-Early-Media: inactive =", "UPDATE | P-Early-Media: sendrecv = 200, authorised", "UPDATE = 200", "200 a = ack, answered+media", "UPDATE | P-Early-Media: sendrecv = 200"}},
		{"PRACK unanswered", `its transaction ends by itself (RFC 3261 §17.1.2.2)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "fail PRACK 2 =", "200 a sdp = ack, answered+media"}},
		{"PRACK of a caller", `we have sent nothing to acknowledge (§3)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "PRACK = 481"}},
		{"a branch is over", `199 ends one early dialog and nothing else (RFC 6228 §5)`, []string{
			"dial = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "180 b = progressed 180",
			"199 a" + one(8) + " = PRACK 3 (8 1 INVITE), progressed 199", "OPTIONS | X: y = not ours", "199 c = progressed 199", "200 b sdp = ack, answered+media"}},
		{"reliable, of our re-INVITE", `its sender gives up without a PRACK (§3)`, []string{
			"dial = INVITE 1", "200 a sdp = ack, answered+media", "reoffer = INVITE 2", "183 a" + one(7) + " = PRACK 3 (7 2 INVITE)", "183 a" + one(7) + " =",
			"200 a sdp = ack, agreed"}},
		{"restart", `the order is not forgotten`, []string{
			"dial late = INVITE 1", "180 a" + one(7) + " = PRACK 2 (7 1 INVITE), progressed 180", "183 a sdp" + one(8) + " = progressed 183+offer", "restart =", "180 a" + one(8) + " =",
			"acknowledge = PRACK 3 (8 1 INVITE)+sdp, agreed", "180 a" + one(9) + " = PRACK 4 (9 1 INVITE), progressed 180", "200 a = ack, answered+media"}},
	})
}

// What we say of the extension: an INVITE offers it, or requires it, and what
// nobody will acknowledge says nothing of it.
func TestReliableIsOffered(t *testing.T) {
	for name, c := range map[string]struct {
		terms              Terms
		supported, require string
	}{
		"off":       {Terms{}, "", ""},
		"supported": {with100rel, "100rel", ""},
		"required":  {Terms{Rel100: Required}, "100rel", "100rel"},
	} {
		g := newRig(t)
		g.terms = c.terms
		g.step("dial")
		if s, r := header.First(g.last, "Supported"), header.First(g.last, "Require"); s != c.supported || r != c.require {
			t.Errorf("%s: Supported %q, Require %q", name, s, r)
		}
		g.step("200 a sdp")
		g.step("reoffer")
		if s := header.First(g.last, "Supported"); s != "" {
			t.Errorf("%s: re-INVITE with Supported %q", name, s)
		}
	}
}
