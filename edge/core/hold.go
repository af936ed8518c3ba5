package core

import (
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

const holdOn = "hold_on"

// hold puts the other party on hold: *0 (SPEC R55).
func (s *step) hold(k *call) {
	k.Said = once(holdOn)
	s.enter(k, held)
	s.activity(k, "hold_start")
}

// holdFeature is the state HELD: * at any time resumes, all other keys mean
// nothing, and whoever hangs up ends the call (SPEC R57).
type holdFeature struct{ inert }

func (holdFeature) hears(k *call, p *party) ear { return k.apart(p) }

func (holdFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.Leg == k.Owner && key == '*' {
		s.activity(k, "hold_end")
		s.resume(k)
	}
}

func (holdFeature) left(s *step, k *call, p *party, ev leg.Ended) {
	s.activity(k, "hold_end")
	inert{}.left(s, k, p, ev)
}

// activity tells what an extension does with its call. A hold is known there
// alone: no record of the call has it (SPEC R58).
func (s *step) activity(k *call, what string) {
	s.note(ua.Info, k, "agent activity", "extension", k.owner().shows(), "event", what)
}
