package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
)

// Config says what to open and where messages go. All fields but Log must be
// set.
type Config struct {
	// Listeners in configuration order: the index is the flow.Listener.
	Listeners []Listen
	// Shards is the number of consumers, at least 1.
	Shards int
	// Key maps Call-IDs to buckets.
	Key callid.Key
	// Scan finds the Call-ID in the header of a message. A Call-ID returned
	// together with an error still routes the message, so that the guard on
	// the shard can answer 400; an error alone drops it. Readers call it
	// concurrently.
	Scan func(message []byte) (callID []byte, err error)
	// Replaces finds the Call-ID that an INVITE names in Replaces, nil in anything
	// else; nil finds none. Readers call it concurrently.
	Replaces func(message []byte) []byte
	// Deliver takes ownership of a batch, or returns false if that shard's
	// queue is full. Readers call it concurrently, from before Open returns;
	// it must not block.
	Deliver func(shard int, b *Batch) bool
	// Log receives faults of our own; nil discards them.
	Log *slog.Logger
}

// Listen describes one listener.
type Listen struct {
	// Proto is flow.UDP.
	Proto flow.Proto
	// Bind is one specific address; port 0 takes a free one. An unspecified
	// address is refused: it would have to be advertised, and could not be.
	Bind netip.AddrPort
	// Readers is the number of sockets that share the address, each with its
	// own goroutine; 0 means 1. The kernel spreads sources over them, so more
	// than one helps only where many peers send.
	Readers int
	// DSCP marks what is sent: 0 to 63 (RFC 2474).
	DSCP uint8
	// MaxMessage is the largest message accepted in bytes; 0 means 65,535,
	// which RFC 3261 §18.1.1 obliges us to take.
	MaxMessage int
	// ReceiveBuffer is the kernel buffer to ask for, in bytes per reader;
	// 0 means 4 MiB. The send buffer is asked for alike. ReceiveBuffer of
	// Transport tells what was granted.
	ReceiveBuffer int
	// Sources are those that are listened to at all; none means nobody.
	Sources []Source
}

const (
	defaultMaxMessage    = 65_535
	defaultReceiveBuffer = 4 << 20
	maxListeners         = 256 // flow.Listener is 8 bits wide
)

// Transport is a set of open listeners. Its methods may be called from any
// goroutine.
type Transport struct {
	listeners []*listener
	scan      func([]byte) ([]byte, error)
	deliver   func(int, *Batch) bool
	log       *slog.Logger
	replaces  func([]byte) []byte
	router    *Router
	shards    int
	epoch     time.Time // the zero of the rate limits' clock
	batches   sync.Pool // of *Batch
	sends     sync.Pool // of *picks

	closing   chan struct{} // closed by Close, once
	closeOnce sync.Once
	readers   sync.WaitGroup
	scanFault sync.Once
}

// Open binds every listener and starts its readers. It opens all or nothing;
// the error names the listener at fault.
func Open(c Config) (*Transport, error) { return open(c, newSocket) }

// open lets tests choose between the implementations of socket.
func open(c Config, wrap wrapper) (*Transport, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	t := &Transport{
		scan: c.Scan, deliver: c.Deliver, log: c.Log, replaces: c.Replaces, router: NewRouter(c.Key, c.Shards), shards: c.Shards,
		epoch: time.Now(), closing: make(chan struct{}),
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.batches.New = func() any { return newBatch(&t.batches) }
	t.sends.New = func() any { return new(picks) }
	for i, conf := range c.Listeners {
		l, err := listen(flow.Listener(i), conf, wrap)
		if err != nil {
			t.closeSockets()
			return nil, fmt.Errorf("listener %d: %w", i, err)
		}
		t.listeners = append(t.listeners, l)
	}
	for _, l := range t.listeners {
		for i, s := range l.sockets {
			r := newReader(t, l, s, &l.counters[i])
			// Owned by the Transport; ends when Close closes its socket.
			t.readers.Go(r.run)
		}
	}
	return t, nil
}

// Close closes every socket and returns when no reader runs any more: from
// then on Deliver is not called. It may be called twice.
func (t *Transport) Close() {
	t.closeOnce.Do(func() {
		close(t.closing)
		t.closeSockets()
	})
	t.readers.Wait()
}

// Addr returns the address listener l is bound to, its port resolved; it is
// never a wildcard. An unknown listener has the zero AddrPort.
func (t *Transport) Addr(l flow.Listener) netip.AddrPort {
	if int(l) >= len(t.listeners) {
		return netip.AddrPort{}
	}
	return t.listeners[l].addr
}

// ReceiveBuffer returns the bytes of kernel buffer granted to each reader of
// listener l, as they are asked for (Linux spends twice that, for its own
// book-keeping). 0 means the system does not tell.
func (t *Transport) ReceiveBuffer(l flow.Listener) int {
	if int(l) >= len(t.listeners) {
		return 0
	}
	return t.listeners[l].granted
}

// SetSources replaces the sources of listener l in one step: each datagram is
// judged by the old set or by the new one. Rate limits start afresh. With an
// error the old set stays.
func (t *Transport) SetSources(l flow.Listener, sources []Source) error {
	if int(l) >= len(t.listeners) {
		return fmt.Errorf("no listener %d", l)
	}
	return t.listeners[l].setSources(sources)
}

func (t *Transport) closeSockets() {
	for _, l := range t.listeners {
		l.close()
	}
}

func (c *Config) validate() error {
	switch {
	case c.Scan == nil || c.Deliver == nil:
		return errors.New("transport needs Scan and Deliver")
	case c.Shards < 1:
		return fmt.Errorf("%d shards: at least one is needed", c.Shards)
	case len(c.Listeners) > maxListeners:
		return fmt.Errorf("%d listeners: at most %d", len(c.Listeners), maxListeners)
	}
	return nil
}
