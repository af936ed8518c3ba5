package carrier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

// State is how far a call has come.
type State uint8

// The states, in order; a call may skip Ringing and Answered.
const (
	Calling State = iota
	Ringing
	Answered
	Ended
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"calling", "ringing", "answered", "ended"}[s]
}

// ErrEnded is the error of waiting for what a call can no longer reach.
var ErrEnded = errors.New("call has ended")

// Call is one call of an exchange, placed or received. Its methods may be
// called from any goroutine.
type Call struct {
	ex       *Exchange
	id       leg.ID // of the loop
	callID   string
	received bool
	incoming Incoming
	taken    atomic.Bool // by Await
	media    *media      // nil if no socket could be opened
	// accepting is set once our 200 was ordered; of the loop.
	accepting bool
	bell      bell

	mu     sync.Mutex
	result Result
}

// Result is what has happened in a call so far.
type Result struct {
	State State
	// Ringing, Answered and Ended are when; zero if it did not happen. Ringing
	// is the first provisional response other than 100.
	Ringing, Answered, Ended time.Time
	// Status is the final response to the INVITE, 0 while there is none.
	Status int
	// Reason is the Reason header of what ended the call from the other side:
	// a final response, a CANCEL or a BYE.
	Reason string
	// Cause is how the call ended.
	Cause cause.Cause
	// Provisional are the 18x responses of a placed call, in order.
	Provisional []Provisional
	// Session is what was agreed last; Agreed says that something was.
	Session sdp.Negotiated
	Agreed  bool
	// Reoffers counts the peer's re-INVITEs, OffersRefused ours that failed.
	Reoffers, OffersRefused int
}

// Provisional is one 18x that was received.
type Provisional struct {
	At     time.Time
	Status int
	// EarlyMedia is P-Early-Media (RFC 5009), Media the description as
	// siptest.MediaOf tells it; "" where there is none.
	EarlyMedia, Media string
}

// CallID returns the Call-ID of the dialog with the exchange.
func (c *Call) CallID() string { return c.callID }

// Incoming returns what a received call displayed; it is zero in a placed one.
func (c *Call) Incoming() Incoming { return c.incoming }

// Trace returns the call's own messages.
func (c *Call) Trace() []siptest.Message { return siptest.OfCalls(c.ex.Trace(), c.callID) }

// Result returns what has happened so far.
func (c *Call) Result() Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.result
	r.Provisional = slices.Clone(r.Provisional)
	return r
}

// Wait returns nil as soon as the call has come as far as s. It fails with
// ErrEnded and the Cause if the call ended before, or when ctx does.
func (c *Call) Wait(ctx context.Context, s State) error {
	for {
		rung := c.bell.next()
		r := c.Result()
		switch {
		case s == Ended && r.State == Ended, s <= Answered && !r.Answered.IsZero(), s <= Ringing && !r.Ringing.IsZero(), s == Calling:
			return nil
		case r.State == Ended:
			return fmt.Errorf("%w before it was %v: %v", ErrEnded, s, r.Cause)
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return fmt.Errorf("wait for a call to be %v, it is %v: %w", s, r.State, context.Cause(ctx))
		}
	}
}

// Listen returns nil as soon as at least d of sound came in a phase of the
// call. It fails with ErrEnded if the call ended before, or when ctx does.
func (c *Call) Listen(ctx context.Context, p Phase, d time.Duration) error {
	if c.media == nil {
		return fmt.Errorf("%w: it never had media", ErrEnded)
	}
	for {
		rung := c.bell.next()
		ended := c.Result().State == Ended
		got := c.media.duration(p)
		switch {
		case got >= d:
			return nil
		case ended:
			return fmt.Errorf("%w: %v of %v heard", ErrEnded, got, d)
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return fmt.Errorf("%v of %v heard: %w", got, d, context.Cause(ctx))
		}
	}
}

// Heard returns what was received so far.
func (c *Call) Heard() Heard {
	if c.media == nil {
		return Heard{}
	}
	return c.media.heard()
}

// HangUp ends the call normally: CANCEL, BYE, or 480 to a call that rings here.
func (c *Call) HangUp() { c.HangUpFor(cause.Cause{Q850: cause.NormalClearing}) }

// HangUpFor is HangUp with a Cause for the Reason header; its Status is the
// final response to a call that rings here.
func (c *Call) HangUpFor(why cause.Cause) {
	c.ex.order(func(now time.Time, d *desk) {
		if c.id != 0 {
			d.command(now, c.id, leg.HangUp{Cause: why})
		}
	})
}

// Reoffer sends a re-INVITE that asks for the direction, from our side:
// SendOnly or Inactive to hold, SendRecv to resume.
func (c *Call) Reoffer(dir relay.Direction) {
	c.ex.order(func(now time.Time, d *desk) {
		if c.id != 0 {
			d.command(now, c.id, leg.Reoffer{Media: c.side(dir)})
		}
	})
}

// Press sends a key as telephone-event (RFC 4733) for d, in place of the
// voice, after keys that were pressed before. It fails for a key that is none
// of 0-9, *, #, A-D, and where no telephone-event was agreed.
func (c *Call) Press(key byte, d time.Duration) error {
	event := strings.IndexByte(keys, key)
	if event < 0 {
		return fmt.Errorf("no key %q", key)
	}
	if r := c.Result(); c.media == nil || !r.Agreed || r.Session.EventOut == relay.NoPayload {
		return errors.New("no telephone-event agreed")
	}
	c.media.press(byte(event), d)
	return nil
}

// side is our half of a description.
func (c *Call) side(dir relay.Direction) leg.Media {
	s := c.ex.cfg.Style
	return leg.Media{Addr: c.media.addr, Caps: sdp.Caps{Codecs: s.Codecs, Event: s.Event}, Direction: dir}
}

// update changes the result and wakes who waits.
func (c *Call) update(f func(*Result)) {
	c.mu.Lock()
	if c.result.State != Ended {
		f(&c.result)
	}
	c.mu.Unlock()
	c.bell.ring()
}

func (c *Call) ringing(now time.Time) {
	c.update(func(r *Result) {
		r.State = max(r.State, Ringing)
		if r.Ringing.IsZero() {
			r.Ringing = now
		}
	})
}

// answered begins the talk.
func (c *Call) answered(now time.Time) {
	c.media.begin(Talk)
	c.update(func(r *Result) { r.State, r.Answered, r.Status = Answered, now, 200 })
}

// accepted begins the talk of a received call once its leg has taken our 200,
// which it refuses where the media do not fit.
func (c *Call) accepted(now time.Time) {
	if c.accepting {
		c.accepting = false
		c.answered(now)
	}
}

// agreed directs the voice.
func (c *Call) agreed(n *sdp.Negotiated) {
	if n == nil {
		return
	}
	c.media.aim(*n)
	c.update(func(r *Result) { r.Session, r.Agreed = *n, true })
}

// end is the last of a call; m is the message that ended it, or nil.
func (c *Call) end(why cause.Cause, m sip.Message, now time.Time) {
	c.update(func(r *Result) {
		r.State, r.Ended, r.Cause = Ended, now, why
		if r.Status == 0 {
			r.Status = why.Status
		}
		if m != nil {
			r.Reason = strings.Join(header.Lines(m, "Reason"), ", ")
		}
	})
	if c.media != nil {
		c.media.close()
	}
	if c.ex.cfg.Lean {
		c.ex.forget(c)
	}
}
