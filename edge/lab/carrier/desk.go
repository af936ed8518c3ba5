package carrier

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// desk is the application on the exchange's shard: it turns orders into
// commands and leg events into results. It belongs to the loop.
type desk struct {
	ex    *Exchange
	legs  ua.Sequence
	calls map[leg.ID]*Call
	// plans are what calls that ring here will do when finals says.
	plans  map[leg.ID]Behaviour
	finals deadline.Heap[leg.ID]
	// orders wait for the Tick that ordered asks for.
	orders  []ua.Action
	ordered time.Time
}

func newDesk(e *Exchange) *desk {
	return &desk{ex: e, calls: make(map[leg.ID]*Call), plans: make(map[leg.ID]Behaviour)}
}

// Deadline returns when a Tick is due.
func (d *desk) Deadline() time.Time { return deadline.Earliest(d.ordered, d.finals.Next()) }

// Handle is ua.App's.
func (d *desk) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Incoming:
		return d.receive(now, in, out)
	case ua.LegEvent:
		if c := d.calls[in.Leg]; c != nil {
			return d.event(now, c, in.Event, out)
		}
	case ua.Tick:
		return d.tick(now, out)
	case ua.MediaEvent:
	}
	return out
}

// dial gives a placed call its leg.
func (d *desk) dial(now time.Time, c *Call, order leg.Dial) {
	c.id = d.legs.Next()
	d.calls[c.id] = c
	d.command(now, c.id, order)
}

// command has the leg told at the next Tick, which is due at once.
func (d *desk) command(now time.Time, id leg.ID, order leg.Command) {
	d.orders = append(d.orders, ua.Command{Leg: id, Command: order})
	d.ordered = now
}

func (d *desk) tick(now time.Time, out []ua.Action) []ua.Action {
	out = append(out, d.orders...)
	clear(d.orders)
	d.orders, d.ordered = d.orders[:0], time.Time{}
	for {
		id, ok := d.finals.Pop(now)
		if !ok {
			return out
		}
		out = d.final(now, d.calls[id], out)
	}
}

// receive rings as the number's Behaviour says.
func (d *desk) receive(now time.Time, in ua.Incoming, out []ua.Action) []ua.Action {
	callID := in.Request.CallID().Value()
	c := &Call{ex: d.ex, id: in.Leg, callID: callID, received: true}
	c.incoming = display(in.Request, d.ex.trace.invite(callID))
	d.ex.mu.Lock()
	answer := d.ex.answer
	d.ex.mu.Unlock()
	plan := answer(c.incoming)
	if err := d.ex.enter(c, plan.Voice, plan.Mute); err != nil {
		why := cause.Cause{Status: 500, Q850: cause.TemporaryFailure, Text: err.Error()}
		c.end(why, nil, now)
		return append(out, ua.Command{Leg: in.Leg, Command: leg.HangUp{Cause: why}})
	}
	d.calls[in.Leg], d.plans[in.Leg] = c, plan
	style := d.ex.cfg.Style
	switch plan.Ring {
	case Still:
	case Alerting:
		c.ringing(now)
		out = append(out, ua.Command{Leg: in.Leg, Command: leg.Ring{Status: 180, Headers: written(style.Ringing)}})
	case Talkie:
		side := c.side(relay.SendRecv)
		c.ringing(now)
		c.media.begin(Early)
		out = append(out, ua.Command{Leg: in.Leg, Command: leg.Ring{
			Status: 183, Media: &side,
			Headers: append(written(style.Ringing), sip.NewHeader("P-Early-Media", "sendonly")),
		}})
	}
	switch {
	case plan.Status == 0:
	case plan.After <= 0:
		out = d.final(now, c, out)
	default:
		d.finals.Set(in.Leg, now.Add(plan.After))
	}
	d.ex.bell.ring()
	return out
}

// final answers or refuses a call that rings here.
func (d *desk) final(now time.Time, c *Call, out []ua.Action) []ua.Action {
	plan := d.plans[c.id]
	headers := written(plan.Headers)
	if plan.Status != 200 {
		why := cause.Cause{Status: plan.Status, Q850: cause.FromStatus(plan.Status)}
		return append(out, ua.Command{Leg: c.id, Command: leg.HangUp{Cause: why, Headers: headers}})
	}
	side := c.side(relay.SendRecv)
	c.accepting = true
	return append(out, ua.Command{Leg: c.id, Command: leg.Answer{Media: &side, Headers: append(written(d.ex.cfg.Style.Answer), headers...)}})
}

func (d *desk) event(now time.Time, c *Call, ev leg.Event, out []ua.Action) []ua.Action {
	switch ev := ev.(type) {
	case leg.Progressed:
		if ev.Status > 100 {
			c.update(func(r *Result) {
				r.Provisional = append(r.Provisional, Provisional{
					At: now, Status: ev.Status,
					EarlyMedia: strings.Join(header.Values(ev.Response, "P-Early-Media"), ", "), Media: siptest.MediaOf(ev.Response.Body()),
				})
			})
			c.ringing(now)
		}
		c.agreed(ev.Negotiated)
	case leg.Answered:
		c.agreed(ev.Negotiated)
		c.answered(now)
		if ev.Offer != nil {
			out = append(out, ua.Command{Leg: c.id, Command: leg.Acknowledge{Media: c.side(relay.SendRecv)}})
		}
	case leg.Acked:
		c.agreed(ev.Negotiated)
		c.accepted(now)
	case leg.Agreed:
		c.agreed(&ev.Negotiated)
		c.accepted(now)
	case leg.Offered:
		c.update(func(r *Result) { r.Reoffers++ })
		out = append(out, ua.Command{Leg: c.id, Command: leg.AnswerOffer{Media: c.side(relay.SendRecv)}})
	case leg.OfferRefused:
		c.update(func(r *Result) { r.OffersRefused++ })
	case leg.Ended:
		d.finals.Remove(c.id)
		delete(d.calls, c.id)
		delete(d.plans, c.id)
		c.end(ev.Cause, ev.Message, now)
	}
	return out
}
