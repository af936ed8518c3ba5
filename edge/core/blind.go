package core

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// releaseAfter is how long after the INVITE of a blind transfer the owner is let
// go although nothing was heard of the target (SPEC R48).
const releaseAfter = 2 * time.Second

// blind passes the call on without a word (SPEC R48). The target sees who is
// passed on, not who does it.
func (s *step) blind(k *call) {
	r, refusal := s.target(k)
	if refusal != (ear{}) {
		s.announce(k, refusal)
		return
	}
	s.pass(k, r)
}

// pass rings the target for the other party.
func (s *step) pass(k *call, r route) {
	s.showCaller(k, &r, k.other(k.owner()))
	s.enter(k, passing)
	k.Said = ear{}
	k.Since = s.now
	if no, ok := s.ring(k, r); !ok {
		s.giveBack(k, reason(no.Cause))
		return
	}
	s.set(k, released, releaseAfter)
}

// giveBack tells the owner why the call is its again.
func (s *step) giveBack(k *call, e ear) {
	if k.Referred {
		s.unreferred(k, e)
		return
	}
	s.announce(k, e)
}

// passFeature is a blind transfer until the owner is let go. Before that a failure
// gives it the call back.
type passFeature struct{ inert }

func (passFeature) hears(k *call, p *party) ear {
	if p.Role == ringing {
		return ear{}
	}
	return k.apart(p)
}

func (passFeature) rang(s *step, k *call, p *party, ev leg.Progressed) {
	s.letGo(k)
	s.ringsFor(k, p, ev)
}

func (passFeature) won(s *step, k *call, p *party) {
	s.letGo(k)
	ringFeature{}.won(s, k, p)
}

func (passFeature) lost(s *step, k *call, why cause.Cause) { s.giveBack(k, reason(why)) }

func (passFeature) alarm(s *step, k *call, _ alarmKind) { s.letGo(k) }

func (passFeature) left(s *step, k *call, p *party, ev leg.Ended) {
	if p.Leg != k.Owner {
		inert{}.left(s, k, p, ev)
		return
	}
	k.Parker = p.Extension
	s.leave(k, p)
	s.ringOn(k)
}

// letGo hangs the owner up: the call is the target's.
func (s *step) letGo(k *call) {
	k.Parker = k.owner().Extension
	if k.Referred {
		s.notify(k.owner(), 200)
	}
	s.drop(k, k.owner(), normal())
	s.ringOn(k)
}

// ringOn lets the one who is left wait for who rings, music until it does.
func (s *step) ringOn(k *call) {
	k.Owner, k.Referred = 0, false
	if k.Said == (ear{}) {
		k.Said = music()
	}
	s.enter(k, passed)
	s.set(k, unanswered, s.remaining(k, s.cfg.Timers.BlindNoAnswer))
}

// ringFeature is a transfer whose owner has gone: who is left hears it ring.
type ringFeature struct{ inert }

func (ringFeature) hears(k *call, p *party) ear {
	if p.Role != ringing {
		return k.ringback()
	}
	if o := k.in(first); o != nil {
		return voice(o)
	}
	return voice(k.in(second))
}

func (ringFeature) rang(s *step, k *call, p *party, ev leg.Progressed) { s.ringsFor(k, p, ev) }

func (ringFeature) won(s *step, k *call, p *party) {
	p.Role = k.vacant()
	s.resume(k)
}

// lost cuts the one who is left, and so does the end of the time (SPEC R49), unless
// the tenant wants the owner to be called back.
func (ringFeature) lost(s *step, k *call, why cause.Cause) {
	s.unpassed(k, leg.HangUp{Cause: onward(answer(why))})
}

func (ringFeature) alarm(s *step, k *call, _ alarmKind) {
	h := leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "no answer in time"}}
	s.dismiss(k, h)
	s.unpassed(k, h)
}

func (s *step) unpassed(k *call, h leg.HangUp) {
	if !s.tenantOf(k).features.Recall {
		s.finish(k, h)
		return
	}
	s.enter(k, waiting)
	s.callBack(k)
}
