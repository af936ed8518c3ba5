package carrier

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// Offering says when our description is sent (RFC 3264, RFC 3261 §13.2.1).
type Offering uint8

// The ways to offer.
const (
	InInvite Offering = iota
	// InAck leaves the offer to the 200 and answers it in the ACK.
	InAck
)

// Dial is a call to be placed.
type Dial struct {
	// From is the calling subscriber, To the digits dialled.
	From, To string
	// Voice is what the caller says, as audio.Voice knows it; 0 is silence.
	Voice uint64
	// Mute sends no sound at all, only keys.
	Mute  bool
	Offer Offering
	// RawFrom replaces the style's From header, tag excluded; RawAsserted its
	// P-Asserted-Identity: empty and not nil asserts nothing.
	RawFrom     string
	RawAsserted []string
	// Headers come after those of the style.
	Headers []Header
}

// Dial places a call and returns at once. What goes wrong is the call's Cause.
func (e *Exchange) Dial(d Dial) *Call {
	c := &Call{ex: e, callID: e.newCallID()}
	if err := e.enter(c, d.Voice, d.Mute); err != nil {
		c.end(cause.Cause{Status: 500, Q850: cause.TemporaryFailure, Text: err.Error()}, nil, time.Now())
		return c
	}
	e.mu.Lock()
	border := e.border
	e.mu.Unlock()
	s := e.cfg.Style
	w := s.writer(d, border.String())
	out := leg.Dial{
		Flow:        flow.Flow{Remote: border},
		CallID:      c.callID,
		Target:      w.Replace(s.Target),
		From:        w.Replace(s.From),
		MaxForwards: 70,
	}
	out.To = "<" + out.Target + ">"
	if d.RawFrom != "" {
		out.From = d.RawFrom
	}
	asserted := w.all(s.Asserted)
	if d.RawAsserted != nil {
		asserted = d.RawAsserted
	}
	for _, v := range asserted {
		out.Headers = append(out.Headers, sip.NewHeader("P-Asserted-Identity", v))
	}
	out.Headers = append(append(out.Headers, written(s.Invite)...), written(d.Headers)...)
	if d.Offer == InInvite {
		side := c.side(relay.SendRecv)
		out.Media = &side
	}
	e.order(func(now time.Time, k *desk) { k.dial(now, c, out) })
	return c
}

func written(headers []Header) []sip.Header {
	var out []sip.Header
	for _, h := range headers {
		out = append(out, sip.NewHeader(h.Name, h.Value))
	}
	return out
}
