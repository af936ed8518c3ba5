package dtmf

import "math"

// What an Ear takes for a key. A telephone's tones are within 1.5 % of their
// frequencies, at least 50 ms long with 30 ms between them, and at most 5 dB
// apart (SPEC §6.2).
const (
	// block is the window of one look and hop the way to the next, in samples:
	// 12.75 ms and a third of it.
	block = 102
	hop   = 34
	// High over low is at most 6 dB, low over high at most 8 dB, as power, with 1 dB
	// for what so short a window does to two tones.
	mostHigh = 5.0
	mostLow  = 7.9
	// purity is the least share of a block's power that is the two tones. A block
	// of which less is tone is none of a key.
	purity = 0.85
	// faint is the least mean power of a block: -42 dBm0.
	faint = zeroLevel * zeroLevel / 2 * 6.3e-5
	// apart is how far above the others of its group a tone is, as power.
	apart = 4.0
	// harmonic is the most power of the high tone's second harmonic beside it:
	// voices have one, telephones do not.
	harmonic = 0.05
	// steady is the most that the power of a key's blocks differs.
	steady = 2.0
	// A tone of 50 ms has nine blocks at least; a pause of 30 ms has eight at least
	// without it, a lost packet of 20 ms seven at most.
	onBlocks, offBlocks = 8, 8
	// suspicious is how many blocks alike are enough to be careful.
	suspicious = 3
)

// Ear hears keys as tones in audio of 8 kHz (ITU-T Q.23, Q.24). It is plain data
// and listens to one stream; the zero Ear has heard nothing. Each look takes the
// power at the eight frequencies by Goertzel's algorithm.
type Ear struct {
	window [block]int16
	n      int // samples in window

	maybe  Key // of the last blocks
	power  float64
	tuning tuning // of these
	alike  uint8
	down   Key   // that was reported
	off    uint8 // blocks without it
	blocks int   // since it began, and off of them
}

// Listen hears samples and tells what they have changed. Suspect says that they
// may be of a key: they are not for the other side.
func (e *Ear) Listen(pcm []int16) (h Heard, suspect bool) {
	suspect = e.down != 0 || e.alike >= suspicious
	for _, s := range pcm {
		e.window[e.n] = s
		if e.n++; e.n < block {
			continue
		}
		e.look(&h)
		suspect = suspect || e.alike >= suspicious || e.down != 0
		copy(e.window[:], e.window[hop:])
		e.n = block - hop
	}
	return h, suspect
}

// look judges the window.
func (e *Ear) look(h *Heard) {
	key, power := judge(&e.window)
	switch {
	case key == 0 || key != e.maybe || power > e.power*steady || e.power > power*steady:
		e.maybe, e.power, e.alike, e.tuning = key, power, 0, tuning{}
		if key != 0 {
			e.alike = 1
			e.tuning.add(&e.window, key)
		}
	case e.alike < onBlocks:
		e.alike++
		if e.tuning.add(&e.window, key); e.alike == onBlocks && !e.tuning.right() {
			e.alike-- // the next may show it
		}
	}
	if e.down != 0 {
		e.blocks++
		if e.off++; key == e.down {
			e.off = 0
		}
		if e.off == offBlocks {
			e.end(h)
		}
	}
	if e.alike == onBlocks && e.down != e.maybe {
		if e.down != 0 {
			e.end(h)
		}
		e.down, e.off, e.blocks = e.maybe, 0, onBlocks
		h.add(Change{Key: e.down})
	}
}

func (e *Ear) end(h *Heard) {
	samples := block + (e.blocks-int(e.off)-1)*hop
	h.add(Change{Key: e.down, Ended: true, Length: Millis(min(samples*1000/SampleRate, 0xffff))})
	e.down = 0
}

// judge returns the key whose tones a block is, or zero, and its mean power.
func judge(w *[block]int16) (k Key, mean float64) {
	total := 0.0
	for _, s := range w {
		total += float64(s) * float64(s)
	}
	if mean = total / block; mean < faint {
		return 0, mean
	}
	low, lowAt := strongest(w, &lowTones)
	high, highAt := strongest(w, &highTones)
	if lowAt < 0 || highAt < 0 {
		return 0, mean
	}
	low, high = max(low, beside(w, lowTones[lowAt])), max(high, beside(w, highTones[highAt]))
	switch {
	case high > low*mostHigh, low > high*mostLow:
	case low+high < purity*mean:
	case goertzel(w, 2*highTones[highAt]) > harmonic*high:
	default:
		return Key(pad[4*lowAt+highAt]), mean
	}
	return 0, mean
}

// strongest returns the mean power of the strongest tone of a group, and which
// that is: none where another is nearly as strong.
func strongest(w *[block]int16, group *[4]float64) (best float64, at int) {
	at = -1
	second := 0.0
	for i, f := range group {
		switch p := goertzel(w, f); {
		case p > best:
			best, second, at = p, best, i
		case p > second:
			second = p
		}
	}
	if best < second*apart {
		return best, -1
	}
	return best, at
}

// tuning is the power of two tones over some blocks at their frequencies and a
// little below and above: music has tones near those of telephones. The blocks are
// weighted (Hann), so that the two do not disturb each other.
type tuning [2]struct{ below, at, above float64 }

func (t *tuning) add(w *[block]int16, k Key) {
	const off = 0.04
	weighted := *w
	for i := range weighted {
		weighted[i] = int16(float64(w[i]) * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/block)))
	}
	low, high := k.Tones()
	for i, f := range [...]float64{low, high} {
		t[i].below += goertzel(&weighted, f*(1-off))
		t[i].at += goertzel(&weighted, f)
		t[i].above += goertzel(&weighted, f*(1+off))
	}
}

// right reports whether both tones are nearest to their frequencies.
func (t *tuning) right() bool {
	const doubt = 1.03
	for _, tone := range t {
		if tone.at*doubt < max(tone.below, tone.above) {
			return false
		}
	}
	return true
}

// beside is the power of a tone that is off its frequency by as much as is
// allowed.
func beside(w *[block]int16, f float64) float64 {
	const off = 0.012
	return max(goertzel(w, f*(1-off)), goertzel(w, f*(1+off)))
}

// goertzel returns the mean power at a frequency.
func goertzel(w *[block]int16, f float64) float64 {
	c := 2 * math.Cos(2*math.Pi*f/SampleRate)
	var s1, s2 float64
	for _, x := range w {
		s1, s2 = float64(x)+c*s1-s2, s1
	}
	return (s1*s1 + s2*s2 - c*s1*s2) * 2 / (block * block)
}
