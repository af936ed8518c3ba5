package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// ReliableOption is the option tag of reliable provisional responses
// (RFC 3262 §8.1).
const ReliableOption = "100rel"

// Reliable is the reliable provisional response to an INVITE that waits for its
// PRACK: it is sent again after T1, then at intervals that double, for 64·T1 in
// all (RFC 3262 §3). The transaction holds the bytes; this is the numbering and
// the schedule, as plain data. The zero Reliable has sent nothing.
type Reliable struct {
	// RSeq is that of the response sent last; Waiting says that it is not
	// acknowledged.
	RSeq    uint32
	Waiting bool
	// Next is when it is sent again, Interval after the time before; Until is
	// when waiting ends. All are zero once nothing is sent again.
	Next, Until time.Time
	Interval    time.Duration
}

// Begin numbers a response that is sent at now, and waits for its PRACK. "The
// value of the header field for the first reliable provisional response [...]
// MUST be chosen uniformly between 1 and 2**31 - 1", "each subsequent [...] MUST
// be greater by exactly one" (RFC 3262 §3).
func (r *Reliable) Begin(now time.Time, source token.Source, t transaction.Timers) {
	if r.RSeq == 0 {
		r.RSeq = uint32(source.Uint64() % (1<<31 - 1))
	}
	r.RSeq++
	r.Waiting = true
	r.Next, r.Until, r.Interval = now.Add(t.T1), now.Add(64*t.T1), t.T1
}

// Acked ends the wait if a PRACK names the response, and the INVITE by its CSeq:
// method, number and RSeq must all be those of the unacknowledged response
// (RFC 3262 §3).
func (r *Reliable) Acked(rack header.RAck, invite uint32) bool {
	if !r.Waiting || rack.RSeq != r.RSeq || rack.CSeq != invite || rack.Method != "INVITE" {
		return false
	}
	r.Waiting = false
	r.Stop()
	return true
}

// Stop ends the repetition, as a final response does: a PRACK may still come
// (RFC 3262 §3).
func (r *Reliable) Stop() { r.Next, r.Until, r.Interval = time.Time{}, time.Time{}, 0 }

// Deadline returns when something is due next, or the zero time.
func (r *Reliable) Deadline() time.Time {
	if r.Until.Before(r.Next) {
		return r.Until
	}
	return r.Next
}

// Due says what is due at now: to repeat the response, or that its PRACK has
// been waited for long enough, when "the UAS SHOULD reject the original request
// with a 5xx response" (RFC 3262 §3).
func (r *Reliable) Due(now time.Time) (repeat, lost bool) {
	switch {
	case r.Next.IsZero():
		return false, false
	case !now.Before(r.Until):
		r.Waiting = false
		r.Stop()
		return false, true
	case now.Before(r.Next):
		return false, false
	}
	r.Interval *= 2
	r.Next = now.Add(r.Interval)
	return true, false
}

// SavedReliable is a Reliable with what remains instead of deadlines, to be
// carried over a restart.
type SavedReliable struct {
	RSeq            uint32
	Waiting, Repeat bool
	NextIn, UntilIn time.Duration
	Interval        time.Duration
}

// Save returns r as it stands at now.
func (r *Reliable) Save(now time.Time) SavedReliable {
	s := SavedReliable{RSeq: r.RSeq, Waiting: r.Waiting, Repeat: !r.Next.IsZero(), Interval: r.Interval}
	if s.Repeat {
		s.NextIn, s.UntilIn = r.Next.Sub(now), r.Until.Sub(now)
	}
	return s
}

// Resume returns the Reliable that goes on from s at now. Time that passed in
// between does not count.
func (s SavedReliable) Resume(now time.Time) Reliable {
	r := Reliable{RSeq: s.RSeq, Waiting: s.Waiting, Interval: s.Interval}
	if s.Repeat {
		r.Next, r.Until = now.Add(s.NextIn), now.Add(s.UntilIn)
	}
	return r
}

// RSeqOf returns the number of a provisional response that its sender wants
// acknowledged, or 0: one that requires 100rel and has an RSeq that can be read
// (RFC 3262 §4).
func RSeqOf(r *sip.Response) uint32 {
	if !header.HasOption(r, "Require", ReliableOption) {
		return 0
	}
	n, err := header.ParseRSeq(header.First(r, "RSeq"))
	if err != nil {
		return 0
	}
	return n
}
