package audio

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sekisho/media/g711"
	"sekisho/media/prompt"
)

// What the network does to a clip between the one who plays and the one who
// hears. Every case says whether the clip is still heard whole.
func TestHears(t *testing.T) {
	emergency, ext1000 := clip(t, "emergency"), clip(t, "ext1000")
	random := rand.New(rand.NewPCG(1, 2))
	cases := []struct {
		name  string
		heard []int16
		clip  []int16
		want  bool
		lag   int
	}{
		{"as played", ext1000, ext1000, true, 0},
		{"late", concat(quiet(0.731), ext1000, quiet(1)), ext1000, true, 5848},
		{"after ringback", concat(clip(t, prompt.Ringback), ext1000), ext1000, true, 24000},
		{"quiet", scaled(ext1000, 0.1), ext1000, true, 0},
		{"through A-law", throughALaw(ext1000), ext1000, true, 0},
		{"noise 10 dB below", mixed(ext1000, noise(random, len(ext1000), Level(ext1000)-10)), ext1000, true, 0},
		{"every tenth packet silenced", holes(ext1000, 10), ext1000, true, 0},
		{"three packets cut out", without(ext1000, 50, 51, 120), ext1000, true, anyLag},
		{"every hundredth packet cut out", cutEvery(emergency, 100), emergency, true, anyLag},
		{"first 60 ms missing", ext1000[480:], ext1000, true, -480},
		{"longest prompt", concat(quiet(0.3), emergency), emergency, true, 2400},
		{"shorter than a segment", concat(quiet(0.5), clip(t, "digit_7")), clip(t, "digit_7"), true, 4000},

		{"other announcement", clip(t, "not_allowed"), ext1000, false, anyLag},
		{"other digit", clip(t, "digit_9"), clip(t, "digit_2"), false, anyLag},
		{"first sentence only", clip(t, "emergency_short"), emergency, false, anyLag},
		{"same sentence, other ending", clip(t, "emergency_desk"), emergency, false, anyLag},
		{"second half missing", ext1000[:len(ext1000)/2], ext1000, false, 0},
		{"backwards", reversed(ext1000), ext1000, false, anyLag},
		{"payloads scrambled", scrambled(random, ext1000), ext1000, false, anyLag},
		{"every other packet silenced", holes(ext1000, 2), ext1000, false, anyLag},
		{"silence", quiet(5), ext1000, false, 0},
		{"nothing", nil, ext1000, false, 0},
		{"noise", noise(random, 5*Rate, -20), ext1000, false, anyLag},
		{"busy tone", repeated(clip(t, prompt.Busy), 5), ext1000, false, anyLag},
		{"a voice", Decode(Voice(1)), ext1000, false, anyLag},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := Hears(c.heard, c.clip)
			if v.OK != c.want {
				t.Errorf("OK is %v: %v", v.OK, v)
			}
			if c.lag != anyLag && v.Lag != c.lag {
				t.Errorf("lag %d, want %d", v.Lag, c.lag)
			}
		})
	}
}

const anyLag = math.MinInt

// No announcement passes for another, in either direction.
func TestEveryAnnouncementIsItself(t *testing.T) {
	keys := []string{
		"ext1000", "emergency_short", "emergency_desk", "invalid_retry",
		"no_answer", "no_intl", "not_allowed", "digit_2", "digit_9",
	}
	clips := map[string][]int16{}
	for _, key := range keys {
		clips[key] = clip(t, key)
	}
	for _, heard := range keys {
		for _, wanted := range keys {
			v := Hears(clips[heard], clips[wanted])
			if v.OK != (heard == wanted) {
				t.Errorf("%s passes for %s: %v (%v)", heard, wanted, v.OK, v)
			}
		}
	}
}

