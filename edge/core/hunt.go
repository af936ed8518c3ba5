package core

import (
	"cmp"
	"slices"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
	"sekisho/policy/number"
)

// queueWait tells a caller that somebody will answer.
const queueWait = "queue_wait"

// huntFeature looks for somebody of a group who answers the first party. What
// happens to single members is never shown to it (SPEC R71, R72): it hears it
// ring, or music where it has been answered already.
type huntFeature struct{ inert }

// hunt begins the search. Members see the group on their mobiles.
func (s *step) hunt(k *call, e number.ExtensionNumber) {
	g := s.tenantOf(k).groups[e]
	k.Hunt = hunt{Group: e}
	if g.Strategy == Rotate {
		k.Hunt.From = s.turns[deskName{k.Tenant, e}]
	}
	k.Via = byGroup
	if g.Queues {
		k.Via = byCentre
		k.Said = ear{Clips: queueWait + " " + g.Music, Repeat: relay.Forever}
		s.queued(k, e)
	}
	s.enter(k, hunting)
	s.set(k, huntTime, g.Timeout)
	a := k.in(first)
	switch {
	case a.Up:
	case g.Queues:
		a.Up, k.Answered, k.Ringing = true, s.now, s.now
		s.tell(a, leg.Answer{Media: &leg.Media{Addr: a.Endpoint.Pair.Addr, Caps: k.Caps}})
	default:
		k.Ringing = s.now
		s.tell(a, leg.Ring{Status: 180, Reliable: !k.Offered})
	}
	s.seek(k)
}

// seek rings whoever may ring now. A member that is busy, that wants no call or
// that cannot be reached is passed over, and so is a mobile where there is no
// channel for it (SPEC R70).
func (s *step) seek(k *call) {
	g := s.hunted(k)
	if g.Strategy == RingAll {
		s.seekAll(k, g)
	} else {
		s.seekNext(k, g)
	}
	if len(k.rings()) == 0 && !k.awaits(memberTurn) {
		s.unreached(k, g)
	}
}

func (s *step) seekAll(k *call, g Group) {
	for _, m := range g.Members {
		if m.After <= k.Hunt.Waited {
			s.ask(k, g, m.Extension)
		}
	}
	if next, more := k.next(g); more && !k.awaits(memberTurn) {
		s.set(k, memberTurn, next-k.Hunt.Waited)
	}
}

// next is after how long the next of a group's members may ring.
func (k *call) next(g Group) (after time.Duration, more bool) {
	for _, m := range g.Members {
		if m.After > k.Hunt.Waited && (!more || m.After < after) {
			after, more = m.After, true
		}
	}
	return after, more
}

// seekNext rings one member, for its turn. After a round in which somebody rang
// another one begins.
func (s *step) seekNext(k *call, g Group) {
	for len(k.rings()) == 0 {
		if k.Hunt.Passed >= len(g.Members) {
			if !k.Hunt.Rang {
				return
			}
			k.Hunt.Passed, k.Hunt.Rang = 0, false
		}
		at := (k.Hunt.From + k.Hunt.Passed) % len(g.Members)
		k.Hunt.Passed++
		if s.ask(k, g, g.Members[at].Extension) {
			k.Hunt.Rang = true
			s.turns[deskName{k.Tenant, g.Extension}] = (at + 1) % len(g.Members)
			s.set(k, memberTurn, g.Turn)
		}
	}
}

// ask rings a member and reports whether it rings.
func (s *step) ask(k *call, g Group, e number.ExtensionNumber) bool {
	if slices.Contains(k.Hunt.Declined, e) || slices.Contains(k.Hunt.Tried, e) || s.engaged(k.Tenant, e) {
		return false
	}
	r, why := s.call(s.tenantOf(k), e)
	if why.Status != 0 {
		return false
	}
	s.showCaller(k, &r, k.in(first))
	if r.kind == mobile && !g.ShowCaller {
		r.shown, r.private, r.display = string(g.Extension), false, ""
	}
	r.confirms = g.Accept && r.kind == mobile
	if _, ok := s.ring(k, r); !ok {
		return false
	}
	k.Fork.Several = true
	s.offered(k, g, e)
	return true
}

