package transaction

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

const viasAndRoutes = `INVITE sip:0300000101@core.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa
Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKb
Record-Route: <sip:p2.example;lr>
Record-Route: <sip:p1.example;lr>
From: <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>
Call-ID: c1@carrier.example
CSeq: 7 INVITE
timestamp: 54
Max-Forwards: 70
Content-Length: 3

v=0`

func TestReply(t *testing.T) {
	req := parse(t, viasAndRoutes).(*sip.Request)
	for _, tt := range []struct {
		name   string
		status int
		reason string
		tag    token.Tag
		want   string
	}{
		{
			`§8.2.6.1 "any Timestamp header field present in the request MUST be copied into this 100 (Trying) response"; no tag`,
			100, "", "ours", `SIP/2.0 100 Trying
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa
Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKb
timestamp: 54
From: <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>
Call-ID: c1@carrier.example
CSeq: 7 INVITE
Content-Length: 0

`,
		},
		{
			`§12.1.1 "the UAS MUST copy all Record-Route header field values from the request into the response", in their order`,
			180, "", "ours", `SIP/2.0 180 Ringing
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa
Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKb
Record-Route: <sip:p2.example;lr>
Record-Route: <sip:p1.example;lr>
From: <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>;tag=ours
Call-ID: c1@carrier.example
CSeq: 7 INVITE
Content-Length: 0

`,
		},
		{
			`§8.2.6.2 "The Via header field values in the response MUST equal the Via header field values in the request and MUST maintain the same ordering"`,
			486, "Talking", "ours", `SIP/2.0 486 Talking
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa
Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKb
From: <sip:09000000001@carrier.example>;tag=f1
To: <sip:0300000101@core.example>;tag=ours
Call-ID: c1@carrier.example
CSeq: 7 INVITE
Content-Length: 0

`,
		},
	} {
		got := Reply(req, tt.status, tt.reason, tt.tag).String()
		if want := strings.ReplaceAll(tt.want, "\n", "\r\n"); got != want {
			t.Errorf("%s\n got %q\nwant %q", tt.name, got, want)
		}
	}
	if to := req.To(); len(to.Params) != 0 {
		t.Errorf("Reply changed the request's To: %v", to)
	}
}

// "if the To header field in the request already contains a tag, the To header
// field in the response MUST equal that of the request" (RFC 3261 §8.2.6.2).
func TestReplyKeepsToTag(t *testing.T) {
	for to, want := range map[string]string{
		"<sip:a@core.example>;tag=theirs": "<sip:a@core.example>;tag=theirs",
		"<sip:a@core.example>;TAG=theirs": "<sip:a@core.example>;TAG=theirs",
		"<sip:a@core.example>;x=1":        "<sip:a@core.example>;x=1;tag=ours",
	} {
		text := strings.Replace(viasAndRoutes, "<sip:0300000101@core.example>\nCall-ID", to+"\nCall-ID", 1)
		res := Reply(parse(t, text).(*sip.Request), 486, "", "ours")
		if got := res.To().Value(); got != want {
			t.Errorf("To %q: got %q, want %q", to, got, want)
		}
	}
}

