package port

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"time"

	"sekisho/media/ebb"
)

const (
	// Target is how long a returned pair rests.
	Target = 30 * time.Second
	// Floor is the least rest under pressure.
	Floor = 2 * time.Second
)

// Terms are what a pool keeps to.
type Terms struct {
	Target, Floor time.Duration // 0 means the constant of that name
	Stock         int           // how many pairs are kept ready
}

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

// Counts are a pool's figures. Leased, Fresh, Resting and Leaving add up to
// Bound; Bound, Unbound and Taken to all candidates.
type Counts struct {
	Bound, Leased, Fresh, Resting int
	Quarantined                   int    // of those that rest: not for Target yet
	Leaving                       int    // bound still, and about to be closed
	Unbound                       int    // candidates that can be tried
	Taken                         int    // candidates that another program held
	Shortened                     uint64 // leases of a pair that had not rested for Target
	Exhausted                     uint64 // leases refused
	Closed                        uint64 // pairs that were too many
}

// Ready returns how many pairs can be leased without shortening a rest.
func (c *Counts) Ready() int { return c.Fresh + c.Resting - c.Quarantined }

// Add adds up the figures of several pools.
func (c *Counts) Add(o Counts) {
	c.Bound += o.Bound
	c.Leased += o.Leased
	c.Fresh += o.Fresh
	c.Resting += o.Resting
	c.Quarantined += o.Quarantined
	c.Leaving += o.Leaving
	c.Unbound += o.Unbound
	c.Taken += o.Taken
	c.Shortened += o.Shortened
	c.Exhausted += o.Exhausted
	c.Closed += o.Closed
}

// Pool is the pairs of one address and one worker. Its owner serialises calls.
type Pool struct {
	terms      Terms
	candidates []netip.AddrPort // the first is bound next
	taken      []netip.AddrPort // by another program, when they were tried
	pairs      []*entry         // by index; nil where there is none
	epochs     []uint32         // by index; they outlive the pairs, so that no two leases of an index are alike
	vacant     []uint32         // indices without a pair
	fresh      queue            // never leased, in the order they were bound
	resting    queue            // oldest return first
	leased     int
	leaving    int
	asked      demand
	growing    bool

	shortened, exhausted, closed uint64
}

type entry struct {
	pair      Pair
	candidate netip.AddrPort // that the pair was bound for
	returned  time.Time
	use       use
}

// use says what becomes of a pair.
type use uint8

const (
	waiting use = iota // fresh or resting
	leased
	leaving // taken out, and not closed yet
)

// New returns a pool that will bind the candidates in the order given. It keeps
// the slice.
func New(candidates []netip.AddrPort, t Terms) *Pool {
	if t.Target == 0 {
		t.Target = Target
	}
	if t.Floor == 0 {
		t.Floor = Floor
	}
	return &Pool{candidates: candidates[:len(candidates):len(candidates)], terms: t}
}

// Grow binds up to n further pairs and calls each with the index and pair of
// every one. It ends early, without an error, when the candidates do; an error
// means that no socket can be opened.
func (p *Pool) Grow(n int, bind Bind, each func(index uint32, pair Pair)) error {
	for n > 0 && len(p.candidates) > 0 {
		candidate := p.candidates[0]
		pair, err := bind(candidate)
		if errors.Is(err, ErrNoDescriptors) {
			return fmt.Errorf("grow port pool: %w", err)
		}
		p.candidates = p.candidates[1:]
		if err != nil {
			p.taken = append(p.taken, candidate)
			continue
		}
		index := p.vacancy()
		p.pairs[index] = &entry{pair: pair, candidate: candidate}
		p.fresh.push(index)
		each(index, pair)
		n--
	}
	return nil
}

// Lease appends up to n leases to into. Fewer mean that the pool is exhausted
// for now.
func (p *Pool) Lease(now time.Time, n int, into []Lease) []Lease {
	p.asked.add(now, p.terms.Target, n)
	for range n {
		index, ok := p.next(now)
		if !ok {
			p.exhausted++
			break
		}
		e := p.pairs[index]
		e.use = leased
		p.epochs[index]++
		p.leased++
		into = append(into, Lease{Index: index, Epoch: p.epochs[index], Addr: e.pair.Addr})
	}
	return into
}

// Return ends a lease: the pair rests from now on. It reports whether there was
// such a lease; a second return changes nothing.
func (p *Pool) Return(now time.Time, index, epoch uint32) bool {
	if int(index) >= len(p.pairs) || p.epochs[index] != epoch {
		return false
	}
	e := p.pairs[index]
	if e == nil || e.use != leased {
		return false
	}
	e.use = waiting
	e.returned = now
	p.leased--
	p.resting.push(index)
	return true
}

// Ready returns how many pairs can be leased without shortening a rest.
func (p *Pool) Ready(now time.Time) int { return p.fresh.len() + p.rested(now, p.terms.Target) }

// Free returns how many bound pairs can be leased.
func (p *Pool) Free(now time.Time) int { return p.fresh.len() + p.rested(now, p.terms.Floor) }

// Counts returns the figures.
func (p *Pool) Counts(now time.Time) Counts {
	return Counts{
		Bound: len(p.pairs) - len(p.vacant), Leased: p.leased, Fresh: p.fresh.len(), Resting: p.resting.len(),
		Quarantined: p.quarantined(now), Leaving: p.leaving,
		Unbound: len(p.candidates), Taken: len(p.taken), Shortened: p.shortened, Exhausted: p.exhausted, Closed: p.closed,
	}
}

// Pairs calls each with every bound pair: to close them at the end.
func (p *Pool) Pairs(each func(Pair)) {
	for _, e := range p.pairs {
		if e != nil {
			each(e.pair)
		}
	}
}

// vacancy returns an index for another pair.
func (p *Pool) vacancy() uint32 {
	if last := len(p.vacant) - 1; last >= 0 {
		index := p.vacant[last]
		p.vacant = ebb.Cut(p.vacant[:last])
		return index
	}
	p.pairs, p.epochs = append(p.pairs, nil), append(p.epochs, 0)
	return uint32(len(p.pairs) - 1)
}

func (p *Pool) next(now time.Time) (uint32, bool) {
	if index, ok := p.fresh.pop(); ok {
		return index, true
	}
	if p.resting.len() == 0 {
		return 0, false
	}
	rest := now.Sub(p.pairs[p.resting.at(0)].returned)
	if rest < p.terms.Floor {
		return 0, false
	}
	if rest < p.terms.Target {
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

// quarantined counts the pairs whose rest is not over.
func (p *Pool) quarantined(now time.Time) int {
	return p.resting.len() - p.rested(now, p.terms.Target)
}
