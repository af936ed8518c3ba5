package ua

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
)

// letter is a request of A's to B, written by hand.
type letter struct {
	method, branch, toTag string
	seq                   int
	extra                 string
}

func (l letter) String() string {
	to := "<sip:2001@b.example>"
	if l.toTag != "" {
		to += ";tag=" + l.toTag
	}
	return strings.ReplaceAll(fmt.Sprintf("%s sip:2001@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%s\n"+
		"From: <sip:0300009001@a.example>;tag=aa\nTo: %s\nCall-ID: c1\nCSeq: %d %s\nContact: <sip:a@192.0.2.1>\n%sContent-Length: 0\n\n",
		l.method, l.branch, to, l.seq, l.method, l.extra), "\n", "\r\n")
}

// hand gives B a message and returns what it answers at once: the status line's
// code and, behind a slash, the To tag.
func (n *net) hand(from netip.AddrPort, data string) []string {
	var said []string
	for _, a := range n.b.Datagram(n.now, flow.Flow{Remote: from}, []byte(data), nil) {
		if s, ok := a.(Send); ok {
			said = append(said, string(s.Data))
		}
	}
	return said
}

func codes(said []string) string {
	var list []string
	for _, s := range said {
		if code, ok := strings.CutPrefix(s, "SIP/2.0 "); ok {
			list = append(list, code[:3])
		} else {
			method, _, _ := strings.Cut(s, " ")
			list = append(list, method)
		}
	}
	return strings.Join(list, " ")
}

func toTag(message string) string {
	_, to, _ := strings.Cut(message, "\r\nTo: ")
	to, _, _ = strings.Cut(to, "\r\n")
	_, tag, _ := strings.Cut(to, ";tag=")
	return tag
}

func TestOutsideDialog(t *testing.T) {
	for _, c := range []struct {
		name, sentence string
		in             letter
		want           string
	}{
		{"OPTIONS", `"The response code chosen MUST be the same that would have been chosen had the request been an INVITE" (RFC 3261 §11.2)`,
			letter{method: "OPTIONS", seq: 1}, "200"},
		{"INVITE", `one 100, then the application's word`, letter{method: "INVITE", seq: 1, extra: "Max-Forwards: 70\n"}, "100"},
		{"extension", `"MUST respond by generating a response with status code 420 (Bad Extension)" (§8.2.2.3)`,
			letter{method: "INVITE", seq: 1, extra: "Require: 100rel\nRequire: timer\n"}, "420"},
		{"no hops left", `Max-Forwards 0 is answered 483 (§16.3)`, letter{method: "INVITE", seq: 1, extra: "Max-Forwards: 0\n"}, "483"},
		{"BYE", `"If the BYE does not match an existing dialog, the UAS core SHOULD generate a 481" (§15.1.2)`, letter{method: "BYE", seq: 1}, "481"},
		{"known method", `"405 (Method Not Allowed)" (§8.2.1)`, letter{method: "SUBSCRIBE", seq: 1}, "405"},
		{"unknown method", `501 is for a method that is not recognised (§21.5.2)`, letter{method: "FROB", seq: 1}, "501"},
		{"unknown dialog", `481 (§12.2.2)`, letter{method: "INVITE", seq: 1, toTag: "zz"}, "481"},
		{"stray ACK", `an ACK is never answered (§17)`, letter{method: "ACK", seq: 1, toTag: "zz"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNet(t, 1, 0)
			c.in.branch = "1"
			said := n.hand(addrA, c.in.String())
			if got := codes(said); got != c.want {
				t.Fatalf("%s\nanswered %q, want %q", c.sentence, got, c.want)
			}
			if c.want == "420" && !strings.Contains(said[0], "\r\nUnsupported: 100rel, timer\r\n") {
				t.Errorf("the 420 does not say what is lacking:\n%s", said[0])
			}
			invites := uint64(0)
			if c.in.method == "INVITE" && c.in.toTag == "" && c.want != "100" {
				invites = 1
			}
			if c := n.b.Counts(); c.RefusedInvites != invites {
				t.Errorf("%d calls refused before they were any", c.RefusedInvites)
			}
			n.do(n.b, n.pb.last, leg.HangUp{})
			n.settled()
		})
	}
}

