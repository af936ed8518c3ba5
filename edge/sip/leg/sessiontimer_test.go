package leg

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

func TestSessionTimer(t *testing.T) {
	terms := Terms{Session: dialog.SessionTerms{Expires: 1800 * time.Second, MinSE: 120 * time.Second, Refresher: header.UAC}}
	up := []string{"dial = INVITE 1", "200 a sdp | Session-Expires: 120;refresher=uac = ack, answered+media"}
	in := []string{"receive sdp | Supported: timer | Session-Expires: 120;refresher=uac = arrived offer=true", "answer = 200+sdp, agreed", "ACK = acked"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	playUnder(t, terms, []row{
		{"refresh", `"it is RECOMMENDED that this refresh be sent once half the session interval has elapsed" (RFC 4028 §7.2)`, after(up,
			"after 59s =", "after 1s = INVITE 2", "200 a sdp | Session-Expires: 120;refresher=uac = ack", "after 60s = INVITE 3")},
		{"refresh that changes the session", `a 2xx to it answers an offer like any (RFC 3261 §14.1)`, after(up,
			"after 1m = INVITE 2", "200 a moved | Session-Expires: 120;refresher=uac = ack, agreed")},
		{"refresh turned off", `"the session timer can be 'turned off' in mid-dialog by receiving a response without a Session-Expires header field" (RFC 4028 §7.2)`, after(up,
			"after 1m = INVITE 2", "200 a sdp = ack", "after 1h =")},
		{"a re-INVITE refreshes", `any 2xx to a session refresh request does (§7.2)`, after(up,
			"after 59s =", "reoffer = INVITE 2", "200 a sdp | Session-Expires: 120;refresher=uac = ack, agreed", "after 59s =", "after 1s = INVITE 3")},
		{"refresh meets theirs", `RFC 3261 §14.1`, after(up,
			"after 59s =", "INVITE sdp = offered+media", "after 1s =", "accept = 200+sdp, agreed", "ACK =", "after 5s =")},
		{"refresh met by 491", `"if the response is a 491, the UAC would use the rules" of RFC 3261 §14.1 (RFC 4028 §7.4)`, after(up,
			"after 1m = INVITE 2", "491 a =", "after 2s =", "after 2s = INVITE 3", "200 a sdp | Session-Expires: 120;refresher=uac = ack")},
		{"refresh refused", `"follow the rules specific to that response code and retry if possible" (§7.4)`, after(up,
			"after 1m = INVITE 2", "500 a =", "after 13s =", "after 1s = INVITE 3", "500 a =", "after 13s = INVITE 4", "500 a =", "after 1m = ended remote 0, BYE 5", "bye 200 = gone")},
		{"refresh, 481", `"If the session refresh request transaction [...] generates a 408 or 481 response, then the UAC sends a BYE" (§7.4)`, after(up,
			"after 1m = INVITE 2", "481 a = ended remote 481, BYE 3", "bye 200 = gone")},
		{"refresh unanswered", `§7.4`, after(up, "after 1m = INVITE 2", "after 27s =", "after 1s = ended remote 0, BYE 3", "bye 200 =", "fail INVITE 2 = gone")},
		{"refresh, 422", `§7.3`, after(up,
			"after 1m = INVITE 2", "422 a | Min-SE: 300 = INVITE 3", "200 a sdp | Session-Expires: 300;refresher=uac = ack", "after 2m29s =", "after 1s = INVITE 4")},
		{"reoffer, 422", `§7.3`, after(up,
			"reoffer = INVITE 2", "422 a | Min-SE: 300 = INVITE 3", "422 a | Min-SE: 300 = refused 422", "reoffer = INVITE 4", "200 a sdp = ack, agreed")},
		{"INVITE, 422", `"The UAC MAY resend" with a larger one (§7.3)`, []string{
			"dial = INVITE 1", "422 a | Min-SE: 3600 = INVITE 2", "180 a = progressed 180", "200 a sdp | Session-Expires: 3600;refresher=uas = ack, answered+media",
			"after 59m27s =", "after 1s = ended remote 0, BYE 3"}},
		{"INVITE, 422 for what we asked", `nothing to ask again for`, []string{
			"dial = INVITE 1", "422 a | Min-SE: 1800 = ended remote 422, gone"}},
		{"422 while cancelling", `the call is not wanted any more (RFC 3261 §9.1)`, []string{
			"dial = INVITE 1", "180 a = progressed 180", "hangup = ended local 0, CANCEL 1", "422 a | Min-SE: 3600 = gone"}},
		{"theirs too small", `422 with Min-SE (§9)`, []string{
			"receive sdp | Supported: timer | Session-Expires: 90 = fault 422", "receive sdp | Session-Expires: 90 = arrived offer=true"}},
		{"theirs too small inside", `§9; the session stays as it was`, after(in,
			"INVITE sdp | Supported: timer | Session-Expires: 90 = 422", "INVITE sdp | Supported: timer | Session-Expires: 120 = offered+media")},
		{"they refresh", `"the minimum of 32 seconds and one third of the session interval" before its end (§10)`, after(in,
			"after 50s =", "INVITE sdp | Supported: timer | Session-Expires: 120;refresher=uac = offered+media", "accept = 200+sdp, agreed", "ACK =",
			"after 87s =", "after 1s = ended remote 0, BYE 1", "bye 200 = gone")},
		{"a refused re-INVITE refreshes nothing", `§7.2: a 2xx does`, after(in,
			"after 50s =", "INVITE sdp | Supported: timer | Session-Expires: 120;refresher=uac = offered+media", "decline = 488", "after 38s = ended remote 0, BYE 1")},
		{"restart", `what remains counts on`, after(in,
			"after 80s =", "restart =", "after 7s =", "after 1s = ended remote 0, BYE 1")},
		{"refresher over a restart", `what remains counts on`, after(up,
			"after 30s =", "restart =", "after 29s =", "after 1s = INVITE 2", "restart =", "200 a sdp | Session-Expires: 120;refresher=uac = ack")},
		{"over", `a leg that has ended keeps no session`, after(up, "hangup = ended local 0, BYE 2", "after 1m =", "after 1h =", "bye 200 = gone")},
		{"off", `the extension is not there`, []string{"dial = INVITE 1"}},
	})
}

// "a session refresh request [...] in which the offer is unchanged" says so by
// its version (RFC 4028 §7.4, RFC 3264 §8); after a refused offer the old text
// stands under a version of its own.
func TestRefreshRepeatsTheOffer(t *testing.T) {
	g := newRig(t)
	g.terms = Terms{Session: dialog.SessionTerms{Expires: 120 * time.Second, MinSE: 90 * time.Second, Refresher: header.UAC}}
	for _, s := range []string{"dial", "200 a sdp | Session-Expires: 120;refresher=uac"} {
		g.step(s)
	}
	first := bytes.Clone(g.leg.session.Sent)
	g.step("after 1m")
	if got := g.last.Body(); !bytes.Equal(got, first) {
		t.Fatalf("refresh offers\n%s\nnot\n%s", got, first)
	}
	g.step("200 a sdp | Session-Expires: 120;refresher=uac")
	g.step("reoffer held")
	g.step("488 a")
	g.step("after 1m")
	text := func(b []byte) string {
		var lines []string
		for line := range strings.Lines(string(b)) {
			if !strings.HasPrefix(line, "o=") {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "")
	}
	if got := g.last.Body(); text(got) != text(first) || bytes.Equal(got, first) {
		t.Fatalf("after a refused offer the refresh offers\n%s", got)
	}
}
