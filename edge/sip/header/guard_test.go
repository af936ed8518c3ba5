package header

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestGuardRefuses(t *testing.T) {
	many := func(n int, part string) string { return strings.Repeat(part, n) }
	cases := []struct {
		name, in string
		kind     Kind
		status   int
	}{
		// LIBRARIES: what the message library would let pass.
		{"From twice", message("From: <sip:a@carrier.example>;tag=1", "f: <sip:b@carrier.example>;tag=1"), Duplicate, 400},
		{"To twice", message("To: <sip:a@carrier.example>", "To: <sip:b@carrier.example>"), Duplicate, 400},
		{"Call-ID twice", message("Call-ID: a", "i: b"), Duplicate, 400},
		{"Max-Forwards twice", message("Max-Forwards: 1", "Max-Forwards: 70"), Duplicate, 400},
		{"Content-Type twice", message("Content-Type: application/sdp", "c: text/plain"), Duplicate, 400},
		{"Session-Expires twice", message("Session-Expires: 90", "x: 1800"), Duplicate, 400},
		{"bare LF", message("Subject: a\nX-Injected: b"), LineEnd, 400},
		{"bare CR", message("Subject: a\rX-Injected: b"), LineEnd, 400},
		{"bare CR at the end", message("Subject: a\r"), LineEnd, 400},
		{"CR escaped in quotes", message("To: \"a\\\rb\" <sip:a@carrier.example>"), LineEnd, 0},
		{"NUL", message("Subject: a\x00b"), ControlOctet, 400},
		{"NUL in quotes", message("Contact: \"a\x00\" <sip:a@192.0.2.1>"), ControlOctet, 400},
		{"NUL in the start line", strings.Replace(message(), "@192", "\x00@192", 1), ControlOctet, 400},
		{"DEL in a folded value", message("Subject: a\r\n \x7f"), ControlOctet, 400},
		{"name with a blank", message("P Asserted: x"), HeaderName, 400},
		{"name with a tab inside", message("P-Asserted-\tIdentity: <tel:1>"), HeaderName, 400},
		{"no name", message(": x"), HeaderName, 400},
		{"no colon", message("Subject"), HeaderName, 400},
		{"folding after the start line", strings.Replace(message(), "\r\n", "\r\n Subject: x\r\n", 1), HeaderName, 400},
		{"tag with =", message("From: <sip:a@carrier.example>;tag=ab=cd"), BadTag, 400},
		{"tag without value", message("From: <sip:a@carrier.example>;tag"), BadTag, 400},
		{"quoted tag", message("From: <sip:a@carrier.example>;tag=\"a\""), BadTag, 400},
		{"two tags", message("From: <sip:a@carrier.example>;tag=a;TAG=b"), Duplicate, 400},
		{"Via without host", message("Via: SIP/2.0/UDP ;branch=z9hG4bK1"), BadVia, 0},
		{"Via without transport", message("Via: SIP/2.0/ 192.0.2.1;branch=z9hG4bK1"), BadVia, 0},
		{"Via with a broken host", message("Via: SIP / 2.0 / UDP host: 4000x"), BadVia, 400},
		{"Via with two words", message("Via: SIP/2.0/UDP one two;branch=z9hG4bK1"), BadVia, 400},
		{"Via port 0", message("Via: SIP/2.0/UDP 192.0.2.1:0;branch=z9hG4bK1"), BadVia, 400},
		{"Via of SIP 3", message("Via: SIP/3.0/UDP 192.0.2.1;branch=z9hG4bK1"), BadVia, 400},
		{"second Via broken", message("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1, SIP/2.0/UDP"), BadVia, 400},
		{"two branches", message("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;branch=z9hG4bK2"), Duplicate, 400},
		{"empty Via parameter", message("Via: SIP/2.0/UDP 192.0.2.1;;branch=z9hG4bK1"), BadParameter, 400},
		{"unterminated quote", message("Contact: \"a <sip:a@192.0.2.1>"), BadAddress, 400},
		{"text between quote and bracket", message("From: \"a\" b <sip:a@192.0.2.1>;tag=1"), BadAddress, 400},
		{"two addresses in From", message("From: <sip:a@carrier.example>;tag=1, <sip:b@carrier.example>"), BadParameter, 400},
		{"no Via", strings.Replace(message(), "Via:", "X-Via:", 1), Missing, 0},
		{"no To", strings.Replace(message(), "To:", "X-To:", 1), Missing, 0},
		{"two Contacts in an INVITE", message("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.2>"), Duplicate, 400},
		{"empty Contact", message("Contact:"), BadAddress, 400},
		{"Route without brackets", message("Route: sip:192.0.2.1;lr"), BadAddress, 400},
		{"empty Content-Type", message("Content-Type:"), BadValue, 400},
		{"Max-Forwards 256", message("Max-Forwards: 256"), BadNumber, 400},
		{"body short", message("Content-Length: 5") + "1234", BodyShort, 400},
		{"status line with two spaces", strings.Replace(response(), "200", " 200", 1), StartLine, 0},

		// URIs the library would divide in another place.
		{"two @", strings.Replace(message(), "@192", "@a@192", 1), BadURI, 400},
		{"no host", strings.Replace(message(), "192.0.2.10;user=phone", "", 1), BadURI, 400},
		{"port with a sign", strings.Replace(message(), ";user", ":+5060;user", 1), BadURI, 400},
		{"port 65536", strings.Replace(message(), ";user", ":65536;user", 1), BadURI, 400},
		{"bracket in the user", strings.Replace(message(), "03000", "[3000", 1), BadURI, 400},
		{"bracket behind the host", strings.Replace(message(), "0300000001@192.0.2.10;user=phone", "192.0.2.10;x=[2001:db8::66]", 1), BadURI, 400},
		{"scheme with a digit in From", message("From: <h323:a@carrier.example>;tag=1"), BadURI, 400},
		{"slashes", strings.Replace(message(), "sip:", "sip://", 1), BadURI, 400},
		{"empty URI parameter", strings.Replace(message(), ";user", ";;user", 1), BadURI, 400},
		{"headers in From", message("From: <sip:a@carrier.example?Route=x>;tag=1"), BadURI, 400},
		{"user without scheme", strings.Replace(message(), "sip:", "", 1), BadURI, 400},

		// Requests that have no answer.
		{"ACK", strings.ReplaceAll(message("Subject: \x00"), "INVITE", "ACK"), ControlOctet, 0},
		{"response", response("Subject: \x00"), ControlOctet, 0},
		{"control octet in From itself", message("From: <sip:a@carrier.example>;tag=1\x01"), BadParameter, 0},

		// Limits.
		{"lines", message(strings.Split(many(129, "X-A: y\n")+"X-A: y", "\n")...), TooMany, 513},
		{"header section", message("X-A: " + many(17000, "y")), TooLarge, 513},
		{"datagram", message() + many(65536, "y"), TooLarge, 513},
		{"parameters of a URI", strings.Replace(message(), ";user", many(65, ";a")+";user", 1), TooMany, 513},
		{"parameters of From", message("From: <sip:a@carrier.example>;tag=1" + many(65, ";a")), TooMany, 513},
		{"Vias in a line", message("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1" + many(70, ", SIP/2.0/UDP 192.0.2.1")), TooMany, 513},
	}
	g := NewGuard(Limits{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := g.Canonical([]byte(c.in))
			f, ok := err.(*Fault)
			if !ok {
				t.Fatalf("passed, want %v", c.kind)
			}
			if f.Kind != c.kind || f.Status != c.status {
				t.Errorf("got %v with status %d, want %v with %d", f, f.Status, c.kind, c.status)
			}
			if _, err := g.Canonical([]byte(message())); err != nil {
				t.Errorf("the guard is spoilt for the next message: %v", err)
			}
		})
	}
}