// unreached is what becomes of the caller when nobody can ring (SPEC R71).
func (s *step) unreached(k *call, g Group) {
	switch g.Unreached {
	case Next:
		s.overflow(k, g)
	case Busy:
		s.giveUp(k, cause.Cause{Status: 486, Q850: cause.UserBusy, Text: "nobody of the group can ring"})
	case Wait:
		s.set(k, huntAgain, retryAfter)
	}
}

// overflow lets somebody else ring instead.
func (s *step) overflow(k *call, g Group) {
	s.dismiss(k, normal())
	k.unset(memberTurn)
	if g.Overflow == "" {
		s.giveUp(k, cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "nobody of the group has answered"})
		return
	}
	s.dequeued(k, cdr.Overflowed, "")
	s.lead(k, g.Overflow)
}

// huntOne rings a single extension: a group of one that has no name to show.
func (s *step) huntOne(k *call, e number.ExtensionNumber) {
	r, why := s.call(s.tenantOf(k), e)
	if why.Status != 0 {
		s.giveUp(k, why)
		return
	}
	s.showCaller(k, &r, k.in(first))
	if no, ok := s.ring(k, r); !ok {
		s.giveUp(k, no.Cause)
		return
	}
	k.Hunt, k.Via = hunt{}, direct
	s.enter(k, hunting)
	s.set(k, huntTime, s.cfg.Timers.Setup)
}

// giveUp ends a call for which nobody was found.
func (s *step) giveUp(k *call, why cause.Cause) {
	s.dequeued(k, cdr.Unanswered, "")
	if k.in(first).Up {
		why = onward(why)
	}
	s.finish(k, leg.HangUp{Cause: why})
}

func (huntFeature) hears(k *call, p *party) ear {
	switch {
	case p.invited():
		return invitation()
	case p.Role != first || !p.Up:
		return ear{}
	}
	return k.Said
}

// won puts the call through to the member that has answered.
func (huntFeature) won(s *step, k *call, p *party) {
	s.dequeued(k, cdr.Connected, p.Extension)
	if !k.in(first).Up {
		setupFeature{}.won(s, k, p)
		return
	}
	p.Role = second
	s.resume(k)
}

// lost: nobody rings any more.
func (huntFeature) lost(s *step, k *call, why cause.Cause) {
	if k.Hunt.Group == "" {
		s.giveUp(k, answer(why))
		return
	}
	s.seek(k)
}

func (huntFeature) alarm(s *step, k *call, a alarmKind) {
	g := s.hunted(k)
	switch a {
	case memberTurn:
		if g.Strategy != RingAll {
			s.dismiss(k, normal())
		} else if next, more := k.next(g); more {
			k.Hunt.Waited = next
		}
		s.seek(k)
	case acceptTime:
		s.unaccepted(k)
	case huntAgain:
		k.Hunt.Tried = nil // who was out of range may be back
		s.resumeHunt(k)
	default:
		s.overflow(k, g)
	}
}

// resumeHunt asks members again where nobody rings.
func (s *step) resumeHunt(k *call) {
	if k.Hunt.Group == "" || len(k.rings()) > 0 || k.awaits(memberTurn) {
		return
	}
	k.Hunt.Passed = 0
	s.seek(k)
}

// serve lets those who wait for somebody of a group have whom another call has
// just set free, or its channel: the one who has waited longest first.
func (s *step) serve(tenant string) {
	var waiting []*call
	for _, k := range s.office(tenant).live {
		if k.Stage == hunting {
			waiting = append(waiting, k)
		}
	}
	slices.SortFunc(waiting, func(a, b *call) int { return cmp.Compare(a.ID, b.ID) })
	for _, k := range waiting {
		s.resumeHunt(k)
		s.settle(k)
	}
}

// engaged reports whether somebody of an extension is in a call or rings.
func (c *Core) engaged(tenant string, e number.ExtensionNumber) bool {
	o := c.offices[tenant]
	if o == nil {
		return false
	}
	for _, k := range o.live {
		for _, p := range k.Parties {
			if p.Kind != external && p.Extension == e && p.there() {
				return true
			}
		}
	}
	return false
}

// missed notes what a member of a group has made of the call.
func (h *hunt) missed(e number.ExtensionNumber, why cause.Cause) {
	switch why.Status {
	case 486, 600, 603:
		h.Declined = append(h.Declined, e)
	default:
		h.Tried = append(h.Tried, e)
	}
}
