package policy

import (
	"slices"
	"strings"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Identity is one name-addr of an identity header, taken apart.
type Identity struct {
	number.URIUser
	Host    string // empty for tel:
	Display string // without quotes
}

// anonymous reports RFC 3323 §4.1.1.3 and what stands for it in practice:
// "anonymous" at any host, escaped or with parameters of its own, and any user
// at anonymous.invalid.
func (i Identity) anonymous() bool {
	return i.Is("anonymous") || strings.EqualFold(strings.TrimSuffix(i.Host, "."), "anonymous.invalid")
}

// missing reports an identity that names nobody: no user, or a host that no
// network has (RFC 2606 §2), as in unavailable@unknown.invalid (TS 29.163).
func (i Identity) missing() bool {
	const nowhere = ".invalid"
	host := strings.TrimSuffix(i.Host, ".")
	return i.User == "" || i.anonymous() || len(host) >= len(nowhere) && strings.EqualFold(host[len(host)-len(nowhere):], nowhere)
}

// identify finds the subscriber (R10) and checks that the call came by that
// subscriber's own carrier (R8). It refuses and reports false otherwise.
func (d *decision) identify() bool {
	header, n, asserted := d.asserted()
	if !asserted {
		d.note("R10", "identity", "", "missing")
		d.refuse(NoIdentity)
		return false
	}
	s, known := d.tables.subscribers[n]
	if !known {
		d.note("R10", string(header), n.String(), "not provisioned")
		d.refuse(NotProvisioned)
		return false
	}
	d.Caller, d.Tenant = n, s.Tenant
	d.note("R10", string(header), n.String(), d.tables.tenants[s.Tenant].Name)
	if s.Carrier != d.trunk.Profile.Carrier {
		d.note("R8", "carrier", string(s.Carrier), "on the trunk of another carrier")
		d.refuse(WrongCarrier)
		return false
	}
	d.note("R8", "carrier", string(s.Carrier), "on its own trunk")
	return true
}

// asserted returns the first identity that is a number, from the headers the
// profile trusts, in its order. asserted is true with a zero number when
// something was asserted that is no number.
func (d *decision) asserted() (header profile.Header, n number.Number, asserted bool) {
	for _, h := range d.trunk.Profile.Ingress.Identity {
		for i := range d.identities(h) {
			id := d.identity(h, i)
			if id.missing() {
				continue
			}
			if !asserted {
				header, asserted = h, true
			}
			if n, err := id.Number(); err == nil {
				return h, n, true
			}
		}
	}
	return header, number.Number{}, asserted
}

func (d *decision) identities(h profile.Header) int {
	switch h {
	case profile.PAI:
		return len(d.request.PAI)
	case profile.PPI:
		return len(d.request.PPI)
	case profile.From:
		return 1
	}
	return 0
}

func (d *decision) identity(h profile.Header, i int) *Identity {
	switch h {
	case profile.PAI:
		return &d.request.PAI[i]
	case profile.PPI:
		return &d.request.PPI[i]
	case profile.From:
	}
	return &d.request.From
}

// readCaller takes an outside caller's number and privacy. What cannot be an
// outside number, such as one of our own extensions, is not believed.
func (d *decision) readCaller() {
	header, n, asserted := d.asserted()
	if n.Caller() {
		d.Caller = n
		d.note("identity", string(header), n.String(), n.Class().String())
	} else if asserted {
		d.note("identity", string(header), n.String(), "no number of the public network")
	}
	if n.Class() == number.Emergency {
		d.note("R61d", "caller", n.String(), "call-back, never withheld")
		return
	}
	switch {
	case private(d.request.Privacy):
		d.Withheld = number.WithheldBy(d.request.From.Display)
		d.note("R25", "privacy", d.request.Privacy, d.Withheld.String())
	case d.request.From.anonymous(), d.assertedAnonymous():
		d.Withheld = number.WithheldBy(d.request.From.Display)
		d.note("R25", "identity", "anonymous", d.Withheld.String())
	case d.Caller.IsZero():
		d.Withheld = number.Unavailable
		d.note("R25", "identity", "", d.Withheld.String())
	}
}

// assertedAnonymous reports a network that has written the anonymous URI where
// the number stands; a number beside it was left in by mistake.
func (d *decision) assertedAnonymous() bool {
	return slices.ContainsFunc(d.request.PAI, Identity.anonymous)
}
