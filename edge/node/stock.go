package node

import (
	"net/netip"
	"slices"

	"sekisho/media/engine"
	"sekisho/media/relay"
)

// borrower lends pairs: a running engine or a stepped one.
type borrower interface {
	Borrow(r engine.Request, into []relay.Pair) []relay.Pair
}

// Stock is one shard's Ports: it borrows pairs in blocks, so that most calls
// touch no lock, and gives both pairs of a call from one media worker, so that
// the call's packets stay on one thread. Media addresses of one family take
// turns.
type Stock struct {
	from  borrower
	conf  StockConfig
	ready [][]relay.Pair // borrowed and not yet leased, by worker and address
	// next and turn are the worker and the address that come next.
	next, turn int
}

// StockConfig is what a stock is made with.
type StockConfig struct {
	Owner     uint32       // names the shard in media events
	Workers   int          // of the engine
	Addresses []netip.Addr // of the engine, in its order
	Block     int          // how many pairs are borrowed at once
}

// StockBlock returns how many pairs a stock shall borrow at once, of free ones
// that so many stocks share: one stock for each shard and media worker. What
// all of them hold unused is at most a sixteenth of the whole; where pairs are
// few it is none, so that the last of them goes to whichever shard needs it.
func StockBlock(free, stocks int) int { return min(max(free/(16*stocks), 1), mostBlock) }

// EngineStock returns how many pairs each media worker keeps ready for so many
// shards: twice what they may borrow at once, and enough that a burst from rest
// meets pairs while more are bound. A smaller range or budget is bound whole.
func EngineStock(shards int) int { return max(leastStock, 2*mostBlock*shards) }

// leastStock lasts 0.1 s at 1,250 calls a second.
const leastStock = 256

// mostBlock is enough that seven calls of eight touch no lock.
const mostBlock = 16

// NewStock returns an empty stock.
func NewStock(from borrower, c StockConfig) *Stock {
	return &Stock{from: from, conf: c, ready: make([][]relay.Pair, c.Workers*len(c.Addresses))}
}

// Lease implements border.Ports and core.Ports: from the next worker in turn
// that has enough.
func (s *Stock) Lease(pairs []relay.Pair, toward []netip.Addr) bool {
	for range s.conf.Workers {
		w := s.next
		s.next = (s.next + 1) % s.conf.Workers
		if s.leaseFrom(w, pairs, toward) {
			return true
		}
	}
	return false
}

func (s *Stock) leaseFrom(worker int, pairs []relay.Pair, toward []netip.Addr) bool {
	for i := range pairs {
		at := worker*len(s.conf.Addresses) + s.address(toward[i])
		if len(s.ready[at]) == 0 {
			s.ready[at] = s.from.Borrow(engine.Request{
				Owner: s.conf.Owner, Worker: worker, Address: at % len(s.conf.Addresses), Count: max(s.conf.Block, len(pairs)-i),
			}, s.ready[at])
		}
		if len(s.ready[at]) == 0 {
			s.giveBack(worker, pairs[:i])
			return false
		}
		// From the front: the pair that has rested longest.
		pairs[i] = s.ready[at][0]
		s.ready[at] = s.ready[at][:copy(s.ready[at], s.ready[at][1:])]
	}
	return true
}

// giveBack puts pairs that make no whole call back where they came from.
func (s *Stock) giveBack(worker int, pairs []relay.Pair) {
	for _, p := range pairs {
		at := worker*len(s.conf.Addresses) + max(0, slices.Index(s.conf.Addresses, p.Addr.Addr()))
		s.ready[at] = append(s.ready[at], p)
	}
}

// address returns the index of the next of our addresses that reaches toward:
// one of its family, or any where there is none, which the session description
// then refuses with its own reason.
func (s *Stock) address(toward netip.Addr) int {
	n := len(s.conf.Addresses)
	for i := range n {
		at := (s.turn + i) % n
		if s.conf.Addresses[at].Is4() == toward.Unmap().Is4() {
			s.turn = (at + 1) % n
			return at
		}
	}
	return 0
}

// Held returns how many pairs are borrowed but not leased.
func (s *Stock) Held() int {
	n := 0
	for _, r := range s.ready {
		n += len(r)
	}
	return n
}
