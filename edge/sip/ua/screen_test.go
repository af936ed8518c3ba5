package ua

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/transaction"
)

// registers is an application that serves REGISTER: the user part of the
// Request-URI says what its screen does.
type registers struct {
	legs   Sequence
	served int
}

func (*registers) Deadline() time.Time { return time.Time{} }

func (a *registers) Handle(_ time.Time, in Input, out []Action) []Action {
	if r, ok := in.(Request); ok {
		a.served++
		return append(out, Respond{To: r, Status: 200, Headers: []sip.Header{sip.NewHeader("Min-Expires", "60")}})
	}
	return out
}

func (*registers) screen(_ time.Time, _ flow.Flow, r *sip.Request) Screening {
	switch r.Recipient.User {
	case "pass":
		return Screening{Passed: true}
	case "challenge":
		return Screening{Status: 401, Headers: []sip.Header{sip.NewHeader("WWW-Authenticate", "Digest realm=\"t1.example\"")}}
	}
	return Screening{}
}

var addrStranger = netip.MustParseAddrPort("198.51.100.9:40000")

func outsider(method, user, extra string) []byte {
	return []byte(method + " sip:" + user + "@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK" + user + "\r\n" +
		"From: <sip:1001@t1.example>;tag=f\r\nTo: <sip:1001@t1.example>\r\nCall-ID: c-" + user + "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\n" +
		extra + "Content-Length: 0\r\n\r\n")
}

func TestScreen(t *testing.T) {
	cases := []struct {
		name    string
		message []byte
		answer  string // start of what is sent; "" is silence
		served  int
		kept    bool // a transaction remembers it
	}{
		{"silence", outsider("REGISTER", "drop", ""), "", 0, false},
		{"challenged, and nothing kept", outsider("REGISTER", "challenge", ""), "SIP/2.0 401 Unauthorized\r\n", 0, false},
		{"served", outsider("REGISTER", "pass", ""), "SIP/2.0 200 OK\r\n", 1, true},
		// RFC 3261 §10.3: "the registrar MUST process the Require header field
		// values as described for UASs".
		{"extension required", outsider("REGISTER", "pass", "Require: gruu\r\n"), "SIP/2.0 420 Bad Extension\r\n", 0, true},
		{"another method", outsider("MESSAGE", "pass", ""), "", 0, false},
		{"INVITE", outsider("INVITE", "pass", "Contact: <sip:a@10.0.0.9>\r\n"), "", 0, false},
		{"OPTIONS", outsider("OPTIONS", "pass", ""), "", 0, false},
		{"malformed", outsider("REGISTER", "challenge", "CSeq: 2 REGISTER\r\n"), "", 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			app := &registers{}
			u := New(Config{
				Source: rand.New(rand.NewPCG(1, 2)), Hosts: []leg.Host{{Name: "192.0.2.1", Port: 5060}},
				Peer:     func(flow.Flow) (Peer, bool) { return 0, false },
				Services: map[sip.RequestMethod]Screen{sip.REGISTER: app.screen}, Legs: &app.legs, App: app,
			})
			now := time.Unix(1000, 0)
			var sent []string
			for range 2 { // the second is a retransmission
				for _, a := range u.Datagram(now, flow.Flow{Remote: addrStranger}, c.message, nil) {
					s, ok := a.(Send)
					if !ok || s.Flow.Remote != addrStranger {
						t.Fatalf("%+v", a)
					}
					sent = append(sent, string(s.Data))
				}
			}
			if c.answer == "" {
				counts := u.Counts()
				if len(sent) != 0 || counts.Strangers+sum(counts.Malformed[:]) != 2 {
					t.Fatalf("answered %q, counted %+v", sent, counts)
				}
			} else if len(sent) != 2 || !strings.HasPrefix(sent[0], c.answer) || sent[0] != sent[1] {
				// "MUST generate the same response for both the original and
				// the retransmissions" (RFC 3261 §8.2.7).
				t.Fatalf("answered %q", sent)
			} else if !strings.Contains(sent[0], "rport=40000") || !strings.Contains(sent[0], "received=198.51.100.9") {
				t.Fatalf("Via says nothing of where it came from: %s", sent[0])
			}
			if kept := u.Counts().Transactions != (transaction.Counts{}); kept != c.kept || app.served != c.served {
				t.Fatalf("kept %v, served %d", kept, app.served)
			}
		})
	}
}

func sum(list []uint64) (n uint64) {
	for _, v := range list {
		n += v
	}
	return n
}

// A dialog's request is never a service's, whatever its method.
func TestScreenSparesDialogs(t *testing.T) {
	app := &registers{}
	u := New(Config{
		Source: rand.New(rand.NewPCG(1, 2)), Hosts: []leg.Host{{Name: "192.0.2.1", Port: 5060}},
		Peer:     func(flow.Flow) (Peer, bool) { return 0, false },
		Services: map[sip.RequestMethod]Screen{sip.REGISTER: app.screen}, Legs: &app.legs, App: app,
	})
	m := strings.Replace(string(outsider("REGISTER", "pass", "")), "To: <sip:1001@t1.example>", "To: <sip:1001@t1.example>;tag=x", 1)
	if out := u.Datagram(time.Unix(1000, 0), flow.Flow{Remote: addrStranger}, []byte(m), nil); len(out) != 0 || app.served != 0 {
		t.Fatalf("%+v", out)
	}
}
