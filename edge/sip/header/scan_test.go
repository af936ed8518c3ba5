package header

import (
	"strings"
	"testing"
)

// message builds a request from header lines; the five headers every message
// needs are put in unless the lines bring them.
func message(lines ...string) string {
	return "INVITE sip:0300000001@192.0.2.10;user=phone SIP/2.0\r\n" + block(lines)
}

func response(lines ...string) string {
	return "SIP/2.0 200 OK\r\n" + block(lines)
}

func block(lines []string) string {
	b := strings.Join(lines, "\r\n")
	for _, need := range [][2]string{
		{"Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1"},
		{"From", "<sip:09000002001@carrier.example>;tag=a1"},
		{"To", "<sip:0300000001@192.0.2.10>"},
		{"Call-ID", "c1@192.0.2.1"},
		{"CSeq", "1 INVITE"},
	} {
		has := false
		for _, l := range lines {
			name, _, _ := strings.Cut(l, ":")
			has = has || identify([]byte(strings.TrimRight(name, " \t"))).name() == need[0]
		}
		if !has {
			b += "\r\n" + need[0] + ": " + need[1]
		}
	}
	return strings.TrimPrefix(b, "\r\n") + "\r\n\r\n"
}

func TestScan(t *testing.T) {
	cases := []struct {
		name, in string
		want     Head
	}{
		{"request", message("Content-Length: 4") + "body", Head{Method: []byte("INVITE"), CallID: []byte("c1@192.0.2.1"), CSeq: 1, CSeqMethod: []byte("INVITE"), ContentLength: 4}},
		{"response", response("CSeq: 2147483647 BYE"), Head{Status: 200, CallID: []byte("c1@192.0.2.1"), CSeq: 1<<31 - 1, CSeqMethod: []byte("BYE"), ContentLength: -1}},
		{"compact", message("i: short", "l:0"), Head{Method: []byte("INVITE"), CallID: []byte("short"), CSeq: 1, CSeqMethod: []byte("INVITE")}},
		{"blanks before the colon", message("cAlL-iD \t:  x"), Head{Method: []byte("INVITE"), CallID: []byte("x"), CSeq: 1, CSeqMethod: []byte("INVITE"), ContentLength: -1}},
		{"folded", message("Call-ID:\r\n\t x\r\n ", "CSeq: 7\r\n INVITE"), Head{Method: []byte("INVITE"), CallID: []byte("x"), CSeq: 7, CSeqMethod: []byte("INVITE"), ContentLength: -1}},
		{"a Call-ID in a continuation is text", message("Subject: a\r\n Call-ID: evil", "Call-ID: good"), Head{Method: []byte("INVITE"), CallID: []byte("good"), CSeq: 1, CSeqMethod: []byte("INVITE"), ContentLength: -1}},
		{"a Call-ID in the body is body", message() + "Call-ID: evil\r\n\r\n", Head{Method: []byte("INVITE"), CallID: []byte("c1@192.0.2.1"), CSeq: 1, CSeqMethod: []byte("INVITE"), ContentLength: -1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, err := Scan([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if string(h.Method) != string(c.want.Method) || h.Status != c.want.Status || string(h.CallID) != string(c.want.CallID) ||
				h.CSeq != c.want.CSeq || string(h.CSeqMethod) != string(c.want.CSeqMethod) || h.ContentLength != c.want.ContentLength {
				t.Errorf("got %+v", h)
			}
			if id, err := CallID([]byte(c.in)); err != nil || string(id) != string(h.CallID) {
				t.Errorf("CallID finds %q: %v", id, err)
			}
			if want := strings.Index(c.in, "\r\n\r\n") + 4; h.Len != want {
				t.Errorf("header section of %d octets, want %d", h.Len, want)
			}
		})
	}
}

func TestScanRefuses(t *testing.T) {
	cases := []struct {
		name, in string
		want     Kind
	}{
		{"empty", "", NotSIP},
		{"junk", "\x00\x01\x00\x08", NotSIP},
		{"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NotSIP},
		{"keep-alive", "\r\n\r\n", NotSIP},
		{"no empty line", strings.TrimSuffix(message(), "\r\n"), Incomplete},
		{"partial", message()[:80], Incomplete},
		{"two Call-IDs, long and compact", message("Call-ID: a", "i: a"), Duplicate},
		{"two CSeqs", message("CSeq: 1 INVITE", "CSEQ: 1 INVITE"), Duplicate},
		{"two Content-Lengths", message("Content-Length: 0", "l : 0"), Duplicate},
		{"no Call-ID", strings.Replace(message(), "Call-ID: c1@192.0.2.1\r\n", "", 1), Missing},
		{"blank in Call-ID", message("Call-ID: a b"), BadCallID},
		{"empty Call-ID", message("Call-ID:"), BadCallID},
		{"CSeq of 2^31", message("CSeq: 2147483648 INVITE"), BadCSeq},
		{"CSeq without blank", message("CSeq: 1INVITE"), BadCSeq},
		{"negative length", message("Content-Length: -1"), BadNumber},
		{"length beyond 2^32", message("Content-Length: 4294967300"), BadNumber},
		{"two lengths in one", message("Content-Length: 1, 1"), BadNumber},
		{"vertical tab before the colon", message("Call-ID\v: a"), HeaderName},
		{"bare LF", message("Subject: a\nCall-ID: b"), LineEnd},
		{"response of four digits", "SIP/2.0 2000 OK\r\n" + block(nil), StartLine},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Scan([]byte(c.in))
			f, ok := err.(*Fault)
			if !ok || f.Kind != c.want {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

// A fault's text goes to logs and its kind to a counter: neither may carry what
// the peer wrote, and no two kinds may share a counter.
func TestFaultText(t *testing.T) {
	labels := map[string]Kind{}
	for k := NotSIP; k <= Unparsed; k++ {
		label := k.String()
		if before, twice := labels[label]; twice || strings.HasPrefix(label, "kind") || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("kind %d is labelled %q like %d", k, label, before)
		}
		labels[label] = k
	}
	_, err := Scan([]byte(message("Call-ID: secret secret")))
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "call_id in Call-ID at octet") {
		t.Errorf("%v", err)
	}
}
