package quality

import "time"

// Equipment is what the E-model knows of a codec (ITU-T G.113 Appendix I): its
// impairment without loss, and how robust it is against loss.
type Equipment struct{ Ie, Bpl float64 }

// G711 is G.711 at a receiver that conceals losses.
func G711() Equipment { return Equipment{Ie: 0, Bpl: 25.1} }

// Path is what a network does to a stream.
type Path struct {
	// Loss is the share of packets that are not played, 0 to 1, those that came
	// too late included.
	Loss float64
	// Burst is BurstR of G.107 §7.5: how long losses in a row are against what
	// chance alone would make of them; less than 1 counts as 1.
	Burst float64
	// Delay is the whole way from mouth to ear; zero leaves it out of account,
	// and the result is of listening quality alone.
	Delay time.Duration
}

// The E-model with all parameters but these at their defaults (ITU-T G.107
// Table 2): R = 93.2 - Id - Ie,eff.
const (
	defaultRating = 93.2
	worstLoss     = 95
	// From kneeDelay on a conversation suffers more.
	kneeDelay = 177.3 // milliseconds
)

// Rating returns the transmission rating factor R of G.107, which may be
// negative.
func Rating(e Equipment, p Path) float64 {
	d := float64(p.Delay) / float64(time.Millisecond)
	id := 0.024*d + 0.11*max(0, d-kneeDelay)
	ppl := 100 * min(max(p.Loss, 0), 1)
	return defaultRating - id - (e.Ie + (worstLoss-e.Ie)*ppl/(ppl/max(1, p.Burst)+e.Bpl))
}

// MOS returns the mean opinion score that a rating stands for (G.107 Annex B).
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// Grade is the class of IP telephony that Japan's numbering rules know: A is
// asked of 0AB-J numbers. Zero is below C.
type Grade byte

// GradeOf returns the grade of a rating and a delay from mouth to ear.
func GradeOf(r float64, delay time.Duration) Grade {
	switch {
	case r > 80 && delay < 100*time.Millisecond:
		return 'A'
	case r > 70 && delay < 150*time.Millisecond:
		return 'B'
	case r > 50 && delay < 400*time.Millisecond:
		return 'C'
	}
	return 0
}

// String returns the letter, or nothing below C.
func (c Grade) String() string {
	if c == 0 {
		return ""
	}
	return string(rune(c))
}
