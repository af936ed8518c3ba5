package core

import (
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// setupFeature rings somebody for the first party and puts the call through.
type setupFeature struct{ inert }

// hears lets the first party hear an outsider before the answer.
func (setupFeature) hears(k *call, p *party) ear {
	switch p.Role {
	case first:
		for _, r := range k.rings() {
			if r.Agreed {
				return voice(r)
			}
		}
	case ringing:
		return voice(k.in(first))
	case leaving, second, third:
	}
	return ear{}
}

// rang passes the provisional response on.
func (setupFeature) rang(s *step, k *call, p *party, ev leg.Progressed) {
	if k.Ringing.IsZero() {
		k.Ringing = s.now
	}
	a := k.in(first)
	ring := leg.Ring{Status: passedOn(ev.Status), Reliable: !k.Offered}
	switch {
	case ev.Negotiated == nil:
	case p.Kind != external || !k.Early:
		// What a mobile's network says while it rings is not for the caller (SPEC
		// R72), and without an offer there is nothing to answer, unless ours can be:
		// the caller makes its own ringback tone.
		ring.Status = 180
	case !s.early(k, p, ev):
		return
	default:
		ring.Media = s.toward(a, p)
	}
	s.tell(a, ring)
}

// passedOn keeps what means something to a caller (RFC 3261 §21.1).
func passedOn(status int) int {
	switch status {
	case 180, 181, 182, 183:
		return status
	}
	return 183
}

// won puts the call through: the 2xx answers the first party.
func (setupFeature) won(s *step, k *call, p *party) {
	a := k.in(first)
	p.Role, a.Up = second, true
	k.Answered = s.now
	if k.Ringing.IsZero() {
		k.Ringing = s.now
	}
	s.enter(k, talking)
	s.set(k, lifetime, s.cfg.Timers.Call)
	s.tell(a, leg.Answer{Media: s.toward(a, p)})
}

func (setupFeature) lost(s *step, k *call, why cause.Cause) {
	s.finish(k, leg.HangUp{Cause: answer(why)})
}

func (setupFeature) alarm(s *step, k *call, _ alarmKind) {
	s.finish(k, leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "no answer in time"}})
}
