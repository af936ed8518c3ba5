package transaction

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
)

// change is a request in which one text stands for another.
func change(t *testing.T, method sip.RequestMethod, branch string, oldnew ...string) *sip.Request {
	t.Helper()
	text := newRequest(t, method, branch).String()
	changed := strings.NewReplacer(oldnew...).Replace(text)
	if len(oldnew) > 0 && changed == text {
		t.Fatalf("nothing to change in %q", text)
	}
	return parse(t, strings.ReplaceAll(changed, "\r\n", "\n")).(*sip.Request)
}

func TestMatchingByBranch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		oldnew []string
		same   bool
	}{
		{"identical", nil, true},
		{"all but branch and sent-by differs", []string{"tag=f1", "tag=f2", "c1@carrier", "c2@carrier", "CSeq: 7", "CSeq: 8"}, true},
		{"branch", []string{"z9hG4bKaaaa", "z9hG4bKaaab"}, false},
		{"sent-by host", []string{"UDP 192.0.2.10", "UDP 192.0.2.11"}, false},
		{"sent-by port", []string{"192.0.2.10:5060", "192.0.2.10:5062"}, false},
		{"sent-by without a port", []string{"192.0.2.10:5060", "192.0.2.10"}, false},
		{"parameter name in capitals", []string{";branch=", ";BRANCH="}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tab := newTable()
			tab.Handle(epoch, Received{Flow: udp, Message: newRequest(t, sip.OPTIONS, branch)}, nil)
			got := brief(tab.Handle(epoch, Received{Flow: udp, Message: change(t, sip.OPTIONS, branch, tt.oldnew...)}, nil))
			if want := map[bool]string{true: "", false: "arrived OPTIONS"}[tt.same]; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// RFC 3261 §17.2.3, for a branch that does not begin with the magic cookie:
// "the Request-URI, To tag, From tag, Call-ID, CSeq, and top Via header field
// match those of the INVITE request which created the transaction".
func TestMatchingByRFC2543(t *testing.T) {
	for _, branch := range []string{"1", "", "z9hG4bK"} {
		for _, tt := range []struct {
			name   string
			oldnew []string
			same   bool
		}{
			{"identical", nil, true},
			{"Request-URI", []string{"OPTIONS sip:0300000101@", "OPTIONS sip:0300000102@"}, false},
			{"From tag", []string{"tag=f1", "tag=f2"}, false},
			{"Call-ID", []string{"c1@carrier", "c2@carrier"}, false},
			{"CSeq", []string{"CSeq: 7", "CSeq: 8"}, false},
			{"Via", []string{"192.0.2.10:5060", "192.0.2.10:5062"}, false},
			{"From display name", []string{"Caller", "Caller Again"}, true},
		} {
			t.Run("branch="+branch+"/"+tt.name, func(t *testing.T) {
				tab := newTable()
				tab.Handle(epoch, Received{Flow: udp, Message: newRequest(t, sip.OPTIONS, branch)}, nil)
				got := brief(tab.Handle(epoch, Received{Flow: udp, Message: change(t, sip.OPTIONS, branch, tt.oldnew...)}, nil))
				if want := map[bool]string{true: "", false: "arrived OPTIONS"}[tt.same]; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// "The ACK request matches a transaction if the Request-URI, From tag, Call-ID,
// CSeq number (not the method), and top Via header match those of the INVITE
// request which created the transaction, and the To tag of the ACK matches the
// To tag of the response sent by the server transaction" (RFC 3261 §17.2.3).
func TestAckByRFC2543(t *testing.T) {
	tab := newTable()
	invite := newRequest(t, sip.INVITE, "1")
	tab.Handle(epoch, Received{Flow: udp, Message: invite}, nil)
	tab.Handle(epoch, Respond{ID: first, Response: Reply(invite, 486, "", "ours")}, nil)

	wrong := change(t, sip.ACK, "1", "To: <sip:0300000101@core.example>", "To: <sip:0300000101@core.example>;tag=theirs")
	if got := brief(tab.Handle(epoch, Received{Flow: udp, Message: wrong}, nil)); got != "arrived ACK alone" {
		t.Errorf("ACK with another To tag: %q", got)
	}
	right := change(t, sip.ACK, "1", "To: <sip:0300000101@core.example>", "To: <sip:0300000101@core.example>;tag=ours")
	if got := brief(tab.Handle(epoch, Received{Flow: udp, Message: right}, nil)); got != "" {
		t.Errorf("ACK with our To tag: %q", got)
	}
	if _, timer := tab.Deadline(); timer != TimerI {
		t.Errorf("waiting for timer %v, want I", timer)
	}
	cancel := newRequest(t, sip.CANCEL, "1")
	if got := brief(tab.Handle(epoch, Received{Flow: udp, Message: cancel}, nil)); got != "send 200" {
		t.Errorf("CANCEL: %q", got)
	}
}

// Host names are compared without case (RFC 3261 §7.3.1, §19.1.4), and each
// listener of ours is a road of its own.
func TestSentByAndListener(t *testing.T) {
	tab := newTable()
	offer := func(f flow.Flow, host string) string {
		return brief(tab.Handle(epoch, Received{Flow: f, Message: change(t, sip.OPTIONS, branch, "UDP 192.0.2.10:5060", "UDP "+host)}, nil))
	}
	elsewhere := udp
	elsewhere.Listener = 1
	for _, tt := range []struct {
		flow       flow.Flow
		host, want string
	}{
		{udp, "sbc.carrier.example", "arrived OPTIONS"},
		{udp, "SBC.Carrier.example", ""},
		{elsewhere, "sbc.carrier.example", "arrived OPTIONS"},
	} {
		if got := offer(tt.flow, tt.host); got != tt.want {
			t.Errorf("listener %d, %s: %q, want %q", tt.flow.Listener, tt.host, got, tt.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	tab := newTable()
	for _, text := range []string{
		"OPTIONS sip:core.example SIP/2.0\nFrom: <sip:a@b.example>;tag=1\nTo: <sip:c@d.example>\nCall-ID: 1\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n",
		"OPTIONS sip:core.example SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\nContent-Length: 0\n\n",
		"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\nContent-Length: 0\n\n",
		"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.10\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
		"SIP/2.0 700 Strange\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
		// §8.1.3.3 "If more than one Via header field value is present in a
		// response, the UAC SHOULD discard the message."
		"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\nVia: SIP/2.0/UDP 192.0.2.11;branch=z9hG4bK2\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
	} {
		before := tab.Live().Malformed
		if out := tab.Handle(epoch, Received{Flow: udp, Message: parse(t, text)}, nil); len(out) != 0 {
			t.Errorf("%q: %s", text, brief(out))
		}
		if tab.Live().Malformed != before+1 {
			t.Errorf("%q: not counted", text)
		}
	}
	if out := tab.Handle(epoch, Received{Flow: udp}, nil); len(out) != 0 {
		t.Errorf("no message: %s", brief(out))
	}
}
