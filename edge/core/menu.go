package core

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/policy/number"
)

// Menu answers a caller with a greeting and lets it choose by a key: one level of
// an IVR, the entry that SPEC R22 and R23 name.
type Menu struct {
	Extension number.ExtensionNumber
	// Greeting is a key of the media plane's clips; empty is a beep.
	Greeting string
	Options  []Option
	// Otherwise takes the callers that do not choose; empty ends the call.
	Otherwise number.ExtensionNumber
	// Timeout is how long after the greeting a key is awaited; zero is 10 s.
	Timeout time.Duration
}

// Option is where a key leads.
type Option struct {
	Key byte // '0' to '9', '*' or '#'
	To  number.ExtensionNumber
}

func (m Menu) withDefaults() Menu {
	if m.Timeout == 0 {
		m.Timeout = 10 * time.Second
	}
	if m.Greeting == "" {
		m.Greeting = beep
	}
	return m
}

// wrongKeys is how often a caller may miss before it has not chosen.
const wrongKeys = 3

// choice is a caller at a menu, as plain data.
type choice struct {
	Menu   number.ExtensionNumber
	Misses int
}

// menuFeature is a caller that hears a greeting and chooses.
type menuFeature struct{ inert }

// greet answers the first party and lets it choose.
func (s *step) greet(k *call, e number.ExtensionNumber) {
	a := k.in(first)
	a.Up, k.Answered, k.Ringing = true, s.now, s.now
	s.tell(a, leg.Answer{Media: &leg.Media{Addr: a.Endpoint.Pair.Addr, Caps: k.Caps}})
	k.Choice = choice{Menu: e}
	s.say(k, s.tenantOf(k).menus[e].Greeting)
}

// say plays clips to the first party; the wait for a key begins at their end.
func (s *step) say(k *call, clips ...string) {
	k.Said = once(clips...)
	s.enter(k, choosing)
	s.set(k, firstDigit, announcementCap+s.tenantOf(k).menus[k.Choice.Menu].Timeout)
}

func (menuFeature) hears(k *call, p *party) ear {
	if p.Role != first {
		return ear{}
	}
	return k.Said
}

func (menuFeature) played(s *step, k *call, _ *party) {
	s.set(k, firstDigit, s.tenantOf(k).menus[k.Choice.Menu].Timeout)
}

func (menuFeature) pressed(s *step, k *call, _ *party, key byte) {
	m := s.tenantOf(k).menus[k.Choice.Menu]
	for _, o := range m.Options {
		if o.Key == key {
			s.lead(k, o.To)
			return
		}
	}
	if k.Choice.Misses++; k.Choice.Misses < wrongKeys {
		s.say(k, invalidNumber, m.Greeting)
		return
	}
	s.lead(k, m.Otherwise)
}

func (menuFeature) alarm(s *step, k *call, _ alarmKind) {
	s.lead(k, s.tenantOf(k).menus[k.Choice.Menu].Otherwise)
}

// lead lets a group look for somebody for the first party, or an extension ring.
func (s *step) lead(k *call, e number.ExtensionNumber) {
	k.Choice = choice{}
	switch _, group := s.tenantOf(k).groups[e]; {
	case e == "":
		s.giveUp(k, cause.Cause{Q850: cause.NormalClearing})
	case group:
		s.hunt(k, e)
	default:
		s.huntOne(k, e)
	}
}
