package leg

import (
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

func TestUpdate(t *testing.T) {
	one := " | Require: 100rel | RSeq: 7"
	early := []string{"dial = INVITE 1", "183 a sdp" + one + " = PRACK 2 (7 1 INVITE), progressed 183+media"}
	in := []string{"receive sdp | Require: 100rel = arrived offer=true", "early = 183+sdp reliable, agreed", "PRACK = 200"}
	up := []string{"dial = INVITE 1", "200 a sdp = ack, answered+media"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	playUnder(t, with100rel, []row{
		{"offer of the callee", `"The UPDATE [...] can be sent [...] before the initial INVITE has been completed" (RFC 3311 §1)`, after(early,
			"UPDATE sdp = offered+media", "accept = 200+sdp, agreed", "200 a = ack, answered+media", "UPDATE sdp = offered+media", "accept = 200+sdp, agreed")},
		{"offer of the caller", `§5.1`, after(in,
			"UPDATE sdp = offered+media", "accept = 200+sdp, agreed", "same = 200", "ACK = acked", "UPDATE sdp = offered+media", "decline = 488", "UPDATE sdp = offered+media")},
		{"no offer", `it refreshes the target (§5.2)`, after(in, "UPDATE = 200", "same = 200", "UPDATE = 200", "ACK = acked", "UPDATE = 200")},
		{"no offer, of the callee", `§5.2`, after(early, "UPDATE = 200", "200 a = ack, answered+media", "UPDATE = 200")},
		{"before our answer", `"if an UPDATE is received that contains an offer, and the UAS has received an offer [...] to which it has not yet generated an answer, the UAS MUST reject the UPDATE with a 500 response, and MUST include a Retry-After" (§5.2)`, []string{
			"receive sdp | Require: 100rel = arrived offer=true", "ring = 180 reliable", "UPDATE sdp = 500", "PRACK = 200", "UPDATE = 200"}},
		{"an answer that may be lost is none", `the answer "MUST be in a reliable non-failure message" (RFC 3261 §13.2.1)`, []string{
			"receive sdp = arrived offer=true", "early = 183+sdp, agreed", "UPDATE sdp = 500", "same = 200+sdp", "UPDATE sdp = offered+media"}},
		{"before their answer", `"the UAS has generated an offer (in an UPDATE, PRACK or INVITE) to which it has not yet received an answer, the UAS MUST reject the UPDATE with a 491" (§5.2)`, []string{
			"dial = INVITE 1", "180 a = progressed 180", "UPDATE sdp = 491", "183 a sdp = progressed 183+media", "UPDATE sdp = 491", "UPDATE = 200", "200 a = ack, answered+media", "UPDATE sdp = offered+media"}},
		{"while our re-INVITE asks", `§5.2`, after(up, "reoffer = INVITE 2", "UPDATE sdp = 491", "UPDATE = 200", "200 a sdp = ack, agreed")},
		{"while their re-INVITE asks", `§5.2`, after(up, "INVITE sdp = offered+media", "UPDATE sdp = 500", "accept = 200+sdp, agreed", "UPDATE sdp = offered+media")},
		{"while their UPDATE asks", `"A UAS that receives an UPDATE before it has generated a final response to a previous UPDATE on the same dialog MUST return a 500 response" (§5.2)`, after(up,
			"UPDATE sdp = offered+media", "UPDATE = 500", "INVITE sdp = 500", "reoffer = refused 491", "accept = 200+sdp, agreed", "accept =", "reoffer = INVITE 2")},
		{"while our offer waits for the ACK", `§5.2`, []string{
			"receive late = arrived offer=false", "answer = 200+sdp", "UPDATE sdp = 491", "UPDATE = 200", "ACK sdp = acked+media", "UPDATE sdp = offered+media"}},
		{"crosses the 2xx", `the exchange is its own (RFC 3311 §5.2)`, after(early, "UPDATE sdp = offered+media", "200 a = 487, ack, answered+media", "accept =")},
		{"crosses our BYE", `§5.2`, after(up, "UPDATE sdp = offered+media", "hangup = ended local 0, 487, BYE 2", "UPDATE = 481", "bye 200 = gone")},
		{"crosses our CANCEL", `§5.2`, after(early, "UPDATE sdp = offered+media", "hangup = ended local 0, 487, CANCEL 1", "UPDATE = 481")},
		{"crosses their CANCEL", `§5.2`, after(in, "UPDATE sdp = offered+media", "CANCEL = 487, 487, ended remote 487, gone")},
		{"of a branch that lost", `RFC 3261 §13.2.2.4`, after(early, "200 b sdp = ack, answered+media", "UPDATE sdp = not ours")},
		{"out of order", `RFC 3261 §12.2.2`, after(up, "UPDATE = 200", "UPDATE old = 500")},
		{"restart", `what is offered is not lost`, after(early, "UPDATE sdp = offered+media", "restart =", "accept = 200+sdp, agreed", "200 a = ack, answered+media")},
	})
}

func TestUpdateEarly(t *testing.T) {
	rel := " | Require: 100rel | Allow: INVITE, UPDATE | RSeq: 7"
	early := []string{"dial = INVITE 1", "183 a sdp" + rel + " = PRACK 2 (7 1 INVITE), progressed 183+media"}
	in := []string{"receive sdp | Require: 100rel | Allow: UPDATE = arrived offer=true", "early = 183+sdp reliable, agreed", "PRACK = 200"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	playUnder(t, with100rel, []row{
		{"of the caller", `"an UPDATE [...] can be sent" with an offer once the answer came reliably and was acknowledged (RFC 3311 §5.1)`, after(early,
			"reoffer held = UPDATE 3+sdp", "reoffer = refused 491", "update 200 sdp = agreed", "reoffer = UPDATE 4+sdp", "update 200 sdp = agreed", "200 a = ack, answered+media")},
		{"of the callee", `§5.1`, after(in, "reoffer held = UPDATE 1+sdp", "update 200 sdp = agreed", "same = 200", "ACK = acked", "reoffer = INVITE 2")},
		{"before the answer", `§5.1`, []string{"dial = INVITE 1", "183 a sdp = progressed 183+media", "reoffer = refused 491",
			"183 a sdp" + rel + " = PRACK 2 (7 1 INVITE), progressed 183+media", "reoffer = UPDATE 3+sdp"}},
		{"before the PRACK", `§5.1`, []string{"receive sdp | Require: 100rel | Allow: UPDATE = arrived offer=true", "ring = 180 reliable", "reoffer = refused 491", "PRACK = 200",
			"early = 183+sdp reliable, agreed", "reoffer = refused 491", "PRACK = 200", "reoffer = UPDATE 1+sdp"}},
		{"the peer does not take it", `§4`, []string{"receive sdp | Require: 100rel = arrived offer=true", "early = 183+sdp reliable, agreed", "PRACK = 200", "reoffer = refused 491"}},
		{"meets theirs", `"the UAS MUST reject the UPDATE with a 491" (§5.2)`, after(early, "reoffer = UPDATE 3+sdp", "UPDATE sdp = 491", "update 491 = refused 491", "UPDATE sdp = offered+media", "reoffer = refused 491")},
		{"refused", `"the session parameters MUST remain unchanged" (RFC 3261 §14.1)`, after(in, "reoffer = UPDATE 1+sdp", "update 488 = refused 488", "reoffer = UPDATE 2+sdp",
			"update 500 | Retry-After: 3 = refused 500 for 3s", "reoffer = UPDATE 3+sdp", "update 200 = refused 488")},
		{"crosses their 2xx", `the exchange is its own (§5.1)`, after(early, "reoffer held = UPDATE 3+sdp", "200 a = ack, answered+media", "INVITE sdp = 491", "reoffer = refused 491", "update 200 sdp = agreed", "reoffer = INVITE 4")},
		{"our 2xx waits for it", `§5.1`, after(in, "reoffer = UPDATE 1+sdp", "same =", "restart =", "update 200 sdp = agreed, 200", "ACK = acked")},
		{"our 2xx waits for it in vain", `§5.1`, after(in, "reoffer = UPDATE 1+sdp", "same =", "fail UPDATE 1 = refused 408, 200", "ACK = acked")},
		{"another branch wins", `RFC 3261 §13.2.2.4`, after(early, "reoffer = UPDATE 3+sdp", "200 b sdp = ack, answered+media", "update 200 sdp =", "reoffer = INVITE 2")},
		{"crosses their CANCEL", `RFC 3261 §9.2`, after(in, "reoffer = UPDATE 1+sdp", "CANCEL = 487, ended remote 487, gone", "update 200 sdp =")},
	})
}

func TestRefreshByUpdate(t *testing.T) {
	terms := Terms{Session: dialog.SessionTerms{Expires: 1800 * time.Second, MinSE: 120 * time.Second, Refresher: header.UAC}}
	agreed := " | Session-Expires: 120;refresher=uac"
	up := []string{"dial = INVITE 1", "200 a sdp | Allow: INVITE, UPDATE" + agreed + " = ack, answered+media"}
	in := []string{"receive sdp | Supported: timer | Allow: INVITE,UPDATE | Session-Expires: 120;refresher=uas = arrived offer=true", "answer = 200+sdp, agreed", "ACK = acked"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	playUnder(t, terms, []row{
		{"ours", `"It is RECOMMENDED that the UPDATE [...] not contain an offer" where the peer allows the method (RFC 4028 §7.4)`, after(up,
			"after 59s =", "after 1s = UPDATE 2", "update 200"+agreed+" =", "after 60s = UPDATE 3")},
		{"ours, of the callee", `§7.4`, after(in, "after 1m = UPDATE 1", "update 200"+agreed+" =", "after 1m = UPDATE 2")},
		{"not allowed after all", `"If the UAC knows that its peer supports the UPDATE method" (§7.4), and it does not`, after(up,
			"after 1m = UPDATE 2", "update 405 = INVITE 3", "200 a sdp"+agreed+" = ack", "after 1m = INVITE 4")},
		{"said otherwise later", `Allow is what the peer said last (RFC 3261 §20.5)`, after(up,
			"INVITE sdp | Allow: INVITE | Supported: timer"+agreed+" = offered+media", "accept = 200+sdp, agreed", "ACK =", "reoffer = INVITE 2", "200 a sdp"+agreed+" = ack, agreed", "after 1m = INVITE 3")},
		{"ours, 422", `§7.3`, after(up, "after 1m = UPDATE 2", "update 422 | Min-SE: 300 = UPDATE 3", "update 200 | Session-Expires: 300;refresher=uac =", "after 2m29s =", "after 1s = UPDATE 4")},
		{"ours, 481", `"a 408 or 481 response, then the UAC sends a BYE" (§7.4)`, after(up, "after 1m = UPDATE 2", "update 481 = ended remote 481, BYE 3", "bye 200 = gone")},
		{"ours, 500", `"retry if possible" (§7.4)`, after(up, "after 1m = UPDATE 2", "update 500 =", "after 14s = UPDATE 3")},
		{"ours, unanswered", `§7.4`, after(up, "after 1m = UPDATE 2", "fail UPDATE 2 = ended remote 408, BYE 3")},
		{"ours, with an offer under way", `an UPDATE without an offer meets none (RFC 3311 §5.1)`, after(up,
			"after 1m = UPDATE 2", "reoffer = INVITE 3", "UPDATE = 200", "update 200"+agreed+" =")},
		{"ours outlives the call", `its transaction ends by itself`, after(up, "after 1m = UPDATE 2", "hangup = ended local 0, BYE 3", "bye 200 = gone", "update 200 =")},
		{"theirs", `any 2xx to a session refresh request does (§7.2)`, after(up,
			"after 59s =", "UPDATE | Supported: timer | Session-Expires: 120;refresher=uas = 200", "after 59s =", "after 1s = UPDATE 2")},
		{"theirs too small", `§9`, after(up, "UPDATE | Supported: timer | Session-Expires: 90 = 422", "UPDATE sdp | Supported: timer | Session-Expires: 90 = 422")},
		{"theirs says nothing of their INVITE", `what the INVITE asked for is answered in its own 2xx (§9)`, []string{
			"receive sdp | Supported: timer | Session-Expires: 120;refresher=uac = arrived offer=true", "ring = 180", "UPDATE | Supported: timer | Session-Expires: 600;refresher=uas = 200",
			"answer = 200+sdp, agreed", "ACK = acked", "after 87s =", "after 1s = ended remote 0, BYE 1"}},
		{"restart", `what is offered is not lost`, after(up, "after 1m = UPDATE 2", "restart =", "update 200"+agreed+" =", "restart =", "after 1m = UPDATE 3")},
	})
}

// An UPDATE and its 2xx are target refreshes (RFC 3311 §5.1, §5.2), a PRACK and
// its 2xx are not (RFC 3262 §4).
func TestUpdateMovesTheTarget(t *testing.T) {
	g := newRig(t)
	for _, s := range []string{"dial", "200 a sdp", "UPDATE | Contact: <sip:elsewhere@192.0.2.2>"} {
		g.step(s)
	}
	if got := header.First(g.reply, "Contact"); !strings.Contains(got, string(g.leg.LocalTag())) {
		t.Fatalf("the 2xx says Contact %q", got)
	}
	if got := g.leg.dialog.Target; got != "sip:elsewhere@192.0.2.2" {
		t.Fatalf("the target is %q", got)
	}
	g.step("UPDATE sdp")
	g.step("UPDATE")
	if g.reply.StatusCode != 500 || header.First(g.reply, "Retry-After") == "" {
		t.Fatal("the 500 does not say when to come again")
	}
}
