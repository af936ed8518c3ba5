package dialog

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/doors"
	"sekisho/edge/sip/transaction"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{
		"github.com/emiago/sipgo/sip", "sekisho/edge/sip/token", "sekisho/edge/sip/transaction", "sekisho/edge/sip/header",
	}})
}

func parse(t *testing.T, text string) sip.Message {
	t.Helper()
	m, err := sip.ParseMessage([]byte(strings.ReplaceAll(strings.TrimLeft(text, "\n"), "\n", "\r\n")))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return m
}

const invite = `
INVITE sip:09000002001@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1
Record-Route: <sip:192.0.2.8;lr>
Record-Route: <sip:192.0.2.7;lr;x=y>
From: "A" <sip:0300009001@a.example>;tag=aa
To: <sip:09000002001@b.example>
Call-ID: c1
CSeq: 7 INVITE
Contact: <sip:a@192.0.2.9:5062>
Max-Forwards: 70
Content-Length: 0

`

const answer = `
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1
Record-Route: <sip:192.0.2.8;lr>
Record-Route: <sip:192.0.2.7;lr;x=y>
From: "A" <sip:0300009001@a.example>;tag=aa
To: <sip:09000002001@b.example>;TAG=bb
Call-ID: c1
CSeq: 7 INVITE
Contact: <sip:b@192.0.2.1:5064>
Content-Length: 0

`

// "The route set MUST be set to the list of URIs in the Record-Route header
// field from the request, taken in order" (RFC 3261 §12.1.1).
func TestUAS(t *testing.T) {
	r := parse(t, invite).(*sip.Request)
	d, err := FromRequest(r, "bb")
	if err != nil {
		t.Fatal(err)
	}
	bye, err := d.Request(sip.BYE)
	if err != nil {
		t.Fatal(err)
	}
	got := bye.String()
	for _, want := range []string{
		"BYE sip:a@192.0.2.9:5062 SIP/2.0\r\nRoute: <sip:192.0.2.8;lr>\r\nRoute: <sip:192.0.2.7;lr;x=y>\r\n",
		"From: <sip:09000002001@b.example>;tag=bb\r\n",
		"To: \"A\" <sip:0300009001@a.example>;tag=aa\r\n",
		"CSeq: 1 BYE\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("BYE lacks %q:\n%s", want, got)
		}
	}
	if d.NextHop() != "sip:192.0.2.8;lr" {
		t.Errorf("next hop %q", d.NextHop())
	}
	if d.InOrder(r) {
		t.Error("the INVITE's own sequence number was taken twice (§12.2.2)")
	}
}

// "The route set MUST be set to the list of URIs in the Record-Route header
// field from the response, taken in reverse order" (RFC 3261 §12.1.2).
func TestUAC(t *testing.T) {
	d, err := FromResponse(parse(t, answer).(*sip.Response), "sip:x@192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if d.RemoteTag != "bb" {
		t.Fatalf("a tag parameter in capitals was missed: %q", d.RemoteTag)
	}
	ack, err := d.Ack(7)
	if err != nil {
		t.Fatal(err)
	}
	got := ack.String()
	for _, want := range []string{
		"ACK sip:b@192.0.2.1:5064 SIP/2.0\r\nRoute: <sip:192.0.2.7;lr;x=y>\r\nRoute: <sip:192.0.2.8;lr>\r\n",
		"CSeq: 7 ACK\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("ACK lacks %q:\n%s", want, got)
		}
	}
	bye, _ := d.Request(sip.BYE)
	if bye.CSeq().SeqNo != 8 {
		t.Errorf("CSeq %d, want one more than the INVITE's", bye.CSeq().SeqNo)
	}
	if !d.Matches(parse(t, "BYE sip:x@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK2\nFrom: <sip:b@b.example>;tag=bb\nTo: <sip:a@a.example>;tag=aa\nCall-ID: c1\nCSeq: 1 BYE\nContent-Length: 0\n\n").(*sip.Request)) {
		t.Error("the peer's BYE does not match")
	}
}

// A route without lr is a strict router (RFC 3261 §12.2.1.1): it takes the
// Request-URI and the target goes to the end of the route set.
func TestStrictRouter(t *testing.T) {
	d := Dialog{CallID: "c", Local: "<sip:a@a.example>;tag=1", Remote: "<sip:b@b.example>;tag=2",
		Target: "sip:b@192.0.2.1", Routes: []string{"<sip:192.0.2.8>", "<sip:192.0.2.7;lr>"}}
	bye, err := d.Request(sip.BYE)
	if err != nil {
		t.Fatal(err)
	}
	if got := bye.String(); !strings.HasPrefix(got, "BYE sip:192.0.2.8 SIP/2.0\r\nRoute: <sip:192.0.2.7;lr>\r\nRoute: <sip:b@192.0.2.1>\r\n") {
		t.Fatalf("got\n%s", got)
	}
	if len(d.Routes) != 2 {
		t.Fatal("building a request changed the route set")
	}
}

