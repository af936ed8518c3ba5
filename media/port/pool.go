package port

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"time"
)

const (
	// Target is how long a returned pair rests.
	Target = 30 * time.Second
	// Floor is the least rest under pressure.
	Floor = 2 * time.Second
)

// ErrNoDescriptors is what a Bind returns, wrapped or not, when the process may
// open no more sockets: growth ends and the candidate is kept.
var ErrNoDescriptors = errors.New("no descriptors left")

// Sockets names the two sockets of a pair; the pool only keeps them.
type Sockets struct{ RTP, RTCP int32 }

// Pair is a bound pair: the address of its RTP socket, and both sockets.
type Pair struct {
	Addr    netip.AddrPort
	Sockets Sockets
}

// Bind opens a pair at an address whose port is even, or 0 for any port. The
// pair it returns has the real address. An error other than ErrNoDescriptors
// means that this candidate cannot be had.
type Bind func(rtp netip.AddrPort) (Pair, error)

// Lease is a pair in use. Epoch grows with each lease of the same pair.
type Lease struct {
	Index uint32 // of the pair within its pool
	Epoch uint32
	Addr  netip.AddrPort
}

// Counts are a pool's figures. Leased, Fresh and Resting add up to Bound.
type Counts struct {
	Bound, Leased, Fresh, Resting int
	Unbound                       int    // candidates not tried yet
	Taken                         uint64 // candidates that another program holds
	Shortened                     uint64 // leases of a pair that had not rested for Target
	Exhausted                     uint64 // leases refused
}

// Pool is the pairs of one address and one worker. Its owner serialises calls.
type Pool struct {
	candidates []netip.AddrPort
	pairs      []entry
	fresh      queue // never leased, in the order they were bound
	resting    queue // oldest return first
	leased     int

	taken, shortened, exhausted uint64
}

type entry struct {
	pair     Pair
	returned time.Time
	epoch    uint32
	leased   bool
}

// New returns a pool that will bind the candidates in the order given.
func New(candidates []netip.AddrPort) *Pool { return &Pool{candidates: candidates} }

// Grow binds up to n further pairs and calls each with the index and pair of
// every one. It ends early, without an error, when the candidates do; an error
// means that no socket can be opened.
func (p *Pool) Grow(n int, bind Bind, each func(index uint32, pair Pair)) error {
	for n > 0 && len(p.candidates) > 0 {
		pair, err := bind(p.candidates[0])
		if errors.Is(err, ErrNoDescriptors) {
			return fmt.Errorf("grow port pool: %w", err)
		}
		p.candidates = p.candidates[1:]
		if err != nil {
			p.taken++
			continue
		}
		index := uint32(len(p.pairs))
		p.pairs = append(p.pairs, entry{pair: pair})
		p.fresh.push(index)
		each(index, pair)
		n--
	}
	return nil
}

// Lease appends up to n leases to into. Fewer mean that the pool is exhausted
// for now.
func (p *Pool) Lease(now time.Time, n int, into []Lease) []Lease {
	for range n {
		index, ok := p.next(now)
		if !ok {
			p.exhausted++
			break
		}
		e := &p.pairs[index]
		e.leased = true
		e.epoch++
		p.leased++
		into = append(into, Lease{Index: index, Epoch: e.epoch, Addr: e.pair.Addr})
	}
	return into
}

// Return ends a lease: the pair rests from now on. It reports whether there was
// such a lease; a second return changes nothing.
func (p *Pool) Return(now time.Time, index, epoch uint32) bool {
	if int(index) >= len(p.pairs) {
		return false
	}
	e := &p.pairs[index]
	if !e.leased || e.epoch != epoch {
		return false
	}
	e.leased = false
	e.returned = now
	p.leased--
	p.resting.push(index)
	return true
}

// Ready returns how many pairs can be leased without shortening a rest.
func (p *Pool) Ready(now time.Time) int { return p.fresh.len() + p.rested(now, Target) }

// Free returns how many bound pairs can be leased.
func (p *Pool) Free(now time.Time) int { return p.fresh.len() + p.rested(now, Floor) }

// Counts returns the figures.
func (p *Pool) Counts() Counts {
	return Counts{
		Bound: len(p.pairs), Leased: p.leased, Fresh: p.fresh.len(), Resting: p.resting.len(),
		Unbound: len(p.candidates), Taken: p.taken, Shortened: p.shortened, Exhausted: p.exhausted,
	}
}

// Pairs calls each with every bound pair: to close them at the end.
func (p *Pool) Pairs(each func(Pair)) {
	for i := range p.pairs {
		each(p.pairs[i].pair)
	}
}

func (p *Pool) next(now time.Time) (uint32, bool) {
	if index, ok := p.fresh.pop(); ok {
		return index, true
	}
	if p.resting.len() == 0 {
		return 0, false
	}
	rest := now.Sub(p.pairs[p.resting.at(0)].returned)
	if rest < Floor {
		return 0, false
	}
	if rest < Target {
		p.shortened++
	}
	return p.resting.pop()
}

// rested counts the pairs that came back at least d ago.
func (p *Pool) rested(now time.Time, d time.Duration) int {
	return sort.Search(p.resting.len(), func(i int) bool {
		return now.Sub(p.pairs[p.resting.at(i)].returned) < d
	})
}
