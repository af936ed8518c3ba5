package relay

import (
	"net/netip"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/quality"
	"sekisho/media/srtp"
)

// InHalf is the receiving half of an endpoint: whom it hears, and what it has
// heard since its lease began. The zero InHalf drops everything.
type InHalf struct {
	// Slot is the lease this half belongs to.
	Slot Slot
	// Ours is the stream that this endpoint's peer hears: what the peer reports
	// about others does not concern us.
	Ours SSRC

	spec       Spec
	configured bool
	latch      latch
	pin        pin
	rtcp       session
	keys       keys
	watch      watch
	quality    quality.Stream
	inband     *inband // nil where the peer's audio is not searched for keys
	score      quality.Score
	measureAt  time.Time // the end of the interval that is open
	first      time.Time // the first packet that was heard
	noise      bool      // the peer's last packet was none of ours: comfort noise
	tally      tally
}

// tally counts packets and octets of the accepted peer, what was dropped and
// why, and how often the peer's SSRC changed.
type tally struct {
	received, octets         uint64
	foreign, invalid, forged uint64
	changes, replayed        uint32
}

// pin holds the SSRC that an endpoint hears. Behind the latch it is the second
// wall: who forges the peer's address must also know 32 bits, or outlast the
// peer's own packets.
type pin struct {
	heard time.Time
	trial trial
	ssrc  SSRC
	set   bool
}

// Configure takes a description over. A change of Remote, Prefixes or Learning
// re-arms the latch and forgets the pinned SSRC; anything else leaves both.
func (h *InHalf) Configure(spec Spec) {
	if h.latch.describe(&spec) {
		h.pin = pin{}
	}
	if !h.configured || h.keysMove(&spec) {
		h.keys.configure(&spec)
	}
	h.spec = spec
	switch {
	case !spec.Inband:
		h.inband = nil
	case h.inband == nil:
		h.inband = new(inband)
	}
	h.configured = true
}

// keysMove reports whether a description changes anything that keys depend on. The
// answer behind early media changes nothing: a star held back stays so.
func (h *InHalf) keysMove(spec *Spec) bool {
	old := &h.spec
	return spec.Remote != old.Remote || spec.Direction != old.Direction || spec.AudioIn != old.AudioIn || spec.EventIn != old.EventIn ||
		spec.Stars != old.Stars || spec.Signalled != old.Signalled || spec.Inband != old.Inband
}

// Handle judges one datagram that arrived on the RTP port at the time given.
// Where the verdict is Forward, p holds a valid RTP packet that an OutHalf may
// take.
func (h *InHalf) Handle(now time.Time, p *Packet) Verdict {
	if !h.configured {
		return Verdict{Reason: NotConfigured}
	}
	if !h.latch.admits(p.Source) {
		h.tally.foreign++
		return Verdict{Reason: ForeignSource}
	}
	if h.spec.Datagrams {
		return h.datagram(now, p)
	}
	if !p.read() {
		h.tally.invalid++
		return Verdict{Reason: Malformed}
	}
	kind, ok := h.kind(PayloadType(p.header.PayloadType))
	if !ok {
		h.unknown(now, p)
		return Verdict{Reason: NotNegotiated}
	}
	v := Verdict{Action: Forward, Kind: kind, Codec: h.spec.Codec}
	switch h.latch.hear(now, p) {
	case refused:
		h.tally.foreign++
		return Verdict{Reason: ForeignSource}
	case tried:
		h.tally.foreign++
		return Verdict{Reason: OnProbation}
	case latched:
		v.Latched = true
		h.pin = pin{}
	case accepted:
	}
	if !h.pinned(now, p) {
		h.tally.foreign++
		return Verdict{Reason: ForeignSSRC, Latched: v.Latched}
	}
	switch h.quality.Receive(now, sample(p, kind)) {
	case quality.First:
		if h.first.IsZero() {
			h.first = now
		}
		v.Restarted = true // another source goes on under the same SSRC
	case quality.Suspect:
		h.tally.invalid++
		return Verdict{Reason: Misordered, Latched: v.Latched}
	case quality.Restarted:
		v.Restarted = true
	case quality.Next, quality.Late, quality.Duplicate:
	}
	h.noise = false
	h.tally.received++
	h.tally.octets += uint64(len(p.Data))
	if kind == EventPacket {
		h.keys.event(now, p, &v)
	} else {
		v.Muted = h.keys.mutes()
		h.quality.Listen(p.Payload(), quality.Law(h.spec.Codec))
		if h.inband != nil {
			h.inband.listen(now, p, &v, &h.keys)
		}
	}
	if !h.spec.Receives() {
		v.Action, v.Reason = Drop, Held
	}
	return v
}