func TestHearsLoop(t *testing.T) {
	a, b := Decode(Voice(1)), Decode(Voice(2))
	looped := repeated(a, 3)
	random := rand.New(rand.NewPCG(3, 4))
	cases := []struct {
		name  string
		heard []int16
		want  bool
	}{
		{"a stretch from the middle", a[20000:44000], true},
		{"across the seam", looped[50000:80000], true},
		{"twice round", looped[12345:150000], true},
		{"after a silence", concat(quiet(2), looped[50000:80000]), true},
		{"with a pause", concat(a[:24000], quiet(1.5), a[36000:60000]), true},
		{"every tenth packet silenced", holes(looped[50000:80000], 10), true},
		{"every hundredth packet cut out", cutEvery(looped[50000:110000], 100), true},
		{"through A-law", throughALaw(looped[50000:80000]), true},
		{"noise 10 dB below", mixed(a[:24000], noise(random, 24000, Level(a)-10)), true},

		{"the other party", b[20000:44000], false},
		{"both parties", concat(a[:16000], b[:16000]), false},
		{"both at once", mixed(a[:32000], b[:32000]), false},
		{"backwards", reversed(a), false},
		{"payloads scrambled", scrambled(random, a), false},
		{"silence", quiet(4), false},
		{"nothing", nil, false},
		{"an announcement", clip(t, "ext1000"), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if v := HearsLoop(c.heard, a); v.OK != c.want {
				t.Errorf("OK is %v: %v", v.OK, v)
			}
		})
	}
	if v := HearsLoop(a, nil); v.OK {
		t.Error("an empty clip was heard")
	}
	v := HearsLoop(concat(quiet(2), a[:16000]), a)
	if v.Found < 1500*time.Millisecond || v.Found > 2*time.Second {
		t.Errorf("%v found of 2 s", v.Found)
	}
}

func TestMusicAndTonesAreLoops(t *testing.T) {
	hold, dial := clip(t, prompt.Hold), clip(t, prompt.Dial)
	if v := HearsLoop(repeated(hold, 2)[100000:160000], hold); !v.OK {
		t.Errorf("hold music across its seam: %v", v)
	}
	if v := HearsLoop(hold[:40000], Decode(Voice(1))); v.OK {
		t.Errorf("hold music passes for a voice: %v", v)
	}
	if v := HearsLoop(repeated(dial, 3)[77:20000], dial); !v.OK {
		t.Errorf("dial tone: %v", v)
	}
}

func TestOccurrences(t *testing.T) {
	p := clip(t, "ext1000")
	cases := []struct {
		name  string
		heard []int16
		want  []int
	}{
		{"never", Decode(Voice(5)), nil},
		{"once", concat(quiet(0.5), p), []int{4000}},
		{"repeated once", concat(quiet(0.5), p, p), []int{4000, 4000 + len(p)}},
		{"with a pause", concat(p, quiet(2), p, quiet(1)), []int{0, len(p) + 16000}},
		{"second one cut", concat(p, p[:len(p)/2]), []int{0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Occurrences(c.heard, p); !slices.Equal(got, c.want) {
				t.Errorf("at %v, want %v", got, c.want)
			}
		})
	}
}

// Whatever a test recorded, the ear answers.
func TestEveryLengthIsJudged(t *testing.T) {
	v := Decode(Voice(1))
	lengths := []int{0, 1, frame - 1, shortestCorrelation - 1, shortestCorrelation, segment - 1, segment, segment + 1, 3*segment + 7}
	for _, n := range lengths {
		for _, m := range lengths {
			same := n == m && n >= shortestCorrelation
			if got := Hears(v[:n], v[:m]); same && !got.OK || got.Covered > 1 || math.IsNaN(got.Covered) {
				t.Errorf("%d of %d samples: %v", n, m, got)
			}
			if got := HearsLoop(v[:n], v[:m]); same && !got.OK || got.Covered > 1 || math.IsNaN(got.Covered) {
				t.Errorf("%d of a loop of %d samples: %v", n, m, got)
			}
		}
		Cadence(v[:n])
		Tone(v[:n], 400)
		Silent(v[:n])
	}
}

func TestVoicesHaveNothingInCommon(t *testing.T) {
	const parties = 8
	var voices [parties][]int16
	for i := range voices {
		voices[i] = Decode(Voice(uint64(i)))
		if got := Level(voices[i]); math.Abs(got-voiceLevel) > 0.1 {
			t.Errorf("voice %d has %.2f dBFS", i, got)
		}
		if !slices.Equal(Voice(uint64(i)), Voice(uint64(i))) {
			t.Errorf("voice %d differs from itself", i)
		}
	}
	for i := range voices {
		for j := range i {
			if peak, _ := Correlate(voices[i], voices[j]); peak > 0.2 {
				t.Errorf("voices %d and %d have a likeness of %.2f", i, j, peak)
			}
		}
		// One place of a voice is not another.
		if peak, _ := Correlate(voices[i][:24000], voices[i][32000:56000]); peak > 0.25 {
			t.Errorf("voice %d repeats itself: %.2f", i, peak)
		}
	}
}

