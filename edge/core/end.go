package core

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// refuse ends a leg that never became a call.
func refuse(l leg.ID, why cause.Cause, out []ua.Action) []ua.Action {
	return append(out, ua.Command{Leg: l, Command: leg.HangUp{Cause: why}})
}

// turnAway refuses a call before leg B is dialled.
func (c *Core) turnAway(now time.Time, k *call, h leg.HangUp, out []ua.Action) []ua.Action {
	out = c.end(now, k, out)
	return append(out, ua.Command{Leg: k.a.leg, Command: h})
}

// legEnded ends the other party with the reason of the first.
func (c *Core) legEnded(now time.Time, k *call, p *party, ev leg.Ended, out []ua.Action) []ua.Action {
	p.ended, p.cause = true, ev.Cause
	if k.phase == over {
		return c.conclude(k, out)
	}
	h := leg.HangUp{Cause: onward(ev.Cause), Headers: sipReasons(ev.Message)}
	if k.phase == calling && p == &k.b {
		if c.succeed(k, ev.Cause) {
			return out // another of B's phones still rings
		}
		h = leg.HangUp{Cause: answer(k.failure)}
	} else {
		out = c.dismiss(k, h, out)
	}
	out = c.end(now, k, out)
	if _, o := k.sides(p.leg); o.live() {
		out = append(out, ua.Command{Leg: o.leg, Command: h})
	}
	return c.conclude(k, out)
}

// giveUp ends both legs of a call that cannot stand.
func (c *Core) giveUp(now time.Time, k *call, why cause.Cause, out []ua.Action) []ua.Action {
	out = c.end(now, k, out)
	for _, p := range [...]*party{&k.b, &k.a} {
		if p.live() {
			out = append(out, ua.Command{Leg: p.leg, Command: leg.HangUp{Cause: why}})
		}
	}
	return c.conclude(k, out)
}

// end stops the media and gives the endpoints back; the legs are told by the
// caller.
func (c *Core) end(now time.Time, k *call, out []ua.Action) []ua.Action {
	k.phase, k.ended = over, now
	out = c.dismiss(k, leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}, out)
	c.timers.Set(k.id(), now.Add(lingering))
	return release(&k.b, release(&k.a, out))
}

// timeout is the call's deadline: the setup time, or the wait for statistics.
func (c *Core) timeout(now time.Time, k *call, out []ua.Action) []ua.Action {
	if k.phase == over {
		return c.forget(k, out)
	}
	if k.phase == warning {
		return c.giveUp(now, k, k.failure, out)
	}
	return c.giveUp(now, k, cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "no answer in time"}, out)
}

// onward is why one party ended, as the other one is told.
func onward(why cause.Cause) cause.Cause { return cause.Cause{Q850: why.Q850, Text: why.Text} }

// answer is B's failure as A is told: B's own reason, under a status that
// means the same to A (SPEC §4). A 6xx would end all of a forking caller's
// branches, a redirection or a challenge was for us, and 408, 481 and 487
// speak of a transaction that A does not know.
func answer(why cause.Cause) cause.Cause {
	told := cause.Cause{Status: why.Status, Q850: why.Q850, Text: why.Text}
	switch why.Status {
	case 600, 603:
		told.Status = 486
	case 604:
		told.Status = 404
	case 606:
		told.Status = 488
	case 401, 407:
		told.Status = 403
	case 408, 481, 487:
		told.Status = 480
	default:
		if why.Status < 400 || why.Status > 599 {
			told.Status = 480
		}
	}
	if told.Q850 == 0 {
		told.Q850 = cause.FromStatus(told.Status)
	}
	return told
}

// sipReasons are the reasons of a CANCEL or BYE beside Q.850 that the other
// party wants to know: that the call was completed elsewhere (RFC 3326 §2).
func sipReasons(m sip.Message) []sip.Header {
	r, ok := m.(*sip.Request)
	if !ok {
		return nil
	}
	var out []sip.Header
	reasons, _ := header.Reasons(r)
	for _, reason := range reasons {
		if strings.EqualFold(reason.Protocol, "SIP") {
			out = append(out, sip.NewHeader("Reason", reason.String()))
		}
	}
	return out
}

// mediaEvent takes the final statistics of an endpoint, and what the media
// plane could not do.
func (c *Core) mediaEvent(now time.Time, ev relay.Event, out []ua.Action) []ua.Action {
	switch ev := ev.(type) {
	case relay.Released:
		if k := c.calls[c.slots[ev.Slot]]; k != nil {
			return c.reported(k, ev, out)
		}
	case relay.Failed:
		if k := c.calls[c.slots[ev.Slot]]; k != nil {
			return append(out, ua.Note{Level: ua.Warn, Message: "media command failed", Fields: []string{"call", k.name, "cause", ev.Reason}})
		}
	case relay.Played:
		if k := c.calls[c.slots[ev.Slot]]; k != nil && k.phase == warning {
			return c.giveUp(now, k, k.failure, out)
		}
	case relay.Digit, relay.Latched:
	}
	return out
}

func (c *Core) reported(k *call, ev relay.Released, out []ua.Action) []ua.Action {
	for _, p := range [...]*party{&k.a, &k.b} {
		if p.pair.Slot == ev.Slot {
			p.stats, p.reported = ev.Stats, true
			delete(c.slots, ev.Slot)
		}
	}
	return c.conclude(k, out)
}