// Hears reports whether Handle would read a datagram from source at all. Where it
// is so, the protection of an SRTP packet comes off first: before the latch,
// the pin and the statistics, which Handle changes.
func (h *InHalf) Hears(source netip.AddrPort) bool { return h.configured && h.latch.admits(source) }

// HearsRTCP is Hears for HandleRTCP.
func (h *InHalf) HearsRTCP(source netip.AddrPort) bool {
	peer := h.latch.remote
	return h.configured && peer.IsValid() && (source.Addr() == peer.Addr() || source == h.spec.RemoteRTCP)
}

// Forged counts a packet whose protection did not come off, and Replayed one that
// had come before, which networks do as well as attackers. It is the only trace
// that these leave.
func (h *InHalf) Forged() { h.tally.forged++ }

// Replayed is said above.
func (h *InHalf) Replayed() { h.tally.replayed++ }

// HandleRTCP judges one datagram that arrived on the RTCP port. RTCP is taken
// from the host of the accepted peer only, at most 20 packets a second
// (RFC 3550 §6.2 allows one in five seconds). What it says is read here and goes
// no further.
func (h *InHalf) HandleRTCP(now time.Time, source netip.AddrPort, datagram []byte) Verdict {
	if !h.configured {
		return Verdict{Reason: NotConfigured}
	}
	if !h.HearsRTCP(source) {
		h.tally.foreign++
		return Verdict{Reason: ForeignSource}
	}
	if !h.rtcp.allowed.allow(now) {
		return Verdict{Reason: TooMany}
	}
	if !validCompound(datagram) {
		h.tally.invalid++
		return Verdict{Reason: Malformed}
	}
	h.rtcp.read(now, h.Ours, datagram)
	return Verdict{Action: Keep, Kind: ReportPacket}
}

// Deadline returns when Expire, Silent, OneWay, Report or Measure is due, or the
// zero time.
func (h *InHalf) Deadline() time.Time {
	at := h.keys.deadline()
	for _, due := range [...]time.Time{h.watch.due, h.watch.oneWay, h.rtcp.next, h.measureAt} {
		at = earlier(at, due)
	}
	return at
}

// Expire takes the end of a key press as lost if its time has come, and lets go
// of a star that was held back for long enough. What is to be said is for the
// out-half that this one feeds.
func (h *InHalf) Expire(now time.Time) dtmf.Orders { return h.keys.expire(now) }

// Press takes a key press that signalling has told of, and returns the key if it
// is one that RTP has not told of.
func (h *InHalf) Press(now time.Time, p Press) (told dtmf.Key, out dtmf.Orders) {
	if !h.configured {
		return 0, out
	}
	if told = h.keys.silently(dtmf.Change{At: now, Key: p.Key}, &out); told != 0 {
		h.keys.silently(dtmf.Change{At: now.Add(p.Length.Duration()), Key: p.Key, Ended: true, Length: p.Length}, &out)
	}
	return told, out
}

// Signals reports whether what the peer's keys have led to is for Tell, and for no
// OutHalf.
func (h *InHalf) Signals() bool { return h.keys.signalled }

// Tell takes an order where Signals is so, and returns the press that is whole with
// it.
func (h *InHalf) Tell(o dtmf.Order) (p Pressed, whole bool) {
	key, whole := h.keys.tell(o)
	return Pressed{Slot: h.Slot, Key: key, Length: o.Length}, whole
}

