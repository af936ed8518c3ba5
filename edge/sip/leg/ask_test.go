package leg

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

func TestAsk(t *testing.T) {
	up := []string{"dial = INVITE 1", "200 a sdp = ack, answered+media"}
	in := []string{"receive sdp = arrived offer=true", "answer = 200+sdp, agreed"}
	after := func(before []string, steps ...string) []string {
		return append(append([]string(nil), before...), steps...)
	}
	terms := Terms{Methods: []sip.RequestMethod{sip.INFO, sip.NOTIFY, sip.REFER}}
	playUnder(t, terms, []row{
		{"ours", `"Requests within a dialog MUST contain strictly monotonically increasing and contiguous CSeq sequence numbers" (RFC 3261 §12.2.1.1)`, after(up,
			"ask INFO = INFO 2", "ask INFO = INFO 3", "reply 100 =", "reply 200 = replied 2 200", "reply 200 =",
			"fail INFO 2 = replied 1 nothing, ended remote 408, BYE 4", "bye 200 = gone")},
		{"ours, 481", `"If the response for a request within a dialog is a 481 [...] or a 408 [...], the UAC SHOULD terminate the dialog" (§12.2.1.2)`, after(up,
			"ask INFO = INFO 2", "reply 481 = replied 1 481, ended remote 481, BYE 3", "bye 200 = gone")},
		{"NOTIFY, 481", `"a 481 response to NOTIFY" ends the subscription alone (RFC 6665 §4.2.2)`, after(up,
			"ask NOTIFY = NOTIFY 2", "reply 481 = replied 1 481", "ask NOTIFY = NOTIFY 3", "fail NOTIFY 3 = replied 2 nothing")},
		{"other failures", `they are the request's alone`, after(up,
			"ask INFO = INFO 2", "reply 415 = replied 1 415", "ask INFO = INFO 3", "reply 603 = replied 2 603")},
		{"before the call stands", `there is no dialog to ask in`, []string{
			"dial = INVITE 1", "ask INFO = replied 1 nothing", "180 a = progressed 180", "ask INFO = replied 2 nothing"}},
		{"while the ACK is under way", `the 2xx makes the dialog (§12.1)`, after(in,
			"ask INFO = INFO 1", "reply 481 = replied 1 481", "ACK = acked", "BYE = 200, ended remote 0, gone")},
		{"too late", `no event follows the end`, after(up,
			"ask INFO = INFO 2", "hangup = ended local 0, BYE 3", "ask INFO =", "bye 200 = gone", "reply 200 =")},
		{"ours over a restart", `the answer finds its question`, after(up,
			"ask INFO = INFO 2", "restart =", "reply 200 = replied 1 200")},
		{"theirs", `one request, one answer`, after(in, "ACK = acked",
			"INFO = asked INFO 2", "NOTIFY = asked NOTIFY 3", "respond 3 200 = 200", "respond 3 200 =", "respond 2 415 = 415", "respond 9 200 =")},
		{"theirs, out of order", `"the request is out of order and MUST be rejected with a 500" (§12.2.2)`, after(in, "ACK = acked",
			"INFO = asked INFO 2", "INFO old = 500", "HELLO = 501")},
		{"theirs, unanswered at the end", `"The UAS MUST still respond to any pending requests received for that dialog. It is RECOMMENDED that a 487 (Request Terminated) response be generated" (§15.1.2)`, after(in, "ACK = acked",
			"INFO = asked INFO 2", "BYE = 200, 487, ended remote 0, gone")},
		{"theirs, unanswered at our end", `each request gets a final response`, after(in, "ACK = acked",
			"INFO = asked INFO 2", "hangup = 487, ended local 0, BYE 1", "INFO = 481", "respond 2 200 =", "bye 200 = gone")},
		{"theirs over a restart", `the answer finds its question`, after(in, "ACK = acked",
			"REFER = asked REFER 2", "restart =", "respond 2 202 = 202")},
	})
	play(t, []row{{"not ours to answer", `"405 (Method Not Allowed)" (§8.2.1)`, after(in, "ACK = acked", "INFO = 405", "REFER = 405")}})
}

// A peer that asks and asks costs no more than so many answers that are owed.
func TestAskBounded(t *testing.T) {
	g := newRig(t)
	g.terms = Terms{Methods: []sip.RequestMethod{sip.INFO}}
	for _, step := range []string{"receive sdp", "answer", "ACK"} {
		g.step(step)
	}
	for range maxAsks {
		if got := g.step("INFO"); !strings.HasPrefix(got, "asked") {
			t.Fatal(got)
		}
	}
	if got := g.step("INFO"); got != "500" {
		t.Errorf("one too many got %q", got)
	}
	if allow := g.reply.GetHeader("Allow"); allow != nil {
		t.Errorf("a 500 with %v", allow)
	}
	for range maxAsks {
		if got := g.step("ask INFO"); !strings.HasPrefix(got, "INFO") {
			t.Fatal(got)
		}
	}
	if got := g.step("ask INFO"); got != "replied 17 nothing" {
		t.Errorf("one too many got %q", got)
	}
}

// What the peer is told it may send is what is answered (RFC 3261 §20.5); a 2xx
// to REFER has a Contact (RFC 3515 §2.2).
func TestAskedHeaders(t *testing.T) {
	g := newRig(t)
	g.terms = Terms{Methods: []sip.RequestMethod{sip.INFO, sip.REFER}}
	for _, step := range []string{"receive sdp", "answer"} {
		g.step(step)
	}
	if got := g.reply.GetHeader("Allow").Value(); got != "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER" {
		t.Errorf("200 allows %q", got)
	}
	g.step("ACK")
	g.step("REFER")
	g.step("respond 2 202")
	if g.reply.GetHeader("Contact") == nil {
		t.Error("202 to REFER without Contact")
	}
	g.step("INFO")
	g.step("respond 3 405")
	if got := g.reply.GetHeader("Allow"); got == nil {
		t.Error("405 without Allow")
	}
	g.step("ask REFER")
	if g.last.GetHeader("Contact") == nil || g.last.GetHeader("Content-Type").Value() != "text/plain" || string(g.last.Body()) != "x" {
		t.Errorf("sent %s", g.last)
	}
}