func TestGuardRewrites(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"LWS around ; and =", "From: <sip:b@carrier.example> ; tag = 1", "From: <sip:b@carrier.example>;tag=1"},
		{"capital tag", "From: <sip:b@carrier.example>;TAG=Xy", "From: <sip:b@carrier.example>;tag=Xy"},
		{"addr-spec", "To: sip:b@carrier.example ; tag=1", "To: sip:b@carrier.example;tag=1"},
		{"display name", "From: \"A  B\"   <sip:b@carrier.example>;tag=1", "From: \"A  B\" <sip:b@carrier.example>;tag=1"},
		{"unquoted display name", "From: A \t B <sip:b@carrier.example>;tag=1", "From: A B <sip:b@carrier.example>;tag=1"},
		{"a tag hidden in quotes", "From: <sip:b@carrier.example>;tag=real;x=\"a;tag=evil\"", "From: <sip:b@carrier.example>;tag=real"},
		{"a quoted value the library carries", "From: <sip:b@carrier.example>;x=\"a,b\" ;tag=1", "From: <sip:b@carrier.example>;tag=1"},
		{"escaped control octet", "From: \"a\\\x00\\\"b\" <sip:b@carrier.example>;tag=1", "From: \"a?\\\"b\" <sip:b@carrier.example>;tag=1"},
		{"Via", "v : sip / 2.0 / UDP  192.0.2.1 : 5060 ; branch = z9hG4bKx ;RPORT", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport"},
		{"Via list", "Via: SIP/2.0/UDP 192.0.2.1, SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKx", "Via: SIP/2.0/UDP 192.0.2.1\r\nVia: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKx"},
		{"quoted Via parameter", "Via: SIP/2.0/UDP 192.0.2.1;x=\"a,b\";branch=z9hG4bKx", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"},
		{"Route list", "Route: <sip:192.0.2.1;lr>,<sip:192.0.2.2;lr>;x=1", "Route: <sip:192.0.2.1;lr>\r\nRoute: <sip:192.0.2.2;lr>;x=1"},
		{"comma inside brackets and quotes", "Route: \"a,b\" <sip:a,b@192.0.2.1;lr>", "Route: \"a,b\" <sip:a,b@192.0.2.1;lr>"},
		{"Contact with an escaped quote", "m: \"a\\\"b,c\" <sip:a@192.0.2.1>", "Contact: <sip:a@192.0.2.1>"},
		{"CSeq", "CSeq: 0009 \t INVITE", "CSeq: 0009 INVITE"},
		{"compact the library does not know", "k: timer,100rel", "Supported: timer,100rel"},
		{"all the others", "x: 90\r\nr: <sip:a@192.0.2.1>\r\nb: <sip:a@192.0.2.1>\r\no: e\r\ns: t\r\nu: p\r\ne: gzip\r\na: *\r\nj: *\r\nd: fork\r\ny: id\r\nn: inf",
			"Session-Expires: 90\r\nRefer-To: <sip:a@192.0.2.1>\r\nReferred-By: <sip:a@192.0.2.1>\r\nEvent: e\r\nSubject: t\r\nAllow-Events: p\r\nContent-Encoding: gzip\r\nAccept-Contact: *\r\nReject-Contact: *\r\nRequest-Disposition: fork\r\nIdentity: id\r\nIdentity-Info: inf"},
		{"a letter that abbreviates nothing", "z: 1\r\nSubject : x", "z: 1\r\nSubject: x"},
		{"folding", "X-Long: a\r\n\t b\r\n  c", "X-Long: a b c"},
		{"an unknown name keeps its case", "x-oDD  : v", "x-oDD: v"},
	}
	g := NewGuard(Limits{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out, err := g.Canonical([]byte(message(strings.Split(c.in, "\r\n")...)))
			if strings.Contains(c.in, "\r\n\t") {
				out, err = g.Canonical([]byte(message(c.in)))
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(out, []byte("\r\n"+c.want+"\r\n")) {
				t.Errorf("got\n%s\nwant the lines\n%s", out, c.want)
			}
		})
	}
}

