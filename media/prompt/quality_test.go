package prompt

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"sekisho/media/g711"
)

// seconds is the announcements' length in the specification's table; a clip
// may differ by 20 %, which a cut sentence or a misread number does not.
var seconds = map[string]float64{
	"transfer_enter": 3.1, "transfer_ext_alt": 3.2, "transfer_cancel": 3.5, "hold_on": 4.6,
	"park_full": 3.3, "no_parked": 3.8, "no_pickup": 2.6, "no_answer": 3.1, "invalid_retry": 5.6,
	"not_allowed": 2.8, "ext1000": 4.4, "no_intl": 3.3, "no_cli": 6.9, "busy_all": 5.6,
	"unreachable": 7.6, "emergency": 14.7, "emergency_short": 4.1, "emergency_desk": 7.3,
	"queue_wait": 4.8, "park_prefix": 1.2, "park_suffix": 0.85,
	"digit_0": 0.57, "digit_1": 0.57, "digit_2": 0.57, "digit_3": 0.57, "digit_4": 0.57,
	"digit_5": 0.57, "digit_6": 0.57, "digit_7": 0.57, "digit_8": 0.57, "digit_9": 0.57,
}

func TestAnnouncements(t *testing.T) {
	set := Embedded()
	for key, want := range seconds {
		clip, ok := set.Clip(key)
		if !ok {
			t.Errorf("%s is missing", key)
			continue
		}
		if got := float64(len(clip)) / Rate; math.Abs(got-want) > 0.2*want {
			t.Errorf("%s lasts %.2f s, want %.2f ±20 %%", key, got, want)
		}
		pcm := decode(clip)
		// A digit is mostly its own margins, so its mean level is lower. The
		// two halves of the parking sentence lie between.
		low, high := -23.5, -20.5
		switch {
		case strings.HasPrefix(key, "digit_"):
			low, high = -26, -24
		case strings.HasPrefix(key, "park_") && key != "park_full":
			low, high = -24, -22
		}
		if got := rms(pcm); got < low || got > high {
			t.Errorf("%s has %.2f dBFS RMS, want %v to %v", key, got, low, high)
		}
		if got := peak(pcm); got > -3 {
			t.Errorf("%s peaks at %.2f dBFS, want at most -3", key, got)
		}
		if got := flatness(pcm); got >= 8 {
			t.Errorf("%s stays %d samples at its peak: clipped", key, got)
		}
		// 0.1 s before and 0.2 s after, so that a late latch cuts no syllable.
		if got := rms(pcm[:Rate/10-8]); got > -60 {
			t.Errorf("%s begins at %.1f dBFS", key, got)
		}
		if got := rms(pcm[len(pcm)-Rate/5+8:]); got > -60 {
			t.Errorf("%s ends at %.1f dBFS", key, got)
		}
	}
	for _, key := range set.Keys() {
		if _, listed := seconds[key]; !listed && !strings.Contains(key, "/") {
			t.Errorf("%s has no stated length", key)
		}
	}
}

// "Parked at 701" is spoken in 3.7 s.
func TestParkSentenceLength(t *testing.T) {
	set, n := Embedded(), 0
	for _, key := range []string{"park_prefix", "digit_7", "digit_0", "digit_1", "park_suffix"} {
		clip, _ := set.Clip(key)
		n += len(clip)
	}
	if got := float64(n) / Rate; math.Abs(got-3.7) > 0.2*3.7 {
		t.Errorf("lasts %.2f s, want 3.7 ±20 %%", got)
	}
}

func TestTones(t *testing.T) {
	// Every 500-sample window holds whole periods of 400, 384 and 416 Hz, so
	// a bin's power is exact.
	cases := []struct {
		key      string
		length   int
		on       []int   // sixteenths of a second that sound
		off      []int   // and that are silent
		partials []int   // the only 16 Hz bins with power
		peak     float64 // dBFS
	}{
		{Ringback, 24000, []int{0, 7, 15}, []int{16, 30, 47}, []int{24, 25, 26}, -18.2},
		{Busy, 8000, []int{0, 3, 7}, []int{8, 15}, []int{25}, -18.2},
		{Dial, 8000, []int{0, 8, 15}, nil, []int{25}, -18.2},
		{Silence, 8000, nil, []int{0, 8, 15}, nil, math.Inf(-1)},
	}
	set := Embedded()
	for _, c := range cases {
		t.Run(c.key, func(t *testing.T) {
			clip, _ := set.Clip(c.key)
			if len(clip) != c.length {
				t.Fatalf("%d octets, want %d", len(clip), c.length)
			}
			pcm := decode(clip)
			if got := peak(pcm); c.on != nil && math.Abs(got-c.peak) > 0.3 {
				t.Errorf("peak %.2f dBFS, want %.1f", got, c.peak)
			}
			for _, w := range c.on {
				window := pcm[w*500 : (w+1)*500]
				if !slices.Equal(window, pcm[:500]) {
					t.Errorf("window %d differs from the first: not of the stated frequencies", w)
				}
				inside := 0.0
				for _, bin := range c.partials {
					inside += power(window, bin)
				}
				if share := inside / meanSquare(window); share < 0.99 {
					t.Errorf("window %d: %.3f of the power in the tone", w, share)
				}
				for _, bin := range c.partials {
					if power(window, bin) < 0.1*meanSquare(window) {
						t.Errorf("window %d: bin %d is missing", w, bin)
					}
				}
			}
			for _, w := range c.off {
				if !bytes.Equal(clip[w*500:(w+1)*500], silence(500)) {
					t.Errorf("window %d is not silent", w)
				}
			}
		})
	}
}