// Keys says what becomes of the peer's keys from the next press on.
func (h *InHalf) Keys(m KeyMode) { h.keys.mode = m }

// Spec returns the description, which is read-only. It is zero before Configure.
func (h *InHalf) Spec() *Spec { return &h.spec }

// Key gives the description the keys that its Handshake has come to.
func (h *InHalf) Key(k srtp.Keys) { h.spec.Keys = k }

// Destination returns where this endpoint's peer is to be reached: the accepted
// source, else the described address, else an invalid one.
func (h *InHalf) Destination() netip.AddrPort { return h.latch.destination() }

// Stray reports a description that names an address beyond the prefixes of its
// own trunk: nothing is sent there and nothing heard from it.
func (h *InHalf) Stray() bool {
	return h.latch.described.IsValid() && !h.latch.bounds(h.latch.described)
}

// SSRC returns the pinned source; ok is false while there is none.
func (h *InHalf) SSRC() (ssrc SSRC, ok bool) { return h.pin.ssrc, h.pin.set }

// Stats returns what was received by now; its sent half is zero.
func (h *InHalf) Stats(now time.Time) Stats {
	s := Stats{
		Received: h.tally.received, ReceivedBytes: h.tally.octets, DroppedSource: h.tally.foreign, DroppedInvalid: h.tally.invalid,
		DroppedSRTP: h.tally.forged, Duplicate: uint64(h.tally.replayed), SSRCChanges: h.tally.changes,
	}
	t := h.quality.Totals()
	s.Lost, s.Late = t.Lost, t.Late
	s.Duplicate += t.Duplicate
	s.Contested = h.latch.contested
	s.StarPairs = h.keys.stars.Pairs()
	s.JitterMicros = uint32(h.quality.Jitter().Microseconds())
	s.Quality = h.Quality(now)
	return s
}

func (h *InHalf) kind(pt PayloadType) (Kind, bool) {
	switch pt {
	case h.spec.AudioIn:
		return AudioPacket, true
	case h.spec.EventIn:
		return EventPacket, true
	}
	return AudioPacket, false
}

// unknown counts a payload type that we did not describe. From the accepted
// peer it consumes a sequence number and shows that the peer is alive (comfort
// noise does), so that neither loss nor silence is made up from it.
func (h *InHalf) unknown(now time.Time, p *Packet) {
	h.tally.invalid++
	if p.Source != h.latch.remote || !h.pin.set || h.pin.ssrc != p.SSRC() {
		return
	}
	h.latch.heard, h.pin.heard = now, now
	h.noise = true
	h.quality.Receive(now, sample(p, EventPacket))
}

// pinned reports whether the packet's SSRC is the one to hear, and moves the
// pin. A peer may change its SSRC at any time (a transfer or an announcement at
// the carrier): four consecutive packets over 60 ms without one of the old
// SSRC, or silence before it, prove that it has.
func (h *InHalf) pinned(now time.Time, p *Packet) bool {
	n := &h.pin
	ssrc := p.SSRC()
	if n.set && n.ssrc == ssrc {
		n.heard = now
		n.trial.packets = 0
		return true
	}
	if n.set && now.Sub(n.heard) < silence && !n.trial.hear(now, p) {
		return false
	}
	if n.set {
		h.tally.changes++
	}
	*n = pin{set: true, ssrc: ssrc, heard: now}
	h.quality.Cut()
	return true
}

func sample(p *Packet, k Kind) quality.Packet {
	s := quality.Packet{Timestamp: p.header.Timestamp, Sequence: p.header.SequenceNumber, Kind: quality.Audio, TOS: p.TOS}
	if k == EventPacket {
		s.Kind = quality.Event
	}
	return s
}

// gauge allows a number of packets in each second.
type gauge struct {
	since time.Time
	count uint8
}

const rtcpPerSecond = 20

func (g *gauge) allow(now time.Time) bool {
	if now.Sub(g.since) >= time.Second {
		*g = gauge{since: now}
	}
	if g.count == rtcpPerSecond {
		return false
	}
	g.count++
	return true
}
