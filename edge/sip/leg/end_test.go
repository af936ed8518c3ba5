package leg

import (
	"strings"
	"testing"
)

func TestEnd(t *testing.T) {
	up := []string{"dial = INVITE 1", "200 a sdp = ack, answered+media"}
	in := []string{"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "ACK = acked"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	play(t, []row{
		{"BYE", `"A BYE request is constructed as would any other request within a dialog" (RFC 3261 §15.1.1)`, after(up,
			"hangup = ended local 0, BYE 2", "bye 100 =", "bye 200 = gone", "hangup =")},
		{"BYE unanswered", `"if the response for the BYE is a 481 [...] or a 408 [...] or no response at all is received [...] the UAC MUST consider the session and the dialog terminated" (§15.1.1)`, after(up,
			"hangup = ended local 0, BYE 2", "fail BYE 2 = gone")},
		{"peer's BYE", `"Whether or not it ends its participation on the session, the UAS core MUST generate a 2xx response to the BYE" (§15.1.2)`, after(in, "BYE = 200, ended remote 0, gone", "BYE = 481")},
		{"crossing BYEs", `§15.1.2`, after(up, "hangup = ended local 0, BYE 2", "BYE = 200, gone")},
		{"CANCEL waits", `"If no provisional response has been received, the CANCEL request MUST NOT be sent; rather, the client MUST wait for the arrival of a provisional response before sending the request" (§9.1)`, []string{
			"dial = INVITE 1", "hangup = ended local 0", "100 - = CANCEL 1", "180 a =", "487 a = gone"}},
		{"CANCEL meets 200", `a CANCEL has no effect behind the 2xx (§9): the dialog exists and is ended`, []string{
			"dial = INVITE 1", "180 a = progressed 180", "hangup = ended local 0, CANCEL 1", "200 a sdp = ack, BYE 2", "200 a sdp = ack same", "bye 200 = gone"}},
		{"200 without any 1xx meets our end", `§15.1.1`, []string{
			"dial = INVITE 1", "hangup = ended local 0", "200 a sdp = ack, BYE 2", "bye 200 = gone"}},
		{"CANCEL unanswered", `"If there is no final response for the original request in 64*T1 seconds [...], the client SHOULD then consider the original transaction cancelled and SHOULD destroy the client transaction" (§9.1)`, []string{
			"dial = INVITE 1", "180 a = progressed 180", "hangup = ended local 0, CANCEL 1", "after 31s =", "after 1s = gone"}},
		{"our BYE answers their re-INVITE", `every request has a final response: 487 before the BYE`, after(in,
			"INVITE sdp = offered+media", "hangup = ended local 0, 487, BYE 1", "accept =", "bye 200 = gone")},
		{"their BYE answers their re-INVITE", `"The UAS MUST still respond to any pending requests received for that dialog" (§15.1.2)`, after(in,
			"INVITE sdp = offered+media", "BYE = 200, 487, ended remote 0, gone")},
		{"our BYE behind our re-INVITE", `the answer of the re-INVITE is waited for, or asked for by CANCEL`, after(up,
			"reoffer = INVITE 2", "hangup = ended local 0, BYE 3", "bye 200 =", "100 a = CANCEL 2", "180 a =", "487 a = gone")},
		{"their BYE behind our re-INVITE", `a re-INVITE can be cancelled like any INVITE (§9.1)`, after(up,
			"reoffer = INVITE 2", "100 a =", "BYE = 200, CANCEL 2, ended remote 0", "fail INVITE 2 = gone")},
		{"2xx to our re-INVITE behind the BYE", `"The UAC core MUST generate an ACK request for each 2xx" (§13.2.2.4)`, after(up,
			"reoffer = INVITE 2", "hangup = ended local 0, BYE 3", "200 a sdp = ack", "reoffer =", "bye 200 = gone")},
		{"re-INVITE fails behind the BYE", `one BYE is enough`, after(up,
			"reoffer = INVITE 2", "hangup = ended local 0, BYE 3", "fail INVITE 2 =", "bye 200 = gone")},
	})
}

// What a call was in the middle of, it goes on with behind a restart, and what
// remained of its waits remains.
func TestRestart(t *testing.T) {
	in := []string{"receive sdp", "answer", "ACK"}
	for _, steps := range [][]string{
		{"dial", "restart", "100 -", "restart", "183 a sdp", "restart", "200 a", "restart", "200 a", "restart", "hangup", "restart", "bye 200"},
		{"dial", "180 a", "hangup", "after 10s", "restart", "after 21s", "after 1s"},
		{"dial", "hangup", "restart", "100 -", "restart", "200 a sdp", "restart", "bye 200"},
		{"dial late", "restart", "200 a sdp", "restart", "acknowledge", "restart", "200 a sdp", "BYE"},
		{"receive sdp", "restart", "early", "restart", "same", "after 500ms", "restart", "after 999ms", "after 1ms", "ACK"},
		{"receive sdp", "answer", "hangup", "restart", "after 31s", "after 1s", "restart", "fail BYE 1"},
		{"receive late", "restart", "answer", "restart", "ACK sdp"},
		{"receive sdp", "ring", "restart", "CANCEL"},
		append(in, "INVITE sdp", "restart", "accept", "restart", "after 500ms", "ACK", "restart", "reoffer", "restart", "200 a sdp"),
		append(in, "INVITE sdp", "restart", "CANCEL"),
		{"dial", "200 a sdp", "reoffer", "100 a", "restart", "BYE", "restart", "487 a"},
	} {
		plain, carried := newRig(t), newRig(t)
		for i, s := range steps {
			if s == "restart" {
				carried.step(s)
				continue
			}
			want, got := plain.step(s), carried.step(s)
			if got != want {
				t.Errorf("%s\n%q gave %q, without a restart %q", strings.Join(steps[:i], ", "), s, got, want)
			}
		}
	}
}

// A CANCEL repeats the top Via of its INVITE (RFC 3261 §9.1) and says why (RFC 3326).
func TestParting(t *testing.T) {
	g := newRig(t)
	g.step("dial")
	g.step("180 a")
	g.step("hangup")
	for _, want := range []string{"Reason: Q.850;cause=16\r\n", "CSeq: 1 CANCEL\r\n", g.invite.Via().String() + "\r\n"} {
		if !strings.Contains(g.last.String(), want) {
			t.Errorf("CANCEL lacks %q:\n%s", want, g.last)
		}
	}
}
