package relay

import "net/netip"

// Flow is what a faster path may do with the packets of one in-half: all that it
// needs, and nothing that changes from packet to packet.
//
// It takes packets of Type and stream Pin from Source only, and of those none
// whose number leaps (RFC 3550 A.1), nor a late one from before Floor, which has
// another offset or comes too late; each of them it counts. Everything else, and
// all RTCP, it passes up, where this package judges it.
type Flow struct {
	Action FlowAction
	// In is the slot that packets arrive at, Out the one that they leave from.
	In, Out Slot

	Source netip.AddrPort
	Pin    SSRC
	Type   PayloadType
	Floor  uint16

	// The rest is of FlowForward alone. Numbers and timestamps are those of the
	// packet with Sequence and Timestamp added.
	To        netip.AddrPort
	SSRC      SSRC
	As        PayloadType
	Sequence  uint16
	Timestamp uint32
	TOS       uint8
}

// FlowAction is what becomes of a flow's packets.
type FlowAction uint8

// The actions.
const (
	// FlowPass leaves them to this package.
	FlowPass FlowAction = iota
	// FlowHold counts and drops them: nobody listens.
	FlowHold
	// FlowForward rewrites and sends them.
	FlowForward
)

// Obstacle names why an in-half has no flow.
type Obstacle uint8

// The obstacles, in the order in which they are looked for.
const (
	NoObstacle  Obstacle = iota
	Undescribed          // no lease, or no description yet
	Datagrams            // no RTP
	Protected            // SRTP on either side: packets are opened and made here
	Searching            // whom to hear is not settled
	KeyDown              // audio that is muted while a key is pressed
	FirstPacket          // the feeder's first packet fixes the offsets
	Elsewhere            // nowhere to send, or beyond the prefixes
	Unmapped             // the other side has no such payload type or format
	Filling              // something is said in the place of what was left out
	Renumbered           // packets were left out, or inserted, and none has followed
	Talkspurt            // the next packet is to be marked
	obstacles            // how many there are
)

// Obstacles is how many obstacles there are: for arrays of counters.
const Obstacles = int(obstacles)

// String returns the word that an operator reads.
func (o Obstacle) String() string {
	switch o {
	case NoObstacle:
		return "none"
	case Undescribed:
		return "undescribed"
	case Datagrams:
		return "not-rtp"
	case Protected:
		return "srtp"
	case Searching:
		return "searching"
	case KeyDown:
		return "key-down"
	case FirstPacket:
		return "first-packet"
	case Elsewhere:
		return "no-destination"
	case Unmapped:
		return "no-mapping"
	case Filling:
		return "filling"
	case Renumbered:
		return "renumbered"
	case Talkspurt:
		return "talkspurt"
	}
	return "unknown"
}

// Compile returns the flow of an in-half whose only consumer is out, or the
// obstacle. Nil is nobody: what comes is held. It changes nothing; a flow is
// good until either half is told anything or moves, and is taken away before.
//
// Telephone-events have no flow: keys are reported. An in-half with another
// consumer beside out has none either; who joins them knows.
func Compile(in *InHalf, out *OutHalf) (Flow, Obstacle) {
	if o := in.obstacle(); o != NoObstacle {
		return Flow{}, o
	}
	f := Flow{Action: FlowHold, In: in.Slot, Source: in.latch.remote, Pin: in.pin.ssrc, Type: in.spec.AudioIn}
	if out == nil || !in.spec.Receives() || !out.direction.Sends() {
		return f, NoObstacle
	}
	if o := out.obstacle(in); o != NoObstacle {
		return Flow{}, o
	}
	f.Action, f.Out = FlowForward, out.Slot
	f.To, f.SSRC, f.As, f.TOS = out.to, out.ssrc, out.audio, out.tos
	f.Floor, f.Sequence, f.Timestamp = out.seqs.list[out.seqs.n-1].from, out.seqs.add, out.tsAdd
	return f, NoObstacle
}

func (h *InHalf) obstacle() Obstacle {
	switch {
	case !h.configured || h.spec.AudioIn == NoPayload:
		return Undescribed
	case h.spec.Datagrams:
		return Datagrams
	case !h.spec.Keys.In.IsZero(), h.spec.Handshake.On():
		return Protected
	case !h.latch.remote.IsValid() || !h.pin.set:
		return Searching
	case h.keys.mutes():
		return KeyDown
	}
	return NoObstacle
}

func (o *OutHalf) obstacle(in *InHalf) Obstacle {
	switch {
	case o.datagrams:
		return Datagrams
	case o.secure:
		return Protected
	case !o.to.IsValid():
		return Elsewhere
	case o.audio == NoPayload || o.codec != in.spec.Codec:
		return Unmapped
	case o.splice != joined || o.feed != in.pin.ssrc || !o.begun:
		return FirstPacket
	case !o.fill.due.IsZero() || o.said.known || o.keys.Saying() || !o.keys.Deadline().IsZero():
		return Filling
	case !o.seqs.settled():
		return Renumbered
	case o.mark:
		return Talkspurt
	}
	return NoObstacle
}

// settled reports that the next packet gets its number as the newest did.
func (r *renumbering) settled() bool {
	last := &r.list[r.n-1]
	return !last.leftOut && last.add == r.add
}
