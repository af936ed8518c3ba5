package core

import (
	"net/netip"
	"time"

	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// Ports leases RTP/RTCP pairs that are already bound.
type Ports interface {
	// Lease fills all of pairs from one media worker, or none and returns
	// false. Pair i has an address of the family of toward[i] where we have
	// one. A relay.Release gives a pair back.
	Lease(pairs []relay.Pair, toward []netip.Addr) bool
}

// Config is what a core works with. It is read-only.
type Config struct {
	Source token.Source
	Key    callid.Key
	Legs   *ua.Sequence
	Ports  Ports

	Tenants []Tenant
	// Registration is for the phones that have a Secret.
	Registration Registration
	// Seam is where the border listens, as listener 0 sees it; never empty.
	// Calls from a phone go to the first.
	Seam []flow.Flow
	// SeamMedia bounds where the border's RTP may come from and go to. A
	// phone's is bound by the address it signals from.
	SeamMedia []netip.Prefix
	// Caps is what we speak on every leg.
	Caps sdp.Caps
	// TOS is the IPv4 TOS or IPv6 traffic class byte of our RTP.
	TOS uint8
	// Setup bounds the time from INVITE to answer; zero is 180 s.
	Setup time.Duration
}

// seamPeer is the border among the core's peers; peerOf is a phone.
const seamPeer ua.Peer = 0

// Core is one shard's calls. No state crosses tenants.
type Core struct {
	cfg     Config
	tenants []tenant
	domains map[string]int
	phones  []desk
	// peers are the border and the phones that have a fixed place, guests the
	// flows of phones with calls.
	peers     map[flow.Flow]ua.Peer
	guests    map[flow.Flow]guest
	registrar *registrar.Registrar
	registers bool // some phone can

	// calls are named by their leg A; legs and slots lead to that name.
	calls  map[leg.ID]*call
	legs   map[leg.ID]leg.ID
	slots  map[relay.Slot]leg.ID
	timers deadline.Heap[leg.ID]
}

// New returns a core without calls.
func New(c Config) *Core {
	if c.Setup == 0 {
		c.Setup = 180 * time.Second
	}
	core := &Core{
		cfg:     c,
		domains: make(map[string]int),
		peers:   make(map[flow.Flow]ua.Peer),
		guests:  make(map[flow.Flow]guest),
		calls:   make(map[leg.ID]*call),
		legs:    make(map[leg.ID]leg.ID),
		slots:   make(map[relay.Slot]leg.ID),
	}
	for _, f := range c.Seam {
		core.peers[f] = seamPeer
	}
	for i := range c.Tenants {
		core.admit(i, &c.Tenants[i])
	}
	core.enrol(c.Tenants)
	return core
}

// admit takes a tenant and its phones into the directory.
func (c *Core) admit(i int, t *Tenant) {
	c.tenants = append(c.tenants, newTenant(t))
	c.domains[t.Domain] = i
	for _, p := range t.Phones {
		id := registrar.AccountID(len(c.phones))
		s := c.tenants[i].stations[p.Extension]
		s.account = id
		c.tenants[i].stations[p.Extension] = s
		c.phones = append(c.phones, desk{tenant: i, extension: string(p.Extension), fixed: p.Contact})
		if _, taken := c.peers[p.Contact]; !taken && p.Contact.Remote.IsValid() {
			c.peers[p.Contact] = peerOf(id) // the first stays: an address is one phone's
		}
	}
}

// Counts is what a core holds.
type Counts struct{ Calls, Slots int }

// Counts returns what the core holds.
func (c *Core) Counts() Counts { return Counts{Calls: len(c.calls), Slots: len(c.slots)} }

// Registrations returns what the core's registrar holds and has done.
func (c *Core) Registrations() registrar.Counts { return c.registrar.Counts() }

// Handle takes what the shard tells the application.
func (c *Core) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Incoming:
		return c.incoming(now, in, out)
	case ua.Request:
		return c.register(now, in, out)
	case ua.LegEvent:
		if k := c.calls[c.legs[in.Leg]]; k != nil {
			return c.legEvent(now, k, in, out)
		}
	case ua.MediaEvent:
		return c.mediaEvent(now, in.Event, out)
	case ua.Tick:
		return c.tick(now, out)
	}
	return out
}

// Deadline returns when a Tick is due, or the zero time.
func (c *Core) Deadline() time.Time {
	return deadline.Earliest(c.timers.Next(), c.registrar.Deadline())
}

func (c *Core) tick(now time.Time, out []ua.Action) []ua.Action {
	out = c.fromRegistrar(ua.Request{}, c.registrar.Handle(now, registrar.Timeout{}, nil), out)
	for {
		id, ok := c.timers.Pop(now)
		if !ok {
			return out
		}
		if k := c.calls[id]; k != nil {
			out = c.timeout(now, k, out)
		}
	}
}
