package relay

import (
	"net/netip"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/g711"
)

// clock is the RTP clock of G.711 and of the events beside it, in hertz.
const clock = 8000

// Identity is what a stream of ours begins with. All three are random
// (RFC 3550 §5.1), so that a stranger cannot guess them.
type Identity struct {
	SSRC      SSRC
	Timestamp uint32
	Sequence  uint16
}

// OutHalf is the sending half of an endpoint: one continuous RTP stream,
// whatever feeds it. It is a plain value and moves to its feeder's worker.
type OutHalf struct {
	// Slot is the lease this half belongs to.
	Slot Slot

	to, toRTCP   netip.AddrPort
	ssrc         SSRC
	direction    Direction
	audio, event PayloadType
	codec        Codec
	datagrams    bool // the session is not RTP
	tones        bool
	ptime        uint8
	tos          uint8
	secure       bool // its packets are protected behind this half

	splice splice
	feed   SSRC // of the present feeder
	seqs   renumbering
	tsAdd  uint32
	mark   bool // something was left out: what follows begins a talkspurt

	begun bool
	span  uint32 // length of the newest audio packet, timestamp units
	seq   uint16 // newest sequence number
	// next is the timestamp behind what was sent, and nextAt when it will have
	// been heard.
	next   uint32
	nextAt time.Time
	fill   fill
	keys   dtmf.Speaker
	said   said

	sent, sentBytes uint64
	octets          uint32    // payload alone, for sender reports
	reported        [2]uint64 // sent at the last two reports
}

// splice says what the next packet must be fitted to.
type splice uint8

const (
	joined splice = iota // offsets hold
	whole                // another feeder: numbers and timestamps
)

// NewOutHalf returns the out-half of a lease. It sends nothing until Configure.
func NewOutHalf(slot Slot, id Identity) OutHalf {
	return OutHalf{
		Slot: slot, ssrc: id.SSRC, seq: id.Sequence - 1, next: id.Timestamp,
		audio: NoPayload, event: NoPayload, direction: Inactive, splice: whole,
	}
}

// Configure takes over a description and where its peer is reached, which the
// in-half knows (InHalf.Destination). The stream goes on unbroken.
func (o *OutHalf) Configure(spec Spec, to netip.AddrPort) {
	o.to = to
	o.toRTCP = netip.AddrPort{}
	// RTCP has no latch of its own: it goes to the described address while that
	// is the host we send RTP to.
	if spec.RemoteRTCP.IsValid() && to.IsValid() && spec.RemoteRTCP.Addr() == to.Addr() {
		o.toRTCP = spec.RemoteRTCP
	}
	o.direction = spec.Direction
	o.audio, o.event, o.codec = spec.AudioOut, spec.EventOut, spec.Codec
	o.datagrams = spec.Datagrams
	o.tones, o.ptime = spec.Tones, spec.Ptime
	o.tos, o.secure = spec.TOS, !spec.Keys.Out.IsZero() || spec.Handshake.On()
}

// Feed announces another feeder, or the same one after a pause: its first
// packet is spliced to the last one sent. Keys that the feeder before it holds
// down end.
func (o *OutHalf) Feed() {
	o.splice = whole
	o.keys.Cut()
}

// Destination returns where RTP goes; invalid is nowhere.
func (o *OutHalf) Destination() netip.AddrPort { return o.to }

// DestinationRTCP returns where RTCP goes; invalid is nowhere.
func (o *OutHalf) DestinationRTCP() netip.AddrPort { return o.toRTCP }

