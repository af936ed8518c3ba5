package engine

import (
	"fmt"
	"net/netip"
	"time"

	"sekisho/media/dtls"
	"sekisho/media/ebb"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Sent is one packet that a Stepped engine has sent.
type Sent struct {
	From, To netip.AddrPort
	Data     []byte
}

// Stepped is an engine without sockets, threads or a clock: one goroutine steps
// it, packets are given to it and taken from it. The same commands at the same
// times give the same packets.
type Stepped struct {
	config  Config
	now     time.Time
	ledger  *ledger
	workers []*Worker
	inbox   [][]Order // per worker
	joins   joinNumber
	out     Output

	looked    time.Time                 // for pairs that are too many
	addresses []netip.AddrPort          // of each socket
	unused    []int32                   // sockets that are closed: the last is the next to open
	pairs     map[netip.AddrPort]socket // by the address it would be bound to
	most      ebb.Mark
	sent      []Sent
	shakes    []dtls.Message
}

// socket is what is known of a local address.
type socket struct {
	worker    int
	local     uint32
	component Component
}

// NewStepped returns an engine whose clock stands at now. As with Open the
// stock is bound, and what is lacking or too much is bound and closed later,
// here by Borrow and Step themselves; ports of the system's choice are counted
// from 40000.
func NewStepped(c Config, now time.Time) (*Stepped, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	if c.Ports == (port.Range{}) {
		c.Ports = port.Range{First: 40000, Last: 49999}
	}
	s := &Stepped{config: c, now: now, looked: now, inbox: make([][]Order, c.Workers), pairs: map[netip.AddrPort]socket{}}
	budget := c.Workers * len(c.Addresses) * c.Ports.Pairs()
	if c.Descriptors > 0 {
		budget = port.Budget(c.Descriptors)
	}
	var err error
	if s.ledger, err = newLedger(&c, budget); err != nil {
		return nil, err
	}
	for i := range c.Workers {
		s.workers = append(s.workers, NewWorker(i, c.Clips))
		if err := s.grow(i, func(*port.Pool) int { return c.Stock }); err != nil && budget == 0 {
			return nil, fmt.Errorf("bind media ports: %w", err)
		}
	}
	s.settle()
	return s, nil
}

// Borrow leases up to r.Count pairs, appended to into.
func (s *Stepped) Borrow(r Request, into []relay.Pair) []relay.Pair {
	into = s.ledger.borrow(s.now, r, into, func(l lease) {
		s.inbox[r.Worker] = append(s.inbox[r.Worker], l)
	})
	if r.Worker < 0 || r.Worker >= len(s.workers) {
		return into
	}
	lacking := func(p *port.Pool) int { return p.Lack(s.now) }
	for s.ledger.lacks(s.now, r.Worker) && s.grow(r.Worker, lacking) == nil {
	}
	return into
}

// Do carries out commands, in order, before it returns.
func (s *Stepped) Do(commands []relay.Command) {
	for _, c := range commands {
		s.joins++
		route(c, s.joins, func(worker int, o Order) {
			if worker < len(s.inbox) {
				s.inbox[worker] = append(s.inbox[worker], o)
			}
		})
	}
	s.settle()
}

// Deliver gives the engine a datagram at its present time. It reports whether
// to is an address of its own. data is not kept and not changed.
func (s *Stepped) Deliver(from, to netip.AddrPort, data []byte) bool {
	at, ok := s.pairs[to]
	if !ok {
		return false
	}
	d := Datagram{Local: at.local, Component: at.component, Source: from, Data: append(make([]byte, 0, len(data)+tail), data...)}
	s.workers[at.worker].Receive(s.now, d, &s.out)
	s.flush()
	s.settle()
	return true
}

// Step moves the clock to now and does what is due. It closes what has become
// too much as well, for which nobody needs to call it: Deadline leaves that out.
func (s *Stepped) Step(now time.Time) {
	s.now = now
	for _, w := range s.workers {
		for {
			w.Step(now, &s.out)
			s.flush()
			if d := w.Deadline(); d.IsZero() || d.After(now) {
				break
			}
		}
	}
	s.settle()
	s.shrink()
}

// Deadline returns when Step is due, or the zero time.
func (s *Stepped) Deadline() (at time.Time) {
	for _, w := range s.workers {
		if d := w.Deadline(); !d.IsZero() && (at.IsZero() || d.Before(at)) {
			at = d
		}
	}
	return at
}

// Take appends the packets sent since the last call to into.
func (s *Stepped) Take(into []Sent) []Sent {
	into = append(into, s.sent...)
	s.sent = s.sent[:0]
	return into
}

// Shakes returns what is asked of whoever holds handshakes since the last call, and
// Shaken takes an answer: a Stepped engine holds none.
func (s *Stepped) Shakes() []dtls.Message {
	list := s.shakes
	s.shakes = nil
	return list
}

// Shaken is said above.
func (s *Stepped) Shaken(a dtls.Answer) {
	s.inbox[home(a.Slot)] = append(s.inbox[home(a.Slot)], shaken{a})
	s.settle()
}

// Free returns how many pairs can be leased.
func (s *Stepped) Free() int { return s.ledger.free(s.now) }

// Stats returns the figures of all workers and pools.
func (s *Stepped) Stats() Stats {
	st := Stats{Ports: s.ledger.counts(s.now)}
	for _, w := range s.workers {
		st.add(w.Counts())
	}
	return st
}

// grow binds pairs for a worker and begins to listen on them.
func (s *Stepped) grow(worker int, wanted func(*port.Pool) int) error {
	return s.ledger.grow(worker, wanted, s.bind, func(a attach) {
		s.inbox[worker] = append(s.inbox[worker], a)
		for part, id := range []int32{a.sockets.RTP, a.sockets.RTCP} {
			s.pairs[s.addresses[id]] = socket{worker, a.local, Component(part)}
		}
	})
}

// shrink closes what is too much, as often as an Engine looks.
func (s *Stepped) shrink() {
	if s.now.Sub(s.looked) < s.config.Rest/looks {
		return
	}
	s.looked = s.now
	for i := range s.workers {
		for s.ledger.shrink(s.now, i, slice, func(d detach) { s.inbox[i] = append(s.inbox[i], d) }) > 0 {
			s.settle()
		}
	}
}

func (s *Stepped) bind(rtp netip.AddrPort) (port.Pair, error) {
	pair := port.Pair{Addr: rtp, Sockets: port.Sockets{RTP: s.open(rtp)}}
	pair.Sockets.RTCP = s.open(netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1))
	return pair, nil
}

