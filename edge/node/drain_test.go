package node

import (
	"os"
	"strings"
	"testing"
)

// A call between two phones outlives that no new ones are taken: not from them,
// whom it is told over their sockets, and not by any shard of the border.
func TestDrainTouchesNoCall(t *testing.T) {
	n := started(t, registrarSite(t), Options{Clips: silence{}, Workers: 1, Shards: 2})
	caller, called, answer := talk(t, n)

	n.Drain()
	called.send("OPTIONS", "sip:t1.example", "sip:t1.example", "", "")
	called.next("SIP/2.0 503 ")
	called.invite("1002")
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
	site := registrarSite(t)
	n, err := Open(site, Options{Clips: silence{}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	caller, called, _ := talk(t, n)
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
