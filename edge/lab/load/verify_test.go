package load

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// pair is two ends of a talking call whose packets the test carries itself.
type pair struct {
	m    *player
	ends *[sides]half
}

func newPair(t testing.TB) pair {
	t.Helper()
	c := Config{Share: 2, Border: loopback(1)}
	m := newPlayer(&c, newTally())
	m.run = 7
	m.bind = func(s side) (*port, error) { return &port{side: s, addr: loopback(2 + uint16(s))}, nil }
	talk := &call{serial: 5, kind: Talked}
	for s := range sides {
		h := &talk.ends[s]
		*h = half{call: talk, side: s, state: talking}
		if err := m.open(h); err != nil {
			t.Fatal(err)
		}
		m.hear(h, loopback(100+uint16(s)))
		m.speak(h)
	}
	return pair{m, &talk.ends}
}

// sent returns the next packets of the caller, 1 ms under way each.
func (p pair) sent(n int) [][]byte {
	var all [][]byte
	for i := range n {
		b := make([]byte, headerLength+payloadLength)
		for range p.m.write(&p.ends[caller], b, int64(i)*int64(packetTime)) {
			p.ends[caller].out.sent++
			all = append(all, b)
		}
	}
	return all
}

func (p pair) deliver(i int, b []byte) {
	p.m.take(p.ends[callee].port, loopback(101), b, int64(i)*int64(packetTime)+int64(time.Millisecond))
}

// TestVerify does to a stream what a bad relay could, and looks for exactly
// that in the figures.
func TestVerify(t *testing.T) {
	const n = 100
	for _, c := range []struct {
		name  string
		spoil func(all [][]byte) [][]byte
		want  Direction
	}{
		{"nothing", nil, Direction{}},
		{"loss", func(all [][]byte) [][]byte { return slices.Delete(all, 3, 7) }, Direction{Lost: 4, StreamsWithLoss: 1}},
		{"loss of the last", func(all [][]byte) [][]byte { return all[:n-1] }, Direction{Lost: 1, StreamsWithLoss: 1}},
		{"loss of the first", func(all [][]byte) [][]byte { return all[2:] }, Direction{Lost: 2, LostAtStart: 2, StreamsWithLoss: 1}},
		{"duplicate", func(all [][]byte) [][]byte { return slices.Insert(all, 50, all[20]) }, Direction{Duplicated: 1}},
		{"order", func(all [][]byte) [][]byte {
			all[70], all[71] = all[71], all[70]
			return all
		}, Direction{Reordered: 1}},
		{"one bit", func(all [][]byte) [][]byte {
			all[9][headerLength+100] ^= 4
			return all
		}, Direction{Corrupted: 1, Lost: 1, StreamsWithLoss: 1}},
		{"one octet too few", func(all [][]byte) [][]byte {
			all[9] = all[9][:len(all[9])-1]
			return all
		}, Direction{Corrupted: 1, Lost: 1, StreamsWithLoss: 1}},
		{"payload type", func(all [][]byte) [][]byte {
			all[9][1] = 8
			return all
		}, Direction{Corrupted: 1, Lost: 1, StreamsWithLoss: 1}},
		{"an SSRC that changes", func(all [][]byte) [][]byte {
			for _, b := range all[40:] {
				b[8] ^= 1
			}
			return all
		}, Direction{Renumbered: 1}},
		{"a sequence that jumps and returns", func(all [][]byte) [][]byte {
			all[40][3]++
			return all
		}, Direction{Renumbered: 2}},
		{"timestamps that fall behind", func(all [][]byte) [][]byte {
			all[99][7]++
			return all
		}, Direction{Renumbered: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t)
			all := p.sent(n)
			if c.spoil != nil {
				all = c.spoil(all)
			}
			for i, b := range all {
				p.deliver(i, b)
			}
			p.m.tally.finish(p.ends[0].call)
			got := p.m.tally.directions[caller]
			c.want.Streams, c.want.Sent, c.want.Received = 1, n, n-c.want.Lost
			got.JitterMean, got.JitterMax = 0, 0
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			back := p.m.tally.directions[callee]
			if back.Received != 0 || back.Corrupted+back.Foreign != 0 {
				t.Errorf("the other direction shows %+v", back)
			}
		})
	}
}

// TestForeign: whole packets, but not of this stream.
func TestForeign(t *testing.T) {
	for name, change := range map[string]func(*stamp){
		"run":       func(s *stamp) { s.run++ },
		"call":      func(s *stamp) { s.call++ },
		"direction": func(s *stamp) { s.direction = callee },
		"position":  func(s *stamp) { s.position = 1000 }, // never sent
	} {
		p := newPair(t)
		b := p.sent(1)[0]
		s, ok := readStamp(b[headerLength:])
		if !ok {
			t.Fatal("the stamp cannot be read")
		}
		change(&s)
		(*payload)(b[headerLength:]).write(s)
		p.deliver(0, b)
		p.m.take(p.ends[callee].port, loopback(99), b, 0)
		if got := p.ends[callee].counts; got != (received{foreign: 1}) || p.m.tally.strangers != 1 {
			t.Errorf("%s: %+v, %d strangers", name, got, p.m.tally.strangers)
		}
	}
}

