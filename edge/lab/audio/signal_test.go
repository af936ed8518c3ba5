package audio

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"sekisho/media/prompt"
)

func TestCadence(t *testing.T) {
	ringback, busy, dial := clip(t, prompt.Ringback), clip(t, prompt.Busy), clip(t, prompt.Dial)
	random := rand.New(rand.NewPCG(5, 6))
	ring3 := repeated(ringback, 3)
	burst := repeated(ringback, 2) // four packets lost in the middle of a tone
	clear(burst[28000 : 28000+4*packet])
	cases := []struct {
		name  string
		heard []int16
		want  Signal
	}{
		{"ringback", ring3, Ringback},
		{"ringback entered in a tone", ring3[3000:60000], Ringback},
		{"ringback entered in a pause", ring3[12000:], Ringback},
		{"ringback, 2.8 s of it", ringback[:22400], Ringback},
		{"ringback with losses", holes(ring3, 9), Ringback},
		{"ringback with a burst lost", burst[12000:], Ringback},
		{"ringback in noise", mixed(ring3, noise(random, len(ring3), -45)), Ringback},
		{"ringback through A-law", throughALaw(ring3), Ringback},
		{"ringback 10 dB lower", scaled(ring3, 0.32), Ringback},
		{"busy", repeated(busy, 4), Busy},
		{"busy, 1.5 s of it", repeated(busy, 2)[:12000], Busy},
		{"busy entered in a tone", repeated(busy, 4)[1000:30000], Busy},
		{"busy with losses", holes(repeated(busy, 4), 9), Busy},
		{"dial", repeated(dial, 3), Dial},

		{"ringback as crosstalk", scaled(ring3, 0.03), NoSignal},
		{"one second of tone", dial, NoSignal},
		{"ringback without modulation", repeated(concat(dial, quiet(2)), 3), NoSignal},
		{"busy with modulation", repeated(concat(ringback[:4000], quiet(0.5)), 4), NoSignal},
		{"busy too fast", repeated(concat(busy[:2000], quiet(0.25)), 8), NoSignal},
		{"wrong frequency", repeated(clip(t, prompt.Beep), 8), NoSignal},
		{"speech", clip(t, "emergency"), NoSignal},
		{"voice", Decode(Voice(1)), NoSignal},
		{"music", clip(t, prompt.Hold), NoSignal},
		{"noise", noise(random, 5*Rate, -20), NoSignal},
		{"silence", quiet(5), NoSignal},
		{"nothing", nil, NoSignal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if p := Cadence(c.heard); p.Signal != c.want {
				t.Errorf("%v, want %v", p, c.want)
			}
		})
	}
	p := Cadence(ring3)
	if off := (p.On - time.Second).Abs() + (p.Off - 2*time.Second).Abs(); off > 80*time.Millisecond {
		t.Errorf("ringback measured as %v", p)
	}
}

func TestTone(t *testing.T) {
	dial, beep := clip(t, prompt.Dial), clip(t, prompt.Beep)
	cases := []struct {
		name      string
		heard     []int16
		hertz     float64
		low, high float64
	}{
		{"dial at 400", dial, 400, 0.95, 1.01},
		{"dial at 440", dial, 440, 0, 0.05},
		{"beep at 1000", beep, 1000, 0.95, 1.01},
		{"beep at 400", beep, 400, 0, 0.05},
		{"speech at 400", clip(t, "ext1000"), 400, 0, 0.3},
		{"silence", quiet(1), 400, 0, 0},
		{"nothing", nil, 400, 0, 0},
	}
	for _, c := range cases {
		if got := Tone(c.heard, c.hertz); got < c.low || got > c.high {
			t.Errorf("%s: %.3f, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

func TestSilent(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	cases := []struct {
		name  string
		heard []int16
		want  bool
	}{
		{"nothing", nil, true},
		{"mu-law silence", clip(t, prompt.Silence), true},
		{"A-law silence", throughALaw(quiet(2)), true},
		{"dither", noise(random, 2*Rate, -70), true},
		{"faint noise", noise(random, 2*Rate, -55), false},
		{"one packet in ten seconds", concat(quiet(9.9), clip(t, prompt.Dial)[:packet]), false},
		{"voice", Decode(Voice(1)), false},
	}
	for _, c := range cases {
		if got := Silent(c.heard); got != c.want {
			t.Errorf("%s at %.1f dBFS: %v", c.name, Level(c.heard), got)
		}
	}
	if got := Level(nil); !math.IsInf(got, -1) {
		t.Errorf("nothing has a level of %v", got)
	}
	if got := Level([]int16{math.MinInt16}); got != 0 {
		t.Errorf("full scale is %v dBFS", got)
	}
}
