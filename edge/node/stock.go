package node

import (
	"sekisho/media/engine"
	"sekisho/media/relay"
)

// borrower lends pairs: a running engine or a stepped one.
type borrower interface {
	Borrow(r engine.Request, into []relay.Pair) []relay.Pair
}

// Stock is one shard's Ports: it borrows pairs in blocks, so that most calls
// touch no lock, and gives both pairs of a call from one media worker, so that
// the call's packets stay on one thread.
type Stock struct {
	from    borrower
	owner   uint32
	workers int
	block   int
	// ready holds what is borrowed and not yet leased, per worker.
	ready [][]relay.Pair
	next  int
}

// StockBlock returns how many pairs a stock shall borrow at once, of free ones
// that so many stocks share: one stock for each shard and media worker. What
// all of them hold unused is at most a sixteenth of the whole; where pairs are
// few it is none, so that the last of them goes to whichever shard needs it.
func StockBlock(free, stocks int) int { return min(max(free/(16*stocks), 1), mostBlock) }

// mostBlock is enough that seven calls of eight touch no lock.
const mostBlock = 16

// NewStock returns an empty stock. owner names the shard in media events;
// block is how many pairs are borrowed at once.
func NewStock(from borrower, owner uint32, workers, block int) *Stock {
	return &Stock{from: from, owner: owner, workers: workers, block: block, ready: make([][]relay.Pair, workers)}
}

// Lease fills pairs from one worker, the next in turn that has enough.
func (s *Stock) Lease(pairs []relay.Pair) bool {
	for range s.workers {
		w := s.next
		s.next = (s.next + 1) % s.workers
		if len(s.ready[w]) < len(pairs) {
			want := max(s.block, len(pairs)) - len(s.ready[w])
			s.ready[w] = s.from.Borrow(engine.Request{Owner: s.owner, Worker: w, Count: want}, s.ready[w])
		}
		if n := len(s.ready[w]) - len(pairs); n >= 0 {
			// From the front: the pair that has rested longest.
			copy(pairs, s.ready[w])
			s.ready[w] = s.ready[w][:copy(s.ready[w], s.ready[w][len(pairs):])]
			return true
		}
	}
	return false
}

// Held returns how many pairs are borrowed but not leased.
func (s *Stock) Held() int {
	n := 0
	for _, r := range s.ready {
		n += len(r)
	}
	return n
}
