package audio

import (
	"fmt"
	"math"
	"time"
)

// A verdict needs most segments of half a second to be like the clip. Other
// words of the same voice stay under 0.8, and mostly under 0.5; the same words
// through both laws of G.711, with a tenth of the packets lost or noise 10 dB
// below them, stay above 0.9.
const (
	segment    = Rate / 2
	likeEnough = 0.8
	enough     = 0.8
	slack      = 3 * Rate / 50 // three packets of 20 ms
	sounding   = 20            // dB under the mean level that still count as sound
)

// Verdict says how a clip was found in what was heard.
type Verdict struct {
	// OK is the answer: at least 80 % Covered.
	OK bool
	// Covered is the share, 0 to 1, of the sounding half-second segments that
	// were found where they belong; Found is their length together.
	Covered float64
	Found   time.Duration
	// Peak and Lag are those of Correlate.
	Peak float64
	Lag  int
}

// String is for the line that a failing check prints.
func (v Verdict) String() string {
	if v.Covered == 0 {
		return fmt.Sprintf("not heard (likeness %.2f)", v.Peak)
	}
	return fmt.Sprintf("%.0f %% heard from %.2f s (likeness %.2f)", 100*v.Covered, float64(v.Lag)/Rate, v.Peak)
}

// Hears tells whether the whole clip was heard, once, anywhere: for
// announcements. Other sound before, after or during a fifth of it is
// allowed. Where packets were cut out instead of silenced the shift is
// followed, up to 60 ms at a time, but the segment around each cut counts as
// not found: a Track spares that.
func Hears(heard, clip []int16) Verdict {
	peak, lag := Correlate(heard, clip)
	at := func(i int) []int16 { return window(heard, i, segment) }
	return judge(survey{clip, lag, level(clip) - sounding, at}, Verdict{Peak: peak, Lag: lag})
}

// HearsLoop tells whether all the sound that was heard comes from a clip
// played in a loop, entered anywhere: for voices, music and tones. Other
// sound in more than a fifth of the time fails it; silence does not, unless
// nothing else was heard: ask Found for how much there was. Slice off first
// what belongs to an earlier phase of the call.
func HearsLoop(heard, clip []int16) Verdict {
	if len(clip) == 0 {
		return Verdict{}
	}
	peak, lag := Correlate(heard, clip)
	at := func(i int) []int16 { return cyclic(clip, i, segment) }
	return judge(survey{heard, -lag, level(heard) - sounding, at}, Verdict{Peak: peak, Lag: lag})
}

// Occurrences returns the lags at which a whole clip of at least half a second
// begins, in order: an announcement that is repeated once has two.
func Occurrences(heard, clip []int16) []int {
	if len(heard) < len(clip)*4/5 || len(clip) < segment {
		return nil
	}
	v := Hears(heard, clip)
	if !v.OK {
		return nil
	}
	before, after := max(v.Lag, 0), min(v.Lag+len(clip), len(heard))
	lags := append(Occurrences(heard[:before], clip), v.Lag)
	for _, later := range Occurrences(heard[after:], clip) {
		lags = append(lags, after+later)
	}
	return lags
}

// survey looks for the segments of one signal in another, which is read
// through at: segment i of signal should lie at sample i*segment+offset.
type survey struct {
	signal []int16
	offset int
	floor  float64 // dBFS
	at     func(i int) []int16
}

// judge walks from the segment that fits best to both ends, carrying along
// the drift that lost time has caused.
func judge(s survey, v Verdict) Verdict {
	n := len(s.signal) / segment
	if n == 0 { // shorter than a segment: the correlation is all there is
		if v.Peak >= likeEnough {
			v.OK, v.Covered, v.Found = true, 1, seconds(len(s.signal))
		}
		return v
	}
	if level(s.signal) < silence {
		return v
	}
	anchor, sounds, best := s.anchor(n)
	// The offset is the best for the whole, so it fits one segment at least,
	// unless the clip is another one. Or no segment sounds: all sound lies in
	// the rest that fills none.
	if best < likeEnough {
		return v
	}
	found := 0
	walk := func(i, step int) {
		drift := 0
		for ; i >= 0 && i < n; i += step {
			if !s.sounds(i) {
				continue
			}
			if moved, ok := s.locate(i, drift); ok {
				found++
				drift = moved
			}
		}
	}
	walk(anchor, 1)
	walk(anchor-1, -1)
	v.Covered = float64(found) / float64(sounds)
	v.Found = seconds(found * segment)
	v.OK = v.Covered >= enough
	return v
}

// anchor returns the segment that fits best where it should be and how well,
// and the number of segments that sound.
func (s survey) anchor(n int) (anchor, sounds int, best float64) {
	best = math.Inf(-1)
	for i := range n {
		if !s.sounds(i) {
			continue
		}
		sounds++
		if score := likeness(s.part(i), s.at(i*segment+s.offset)); score > best {
			anchor, best = i, score
		}
	}
	return anchor, sounds, best
}

func (s survey) sounds(i int) bool { return level(s.part(i)) >= s.floor }

func (s survey) part(i int) []int16 { return s.signal[i*segment : (i+1)*segment] }

// locate returns the drift at which segment i is found, searching slack
// samples around the one given.
func (s survey) locate(i, drift int) (moved int, ok bool) {
	part, base := s.part(i), i*segment+s.offset
	moved, score := s.refine(part, base, drift)
	if score >= likeEnough {
		return moved, true
	}
	const step = 4
	best, coarse := math.Inf(-1), drift
	for d := drift - slack; d <= drift+slack; d += step {
		if score := sparse(part, s.at(base+d)); score > best {
			best, coarse = score, d
		}
	}
	moved, score = s.refine(part, base, coarse)
	return moved, score >= likeEnough
}

func (s survey) refine(part []int16, base, around int) (moved int, best float64) {
	best = math.Inf(-1)
	for d := around - 4; d <= around+4; d++ {
		if score := likeness(part, s.at(base+d)); score > best {
			moved, best = d, score
		}
	}
	return moved, best
}

// sparse is likeness on every other sample, enough to tell where to look.
func sparse(a, b []int16) float64 {
	var ab, aa, bb int64
	for i := 0; i < len(a); i += 2 {
		x, y := int64(a[i]), int64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float64(ab) / math.Sqrt(float64(aa)*float64(bb))
}

// window returns n samples of pcm from i on, silence where there are none.
func window(pcm []int16, i, n int) []int16 {
	if i >= 0 && i+n <= len(pcm) {
		return pcm[i : i+n]
	}
	out := make([]int16, n)
	for k := range out {
		if j := i + k; j >= 0 && j < len(pcm) {
			out[k] = pcm[j]
		}
	}
	return out
}

// cyclic returns n samples of a loop of pcm from i on.
func cyclic(pcm []int16, i, n int) []int16 {
	i = ((i % len(pcm)) + len(pcm)) % len(pcm)
	if i+n <= len(pcm) {
		return pcm[i : i+n]
	}
	out := make([]int16, 0, n)
	for len(out) < n {
		out = append(out, pcm[i:min(len(pcm), i+n-len(out))]...)
		i = 0
	}
	return out
}
