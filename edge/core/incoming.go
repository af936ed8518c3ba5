package core

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
)

// incoming decides an INVITE and dials leg B, or refuses.
func (c *Core) incoming(now time.Time, in ua.Incoming, out []ua.Action) []ua.Action {
	asked := seam.Read(in.Request)
	o, why := c.origin(in, asked)
	if why.Status != 0 {
		return refuse(in.Leg, why, out) // nobody's call: no tenant, no record
	}
	k := c.begin(now, in, o)
	c.remember(k)
	r, why := c.plan(now, o, asked)
	k.caller, k.called, k.shown = who(o), r.called.String(), r.shown
	if why.Status != 0 && o.kind == phone && urgent(r) {
		return c.warn(now, k, in, why, out)
	}
	if why.Status != 0 {
		return c.turnAway(now, k, leg.HangUp{Cause: why}, out)
	}
	caps, no := c.admission(k, in, asked, r)
	if no.Cause.Status != 0 {
		return c.turnAway(now, k, no, out)
	}
	c.timers.Set(k.id(), now.Add(c.cfg.Setup))
	return c.dial(k, asked, r, caps, out)
}

// begin makes the call of an INVITE.
func (c *Core) begin(now time.Time, in ua.Incoming, o origin) *call {
	k := &call{tenant: o.tenant, start: now, offered: in.Offer != nil}
	k.name = fmt.Sprintf("%016x", c.cfg.Source.Uint64())
	k.a = party{
		leg: in.Leg, kind: o.kind, flow: in.Flow, media: c.cfg.SeamMedia,
		callID: in.Request.CallID().Value(),
	}
	if o.kind == phone {
		at := c.placeOf(in.Flow)
		k.a.media, k.a.elsewhere = at.media, at.registered
		c.host(in.Flow)
	}
	return k
}

// who is the true caller, for the record.
func who(o origin) string {
	if o.kind == external {
		return o.caller.String()
	}
	return string(o.extension)
}

// admission is everything that must be there before leg B is dialled: hops, a
// common codec, a channel, ports. With all of it the call has its leg B and
// two endpoints; otherwise it says what A is told.
func (c *Core) admission(k *call, in ua.Incoming, asked seam.Call, r route) (sdp.Caps, leg.HangUp) {
	if asked.MaxForwards < 1 {
		return sdp.Caps{}, leg.HangUp{Cause: cause.Cause{Status: 483, Q850: cause.FromStatus(483)}}
	}
	if in.Offer != nil && !k.a.reachable(in.Offer) {
		return sdp.Caps{}, leg.HangUp{Cause: cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: foreignMedia}}
	}
	caps := c.cfg.Caps.Restrict(in.Offer)
	if len(caps.Codecs) == 0 {
		return caps, noCommonCodec()
	}
	t := &c.tenants[k.tenant]
	wanted := t.busyChannels() // A's leg among them
	if r.kind == mobile {
		wanted++
	}
	// An emergency call never waits for a channel (SPEC R60).
	if (k.a.kind == mobile || r.kind == mobile) && wanted > t.channels && !urgent(r) {
		return caps, leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NoCircuit, Text: "no mobile channel"}}
	}
	if !c.lease(k, r) {
		retry := strconv.FormatUint(1+c.cfg.Source.Uint64()%10, 10)
		return caps, leg.HangUp{
			Cause:   cause.Cause{Status: 503, Q850: cause.Congestion, Text: "no media ports"},
			Headers: []sip.Header{sip.NewHeader("Retry-After", retry)},
		}
	}
	k.b.leg = c.cfg.Legs.Next()
	c.legs[k.b.leg] = k.id()
	return caps, leg.HangUp{}
}

// noCommonCodec is 488 with the Warning of RFC 3261 §20.43.
func noCommonCodec() leg.HangUp {
	h := leg.HangUp{Cause: cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: sdp.ErrNoCommonCodec.Error()}}
	if code, text, ok := sdp.Warning(sdp.ErrNoCommonCodec); ok {
		w := header.Warning{Code: code, Agent: "sekisho", Text: text}
		h.Headers = []sip.Header{sip.NewHeader("Warning", w.String())}
	}
	return h
}

// dial writes leg B's INVITE: across the seam as seam says, to each of a phone's
// places with what is known there as its Request-URI.
func (c *Core) dial(k *call, asked seam.Call, r route, caps sdp.Caps, out []ua.Action) []ua.Action {
	to := seam.Call{
		Domain: c.tenants[k.tenant].domain, Called: r.user, Caller: r.shown, Private: r.private,
		SessionID: header.SessionID{Local: asked.SessionID.Local},
	}
	if k.a.kind != phone && (r.private || r.shown == "") {
		to.Display = asked.Display // the reason why there is no number (SPEC R25)
	}
	if to.SessionID.Local == "" {
		random := token.Bytes16(c.cfg.Source)
		to.SessionID.Local = hex.EncodeToString(random[:])
	}
	k.sessionID = to.SessionID.Local

	k.b.kind = r.kind
	places := r.places
	switch {
	case r.kind == phone:
		if r.private {
			to.Caller = "" // a phone is no trusted network (RFC 3325 §7)
		}
	case k.a.kind == phone:
		places = []place{{flow: c.cfg.Seam[0], target: to.URI(), media: c.cfg.SeamMedia}}
	default:
		places = []place{{flow: k.a.flow, target: to.URI(), media: c.cfg.SeamMedia}}
	}
	for i, at := range places {
		b := rival{leg: k.b.leg, place: at, callID: c.cfg.Key.New(c.cfg.Key.OfString(k.a.callID), token.Bytes16(c.cfg.Source))}
		if i == 0 {
			k.b.take(b)
		} else {
			b.leg = c.cfg.Legs.Next()
			c.legs[b.leg] = k.id()
			k.rivals = append(k.rivals, b)
		}
		if r.kind == phone {
			c.host(at.flow)
		}
		out = append(out, ua.Command{Leg: b.leg, Command: leg.Dial{
			Flow: at.flow, CallID: b.callID,
			Target: at.target, From: to.From(), To: to.To(),
			MaxForwards: asked.MaxForwards - 1,
			Headers:     to.Headers(),
			Media:       &leg.Media{Addr: k.b.pair.Addr, Caps: caps},
		}})
	}
	return out
}
