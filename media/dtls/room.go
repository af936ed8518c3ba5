package dtls

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// Config says what a room works with.
type Config struct {
	Certificate *Certificate
	// Suites are what may be agreed on, in our order; those without a profile are
	// left out.
	Suites []srtp.Suite
	// Answer takes what the room has to say, from several goroutines; it must not
	// block.
	Answer func(Answer)
	// Budget is how long a handshake may take; 0 means Budget.
	Budget time.Duration
}

const (
	// Budget is what a handshake has: four flights of the client's, by the timer of
	// RFC 6347 §4.2.4.1, and some travelling.
	Budget = 10 * time.Second
	// waiting is how many messages of the workers wait; full means that they are
	// lost.
	waiting = 1024
	// crowd is how many handshakes there are at once, of all slots, and perSlot of
	// one: 256 need some 20 MB at most.
	crowd, perSlot = 256, 4
	// records is how many datagrams a candidate may send in all, and queue how many
	// wait for it.
	records, queue = 64, 16
	// longest is the longest datagram that is read, in bytes.
	longest = 2048
)

// Figures count what a room has done.
type Figures struct {
	Begun, Keyed, Refused uint64 // handshakes
	Lost                  uint64 // records that found no room
	Open                  int    // handshakes at this moment, those that linger too
}

// Room holds handshakes. Its methods may be called by any goroutine.
type Room struct {
	config Config
	inbox  chan Message // workers put in, none of them waits; run takes out
	over   chan *candidate
	done   chan struct{}
	wg     sync.WaitGroup
	once   sync.Once

	begun, keyed, refused, lost atomic.Uint64
	open                        atomic.Int64

	slots map[relay.Slot]*slot // run's
	count int                  // of candidates; run's
}

// slot is one endpoint's association.
type slot struct {
	handshake  srtp.Handshake
	candidates []*candidate
}

// candidate is whoever holds a handshake with us.
type candidate struct {
	slot      relay.Slot
	handshake srtp.Handshake
	peer      netip.AddrPort
	described bool
	pipe      *pipe
	stop      context.CancelFunc
	heard     int // datagrams; run's
}

// Open starts a room.
func Open(c Config) (*Room, error) {
	if c.Certificate == nil || c.Answer == nil {
		return nil, errors.New("a room for DTLS needs a certificate and somebody to answer")
	}
	if c.Budget == 0 {
		c.Budget = Budget
	}
	r := &Room{
		config: c, inbox: make(chan Message, waiting), over: make(chan *candidate), done: make(chan struct{}),
		slots: map[relay.Slot]*slot{},
	}
	if _, err := r.terms(); err != nil {
		return nil, err
	}
	r.wg.Add(1)
	go r.run() // owned by r; Close ends it through done and waits
	return r, nil
}

// Tell gives the room a message and never waits. What finds the inbox full is
// lost.
func (r *Room) Tell(m Message) {
	if len(m.Data) > longest {
		r.lost.Add(1)
		return
	}
	m.Data = bytes.Clone(m.Data)
	select {
	case r.inbox <- m:
	default:
		r.lost.Add(1)
	}
}

// Figures returns the room's.
func (r *Room) Figures() Figures {
	return Figures{r.begun.Load(), r.keyed.Load(), r.refused.Load(), r.lost.Load(), int(r.open.Load())}
}

// Close ends every handshake and waits until all is done.
func (r *Room) Close() {
	r.once.Do(func() { close(r.done) })
	r.wg.Wait()
}

func (r *Room) run() {
	defer r.wg.Done()
	for {
		select {
		case m := <-r.inbox:
			r.take(m)
		case c := <-r.over:
			r.forget(c)
		case <-r.done:
			for _, s := range r.slots {
				s.end()
			}
			for r.count > 0 {
				r.forget(<-r.over)
			}
			return
		}
	}
}

