package core

import (
	"cmp"
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/policy/number"
)

// What the owner of a transfer hears when it comes to nothing (SPEC §4, "Transfer
// target"), by the keys of the announcements.
const (
	emergencyRefusal = "emergency"
	notAllowed       = "not_allowed"
	noForeign        = "no_intl"
	noAnswer         = "no_answer"
	unreachable      = "unreachable"
	busyTone         = "tone/busy"
	ringbackTone     = "tone/ringback"
)

// busy is the tone of a subscriber who talks, for 3 s.
func busy() ear { return times(3, busyTone) }

// reason is what the owner hears of why somebody could not be reached (SPEC
// R45).
func reason(why cause.Cause) ear {
	switch why.Status {
	case 404, 410, 484, 604:
		return once(invalidNumber)
	case 403:
		return once(notAllowed)
	case 408, 480, 487:
		if why.Q850 == cause.SubscriberAbsent {
			return once(unreachable)
		}
		if why.Q850 != cause.NoCircuit {
			return once(noAnswer)
		}
	}
	return busy()
}

// target finds whom the owner has keyed in: extensions and numbers that it might
// dial, but neither park slots nor pickup codes (SPEC, "Undefined codes"). An
// ear that hears something is the refusal.
func (s *step) target(k *call) (route, ear) {
	t, owner := s.tenantOf(k), k.owner()
	dialled := number.Dialled(k.Entry.Digits)
	if _, urgent := dialled.Emergency(); urgent {
		return route{}, once(emergencyRefusal) // SPEC R61c
	}
	if cut, found := dialled.CutService(); found {
		dialled = cut // SPEC R43: no extension begins with 8
	}
	called := dialled.Number()
	switch class := called.Class(); {
	case class == number.International:
		return route{}, once(noForeign)
	case class.External() && !class.Ordinary():
		return route{}, once(notAllowed)
	}
	r, why := s.locate(origin{station: t.stations[owner.Extension], tenant: t}, called)
	switch {
	case why.Status != 0:
		return route{}, reason(why)
	case r.service != toStation:
		return route{}, once(invalidNumber)
	}
	for _, p := range k.Parties {
		if p.there() && p.Kind != external && p.Extension == r.extension {
			return route{}, busy()
		}
	}
	return r, ear{}
}

// showOwner has the target of an attended transfer see who asks: the owner's
// extension, or outside the tenant's default number. A softphone sees the caller
// and the number that was called, where the call came to a call centre (SPEC
// R46, R47).
func (s *step) showOwner(k *call, r *route) {
	owner, o := k.owner(), k.other(k.owner())
	switch {
	case r.kind == external:
		r.shown = s.tenantOf(k).number.String()
	case r.softphone && k.Via == byCentre && o != nil && o.Kind == external:
		s.showCaller(k, r, o)
		r.headers = calledBefore(k.Called, r)
	default:
		r.shown = string(owner.Extension)
	}
}

// showCaller has whoever is dialled see a party of the call as if that party had
// called.
func (s *step) showCaller(k *call, r *route, o *party) {
	t := s.tenantOf(k)
	switch {
	case o.Kind == external:
		r.shown, r.private, r.display = o.Number, o.Private, o.Display
		if r.kind == external {
			// A number that is not ours goes out only where one of ours vouches
			// for it (SPEC R49b); the border has the last word.
			r.diversions = []header.Redirection{{URI: "sip:" + t.number.String() + "@" + t.domain, Why: "unconditional", Times: 1}}
		}
	case r.kind == external:
		// Whoever has left the directory meanwhile shows the tenant's number.
		r.shown = cmp.Or(t.stations[o.Extension].shown, t.number).String()
	default:
		r.shown = string(o.Extension)
	}
}

// calledBefore tells a phone which number its caller has dialled (RFC 7044, RFC
// 7315 §4.2).
func calledBefore(called string, r *route) []sip.Header {
	uri := "sip:" + called + "@" + r.domain
	list := []sip.Header{sip.NewHeader("P-Called-Party-ID", "<"+uri+">")}
	passed := []header.Redirection{{URI: uri, Why: "unconditional", Times: 1}}
	for _, v := range header.HistoryOf(passed, "sip:"+r.user+"@"+r.domain) {
		list = append(list, sip.NewHeader("History-Info", v))
	}
	return list
}
