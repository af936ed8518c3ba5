package core

const holdOn = "hold_on"

// hold puts the other party on hold: *0 (SPEC R55).
func (s *step) hold(k *call) {
	k.Said = once(holdOn)
	s.enter(k, held)
	s.holdBegins(k)
}

// holdFeature is the state HELD: * at any time resumes, all other keys mean
// nothing, and whoever hangs up ends the call (SPEC R57).
type holdFeature struct{ inert }

func (holdFeature) hears(k *call, p *party) ear { return k.apart(p) }

func (holdFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.Leg == k.Owner && key == '*' {
		s.resume(k)
	}
}
