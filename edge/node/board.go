package node

import (
	"sync"
	"sync/atomic"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/edge/sip/token"
	"sekisho/edge/trunk"
)

// Board is what all shards know of the peers. Its state has one owner and no
// lock; the lock is here, at the rim. While nothing is held against anybody,
// which is nearly always, a call reads one flag.
type Board struct {
	mu     sync.Mutex
	health *trunk.Health
	calm   atomic.Bool
	// answers counts, by group and place, the calls that were answered.
	answers [][]atomic.Uint64
}

// NewBoard returns the board of a configuration's trunks and its core, with
// nothing known.
func NewBoard(c *config.Config, at Sockets, random token.Source) *Board {
	groups := border.Watches(trunks(c), seamOf(c, at))
	b := &Board{health: trunk.NewHealth(random, groups), answers: make([][]atomic.Uint64, len(groups))}
	for i := range groups {
		b.answers[i] = make([]atomic.Uint64, len(groups[i].To))
	}
	b.calm.Store(true)
	return b
}

// Order implements border.Health.
func (b *Board) Order(now time.Time, g trunk.Group, out []int) []int {
	if b.calm.Load() {
		return b.health.All(g, out)
	}
	defer b.locked(now)()
	return b.health.Order(now, g, out)
}

// Available implements border.Health.
func (b *Board) Available(now time.Time, g trunk.Group) bool {
	if b.calm.Load() {
		return true
	}
	defer b.locked(now)()
	return b.health.Available(now, g)
}

// Answered implements border.Health.
func (b *Board) Answered(now time.Time, id trunk.PeerID) trunk.Change {
	b.answers[id.Group][id.Place].Add(1)
	if b.calm.Load() {
		return trunk.Unchanged
	}
	defer b.locked(now)()
	return b.health.Answered(now, id)
}

// Answers implements border.Health.
func (b *Board) Answers(id trunk.PeerID) uint64 { return b.answers[id.Group][id.Place].Load() }

// Missed implements border.Health.
func (b *Board) Missed(now time.Time, id trunk.PeerID) trunk.Change {
	defer b.locked(now)()
	return b.health.Missed(now, id)
}

// Probed implements border.Health.
func (b *Board) Probed(now time.Time, id trunk.PeerID, status int) trunk.Change {
	defer b.locked(now)()
	return b.health.Probed(now, id, status)
}

// Pause implements border.Health.
func (b *Board) Pause(now time.Time, id trunk.PeerID, d time.Duration) trunk.Change {
	defer b.locked(now)()
	return b.health.Pause(now, id, d)
}

// States returns what is known of every peer.
func (b *Board) States(now time.Time) []trunk.State {
	defer b.locked(now)()
	return b.health.States(now)
}

// locked takes the lock and returns what gives it back.
func (b *Board) locked(now time.Time) func() {
	b.mu.Lock()
	return func() {
		b.calm.Store(b.health.Calm(now))
		b.mu.Unlock()
	}
}
