package engine

import "sync"

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
	wake   func() // makes the worker look; called when the box was empty
}

// full is how many orders wait before signalling has to.
const full = 1 << 14

// put adds an order of the engine or of a worker.
func (m *mailbox) put(o Order) {
	m.mu.Lock()
	m.add(o)
	m.mu.Unlock()
}

// submit adds an order of signalling, and waits while the box is full.
func (m *mailbox) submit(o Order) {
	m.mu.Lock()
	for len(m.orders) >= full && !m.shut {
		m.space.Wait()
	}
	m.add(o)
	m.mu.Unlock()
}

func (m *mailbox) add(o Order) {
	if m.shut {
		return
	}
	m.orders = append(m.orders, o)
	if len(m.orders) == 1 {
		m.wake()
	}
}

// take exchanges the waiting orders for an empty slice to collect in.
func (m *mailbox) take(empty []Order) []Order {
	m.mu.Lock()
	taken := m.orders
	m.orders = empty[:0]
	m.space.Broadcast()
	m.mu.Unlock()
	return taken
}

// close wakes the worker and everybody who waits; orders are dropped from here.
func (m *mailbox) close() {
	m.mu.Lock()
	m.shut = true
	m.space.Broadcast()
	m.wake()
	m.mu.Unlock()
}

func (m *mailbox) closed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shut
}
