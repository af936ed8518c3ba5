package prompt

import (
	"bytes"
	"math"
	"time"

	"sekisho/media/g711"
)

// The Japanese call progress tones are 400 Hz; ringback is modulated by 15 to
// 20 Hz. Both frequencies fit whole periods into every on-time used here, so
// clips start and end at a zero crossing and loop without a click.
const (
	toneHertz       = 400
	modulationHertz = 16
	beepHertz       = 1000
)

// Level of every tone's peak in dBm0, and the mu-law overload point: the
// dBm0 of a sine that just reaches overload linear (ITU-T G.711 §4).
const (
	toneLevel     = -15.0
	overloadLevel = 3.17
	overload      = 8159 * 4
)

// ringback (RBT): 20 interruptions a minute, one third on.
func ringback() []byte {
	envelope := func(i int) float64 { return (1 + math.Sin(angle(modulationHertz, i))) / 2 }
	return append(sine(toneHertz, Rate, envelope), silence(2*Rate)...)
}

// busy (BT): 60 interruptions a minute, half on.
func busy() []byte {
	return append(sine(toneHertz, Rate/2, flat), silence(Rate/2)...)
}

// dial (DT): continuous.
func dial() []byte { return sine(toneHertz, Rate, flat) }

// beep: 0.4 s with 10 ms fades, so that it does not click, then 0.1 s.
func beep() []byte {
	n, fade := octets(400*time.Millisecond), octets(10*time.Millisecond)
	envelope := func(i int) float64 { return min(1, float64(i)/float64(fade), float64(n-1-i)/float64(fade)) }
	return append(sine(beepHertz, n, envelope), silence(Rate/10)...)
}

func silence(n int) []byte { return bytes.Repeat([]byte{g711.MuSilence}, n) }

func flat(int) float64 { return 1 }

// sine returns n samples of a tone at toneLevel, shaped by an envelope of 0 to 1.
func sine(hertz float64, n int, envelope func(i int) float64) []byte {
	peak := overload * math.Pow(10, (toneLevel-overloadLevel)/20)
	ulaw := make([]byte, n)
	for i := range ulaw {
		s := peak * envelope(i) * math.Sin(angle(hertz, i))
		ulaw[i] = g711.MuOctet(int16(math.Round(s)))
	}
	return ulaw
}

// angle of sample i in radians, exact for whole periods per second.
func angle(hertz float64, i int) float64 {
	return 2 * math.Pi * hertz * float64(i%Rate) / Rate
}
