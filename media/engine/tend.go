package engine

import (
	"errors"
	"fmt"
	"time"

	"sekisho/media/port"
)

const (
	// growth is how many pairs per address are bound while the pools are locked:
	// few, because binding one takes about 20 µs and signalling may be waiting.
	growth = 4
	// slice is how many pairs a worker is told to detach at once: it takes them
	// out of its epoll set in about 0.1 ms, between two turns of its packets.
	slice = 64
	// looks is how often within a rest the tender looks for what is too much.
	looks = 32
)

// tend keeps the pools at their level behind the back of those who borrow. What
// it closes, the worker has let go of before:
//
//	tender                    worker
//	  out of the pool ─detach─▶ out of the cell and of the epoll set
//	  close, candidate ◀─detached─┘
//
// so that a descriptor which the system gives to somebody else is in nobody's
// hands here.
func (e *Engine) tend() {
	defer e.wg.Done()
	look := time.NewTicker(e.config.Rest / looks)
	defer look.Stop()
	away := make([]int, len(e.loops)) // pairs that each worker has yet to detach
	for {
		select {
		case <-e.done:
			return
		case worker := <-e.hungry:
			e.replenish(worker)
		case d := <-e.detached:
			e.retire(d)
			if away[d.Worker]--; away[d.Worker] == 0 {
				away[d.Worker] = e.shrink(d.Worker)
			}
		case <-look.C:
			for worker := range away {
				if away[worker] == 0 {
					away[worker] = e.shrink(worker)
				}
			}
		}
	}
}

// replenish binds what a worker lacks.
func (e *Engine) replenish(worker int) {
	some := func(p *port.Pool) int { return min(growth, p.Lack(time.Now())) }
	for e.ledger.lacks(time.Now(), worker) && e.grow(worker, some) == nil {
		select {
		case <-e.done:
			return
		default:
		}
	}
}

// grow binds pairs for a worker and begins to listen on them.
func (e *Engine) grow(worker int, wanted func(*port.Pool) int) error {
	l := e.loops[worker]
	var failed error
	err := e.ledger.grow(worker, wanted, bindPair, func(a attach) {
		l.mailbox.leave(a)
		failed = errors.Join(failed, l.watch(a))
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("media worker %d: %w", worker, err)
	}
	return nil
}

// shrink tells a worker to detach the next slice of what it has too much, and
// returns how many pairs that are.
func (e *Engine) shrink(worker int) int {
	return e.ledger.shrink(time.Now(), worker, slice, func(d detach) { e.loops[worker].mailbox.put(d) })
}

// retire closes a pair that its worker has detached. Its port is a candidate
// again no sooner, or the next bind would find it taken.
func (e *Engine) retire(d Detached) {
	_ = closePair(port.Pair{Sockets: d.Sockets}) // the system has them back whatever it answers
	e.ledger.closed(d.Worker, d.Local)
}
