package quality

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// arrived is one copy of a packet as the network delivers it.
type arrived struct {
	at time.Duration
	n  int
}

// line is a network whose faults are known.
type line struct {
	loss, stay float64 // of a packet after a good one, after a lost one
	repeat     float64
	jitter     time.Duration // the most that a packet is late
	skew       float64       // of the sender's clock, parts per million
}

// play sends packets of 20 ms through the line. lost says for each whether it
// was.
func (l line) play(packets int, random *rand.Rand) (came []arrived, lost []bool, repeated int) {
	lost = make([]bool, packets)
	for n := range packets {
		sent := time.Duration(float64(n) * 20e6 * (1 - l.skew/1e6))
		chance := l.loss
		if n > 0 && lost[n-1] {
			chance = l.stay
		}
		// The ends of a stream cannot be missed by anybody.
		if lost[n] = random.Float64() < chance && n > 0 && n < packets-1; lost[n] {
			continue
		}
		late := time.Duration(0)
		if l.jitter > 0 {
			late = time.Duration(random.Int64N(int64(l.jitter)))
		}
		came = append(came, arrived{sent + late, n})
		if random.Float64() < l.repeat {
			came = append(came, arrived{sent + late + time.Duration(random.IntN(30))*ms, n})
			repeated++
		}
	}
	slices.SortStableFunc(came, func(a, b arrived) int { return cmp.Compare(a.at, b.at) })
	return came, lost, repeated
}

// bursts3611 is RFC 3611 §4.7.2 again, from the whole record of a stream.
func bursts3611(lost []bool) (b Bursts) {
	var at []int
	for n, l := range lost {
		if !l {
			continue
		}
		if len(at) == 0 || at[len(at)-1] != n-1 {
			b.Runs++
		}
		at = append(at, n)
	}
	for i := 0; i < len(at); {
		j := i
		for j+1 < len(at) && at[j+1]-at[j]-1 < 16 {
			j++
		}
		if j > i {
			span := uint64(at[j] - at[i] + 1)
			b.Count++
			b.Packets += span
			b.Longest = max(b.Longest, span)
			b.Lost += uint64(j - i + 1)
		}
		i = j + 1
	}
	b.GapLost, b.GapPackets = uint64(len(at))-b.Lost, uint64(len(lost))-b.Packets
	return b
}

// What is injected is what is found: loss, repeats and bursts exactly, jitter
// within 5 % of the formula of RFC 3550 §6.4.1 in floating point.
func TestInjectedFaultsAreFound(t *testing.T) {
	for _, c := range []struct {
		name string
		line line
	}{
		{"clean", line{}},
		{"loss", line{loss: 0.02, stay: 0.02}},
		{"bursts", line{loss: 0.01, stay: 0.7}},
		{"long bursts", line{loss: 0.002, stay: 0.99}},
		{"jitter", line{jitter: 15 * ms}},
		{"reordering", line{jitter: 90 * ms}},
		{"repeats", line{repeat: 0.05}},
		{"all of it", line{loss: 0.03, stay: 0.5, repeat: 0.05, jitter: 60 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(20) {
				against(t, c.line, seed)
			}
		})
	}
}

func against(t *testing.T, l line, seed uint64) {
	t.Helper()
	const packets = 5000
	came, lost, repeated := l.play(packets, rand.New(rand.NewPCG(seed, 1)))
	var s Stream
	first := uint16(seed * 7919) // the numbers wrap somewhere
	var jitter, before float64
	seen, newest, late := map[int]bool{}, -1, uint64(0)
	for _, p := range came {
		s.Receive(epoch.Add(p.at), Packet{Sequence: first + uint16(p.n), Timestamp: 0xffff0000 + uint32(160*p.n)})
		if seen[p.n] {
			continue
		}
		transit := float64(p.at)/1e6 - float64(20*p.n)
		if len(seen) > 0 {
			jitter += (math.Abs(transit-before) - jitter) / 16
		}
		before = transit
		seen[p.n] = true
		if p.n < newest {
			late++
		}
		newest = max(newest, p.n)
	}
	missing := uint64(0)
	for _, l := range lost {
		if l {
			missing++
		}
	}
	want := Totals{
		Received: uint64(len(came)), Lost: int64(missing) - int64(repeated), Missing: missing,
		Late: late, Duplicate: uint64(repeated), Segments: 1,
	}
	if got := s.Totals(); got != want {
		t.Errorf("seed %d: %+v, want %+v", seed, got, want)
	}
	sum := s.Summary()
	if want := bursts3611(lost); sum.Bursts != want {
		t.Errorf("seed %d: bursts %+v, want %+v", seed, sum.Bursts, want)
	}
	if got := float64(s.Jitter()) / 1e6; math.Abs(got-jitter) > 0.05*jitter+0.13 {
		t.Errorf("seed %d: jitter %.3f ms, want %.3f ms", seed, got, jitter)
	}
	if got := sum.Ptime; got != 20*ms {
		t.Errorf("seed %d: packets of %v", seed, got)
	}
	i := s.Rest()
	if i.Packets != packets || i.Lost != missing {
		t.Errorf("seed %d: an interval of %d packets, %d lost; want %d, %d", seed, i.Packets, i.Lost, packets, missing)
	}
}

