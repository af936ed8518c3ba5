package policy

import (
	"strconv"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Diverting is a party that passed a call on, as an INVITE names it; lists of
// them are latest first (RFC 5806 §5).
type Diverting struct {
	number.URIUser
	Redirection
}

// Diverted is the same, read.
type Diverted struct {
	Number number.Number
	Redirection
}

// Redirection says how a call was passed on.
type Redirection struct {
	// Why is a word of RFC 5806 §6, such as no-answer.
	Why string
	// Times is how often, at least 1: earlier parties that are not named are
	// counted here.
	Times int
	// Private says that the party shall not be shown to the one called.
	Private bool
}

// times adds up how often a call was passed on.
func times(list []Diverting) int {
	n := 0
	for i := range list {
		n += list[i].Times
	}
	return n
}

// diverted takes over who passed the call on, where the carrier is believed on
// that. It refuses, and reports false, once the call has been passed on more
// often than the profile allows: two forwardings that point at each other end
// here. An emergency body's call-back is not counted.
func (d *decision) diverted() bool {
	list, in := d.request.Diverting, &d.trunk.Profile.Ingress
	if len(list) == 0 {
		return true
	}
	if !in.Trusts(profile.TrustDiversion) {
		d.note("diversion", "diverted", list[0].User, "not believed, by profile")
		return true
	}
	n := times(list)
	if n > in.DiversionLimit && d.Caller.Class() != number.Emergency {
		d.note("diversion", "times", strconv.Itoa(n), "more than the profile allows")
		d.refuse(DivertedTooOften)
		return false
	}
	for i := range list {
		n, err := list[i].Number()
		if err == nil && n.Caller() && n.Class() != number.Emergency {
			d.note("diversion", "by", n.String(), list[i].Why)
			d.Diverted = append(d.Diverted, Diverted{n, list[i].Redirection})
		} else if last := len(d.Diverted) - 1; last >= 0 {
			d.Diverted[last].Times += list[i].Times
		}
	}
	return true
}

// mayDivert is the same limit toward the carrier.
func (p *presentation) mayDivert() bool {
	n := times(p.out.Diverting)
	if n <= p.trunk.Profile.Egress.DiversionLimit || p.Called.Class() == number.Emergency {
		return true
	}
	p.note("diversion", "times", strconv.Itoa(n), "more than the profile allows")
	return p.refuse(DivertedTooOften)
}

// diversion takes the first diverting number that the tenant owns and writes
// it where the profile has a header for it. It stands for everybody else in the
// list too: another's number is not ours to show, but that it was there is
// counted.
func (p *presentation) diversion() number.Number {
	for i := range p.out.Diverting {
		n, err := p.out.Diverting[i].Number()
		if err != nil || !p.tables.Owns(p.Tenant, n) {
			continue
		}
		if p.trunk.Profile.Egress.Diversion != profile.NoDiversion {
			p.Diversion = format(n, p.trunk.Profile.Egress.NumberFormat)
			p.Diverted = p.out.Diverting[i].Redirection
			p.Diverted.Times = times(p.out.Diverting)
			p.note("diversion", "by", n.String(), p.Diverted.Why)
		}
		return n
	}
	return number.Number{}
}
