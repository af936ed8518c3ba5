package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/load"
)

// The network of the trial: one segment with the border, the carrier and a
// stranger, each in a namespace of its own, and one with the border and the core,
// which the carrier's namespace plays as well (RFC 5737).
const (
	carrierHost, strangerHost, borderWest = "192.0.2.10", "192.0.2.66", "192.0.2.1"
	coreHost, borderEast                  = "198.51.100.10", "198.51.100.1"
	firstPort, lastPort                   = 10000, 10199
)

// roleVariable has the test binary play a part in a namespace; TestMain asks.
const roleVariable = "SEKISHO_E2E_ROLE"

// TestMediaSecurityInNamespaces places 30 calls through the binary while a
// stranger on the carrier's own segment sprays every media port, from before the
// first call until after the last: before, during and after each answer. Nothing
// comes to the stranger, and the generator, which knows every packet that may
// come, hears no foreign one and loses none.
func TestMediaSecurityInNamespaces(t *testing.T) {
	NeedTime(t, "a quarter of a minute of spraying")
	Need(t, "ip")
	if os.Geteuid() != 0 {
		if Required() {
			t.Fatal("needs root for network namespaces, and SEKISHO_REQUIRE is set")
		}
		t.Skip("needs root for network namespaces")
	}
	ns := segment(t)
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	site := &Site{
		Folder: t.TempDir(), Carrier: netip.MustParseAddrPort(carrierHost + ":5060"), Core: netip.MustParseAddrPort(coreHost + ":5060"),
		West: netip.MustParseAddrPort(borderWest + ":5060"), East: netip.MustParseAddrPort(borderEast + ":5060"),
		Mobiles: []Mobile{{Extension: 2000, MSISDN: "09000002000"}},
	}
	if err := site.configure(attacked(siteTemplate), site); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(site.Folder, "border")
	line := fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n", ns.border, binary)
	if err := os.WriteFile(script, []byte(line), 0o755); err != nil {
		t.Fatal(err)
	}
	product, err := Start(context.WithoutCancel(t.Context()), script, site)
	if err != nil {
		t.Fatal(err)
	}
	play := func(where, role string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "ip", "netns", "exec", where, self)
		c.Env = append(os.Environ(), roleVariable+"="+role)
		return c
	}
	stranger := play(ns.stranger, "stranger")
	var sprayed strings.Builder
	stranger.Stdout, stranger.Stderr = &sprayed, &sprayed
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // all ports are sprayed before the first call
	heard, err := play(ns.carrier, "generator").CombinedOutput()
	if err != nil {
		t.Errorf("the generator: %v\n%s", err, heard)
	}
	time.Sleep(time.Second) // and after the last
	if err := stranger.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := stranger.Wait(); err != nil {
		t.Errorf("the stranger: %v\n%s", err, sprayed.String())
	}
	if err := product.Stop(15 * time.Second); err != nil {
		t.Error(err)
	}
	var sent, got int
	if _, err := fmt.Sscanf(sprayed.String(), "sent %d heard %d", &sent, &got); err != nil {
		t.Fatalf("the stranger says %q: %v", sprayed.String(), err)
	}
	if sent < 50_000 || got != 0 {
		t.Errorf("the stranger sent %d packets and heard %d, want 0 of at least 50,000", sent, got)
	}
	t.Logf("the stranger sent %d packets and heard %d\n%s", sent, got, heard)
}

// attacked is the site's template with a range of media ports that can be sprayed
// whole.
func attacked(template string) string {
	return strings.Replace(template, "ports: 10000-29999", fmt.Sprintf("ports: %d-%d", firstPort, lastPort), 1)
}

// namespaces by who is in them.
type namespaces struct{ carrier, stranger, border string }