func (r *Room) take(m Message) {
	s := r.slots[m.Slot]
	if s != nil && s.handshake != m.Handshake && m.Kind != End {
		s.end() // the next association of the slot
	}
	switch m.Kind {
	case End:
		if s != nil {
			s.end()
		}
	case Begin, Record, Late:
		c := s.find(m)
		if c == nil && m.Kind != Late {
			c = r.begin(s, m)
		}
		if c == nil {
			r.lost.Add(1)
			return
		}
		if m.Kind != Begin {
			r.hear(c, m.Data)
		}
	}
}

func (r *Room) hear(c *candidate, data []byte) {
	if c.heard++; c.heard > records || !c.pipe.put(data) {
		r.lost.Add(1)
	}
}

// begin makes a candidate, if there is room for one.
func (r *Room) begin(s *slot, m Message) *candidate {
	if s.full(m) || r.count == crowd {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &candidate{slot: m.Slot, handshake: m.Handshake, peer: m.Peer, described: m.Described, stop: stop}
	c.pipe = newPipe(func(data []byte) {
		r.config.Answer(Answer{Kind: Send, Slot: c.slot, Handshake: c.handshake, Peer: c.peer, Described: c.described, Data: data})
	})
	if s == nil {
		s = &slot{}
		r.slots[m.Slot] = s
	}
	s.handshake = m.Handshake
	s.candidates = append(s.candidates, c)
	r.count++
	r.begun.Add(1)
	r.open.Add(1)
	r.wg.Add(1)
	go r.hold(ctx, c) // owned by r; forget is told of its end, Close waits
	return c
}

// full reports whether a slot has no place for whoever a message is from. One that
// has not been heard since its first flight, as a forged address never is, gives
// its place.
func (s *slot) full(m Message) bool {
	if s == nil {
		return false
	}
	places, taken := perSlot-1, 0
	for _, c := range s.candidates {
		if !c.described && c.handshake == m.Handshake {
			taken++
		}
	}
	if m.Described || taken < places {
		return len(s.candidates) > 2*perSlot // that are ending
	}
	for _, c := range s.candidates {
		if !c.described && c.heard < 2 {
			c.stop()
			return len(s.candidates) > 2*perSlot
		}
	}
	return true
}

func (s *slot) find(m Message) *candidate {
	if s == nil {
		return nil
	}
	for _, c := range s.candidates {
		if c.peer == m.Peer && c.handshake == m.Handshake {
			return c
		}
	}
	return nil
}

func (s *slot) end() {
	for _, c := range s.candidates {
		c.stop()
	}
}

func (r *Room) forget(c *candidate) {
	r.count--
	r.open.Add(-1)
	s := r.slots[c.slot]
	for i, other := range s.candidates {
		if other == c {
			s.candidates = append(s.candidates[:i], s.candidates[i+1:]...)
			break
		}
	}
	if len(s.candidates) == 0 {
		delete(r.slots, c.slot)
	}
}

// hold holds one handshake and says what came of it.
func (r *Room) hold(ctx context.Context, c *candidate) {
	defer r.wg.Done()
	defer c.stop()
	defer func() { r.over <- c }()
	within, cancel := context.WithTimeout(ctx, r.config.Budget)
	defer cancel()
	a := Answer{Slot: c.slot, Handshake: c.handshake, Peer: c.peer, Described: c.described}
	conn, keys, err := r.shake(within, c)
	if err == nil {
		a.Kind, a.Keys = Keyed, keys
		r.keyed.Add(1)
	} else {
		a.Kind, a.Reason = Refused, reason(err)
		r.refused.Add(1)
	}
	if ctx.Err() == nil {
		r.config.Answer(a)
	}
	if err == nil {
		<-within.Done() // it may have to say its last flight again
	}
	c.pipe.mute()
	if conn != nil {
		_ = conn.Close() // its last word goes nowhere
	}
}

// address is a candidate's for the library.
func (c *candidate) address() net.Addr { return net.UDPAddrFromAddrPort(c.peer) }