func TestReplyToAlmostNothing(t *testing.T) {
	res := Reply(sip.NewRequest(sip.OPTIONS, sip.Uri{Host: "core.example"}), 400, "", "ours")
	if got, want := res.String(), "SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReason(t *testing.T) {
	for status, want := range map[int]string{
		200: "OK", 199: "Early Dialog Terminated", 150: "Progress", 299: "Success", 399: "Redirection",
		499: "Request Failure", 599: "Server Failure", 699: "Global Failure",
	} {
		if got := Reason(status); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

// RFC 3261 §18.2.1 "If the host portion of the "sent-by" parameter contains a
// domain name, or if it contains an IP address that differs from the packet
// source address, the server MUST add a "received" parameter"; RFC 3581 §4 "it
// MUST set the value of the parameter to the source port of the request [...]
// MUST insert a "received" parameter".
func TestAnswersGoBackToTheirSource(t *testing.T) {
	v6 := netip.MustParseAddrPort("[2001:db8::10]:5070")
	for _, tt := range []struct {
		via    string
		source netip.AddrPort
		want   string
	}{
		{"192.0.2.10:5060;branch=z9hG4bKa", udp.Remote, "192.0.2.10:5060;branch=z9hG4bKa"},
		{"192.0.2.10:5062;branch=z9hG4bKa", udp.Remote, "192.0.2.10:5062;branch=z9hG4bKa"},
		{"192.0.2.10:5060;branch=z9hG4bKa;rport", udp.Remote, "192.0.2.10:5060;branch=z9hG4bKa;rport=5060;received=192.0.2.10"},
		{"192.0.2.10:5060;RPORT;branch=z9hG4bKa", udp.Remote, "192.0.2.10:5060;RPORT=5060;branch=z9hG4bKa;received=192.0.2.10"},
		{"sbc.example;branch=z9hG4bKa", udp.Remote, "sbc.example;branch=z9hG4bKa;received=192.0.2.10"},
		{"10.0.0.1;branch=z9hG4bKa", udp.Remote, "10.0.0.1;branch=z9hG4bKa;received=192.0.2.10"},
		{"192.0.2.10;branch=z9hG4bKa;received=198.51.100.66", udp.Remote, "192.0.2.10;branch=z9hG4bKa;received=192.0.2.10"},
		{"192.0.2.10;branch=z9hG4bKa;maddr=198.51.100.66", udp.Remote, "192.0.2.10;branch=z9hG4bKa;maddr=198.51.100.66"},
		{"[2001:db8::10]:5070;branch=z9hG4bKa", v6, "[2001:db8::10]:5070;branch=z9hG4bKa"},
		{"[2001:db8::11]:5070;branch=z9hG4bKa;rport", v6, "[2001:db8::11]:5070;branch=z9hG4bKa;rport=5070;received=2001:db8::10"},
	} {
		text := strings.Replace(viasAndRoutes, "192.0.2.10:5060;branch=z9hG4bKa", tt.via, 1)
		req := parse(t, text).(*sip.Request)
		from := flow.Flow{Remote: tt.source}
		tab := newTable()
		out := tab.Handle(epoch, Received{Flow: from, Message: req}, nil)
		out = tab.Handle(epoch, Respond{ID: out[0].(Arrived).ID, Response: Reply(req, 486, "", "ours")}, nil)
		sent := out[0].(Send)
		if sent.Flow != from {
			t.Errorf("%s: answered to %v", tt.via, sent.Flow)
		}
		via := strings.Split(string(sent.Data), "\r\n")[1]
		if want := "Via: SIP/2.0/UDP " + tt.want; via != want {
			t.Errorf("%s: got %q, want %q", tt.via, via, want)
		}
	}
}

// RFC 3261 §17.1.1.3: "The ACK request constructed by the client transaction
// MUST contain values for the Call-ID, From, and Request-URI that are equal to
// the values of those header fields in the request passed to the transport [...]
// The To header field in the ACK MUST equal the To header field in the response
// being acknowledged [...] a single Via header field, and this MUST be equal to
// the top Via header field of the original request. The CSeq header field in
// the ACK MUST contain the same value for the sequence number [...] but the
// method parameter MUST be equal to "ACK". If the INVITE request whose response
// is being acknowledged had Route header fields, those header fields MUST
// appear in the ACK."
func TestACK(t *testing.T) {
	invite := parse(t, `INVITE sip:09000000002@192.0.2.10;user=phone SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKaaaa
Via: SIP/2.0/UDP behind.example;branch=z9hG4bKb
Route: <sip:p1.example;lr>
Max-Forwards: 68
Route: <sip:p2.example;lr>
From: "A: B" <sip:0300000101@sbc.example>;tag=f1
To: <sip:09000000002@carrier.example>
Call-ID: c1@sbc.example
CSeq: 7 INVITE
Supported: 100rel
Content-Length: 26

v=0
To: <sip:nobody>
CSeq: 1`).(*sip.Request)
	const want = `ACK sip:09000000002@192.0.2.10;user=phone SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKaaaa
Route: <sip:p1.example;lr>
Route: <sip:p2.example;lr>
From: "A: B" <sip:0300000101@sbc.example>;tag=f1
Call-ID: c1@sbc.example
CSeq: 7 ACK
To: <sip:0300000101@core.example>;tag=t1
Max-Forwards: 70
Content-Length: 0

`
	tab := newTable()
	tab.Handle(epoch, Request{Flow: udp, Request: invite}, nil)
	out := tab.Handle(epoch, Received{Flow: udp, Message: newResponse(t, sip.INVITE, branch, 486, "t1")}, nil)
	sent := out[0].(Send)
	if got := string(sent.Data); got != strings.ReplaceAll(want, "\n", "\r\n") {
		t.Errorf("got %q\nwant %q", got, want)
	}
	again := tab.Handle(epoch, Received{Flow: udp, Message: newResponse(t, sip.INVITE, branch, 486, "t1")}, nil)
	if !slices.Equal(again[0].(Send).Data, sent.Data) {
		t.Error("the second ACK differs")
	}
	if parse(t, strings.ReplaceAll(string(sent.Data), "\r\n", "\n")).(*sip.Request).CSeq().MethodName != sip.ACK {
		t.Error("the ACK does not parse")
	}
}

// "the To tag of the response to the CANCEL and the To tag in the response to
// the original request SHOULD be the same" (RFC 3261 §9.2).
func TestCancelSharesToTag(t *testing.T) {
	tab := newTable()
	invite := newRequest(t, sip.INVITE, branch)
	tab.Handle(epoch, Received{Flow: udp, Message: invite}, nil)
	tab.Handle(epoch, Own{ID: first, Owner: 77}, nil)
	tab.Handle(epoch, Respond{ID: first, Response: Reply(invite, 180, "", "ours")}, nil)
	out := tab.Handle(epoch, Received{Flow: udp, Message: newRequest(t, sip.CANCEL, branch)}, nil)
	if !strings.Contains(string(out[0].(Send).Data), ";tag=ours\r\n") {
		t.Errorf("answer to CANCEL: %q", out[0].(Send).Data)
	}
	if c := out[1].(Cancelled); c.Owner != 77 || c.ID != first {
		t.Errorf("cancelled %+v", c)
	}
}

// A stateless answer has "the same tag for both the original and the
// retransmissions" (RFC 3261 §8.2.7).
func TestLimit(t *testing.T) {
	tab := NewTable(Config{Tokens: new(counter), MaxLive: 2})
	offer := func(m sip.Message) []Action { return tab.Handle(epoch, Received{Flow: udp, Message: m}, nil) }
	offer(newRequest(t, sip.INVITE, "z9hG4bK1"))
	offer(newRequest(t, sip.OPTIONS, "z9hG4bK2"))

	refused := offer(newRequest(t, sip.INVITE, "z9hG4bK3"))
	if got := brief(refused); got != "send 503" {
		t.Fatalf("over the limit: %q", got)
	}
	if !strings.Contains(string(refused[0].(Send).Data), "Retry-After: ") {
		t.Errorf("no Retry-After: %q", refused[0].(Send).Data)
	}
	again := offer(newRequest(t, sip.INVITE, "z9hG4bK3"))
	if !slices.Equal(refused[0].(Send).Data, again[0].(Send).Data) {
		t.Error("the answer to a retransmission differs")
	}
	inDialog := change(t, sip.BYE, "z9hG4bK4", "To: <sip:0300000101@core.example>", "To: <sip:0300000101@core.example>;tag=ours")
	if got := brief(offer(inDialog)); got != "arrived BYE" {
		t.Errorf("BYE over the limit: %q", got)
	}
	if got := brief(offer(newRequest(t, sip.CANCEL, "z9hG4bK1"))); got != "send 200, cancelled" {
		t.Errorf("CANCEL over the limit: %q", got)
	}
	if c := tab.Live(); c.Refused != 2 || c.Live[InviteServer] != 1 || c.Live[NonInviteServer] != 2 || c.Lingering != 1 {
		t.Errorf("counts %+v", c)
	}
	tab.Handle(epoch, Respond{ID: 2, Response: Reply(newRequest(t, sip.OPTIONS, "z9hG4bK2"), 200, "", "ours")}, nil)
	tab.Handle(epoch, Respond{ID: 3, Response: Reply(inDialog, 200, "", "ours")}, nil)
	if got := brief(offer(newRequest(t, sip.INVITE, "z9hG4bK3"))); got != "arrived INVITE" {
		t.Errorf("below the limit again: %q", got)
	}
}

// The guard leaves Record-Route as text, since the library cannot write its
// parameters back; a dialog needs it all the same (RFC 3261 §12.1.1).
func TestReplyCopiesTextualRecordRoute(t *testing.T) {
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "b.example"})
	req.AppendHeader(sip.NewHeader("Record-Route", "<sip:192.0.2.8;lr>;x=y"))
	for status, want := range map[int]int{100: 0, 180: 1, 200: 1, 486: 0} {
		if got := len(Reply(req, status, "", "t").GetHeaders("Record-Route")); got != want {
			t.Errorf("%d carries %d Record-Routes, want %d", status, got, want)
		}
	}
}
