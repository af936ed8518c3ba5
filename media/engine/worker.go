package engine

import (
	"net/netip"
	"time"

	"sekisho/media/dtls"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Component tells the two sockets of a pair apart.
type Component uint8

// The components (RFC 3550 §11).
const (
	RTP Component = iota
	RTCP
)

// Datagram is one packet that arrived for a pair of a worker.
type Datagram struct {
	Local     uint32 // the pair's place
	Component Component
	Source    netip.AddrPort
	TOS       uint8 // TOS or traffic class byte
	// Data is rewritten in place, and what lies behind it may be written over
	// up to its capacity.
	Data []byte
}

// Transmit is one packet to send. Data is valid until the worker is next called.
type Transmit struct {
	Socket int32
	To     netip.AddrPort
	Data   []byte
}

// Notice is an event for the owner of a slot.
type Notice struct {
	Owner uint32
	Event relay.Event
}

// Post is an order for another worker.
type Post struct {
	Worker int
	Order  Order
}

// Mark is a change of a socket's TOS or traffic class byte.
type Mark struct {
	Socket int32
	TOS    uint8
}

// Detached is a pair that a worker has let go of: it can be closed.
type Detached struct {
	Worker  int
	Local   uint32
	Sockets port.Sockets
}

// Output collects what a worker wants done. The caller owns it, does it all
// before the next call, and resets it.
type Output struct {
	Packets []Transmit
	Notices []Notice
	Posts   []Post
	Marks   []Mark
	Ended   []relay.Slot // leases that are over: their pairs may rest
	// Detached names no pair that Packets or Marks name.
	Detached []Detached
	// Shakes are for whoever holds handshakes. Their Data is the Datagram's.
	Shakes []dtls.Message
}

// Reset empties o and keeps its capacity, but nothing of what it told.
func (o *Output) Reset() {
	clear(o.Notices)
	clear(o.Posts)
	o.Packets, o.Notices, o.Posts = o.Packets[:0], o.Notices[:0], o.Posts[:0]
	o.Marks, o.Ended, o.Detached, o.Shakes = o.Marks[:0], o.Ended[:0], o.Detached[:0], o.Shakes[:0]
}

// Counts are one worker's figures.
type Counts struct {
	Received, Sent uint64                // datagrams; Sent leaves out reports
	Reports        uint64                // RTCP of ours
	Dropped        [relay.Reasons]uint64 // by relay.Reason
	Failed         uint64                // sends that the system refused
	Players        int                   // playing at this moment
	Leased         int
	Restarted      uint64 // players whose schedule was begun again
	Panics         uint64
}

// Worker owns the endpoints of some port pairs. It is stepped by one goroutine.
type Worker struct {
	index  int
	clips  Clips
	berths []berth
	timers timers
	queue  []Order // for itself, first in, first out
	packet relay.Packet
	report []byte // scratch for a report that another worker's endpoint tells
	arena  []byte // generated packets and reports of one step
	counts Counts
	busy   int64 // place of the pair being served, or -1: whom a panic hits
}

// generated is how many generated packets one step may put out; what is due
// beyond that comes with the next step.
const generated = 128

// NewWorker returns the worker with this index among its engine's.
func NewWorker(index int, clips Clips) *Worker {
	return &Worker{
		index: index, clips: clips, busy: -1,
		report: make([]byte, 0, 512), arena: make([]byte, 0, generated*(longestPacket+tail)),
	}
}

// Order carries out one order.
func (w *Worker) Order(now time.Time, o Order, out *Output) {
	w.obey(now, o, out)
	w.settle(now, out)
}

// Step does what is due: packets of players and of streams in whose place
// something is said, digits whose end was lost.
func (w *Worker) Step(now time.Time, out *Output) {
	w.arena = w.arena[:0]
	for {
		a, ok := w.timers.next()
		if !ok || a.at.After(now) {
			break
		}
		c := w.berths[a.local].cell
		w.busy = int64(a.local)
		w.expire(now, c, out)
		if c.in.Silent(now) {
			out.Notices = append(out.Notices, Notice{c.owner, relay.Silent{Slot: c.slot}})
		}
		if c.in.Unheard(now) && c.want.kind == endpoint {
			w.post(home(c.want.feeder), wonder{c.slot, c.want.feeder}, out)
		}
		w.unshaken(now, c, out)
		c.in.Measure(now)
		if len(w.arena)+3*(longestPacket+tail) > cap(w.arena) {
			break
		}
		if r, ok := c.in.Report(now); ok {
			w.reports(c, r, out)
		}
		if c.fed != nil {
			w.owe(now, c.fed, out)
		}
		if c.where == atHome {
			w.owe(now, c.own, out)
		}
		if c.plays() && !c.player.next.After(now) {
			w.play(now, c, out)
		}
		w.schedule(c)
	}
	w.busy = -1
	w.settle(now, out)
}

// expire ends what the clock ends of c's keys.
func (w *Worker) expire(now time.Time, c *cell, out *Output) {
	orders := c.in.Expire(now)
	w.say(now, c, &orders, out)
}

// say has what c's keys have led to said to whom c feeds, or told to signalling.
func (w *Worker) say(now time.Time, c *cell, orders *relay.Orders, out *Output) {
	switch {
	case orders.None():
	case c.in.Signals():
		for _, o := range orders.List() {
			if p, whole := c.in.Tell(o); whole {
				out.Notices = append(out.Notices, Notice{c.owner, p})
			}
		}
		*orders = relay.Orders{}
	case c.fed != nil:
		c.fed.Order(now, orders)
	}
}

// press takes a key press that signalling has told of.
func (w *Worker) press(now time.Time, c *cell, p relay.Press, out *Output) {
	key, orders := c.in.Press(now, p)
	if key != 0 {
		out.Notices = append(out.Notices, Notice{c.owner, relay.Digit{Slot: c.slot, Key: key, At: now}})
	}
	w.say(now, c, &orders, out)
	w.schedule(c)
}

// Deadline returns when Step is due, or the zero time.
func (w *Worker) Deadline() time.Time {
	a, _ := w.timers.next()
	return a.at
}

// Receive takes one datagram that arrived at the time given. At most one packet
// is put out for it.
func (w *Worker) Receive(now time.Time, d Datagram, out *Output) {
	w.counts.Received++
	c := w.at(d.Local)
	if c == nil || c.state != open {
		w.counts.Dropped[relay.NotConfigured]++ // drains a pair at rest
		return
	}
	w.busy = int64(d.Local)
	if spec := c.in.Spec(); d.Component == RTP && spec.Handshake.On() {
		switch {
		case dtls.IsRecord(d.Data):
			w.count(w.shakes(now, c, &d, out))
			w.busy = -1
			return
		case spec.Mux && isReport(d.Data):
			d.Component = RTCP
		}
	}
	if !w.open(c, &d) {
		w.busy = -1
		return
	}
	if d.Component == RTCP {
		if v := c.in.HandleRTCP(now, d.Source, d.Data); v.Action == relay.Drop {
			w.count(v.Reason)
		}
		w.busy = -1
		return
	}
	w.packet.Data, w.packet.Source, w.packet.TOS = d.Data, d.Source, d.TOS
	v := c.in.Handle(now, &w.packet)
	if v.Latched || v.Key != 0 {
		w.notice(now, c, v, out)
	}
	due := v.Kind == relay.EventPacket || !v.Orders.None()
	if c.in.Signals() {
		w.say(now, c, &v.Orders, out)
	}
	w.count(w.pass(now, c, v, out))
	if due {
		w.schedule(c)
	}
	w.busy = -1
}

// pass gives a packet to the out-half that c feeds.
func (w *Worker) pass(now time.Time, c *cell, v relay.Verdict, out *Output) relay.Reason {
	if v.Action == relay.Drop {
		w.say(now, c, &v.Orders, out)
		return v.Reason
	}
	if c.fed == nil {
		return relay.Unconsumed
	}
	if r := c.fed.Handle(now, &w.packet, v); r != relay.Passed {
		return r
	}
	return w.send(c.fed, RTP, w.packet.Data, out)
}

// send puts out a packet of o's stream and returns Passed, or why it cannot. It
// is the only way out, so that nothing leaves but as o's peer wants it. The
// packet's slice must leave room behind it (tail).
func (w *Worker) send(o *outbound, part Component, data []byte, out *Output) relay.Reason {
	socket, to := o.sockets.RTP, o.Destination()
	if part == RTCP && !o.mux {
		socket, to = o.sockets.RTCP, o.DestinationRTCP()
	}
	data, ok := o.protect(part, data)
	if !ok {
		return relay.Unprotected
	}
	out.Packets = append(out.Packets, Transmit{socket, to, data})
	return relay.Passed
}

// notice reports what a packet has shown beside its audio.
func (w *Worker) notice(now time.Time, c *cell, v relay.Verdict, out *Output) {
	if v.Key != 0 {
		out.Notices = append(out.Notices, Notice{c.owner, relay.Digit{Slot: c.slot, Key: v.Key, At: now}})
	}
	if v.Latched {
		to := c.in.Destination()
		out.Notices = append(out.Notices, Notice{c.owner, relay.Latched{Slot: c.slot, Remote: to}})
		w.aimAt(c, out)
		w.settle(now, out)
	}
}

// owe puts out the packet that an out-half has due, beside what feeds it.
func (w *Worker) owe(now time.Time, o *outbound, out *Output) {
	begin := len(w.arena)
	w.packet.Data = w.arena[begin : begin : begin+longestPacket+tail]
	if !o.Due(now, &w.packet) {
		return
	}
	w.arena = w.arena[:begin+len(w.packet.Data)+tail]
	w.count(w.send(o, RTP, w.packet.Data, out))
}

// play puts out one packet of c's player.
func (w *Worker) play(now time.Time, c *cell, out *Output) {
	p := c.player
	if now.Sub(p.next) > resolution {
		w.counts.Restarted++
		p.next = now
	}
	each := ptime(c.in.Spec())
	begin := len(w.arena)
	end := begin + rtpHeader + each*samplesPerMilli
	w.arena = w.arena[:end+tail]
	buffer := w.arena[begin : end : end+tail]
	send, ended := c.packet(now, &w.packet, buffer)
	if send {
		w.count(w.send(c.own, RTP, buffer, out))
	}
	p.next = p.next.Add(time.Duration(each) * time.Millisecond)
	if ended {
		out.Notices = append(out.Notices, Notice{c.owner, relay.Played{Slot: c.slot, Token: p.token}})
		w.stop(c)
		c.want = source{}
	}
}

func (w *Worker) stop(c *cell) {
	if c.player == nil {
		return
	}
	if c.player.active {
		w.counts.Players--
	}
	c.player.active = false
	c.player.clips = nil
}

func (w *Worker) count(r relay.Reason) {
	if r == relay.Passed {
		w.counts.Sent++
		return
	}
	w.counts.Dropped[r]++
}

func (w *Worker) schedule(c *cell) { w.timers.set(w.berths, place(c.slot), c.due()) }

// find returns the open cell of a slot of this worker, or nil.
func (w *Worker) find(s relay.Slot) *cell {
	if home(s) != w.index {
		return nil
	}
	if c := w.at(place(s)); c != nil && c.state == open && c.slot == s {
		return c
	}
	return nil
}

// at returns the cell of a place, or nil.
func (w *Worker) at(local uint32) *cell {
	if int(local) >= len(w.berths) {
		return nil
	}
	return w.berths[local].cell
}

// socket returns the socket of a place, or -1 where no pair is attached.
func (w *Worker) socket(local uint32, c Component) int32 {
	if int(local) >= len(w.berths) {
		return -1
	}
	s := &w.berths[local].sockets
	if *s == (port.Sockets{}) {
		return -1
	}
	if c == RTCP {
		return s.RTCP
	}
	return s.RTP
}

// Counts returns the figures.
func (w *Worker) Counts() Counts { return w.counts }
