package core

import (
	"strconv"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/policy/number"
)

// Park is a tenant's parking lot (SPEC R62 to R66): the slots First to Last, and
// how long a call stays. Zero values are 701, 720 and 300 s.
type Park struct {
	First, Last int
	Timeout     time.Duration
}

func (p Park) withDefaults() Park {
	if p.First == 0 {
		p.First, p.Last = 701, 720
	}
	if p.Timeout == 0 {
		p.Timeout = 300 * time.Second
	}
	return p
}

const (
	parkPrefix = "park_prefix"
	parkSuffix = "park_suffix"
	parkFull   = "park_full"
)

// park puts the other party into the lowest free slot and tells the owner which:
// #700 (SPEC R62).
func (s *step) park(k *call) {
	t, owner := s.tenantOf(k), k.owner()
	for slot := t.park.First; slot <= t.park.Last; slot++ {
		if s.parkedIn(k.Tenant, slot) != nil {
			continue
		}
		k.Slot, k.Parker, k.Since = slot, owner.Extension, s.now
		k.Said = once(slotWords(slot)...)
		s.enter(k, parking)
		s.set(k, announced, announcementCap)
		return
	}
	s.announce(k, once(parkFull)) // SPEC R66
}

// slotWords is how a slot is told.
func slotWords(slot int) []string {
	words := []string{parkPrefix}
	for _, digit := range strconv.Itoa(slot) {
		words = append(words, "digit_"+string(digit))
	}
	return append(words, parkSuffix)
}

// parkedIn returns the call in a slot of a tenant, or nil.
func (c *Core) parkedIn(tenant string, slot int) *call {
	if o := c.offices[tenant]; o != nil {
		for _, k := range o.live {
			if k.Slot == slot {
				return k
			}
		}
	}
	return nil
}

// parkingFeature tells the owner the slot and hangs it up. The slot is taken from
// the beginning.
type parkingFeature struct{ inert }

func (parkingFeature) hears(k *call, p *party) ear { return k.apart(p) }

func (parkingFeature) played(s *step, k *call, p *party) {
	if p.Leg == k.Owner {
		s.parked(k)
	}
}

func (parkingFeature) alarm(s *step, k *call, _ alarmKind) { s.parked(k) }

func (parkingFeature) left(s *step, k *call, p *party, ev leg.Ended) {
	if p.Leg != k.Owner {
		inert{}.left(s, k, p, ev)
		return
	}
	s.leave(k, p)
	s.parked(k)
}

// parked leaves the other party alone with music.
func (s *step) parked(k *call) {
	s.drop(k, k.owner(), normal())
	k.Owner = 0
	s.enter(k, waiting)
	s.set(k, parkTime, s.remaining(k, s.tenantOf(k).park.Timeout))
}

// parkFeature is PARKED, and the call to the parker that follows (RECALL).
type parkFeature struct{ inert }

func (parkFeature) hears(_ *call, p *party) ear {
	if p.Role == ringing {
		return ear{}
	}
	return music()
}

// alarm calls the parker when nobody has retrieved the call; without an answer it
// is cut (SPEC R63, R64).
func (parkFeature) alarm(s *step, k *call, a alarmKind) {
	if a != parkTime {
		s.finish(k, parkerGone())
		return
	}
	s.callBack(k)
}

// callBack rings whoever has left the call for the one who is left.
func (s *step) callBack(k *call) {
	r, why := s.call(s.tenantOf(k), k.Parker)
	if why.Status != 0 {
		s.finish(k, parkerGone())
		return
	}
	s.showCaller(k, &r, k.alone())
	if _, ok := s.ring(k, r); !ok {
		s.finish(k, parkerGone())
		return
	}
	s.set(k, unanswered, s.cfg.Timers.ParkReturnRing)
}

func (parkFeature) won(s *step, k *call, p *party) {
	k.Slot = 0
	p.Role = k.vacant()
	s.resume(k)
}

func (parkFeature) lost(s *step, k *call, _ cause.Cause) { s.finish(k, parkerGone()) }

func parkerGone() leg.HangUp {
	return leg.HangUp{Cause: cause.Cause{Q850: cause.NoUserResponding, Text: "nobody took the parked call"}}
}

// alone is the party of a call that has only one beside those that ring.
func (k *call) alone() *party {
	if p := k.in(first); p != nil {
		return p
	}
	return k.in(second)
}

// retrieve joins the first party of a new call with the one that is parked in a
// slot, after a beep for itself alone (SPEC R65). Of two retrievers the first one
// wins, since the slot is empty for the second (SPEC R66).
func (s *step) retrieve(k *call, in arrival, slot number.Number) {
	n, _ := strconv.Atoi(slot.String()) // the class ParkSlot has three digits
	parked := s.parkedIn(k.Tenant, n)
	if parked == nil {
		s.finish(k, leg.HangUp{Cause: cause.Cause{Status: 404, Q850: cause.Unallocated, Text: "nothing is parked there"}})
		return
	}
	p, no := s.comeIn(k, in, parked)
	if p == nil {
		s.finish(k, no)
		return
	}
	s.dismiss(parked, elsewhere())
	s.drop(parked, parked.owner(), normal())
	parked.Slot = 0
	p.Role = parked.vacant()
	s.resume(parked)
	s.settle(parked)
}
