package core

import (
	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
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
	Park     Park
	Features Features
	Numbers  []DID
	Mobiles  []Mobile
	Phones   []Phone
	Groups   []Group
	Menus    []Menu
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
	// Plain has no in-call features.
	Plain bool
}

// Features are settings of the in-call features; zero is what SPEC says.
type Features struct {
	// PressTwice asks for ** and ## in place of * and #.
	PressTwice bool
	// Recall calls who has transferred a call blindly where nobody answers,
	// instead of cutting it (SPEC R49).
	Recall bool
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
	// Softphone tells it from a desk phone (SPEC R46).
	Softphone bool
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
	// softphone tells one of the phones from the desk phones (SPEC R46).
	softphone bool
	plain     bool // a mobile without in-call features
}

// directory is what is known of all tenants: values, not changed once made.
type directory struct {
	generation uint64
	tenants    map[string]*tenant // by name
	domains    map[string]*tenant
}

// tenant is a Tenant made ready for questions.
type tenant struct {
	name, domain string
	number       number.Number // the default one
	channels     int
	park         Park
	features     Features
	stations     map[number.ExtensionNumber]station
	groups       map[number.ExtensionNumber]Group
	menus        map[number.ExtensionNumber]Menu
	msisdns      map[number.Number]number.ExtensionNumber
	dids         map[number.Number]number.ExtensionNumber
}

// admit makes a directory and takes its phones in. Phones that it does not have
// are nobody any more; their numbers stay theirs.
func (c *Core) admit(generation uint64, tenants []Tenant) *directory {
	d := &directory{generation: generation, tenants: make(map[string]*tenant), domains: make(map[string]*tenant)}
	for i := range c.phones {
		c.phones[i].fixed, c.phones[i].secret = flow.Flow{}, registrar.Secret{}
	}
	c.peers = make(map[flow.Flow]ua.Peer)
	for _, f := range c.cfg.Seam {
		c.peers[f] = seamPeer
	}
	c.registers = false
	for i := range tenants {
		t := newTenant(&tenants[i])
		for _, p := range tenants[i].Phones {
			s := t.stations[p.Extension]
			s.account = c.enrol(t, p)
			t.stations[p.Extension] = s
		}
		d.tenants[t.name], d.domains[t.domain] = t, t
	}
	return d
}

// tenantOf returns a call's tenant; one that is gone knows nobody.
func (c *Core) tenantOf(k *call) *tenant {
	if t := c.directory.tenants[k.Tenant]; t != nil {
		return t
	}
	return &tenant{name: k.Tenant, park: Park{}.withDefaults()}
}

// office is what a tenant has going on.
type office struct {
	live map[leg.ID]*call
	most ebb.Mark
	// mobiles is how many legs of mobiles have a part in live.
	mobiles int
}

// office returns a tenant's, which is made with its first call.
func (c *Core) office(tenant string) *office {
	o := c.offices[tenant]
	if o == nil {
		o = &office{live: make(map[leg.ID]*call)}
		c.offices[tenant] = o
	}
	return o
}

// vacate takes a call from its office, which closes with the last one.
func (c *Core) vacate(k *call) {
	o := c.office(k.Tenant)
	ebb.Delete(&o.live, &o.most, k.ID)
	if len(o.live) == 0 {
		ebb.Delete(&c.offices, &c.most.offices, k.Tenant)
	}
}

func newTenant(t *Tenant) *tenant {
	made := &tenant{
		name: t.Name, domain: t.Domain, number: t.DefaultNumber, channels: t.Channels, park: t.Park.withDefaults(), features: t.Features,
		stations: make(map[number.ExtensionNumber]station),
		groups:   make(map[number.ExtensionNumber]Group),
		menus:    make(map[number.ExtensionNumber]Menu),
		msisdns:  make(map[number.Number]number.ExtensionNumber),
		dids:     make(map[number.Number]number.ExtensionNumber),
	}
	groups := groupNumbers(t.Groups)
	shown := func(own number.Number, e number.ExtensionNumber) number.Number {
		return nearest(own, groups[e], t.DefaultNumber)
	}
	for _, m := range t.Mobiles {
		made.stations[m.Extension] = station{kind: mobile, extension: m.Extension, msisdn: m.MSISDN, shown: shown(m.Number, m.Extension), plain: m.Plain}
		made.msisdns[m.MSISDN] = m.Extension
	}
	for _, p := range t.Phones {
		made.stations[p.Extension] = station{kind: phone, extension: p.Extension, shown: shown(p.Number, p.Extension), softphone: p.Softphone}
	}
	for _, g := range t.Groups {
		if g.Extension != "" {
			made.groups[g.Extension] = g.withDefaults()
		}
	}
	for _, m := range t.Menus {
		made.menus[m.Extension] = m.withDefaults()
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
			if found[m.Extension].IsZero() {
				found[m.Extension] = g.Number
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

// busyChannels returns how many legs of a tenant's mobiles stand or ring (SPEC R12).
func (c *Core) busyChannels(tenant string) int {
	if o := c.offices[tenant]; o != nil {
		return o.mobiles
	}
	return 0
}

// count takes a channel for a party. Each knows whether it is counted, so that none
// can be counted twice or given back twice.
func (c *Core) count(k *call, p *party) {
	if !p.Counted {
		p.Counted = true
		c.office(k.Tenant).mobiles++
	}
}

// uncount gives a party's channel back, if it has one.
func (c *Core) uncount(k *call, p *party) {
	if p.Counted {
		p.Counted = false
		c.office(k.Tenant).mobiles--
	}
}
