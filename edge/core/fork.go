package core

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
)

// fork is the dialling of one or more legs for one place in a call, as plain
// data. The first to answer has it.
type fork struct {
	// Endpoint is the legs', until one has won or is heard before it answers.
	Endpoint endpoint
	// Failure is the most telling one so far.
	Failure cause.Cause
	// Several says that the legs are of several people: a decline is for one.
	Several bool
}

// ring dials a route's places for a call, beside those that ring already. The
// HangUp says why it cannot; then nothing has happened.
func (s *step) ring(k *call, r route) (leg.HangUp, bool) {
	if !s.channel(k, r) {
		return noChannel(), false
	}
	places := s.reach(k, r)
	if r.confirms || k.Fork.Endpoint.none() {
		e, ok := s.lease(k, places[0].flow.Remote.Addr())
		switch {
		case !ok:
			return s.noPorts(), false
		case r.confirms:
			r.own = e[0]
		default:
			k.Fork.Endpoint = e[0]
		}
	}
	s.dial(k, r, places)
	return leg.HangUp{}, true
}

// reach lists where a route leads: a phone's places, or over the seam.
func (s *step) reach(k *call, r route) []place {
	if r.kind == phone {
		return r.places
	}
	return []place{{flow: k.Seam, media: s.cfg.SeamMedia}}
}

// dial writes the INVITEs: across the seam as seam says, to each of a phone's
// places with what is known there as its Request-URI.
func (s *step) dial(k *call, r route, places []place) {
	to := seam.Call{
		Domain: r.domain, Called: r.user, Caller: r.shown, Private: r.private, Display: r.display,
		SessionID: header.SessionID{Local: k.SessionID}, Diversions: r.diversions,
	}
	if to.SessionID.Local == "" {
		random := token.Bytes16(s.cfg.Source)
		to.SessionID.Local = hex.EncodeToString(random[:])
		k.SessionID = to.SessionID.Local
	}
	if r.kind != phone {
		to.Hint.Passes = k.Passes
	}
	if r.kind == phone && r.private {
		to.Caller = "" // a phone is no trusted network (RFC 3325 §7)
	}
	caps := k.common(s.cfg.Caps)
	e := k.Fork.Endpoint
	if r.confirms {
		e = r.own
	}
	for _, at := range places {
		p := &party{
			Leg: s.cfg.Legs.Next(), Role: ringing, Dialled: true, Kind: r.kind, Extension: r.extension, Plain: r.plain, Number: r.user,
			Flow: at.flow, CallID: s.cfg.Key.New(s.cfg.Key.OfString(k.CallID), token.Bytes16(s.cfg.Source)),
			Media: at.media, Elsewhere: at.registered, Confirms: r.confirms, Endpoint: r.own,
		}
		s.join(k, p)
		target := at.target
		if target == "" {
			target = to.URI()
		}
		s.tell(p, leg.Dial{
			Flow: at.flow, CallID: p.CallID,
			Target: target, From: to.From(), To: to.To(),
			MaxForwards: k.Hops,
			Headers:     append(to.Headers(), r.headers...),
			Media:       &leg.Media{Addr: e.Pair.Addr, Caps: caps},
		})
	}
}

// rings lists those that ring.
func (k *call) rings() []*party {
	var list []*party
	for _, p := range k.Parties {
		if p.Role == ringing {
			list = append(list, p)
		}
	}
	return list
}

// promote gives a leg of the fork its endpoint. One that has picked the call up has
// brought its own, and one that must press a key was given it.
func (k *call) promote(p *party) {
	if p.Endpoint.none() && !k.Fork.Endpoint.none() {
		p.Endpoint, k.Fork.Endpoint = k.Fork.Endpoint, endpoint{}
	}
}

// unfork ends the dialling. An endpoint that no leg has taken goes back, and what it
// has counted is nobody's.
func (s *step) unfork(k *call) {
	if e := &k.Fork.Endpoint; e.Leased {
		s.media(relay.Release{Slot: e.Pair.Slot})
		ebb.Delete(&s.slots, &s.most.slots, e.Pair.Slot)
	}
	k.Fork = fork{}
}

// early puts the session of a leg that is heard before it answers in force, and
// reports whether the leg may be heard.
func (s *step) early(k *call, p *party, ev leg.Progressed) bool {
	if !p.permits(*ev.Negotiated) {
		s.lose(k, p, unfit(foreignMedia))
		return false
	}
	k.promote(p)
	s.agree(k, p, *ev.Negotiated)
	return true
}

