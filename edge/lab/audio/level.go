package audio

import "math"

// silence is the level, in dBFS, under which nothing was heard: below the
// smallest steps of both laws of G.711 and what a ditherer adds.
const silence = -60

// Level returns the RMS level in dB relative to full scale, -Inf for digital
// silence and for nothing at all. A full-scale sine has -3 dBFS.
func Level(heard []int16) float64 { return level(heard) }

// Silent tells whether nothing above -60 dBFS RMS was heard. A single click in
// a second of silence already counts as sound.
func Silent(heard []int16) bool {
	for len(heard) > Rate {
		if level(heard[:Rate]) >= silence {
			return false
		}
		heard = heard[Rate:]
	}
	return level(heard) < silence
}

// Tone returns the share, 0 to 1, of the energy heard that lies at a
// frequency, within about 10 Hz of it. A steady tone has above 0.95, speech
// under 0.3, silence 0.
func Tone(heard []int16, hertz float64) float64 {
	const block = Rate / 20
	var inside, all float64
	for len(heard) >= block {
		inside += goertzel(heard[:block], hertz)
		all += meanSquare(heard[:block])
		heard = heard[block:]
	}
	if all == 0 {
		return 0
	}
	return inside / all
}

func level(pcm []int16) float64 {
	return 10 * math.Log10(meanSquare(pcm)/(32768*32768))
}

func meanSquare(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	var sum int64
	for _, s := range pcm {
		sum += int64(s) * int64(s)
	}
	return float64(sum) / float64(len(pcm))
}

// goertzel returns the mean square of the sine at a frequency in pcm.
func goertzel(pcm []int16, hertz float64) float64 {
	coefficient := 2 * math.Cos(2*math.Pi*hertz/Rate)
	var s1, s2 float64
	for _, x := range pcm {
		s1, s2 = float64(x)+coefficient*s1-s2, s1
	}
	n := float64(len(pcm))
	return 2 * (s1*s1 + s2*s2 - coefficient*s1*s2) / (n * n)
}
