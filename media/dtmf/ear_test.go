package dtmf

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"sekisho/media/g711"
	"sekisho/media/prompt"
)

// signal says keys as a telephone at the limits of SPEC §6.2 might.
type signal struct {
	off     float64 // of each frequency, as a share
	twist   float64 // low over high, dB
	level   float64 // of the stronger tone, dBm0
	on, gap time.Duration
	phase   float64
	shift   int // samples before the first
	aLaw    bool
	keys    string
}

func samplesOf(d time.Duration) int { return int(d * SampleRate / time.Second) }

func (s signal) pcm() (pcm []int16) {
	pcm = append(pcm, make([]int16, s.shift)...)
	amp := zeroLevel * math.Pow(10, s.level/20)
	lowAmp, highAmp := amp, amp
	if s.twist > 0 {
		highAmp *= math.Pow(10, -s.twist/20)
	} else {
		lowAmp *= math.Pow(10, s.twist/20)
	}
	for i := range len(s.keys) {
		low, high := Key(s.keys[i]).Tones()
		for n := range samplesOf(s.on) {
			at := float64(n) * 2 * math.Pi / SampleRate
			pcm = append(pcm, int16(lowAmp*math.Sin(at*low*(1+s.off)+s.phase)+highAmp*math.Sin(at*high*(1-s.off)+2*s.phase)))
		}
		pcm = append(pcm, make([]int16, samplesOf(s.gap))...)
	}
	return throughG711(append(pcm, make([]int16, 800)...), s.aLaw)
}

func throughG711(pcm []int16, aLaw bool) []int16 {
	for i, v := range pcm {
		if aLaw {
			pcm[i] = g711.ASample(g711.AOctet(v))
		} else {
			pcm[i] = g711.MuSample(g711.MuOctet(v))
		}
	}
	return pcm
}

// listen gives an Ear audio in packets of 20 ms.
func listen(pcm []int16) (begun, ended string) {
	var e Ear
	for ; len(pcm) > 0; pcm = pcm[min(160, len(pcm)):] {
		h, _ := e.Listen(pcm[:min(160, len(pcm))])
		for _, c := range h.Changes() {
			if c.Ended {
				ended += string(c.Key)
			} else {
				begun += string(c.Key)
			}
		}
	}
	return begun, ended
}

// Every key at every corner of what SPEC §6.2 allows is heard, once: 1.5 % off,
// 5 dB of twist either way, 50 ms long, 30 ms apart, 120 ms a cycle at least,
// from weak to strong, at any place in the packets and either law.
func TestEarHearsTheLimits(t *testing.T) {
	const all = "1234567890*#ABCD1122**##"
	for _, off := range []float64{0, 0.015, -0.015} {
		for _, twist := range []float64{0, -5, 5} {
			for _, level := range []float64{-3, -20, -30} {
				for _, times := range [][2]time.Duration{{50 * ms, 70 * ms}, {90 * ms, 30 * ms}, {200 * ms, 100 * ms}} {
					for shift := 0; shift < 160; shift += 41 {
						s := signal{off: off, twist: twist, level: level, on: times[0], gap: times[1], shift: shift, phase: float64(shift), aLaw: shift%2 == 1, keys: all}
						if begun, ended := listen(s.pcm()); begun != all || ended != all {
							t.Fatalf("%+v: heard %q, ended %q", s, begun, ended)
						}
					}
				}
			}
		}
	}
}

// What is no telephone's is no key: too far off, too unequal, too short, one tone
// alone, three of them.
func TestEarRefuses(t *testing.T) {
	plain := signal{level: -10, on: 100 * ms, gap: 100 * ms, keys: "159#"}
	for name, change := range map[string]func(*signal){
		"2.6 % off":      func(s *signal) { s.off = 0.026 },
		"5 % off":        func(s *signal) { s.off = 0.05 },
		"15 dB of twist": func(s *signal) { s.twist = 15 },
		"-12 dB":         func(s *signal) { s.twist = -12 },
		"20 ms":          func(s *signal) { s.on = 20 * ms },
		"-50 dBm0":       func(s *signal) { s.level = -50 },
	} {
		s := plain
		change(&s)
		if begun, _ := listen(s.pcm()); begun != "" {
			t.Errorf("%s: heard %q", name, begun)
		}
	}
	if begun, _ := listen(plain.pcm()); begun != plain.keys {
		t.Errorf("as it should be: heard %q", begun)
	}
	pcm := plain.pcm()
	for i := range pcm {
		pcm[i] += int16(8000 * math.Sin(float64(i)*2*math.Pi*600/SampleRate))
	}
	if begun, _ := listen(pcm); begun != "" {
		t.Errorf("beside a third tone: heard %q", begun)
	}
}

// A packet of 20 ms that is lost in the middle of a key makes no second one.
func TestEarOverALoss(t *testing.T) {
	for at := 320; at < 1000; at += 37 {
		s := signal{level: -10, on: 200 * ms, gap: 100 * ms, keys: "5"}
		pcm := s.pcm()
		clear(pcm[at : at+160])
		if begun, ended := listen(pcm); begun != "5" || ended != "5" {
			t.Errorf("samples %d to %d lost: heard %q, ended %q", at, at+160, begun, ended)
		}
	}
}

// What is said is heard.
func TestEarHearsTone(t *testing.T) {
	const all = "1234567890*#ABCD"
	var pcm []int16
	for i := range len(all) {
		tone := make([]int16, 640)
		Tone(Key(all[i]), 0, tone[:320])
		Tone(Key(all[i]), 320, tone[320:])
		pcm = append(append(pcm, tone...), make([]int16, 480)...)
	}
	if begun, ended := listen(throughG711(pcm, false)); begun != all || ended != all {
		t.Errorf("heard %q, ended %q", begun, ended)
	}
}

