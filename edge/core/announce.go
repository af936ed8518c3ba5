package core

// announce tells the owner something and then lets the two talk again.
func (s *step) announce(k *call, e ear) {
	k.Said = e
	s.enter(k, announcing)
	s.set(k, announced, announcementCap)
}

// announceFeature is an announcement to the owner before it goes back. Keys mean
// nothing, so that digits of a refused number that still come start no feature.
type announceFeature struct{ inert }

func (announceFeature) hears(k *call, p *party) ear { return k.apart(p) }

func (announceFeature) played(s *step, k *call, p *party) {
	if p.Leg == k.Owner {
		s.resume(k)
	}
}

func (announceFeature) alarm(s *step, k *call, _ alarmKind) { s.resume(k) }
