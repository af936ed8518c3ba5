package core

import (
	"net/netip"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// emergencyDesk tells a caller at a phone to dial from a mobile (SPEC §4).
const emergencyDesk = "emergency_desk"

// warningTime bounds the announcement, should its end never be reported.
const warningTime = 30 * time.Second

// warn refuses an emergency call of a phone: the announcement early, then the
// refusal (SPEC R60b). No limit applies to it; where it cannot be played, the
// refusal comes at once.
func (c *Core) warn(now time.Time, k *call, in ua.Incoming, why cause.Cause, out []ua.Action) []ua.Action {
	out = append(out, ua.Note{Level: ua.Warn, Message: "emergency number dialled at a phone", Fields: []string{
		"call", k.name, "tenant", c.tenants[k.tenant].name, "caller", k.caller, "called", k.called,
	}})
	caps := c.cfg.Caps.Restrict(in.Offer)
	var pair [1]relay.Pair
	if in.Offer == nil || !k.a.reachable(in.Offer) || len(caps.Codecs) == 0 || !c.cfg.Ports.Lease(pair[:], []netip.Addr{k.a.flow.Remote.Addr()}) {
		return c.turnAway(now, k, leg.HangUp{Cause: why}, out)
	}
	k.phase, k.failure = warning, why
	k.a.pair, k.a.leased = pair[0], true
	c.slots[k.a.pair.Slot] = k.id()
	c.timers.Set(k.id(), now.Add(warningTime))
	return append(out, ua.Command{Leg: k.a.leg, Command: leg.Ring{Status: 183, Media: &leg.Media{Addr: k.a.pair.Addr, Caps: caps}}})
}

// say plays the announcement, once the session toward the phone is known.
func (c *Core) say(k *call, out []ua.Action) []ua.Action {
	return append(out, ua.Media{Command: relay.Play{Slot: k.a.pair.Slot, Source: relay.Source{Keys: []string{emergencyDesk}}}})
}
