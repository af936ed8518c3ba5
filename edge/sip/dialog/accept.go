package dialog

import (
	"time"

	"sekisho/edge/sip/transaction"
)

// Accept is a 2xx to INVITE that waits for its ACK: it is sent again after T1,
// then at doubling intervals up to T2, for 64·T1 in all (RFC 3261 §13.3.1.4).
// The transaction holds the bytes; this is only the schedule, as plain data.
// The zero Accept waits for nothing.
type Accept struct {
	Tx transaction.ID
	// Seq is the CSeq of the INVITE, which the ACK repeats.
	Seq uint32
	// Next is when the 2xx is sent again, Interval after the time before;
	// Until is when waiting ends.
	Next, Until       time.Time
	Interval, Longest time.Duration
}

// Begin starts the wait at now. T1 and T2 must be set.
func Begin(now time.Time, tx transaction.ID, seq uint32, t transaction.Timers) Accept {
	return Accept{Tx: tx, Seq: seq, Next: now.Add(t.T1), Interval: t.T1, Until: now.Add(64 * t.T1), Longest: t.T2}
}

// Waiting reports whether an ACK is still due.
func (a *Accept) Waiting() bool { return a.Tx != 0 }

// Acked ends the wait if the ACK's CSeq is that of the INVITE.
func (a *Accept) Acked(seq uint32) bool {
	if !a.Waiting() || seq != a.Seq {
		return false
	}
	*a = Accept{}
	return true
}

// Deadline returns when something is due next, or the zero time.
func (a *Accept) Deadline() time.Time {
	if !a.Waiting() {
		return time.Time{}
	}
	if a.Until.Before(a.Next) {
		return a.Until
	}
	return a.Next
}

// Due says what is due at now: to repeat the 2xx of a transaction, or that
// the ACK has been waited for long enough, when the session must be ended
// with BYE (RFC 3261 §13.3.1.4).
func (a *Accept) Due(now time.Time) (repeat transaction.ID, lost bool) {
	if !a.Waiting() {
		return 0, false
	}
	if !now.Before(a.Until) {
		*a = Accept{}
		return 0, true
	}
	if now.Before(a.Next) {
		return 0, false
	}
	a.Interval = min(2*a.Interval, a.Longest)
	a.Next = now.Add(a.Interval)
	return a.Tx, false
}

// SavedAccept is an Accept with what remains instead of deadlines, to be
// carried over a restart.
type SavedAccept struct {
	Tx                transaction.ID
	Seq               uint32
	NextIn, UntilIn   time.Duration
	Interval, Longest time.Duration
}

// Save returns a as it stands at now.
func (a *Accept) Save(now time.Time) SavedAccept {
	if !a.Waiting() {
		return SavedAccept{}
	}
	return SavedAccept{
		Tx: a.Tx, Seq: a.Seq, NextIn: a.Next.Sub(now), UntilIn: a.Until.Sub(now),
		Interval: a.Interval, Longest: a.Longest,
	}
}

// Resume returns the Accept that goes on from s at now. Time that passed in
// between does not count.
func (s SavedAccept) Resume(now time.Time) Accept {
	if s.Tx == 0 {
		return Accept{}
	}
	return Accept{
		Tx: s.Tx, Seq: s.Seq, Next: now.Add(s.NextIn), Until: now.Add(s.UntilIn),
		Interval: s.Interval, Longest: s.Longest,
	}
}
