package dtmf

import "math"

// SampleRate is that of the audio in which tones are heard and said, in hertz.
const SampleRate = 8000

// The frequencies of ITU-T Q.23, in hertz.
var (
	lowTones  = [4]float64{697, 770, 852, 941}
	highTones = [4]float64{1209, 1336, 1477, 1633}
)

// pad is the keys by their frequencies: rows low, columns high.
const pad = "123A456B789C*0#D"

// Tones returns the two frequencies of a key, in hertz (ITU-T Q.23).
func (k Key) Tones() (low, high float64) {
	for i := range len(pad) {
		if pad[i] == byte(k) {
			return lowTones[i/4], highTones[i%4]
		}
	}
	return 0, 0
}

// The levels at which a key is said, as amplitudes of 16-bit samples: the high
// tone -7 dBm0 and the low one 2 dB below, as terminals have it (the low group is
// not above the high one: SPEC §6.2).
const (
	zeroLevel = 22_300 // amplitude of a sine of 0 dBm0 (ITU-T G.711)
	sayHigh   = zeroLevel * 0.4467
	sayLow    = zeroLevel * 0.3548
)

// Tone writes into pcm the samples of a key from the given one on.
func Tone(k Key, from int, pcm []int16) {
	low, high := k.Tones()
	l, h := 2*math.Pi*low/SampleRate, 2*math.Pi*high/SampleRate
	for i := range pcm {
		n := float64(from + i)
		pcm[i] = int16(sayLow*math.Sin(l*n) + sayHigh*math.Sin(h*n))
	}
}
