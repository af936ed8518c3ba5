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
	"sekisho/media/ebb"
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
	// Secure is how the media of phones is keyed; over the seam it is plain.
	Secure sdp.Secure
	// TOS is the IPv4 TOS or IPv6 traffic class byte of our RTP.
	TOS    uint8
	Timers Timers
}

// seamPeer is the border among the core's peers; peerOf is a phone.
const seamPeer ua.Peer = 0

// Core is one shard's calls. No state crosses tenants.
type Core struct {
	cfg Config
	// directory is replaced as a whole; offices are what tenants have going on,
	// by their names.
	directory *directory
	offices   map[string]*office
	// turns are the members that rotations begin with, by the group.
	turns  map[deskName]int
	gauges map[string]gauge
	// phones only grow, so that an account and a peer stay what they were.
	phones []desk
	named  map[deskName]registrar.AccountID
	// peers are the border and the phones that have a fixed place, guests the
	// flows of phones with calls.
	peers     map[flow.Flow]ua.Peer
	guests    map[flow.Flow]guest
	registrar *registrar.Registrar
	registers bool // some phone can

	// calls are named by the leg they began with; legs and slots lead to that
	// name.
	calls  map[leg.ID]*call
	legs   map[leg.ID]leg.ID
	slots  map[relay.Slot]leg.ID
	most   struct{ offices, guests, calls, legs, slots ebb.Mark }
	timers deadline.Heap[leg.ID]
	// draining is of the instance, not of its calls: no snapshot has it.
	draining bool
}

// New returns a core without calls.
func New(c Config) *Core {
	c.Timers = c.Timers.withDefaults()
	core := &Core{
		cfg:     c,
		offices: make(map[string]*office),
		turns:   make(map[deskName]int),
		gauges:  make(map[string]gauge),
		named:   make(map[deskName]registrar.AccountID),
		guests:  make(map[flow.Flow]guest),
		calls:   make(map[leg.ID]*call),
		legs:    make(map[leg.ID]leg.ID),
		slots:   make(map[relay.Slot]leg.ID),
	}
	core.directory = core.admit(1, c.Tenants)
	core.registrar = registrar.New(core.accounts())
	return core
}

// Reload takes another directory into force. Calls that stand go on as they
// are: they look up by name what they need, and what is gone is like a number
// that is not assigned. A phone that has kept its password keeps its bindings.
func (c *Core) Reload(now time.Time, tenants []Tenant) {
	bindings := c.registrar.Snapshot(now)
	c.directory = c.admit(c.directory.generation+1, tenants)
	c.registrar = registrar.Restore(c.accounts(), now, bindings)
}

// Generation counts the directories that have been in force.
func (c *Core) Generation() uint64 { return c.directory.generation }

// Secure is how a peer's media is keyed, for the shard's ua.Config.
func (c *Core) Secure(p ua.Peer) sdp.Secure {
	if p == seamPeer {
		return sdp.Secure{}
	}
	return c.cfg.Secure
}

// Counts is what a core holds.
type Counts struct{ Calls, Slots int }

// Counts returns what the core holds.
func (c *Core) Counts() Counts { return Counts{Calls: len(c.calls), Slots: len(c.slots)} }

// Registrations returns what the core's registrar holds and has done.
func (c *Core) Registrations() registrar.Counts { return c.registrar.Counts() }

// Handle takes what the shard tells the application.
func (c *Core) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	s := &step{Core: c, now: now, out: out}
	switch in := in.(type) {
	case ua.Incoming:
		s.incoming(in)
	case ua.Request:
		return c.register(now, in, out)
	case ua.LegEvent:
		if k := c.calls[c.legs[in.Leg]]; k != nil {
			s.legEvent(k, in)
			s.settle(k)
		}
	case ua.MediaEvent:
		s.mediaEvent(in.Event)
	case ua.Tick:
		s.tick()
	}
	return s.out
}

// Deadline returns when a Tick is due, or the zero time.
func (c *Core) Deadline() time.Time {
	return deadline.Earliest(c.timers.Next(), c.registrar.Deadline())
}

func (s *step) tick() {
	s.out = s.fromRegistrar(ua.Request{}, s.registrar.Handle(s.now, registrar.Timeout{}, nil), s.out)
	for {
		id, ok := s.timers.Pop(s.now)
		if !ok {
			return
		}
		if k := s.calls[id]; k != nil {
			s.wake(k)
		}
	}
}
