package audio

import (
	"math"

	"sekisho/media/g711"
)

// A voice's syllables are four gliding tones; the lower two carry most of the
// power, as vowels do.
const (
	voiceLength = 8 * Rate
	voiceLevel  = -20.0 // dBFS, RMS
)

// Voice returns 8 s of mu-law that stand for one party's speech: syllables of
// gliding tones between 300 and 3200 Hz with short pauses, drawn from seed.
// The same seed gives the same voice; voices of different seeds, and
// different places of one voice, have nothing in common for Correlate. It
// loops without a click.
func Voice(seed uint64) []byte {
	mix := make([]float64, voiceLength)
	d := dice(seed)
	for at := 0; ; {
		length := int(d.between(0.10, 0.20) * Rate)
		if at+length > voiceLength {
			break
		}
		syllable(mix[at:at+length], &d)
		at += length + int(d.between(0.01, 0.05)*Rate)
	}
	var power float64
	for _, s := range mix {
		power += s * s / voiceLength
	}
	gain := 32768 * math.Pow(10, voiceLevel/20) / math.Sqrt(power)
	ulaw := make([]byte, voiceLength)
	for i, s := range mix {
		ulaw[i] = g711.MuOctet(int16(math.Round(s * gain)))
	}
	return ulaw
}

func syllable(out []float64, d *dice) {
	bands := [4]struct{ low, high, gain float64 }{
		{300, 700, 1}, {700, 1200, 0.8}, {1200, 2200, 0.5}, {2200, 3200, 0.3},
	}
	n := float64(len(out))
	for _, band := range bands {
		from, to := d.between(band.low, band.high), d.between(band.low, band.high)
		phase := d.between(0, 2*math.Pi)
		for i := range out {
			x := float64(i) / n
			phase += 2 * math.Pi * (from + (to-from)*x) / Rate
			out[i] += band.gain * math.Sin(math.Pi*x) * math.Sin(phase)
		}
	}
}

// dice is SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
type dice uint64

func (d *dice) between(low, high float64) float64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return low + (high-low)*float64(z>>11)/(1<<53)
}