func TestGuardCutsTheRest(t *testing.T) {
	// "If there are additional bytes in the transport packet beyond the end of
	// the body, they MUST be discarded" (RFC 3261 §18.3).
	for _, lines := range [][]string{{"Content-Length: 4"}, {"l: 4"}} {
		out, err := NewGuard(Limits{}).Canonical([]byte(message(lines...) + "bodyBYE sip:a@b SIP/2.0\r\n"))
		if err != nil || !bytes.HasSuffix(out, []byte("\r\n\r\nbody")) {
			t.Errorf("%q: %v", out, err)
		}
	}
}

func TestGuardStartLine(t *testing.T) {
	g := NewGuard(Limits{})
	t.Run("a reason that looks like a version", func(t *testing.T) {
		m, err := Parse(g, []byte(strings.Replace(response(), "200 OK", "488 SIPfrag", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if r := m.(*sip.Response); r.StatusCode != 488 || r.Reason != "SIPfrag" {
			t.Errorf("%d %q", r.StatusCode, r.Reason)
		}
	})
	t.Run("no space before an absent reason", func(t *testing.T) {
		m, err := Parse(g, []byte(strings.Replace(response(), "200 OK", "200", 1)))
		if err != nil || m.(*sip.Response).StatusCode != 200 {
			t.Error(err)
		}
	})
	t.Run("version in lower case", func(t *testing.T) {
		// "the SIP-Version string is case-insensitive, but implementations MUST
		// send upper-case" (RFC 3261 §7.1).
		m, err := Parse(g, []byte(strings.Replace(message(), " SIP/2.0", " sip/2.0", 1)))
		if err != nil || m.(*sip.Request).SipVersion != "SIP/2.0" {
			t.Error(err)
		}
	})
	t.Run("method in lower case", func(t *testing.T) {
		m, err := Parse(g, []byte(strings.ReplaceAll(message(), "INVITE", "invite")))
		if err != nil {
			t.Fatal(err)
		}
		if r := m.(*sip.Request); r.Method != "invite" || r.IsInvite() {
			t.Errorf("invite has become %s", r.Method)
		}
	})
	t.Run("unknown scheme", func(t *testing.T) {
		_, err := Parse(g, []byte(strings.Replace(message(), "sip:0300000001@192.0.2.10;user=phone", "http://carrier.example", 1)))
		if f, _ := err.(*Fault); f == nil || f.Status != 416 {
			t.Error(err)
		}
	})
}

// A message of 60 KB built to be slow costs what its length costs: four times
// the octets take about four times as long, where a scan that starts over for
// each octet takes sixteen times. The best of many tries counts, so that a busy
// machine delays the verdict and does not change it.
func TestWorstCasesAreLinear(t *testing.T) {
	const size, times, bound, tries = 15000, 4, 9, 60
	cases := map[string]func(fill func(string) string) string{
		"blanks":  func(fill func(string) string) string { return message("Subject:" + fill(" ") + "x") },
		"folding": func(fill func(string) string) string { return message("Subject: x" + fill("\r\n ")) },
		"folded From": func(fill func(string) string) string {
			return message("From: " + fill("\r\n ") + "<sip:a@carrier.example>;tag=1")
		},
		"parentheses":     func(fill func(string) string) string { return message("Call-ID: " + fill("(")) },
		"commas":          func(fill func(string) string) string { return message("Contact: <sip:a@192.0.2.1>" + fill(",")) },
		"commas, unknown": func(fill func(string) string) string { return message("X-A: " + fill(",")) },
		"quotes":          func(fill func(string) string) string { return message("Contact: " + fill("\"\\\"\"")) },
		"brackets":        func(fill func(string) string) string { return message("Contact: " + fill("<")) },
		"parameters": func(fill func(string) string) string {
			return message("From: <sip:a@carrier.example>;tag=1" + fill(";a=b"))
		},
		"URI parameters":    func(fill func(string) string) string { return message("To: <sip:a@carrier.example" + fill(";a") + ">") },
		"Via parameters":    func(fill func(string) string) string { return message("Via: SIP/2.0/UDP 192.0.2.1" + fill(";a")) },
		"Vias":              func(fill func(string) string) string { return message("Via: SIP/2.0/UDP a" + fill(",SIP/2.0/UDP a")) },
		"lines":             func(fill func(string) string) string { return message(strings.Split(fill("A:b\n")+"A:b", "\n")...) },
		"no end":            func(fill func(string) string) string { return message()[:40] + fill("A:b\r\n") },
		"one line":          func(fill func(string) string) string { return "INVITE " + fill("a") },
		"bare line feeds":   func(fill func(string) string) string { return message("X-A: y" + fill("\n")) },
		"large body":        func(fill func(string) string) string { return message() + fill("\r\n") },
		"blanks everywhere": func(fill func(string) string) string { return message("Via: SIP" + fill(" ") + "/2.0/UDP a") },
	}
	wide := NewGuard(Limits{Bytes: 1 << 20, HeadBytes: 1 << 20, Lines: 1 << 20})
	tight := NewGuard(Limits{})
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			short := []byte(build(func(s string) string { return strings.Repeat(s, size/len(s)) }))
			long := []byte(build(func(s string) string { return strings.Repeat(s, times*size/len(s)) }))
			took := func(b []byte) time.Duration {
				start := time.Now()
				_, scanErr := Scan(b)
				_, err := Parse(wide, b)
				_, tightErr := Parse(tight, b)
				_, _, _ = scanErr, err, tightErr
				return time.Since(start)
			}
			few, many := time.Duration(math.MaxInt64/bound), time.Duration(math.MaxInt64)
			for range tries {
				few, many = min(few, took(short)), min(many, took(long))
				if many <= bound*few {
					return
				}
			}
			t.Errorf("%d octets took %v, %d took %v", len(short), few, len(long), many)
		})
	}
}

