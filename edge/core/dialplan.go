package core

import (
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
	"sekisho/policy/number"
)

// origin is who calls.
type origin struct {
	station
	tenant *tenant
	// caller is an outside caller's number, zero where it is not known.
	caller number.Number
}

// route is where a call goes and what is shown there.
type route struct {
	station
	// called is the number that was called, in its one spelling.
	called number.Number
	// user is the Request-URI's: an MSISDN, an outside number, an extension.
	user string
	// shown is the number to show; empty where there is none.
	shown string
	// private says that shown is not for the called party's eyes.
	private bool
	// places are where a phone can be reached, all at once.
	places []place
	// display is the reason why there is no number to show (SPEC R25).
	display string
	// domain is the tenant's, diversions who passed the call on.
	domain     string
	diversions []header.Redirection
	// service is what the number asks for instead of a station.
	service service
	// group is whose, or which menu's.
	group number.ExtensionNumber
	// headers are further ones, toward a phone.
	headers []sip.Header
	// confirms says that a mobile must press a key first, own is its endpoint then.
	confirms bool
	own      endpoint
}

// service is what a number asks for.
type service uint8

const (
	toStation service = iota // or to the outside
	toSlot                   // whoever is parked there
	toRinging                // the place that an extension rings for
	toGroup                  // somebody of a group
	toMenu                   // what the caller chooses
)

// The refusals of the dial plan.
func unassigned() cause.Cause {
	return cause.Cause{Status: 404, Q850: cause.Unallocated, Text: "unassigned number"}
}

func emergencyRefused() cause.Cause {
	return cause.Cause{Status: 403, Q850: cause.CallRejected, Text: "emergency: dial from a mobile, without the service"}
}

// origin tells who sent an INVITE, or refuses it.
func (s *step) origin(in ua.Incoming, asked seam.Call) (origin, cause.Cause) {
	if in.Peer != seamPeer {
		id, ok := s.caller(in.Flow, in.Request)
		if !ok { // its registration ended, a call of it has not
			return origin{}, cause.Cause{Status: 403, Q850: cause.NotAuthorized, Text: "not registered"}
		}
		d := s.phones[id]
		t := s.directory.tenants[d.tenant]
		if t == nil || t.stations[d.extension].kind != phone {
			return origin{}, cause.Cause{Status: 403, Q850: cause.NotAuthorized, Text: "no phone of the directory"}
		}
		return origin{station: t.stations[d.extension], tenant: t}, cause.Cause{}
	}
	t, ok := s.directory.domains[asked.Domain]
	if !ok {
		return origin{}, unassigned()
	}
	caller, err := number.URIUser{User: asked.Caller}.Number()
	if err != nil {
		return origin{tenant: t}, cause.Cause{}
	}
	// A mobile that called without the service comes from the public network:
	// where the border says so, it is an outside caller like any other.
	if e, ours := t.msisdns[caller]; ours && asked.Hint.Kind != header.External {
		return origin{station: t.stations[e], tenant: t}, cause.Cause{}
	}
	if !caller.Caller() {
		caller = number.Number{}
	}
	return origin{tenant: t, caller: caller}, cause.Cause{}
}

// plan decides where a call goes. A Cause with a status refuses it.
func (s *step) plan(o origin, asked seam.Call) (route, cause.Cause) {
	dialled, err := number.URIUser{User: asked.Called}.Dialled()
	if err != nil {
		return route{}, unassigned()
	}
	private := asked.Private
	if o.kind == phone {
		if n, is := dialled.Emergency(); is {
			return route{called: n}, emergencyRefused()
		}
		// A phone's own Privacy has no say (SPEC R3); 184 and 186 have. For a
		// mobile the border has read them.
		var clir number.CLIR
		clir, dialled = dialled.CutCLIR()
		private = clir == number.Withhold
	}
	r, why := s.locate(o, dialled.Number())
	switch {
	case o.kind == external:
		r.private = private
	case r.kind == external:
		r.private = private // SPEC R4: for outside calls alone
	}
	if o.kind != phone && (r.private || r.shown == "") {
		r.display = asked.Display
	}
	return r, why
}

// locate finds whom a number names, and where.
func (s *step) locate(o origin, called number.Number) (route, cause.Cause) {
	r, why := o.tenant.route(o, called)
	if why.Status != 0 {
		return r, why
	}
	return s.placed(o.tenant, r)
}

// call finds a station of a tenant.
func (s *step) call(t *tenant, e number.ExtensionNumber) (route, cause.Cause) {
	r, why := t.ring(origin{tenant: t}, e, e.Number())
	if why.Status != 0 {
		return r, why
	}
	return s.placed(t, r)
}

// placed adds where a route leads.
func (s *step) placed(t *tenant, r route) (route, cause.Cause) {
	r.domain = t.domain
	if r.kind == phone {
		if r.places = s.places(s.now, r.station); len(r.places) == 0 {
			return route{called: r.called, shown: r.shown}, cause.Cause{Status: 480, Q850: cause.SubscriberAbsent, Text: "phone is nowhere"}
		}
	}
	return r, cause.Cause{}
}

// route finds whom a number names.
func (t *tenant) route(o origin, called number.Number) (route, cause.Cause) {
	if e, ours := t.dids[called]; ours {
		return t.ring(o, e, called)
	}
	if o.kind == external {
		return route{called: called}, unassigned()
	}
	if e, ours := t.msisdns[called]; ours {
		return t.ring(o, e, called)
	}
	switch class := called.Class(); {
	case class == number.Extension:
		return t.ring(o, number.ExtensionNumber(called.String()), called)
	case class == number.ParkSlot:
		return route{called: called, service: toSlot}, cause.Cause{}
	case class == number.Pickup:
		return route{called: called, service: toRinging}, cause.Cause{}
	case class == number.TooShort:
		return route{called: called}, cause.Cause{Status: 484, Q850: cause.InvalidFormat, Text: "number too short"}
	case !class.External():
		return route{called: called}, unassigned()
	}
	return route{called: called, user: called.String(), shown: o.shown.String()}, cause.Cause{}
}

// ring finds the station of an extension.
func (t *tenant) ring(o origin, e number.ExtensionNumber, called number.Number) (route, cause.Cause) {
	r := route{called: called, shown: o.caller.String()}
	if o.kind != external {
		r.shown = string(o.extension)
	}
	s, ok := t.stations[e]
	_, group := t.groups[e]
	_, menu := t.menus[e]
	switch {
	case group:
		r.service, r.group = toGroup, e
		return r, cause.Cause{}
	case menu:
		r.service, r.group = toMenu, e
		return r, cause.Cause{}
	case !ok:
		return r, unassigned()
	case o.extension == e:
		return r, cause.Cause{Status: 486, Q850: cause.UserBusy, Text: "own extension"}
	}
	r.station, r.user = s, string(e)
	if s.kind == mobile {
		r.user = s.msisdn.String()
	}
	return r, cause.Cause{}
}

// urgent reports an emergency call.
func urgent(r route) bool { return r.called.Class() == number.Emergency }
