package prompt

import (
	"math"
	"time"

	"sekisho/media/g711"
)

// The hold melody was made for this project and is licence-free: four chords
// walked up and down in quavers under a slow upper part, eight bars that
// return to where they began. Nothing of it lies below 300 Hz, where telephones
// are deaf, and its level is the announcements'.
const (
	quaver      = Rate / 4 // samples: 120 crotchets a minute
	melodyLevel = -22.0    // dBFS, RMS
)

// A note's pitch counts semitones from 440 Hz; rest is no pitch.
const rest = -128

// bars holds eight quavers of accompaniment per bar, and melody notes of four
// quavers each above them. Read-only.
var bars = [8]struct {
	under [8]int
	over  [2]int
}{
	{[8]int{-4, 0, 3, 8, 3, 0, -4, 0}, [2]int{12, 15}},      // F
	{[8]int{-4, 0, 5, 9, 5, 0, -4, 0}, [2]int{17, rest}},    // Dm
	{[8]int{-4, 1, 5, 8, 5, 1, -4, 1}, [2]int{17, 13}},      // B flat
	{[8]int{-5, -2, 3, 7, 3, -2, -5, -2}, [2]int{15, 10}},   // C
	{[8]int{-4, 0, 3, 8, 3, 0, -4, 0}, [2]int{12, 8}},       // F
	{[8]int{-4, 0, 5, 9, 5, 0, -4, 0}, [2]int{12, 17}},      // Dm
	{[8]int{-4, 1, 5, 8, 5, 1, -4, 1}, [2]int{13, 17}},      // B flat
	{[8]int{-5, -2, 3, 7, 3, -2, -5, -2}, [2]int{15, rest}}, // C
}

func melody() []byte {
	mix := make([]float64, len(bars)*8*quaver)
	under := instrument{gain: 0.5, decay: 300 * time.Millisecond, notes: map[int][]float64{}}
	over := instrument{gain: 1, decay: 700 * time.Millisecond, notes: map[int][]float64{}}
	for b, bar := range bars {
		start := b * 8 * quaver
		for i, pitch := range bar.under {
			under.strike(mix, start+i*quaver, pitch)
		}
		for i, pitch := range bar.over {
			if pitch != rest {
				over.strike(mix, start+i*4*quaver, pitch)
			}
		}
	}
	return levelled(mix)
}

// instrument is struck and left to ring; decay is the time to 1/e. It renders
// each of its notes once.
type instrument struct {
	gain  float64
	decay time.Duration
	notes map[int][]float64
}

// strike adds a note to mix, letting it ring past the end into the beginning:
// that is what makes the loop seamless.
func (n instrument) strike(mix []float64, start, pitch int) {
	note, ok := n.notes[pitch]
	if !ok {
		note = n.render(pitch)
		n.notes[pitch] = note
	}
	before := min(len(note), len(mix)-start)
	for i, s := range note[:before] {
		mix[start+i] += s
	}
	for i, s := range note[before:] {
		mix[i] += s
	}
}

func (n instrument) render(pitch int) []float64 {
	hertz := 440 * math.Pow(2, float64(pitch)/12)
	decay := math.Exp(-1 / float64(octets(n.decay)))
	note := make([]float64, 4*octets(n.decay))
	for harmonic, gain := range []float64{1, 0.35, 0.12} {
		// A rotating phasor costs a fraction of calling Sin for each sample.
		sin, cos := math.Sincos(2 * math.Pi * hertz * float64(harmonic+1) / Rate)
		sin, cos = sin*decay, cos*decay
		re, im := n.gain*gain, 0.0
		for i := range note {
			note[i] += im
			re, im = re*cos-im*sin, re*sin+im*cos
		}
	}
	edge := octets(8 * time.Millisecond) // soft attack, and no click at the end
	for i := range edge {
		note[i] *= float64(i) / float64(edge)
		note[len(note)-1-i] *= float64(i) / float64(edge)
	}
	return note
}

func levelled(mix []float64) []byte {
	var power float64
	for _, s := range mix {
		power += s * s / float64(len(mix))
	}
	gain := 32768 * math.Pow(10, melodyLevel/20) / math.Sqrt(power)
	ulaw := make([]byte, len(mix))
	for i, s := range mix {
		ulaw[i] = g711.MuOctet(int16(math.Round(s * gain)))
	}
	return ulaw
}
