package border

import (
	"time"

	"sekisho/media/dtmf"
	"sekisho/policy/profile"
)

// How long a star is heard that was held back: the core needs no more than the
// first; behind an outbound call may be a machine of a bank's (SPEC R53).
const (
	starTone    = 80 * time.Millisecond
	outwardTone = 100 * time.Millisecond
)

// filtersStars reports whether pairs of stars are the carrier's own.
func (p *party) filtersStars() bool {
	return p.media.keys.StarFilter != "" && p.media.keys.StarFilter != profile.StarOff
}

// stars is what becomes of the stars that p presses. Only a carrier's leg has a
// rule: what comes from the core is never filtered.
func (p *party) stars() dtmf.Rule {
	if !p.filtersStars() {
		return dtmf.Rule{}
	}
	r := dtmf.Rule{Mode: dtmf.StarsHeld, Gap: p.media.keys.StarGap, Long: p.media.keys.StarLong, Tone: starTone}
	if p.media.keys.StarFilter == profile.StarDedupe {
		r.Mode = dtmf.StarsFirst
	}
	if p.media.keys.OddStar == profile.OddRelease {
		r.Odd = dtmf.OddReleased
	}
	if p == &p.call.a && p.call.called.Class().External() {
		r.Tone = outwardTone
	}
	return r
}