var talk = flag.Duration("talk", 60*time.Second, "how much synthesised speech and music TestTalkOff listens to")

// Talk-off: no key in speech and music, none of which is heard twice. The voices
// are of men, women and children, in turn.
func TestTalkOff(t *testing.T) {
	check := func(name string, pcm []int16) {
		t.Helper()
		if begun, _ := listen(throughG711(pcm, false)); begun != "" {
			t.Errorf("%s: heard %q", name, begun)
		}
	}
	const turn = 10 * time.Second
	for n := range int(*talk / turn) {
		if n%6 == 5 {
			check(fmt.Sprintf("music %d", n), music(uint64(n), samplesOf(turn)))
			continue
		}
		check(fmt.Sprintf("voice %d", n), speech(uint64(n), samplesOf(turn)))
	}
	clips := prompt.Embedded()
	for _, key := range clips.Keys() {
		clip, _ := clips.Clip(key)
		pcm := make([]int16, len(clip))
		for i, b := range clip {
			pcm[i] = g711.MuSample(b)
		}
		check(key, pcm)
	}
}

func TestEarDoesNotAllocate(t *testing.T) {
	var e Ear
	pcm := signal{level: -10, on: 60 * ms, gap: 60 * ms, keys: "159#"}.pcm()
	if n := testing.AllocsPerRun(50, func() {
		for i := 0; i+160 <= len(pcm); i += 160 {
			e.Listen(pcm[i : i+160])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEar(b *testing.B) {
	var e Ear
	pcm := speech(1, 8000)
	for b.Loop() {
		e.Listen(pcm[:160])
	}
}

// speech is a formant synthesiser: a glottal pulse train with jitter, shimmer and
// a gliding pitch through three resonances that move from vowel to vowel, noise
// for fricatives, and pauses (Klatt 1980, much reduced). Each seed has a voice
// and words of its own.
func speech(seed uint64, n int) []int16 {
	r := rand.New(rand.NewPCG(seed, 1980))
	pitch := []float64{85, 110, 140, 180, 215, 250, 300, 380}[seed%8] * (0.9 + 0.2*r.Float64())
	size := 0.85 + pitch/700 // of the vocal tract: children's are short
	vowels := [][3]float64{{730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}, {490, 1350, 1690}, {660, 1720, 2410}, {440, 1020, 2240}}
	out := make([]float64, n)
	var y [3][2]float64
	phase, at := 0.0, 0
	from := vowels[r.IntN(len(vowels))]
	for at < n {
		to := vowels[r.IntN(len(vowels))]
		length := samplesOf(time.Duration(60+r.IntN(240)) * ms)
		kind := r.IntN(10) // 0: pause, 1: fricative
		loud := 0.3 + 0.7*r.Float64()
		glide := (r.Float64() - 0.5) * 0.4
		for i := 0; i < length && at < n; i++ {
			x := float64(i) / float64(length)
			f0 := pitch * (1 + glide*x + 0.02*math.Sin(2*math.Pi*5*float64(at)/SampleRate))
			phase += f0 / SampleRate * (1 + 0.01*(r.Float64()-0.5))
			source := 0.02 * (r.Float64() - 0.5)
			switch {
			case kind == 0:
			case kind == 1:
				source = 0.5 * (r.Float64() - 0.5)
			default:
				if phase >= 1 {
					source += 1 + 0.1*r.Float64()
				}
				source += 0.3 * math.Sin(2*math.Pi*phase)
			}
			phase -= math.Floor(phase)
			for f := range y {
				freq := (from[f] + (to[f]-from[f])*x) * size
				radius := math.Exp(-math.Pi * (60 + 40*float64(f)) / SampleRate)
				a, b := 2*radius*math.Cos(2*math.Pi*min(freq, 3700)/SampleRate), -radius*radius
				v := (1-radius)*source + a*y[f][0] + b*y[f][1]
				y[f][1], y[f][0] = y[f][0], v
				source = v * 4
			}
			out[at] = source * loud * math.Sin(math.Pi*min(1, 4*x, 4*(1-x))/2)
			at++
		}
		from = to
	}
	return scaled(out)
}

// music is chords of instruments with harmonics, a melody over them, and drums.
func music(seed uint64, n int) []int16 {
	r := rand.New(rand.NewPCG(seed, 440))
	out := make([]float64, n)
	for at := 0; at < n; {
		length := samplesOf(time.Duration(120+r.IntN(500)) * ms)
		for range 1 + r.IntN(4) {
			f := 440 * math.Pow(2, float64(r.IntN(37)-15)/12)
			bright := r.Float64()
			for h := 1.0; h < 6 && f*h < 3800; h++ {
				level := math.Pow(bright*0.8, h-1)
				for i := 0; i < length && at+i < n; i++ {
					out[at+i] += level * math.Sin(2*math.Pi*f*h*float64(i)/SampleRate) * math.Exp(-3*float64(i)/float64(length))
				}
			}
		}
		if r.IntN(3) == 0 {
			for i := 0; i < 400 && at+i < n; i++ {
				out[at+i] += (r.Float64() - 0.5) * math.Exp(-float64(i)/80)
			}
		}
		at += length
	}
	return scaled(out)
}

// scaled brings a signal to -18 dBFS.
func scaled(x []float64) []int16 {
	var power float64
	for _, v := range x {
		power += v * v / float64(len(x))
	}
	gain := 32768 * math.Pow(10, -18.0/20) / math.Sqrt(power)
	pcm := make([]int16, len(x))
	for i, v := range x {
		pcm[i] = int16(max(-32000, min(32000, v*gain)))
	}
	return pcm
}
