package engine

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/media/dtls"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Engine is the media plane on real sockets. Its methods may be called by any
// goroutine.
type Engine struct {
	config Config
	ledger *ledger
	loops  []*loop
	room   *dtls.Room // nil holds no handshakes
	hungry chan int   // workers whose stock is low; full means the tender knows
	// detached has room for every pair that the workers have yet to detach.
	detached chan Detached
	done     chan struct{}
	wg       sync.WaitGroup
	once     sync.Once
	joins    atomic.Uint64
}

// Open binds the first pairs and starts the workers. An error means that media
// cannot be had at all: no address, an address that is not ours, an empty range,
// no descriptors.
func Open(c Config) (*Engine, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	descriptors := c.Descriptors
	if descriptors == 0 {
		var err error
		if descriptors, err = DescriptorLimit(); err != nil {
			return nil, err
		}
	}
	l, err := newLedger(&c, port.Budget(descriptors))
	if err != nil {
		return nil, err
	}
	e := &Engine{config: c, ledger: l, hungry: make(chan int, c.Workers), detached: make(chan Detached, c.Workers*slice), done: make(chan struct{})}
	for i := range c.Workers {
		one, err := newLoop(e, i)
		if err != nil {
			return nil, errors.Join(err, e.discard())
		}
		e.loops = append(e.loops, one)
	}
	for i := range e.loops {
		err := e.grow(i, func(*port.Pool) int { return c.Stock })
		if bound := l.counts(time.Now()).Bound; bound == 0 || err != nil && !errors.Is(err, port.ErrNoDescriptors) {
			if err == nil {
				err = errors.New("no media port can be bound")
			}
			return nil, errors.Join(err, e.discard())
		}
	}
	if c.DTLS.Certificate != nil {
		c.DTLS.Answer = e.shaken
		if e.room, err = dtls.Open(c.DTLS); err != nil {
			return nil, errors.Join(err, e.discard())
		}
	}
	for _, one := range e.loops {
		e.wg.Add(1)
		go one.run() // owned by e; Close ends it through its mailbox and waits
	}
	e.wg.Add(1)
	go e.tend() // owned by e; Close ends it through done and waits
	return e, nil
}

// Borrow leases up to r.Count pairs and appends them to into; fewer mean that
// no more can be had now. It does not block on sockets. Each pair is returned
// by the command Release.
func (e *Engine) Borrow(r Request, into []relay.Pair) []relay.Pair {
	now := time.Now()
	into = e.ledger.borrow(now, r, into, func(l lease) { e.loops[r.Worker].mailbox.leave(l) })
	if r.Worker >= 0 && r.Worker < len(e.loops) && e.ledger.lacks(now, r.Worker) {
		select {
		case e.hungry <- r.Worker:
		default: // the tender has as much to do as there are workers
		}
	}
	return into
}

// Do gives commands to the workers, each worker's in the order given, and wakes
// each worker once. It returns before they are carried out and waits only while a worker has 16,384
// orders before it. It must not be called from Config.Events.
func (e *Engine) Do(commands []relay.Command) {
	var told [maxWorkers]bool
	for _, c := range commands {
		route(c, joinNumber(e.joins.Add(1)), func(worker int, o Order) {
			if worker < len(e.loops) {
				e.loops[worker].mailbox.submit(o)
				told[worker] = true
			}
		})
	}
	for worker, l := range e.loops {
		if told[worker] {
			l.mailbox.rouse()
		}
	}
}

// Workers returns how many workers there are.
func (e *Engine) Workers() int { return len(e.loops) }

// Free returns how many pairs can be leased, now or after binding more: the
// bound of admission.
func (e *Engine) Free() int { return e.ledger.free(time.Now()) }

// Stats returns the figures of all workers and pools. Those of a busy worker
// are up to 100 ms old.
func (e *Engine) Stats() Stats {
	s := Stats{Ports: e.ledger.counts(time.Now())}
	for _, l := range e.loops {
		s.add(l.published())
	}
	return s
}

// Close stops the workers at once, closes every socket and waits until all of
// it is done. Leases that are still open end without an event.
func (e *Engine) Close() error {
	var err error
	e.once.Do(func() {
		if e.room != nil {
			e.room.Close()
		}
		close(e.done)
		for _, l := range e.loops {
			l.mailbox.close()
		}
		e.wg.Wait()
		err = e.discard()
	})
	return err
}

// shaken gives a worker what has come of a handshake.
func (e *Engine) shaken(a dtls.Answer) {
	if worker := home(a.Slot); worker < len(e.loops) {
		e.loops[worker].mailbox.put(shaken{a})
	}
}

func (e *Engine) discard() error {
	var all []error
	for _, l := range e.loops {
		all = append(all, l.discard())
	}
	e.ledger.pairs(func(p port.Pair) { all = append(all, closePair(p)) })
	return errors.Join(all...)
}
