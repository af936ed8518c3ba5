package node

import (
	"os"
	"strings"
	"testing"
)

// A call between two phones outlives that no new ones are taken: not from them,
// whom it is told over their sockets, and not by any shard of the border.
func TestDrainTouchesNoCall(t *testing.T) {
	t.Setenv("TEST_PHONE_1001", "soft phone")
	n, err := Open(registrarSite(t), Options{Clips: silence{}, Workers: 1, Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	core := n.Sockets().Phones[0]
	called, caller := newSocketPhone(t, core, "1001"), newSocketPhone(t, core, "1002")
	if got := called.register("soft phone") + caller.register("desk phone"); strings.Count(got, "SIP/2.0 200 ") != 2 {
		t.Fatal(got)
	}
	const media = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n"
	const sdp = "Content-Type: application/sdp\r\n"
	caller.send("INVITE", "sip:1001@t1.example", "sip:1001@t1.example", "Contact: <sip:1002@"+caller.addr()+">\r\n"+sdp, media)
	called.reply(called.next("INVITE "), "200 OK", "Contact: <sip:1001@"+called.addr()+">\r\n"+sdp, media)
	answer := caller.next("SIP/2.0 200 ")
	caller.within(answer, "ACK", caller.seq)
	called.next("ACK ")

	n.Drain()
	called.send("OPTIONS", "sip:t1.example", "sip:t1.example", "", "")
	called.next("SIP/2.0 503 ")
	called.send("INVITE", "sip:1002@t1.example", "sip:1002@t1.example", "Contact: <sip:1001@"+called.addr()+">\r\n"+sdp, media)
	if got := called.next("SIP/2.0 503 "); !strings.Contains(got, "\r\nRetry-After: ") {
		t.Errorf("no time is told: %s", got)
	}
	for i, b := range n.borders {
		if b.Ready(0) {
			t.Errorf("shard %d takes calls of the first trunk", i)
		}
	}
	if s, err := n.State(t.Context()); err != nil || s.Calls != 1 {
		t.Errorf("%d calls, want the one that stood (%v)", s.Calls, err)
	}
	caller.within(answer, "BYE", caller.seq+1)
	caller.next("SIP/2.0 200 ")
	called.reply(called.next("BYE "), "200 OK", "", "")
}

// An instance that is closed ends its calls: each party hears of it, and the record
// is written.
func TestCloseEndsCalls(t *testing.T) {
	t.Setenv("TEST_PHONE_1001", "soft phone")
	site := registrarSite(t)
	n, err := Open(site, Options{Clips: silence{}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	core := n.Sockets().Phones[0]
	called, caller := newSocketPhone(t, core, "1001"), newSocketPhone(t, core, "1002")
	if got := called.register("soft phone") + caller.register("desk phone"); strings.Count(got, "SIP/2.0 200 ") != 2 {
		t.Fatal(got)
	}
	const media = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n"
	const sdp = "Content-Type: application/sdp\r\n"
	caller.send("INVITE", "sip:1001@t1.example", "sip:1001@t1.example", "Contact: <sip:1002@"+caller.addr()+">\r\n"+sdp, media)
	called.reply(called.next("INVITE "), "200 OK", "Contact: <sip:1001@"+called.addr()+">\r\n"+sdp, media)
	caller.within(caller.next("SIP/2.0 200 "), "ACK", caller.seq)
	called.next("ACK ")
	caller.send("OPTIONS", "sip:t1.example", "sip:t1.example", "", "") // behind the ACK, which BYE waits for
	caller.next("SIP/2.0 200 ")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	called.next("BYE ")
	caller.next("BYE ")
	text, err := os.ReadFile(site.CDR.File)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"answered":`) || !strings.Contains(string(text), `"q850":41`) {
		t.Errorf("records:\n%s", text)
	}
}