// "the route set for the dialog MUST be recomputed based on the 2xx response"
// (RFC 3261 §13.2.2.4); the sequence numbers of the early dialog go on.
func TestConfirm(t *testing.T) {
	early := strings.NewReplacer("200 OK", "180 Ringing", "192.0.2.8;lr", "192.0.2.6;lr", "5064", "5066").Replace(answer)
	d, err := FromResponse(parse(t, early).(*sip.Response), "sip:x@192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	d.LocalSeq, d.RemoteSeq, d.RemoteKnown = 9, 5, true
	d.Confirm(parse(t, answer).(*sip.Response))
	if d.Target != "sip:b@192.0.2.1:5064" || len(d.Routes) != 2 || d.Routes[1] != "<sip:192.0.2.8;lr>" {
		t.Errorf("target %q, routes %q", d.Target, d.Routes)
	}
	if d.LocalSeq != 9 || d.RemoteSeq != 5 {
		t.Errorf("the sequence numbers became %d and %d", d.LocalSeq, d.RemoteSeq)
	}
	d.Confirm(parse(t, strings.Replace(answer, "Contact: <sip:b@192.0.2.1:5064>\n", "", 1)).(*sip.Response))
	if d.Target != "sip:b@192.0.2.1:5064" {
		t.Errorf("a 2xx without Contact moved the target to %q", d.Target)
	}
}

// What remains of a wait remains behind a restart, whenever that is.
func TestSavedAccept(t *testing.T) {
	start := time.Unix(100, 0)
	a := Begin(start, 5, 7, transaction.Timers{T1: 500 * time.Millisecond, T2: 4 * time.Second})
	a.Due(a.Deadline())
	s := a.Save(start.Add(700 * time.Millisecond))
	later := start.Add(time.Hour)
	b := s.Resume(later)
	if got := b.Deadline().Sub(later); got != 800*time.Millisecond {
		t.Errorf("the next copy after %v, want 800ms", got)
	}
	if got := b.Until.Sub(later); got != 32*time.Second-700*time.Millisecond {
		t.Errorf("the end after %v", got)
	}
	var none Accept
	if n := none.Save(start).Resume(later); n.Waiting() || !n.Deadline().IsZero() {
		t.Error("nothing became a wait")
	}
}

func TestNoDialog(t *testing.T) {
	r := parse(t, strings.Replace(invite, "Contact: <sip:a@192.0.2.9:5062>\n", "", 1)).(*sip.Request)
	if _, err := FromRequest(r, "x"); err == nil {
		t.Error("an INVITE without Contact made a dialog")
	}
	if _, err := FromResponse(parse(t, strings.Replace(answer, ";TAG=bb", "", 1)).(*sip.Response), "sip:x@192.0.2.1"); err == nil {
		t.Error("a response without To tag made a dialog")
	}
	d := Dialog{Target: "::", Local: "x"}
	if _, err := d.Request(sip.BYE); err == nil {
		t.Error("a target that is no URI was accepted")
	}
}

// "the retransmission … with an interval that starts at T1 seconds and doubles
// for each retransmission until it reaches T2 seconds … for 64*T1 seconds"
// (RFC 3261 §13.3.1.4).
func TestAccept(t *testing.T) {
	start := time.Unix(100, 0)
	a := Begin(start, 5, 7, transaction.Timers{T1: 500 * time.Millisecond, T2: 4 * time.Second})
	var at []time.Duration
	for {
		now := a.Deadline()
		repeat, lost := a.Due(now)
		if lost {
			if now.Sub(start) != 32*time.Second {
				t.Fatalf("gave up after %v", now.Sub(start))
			}
			break
		}
		if repeat != 5 {
			t.Fatalf("nothing due at its own deadline")
		}
		at = append(at, now.Sub(start))
	}
	want := []time.Duration{500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500}
	if len(at) != len(want) {
		t.Fatalf("repeated at %v", at)
	}
	for i := range want {
		if at[i] != want[i]*time.Millisecond {
			t.Fatalf("repeated at %v, want %v ms", at, want)
		}
	}
	b := Begin(start, 5, 7, transaction.Timers{T1: 1, T2: 1})
	if b.Acked(8) || !b.Acked(7) || b.Waiting() || !b.Deadline().IsZero() {
		t.Fatal("only the ACK of the INVITE's own CSeq ends the wait")
	}
}