func (s *Stepped) open(at netip.AddrPort) int32 {
	if last := len(s.unused) - 1; last >= 0 {
		id := s.unused[last]
		s.unused = s.unused[:last]
		s.addresses[id] = at
		return id
	}
	s.addresses = append(s.addresses, at)
	return int32(len(s.addresses) - 1)
}

// retire closes a pair that a worker has detached.
func (s *Stepped) retire(d Detached) {
	for _, id := range []int32{d.Sockets.RTCP, d.Sockets.RTP} {
		ebb.Delete(&s.pairs, &s.most, s.addresses[id])
		s.unused = append(s.unused, id)
	}
	s.ledger.closed(d.Worker, d.Local)
}

// settle lets the workers carry out their orders until none is left.
func (s *Stepped) settle() {
	for again := true; again; {
		again = false
		for i, w := range s.workers {
			orders := s.inbox[i]
			s.inbox[i] = nil
			for _, o := range orders {
				again = true
				w.Order(s.now, o, &s.out)
				s.flush()
			}
		}
	}
}

func (s *Stepped) flush() {
	for _, p := range s.out.Packets {
		s.sent = append(s.sent, Sent{s.addresses[p.Socket], p.To, append([]byte(nil), p.Data...)})
	}
	for _, n := range s.out.Notices {
		s.config.Events(n.Owner, n.Event)
	}
	for _, p := range s.out.Posts {
		s.inbox[p.Worker] = append(s.inbox[p.Worker], p.Order)
	}
	for _, slot := range s.out.Ended {
		s.ledger.giveBack(s.now, slot)
	}
	for _, m := range s.out.Shakes {
		m.Data = append([]byte(nil), m.Data...)
		s.shakes = append(s.shakes, m)
	}
	for _, d := range s.out.Detached {
		s.retire(d)
	}
	s.out.Reset()
}
