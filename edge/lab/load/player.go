package load

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

const (
	// ticks is how many moments of a packet time ports send at, so that not all
	// do at once.
	ticks = 20
	// width is how many datagrams a system call moves.
	width = 64
	// maxShare leaves room for repeated packets in one system call.
	maxShare = width / 2
)

// player owns the streams and the ports they use. What the kernel does is the
// loop's.
type player struct {
	cfg    *Config
	run    uint32
	random *rand.Rand
	tally  *tally
	// bind opens a media socket of a side.
	bind   func(side) (*port, error)
	vacant [sides][]*port // that have room for another call
	due    [ticks][]*port
	ports  int
}

// port is a media socket of one side.
type port struct {
	fd      int
	side    side
	addr    netip.AddrPort
	calls   int
	flows   map[netip.AddrPort]*half // by the border's port
	serials map[uint32]*half         // by the call
	unnamed int                      // halves that no SDP has told of a source
	sending []*half
}

func newPlayer(c *Config, t *tally) *player {
	return &player{cfg: c, random: rand.New(rand.NewPCG(c.Seed, 3)), tally: t}
}

// open gives a half a place to hear.
func (m *player) open(h *half) error {
	vacant := &m.vacant[h.side]
	if len(*vacant) == 0 {
		p, err := m.bind(h.side)
		if err != nil {
			return err
		}
		p.flows, p.serials = make(map[netip.AddrPort]*half), make(map[uint32]*half)
		m.due[m.ports%ticks] = append(m.due[m.ports%ticks], p)
		m.ports++
		*vacant = append(*vacant, p)
	}
	if m.cfg.SRTP && h.side == caller {
		var err error
		if h.puts, err = newSeal(drawKey(m.random)); err != nil {
			return err
		}
	}
	p := (*vacant)[len(*vacant)-1]
	if p.calls++; p.calls == m.cfg.Share {
		*vacant = (*vacant)[:len(*vacant)-1]
	}
	p.serials[h.call.serial] = h
	p.unnamed++
	h.port, h.hears = p, p.addr
	return nil
}

// hear says where the border sends from and to.
func (m *player) hear(h *half, border netip.AddrPort) {
	if h.port == nil || h.speaksTo == border {
		return
	}
	if !h.speaksTo.IsValid() {
		h.port.unnamed--
	}
	m.forget(h)
	h.speaksTo = border
	h.port.flows[border] = h
}

func (m *player) speak(h *half) {
	if h.port == nil || !h.speaksTo.IsValid() {
		h.call.spoil("no SDP for the " + h.side.String())
		return
	}
	h.out = outgoing{
		payload: newPayload(m.random), ssrc: m.random.Uint32(),
		sequence: uint16(m.random.Uint32()), timestamp: m.random.Uint32(),
	}
	h.speaking = true
	h.port.sending = append(h.port.sending, h)
}

func (m *player) hush(h *half) {
	if !h.speaking {
		return
	}
	h.speaking = false
	h.port.sending = slices.DeleteFunc(h.port.sending, func(other *half) bool { return other == h })
}

// close gives the place back. What an announcement had under way when its call
// was over is still known as such until drop.
func (m *player) close(h *half) {
	if h.port == nil {
		return
	}
	if !h.speaksTo.IsValid() {
		h.port.unnamed--
	}
	delete(h.port.serials, h.call.serial)
	if h.port.calls--; h.port.calls == m.cfg.Share-1 {
		m.vacant[h.side] = append(m.vacant[h.side], h.port)
	}
	h.out.payload, h.in.seen = nil, nil
	h.puts, h.opens = nil, nil
	if h.call.kind.speaks() {
		m.drop(h)
	}
}

// drop forgets where a half that was closed heard from.
func (m *player) drop(h *half) {
	if h.port != nil {
		m.forget(h)
		h.port = nil
	}
}

func (m *player) forget(h *half) {
	if h.port.flows[h.speaksTo] == h {
		delete(h.port.flows, h.speaksTo)
	}
}

// write puts the next packet of h into b and returns how often it is to be
// sent: once, but for a Fault.
func (m *player) write(h *half, b []byte, left int64) int {
	s := stamp{run: m.run, call: h.call.serial, direction: h.side, left: left}
	fault := m.cfg.Fault
	if h.out.next%faultEvery != faultEvery-1 {
		fault = NoFault
	}
	if fault == Swap {
		s.call++
	}
	h.out.write(b, s)
	switch fault {
	case Lose:
		return 0
	case Repeat:
		return 2
	case Corrupt:
		b[headerLength+40] ^= 1
	case NoFault, Swap, faults:
	}
	return 1
}

// protected makes a packet of h what its border expects, in place.
func (m *player) protected(h *half, b []byte) []byte {
	if h.puts == nil {
		return b
	}
	out, err := h.puts.put(b)
	if err != nil {
		h.call.spoil("SRTP: " + err.Error())
		return b
	}
	return out
}

// take verifies a packet that came to a port. arrived is in nanoseconds of the
// wall clock.
func (m *player) take(p *port, from netip.AddrPort, b []byte, arrived int64) {
	if report(b) {
		return // RTCP to the port behind another socket of ours, which has none
	}
	m.tally.packets++
	h := m.receiver(p, from, b)
	switch {
	case h == nil && p.unnamed > 0:
		m.tally.early++ // an announcement that overtakes its 183
		return
	case h == nil:
		m.tally.strangers++
		return
	case !h.call.kind.speaks():
		h.counts.sound++ // an announcement or a tone
		return
	}
	if h.opens != nil {
		var err error
		if b, err = h.opens.open(b); err != nil {
			h.counts.corrupted++
			return
		}
	}
	const version2, pcmu = 2 << 6, 0
	if len(b) < headerLength || b[0] != version2 || b[1]&0x7f != pcmu {
		h.counts.corrupted++
		return
	}
	s, ok := readStamp(b[headerLength:])
	switch {
	case !ok && (h.state == calling || h.state == proceeding):
		h.counts.sound++
		return
	case !ok:
		h.counts.corrupted++
		return
	}
	far := &h.call.ends[h.side.other()]
	if s.run != m.run || s.call != h.call.serial || s.direction != far.side || s.position >= far.out.next {
		h.counts.foreign++
		return
	}
	if latency, first := h.in.take(b, s, arrived); first {
		m.tally.latency[far.side].add(latency)
	}
}

// receiver returns whom a packet is for: the half to which SDP has given its
// source. The name of the call in the packet decides in two cases: on the direct
// path several calls have one source, and media may overtake the SDP that
// answers the offer (RFC 3264 §5.1).
func (m *player) receiver(p *port, from netip.AddrPort, b []byte) *half {
	const name = headerLength + 8
	h := p.flows[from]
	if h != nil && m.cfg.Border.IsValid() || len(b) < name+4 {
		return h
	}
	named := p.serials[binary.BigEndian.Uint32(b[name:])]
	if named != nil && (named.speaksTo == from || !named.speaksTo.IsValid()) {
		return named
	}
	return h
}

// report tells RTCP from RTP by the second octet (RFC 5761 §4).
func report(b []byte) bool { return len(b) > 1 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }
