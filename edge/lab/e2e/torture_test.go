package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTorture sends every message of RFC 4475 and RFC 5118 to the binary, from
// the address of its configured trunk and from that of the core, and asks after
// each by OPTIONS whether it lives. What it sends meanwhile is well formed, and
// nothing goes to anybody but the two.
func TestTorture(t *testing.T) {
	Need(t, "tshark")
	NeedTime(t, "a capture takes some seconds to begin and to end")
	t.Parallel()
	paths, err := filepath.Glob("../../sip/header/testdata/rfc*/*.dat")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d messages, %v", len(paths), err)
	}
	site, err := NewDialogueSite(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	product := open(t, site)
	pid := product.PID()
	wire, err := StartCaptureOfSent(t.Context(), filepath.Join(site.Folder, "wire.pcapng"), site.West, site.East)
	if err != nil {
		if Required() {
			t.Fatal(err)
		}
		t.Skipf("may not capture: %v", err)
	}
	for name, from := range map[string][2]netip.AddrPort{"carrier": {site.Carrier, site.West}, "core": {site.Core, site.East}} {
		torment(t, name, from[0], from[1], paths)
	}
	d := debug(t, product)
	if d.Panics != 0 || product.PID() != pid {
		t.Errorf("%d panics\n%s", d.Panics, product.Said())
	}
	messages, malformed, err := wire.Stop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// An answer to each OPTIONS at least.
	if messages < 2*len(paths) || len(malformed) > 0 {
		t.Errorf("tshark saw %d SIP messages, and calls these malformed: %q", messages, malformed)
	}
	if strangers, err := wire.SentElsewhere(t.Context(), site.Carrier, site.Core); err != nil || len(strangers) > 0 {
		t.Errorf("sent to others: %q, %v", strangers, err)
	}
	t.Logf("%d messages of torture twice; %d messages sent, all well formed", len(paths), messages)
}

// torment sends each message, and after it an OPTIONS that must be answered.
func torment(t *testing.T, name string, from, to netip.AddrPort, paths []string) {
	t.Helper()
	c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(from), net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, path := range paths {
		message, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(message); err != nil {
			t.Fatal(err)
		}
		if err := lives(c, from, fmt.Sprintf("%s-%d", name, i)); err != nil {
			t.Fatalf("after %s from the %s: %v", filepath.Base(path), name, err)
		}
	}
}

// lives asks by OPTIONS, and reads on until the answer to that one has come.
func lives(c *net.UDPConn, from netip.AddrPort, id string) error {
	ask := strings.ReplaceAll(fmt.Sprintf(`OPTIONS sip:%s SIP/2.0
Via: SIP/2.0/UDP %s;branch=z9hG4bKlives-%s
Max-Forwards: 70
From: <sip:probe@peer.example>;tag=%s
To: <sip:%s>
Call-ID: lives-%s
CSeq: 1 OPTIONS
Content-Length: 0

`, c.RemoteAddr(), from, id, id, c.RemoteAddr(), id), "\n", "\r\n")
	if _, err := c.Write([]byte(ask)); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	buffer := make([]byte, 65_536)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return fmt.Errorf("no answer: %w", err)
		}
		if said := string(buffer[:n]); strings.Contains(said, "lives-"+id+"\r\n") && strings.HasPrefix(said, "SIP/2.0 200 ") {
			return nil
		}
	}
}