func TestRefusal(t *testing.T) {
	g := NewGuard(Limits{})
	in := message("v: SIP/2.0/UDP 192.0.2.1 ;branch=z9hG4bK1", "Via: SIP/2.0/UDP 192.0.2.2\r\n ;branch=z9hG4bK2", "t : <sip:0300000001@192.0.2.10>", "Subject: a\x00", "Supported: timer")
	_, err := g.Canonical([]byte(in))
	f, _ := err.(*Fault)
	if f == nil {
		t.Fatal(err)
	}
	out := string(Refusal(nil, []byte(in), f, "t1"))
	want := "SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP 192.0.2.1 ;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 192.0.2.2 ;branch=z9hG4bK2\r\n" +
		"To: <sip:0300000001@192.0.2.10>;tag=t1\r\nFrom: <sip:09000002001@carrier.example>;tag=a1\r\nCall-ID: c1@192.0.2.1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if m, err := Parse(g, []byte(out)); err != nil || m.(*sip.Response).StatusCode != 400 {
		t.Errorf("the refusal does not parse: %v", err)
	}
	t.Run("To has a tag", func(t *testing.T) {
		in := message("To: \"x;tag=y\" <sip:a@carrier.example;tag=no>;TAG=z", "X y: z")
		_, err := g.Canonical([]byte(in))
		out := string(Refusal(nil, []byte(in), err.(*Fault), "t1"))
		if strings.Contains(out, "t1") || !strings.Contains(out, ";TAG=z\r\n") {
			t.Error(out)
		}
	})
	t.Run("a tag only in the URI", func(t *testing.T) {
		in := message("To: \"x;tag=y\" <sip:a@carrier.example;tag=no>", "X y: z")
		_, err := g.Canonical([]byte(in))
		if out := string(Refusal(nil, []byte(in), err.(*Fault), "t1")); !strings.Contains(out, ">;tag=t1\r\n") {
			t.Error(out)
		}
	})
	t.Run("nothing to say", func(t *testing.T) {
		for _, f := range []*Fault{{Kind: Missing}, {Kind: ControlOctet, Status: 0}} {
			if out := Refusal(nil, []byte(message()), f, "t1"); out != nil {
				t.Errorf("%s", out)
			}
		}
		if out := Refusal(nil, []byte(message()), &Fault{Kind: BadTag, Status: 400}, "a\r\nb"); out != nil {
			t.Errorf("%s", out)
		}
	})
}

// Every refused request of the corpus that may be answered gets an answer that
// the guard itself would pass, save for what the peer wrote into the five
// headers that must come back as they were.
func TestRefusalOfTorture(t *testing.T) {
	g := NewGuard(Limits{})
	answered := 0
	for _, f := range corpus(t) {
		b := load(t, f)
		_, err := Parse(g, b)
		fault, ok := err.(*Fault)
		if !ok || fault.Status == 0 {
			continue
		}
		out := Refusal(nil, b, fault, "t1")
		if !bytes.HasPrefix(out, fmt.Appendf(nil, "SIP/2.0 %d ", fault.Status)) {
			t.Errorf("%s: %q", f, out)
		}
		if h, err := Scan(out); err != nil && fault.Header != "CSeq" || err == nil && h.ContentLength != 0 {
			t.Errorf("%s: refusal scans as %+v: %v", f, h, err)
		}
		answered++
	}
	if answered < 15 {
		t.Errorf("only %d refusals", answered)
	}
}
