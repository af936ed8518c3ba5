package engine

import (
	"net/netip"
	"sync"
	"time"

	"sekisho/media/port"
	"sekisho/media/relay"
)

// ledger keeps the pools of all workers. Signalling borrows from it and workers
// return to it, each worker's part behind a lock of its own.
type ledger struct {
	parts     []part
	addresses int

	mu     sync.Mutex // guards the rest
	budget int        // pairs that may yet be bound
	random func(uint32) uint32
}

// part is one worker's pools, one per address. Pair i of address a has the
// place i*addresses+a.
type part struct {
	mu    sync.Mutex
	pools []*port.Pool
}

// newLedger deals the candidates of every address to the workers.
func newLedger(c *Config, budget int) (*ledger, error) {
	l := &ledger{parts: make([]part, c.Workers), addresses: len(c.Addresses), budget: budget, random: c.Random}
	terms := port.Terms{Target: c.Rest, Floor: c.floor, Stock: c.Stock}
	intn := func(n int) int { return int(c.Random(uint32(n))) }
	for _, addr := range c.Addresses {
		plan, err := port.Plan(addr, c.Ports, min(budget, anyPorts), intn)
		if err != nil {
			return nil, err
		}
		for w := range l.parts {
			first, last := len(plan)*w/c.Workers, len(plan)*(w+1)/c.Workers
			l.parts[w].pools = append(l.parts[w].pools, port.New(plan[first:last], terms))
		}
	}
	return l, nil
}

// grow binds pairs for each address of a worker, as many as wanted says of its
// pool, and gives each to attached before anyone can borrow it.
func (l *ledger) grow(worker int, wanted func(*port.Pool) int, bind port.Bind, attached func(attach)) error {
	p := &l.parts[worker]
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, pool := range p.pools {
		if err := pool.Grow(wanted(pool), l.budgeted(bind), func(index uint32, pair port.Pair) {
			attached(attach{l.local(index, a), pair.Sockets})
		}); err != nil {
			return err
		}
	}
	return nil
}

// shrink takes up to n surplus pairs of a worker out of its pools and gives the
// order that detaches each to leave. It returns how many there are. The pair
// counts until closed is told of it.
func (l *ledger) shrink(now time.Time, worker, n int, leave func(detach)) (taken int) {
	p := &l.parts[worker]
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, pool := range p.pools {
		taken += pool.Shrink(now, n-taken, func(index uint32, _ port.Pair) { leave(detach{l.local(index, a)}) })
	}
	return taken
}

// closed takes note that the sockets of a pair which shrink has taken out are closed.
func (l *ledger) closed(worker int, local uint32) {
	p := &l.parts[worker]
	p.mu.Lock()
	p.pools[local%uint32(l.addresses)].Closed(local / uint32(l.addresses))
	p.mu.Unlock()
	l.mu.Lock()
	l.budget++
	l.mu.Unlock()
}

func (l *ledger) local(index uint32, address int) uint32 {
	return index*uint32(l.addresses) + uint32(address)
}

// budgeted binds while the budget lasts.
func (l *ledger) budgeted(bind port.Bind) port.Bind {
	return func(rtp netip.AddrPort) (port.Pair, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.budget == 0 {
			return port.Pair{}, port.ErrNoDescriptors
		}
		pair, err := bind(rtp)
		if err == nil {
			l.budget--
		}
		return pair, err
	}
}

// borrow leases pairs and gives the order that opens each to opened.
func (l *ledger) borrow(now time.Time, r Request, into []relay.Pair, opened func(lease)) []relay.Pair {
	if r.Worker < 0 || r.Worker >= len(l.parts) || r.Address < 0 || r.Address >= l.addresses {
		return into
	}
	p := &l.parts[r.Worker]
	p.mu.Lock()
	defer p.mu.Unlock()
	var stack [8]port.Lease
	for _, got := range p.pools[r.Address].Lease(now, r.Count, stack[:0]) {
		local := l.local(got.Index, r.Address)
		slot := slotOf(r.Worker, local, got.Epoch)
		id, seed := l.identity()
		opened(lease{slot: slot, owner: r.Owner, identity: id, seed: seed})
		into = append(into, relay.Pair{Slot: slot, Addr: got.Addr})
	}
	return into
}

// identity draws what a stream begins with (RFC 3550 §5.1, §8.1), and the seed
// of the times between its reports.
func (l *ledger) identity() (id relay.Identity, seed uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	half := func() uint32 { return l.random(1 << 16) }
	id = relay.Identity{
		SSRC:      relay.SSRC(half()<<16 | half()),
		Timestamp: half()<<16 | half(),
		// Where packets are lost before the numbers first wrap, an SRTP receiver
		// could not tell that they have: half of them is left (RFC 3711 §3.3.1).
		Sequence: uint16(l.random(1 << 15)),
	}
	return id, half()<<16 | half()
}

// giveBack returns a slot's pair to rest.
func (l *ledger) giveBack(now time.Time, s relay.Slot) {
	p := &l.parts[home(s)]
	p.mu.Lock()
	defer p.mu.Unlock()
	local := place(s)
	p.pools[local%uint32(l.addresses)].Return(now, local/uint32(l.addresses), s.Epoch)
}

// lacks reports whether a worker has too few pairs ready for an address and
// could bind more.
func (l *ledger) lacks(now time.Time, worker int) bool {
	l.mu.Lock()
	spent := l.budget == 0
	l.mu.Unlock()
	if spent {
		return false
	}
	p := &l.parts[worker]
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pool := range p.pools {
		if pool.Lack(now) > 0 {
			return true
		}
	}
	return false
}

// free returns how many pairs could be leased now or after binding more.
func (l *ledger) free(now time.Time) int {
	bound, unbound := 0, 0
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		for _, pool := range p.pools {
			bound += pool.Free(now)
			unbound += pool.Counts(now).Unbound
		}
		p.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return bound + min(unbound, l.budget)
}

func (l *ledger) counts(now time.Time) (sum port.Counts) {
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		for _, pool := range p.pools {
			sum.Add(pool.Counts(now))
		}
		p.mu.Unlock()
	}
	return sum
}

func (l *ledger) pairs(each func(port.Pair)) {
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		for _, pool := range p.pools {
			pool.Pairs(each)
		}
		p.mu.Unlock()
	}
}

// route gives a command to the workers that must carry it out, as orders. n
// grows with each call.
func route(c relay.Command, n joinNumber, to func(worker int, o Order)) {
	switch c := c.(type) {
	case relay.Join:
		to(home(c.A), feed{c.A, c.B, n})
		to(home(c.B), feed{c.B, c.A, n})
	case relay.Configure:
		to(home(c.Slot), command{c})
	case relay.Play:
		to(home(c.Slot), command{c})
	case relay.Silence:
		to(home(c.Slot), command{c})
	case relay.Watch:
		to(home(c.Slot), command{c})
	case relay.Keys:
		to(home(c.Slot), command{c})
	case relay.Press:
		to(home(c.Slot), command{c})
	case relay.Release:
		to(home(c.Slot), command{c})
	}
}
