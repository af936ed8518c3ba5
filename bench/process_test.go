package main

import (
	"bytes"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/doors"
	"sekisho/edge/lab/e2e"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Allow: []string{"sekisho/edge/lab/carrier", "sekisho/edge/lab/e2e", "sekisho/edge/lab/load", "sekisho/edge/lab/siptest", "sekisho/edge/sip/cause", "golang.org/x/sys/unix"}})
}

// TestGOGC keeps the stated condition true.
func TestGOGC(t *testing.T) {
	source, err := os.ReadFile("../edge/run.go")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(between(source, "SetGCPercent(", ")")); got != "400" || productGOGC != 400 {
		t.Errorf("run sets %q, bench says %d", got, productGOGC)
	}
}

// proc_pid_stat(5): the name "can contain spaces and parentheses".
func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte("42 (a) b) R 1 2 3 4 5 6 7 8 9 10 250 75 0 0 20 0 9 0 1\n"))
	if err != nil || got != (cpu{2500 * time.Millisecond, 750 * time.Millisecond}) || got.sum() != 3250*time.Millisecond {
		t.Errorf("%+v, %v", got, err)
	}
	for _, short := range []string{"", "42 (a) R 1 2 3", "42 (a) R 1 2 3 4 5 6 7 8 9 10 x 75 0"} {
		if got, err := parseStat([]byte(short)); err == nil {
			t.Errorf("%q was read as %+v", short, got)
		}
	}
}

func TestParseRSS(t *testing.T) {
	if got, err := parseRSS([]byte("VmHWM:\t  9 kB\nVmRSS:\t    2048 kB\nRssAnon: 1 kB\n")); err != nil || got != 2<<20 {
		t.Errorf("%d, %v", got, err)
	}
	if got, err := parseRSS([]byte("VmHWM: 9 kB\n")); err == nil {
		t.Errorf("read as %d", got)
	}
}

func TestReadOverrun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc/net/udp is Linux's")
	}
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetReadBuffer(1); err != nil {
		t.Fatal(err)
	}
	at := c.LocalAddr().(*net.UDPAddr).AddrPort()
	if n, err := readOverrun(at); err != nil || n != 0 {
		t.Fatalf("before: %d, %v", n, err)
	}
	for range 200 { // nobody reads
		if _, err := c.WriteToUDPAddrPort(make([]byte, 1000), at); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := readOverrun(at); err != nil || n < 100 || n >= 200 {
		t.Errorf("of 200 datagrams: %d, %v", n, err)
	}
}

func TestReadSetup(t *testing.T) {
	folder := t.TempDir()
	if s, err := readSetup(folder); err != nil || len(s.sorted) > 0 {
		t.Errorf("where no call rang: %+v, %v", s, err)
	}
	text := "Date_ms;response_time_ms;rtd_no\n1000.5;4;1\n1500.5;0;1\n2000.5;12;1\n"
	if err := os.WriteFile(filepath.Join(folder, "carrier_7_rtt.csv"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := readSetup(folder)
	if err != nil || s.rate != 2 || s.at(0) != 0 || s.at(0.5) != 4 || s.at(1) != 12 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestRoundAdd: a round is the sum of its bursts.
func TestRoundAdd(t *testing.T) {
	burst := func(ms float64) *round {
		r := &round{spent: cpu{user: time.Second, system: time.Second}, wall: time.Second, overrun: 1}
		r.carrier = e2e.Outcome{Created: 100, Succeeded: 99, Failed: 1, Received: map[string]int{"180": 98}}
		r.setup = setup{sorted: []float64{ms, ms + 2}, rate: 100}
		return r
	}
	var all round
	for _, ms := range []float64{5, 1, 3} {
		all.add(burst(ms))
	}
	if all.carrier.Created != 300 || all.carrier.Failed != 3 || all.silent() != 6 || all.overrun != 3 || all.micros(all.spent.sum()) != 20000 {
		t.Errorf("%+v", all)
	}
	if got := all.setup.at(0.5); got != 5 || math.Abs(all.setup.rate-100) > 1e-9 || all.setup.at(1) != 7 {
		t.Errorf("%+v", all.setup)
	}
}

// TestTally: medians and sums of the rounds, and the rate that the slowest held.
func TestTally(t *testing.T) {
	all := tally{name: "border"}
	for _, n := range []time.Duration{2, 9, 4} {
		r := round{spent: cpu{user: n * 100 * time.Microsecond}, setup: setup{sorted: []float64{float64(n)}, rate: 1000 - float64(n)}}
		r.carrier = e2e.Outcome{Created: 100, Failed: 1, Received: map[string]int{"180": 98}}
		all.add(&r)
	}
	var b strings.Builder
	all.write(&b)
	want := "border, median of 3 rounds: 4 us a call; set up in 4 ms (p50), 4 ms (p99); of 300 calls 3 failed, 6 without their 180; the slowest round rang 991 calls/s\n"
	if b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 3}); got != 3 {
		t.Errorf("of three: %v", got)
	}
	if got := median([]float64{4, 1, 2, 9}); got != 3 {
		t.Errorf("of four: %v", got)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-rate", "0"}, {"-length", "1ms"}, {"-rounds", "0"}, {"-held", "-1"}, {"-burst", "-1"}, {"more"}, {"stock", "-rate", "0"}, {"stock", "more"}, {"storm", "-calls", "19"}, {"storm", "-loss", "0"}, {"storm", "more"}, {"-unknown"}} {
		var out, errs bytes.Buffer
		if status := run(args, &out, &errs); status != 2 || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%s: status %d, said %q", strings.Join(args, " "), status, errs.String())
		}
	}
}