func TestCorrelateLag(t *testing.T) {
	v := Decode(Voice(9))
	for _, lag := range []int{0, 1, 2, 3, 777, 8000, 40001} {
		peak, got := Correlate(concat(make([]int16, lag), v), v)
		if got != lag || peak < 0.999 {
			t.Errorf("lag %d found at %d with %.3f", lag, got, peak)
		}
		peak, got = Correlate(v[min(lag, 30000):], v)
		if want := -min(lag, 30000); got != want || peak < 0.999 {
			t.Errorf("lag %d found at %d with %.3f", want, got, peak)
		}
	}
	for _, short := range [][]int16{nil, v[:shortestCorrelation-1]} {
		if peak, lag := Correlate(short, v); peak != 0 || lag != 0 {
			t.Errorf("%d samples give %v at %d", len(short), peak, lag)
		}
	}
	if peak, _ := Correlate(inverted(v), v); peak > 0.5 {
		t.Errorf("an inverted signal has a likeness of %.2f", peak)
	}
}

// A-law has no zero: its silence is a constant, and two constants are alike.
func TestCorrelateIgnoresCommonSilence(t *testing.T) {
	heard := throughALaw(concat(quiet(2), Decode(Voice(1))[:Rate]))
	other := throughALaw(concat(Decode(Voice(2))[:Rate], quiet(1.5)))
	if peak, lag := Correlate(heard, other); peak > 0.4 {
		t.Errorf("silence has a likeness of %.2f at %d", peak, lag)
	}
}

func BenchmarkCorrelate15s(b *testing.B) {
	set := prompt.Embedded()
	ulaw, _ := set.Clip("emergency")
	p := Decode(ulaw)
	heard := concat(quiet(0.3), p)
	for b.Loop() {
		Correlate(heard, p)
	}
}

func clip(t *testing.T, key string) []int16 {
	t.Helper()
	ulaw, ok := prompt.Embedded().Clip(key)
	if !ok {
		t.Fatalf("no clip %q", key)
	}
	return Decode(ulaw)
}

func concat(parts ...[]int16) []int16 { return slices.Concat(parts...) }

func quiet(seconds float64) []int16 { return make([]int16, int(seconds*Rate)) }

func repeated(pcm []int16, n int) []int16 { return slices.Repeat(pcm, n) }

func scaled(pcm []int16, gain float64) []int16 {
	out := make([]int16, len(pcm))
	for i, s := range pcm {
		out[i] = int16(float64(s) * gain)
	}
	return out
}

func inverted(pcm []int16) []int16 { return scaled(pcm, -1) }

func reversed(pcm []int16) []int16 {
	out := slices.Clone(pcm)
	slices.Reverse(out)
	return out
}

func mixed(a, b []int16) []int16 {
	out := make([]int16, len(a))
	for i := range out {
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, int(a[i])+int(b[i]))))
	}
	return out
}

func noise(random *rand.Rand, n int, dBFS float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(random.NormFloat64() * 32768 * math.Pow(10, dBFS/20))
	}
	return out
}

func throughALaw(pcm []int16) []int16 {
	octets, out := make([]byte, len(pcm)), make([]int16, len(pcm))
	g711.EncodeMu(octets, pcm)
	g711.MuToA(octets, octets)
	g711.DecodeA(out, octets)
	return out
}

const packet = Rate / 50

// holes silences every nth packet.
func holes(pcm []int16, n int) []int16 {
	out := slices.Clone(pcm)
	for i := 0; i < len(out); i += n * packet {
		clear(out[i:min(i+packet, len(out))])
	}
	return out
}

// without removes packets, so that what follows moves up.
func without(pcm []int16, packets ...int) []int16 {
	var out []int16
	for i := 0; i*packet < len(pcm); i++ {
		if !slices.Contains(packets, i) {
			out = append(out, pcm[i*packet:min((i+1)*packet, len(pcm))]...)
		}
	}
	return out
}

func cutEvery(pcm []int16, n int) []int16 {
	var gone []int
	for i := n - 1; i*packet < len(pcm); i += n {
		gone = append(gone, i)
	}
	return without(pcm, gone...)
}

// scrambled is what a link that corrupts payloads leaves: the level of sound,
// none of its content.
func scrambled(random *rand.Rand, pcm []int16) []int16 {
	octets, out := make([]byte, len(pcm)), make([]int16, len(pcm))
	g711.EncodeMu(octets, pcm)
	for i := range octets {
		octets[i] ^= byte(random.Uint32())
	}
	g711.DecodeMu(out, octets)
	return out
}
