package leg

import "testing"

func TestUAS(t *testing.T) {
	play(t, []row{
		{"answered", `"The 2xx response is passed to the transport with an interval that starts at T1 seconds and doubles for each retransmission until it reaches T2 seconds" (RFC 3261 §13.3.1.4)`, []string{
			"receive sdp = arrived offer=true", "ring = 180", "answer = 200+sdp, agreed",
			"after 499ms =", "after 1ms = again", "after 1s = again", "after 1s =", "after 1s = again", "ACK = acked", "after 40s ="}},
		{"early media", `"That same exact answer MAY also be placed in any provisional responses sent prior to the answer" (§13.2.1)`, []string{
			"receive sdp = arrived offer=true", "early = 183+sdp, agreed", "ring = 180", "same = 200+sdp", "ACK = acked"}},
		{"late offer", `"If the INVITE did not contain an offer, the 2xx MUST contain an offer if the UAS has not yet sent an offer" (§13.3.1.4)`, []string{
			"receive late = arrived offer=false", "early = 183", "answer = 200+sdp", "INVITE sdp = 491", "ACK sdp =", "ACK sdp old = acked+media"}},
		{"answer in ACK", `"If the initial offer is in the first reliable non-failure message from the UAS back to UAC, the answer MUST be in the acknowledgement for that message" (§13.2.1)`, []string{
			"receive late = arrived offer=false", "answer = 200+sdp", "ACK sdp = acked+media"}},
		{"ACK without the answer", `§13.2.1`, []string{
			"receive late = arrived offer=false", "answer = 200+sdp", "ACK = ended local 488, BYE 1", "bye 200 = gone"}},
		{"answer without media", `nothing to answer with is our 488`, []string{
			"receive sdp = arrived offer=true", "same = 488, ended local 488, gone"}},
		{"refused", `"the callee is currently not willing or able to take additional calls at this end system. A 486 (Busy Here) SHOULD be returned" (§13.3.1.3)`, []string{
			"receive sdp = arrived offer=true", "ring = 180", "busy = 486, ended local 486, gone", "answer =", "hangup =", "BYE = 481"}},
		{"refused without a status", `§13.3.1.3`, []string{"receive sdp = arrived offer=true", "hangup = 480, ended local 480, gone"}},
		{"cancelled", `"If the original request was an INVITE, the UAS SHOULD immediately respond to the INVITE with a 487 (Request Terminated)" (§9.2)`, []string{
			"receive sdp = arrived offer=true", "ring = 180", "CANCEL = 487, ended remote 487, gone", "ring ="}},
		{"CANCEL behind the 2xx", `"has no effect on a request to which a UAS has already given a final response" (§9)`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "CANCEL =", "ACK = acked"}},
		{"BYE in the early dialog", `"The caller's UA MAY send a BYE for either confirmed or early dialogs" (§15); "It is RECOMMENDED that a 487 (Request Terminated) response be generated to those pending requests" (§15.1.2)`, []string{
			"receive sdp = arrived offer=true", "ring = 180", "BYE = 200, 487, ended remote 0, gone"}},
		{"second INVITE before the first is answered", `"A UAS that receives a second INVITE before it sends the final response to a first INVITE with a lower CSeq sequence number on the same dialog MUST return a 500 (Server Internal Error) response to the second INVITE and MUST include a Retry-After header field" (§14.2)`, []string{
			"receive sdp = arrived offer=true", "ring = 180", "INVITE sdp = 500", "answer = 200+sdp, agreed", "INVITE sdp = 500"}},
		{"no ACK", `"If the server retransmits the 2xx response for 64*T1 seconds without receiving an ACK, the dialog is confirmed, but the session SHOULD be terminated. This is accomplished with a BYE" (§13.3.1.4)`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "after 32s = ended remote 408, BYE 1", "bye 481 = gone"}},
		{"hung up before the ACK", `"the callee's UA MUST NOT send a BYE on a confirmed dialog until it has received an ACK for its 2xx response or until the server transaction times out" (§15)`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "hangup = ended local 0", "after 500ms = again", "INVITE sdp = 481"}},
		{"hung up before the ACK, which comes", `§15`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "hangup = ended local 0", "ACK = BYE 1", "bye 200 = gone"}},
		{"hung up before the ACK, which never comes", `§15`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "hangup = ended local 0", "after 32s = BYE 1", "fail BYE 1 = gone"}},
		{"hung up before the ACK, crossing BYE", `§15`, []string{
			"receive sdp = arrived offer=true", "answer = 200+sdp, agreed", "hangup = ended local 0", "BYE = 200, gone"}},
		{"no SDP at all", `"The response MUST contain an Accept header field listing the types of all bodies it understands" (§8.2.3)`, []string{"receive text = fault 415"}},
	})
}

// The 500 to a re-INVITE that comes too early says when to come again.
func TestRetryAfter(t *testing.T) {
	g := newRig(t)
	g.step("receive sdp")
	g.step("INVITE sdp")
	if h := g.reply.GetHeader("Retry-After"); h == nil || len(h.Value()) > 2 {
		t.Fatalf("Retry-After: %v", h)
	}
}
