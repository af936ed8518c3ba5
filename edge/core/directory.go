package core

import (
	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/policy/number"
)

// Tenant is one company as the core knows it.
type Tenant struct {
	Name string
	// Domain is the host of its addresses, in lower case.
	Domain string
	// DefaultNumber is shown outside where nothing nearer applies (SPEC R3).
	DefaultNumber number.Number
	// Channels bounds the simultaneous legs of mobiles, ringing ones included
	// (SPEC R12).
	Channels int
	Numbers  []DID
	Mobiles  []Mobile
	Phones   []Phone
	Groups   []Group
}

// DID is one number of the tenant and the extension it rings.
type DID struct {
	Number    number.Number
	Extension number.ExtensionNumber
}

// Mobile is a corporate mobile.
type Mobile struct {
	Extension number.ExtensionNumber
	MSISDN    number.Number
	Number    number.Number // its own, shown outside; zero is none
}

// Phone is a phone on a listener of the core's.
type Phone struct {
	Extension number.ExtensionNumber
	// Contact is where it always is; invalid where it has to register. While
	// it is registered elsewhere it is called there.
	Contact flow.Flow
	// Secret lets it register, in the tenant's domain by the name of its
	// extension; the zero Secret does not.
	Secret registrar.Secret
	Number number.Number // its own, shown outside; zero is none
}

// Group is a ring group: here, a number that its members show outside.
type Group struct {
	Members []number.ExtensionNumber
	Number  number.Number // zero is none
}

// kind is what a party is.
type kind uint8

const (
	external kind = iota // behind the border, outside the tenant
	mobile               // behind the border, a corporate mobile
	phone                // on a listener of our own
)

// station is a mobile or a phone of the directory, or with an empty extension
// somebody outside.
type station struct {
	kind      kind
	extension number.ExtensionNumber
	msisdn    number.Number       // of a mobile
	account   registrar.AccountID // of a phone
	// shown is what the station shows outside (SPEC R3).
	shown number.Number
}

// tenant is a Tenant made ready for questions, with its live calls.
type tenant struct {
	name, domain string
	channels     int
	stations     map[number.ExtensionNumber]station
	msisdns      map[number.Number]number.ExtensionNumber
	dids         map[number.Number]number.ExtensionNumber
	live         map[leg.ID]*call
}

func newTenant(t *Tenant) tenant {
	made := tenant{
		name: t.Name, domain: t.Domain, channels: t.Channels,
		stations: make(map[number.ExtensionNumber]station),
		msisdns:  make(map[number.Number]number.ExtensionNumber),
		dids:     make(map[number.Number]number.ExtensionNumber),
		live:     make(map[leg.ID]*call),
	}
	groups := groupNumbers(t.Groups)
	shown := func(own number.Number, e number.ExtensionNumber) number.Number {
		return nearest(own, groups[e], t.DefaultNumber)
	}
	for _, m := range t.Mobiles {
		made.stations[m.Extension] = station{kind: mobile, extension: m.Extension, msisdn: m.MSISDN, shown: shown(m.Number, m.Extension)}
		made.msisdns[m.MSISDN] = m.Extension
	}
	for _, p := range t.Phones {
		made.stations[p.Extension] = station{kind: phone, extension: p.Extension, shown: shown(p.Number, p.Extension)}
	}
	for _, d := range t.Numbers {
		made.dids[d.Number] = d.Extension
	}
	return made
}

// groupNumbers returns each member's number by group: of several groups, the
// first that has one.
func groupNumbers(groups []Group) map[number.ExtensionNumber]number.Number {
	found := make(map[number.ExtensionNumber]number.Number)
	for _, g := range groups {
		for _, m := range g.Members {
			if found[m].IsZero() {
				found[m] = g.Number
			}
		}
	}
	return found
}

// nearest returns the first number there is.
func nearest(numbers ...number.Number) number.Number {
	for _, n := range numbers {
		if !n.IsZero() {
			return n
		}
	}
	return number.Number{}
}

// busyChannels counts the legs of mobiles that stand or ring (SPEC R12), from
// the live calls themselves, so that nothing can be counted wrong for good.
func (t *tenant) busyChannels() int {
	n := 0
	for _, k := range t.live {
		for _, p := range [...]*party{&k.a, &k.b} {
			if p.kind == mobile && p.live() {
				n++
			}
		}
	}
	return n
}
