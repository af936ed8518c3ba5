package dtmf

import "time"

// Rule says what becomes of pairs of stars. Some carriers take ** for a service
// of their own, and yet it reaches us; whoever hears the caller must not see
// even the first of the two (SPEC R53). The zero Rule changes nothing.
type Rule struct {
	Mode StarMode
	// Gap is how long after the end of a star the next one makes a pair of them.
	Gap time.Duration
	// Long is how long a star may be held back while it is down.
	Long time.Duration
	// Tone is how long a star that was held back is heard.
	Tone time.Duration
	// Odd says what becomes of the last star of an odd run.
	Odd OddStar
}

// StarMode is what becomes of pairs.
type StarMode uint8

// The modes of a Rule.
const (
	// StarsPass changes nothing.
	StarsPass StarMode = iota
	// StarsHeld holds each star back until it is known to be alone.
	StarsHeld
	// StarsFirst passes the first star of a pair at once and swallows what
	// follows it: no delay, but the pair is heard as one star.
	StarsFirst
)

// OddStar is what becomes of the last star of an odd run.
type OddStar uint8

// The values of OddStar.
const (
	// OddSwallowed swallows the run whole.
	OddSwallowed OddStar = iota
	// OddReleased says one star when the run is over.
	OddReleased
)

// starState is the state of Stars.
type starState uint8

const (
	starIdle  starState = iota
	starHeld            // the first star is down, for less than Long
	starWait            // it has ended, less than Gap ago
	starRun             // two or more; the last is down or has ended less than Gap ago
	starLong            // the first star is down and is said
	starAfter           // it has ended, less than Gap ago
)

// Stars holds back the star of a pair. It is plain data, one for each direction
// that is filtered, whatever SSRC its packets have; its times are of arrival.
// W is the gap, L the long press, d any key but the star:
//
//	Idle   start(*)            -> Held, withheld        start(d) -> passes
//	Held   end(*)              -> Wait, until W         start(d) -> say(*), d behind it, Idle
//	Held   for more than L     -> Long, * begins here and ends with its key
//	Wait   W                   -> say(*), Idle          start(d) -> say(*), d behind it, Idle
//	Held, Wait  start(*)       -> Run, withheld
//	Run    start(*) within W   -> Run, withheld         start(d) -> Idle, d passes
//	Run    W of quiet          -> Idle
//	Long   end(*)              -> After, until W        start(*) -> Run, withheld
//	After  W                   -> Idle                  start(d) -> Idle, d passes
type Stars struct {
	due   time.Time // when the state ends; zero while it does not
	since time.Time // Long: when the star began to be said
	state starState
	odd   bool // Run: its stars are odd in number
	pairs uint32
}

// Begin takes the order that a press begins, and reports whether it is withheld. What is
// to be said instead, or before it, is added to out.
func (s *Stars) Begin(now time.Time, r *Rule, begin Order, out *Orders) (withheld bool) {
	if begin.Key != '*' {
		if s.state == starHeld || s.state == starWait {
			s.release(r, out)
		}
		s.rest()
		out.Add(begin)
		return false
	}
	switch s.state {
	case starIdle:
		if r.Mode == StarsFirst {
			s.state, s.odd = starRun, true
			out.Add(begin)
			return false
		}
		s.state, s.due = starHeld, now.Add(r.Long)
	case starHeld, starWait, starLong, starAfter:
		s.state, s.due, s.odd = starRun, time.Time{}, false
		s.pairs++
	case starRun:
		s.due, s.odd = time.Time{}, !s.odd
		if !s.odd {
			s.pairs++
		}
	}
	return true
}

// End takes a press that ended at the time given, by arrival, after length.
func (s *Stars) End(at time.Time, r *Rule, k Key, length Millis, out *Orders) {
	if k != '*' {
		out.Add(Order{Op: End, Length: length})
		return
	}
	switch s.state {
	case starHeld:
		s.state = starWait
		s.wait(at, r)
	case starRun:
		s.wait(at, r)
		if r.Mode == StarsFirst {
			out.Add(Order{Op: End, Length: length}) // of the first; none is begun for the others
		}
	case starLong:
		out.Add(Order{Op: End, Length: ToMillis(at.Sub(s.since))})
		s.state = starAfter
		s.wait(at, r)
	case starIdle, starWait, starAfter:
	}
}

// Deadline returns when Expire is due, or the zero time.
func (s *Stars) Deadline() time.Time { return s.due }

// Expire ends a state whose time has come.
func (s *Stars) Expire(now time.Time, r *Rule, out *Orders) {
	if s.due.IsZero() || now.Before(s.due) {
		return
	}
	switch s.state {
	case starHeld:
		s.state, s.since, s.due = starLong, now, time.Time{}
		out.Add(Order{Op: Begin, Key: '*', Apart: ToMillis(r.Gap)})
	case starWait:
		s.release(r, out)
		s.rest()
	case starRun:
		if s.odd && r.Odd == OddReleased && r.Mode == StarsHeld {
			s.release(r, out)
		}
		s.rest()
	case starAfter:
		s.rest()
	case starIdle, starLong:
	}
}

// Hasten makes Expire end what is waited for at once: with a new session
// description nobody knows what comes (RFC 3264 §8).
func (s *Stars) Hasten(r *Rule) {
	if s.state == starWait {
		s.due = s.due.Add(-r.Gap)
	}
}

// Pairs returns how many pairs were swallowed.
func (s *Stars) Pairs() uint32 { return s.pairs }

func (s *Stars) rest() { *s = Stars{pairs: s.pairs} }

// wait ends the state when a star can make no pair with the last one: the gap
// itself still makes one.
func (s *Stars) wait(at time.Time, r *Rule) { s.due = at.Add(r.Gap + time.Nanosecond) }

func (s *Stars) release(r *Rule, out *Orders) {
	out.Add(Order{Op: Say, Key: '*', Length: ToMillis(r.Tone), Apart: ToMillis(r.Gap)})
}
