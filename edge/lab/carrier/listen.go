package carrier

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/rtp"

	"sekisho/edge/lab/audio"
	"sekisho/media/quality"
	"sekisho/media/relay"
)

// Heard is what one party received.
type Heard struct {
	// Early came before the answer, Talk after it.
	Early, Talk Part
	// Digits are the keys received as telephone-event, in order.
	Digits []Digit
	RTCP   Reports
}

// Part is the media of one phase.
type Part struct {
	// PCM is what was heard, in the order of timestamps, 8 kHz linear: see
	// audio.Track. Package audio judges it.
	PCM []int16
	// Packets counts RTP packets of the formats agreed, telephone-events
	// included; Foreign counts all other datagrams.
	Packets, Foreign int
	// Lost, Duplicated and Reordered follow from the sequence numbers that
	// came, per SSRC: numbers missing between the lowest and the highest, those
	// that came again, those that came after a higher one.
	Lost, Duplicated, Reordered int
	// First and Last are when the first and the last packet came.
	First, Last time.Time
	// Voice is whose sound the last packet was, where both exchanges are lean: 0
	// for music, announcements and tones.
	Voice uint64
	// Sources and SSRCs are in the order of their first packet.
	Sources []netip.AddrPort
	SSRCs   []uint32
}

// Digit is a key that was pressed at the other side.
type Digit struct {
	Key byte
	// Duration is the longest that was reported.
	Duration time.Duration
	At       time.Time
	// Finished is set once its end was received (RFC 4733 §2.3).
	Finished bool

	ssrc, timestamp uint32 // what tells it from others (RFC 4733 §2.5.1)
}

const keys = "0123456789*#ABCD"

// ear collects one phase.
type ear struct {
	Part
	track   audio.Track
	counted time.Duration       // of what a lean exchange does not keep
	numbers map[uint32]*numbers // by SSRC
}

// numbers are the sequence numbers of one SSRC, extended beyond 16 bits.
type numbers struct {
	lowest, highest int64
	seen            map[int64]struct{}
}

// listen takes RTP until the socket is closed.
func (m *media) listen() {
	var buf [2048]byte
	for {
		n, from, err := m.rtp.ReadFromUDPAddrPort(buf[:])
		if err != nil {
			return
		}
		m.hear(time.Now(), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), buf[:n])
		m.bell.ring()
	}
}

func (m *media) hear(now time.Time, from netip.AddrPort, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := &m.ear[m.phase]
	var p rtp.Packet
	kind := foreign
	var codec relay.Codec
	data, ok := m.secured.open(data)
	if ok && p.Unmarshal(data) == nil && p.Version == 2 {
		kind, codec = m.kind(relay.PayloadType(p.PayloadType))
	}
	if kind == foreign {
		e.Foreign++
		return
	}
	if e.Packets == 0 {
		e.First = now
	}
	e.Last = now
	e.Packets++
	if !slices.Contains(e.Sources, from) {
		e.Sources = append(e.Sources, from)
	}
	e.count(p.SSRC, p.SequenceNumber)
	if kind == event {
		m.digit(now, &p)
	} else {
		m.sound(e, codec, &p)
	}
	if p.SSRC != m.receivedSSRC {
		m.received.Cut()
		m.receivedSSRC, m.lastReport = p.SSRC, 0
	}
	q := quality.Packet{Timestamp: p.Timestamp, Sequence: p.SequenceNumber}
	if kind == event {
		q.Kind = quality.Event
	}
	m.received.Receive(now, q)
}

// kind is what a payload type stands for here.
type kind uint8

const (
	foreign kind = iota
	sound
	event
)

// kind tells by what was agreed; before an answer has come the static numbers
// of RFC 3551 count, since early media may overtake it (RFC 3264 §5.1).
func (m *media) kind(pt relay.PayloadType) (kind, relay.Codec) {
	switch {
	case m.agreed && pt == m.session.AudioIn:
		return sound, m.session.Codec
	case m.agreed && m.session.EventIn != relay.NoPayload && pt == m.session.EventIn:
		return event, 0
	case m.agreed:
		return foreign, 0
	case pt == 0:
		return sound, relay.PCMU
	case pt == 8:
		return sound, relay.PCMA
	}
	return foreign, 0
}

func (e *ear) count(ssrc uint32, seq uint16) {
	n := e.numbers[ssrc]
	if n == nil {
		if e.numbers == nil {
			e.numbers = make(map[uint32]*numbers)
		}
		e.SSRCs = append(e.SSRCs, ssrc)
		e.numbers[ssrc] = &numbers{lowest: int64(seq), highest: int64(seq), seen: map[int64]struct{}{int64(seq): {}}}
		return
	}
	at := n.highest + int64(int16(seq-uint16(n.highest)))
	if _, again := n.seen[at]; again {
		e.Duplicated++
		return
	}
	n.seen[at] = struct{}{}
	if at < n.highest {
		e.Reordered++
	}
	n.lowest, n.highest = min(n.lowest, at), max(n.highest, at)
}

// digit notes a telephone-event; packets of one event share SSRC and timestamp.
func (m *media) digit(now time.Time, p *rtp.Packet) {
	if len(p.Payload) < 4 || int(p.Payload[0]) >= len(keys) {
		return
	}
	d := Digit{Key: keys[p.Payload[0]], At: now, ssrc: p.SSRC, timestamp: p.Timestamp}
	i := slices.IndexFunc(m.digits, func(o Digit) bool { return o.ssrc == d.ssrc && o.timestamp == d.timestamp })
	if i < 0 {
		i = len(m.digits)
		m.digits = append(m.digits, d)
	}
	length := time.Duration(binary.BigEndian.Uint16(p.Payload[2:])) * time.Second / audio.Rate
	m.digits[i].Duration = max(m.digits[i].Duration, length)
	m.digits[i].Finished = m.digits[i].Finished || p.Payload[1]&0x80 != 0
}

// heard returns a copy of all that was received.
func (m *media) heard() Heard {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := Heard{Early: m.ear[Early].part(), Talk: m.ear[Talk].part(), Digits: slices.Clone(m.digits), RTCP: m.reports}
	h.RTCP.Sources = slices.Clone(h.RTCP.Sources)
	return h
}

func (m *media) duration(p Phase) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := &m.ear[p]
	return e.track.Duration() + e.counted
}

func (e *ear) part() Part {
	p := e.Part
	p.PCM = slices.Clone(e.track.PCM())
	p.Sources, p.SSRCs = slices.Clone(p.Sources), slices.Clone(p.SSRCs)
	for _, n := range e.numbers {
		p.Lost += int(n.highest-n.lowest) + 1 - len(n.seen)
	}
	return p
}