func TestBeep(t *testing.T) {
	clip, _ := Embedded().Clip(Beep)
	if len(clip) != 4000 {
		t.Fatalf("%d octets, want 4000", len(clip))
	}
	pcm := decode(clip)
	if got := peak(pcm); math.Abs(got+18.2) > 0.3 {
		t.Errorf("peak %.2f dBFS, want -18.2", got)
	}
	if got := peak(pcm[:8]); got > -35 {
		t.Errorf("begins at %.1f dBFS: a click", got)
	}
	if got := peak(pcm[3192:3200]); got > -35 {
		t.Errorf("ends at %.1f dBFS: a click", got)
	}
	// 1 kHz falls between bins 62 and 63 of 16 Hz; 80 samples are ten periods.
	if got := power(pcm[1600:1680], 10) / meanSquare(pcm[1600:1680]); got < 0.99 {
		t.Errorf("%.3f of the power at 1 kHz", got)
	}
	if !bytes.Equal(clip[3200:], silence(800)) {
		t.Error("no silence after the tone")
	}
}

func TestHoldMelody(t *testing.T) {
	clip, _ := Embedded().Clip(Hold)
	if len(clip) != 16*Rate {
		t.Fatalf("%d octets, want 16 s", len(clip))
	}
	pcm := decode(clip)
	if got := rms(pcm); math.Abs(got+22) > 0.1 {
		t.Errorf("%.2f dBFS RMS, want -22", got)
	}
	if got := peak(pcm); got > -3 {
		t.Errorf("peaks at %.2f dBFS", got)
	}
	// The seam: what rings over from the end must be there at the beginning.
	if step := math.Abs(float64(pcm[0]) - float64(pcm[len(pcm)-1])); step > 1500 {
		t.Errorf("the loop jumps by %v", step)
	}
	// A note takes 8 ms to rise, so the first of them is what rang before.
	if got, before := rms(pcm[:8]), rms(pcm[len(pcm)-80:]); got < before-6 {
		t.Errorf("the loop restarts at %.1f dBFS after %.1f: nothing rings over", got, before)
	}
	for s := range 16 {
		if got := rms(pcm[s*Rate : (s+1)*Rate]); got < -30 {
			t.Errorf("second %d has %.1f dBFS: a hole", s, got)
		}
	}
}

func decode(ulaw []byte) []int16 {
	pcm := make([]int16, len(ulaw))
	g711.DecodeMu(pcm, ulaw)
	return pcm
}

func meanSquare(pcm []int16) (sum float64) {
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return sum / float64(len(pcm))
}

func rms(pcm []int16) float64 { return 10 * math.Log10(meanSquare(pcm)/(32768*32768)) }

func peak(pcm []int16) float64 {
	top := 0.0
	for _, s := range pcm {
		top = max(top, math.Abs(float64(s)))
	}
	return 20 * math.Log10(top/32768)
}

// flatness is the longest run of samples at a clip's peak, of one sign.
func flatness(pcm []int16) int {
	var top, bottom int16
	for _, s := range pcm {
		top, bottom = max(top, s), min(bottom, s)
	}
	longest, run := 0, 0
	for i, s := range pcm {
		if s != top && s != bottom {
			run = 0
			continue
		}
		if i > 0 && s != pcm[i-1] {
			run = 0
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// power is the mean square of one bin of a window's discrete Fourier series.
func power(pcm []int16, bin int) float64 {
	var re, im float64
	for i, s := range pcm {
		sin, cos := math.Sincos(2 * math.Pi * float64(bin*i) / float64(len(pcm)))
		re, im = re+float64(s)*cos, im+float64(s)*sin
	}
	n := float64(len(pcm))
	return 2 * (re*re + im*im) / (n * n)
}
