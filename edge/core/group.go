package core

import (
	"time"

	"sekisho/policy/number"
)

// Group is a ring group or, with Queues, a call centre: extensions that ring for
// whoever calls it. A Group without an Extension only gives its members a number
// to show outside.
type Group struct {
	Extension number.ExtensionNumber
	// Queues says that the caller is answered at once and waits with music.
	Queues bool
	// Music is what is heard while waiting, a key of the media plane's clips;
	// empty is the hold music.
	Music    string
	Strategy Strategy
	Members  []Member
	// Timeout bounds how long the caller waits, Turn how long each member rings
	// where they ring by turns. Zero values are 60 s and 15 s.
	Timeout, Turn time.Duration
	// Unreached is what becomes of the caller when nobody can ring.
	Unreached Unreached
	// Overflow takes the callers that nobody here has answered; empty is none.
	Overflow number.ExtensionNumber
	// ShowCaller has members see the caller's number instead of the group's
	// extension on their mobiles (SPEC R22 to R24).
	ShowCaller bool
	// Accept has mobiles press a key before they get the call, so that no voicemail
	// does (SPEC §7.4).
	Accept bool
	Number number.Number // what its members show outside; zero is none
}

// Strategy is the order in which members ring.
type Strategy uint8

// The strategies.
const (
	RingAll    Strategy = iota
	Sequential          // one by one, from the first
	Rotate              // one by one, from the one after the last that was rung
)

// Member rings After its group has begun to.
type Member struct {
	Extension number.ExtensionNumber
	After     time.Duration
}

// Unreached is what becomes of a caller when nobody can ring (SPEC R71).
type Unreached uint8

// What may become of it.
const (
	Wait Unreached = iota // until somebody can, or the time is over
	Next                  // it goes to Overflow at once
	Busy                  // it is refused
)

func (g Group) withDefaults() Group {
	if g.Timeout == 0 {
		g.Timeout = 60 * time.Second
	}
	if g.Turn == 0 {
		g.Turn = 15 * time.Second
	}
	if g.Music == "" {
		g.Music = holdMusic
	}
	return g
}

// hunt is the search for somebody of a group, as plain data.
type hunt struct {
	// Group is whose members are asked; what it is like is looked up in the
	// directory that is in force.
	Group number.ExtensionNumber
	// Waited is how long the caller has waited, as far as members ring after a
	// while.
	Waited time.Duration
	// From is the member that a round by turns begins with, Passed how many of it
	// have had theirs, and Rang that one of them rang.
	From, Passed int
	Rang         bool
	// Declined are those that do not want the call. Tried are those that could not
	// be reached, until they are asked again.
	Declined, Tried []number.ExtensionNumber
}

// retryAfter is how long those that could not be reached are left alone.
const retryAfter = 15 * time.Second

// hunted returns the group that a call looks for somebody of. One that is gone
// has no members.
func (c *Core) hunted(k *call) Group {
	return c.tenantOf(k).groups[k.Hunt.Group]
}
