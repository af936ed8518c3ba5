package quality

import (
	"math"
	"testing"
	"time"
)

// ITU-T G.107 (03/2005) Table B.1: the lower limits of R against MOS, as published,
// which vendors print too (Mitel MX-ONE 8.0, "Speech Quality Measurement"); and
// 93.2 with all parameters at their defaults, which is MOS 4.41.
func TestPublishedMOS(t *testing.T) {
	for _, c := range []struct{ r, mos float64 }{
		{93.2, 4.41}, {90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58}, {0, 1}, {-20, 1}, {100, 4.5}, {120, 4.5},
	} {
		if got := MOS(c.r); math.Abs(got-c.mos) > 0.01 {
			t.Errorf("R %v: MOS %.3f, want %.2f", c.r, got, c.mos)
		}
	}
}

// ITU-T G.113 Appendix I gives G.711 with concealment Ie 0 and Bpl 25.1. Without it
// has Bpl 4.3: what a receiver does that we know nothing of is not assumed worse.
func TestPublishedEquipment(t *testing.T) {
	if got, want := G711(), (Equipment{Ie: 0, Bpl: 25.1}); got != want {
		t.Errorf("G.711 is %+v, want %+v", got, want)
	}
}

// ITU-T G.113 Appendix I (2002), Tables I.2 and I.3: the equipment impairment of
// codecs under random loss, found by listeners. The scores of the rating that is
// left agree within 0.05, for G.711 up to 7 %: above, that edition and the Bpl of
// the next one part (10 %: 25 against 27), and the score is bad by either.
func TestPublishedImpairments(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Equipment
		// ie by the loss in percent
		ie map[float64]float64
	}{
		{"G.711 with concealment", G711(), map[float64]float64{0: 0, 1: 5, 2: 7, 3: 10, 5: 15, 7: 20}},
		{"G.729A with VAD", Equipment{11, 19}, map[float64]float64{0: 11, 0.5: 13, 1: 15, 1.5: 17, 2: 19, 3: 23, 4: 26, 8: 36}},
	} {
		for loss, ie := range c.ie {
			got, want := MOS(Rating(c.e, Path{Loss: loss / 100})), published(93.2-ie)
			if math.Abs(got-want) > 0.05 {
				t.Errorf("%s at %v %%: MOS %.3f, want %.3f", c.name, loss, got, want)
			}
		}
	}
}

// published interpolates the published points of G.107 Table B.1, rather than
// asking the formula under test.
func published(r float64) float64 {
	table := [...]struct{ r, mos float64 }{{50, 2.58}, {60, 3.10}, {70, 3.60}, {80, 4.03}, {90, 4.34}, {93.2, 4.41}}
	i := 1
	for table[i].r < r {
		i++
	}
	a, b := table[i-1], table[i]
	return a.mos + (b.mos-a.mos)*(r-a.r)/(b.r-a.r)
}

// A delay of more than 177.3 ms costs more than one below.
func TestDelay(t *testing.T) {
	g := G711()
	for _, c := range []struct {
		delay time.Duration
		want  float64
	}{{0, 93.2}, {100 * ms, 90.8}, {150 * ms, 89.6}, {400 * ms, 93.2 - 9.6 - 0.11*222.7}} {
		if got := Rating(g, Path{Delay: c.delay}); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v: R %.3f, want %.3f", c.delay, got, c.want)
		}
	}
	if one, three := Rating(g, Path{Loss: 0.05, Burst: 1}), Rating(g, Path{Loss: 0.05, Burst: 3}); three >= one {
		t.Errorf("losses in bursts are heard more: R %.1f, alone %.1f", three, one)
	}
}

func TestGrade(t *testing.T) {
	for _, c := range []struct {
		r     float64
		delay time.Duration
		want  string
	}{{93, 60 * ms, "A"}, {80, 60 * ms, "B"}, {93, 100 * ms, "B"}, {71, 149 * ms, "B"}, {93, 150 * ms, "C"}, {51, 399 * ms, "C"}, {50, 10 * ms, ""}, {93, 400 * ms, ""}} {
		if got := GradeOf(c.r, c.delay).String(); got != c.want {
			t.Errorf("R %v after %v: %q, want %q", c.r, c.delay, got, c.want)
		}
	}
}

func TestScore(t *testing.T) {
	var s Score
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * Period) }
	for n, i := range []Interval{
		{Packets: 250},
		{}, // nothing was sent
		{Packets: 250, Lost: 20, Runs: 4, Ptime: 20 * ms, Buffer: 40 * ms, RoundTrip: 60 * ms},
		{Packets: 250, Ptime: 20 * ms, Buffer: 40 * ms, RoundTrip: 100 * ms},
	} {
		s.Add(at(n), G711(), i)
	}
	l, c := &s.Listening, &s.Conversational
	if l.Count != 3 || c.Count != 2 || math.Abs(l.Last-4.41) > 0.01 || !s.Worst.Equal(at(2)) || s.WorstLoss != 0.08 {
		t.Errorf("%+v", s)
	}
	// Runs of five at 8 %: BurstR 4.6; Ie,eff 95*8/(8/4.6+25.1) = 28.3.
	if want := MOS(93.2 - 28.32); math.Abs(l.Least-want) > 0.01 || c.Least >= l.Least {
		t.Errorf("least %.2f and %.2f, want %.2f and less", l.Least, c.Least, want)
	}
	if got := s.Grade.String(); got != "B" {
		t.Errorf("grade %q: 110 ms are too long for A", got)
	}
	if math.Abs(l.Average()-(4.409+4.409+l.Least)/3) > 0.001 {
		t.Errorf("average %.3f", l.Average())
	}
}
