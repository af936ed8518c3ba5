package core

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
)

// incoming decides an INVITE and dials somebody, or refuses.
func (s *step) incoming(in ua.Incoming) {
	asked := seam.Read(in.Request)
	o, why := s.origin(in, asked)
	if why.Status != 0 {
		s.out = refuse(in.Leg, why, s.out) // nobody's call: no tenant, no record
		return
	}
	k := s.begin(in, o, asked)
	defer s.settle(k)
	r, why := s.plan(o, asked)
	k.Caller, k.Called, k.Shown = k.in(first).shows(), r.called.String(), r.shown
	switch {
	case why.Status != 0 && o.kind == phone && urgent(r):
		s.warn(k, in, why)
		return
	case why.Status != 0:
		s.finish(k, leg.HangUp{Cause: why})
		return
	}
	switch r.service {
	case toSlot:
		s.retrieve(k, arrival{in.Offer}, r.called)
		return
	case toRinging:
		s.pickup(k, arrival{in.Offer}, r.called)
		return
	case toStation, toGroup, toMenu:
	}
	if s.turnedAway(o, r) {
		s.finish(k, noNewCalls())
		return
	}
	if no := s.admit(k, in, asked, r); no.Cause.Status != 0 {
		s.finish(k, no)
		return
	}
	switch r.service {
	case toGroup:
		s.hunt(k, r.group)
		return
	case toMenu:
		s.greet(k, r.group)
		return
	case toStation, toSlot, toRinging:
	}
	s.enter(k, setup)
	s.set(k, setupTime, s.cfg.Timers.Setup)
	s.dial(k, r, s.reach(k, r))
}

// begin makes the call of an INVITE.
func (s *step) begin(in ua.Incoming, o origin, asked seam.Call) *call {
	k := &call{
		ID: in.Leg, Tenant: o.tenant.name, Stage: setup, Start: s.now, Offered: in.Offer != nil, Early: in.Offer != nil || in.Reliable,
		Name: fmt.Sprintf("%016x", s.cfg.Source.Uint64()), SessionID: asked.SessionID.Local,
		Caps: s.cfg.Caps.Restrict(in.Offer), Seam: s.cfg.Seam[0], Hops: asked.MaxForwards - 1, Passes: asked.Hint.Passes,
		CallID: in.Request.CallID().Value(),
	}
	a := &party{
		Leg: in.Leg, Role: first, Kind: o.kind, Extension: o.extension, Plain: o.plain,
		Flow: in.Flow, Media: s.cfg.SeamMedia, CallID: k.CallID,
	}
	switch o.kind {
	case phone:
		at := s.placeOf(in.Flow)
		a.Media, a.Elsewhere = at.media, at.registered
	case external:
		a.Number, a.Display, a.Private = o.caller.String(), asked.Display, asked.Private
		k.Seam = in.Flow
	case mobile:
		k.Seam = in.Flow
	}
	s.remember(k)
	s.set(k, lifetime, s.cfg.Timers.Setup+s.cfg.Timers.Call)
	s.join(k, a)
	return k
}

// admit is everything that must be there before anybody is dialled: hops, a
// common codec, a channel, ports. With all of it the first party has its
// endpoint and the fork of a single station another; otherwise it says what the
// caller is told.
func (s *step) admit(k *call, in ua.Incoming, asked seam.Call, r route) leg.HangUp {
	a := k.in(first)
	if asked.MaxForwards < 1 {
		return leg.HangUp{Cause: cause.Cause{Status: 483, Q850: cause.FromStatus(483)}}
	}
	if in.Offer != nil && !a.reachable(in.Offer) {
		return leg.HangUp{Cause: unfit(foreignMedia)}
	}
	if len(k.Caps.Codecs) == 0 {
		return noCommonCodec()
	}
	if !s.channel(k, r) {
		return noChannel()
	}
	toward := []netip.Addr{a.Flow.Remote.Addr()}
	if r.service == toStation { // others get theirs when they ring
		toward = append(toward, s.reach(k, r)[0].flow.Remote.Addr())
	}
	e, ok := s.lease(k, toward...)
	if !ok {
		return s.noPorts()
	}
	a.Endpoint = e[0]
	if len(e) > 1 {
		k.Fork.Endpoint = e[1]
	}
	return leg.HangUp{}
}

// channel reports whether there is a mobile channel for a leg to be dialled,
// and with it for a mobile that calls (SPEC R12). Others need none, and an
// emergency call never waits for one (SPEC R60).
func (s *step) channel(k *call, r route) bool {
	wanted := s.busyChannels(k.Tenant)
	switch {
	case urgent(r):
		return true
	case r.kind == mobile:
		wanted++
	case k.Stage != setup || k.in(first).Kind != mobile:
		return true
	}
	if wanted > s.tenantOf(k).channels {
		s.lacked(k)
		return false
	}
	return true
}

func noChannel() leg.HangUp {
	return leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NoCircuit, Text: "no mobile channel"}}
}

func (s *step) noPorts() leg.HangUp {
	retry := strconv.FormatUint(1+s.cfg.Source.Uint64()%10, 10)
	return leg.HangUp{
		Cause:   cause.Cause{Status: 503, Q850: cause.Congestion, Text: "no media ports"},
		Headers: []sip.Header{sip.NewHeader("Retry-After", retry)},
	}
}

// noCommonCodec is 488 with the Warning of RFC 3261 §20.43.
func noCommonCodec() leg.HangUp {
	h := leg.HangUp{Cause: unfit(sdp.ErrNoCommonCodec.Error())}
	if code, text, ok := sdp.Warning(sdp.ErrNoCommonCodec); ok {
		w := header.Warning{Code: code, Agent: "sekisho", Text: text}
		h.Headers = []sip.Header{sip.NewHeader("Warning", w.String())}
	}
	return h
}
