package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/lab/e2e"
	"sekisho/edge/lab/load"
)

// TestJunk: a datagram carries its number in each place, and no other octet
// differs.
func TestJunk(t *testing.T) {
	j := newJunk("Call-ID: " + mark + "\nbranch=" + mark + "!")
	var room [100]byte
	n := j.write(room[:], 0x0badcafe)
	if got, want := string(room[:n]), "Call-ID: 0badcafe\r\nbranch=0badcafe!"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n = j.write(room[:], 7); !strings.HasSuffix(string(room[:n]), "branch=00000007!") {
		t.Errorf("%q", room[:n])
	}
}

// TestArsenal: every kind is there, and nothing is longer than the room for it.
func TestArsenal(t *testing.T) {
	to := netip.MustParseAddrPort("127.0.0.1:5060")
	all := arsenal(to, 1)
	found := map[string]bool{}
	for _, j := range all {
		if len(j.data) > longest {
			t.Errorf("%d octets", len(j.data))
		}
		for name, found1 := range map[string]bool{
			"INVITE": bytes.HasPrefix(j.data, []byte("INVITE ")), "REGISTER": bytes.HasPrefix(j.data, []byte("REGISTER ")),
			"OPTIONS": bytes.HasPrefix(j.data, []byte("OPTIONS ")), "response": bytes.HasPrefix(j.data, []byte("SIP/2.0 ")),
			"huge": len(j.data) > 50_000, "unnumbered": len(j.marks) == 0, "numbered": len(j.marks) > 1,
		} {
			found[name] = found[name] || found1
		}
	}
	for name, ok := range found {
		if !ok {
			t.Errorf("no datagram is %s", name)
		}
	}
}

// TestSpray: junk leaves from the addresses and ports it should, and what comes
// back is counted.
func TestSpray(t *testing.T) {
	target, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := target.SetReadBuffer(1 << 20); err != nil {
		t.Fatal(err)
	}
	exact, err := e2e.FreeUDP(e2e.Loopback())
	if err != nil {
		t.Fatal(err)
	}
	forged := strangers(100)
	s, err := newSpray(target.LocalAddr().(*net.UDPAddr).AddrPort(), forged, 2, []netip.AddrPort{exact})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.arsenal = []junk{newJunk(mark)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, 2000) }() // waited for below
	addrs, ports, exactly := map[netip.Addr]bool{}, map[uint16]bool{}, 0
	var room [64]byte
	for range 3 * width * 3 { // three batches from each socket
		if err := target.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, from, err := target.ReadFromUDPAddrPort(room[:])
		if err != nil || n != len(mark) {
			t.Fatal(n, err)
		}
		if from == exact {
			exactly++
			continue
		}
		addrs[from.Addr()], ports[from.Port()] = true, true
		if _, err := target.WriteToUDPAddrPort([]byte("pong"), from); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(addrs) != len(forged) || len(ports) != 2 || exactly != 3*width {
		t.Errorf("from %d addresses and %d ports; %d exactly", len(addrs), len(ports), exactly)
	}
	for a := range addrs {
		if a.As4()[1] < 224 {
			t.Errorf("from %s, which may be somebody's", a)
		}
	}
	if s.sent < 9*width || s.heard != 6*width || s.heardOct != 4*s.heard {
		t.Errorf("sent %d, heard %d of %d octets", s.sent, s.heard, s.heardOct)
	}
}

func TestParseDrops(t *testing.T) {
	got, err := parseDrops([]byte(`sekisho_dropped_datagrams_total{listener="west",reason="junk"} 7
sekisho_dropped_datagrams_total{listener="east",reason="junk"} 2
sekisho_dropped_datagrams_total{listener="west",reason="unknown_source"} 40
sekisho_up 1
`))
	if err != nil || len(got) != 2 || got["junk"] != 9 || got["unknown_source"] != 40 || counted(got) != "junk 9, unknown_source 40" {
		t.Errorf("%v, %v", got, err)
	}
	for _, wrong := range []string{"", "\nsekisho_up 0\n", "sekisho_dropped_datagrams_total{listener=\"w\",reason=\"junk\"} x\nsekisho_up 1\n"} {
		if got, err := parseDrops([]byte(wrong)); err == nil {
			t.Errorf("%q was read as %v", wrong, got)
		}
	}
}

// TestFloodSummary: a failed call and an answered stranger each spoil a run; an
// answered trunk and a figure of time do not.
func TestFloodSummary(t *testing.T) {
	round := func(kind string, p99 time.Duration) floodRound {
		return floodRound{kind: kind, rss: 20 << 20, report: &load.Report{Ringing: load.Quantiles{P99: p99}}}
	}
	for _, c := range []struct {
		name  string
		spoil func(all []floodRound)
		sound bool
		says  string
	}{
		{"nothing", func([]floodRound) {}, true, "by that of calls alone: 2.00, at most 1.5: MISSED"},
		{"a call", func(all []floodRound) {
			all[2].report.Calls = map[string]load.Outcome{"talked": {Failed: map[string]int{"no answer": 1}}}
		}, false, "good calls failed: 1.00, at most 0: MISSED"},
		{"a stranger", func(all []floodRound) { all[1].heardOct = 400 }, false, "strangers: 400 octets, at most 0 octets: MISSED"},
		{"a trunk", func(all []floodRound) { all[2].heardOct = 400 }, true, "strangers: 0.00 octets, at most 0 octets: met"},
		{"junk that never came", func(all []floodRound) {
			all[1].sent, all[1].drops = 1000, map[string]int{"unknown_source": 800, "kernel": 50}
		}, false, "of 1000 datagrams of strangers the border has counted 850"},
		{"junk that came", func(all []floodRound) {
			all[1].sent, all[1].drops = 1000, map[string]int{"unknown_source": 800, "kernel": 150}
		}, true, "answered to strangers: 0.00 octets"},
		{"a round that was not taken", func(all []floodRound) { all[2].kind = floodStrangers }, false, "calls alone: rings in 1.00 ms"},
		{"memory", func(all []floodRound) { all[2].rss = 40 << 20 }, true, "alone: 20.0 MiB, at most 16 MiB: MISSED"},
	} {
		p := floodPlan{kinds: []string{floodNone, floodStrangers, floodTrunks}, rounds: 1}
		all := floodRun{round(floodNone, time.Millisecond), round(floodStrangers, time.Millisecond), round(floodTrunks, 2*time.Millisecond)}
		c.spoil(all)
		var b strings.Builder
		if got := all.summarise(p, &b); got != c.sound || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s: sound is %v, said\n%s", c.name, got, b.String())
		}
	}
}

func TestReadFloodPlan(t *testing.T) {
	p, _, err := readFloodPlan([]string{"-junk", "10", "-kinds", floodTrunks}, &bytes.Buffer{})
	if err != nil || p.junk != 10 || len(p.kinds) != 2 || p.kinds[0] != floodNone {
		t.Errorf("%+v, %v", p, err)
	}
	for _, wrong := range []string{"-calls 0", "-junk 0", "-sources 0", "-sources 2000000", "-length 1ms", "-rounds 0", "-kinds friends", "more", "-nonsense"} {
		if _, _, err := readFloodPlan(strings.Fields(wrong), &bytes.Buffer{}); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

// TestFloodSite: the site is a configuration of the product.
func TestFloodSite(t *testing.T) {
	p, err := newFloodPlace(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(p.Config())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Trunks) != 3 || c.Trunks[1].Limits.CPS == 0 {
		t.Errorf("%+v", c.Trunks)
	}
}
