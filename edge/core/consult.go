package core

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// consult dials whom the owner wants to speak with before it passes the call on
// (SPEC R42).
func (s *step) consult(k *call) {
	r, refusal := s.target(k)
	if refusal != (ear{}) {
		s.announce(k, refusal)
		return
	}
	s.showOwner(k, &r)
	s.enter(k, calling)
	k.Said = ear{}
	k.Since = s.now
	if no, ok := s.ring(k, r); !ok {
		s.announce(k, reason(no.Cause))
		return
	}
	s.set(k, unanswered, s.cfg.Timers.AttendedNoAnswer)
}

// callFeature is CONSULT_RINGING: the owner hears how the third party rings, the
// other one hears music.
type callFeature struct{ inert }

func (callFeature) hears(k *call, p *party) ear {
	if p.Role == ringing {
		return voice(k.owner())
	}
	if p.Leg == k.Owner {
		return k.ringback()
	}
	return k.apart(p)
}

// ringback is how a party hears that somebody rings: an outsider's own sounds, or
// the tone. What a mobile's network says is never passed on (SPEC R72).
func (k *call) ringback() ear {
	for _, r := range k.rings() {
		if r.Agreed {
			return voice(r)
		}
	}
	return k.Said
}

func (callFeature) rang(s *step, k *call, p *party, ev leg.Progressed) { s.ringsFor(k, p, ev) }

// ringsFor lets whoever waits hear that it rings.
func (s *step) ringsFor(k *call, p *party, ev leg.Progressed) {
	if ev.Negotiated != nil && p.Kind == external && !s.early(k, p, ev) {
		return
	}
	k.Said = loop(ringbackTone)
}

func (callFeature) won(s *step, k *call, p *party) {
	p.Role = third
	s.enter(k, consulting)
}

func (callFeature) lost(s *step, k *call, why cause.Cause) { s.announce(k, reason(why)) }

// pressed: * gives the third party up (SPEC R45).
func (callFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.Leg == k.Owner && key == '*' {
		s.dismiss(k, normal())
		s.resume(k)
	}
}

func (callFeature) alarm(s *step, k *call, _ alarmKind) {
	s.dismiss(k, leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "no answer in time"}})
	s.announce(k, once(noAnswer))
}

// left: the owner who hangs up passes the call on although nobody has answered;
// the other one hears it ring for what is left of the time of a blind transfer
// (SPEC R44).
func (callFeature) left(s *step, k *call, p *party, ev leg.Ended) {
	if p.Leg != k.Owner || !willing(ev) {
		inert{}.left(s, k, p, ev)
		return
	}
	k.Parker = p.Extension
	s.leave(k, p)
	s.ringOn(k)
}

// willing reports a party that has hung up itself. Whose radio was lost, whose RTP
// stopped or whose session expired has not meant to join anybody (SPEC R44).
func willing(ev leg.Ended) bool {
	return ev.Cause.Side == cause.Remote && ev.Cause.Status == 0 && (ev.Cause.Q850 == 0 || ev.Cause.Q850 == cause.NormalClearing)
}

// consultFeature is CONSULT_TALK: the owner talks with the third party, the other
// one hears music.
type consultFeature struct{ inert }

func (consultFeature) hears(k *call, p *party) ear {
	switch {
	case p.Leg == k.Owner:
		return voice(k.in(third))
	case p.Role == third:
		return voice(k.owner())
	}
	return music()
}

func (consultFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.Leg == k.Owner && key == '*' {
		s.drop(k, k.in(third), normal())
		s.resume(k)
	}
}

// left: whoever of the three hangs up, the other two talk (SPEC R44, R45). Only an
// owner that has not meant to leaves nobody joined: then all is over.
func (consultFeature) left(s *step, k *call, p *party, ev leg.Ended) {
	switch {
	case p.Role == third:
	case p.Leg == k.Owner && !willing(ev):
		inert{}.left(s, k, p, ev)
		return
	default:
		k.in(third).Role = p.Role
	}
	s.leave(k, p)
	s.resume(k)
}

// vacant is the place in a call that a transfer has left.
func (k *call) vacant() role {
	if k.in(first) == nil {
		return first
	}
	return second
}

// remaining is what is left of the time that a transfer may take in all, counted
// from the dialling.
func (s *step) remaining(k *call, all time.Duration) time.Duration { return all - s.now.Sub(k.Since) }
