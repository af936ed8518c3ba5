package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"sekisho/edge/config"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/e2e"
)

// TestTroupe: the casts' subscribers are told apart, and the product takes the
// configuration that has them.
func TestTroupe(t *testing.T) {
	const n = 25
	all := assemble(n)
	numbers, voices := map[string]bool{}, map[uint64]bool{}
	for _, c := range all.casts {
		for _, s := range append(c.Mobiles[:], c.outside, c.callee) {
			numbers[s.MSISDN], voices[s.voice] = true, true
		}
	}
	if want := n * (castMobiles + 2); len(numbers) != want || len(voices) != want || voices[0] {
		t.Errorf("%d numbers and %d voices of %d subscribers", len(numbers), len(voices), want)
	}
	at := netip.MustParseAddr("127.0.0.1")
	defer all.close()
	if err := all.open(at); err != nil {
		t.Fatal(err)
	}
	text, err := all.configure(&e2e.Site{Folder: "/var/empty", West: netip.AddrPortFrom(at, 5060), East: netip.AddrPortFrom(at, 5061)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("features.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Tenants) != 3 || len(c.Warnings) > 0 {
		t.Errorf("%d tenants, warnings %v", len(c.Tenants), c.Warnings)
	}
}

// TestDrawCall: the shares are those of SPEC §8, and only outbound calls have no
// feature (R40).
func TestDrawCall(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 1))
	var begun [beginnings]int
	var done [features]int
	for range n {
		b, f := drawCall(r)
		begun[b]++
		if b != outbound {
			done[f]++
		} else if f != plain {
			t.Fatalf("%v, %v", b, f)
		}
	}
	for b, share := range beginningShare {
		if got := begun[b] * 100 / n; got < share-1 || got > share+1 {
			t.Errorf("%v: %d %% of the calls, want %d", beginning(b), got, share)
		}
	}
	for f, share := range featureShare {
		if got := done[f] * 100 / (n - begun[outbound]); got < share-2 || got > share+2 {
			t.Errorf("%v: %d %% of the calls, want %d", feature(f), got, share)
		}
	}
	if got := len(kinds()); got != 3*int(features)+1 {
		t.Errorf("%d kinds", got)
	}
}

// TestOutcome: what is lost and what went wrong fails a round and is named.
func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*outcome)
		want  string
	}{
		{"sound", func(*outcome) {}, ""},
		{"lost", func(o *outcome) { o.received.Lost = 3 }, "3 are lost"},
		{"twice", func(o *outcome) { o.received.Duplicated = 2 }, "2 came twice"},
		{"foreign", func(o *outcome) { o.received.Foreign = 1 }, "1 are foreign"},
		{"nothing placed", func(o *outcome) { clear(o.done) }, "no call was placed"},
		{"wrong", func(o *outcome) {
			o.add(&performance{began: pickedUp, feature: held}, errors.New("to be answered: nobody"))
		}, "1 of 8 calls"},
	} {
		o := &outcome{done: map[string]int{"group of five, hold": 7}, failed: map[string]int{}, received: carrier.Part{Packets: 100}}
		c.spoil(o)
		var text bytes.Buffer
		faults := strings.Join(o.write(&text, c.name), "; ")
		if (faults == "") != (c.want == "") || !strings.Contains(faults, c.want) {
			t.Errorf("%s: faults %q, want %q", c.name, faults, c.want)
		}
		if c.name == "wrong" && (!strings.Contains(faults, "pickup, hold, talking false: to be answered: nobody") || !strings.Contains(text.String(), "pickup, hold")) {
			t.Errorf("faults %q in\n%s", faults, &text)
		}
	}
}

// TestKeptRow: more than what is kept by design fails, whatever was there at first.
func TestKeptRow(t *testing.T) {
	const start = 32 << 20
	for _, c := range []struct {
		heap uint64
		want string // said, and where it is a fault
		over bool
	}{
		{start - 1<<20, "-1.00 MiB", false},
		{start + 1<<20, "+1.00 MiB", false},
		{start + 3<<20, "3.00 MiB more than at the start", true},
		{72 << 20, "40.00 MiB more than at the start", true},
	} {
		var text bytes.Buffer
		faults := strings.Join(keptRow(&text, e2e.Debug{Heap: start}, e2e.Debug{Heap: c.heap}, 1000), "")
		if (faults != "") != c.over || !strings.Contains(text.String()+faults, c.want) {
			t.Errorf("%d: fault %q in %q, want %q", c.heap, faults, &text, c.want)
		}
	}
}

func TestReadFeaturePlan(t *testing.T) {
	p, record, err := readFeaturePlan([]string{"-calls", "300", "-talking", "300", "-record", "x"}, &bytes.Buffer{})
	if err != nil || p.calls != 300 || p.talking != 300 || record != "x" {
		t.Errorf("%+v, %q, %v", p, record, err)
	}
	for _, wrong := range [][]string{{"-calls", "0"}, {"-calls", "1401"}, {"-calls", "10", "-talking", "11"}, {"-length", "1ms"}, {"-talk", "0s"}, {"-rate", "0"}, {"more"}} {
		if _, _, err := readFeaturePlan(wrong, &bytes.Buffer{}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

// proc_net(5).
func TestParseFull(t *testing.T) {
	const text = "Icmp: InMsgs\nIcmp: 9\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 1 2 3 4 5 6\nUdpLite: RcvbufErrors\nUdpLite: 7\n"
	if n, err := parseFull([]byte(text)); err != nil || n != 5 {
		t.Errorf("%d, %v", n, err)
	}
	for _, wrong := range []string{"", "Udp: InDatagrams\nUdp: 1\n", "Udp: RcvbufErrors\nUdp: x\n", "Udp: RcvbufErrors\n"} {
		if n, err := parseFull([]byte(wrong)); err == nil {
			t.Errorf("%q was read as %d", wrong, n)
		}
	}
}
