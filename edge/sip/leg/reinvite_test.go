package leg

import "testing"

func TestReinvite(t *testing.T) {
	up := []string{"dial = INVITE 1", "200 a sdp = ack, answered+media"}
	in := []string{"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "ACK = acked"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	play(t, []row{
		{"ours", `each 2xx of a re-INVITE is acknowledged too (RFC 3261 §13.2.2.4)`, after(up,
			"reoffer = INVITE 2", "100 a =", "200 a sdp = ack, agreed", "200 a sdp = ack same", "reoffer = INVITE 3")},
		{"ours refused", `"If a UA receives a non-2xx final response to a re-INVITE, the session parameters MUST remain unchanged, as if no re-INVITE had been issued" (§14.1)`, after(up,
			"reoffer = INVITE 2", "488 a = refused 488", "reoffer = INVITE 3", "200 a sdp = ack, agreed")},
		{"ours, 500", `"a 500 [...] with a Retry-After header field with a randomly chosen value of between 0 and 10 seconds" (§14.2)`, after(up,
			"reoffer = INVITE 2", "500 a | Retry-After: 7 = refused 500 for 7s", "reoffer = INVITE 3", "500 a | Retry-After: 0 = refused 500 for 10ms",
			"reoffer = INVITE 4", "500 a | Retry-After: 3600 = refused 500", "reoffer = INVITE 5", "500 a = refused 500")},
		{"ours, 481", `"if the non-2xx final response is a 481 (Call/Transaction Does Not Exist), or a 408 (Request Timeout), or no response at all is received for the re-INVITE [...], the UAC will terminate the dialog" (§14.1)`, after(up,
			"reoffer = INVITE 2", "481 a = ended remote 481, BYE 3", "bye 481 = gone")},
		{"ours, silence", `"or no response at all is received for the re-INVITE" (§14.1)`, after(up,
			"reoffer = INVITE 2", "fail INVITE 2 = ended remote 408, BYE 3", "bye 200 = gone")},
		{"ours, no answer in the 2xx", `RFC 3264 §4: an offer is answered or refused`, after(up,
			"reoffer = INVITE 2", "200 a = ack, refused 488", "reoffer = INVITE 3")},
		{"one at a time", `"a UAC MUST NOT initiate a new INVITE transaction within a dialog while another INVITE transaction is in progress in either direction" (§14.1)`, after(up,
			"reoffer = INVITE 2", "reoffer = refused 491", "200 a sdp = ack, agreed", "INVITE sdp = offered+media", "reoffer = refused 491",
			"accept = 200+sdp, agreed", "reoffer = refused 491", "ACK =", "reoffer = INVITE 3")},
		{"glare", `"A UAS that receives an INVITE on a dialog while an INVITE it had sent on that dialog is in progress MUST return a 491 (Request Pending) response to the received INVITE" (§14.2)`, after(up,
			"reoffer = INVITE 2", "INVITE sdp = 491", "491 a = refused 491")},
		{"theirs", `its 2xx is repeated until the ACK like any (§13.3.1.4)`, after(in,
			"INVITE sdp = offered+media", "accept = 200+sdp, agreed", "after 500ms = again", "ACK =", "after 10s =", "accept =")},
		{"theirs without offer", `the 2xx makes the offer, the ACK answers (§14.2)`, after(in,
			"INVITE = offered", "accept = 200+sdp", "INVITE sdp = 491", "BYE = 200, ended remote 0, gone")},
		{"theirs without offer, ACK", `§13.2.1`, after(in, "INVITE = offered", "accept = 200+sdp", "ACK sdp = agreed")},
		{"theirs without offer, ACK without answer", `§13.2.1`, after(in,
			"INVITE = offered", "accept = 200+sdp", "ACK = ended local 488, BYE 1", "bye 200 = gone")},
		{"theirs declined", `"If the new session description is not acceptable, the UAS can reject it by returning a 488 (Not Acceptable Here) response for the re-INVITE" (§14.2)`, after(in,
			"INVITE sdp = offered+media", "decline = 488", "decline =", "INVITE sdp = offered+media")},
		{"theirs while theirs", `"A UAS that receives a second INVITE before it sends the final response to a first INVITE [...] MUST return a 500" (§14.2)`, after(in,
			"INVITE sdp = offered+media", "INVITE sdp = 500", "accept = 200+sdp, agreed", "INVITE sdp = 500", "ACK old =", "ACK =", "OPTIONS = 200")},
		{"theirs cancelled", `CANCEL of a re-INVITE ends the request, not the call (§9.2)`, after(in,
			"INVITE sdp = offered+media", "CANCEL = 487, withdrawn", "accept =", "INVITE sdp = offered+media")},
		{"no ACK for theirs", `§13.3.1.4`, after(in,
			"INVITE sdp = offered+media", "accept = 200+sdp, agreed", "after 32s = ended remote 408, BYE 1", "bye 200 = gone")},
		{"out of order", `"If the remote sequence number was not empty, but the sequence number of the request is lower than the remote sequence number, the request is out of order and MUST be rejected with a 500" (§12.2.2)`, after(in,
			"INVITE old = 500", "OPTIONS = 200", "INFO = 405", "HELLO = 501")},
	})
}