// segment makes the network and takes it away when the test ends.
func segment(t *testing.T) namespaces {
	t.Helper()
	id := os.Getpid()
	n := namespaces{fmt.Sprintf("e2e-carrier-%d", id), fmt.Sprintf("e2e-stranger-%d", id), fmt.Sprintf("e2e-border-%d", id)}
	middle := fmt.Sprintf("e2e-segment-%d", id)
	names := map[string]string{"C": n.carrier, "A": n.stranger, "S": n.border, "X": middle}
	t.Cleanup(func() {
		for _, name := range names {
			_ = exec.Command("ip", "netns", "del", name).Run() // it may not have been made
		}
	})
	for _, line := range []string{
		"netns add C", "netns add A", "netns add S", "netns add X",
		"-n X link add name br0 type bridge", "-n X link set br0 up",
		"-n X link add name c type veth peer name west netns C", "-n X link add name a type veth peer name west netns A",
		"-n X link add name s type veth peer name west netns S",
		"-n X link set dev c master br0 up", "-n X link set dev a master br0 up", "-n X link set dev s master br0 up",
		"-n C addr add " + carrierHost + "/24 dev west", "-n A addr add " + strangerHost + "/24 dev west", "-n S addr add " + borderWest + "/24 dev west",
		"-n C link add name east type veth peer name east netns S",
		"-n C addr add " + coreHost + "/24 dev east", "-n S addr add " + borderEast + "/24 dev east",
		"-n C link set lo up", "-n A link set lo up", "-n S link set lo up",
		"-n C link set west up", "-n A link set west up", "-n S link set west up", "-n C link set east up", "-n S link set east up",
	} {
		words := strings.Fields(line)
		for i, w := range words {
			if name := names[w]; name != "" {
				words[i] = name
			}
		}
		if out, err := exec.CommandContext(t.Context(), "ip", words...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", line, err, out)
		}
	}
	return n
}

// playRole is what the test binary does in a namespace. It returns the exit
// status.
func playRole(role string) int {
	switch role {
	case "stranger":
		return spray()
	case "generator":
		return generate()
	}
	fmt.Fprintf(os.Stderr, "no role is called %q\n", role)
	return 2
}

// generate places the calls and judges every packet of them.
func generate() int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	trial, err := load.Start(ctx, load.Config{
		Caller: netip.MustParseAddrPort(carrierHost + ":5060"), Callee: netip.MustParseAddrPort(coreHost + ":5060"),
		Border: netip.MustParseAddrPort(borderWest + ":5060"), Calls: 30, Rate: 10, Ring: time.Second, Talk: 4 * time.Second,
		Callers: []string{"09000002000"}, Share: 1, Seed: 5,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r := trial.Wait()
	_ = r.Write(os.Stdout) // the exit status is what counts
	if len(r.Faults()) > 0 {
		return 1
	}
	return 0
}

// spray sends what would do harm at every media port until it is interrupted,
// and says what it has sent and heard.
func spray() int {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(strangerHost+":4000")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer c.Close()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	heard := make(chan int, 1)
	go func() { // ends when the socket is closed
		n, b := 0, make([]byte, 2048)
		for {
			_, _, err := c.ReadFromUDPAddrPort(b)
			switch {
			case errors.Is(err, net.ErrClosed):
				heard <- n
				return
			case err == nil:
				n++
			}
		}
	}()
	sent, host := 0, netip.MustParseAddr(borderWest)
	for i := 0; len(interrupted) == 0; i++ {
		for port := firstPort; port <= lastPort; port++ {
			// A refusal is the kernel's answer to a port that is not bound.
			if _, err := c.WriteToUDPAddrPort(harm(i, port), netip.AddrPortFrom(host, uint16(port))); err == nil {
				sent++
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	c.Close()
	fmt.Printf("sent %d heard %d\n", sent, <-heard)
	return 0
}

// harm is a packet that a careless relay would learn from or pass on: a stream of
// G.711 with its numbers in a row, by turns with a key, or RTCP with a BYE.
func harm(i, port int) []byte {
	b := make([]byte, 172)
	b[0] = 2 << 6
	binary.BigEndian.PutUint16(b[2:], uint16(i))
	binary.BigEndian.PutUint32(b[4:], uint32(160*i))
	binary.BigEndian.PutUint32(b[8:], uint32(port))
	switch {
	case port%2 == 1:
		return binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1}, 1)
	case i%50 == 49:
		b[1] = 101
		return append(b[:12], 5, 0x8a, 3, 0x20)
	}
	return b
}
