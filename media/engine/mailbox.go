package engine

import (
	"sync"

	"sekisho/media/ebb"
)

// mailbox carries orders to one worker. Signalling, the engine and the other
// workers put them in; the worker takes all at once. Orders of signalling are
// bounded: whoever gives more waits until the worker has taken them, because an
// order that is lost is a pair that is lost. Orders of the engine and of other
// workers never wait, so that two workers cannot wait for each other; they are
// bounded by the number of pairs.
type mailbox struct {
	mu     sync.Mutex
	space  sync.Cond // signalled when the worker has taken everything
	orders []Order
	shut   bool
	asleep bool   // the worker, until somebody calls it
	wake   func() // ends the worker's sleep; called once for each
}

// full is how many orders wait before signalling has to.
const full = 1 << 14

// put adds an order of the engine or of a worker.
func (m *mailbox) put(o Order) {
	m.mu.Lock()
	m.add(o)
	m.call()
	m.mu.Unlock()
}

// leave adds an order of the engine that means nothing before the next one: the
// worker is not woken for it.
func (m *mailbox) leave(o Order) {
	m.mu.Lock()
	m.add(o)
	m.mu.Unlock()
}

// submit adds an order of signalling, and waits while the box is full. The
// worker is not woken for it before rouse is called, once for many.
func (m *mailbox) submit(o Order) {
	m.mu.Lock()
	for len(m.orders) >= full && !m.shut {
		m.call()
		m.space.Wait()
	}
	m.add(o)
	m.mu.Unlock()
}

// rouse wakes the worker.
func (m *mailbox) rouse() {
	m.mu.Lock()
	m.call()
	m.mu.Unlock()
}

func (m *mailbox) add(o Order) {
	if !m.shut {
		m.orders = append(m.orders, o)
	}
}

func (m *mailbox) call() {
	if m.asleep {
		m.asleep = false
		m.wake()
	}
}

// sleep reports whether the worker may wait: nothing is in the box. From then
// on it is woken.
func (m *mailbox) sleep() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asleep = len(m.orders) == 0 && !m.shut
	return m.asleep
}

// awake ends a sleep and reports whether the worker was called, which may have
// been after it had woken for another reason.
func (m *mailbox) awake() (called bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	called = !m.asleep
	m.asleep = false
	return called
}

// take exchanges the waiting orders for an empty slice to collect in.
func (m *mailbox) take(empty []Order) []Order {
	m.mu.Lock()
	taken := m.orders
	m.orders = ebb.Empty(empty)
	m.space.Broadcast()
	m.mu.Unlock()
	return taken
}

// close wakes the worker and everybody who waits; orders are dropped from here.
func (m *mailbox) close() {
	m.mu.Lock()
	m.shut = true
	m.space.Broadcast()
	m.call()
	m.mu.Unlock()
}

func (m *mailbox) closed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shut
}