// Intervals tell each packet once.
func TestIntervalsAddUp(t *testing.T) {
	came, lost, _ := line{loss: 0.05, stay: 0.3}.play(3000, rand.New(rand.NewPCG(3, 3)))
	var s Stream
	var packets, missing, runs uint64
	next := 5 * time.Second
	for _, p := range came {
		if p.at >= next {
			i := s.Interval()
			packets, missing, runs, next = packets+i.Packets, missing+i.Lost, runs+i.Runs, next+5*time.Second
		}
		s.Receive(epoch.Add(p.at), Packet{Sequence: uint16(p.n), Timestamp: uint32(160 * p.n)})
	}
	i := s.Rest()
	want := bursts3611(lost)
	if packets+i.Packets != 3000 || missing+i.Lost != want.Lost+want.GapLost || runs+i.Runs != want.Runs {
		t.Errorf("%d packets, %d lost in %d runs; want 3000, %d, %d", packets+i.Packets, missing+i.Lost, runs+i.Runs, want.Lost+want.GapLost, want.Runs)
	}
}

// Waits are told apart by their length, the longest is kept, and a pause of the
// sender is none.
func TestWaits(t *testing.T) {
	var s Stream
	at, n, ts := time.Duration(0), uint16(0), uint32(0)
	send := func(wait time.Duration) {
		at += wait
		s.Receive(epoch.Add(at), Packet{Sequence: n, Timestamp: ts})
		n, ts = n+1, ts+160
	}
	for range 10 {
		send(20 * ms)
	}
	for _, wait := range []time.Duration{30 * ms, 31 * ms, 50 * ms, 99 * ms, 150 * ms, 201 * ms, 250 * ms} {
		send(wait)
	}
	ts += 8000 // one second of silence suppressed
	send(1020 * ms)
	send(20 * ms)
	n += 2 // two packets lost: a wait, not a pause
	ts += 320
	send(60 * ms)
	sum := s.Summary()
	// Of the first ten packets' nine waits the first only taught the step.
	if want := [5]uint64{8 + 1 + 1, 1 + 1, 1 + 1, 1, 2}; sum.Deltas != want {
		t.Errorf("waits %v, want %v", sum.Deltas, want)
	}
	if sum.MaxGap != 250*ms || sum.Pauses != 1 || !s.Paused() {
		t.Errorf("longest wait %v, %d pauses", sum.MaxGap, sum.Pauses)
	}
}

// The digits of RFC 4733 stand still in time: the wait over them is none.
func TestEventsAreNoWait(t *testing.T) {
	var s Stream
	stream(&s, through(0, 9)...)
	for n := 10; n < 40; n++ {
		s.Receive(epoch.Add(time.Duration(n)*20*ms), Packet{Sequence: uint16(n), Timestamp: 1600, Kind: Event})
	}
	stream(&s, through(40, 60)...)
	if sum := s.Summary(); sum.MaxGap > 20*ms || sum.Pauses != 0 {
		t.Errorf("longest wait %v, %d pauses", sum.MaxGap, sum.Pauses)
	}
}

func TestDrift(t *testing.T) {
	for _, skew := range []float64{0, 50, -120, 400} {
		came, _, _ := line{jitter: 20 * ms, skew: skew}.play(15_000, rand.New(rand.NewPCG(1, 2))) // five minutes
		var s Stream
		for _, p := range came {
			s.Receive(epoch.Add(p.at), Packet{Sequence: uint16(p.n), Timestamp: uint32(160 * p.n)})
		}
		if sum := s.Summary(); !sum.Drifts || math.Abs(sum.Drift-skew) > 5 {
			t.Errorf("a clock %+.0f ppm fast reads as %+.1f", skew, sum.Drift)
		}
	}
}