// "If the request has no tag in the To header field, [...] if the From tag,
// Call-ID, and CSeq exactly match those associated with an ongoing transaction,
// but the request does not match that transaction [...], the UAS core SHOULD
// generate a 482 (Loop Detected) response" (RFC 3261 §8.2.2.2).
func TestMerged(t *testing.T) {
	n := newNet(t, 1, 0)
	first := letter{method: "INVITE", branch: "1", seq: 1}
	if got := codes(n.hand(addrA, first.String())); got != "100" {
		t.Fatalf("the first copy got %q", got)
	}
	if got := codes(n.hand(addrA, first.String())); got != "100" {
		t.Fatalf("a retransmission got %q, want the 100 again", got)
	}
	other := letter{method: "INVITE", branch: "2", seq: 1}
	if got := codes(n.hand(addrA, other.String())); got != "482" {
		t.Fatalf("the second copy got %q", got)
	}
	if got := codes(n.hand(addrA, letter{method: "INVITE", branch: "3", seq: 2}.String())); got != "100" {
		t.Fatalf("another INVITE of the same Call-ID got %q", got)
	}
	if c := n.b.Counts(); c.Merged != 1 || c.Legs != 2 {
		t.Errorf("%d merged, %d legs", c.Merged, c.Legs)
	}
	n.do(n.b, 1, leg.HangUp{})
	other.branch = "4"
	if got := codes(n.hand(addrA, other.String())); got != "100" {
		t.Fatalf("another try after the refusal of the first got %q", got)
	}
	n.do(n.b, n.pb.last, leg.Answer{Media: nil})
	other.branch = "5"
	if got := codes(n.hand(addrA, other.String())); got != "100" {
		t.Fatalf("another try after the refusal of the second got %q", got)
	}
	n.do(n.b, n.pb.last, leg.Answer{Media: media(addrB)})
	other.branch = "6"
	if got := codes(n.hand(addrA, other.String())); got != "482" {
		t.Fatalf("a copy of an answered INVITE got %q", got)
	}
	for id := range n.b.legs {
		n.do(n.b, id, leg.HangUp{})
	}
	n.settled()
}

// "the To tag of the response to the CANCEL and the To tag in the response to
// the original request SHOULD be the same" (RFC 3261 §9.2), also where no
// response with a tag has gone out before.
func TestCancelTag(t *testing.T) {
	n := newNet(t, 1, 0)
	n.hand(addrA, letter{method: "INVITE", branch: "1", seq: 1}.String())
	said := n.hand(addrA, letter{method: "CANCEL", branch: "1", seq: 1}.String())
	if got := codes(said); got != "200 487" {
		t.Fatalf("CANCEL gave %q", got)
	}
	if a, b := toTag(said[0]), toTag(said[1]); a == "" || a != b {
		t.Errorf("200 has To tag %q, 487 %q", a, b)
	}
	n.settled()
}

// A request from nobody we know is neither answered nor remembered; one for a
// dialog with somebody else ends nothing.
func TestStrangers(t *testing.T) {
	n := newNet(t, 1, 0)
	stranger := netip.MustParseAddrPort("203.0.113.9:5060")
	for _, method := range []string{"INVITE", "OPTIONS", "BYE"} {
		if said := n.hand(stranger, letter{method: method, branch: "s" + method, seq: 1}.String()); len(said) > 0 {
			t.Errorf("%s of a stranger was answered %q", method, said)
		}
	}
	if c := n.b.Counts(); c.Strangers != 3 || c.Transactions.Waiting() != 0 || c.Legs != 0 {
		t.Errorf("strangers left something behind: %+v", c)
	}
	rival := netip.MustParseAddrPort("192.0.2.77:5060")
	n.b.cfg.Peer = func(f flow.Flow) (Peer, bool) { return Peer(f.Remote.Addr().As4()[3]), true }
	n.pb.on = answering(200)
	dial(n)
	n.run(time.Second)
	tag := ""
	for known := range n.b.tags {
		tag = string(known)
	}
	l := n.b.legs[n.pb.last]
	bye := strings.Replace(letter{method: "BYE", branch: "r", toTag: tag, seq: 9}.String(), "Call-ID: c1", "Call-ID: call-1", 1)
	bye = strings.Replace(bye, "tag=aa", "tag="+string(n.a.legs[1].LocalTag()), 1)
	if got := codes(n.hand(rival, bye)); got != "481" || l.State() != leg.Confirmed {
		t.Errorf("another peer's BYE got %q and the leg is %v", got, l.State())
	}
	if got := codes(n.hand(addrA, bye)); got != "200" {
		t.Errorf("the same BYE from the peer itself got %q", got)
	}
}

// Every 2xx of a forked INVITE is acknowledged, every dialog but one ended with
// BYE, also when the call itself is long over (RFC 3261 §13.2.2.4).
func TestForkedAnswers(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(200)
	n.cut = "ACK"
	var ok string
	n.onSend = func(u *UA, data string) {
		if u == n.b && strings.HasPrefix(data, "SIP/2.0 200") && strings.Contains(data, " INVITE\r\n") {
			ok = data
		}
	}
	id := dial(n)
	n.run(10 * time.Millisecond)
	fork := strings.Replace(ok, ";tag="+toTag(ok), ";tag=other", 1)
	back := func(data string) string {
		var said []string
		for _, a := range n.a.Datagram(n.now, flow.Flow{Remote: addrB}, []byte(data), nil) {
			if s, ok := a.(Send); ok {
				said = append(said, string(s.Data))
			}
		}
		return codes(said)
	}
	if got := back(ok); got != "ACK" {
		t.Errorf("the same 2xx again got %q", got)
	}
	if got := back(fork); got != "ACK BYE" {
		t.Errorf("a 2xx of another branch got %q", got)
	}
	if got := back(fork); got != "ACK" {
		t.Errorf("and again %q: one BYE is enough", got)
	}
	n.cut = ""
	n.do(n.a, id, leg.HangUp{})
	n.run(2 * time.Second)
	if n.a.Counts().Legs != 0 {
		t.Fatal("the leg lives on")
	}
	if got := back(strings.Replace(fork, "tag=other", "tag=third", 1)); got != "ACK BYE" {
		t.Errorf("a 2xx behind the end of the leg got %q", got)
	}
}