// Handle rewrites a packet that an in-half has forwarded so that it continues
// this stream. It returns Passed, and the packet is to be sent to Destination;
// or the reason why it is not sent.
func (o *OutHalf) Handle(now time.Time, p *Packet, v Verdict) Reason {
	if v.Kind == DatagramPacket || o.datagrams {
		return o.pass(p, v)
	}
	if !v.Orders.None() {
		known := o.splice == joined && p.SSRC() == o.feed && !v.Restarted
		o.order(now, &v.Orders, !known || o.apart(p.header.Timestamp+o.tsAdd))
	}
	pt, reason := o.admit(v)
	if reason != Passed {
		o.leaveOut(now, p, v, reason)
		return reason
	}
	if p.SSRC() != o.feed || v.Restarted {
		o.splice = whole
	}
	if o.splice != joined || o.stood(p.header.SequenceNumber, p.header.Timestamp+o.tsAdd) {
		o.fit(now, p, v.Shift)
	}
	ts := p.header.Timestamp + v.Shift + o.tsAdd
	if o.keys.Saying() || o.covered(ts) {
		o.leaveOut(now, p, v, Overtaken)
		return Overtaken
	}
	from := p.header.SequenceNumber
	seq, ok := o.seqs.pass(from)
	if !ok {
		return TooLate
	}
	newest := !o.begun || int16(seq-o.seq) > 0
	var mark byte
	if p.header.Marker || newest && o.mark {
		mark = marker
	}
	p.stamp(mark, pt, seq, ts, o.ssrc)
	length := uint32(p.end - p.body)
	if v.Kind == AudioPacket && v.Codec != o.codec {
		convert(p.Payload(), o.codec)
	}
	if v.Muted {
		hush(p.Payload(), o.codec)
	}
	if newest {
		o.begun, o.seq = true, seq
		// What comes late from before a gap is not the first behind it.
		o.mark = o.mark && from != o.seqs.newest
		o.next, o.nextAt = ts, now
		if v.Kind == AudioPacket {
			o.span = length // one octet per sample
			o.next, o.nextAt = ts+length, now.Add(lasting(length))
		} else if e, ok := dtmf.ReadEvent(p.Payload()); ok {
			o.next += uint32(e.Duration)
		}
		o.fill.due = time.Time{}
	}
	o.count(p, length)
	return Passed
}

func (o *OutHalf) count(p *Packet, length uint32) {
	o.sent++
	o.sentBytes += uint64(len(p.Data))
	o.octets += length
}

// Generate makes p, whose Data holds room for the header and then the payload,
// the next packet of a feeder of ours, and passes it through Handle. ssrc names
// the feeder, never the stream; seq and ts are the feeder's own. The payload is in
// this half's codec.
func (o *OutHalf) Generate(now time.Time, p *Packet, n Numbers) Reason {
	p.compose(n.Sequence, n.Timestamp, n.Feeder)
	return o.Handle(now, p, Verdict{Action: Forward, Kind: AudioPacket, Codec: o.codec})
}

// convert writes one G.711 law over the other, octet by octet: same length, same
// clock, and next to nothing lost (G.711 tables 3 and 4).
func convert(payload []byte, to Codec) {
	switch to {
	case PCMA:
		g711.MuToA(payload, payload)
	case PCMU:
		g711.AToMu(payload, payload)
	}
}

// Numbers place a generated packet within its feeder's stream.
type Numbers struct {
	Feeder    SSRC
	Timestamp uint32
	Sequence  uint16
}

// AddTo adds what was sent to the statistics of the endpoint's other half.
func (o *OutHalf) AddTo(s *Stats) {
	s.Sent += o.sent
	s.SentBytes += o.sentBytes
}

// admit chooses the payload type, or says why a packet cannot be sent. What is
// left out takes no sequence number, so that the peer counts no loss.
func (o *OutHalf) admit(v Verdict) (PayloadType, Reason) {
	if !o.direction.Sends() {
		return NoPayload, Held
	}
	if !o.to.IsValid() {
		return NoPayload, NoDestination
	}
	if v.Withheld {
		return NoPayload, Withheld
	}
	pt := o.audio
	if v.Kind == EventPacket {
		pt = o.event
		if pt != NoPayload && v.Press != dtmf.Withheld && !o.keys.Passes(v.Press) {
			return NoPayload, Withheld // it is said behind others
		}
	}
	if pt == NoPayload {
		return NoPayload, NoMapping
	}
	return pt, Passed
}

// leaveOut closes the numbers over a packet that is not sent.
func (o *OutHalf) leaveOut(now time.Time, p *Packet, v Verdict, why Reason) {
	o.mark = true // RFC 3551 §4.1: the first packet of a talkspurt
	if why == Held || why == NoDestination || p.SSRC() != o.feed || v.Restarted {
		o.splice = whole
		return
	}
	if o.splice == joined {
		o.seqs.leaveOut(p.header.SequenceNumber)
	}
	if why == Withheld && !o.keys.Saying() {
		o.cover(now, v)
	}
}

// fit sets the offsets so that p, stamped as shift says, follows the newest packet
// sent. The timestamp advances by the time that has passed, and at least by that
// packet's length.
func (o *OutHalf) fit(now time.Time, p *Packet, shift uint32) {
	ts := o.next
	if o.begun {
		ts += uint32(max(now.Sub(o.nextAt), 0) * clock / time.Second)
	}
	o.tsAdd = ts - p.header.Timestamp - shift
	o.seqs = renumber(p.header.SequenceNumber, o.seq+1)
	o.feed = p.SSRC()
	o.splice = joined
	o.mark = true // RFC 3551 §4.1: the first packet of a talkspurt
}
