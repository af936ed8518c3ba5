package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestCaptureTellsMalformed proves the judge of the wire on one good message
// and one datagram that is no SIP.
func TestCaptureTellsMalformed(t *testing.T) {
	Need(t, "tshark")
	NeedTime(t, "a capture takes some seconds to begin and to end")
	addr := Loopback()
	to, err := net.ListenUDP("udp", &net.UDPAddr{IP: addr.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	c, err := StartCapture(t.Context(), filepath.Join(t.TempDir(), "wire.pcapng"), to.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		if Required() {
			t.Fatal(err)
		}
		t.Skipf("may not capture: %v", err)
	}
	from, err := net.DialUDP("udp", nil, to.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	good := strings.ReplaceAll(`OPTIONS sip:edge.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
From: <sip:a@docomo.test>;tag=1
To: <sip:edge.example>
Call-ID: 1@192.0.2.1
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

`, "\n", "\r\n")
	for _, message := range []string{good, "\x00\x01 no SIP at all \xff"} {
		if _, err := from.Write([]byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Read(make([]byte, 2048)); err != nil { // it has passed
			t.Fatal(err)
		}
	}
	messages, malformed, err := c.Stop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if messages != 1 || len(malformed) != 1 {
		t.Errorf("saw %d SIP messages and malformed %q, want one of each", messages, malformed)
	}
}
