package core

import (
	"cmp"
	"slices"
	"time"

	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/flow"
	"sekisho/policy/number"
)

// Snapshot is a core's state between two steps as plain data, but for its
// directory, which is configuration. Deadlines are the time that is left.
type Snapshot struct {
	Calls     []call // by ID
	Guests    []GuestSnapshot
	Turns     []TurnSnapshot
	Registrar registrar.Snapshot
}

// GuestSnapshot is a flow with calls, and the phone that was there.
type GuestSnapshot struct {
	Flow      flow.Flow
	Tenant    string
	Extension number.ExtensionNumber
	Legs      int
}

// TurnSnapshot is the member that the next rotation of a group begins with.
type TurnSnapshot struct {
	Tenant string
	Group  number.ExtensionNumber
	Member int
}

// Snapshot returns the state of the core at now. It shares bytes with the core,
// which never changes them.
func (c *Core) Snapshot(now time.Time) Snapshot {
	s := Snapshot{Registrar: c.registrar.Snapshot(now)}
	for _, k := range c.calls {
		s.Calls = append(s.Calls, k.copy(func(a alarm) alarm { return alarm{Kind: a.Kind, Left: a.At.Sub(now)} }))
	}
	slices.SortFunc(s.Calls, func(a, b call) int { return cmp.Compare(a.ID, b.ID) })
	for f, g := range c.guests {
		d := c.phones[g.peer-1]
		s.Guests = append(s.Guests, GuestSnapshot{Flow: f, Tenant: d.tenant, Extension: d.extension, Legs: g.legs})
	}
	slices.SortFunc(s.Guests, func(a, b GuestSnapshot) int {
		return cmp.Or(cmp.Compare(a.Flow.Listener, b.Flow.Listener), a.Flow.Remote.Compare(b.Flow.Remote))
	})
	for g, at := range c.turns {
		s.Turns = append(s.Turns, TurnSnapshot{g.tenant, g.extension, at})
	}
	slices.SortFunc(s.Turns, func(a, b TurnSnapshot) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Group, b.Group))
	})
	return s
}

// Restore returns a core that goes on from s at now. Time that passed in between
// does not count.
func Restore(cfg Config, now time.Time, s Snapshot) *Core {
	c := New(cfg)
	c.registrar = registrar.Restore(c.accounts(), now, s.Registrar)
	for _, g := range s.Guests {
		if id, known := c.named[deskName{g.Tenant, g.Extension}]; known {
			c.guests[g.Flow] = guest{peer: peerOf(id), legs: g.Legs}
		}
	}
	for _, t := range s.Turns {
		c.turns[deskName{t.Tenant, t.Group}] = t.Member
	}
	for i := range s.Calls {
		k := s.Calls[i].copy(func(a alarm) alarm { return alarm{Kind: a.Kind, At: now.Add(a.Left)} })
		c.remember(&k)
		for _, p := range k.Parties {
			c.legs[p.Leg] = k.ID
			if p.Counted {
				c.office(k.Tenant).mobiles++
			}
			if !p.Endpoint.none() && !p.Endpoint.Reported {
				c.slots[p.Endpoint.Pair.Slot] = k.ID
			}
		}
		if !k.Fork.Endpoint.none() {
			c.slots[k.Fork.Endpoint.Pair.Slot] = k.ID
		}
		c.timers.Set(k.ID, k.nextAlarm())
	}
	return c
}

// copy returns the call with parties and alarms of its own.
func (k *call) copy(each func(alarm) alarm) call {
	made := *k
	made.Parties, made.Alarms = nil, nil
	made.Hunt.Declined, made.Hunt.Tried = slices.Clone(k.Hunt.Declined), slices.Clone(k.Hunt.Tried)
	for _, p := range k.Parties {
		q := *p
		made.Parties = append(made.Parties, &q)
	}
	for _, a := range k.Alarms {
		made.Alarms = append(made.Alarms, each(a))
	}
	return made
}
