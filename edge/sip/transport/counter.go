package transport

import (
	"sync/atomic"

	"sekisho/edge/sip/flow"
)

// Counters are sums since Open, in datagrams unless said otherwise.
type Counters struct {
	// Received is what the sockets gave us and what has been dealt with: it is
	// never more than Delivered plus all Dropped.
	Received uint64
	// Delivered is what shards took.
	Delivered uint64
	// Dropped is indexed by Drop.
	Dropped [Drops]uint64
	// KernelDropped is what the kernel threw away before we could read it,
	// for want of receive buffer; 0 where the system does not tell.
	KernelDropped uint64
	// ReceiveErrors is the number of failed reads.
	ReceiveErrors uint64
	// Sent is what the kernel took from us.
	Sent uint64
	// SendRetries is the number of second attempts.
	SendRetries uint64
	// SendFailed is what could not be sent.
	SendFailed uint64
}

// Counters returns the sums of listener l. Each number is exact; while
// datagrams arrive, Delivered and Dropped may be ahead of Received. KernelDropped is asked of the open sockets and is 0
// after Close.
func (t *Transport) Counters(l flow.Listener) Counters {
	var sum Counters
	if int(l) >= len(t.listeners) {
		return sum
	}
	of := t.listeners[l]
	for i := range of.counters {
		of.counters[i].addTo(&sum)
		sum.KernelDropped += of.sockets[i].kernelDrops()
	}
	of.sending.addTo(&sum)
	return sum
}

// counters is written by one reader, or by the senders of one listener. The
// padding keeps two readers' counters out of one cache line.
type counters struct {
	received, delivered, receiveErrors atomic.Uint64
	sent, sendRetries, sendFailed      atomic.Uint64
	dropped                            [Drops]atomic.Uint64
	_                                  [64]byte
}

func (c *counters) drop(d Drop, n int) { c.dropped[d].Add(uint64(n)) }

func (c *counters) addTo(sum *Counters) {
	sum.Received += c.received.Load() // before its parts: they only grow
	sum.Delivered += c.delivered.Load()
	sum.ReceiveErrors += c.receiveErrors.Load()
	sum.Sent += c.sent.Load()
	sum.SendRetries += c.sendRetries.Load()
	sum.SendFailed += c.sendFailed.Load()
	for i := range c.dropped {
		sum.Dropped[i] += c.dropped[i].Load()
	}
}
