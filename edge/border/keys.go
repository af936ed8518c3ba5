package border

import (
	"time"

	"sekisho/edge/sip/sdp"
	"sekisho/media/dtmf"
	"sekisho/media/relay"
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

// searches reports whether p's keys are looked for in its audio: it has agreed on
// no telephone-event, or means none by it.
func (p *party) searches(n *sdp.Negotiated) bool {
	switch p.media.keys.Inband {
	case profile.InbandOn:
		return true
	case profile.InbandAuto:
		return n.EventIn == relay.NoPayload
	case profile.InbandOff:
	}
	return false // the core's audio is no carrier's
}

// converts reports whether p's keys reach the other side as events though p may
// have none: as tones, to and fro.
func (m *medium) converts() bool { return m.keys.Inband != "" && m.keys.Inband != profile.InbandOff }

// withEvents lets the core have telephone-event whatever the trunk at the other
// end has.
func withEvents(caps, own sdp.Caps, trunk *medium) sdp.Caps {
	if trunk.converts() {
		caps.Event = own.Event
	}
	return caps
}
