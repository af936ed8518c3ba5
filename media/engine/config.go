package engine

import (
	"errors"
	"net/netip"
	"time"

	"sekisho/media/dtls"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Config says what an engine runs on. The zero value of a field is the default
// that its comment gives.
type Config struct {
	// Workers is the number of media threads; 0 means 1.
	Workers int
	// Addresses are the local addresses that media is received on, each in use
	// by Request.Address. At least one.
	Addresses []netip.Addr
	// Ports is the range for RTP and RTCP, on each address; zero leaves the
	// choice to the system.
	Ports port.Range
	// Descriptors is how many descriptors this engine may count on; 0 means the
	// limit of the process. Two engines in one process share that limit and
	// must each be given their part.
	Descriptors int
	// Stock is how many pairs per worker and address are bound before Open
	// returns and kept ready behind it; 0 means 64. When nothing has been
	// borrowed for the length of a rest, so many are bound again; borrowers may
	// keep up to half of them in hand.
	Stock int
	// Rest is how long a returned pair rests before it is borrowed again or, if
	// it is one too many, closed; 0 means port.Target. It is at least port.Floor.
	Rest time.Duration
	// floor is the least rest under pressure; 0 means port.Floor. Nobody but a
	// test may have less.
	floor time.Duration
	// Clips finds what Play names; nil has none.
	Clips Clips
	// Events receives the events of the slots borrowed by an owner. It is called
	// on the worker's thread: it must not block, nor call the engine.
	Events func(owner uint32, ev relay.Event)
	// Fault receives what a caught panic carried, and its stack; nil drops it.
	// It is called on the worker's thread.
	Fault func(fault any, stack []byte)
	// DTLS holds handshakes with peers; the zero value holds none, so that an
	// endpoint whose keys should come by one stays without. Its Answer is ours.
	DTLS dtls.Config
	// Random returns a random number in [0, n). It decides ports, SSRCs and
	// first numbers, so it must be hard to guess; it is called by one goroutine
	// at a time. Required.
	Random func(n uint32) uint32
}

// Request asks for pairs.
type Request struct {
	Owner   uint32 // names the caller in events
	Worker  int    // 0 up to Workers-1; all pairs of a call from the same one
	Address int    // index into Config.Addresses
	Count   int
}

const (
	defaultStock = 64
	// anyPorts is how many pairs at most are bound at ports of the system's choice.
	anyPorts = 2048
)

func (c *Config) complete() error {
	if c.Workers == 0 {
		c.Workers = 1
	}
	if c.Stock == 0 {
		c.Stock = defaultStock
	}
	if c.Rest == 0 {
		c.Rest = port.Target
	}
	if c.floor == 0 {
		c.floor = port.Floor
	}
	if c.Events == nil {
		c.Events = func(uint32, relay.Event) {}
	}
	if c.Clips == nil {
		c.Clips = noClips{}
	}
	switch {
	case c.Workers < 0 || c.Workers >= maxWorkers:
		return errors.New("media workers out of range")
	case len(c.Addresses) == 0:
		return errors.New("no media address")
	case c.Rest < c.floor:
		return errors.New("media ports rest for less than the floor")
	case c.Random == nil:
		return errors.New("no source of randomness for media")
	}
	return nil
}

type noClips struct{}

func (noClips) Clip(string) ([]byte, bool) { return nil, false }