// TestAnnouncement: what is played to a call that was not answered is no fault,
// whether it overtakes its 183 or is overtaken by the final response.
func TestAnnouncement(t *testing.T) {
	w := newWire(Config{Border: loopback(1)})
	m := w.s.media
	c := &call{serial: 1, kind: Busy}
	h := &c.ends[caller]
	*h = half{call: c, side: caller, state: proceeding}
	if err := m.open(h); err != nil {
		t.Fatal(err)
	}
	p, tone := h.port, make([]byte, headerLength+payloadLength)
	tone[0] = 2 << 6
	m.take(p, loopback(9), tone, 0)
	m.hear(h, loopback(9))
	m.take(p, loopback(9), tone, 0)
	m.close(h)
	m.take(p, loopback(9), tone, 0)
	if m.tally.early != 1 || h.counts != (received{sound: 2}) || m.tally.strangers != 0 {
		t.Errorf("%d early, %+v, %d strangers", m.tally.early, h.counts, m.tally.strangers)
	}
	m.drop(h)
	m.take(p, loopback(9), tone, 0)
	m.take(p, loopback(9), []byte{0x80, 200, 0, 1, 0, 0, 0, 1}, 0)
	if m.tally.strangers != 1 {
		t.Error("a source that was forgotten is no stranger, or RTCP is one")
	}
}

func TestLatencyAndJitter(t *testing.T) {
	p := newPair(t)
	for i, b := range p.sent(3) {
		p.m.take(p.ends[callee].port, loopback(101), b, int64(i)*int64(packetTime)+[]int64{1e6, 3e6, 2e6}[i])
	}
	q := p.m.tally.latency[caller].quantiles()
	if q.Count != 3 || q.Max != 3*time.Millisecond || q.P50 < 2*time.Millisecond || q.P50 > 2040*time.Microsecond {
		t.Errorf("%+v", q)
	}
	// RFC 3550 §6.4.1: J += (|D| - J)/16, with D of 2 ms and 1 ms.
	want := 2e6/16 + (1e6-2e6/16)/16
	if got := p.ends[callee].in.jitter; got != want {
		t.Errorf("jitter %v, want %v", got, want)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	h.add(-1)
	for share, want := range map[float64]time.Duration{0: 0, 0.5: 500 * time.Microsecond, 0.99: 990 * time.Microsecond, 1: time.Millisecond} {
		if got := h.at(share); got < want || float64(got) > float64(want)*1.017 {
			t.Errorf("%v: %v, want %v", share, got, want)
		}
	}
	for v := uint64(0); v < 1<<62; v += v/50 + 1 {
		if b := bucket(v); top(b) < v || b > 0 && top(b-1) >= v {
			t.Fatalf("%d is in bucket %d, up to %d", v, b, top(b))
		}
	}
}

func TestScope(t *testing.T) {
	for at, lab := range map[string]bool{
		"127.9.9.9:1": true, "[::1]:1": true, "192.0.2.1:1": true, "198.51.100.255:1": true, "203.0.113.1:1": true, "[2001:db8::1]:1": true,
		"10.0.0.1:1": false, "192.0.3.1:1": false, "8.8.8.8:1": false, "[2001:db9::1]:1": false, "0.0.0.0:1": false, "[::]:1": false,
	} {
		a := netip.MustParseAddrPort(at)
		if err := Laboratory.check(a); (err == nil) != lab || err != nil && !errors.Is(err, ErrLive) {
			t.Errorf("%s: %v", at, err)
		}
		if Live.check(a) != nil {
			t.Errorf("%s is not live", at)
		}
	}
}

func TestCheck(t *testing.T) {
	c := Config{Caller: netip.MustParseAddrPort("10.0.0.1:5060"), Mix: Mix{Busy: 0.6, Abrupt: 0.6}, Rate: -1, Share: 99}
	_, err := Start(t.Context(), c)
	if err == nil || !errors.Is(err, ErrLive) {
		t.Fatalf("started: %v", err)
	}
	for _, want := range []string{"both ends", "10.0.0.1:5060", "calls are 0", "rate is -1", "nobody calls", "99 calls", "1.2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

// TestPlan: the mix and the rate are kept, and one seed gives one plan.
func TestPlan(t *testing.T) {
	m := Mix{Abrupt: 0.1, Cancelled: 0.2, Busy: 0.05, Unacknowledged: 0.05}
	draw := func() (all [kinds]int, total time.Duration) {
		r := rand.New(rand.NewPCG(4, 1))
		for range 10_000 {
			all[m.deal(r)]++
			total += Poisson.gap(r, 100)
		}
		return all, total
	}
	first, took := draw()
	for k, want := range [kinds]int{Talked: 6000, Abrupt: 1000, Cancelled: 2000, Busy: 500, Unacknowledged: 500} {
		if d := first[k] - want; max(d, -d) > 150 {
			t.Errorf("%d %v calls, want %d", first[k], Kind(k), want)
		}
	}
	if took < 97*time.Second || took > 103*time.Second || Even.gap(nil, 100) != 10*time.Millisecond {
		t.Errorf("10,000 arrivals at 100/s took %v", took)
	}
	if again, tookAgain := draw(); again != first || tookAgain != took {
		t.Error("one seed, two plans")
	}
}