// wins takes the answer of a leg: the others need not show a missed call.
func (s *step) wins(k *call, p *party, ev leg.Answered) {
	switch {
	case ev.Negotiated == nil:
		s.lose(k, p, unfit("no session agreed"))
		return
	case !p.permits(*ev.Negotiated):
		s.lose(k, p, unfit(foreignMedia))
		return
	}
	if p.Confirms {
		s.invites(k, p, ev)
		return
	}
	p.Up = true
	s.takes(k, p)
	s.agree(k, p, *ev.Negotiated)
	k.Stage.feature().won(s, k, p)
}

// takes gives a leg the place that the fork is for.
func (s *step) takes(k *call, p *party) {
	for _, r := range k.rings() {
		if r != p {
			s.drop(k, r, elsewhere())
		}
	}
	k.promote(p)
	s.unfork(k)
}

// lose takes a leg that has failed out of the fork. A decline is for all of
// them: a 6xx "indicates that the server has definitive information about a
// particular user" (RFC 3261 §21.6).
func (s *step) lose(k *call, p *party, why cause.Cause) {
	k.Fork.fail(why)
	if k.Fork.Several && !slices.ContainsFunc(k.rings(), func(r *party) bool { return r != p && r.Extension == p.Extension }) {
		k.Hunt.missed(p.Extension, why)
	}
	others := len(k.rings()) - 1
	if global(why) && !k.Fork.Several {
		for _, r := range k.rings() {
			if r != p {
				s.drop(k, r, normal())
			}
		}
		others = 0
	}
	if others > 0 {
		s.drop(k, p, leg.HangUp{Cause: why})
		return
	}
	k.promote(p)
	s.drop(k, p, leg.HangUp{Cause: why})
	failure := k.Fork.Failure
	s.unfork(k)
	k.Stage.feature().lost(s, k, failure)
}

// dismiss hangs up all that ring.
func (s *step) dismiss(k *call, h leg.HangUp) {
	for _, p := range k.rings() {
		k.promote(p)
		s.drop(k, p, h)
	}
	s.unfork(k)
}

func global(why cause.Cause) bool { return why.Status >= 600 }

func unfit(text string) cause.Cause {
	return cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: text}
}

// fail keeps the failure that tells most: that somebody is there and busy,
// before a fault of one phone, before nobody's answer.
func (f *fork) fail(why cause.Cause) {
	rank := func(status int) int {
		switch {
		case status == 0:
			return 0
		case status >= 600:
			return 4
		case status == 486:
			return 3
		case status == 408 || status == 480 || status == 487:
			return 1
		}
		return 2
	}
	if rank(why.Status) > rank(f.Failure.Status) || f.Failure == (cause.Cause{}) {
		f.Failure = why
	}
}

// elsewhere tells the legs that lost not to show a missed call (RFC 3326 §3.1).
func elsewhere() leg.HangUp {
	r := header.Reason{Protocol: "SIP", Cause: 200, Text: "Call completed elsewhere"}
	h := normal()
	h.Headers = []sip.Header{sip.NewHeader("Reason", r.String())}
	return h
}

// normal is an end that needs no reason.
func normal() leg.HangUp { return leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}} }

// legEvent takes what a leg tells.
func (s *step) legEvent(k *call, in ua.LegEvent) {
	p := k.party(in.Leg)
	if p == nil {
		return
	}
	if ev, ok := in.Event.(leg.Ended); ok {
		s.ended(k, p, ev)
		return
	}
	if !p.there() {
		return // it crossed with the end
	}
	switch ev := in.Event.(type) {
	case leg.Progressed:
		if p.Role == ringing && ev.Status != 100 && ev.Status != branchOver {
			k.Stage.feature().rang(s, k, p, ev)
		}
	case leg.Answered:
		if p.Role == ringing {
			s.wins(k, p, ev)
		}
	case leg.Agreed:
		s.agree(k, p, ev.Negotiated)
	case leg.Acked:
		p.Unacked = false
		if ev.Negotiated != nil {
			s.agree(k, p, *ev.Negotiated)
		}
	case leg.Offered:
		s.reoffered(k, p, ev)
	case leg.Asked:
		s.asked(k, p, ev)
	case leg.OfferRefused, leg.OfferWithdrawn, leg.Ended:
	}
}

// branchOver says that one branch of several behind a leg has ended (RFC 6228).
const branchOver = 199

func (s *step) ended(k *call, p *party, ev leg.Ended) {
	s.uncount(k, p)
	p.Ended, p.Cause = true, ev.Cause
	if p.Leg == k.ID && ev.Unanswered {
		k.Answered = time.Time{} // somebody has answered, and the caller was not told any more
	}
	switch p.Role {
	case leaving:
	case ringing:
		why := ev.Cause
		if p.invited() {
			why.Status = 603 // it has heard what it was for
		}
		s.lose(k, p, why)
	case first, second, third:
		k.Stage.feature().left(s, k, p, ev)
		s.leave(k, p)
	}
}
