package policy

import (
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

// anonymous reports RFC 3323 §4.1.1.3 and what stands for it in practice.
func (i Identity) anonymous() bool {
	return strings.EqualFold(i.User, "anonymous") || strings.EqualFold(i.Host, "anonymous.invalid")
}

// missing reports an identity that names nobody.
func (i Identity) missing() bool { return i.User == "" || i.anonymous() }

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
	if d.trunk.Profile.Ingress.HonorCLIR && private(d.request.Privacy) {
		d.Withheld = number.WithheldBy(d.request.From.Display)
		d.note("R3", "privacy", d.request.Privacy, "honoured")
	}
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

// roams refuses a mobile that says it is abroad (R9). A carrier that does not
// say leaves it undetected.
func (d *decision) roams() bool {
	for _, said := range [2]struct{ header, value string }{
		{"P-Access-Network-Info", d.request.AccessNetwork},
		{"P-Visited-Network-ID", d.request.VisitedNetwork},
	} {
		country := mobileCountry(said.value)
		if country == "" || country == "440" || country == "441" {
			continue
		}
		d.note("R9", said.header, country, "abroad")
		d.refuse(Roaming)
		return true
	}
	return false
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
	case d.request.From.anonymous():
		d.Withheld = number.WithheldBy(d.request.From.Display)
		d.note("R25", "from", "anonymous", d.Withheld.String())
	case d.Caller.IsZero():
		d.Withheld = number.Unavailable
		d.note("R25", "identity", "", d.Withheld.String())
	}
}

// private reports a Privacy value that withholds the number: id (RFC 3325
// §9.3), user or header (RFC 3323 §4.2). none and critical alone do not.
func private(value string) bool {
	for value != "" {
		end := strings.IndexAny(value, ";,")
		token := value
		if end >= 0 {
			token, value = value[:end], value[end+1:]
		} else {
			value = ""
		}
		token = strings.Trim(token, " \t")
		if strings.EqualFold(token, "id") || strings.EqualFold(token, "user") || strings.EqualFold(token, "header") {
			return true
		}
	}
	return false
}

// mobileCountry returns the three digits of the mobile country code in a
// P-Access-Network-Info ("…-3gpp=440…", TS 24.229 §7.2A.4) or a
// P-Visited-Network-ID ("ims.mnc010.mcc440.3gppnetwork.org"), or "".
func mobileCountry(value string) string {
	for _, mark := range [2]string{"-3gpp=", "mcc"} {
		for i := 0; i+len(mark) < len(value); i++ {
			if !strings.EqualFold(value[i:i+len(mark)], mark) {
				continue
			}
			if code := leadingCode(strings.TrimLeft(value[i+len(mark):], `" `)); code != "" {
				return code
			}
		}
	}
	return ""
}

func leadingCode(s string) string {
	if len(s) < 3 {
		return ""
	}
	for i := range 3 {
		if s[i] < '0' || s[i] > '9' {
			return ""
		}
	}
	return s[:3]
}