// A sender whose clock leaps goes on without jitter being made up from it.
func TestLeapOfTheClock(t *testing.T) {
	var s Stream
	stream(&s, through(0, 100)...)
	for n := 101; n < 200; n++ {
		s.Receive(epoch.Add(time.Duration(n)*20*ms), Packet{Sequence: uint16(n), Timestamp: 5_000_000 + uint32(160*n)})
	}
	if sum := s.Summary(); sum.MaxJitter != 0 || sum.Leaps != 1 || sum.Drifts {
		t.Errorf("jitter %v, %d leaps, drift known: %v", sum.MaxJitter, sum.Leaps, sum.Drifts)
	}
}

// What no jitter buffer would have waited for is as good as lost.
func TestDiscards(t *testing.T) {
	var s Stream
	for n := range 500 {
		late := time.Duration(0)
		if n%50 == 49 {
			late = 70 * ms
		}
		s.Receive(epoch.Add(time.Duration(n)*20*ms+late), Packet{Sequence: uint16(n), Timestamp: uint32(160 * n)})
	}
	if sum := s.Summary(); sum.Discarded != 10 {
		t.Errorf("%d discarded, want 10", sum.Discarded)
	}
	if i := s.Rest(); i.Path().Loss != 10.0/500 {
		t.Errorf("loss %v, want 2 %%", i.Path().Loss)
	}
}

func TestDSCP(t *testing.T) {
	var s Stream
	for n, tos := range []uint8{0xb8, 0xb8, 0, 0, 0xb8} {
		s.Receive(epoch.Add(time.Duration(n)*20*ms), Packet{Sequence: uint16(n), Timestamp: uint32(160 * n), TOS: tos})
	}
	if sum := s.Summary(); sum.TOS != 0xb8 || sum.TOSChanges != 2 {
		t.Errorf("TOS %#x, %d changes; want 0xb8 and 2", sum.TOS, sum.TOSChanges)
	}
}

func TestSilence(t *testing.T) {
	loud, quiet := make([]byte, 160), make([]byte, 160)
	for i := range loud {
		loud[i], quiet[i] = byte(i), 0xff
	}
	for _, law := range []Law{Mu, A} {
		if law == A {
			for i := range quiet {
				quiet[i] = 0xd5
			}
		}
		var s Stream
		for n := range 1600 {
			payload := loud
			if n < 400 {
				payload = quiet
			}
			s.Listen(payload, law)
		}
		if sum := s.Summary(); sum.Sampled != 100 || sum.Silent != 25 {
			t.Errorf("law %d: %d of %d silent, want 25 of 100", law, sum.Silent, sum.Sampled)
		}
	}
}

// RFC 3550 §6.4.1: "The fraction of RTP data packets from source SSRC_n lost
// since the previous SR or RR packet was sent".
func TestReport(t *testing.T) {
	var s Stream
	if _, ok := s.Report(); ok {
		t.Error("a block about nobody")
	}
	stream(&s, through(65530, 65539)...)
	stream(&s, 65545)
	r, ok := s.Report()
	if want := (Reception{Fraction: 5 * 256 / 16, Lost: 5, Highest: 65545}); !ok || r != want {
		t.Errorf("%+v %v, want %+v", r, ok, want)
	}
	if _, ok := s.Report(); ok {
		t.Error("a block though nothing has come")
	}
	stream(&s, through(65546, 65555)...)
	if r, ok := s.Report(); !ok || r.Fraction != 0 || r.Lost != 5 {
		t.Errorf("%+v %v", r, ok)
	}
	stream(&s, 65555, 65555)
	if r, ok := s.Report(); !ok || r.Fraction != 0 || r.Lost != 3 {
		t.Errorf("%+v %v: repeats make the number smaller", r, ok)
	}
}

// A Stream moves as a value.
func TestStreamIsPlainData(t *testing.T) {
	came, _, _ := line{loss: 0.05, stay: 0.3, repeat: 0.05, jitter: 50 * ms}.play(2000, rand.New(rand.NewPCG(9, 9)))
	var a, b Stream
	for _, p := range came {
		packet := Packet{Sequence: uint16(p.n), Timestamp: uint32(160 * p.n)}
		a.Receive(epoch.Add(p.at), packet)
		moved := b
		moved.Receive(epoch.Add(p.at), packet)
		b = moved
	}
	if a != b || a.Summary() != b.Summary() {
		t.Error("a copy goes on otherwise")
	}
}
