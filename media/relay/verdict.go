package relay

import "sekisho/media/dtmf"

// Action is what becomes of a packet.
type Action uint8

// The actions.
const (
	// Drop ends the packet; Reason says why.
	Drop Action = iota
	// Forward gives the packet to the out-half that this in-half feeds.
	Forward
	// Keep ends the packet as well, which was meant for us.
	Keep
)

// Kind is what a forwarded packet carries.
type Kind uint8

// The kinds of packets that are told apart.
const (
	AudioPacket    Kind = iota
	EventPacket         // telephone-event, RFC 4733
	ReportPacket        // RTCP
	DatagramPacket      // anything at all, of a session that is not RTP
)

// Reason names why a packet went no further.
type Reason uint8

// The reasons.
const (
	Passed        Reason = iota // it did go on
	NotConfigured               // no lease, or no description yet
	ForeignSource               // neither described nor accepted, nor allowed to be
	OnProbation                 // from a source that may yet be accepted
	ForeignSSRC                 // right source, SSRC not pinned (yet)
	Malformed                   // not RTP, or not RTCP (RFC 3550 A.1, A.2)
	NotNegotiated               // payload type that we did not describe
	Misordered                  // an unconfirmed jump (RFC 3550 A.1)
	Held                        // the direction does not allow it
	NoDestination               // nowhere to send
	NoMapping                   // the other side has no such payload type
	TooLate                     // older than its feeder's first packet
	TooMany                     // RTCP above its rate
	Unconsumed                  // nobody listens to this endpoint
	Withheld                    // of a key that is not for the other side
	Delayed                     // kept until the next one comes
	Overtaken                   // what we have said in its place is as new
	Unauthentic                 // not under the key of an SRTP peer, plain RTP above all
	Replayed                    // SRTP that has been heard before, or is too late to tell
	Crowded                     // SRTP of more SSRCs than are kept apart
	Unprotected                 // it could not be made SRTP, so it is not sent
	Shaken                      // DTLS: it is for the handshake
	reasons
)

// Reasons is how many reasons there are: for arrays of counters.
const Reasons = int(reasons)

// String returns the name used in counters.
func (r Reason) String() string {
	switch r {
	case Passed:
		return "passed"
	case NotConfigured:
		return "not-configured"
	case ForeignSource:
		return "foreign-source"
	case OnProbation:
		return "on-probation"
	case ForeignSSRC:
		return "foreign-ssrc"
	case Malformed:
		return "malformed"
	case NotNegotiated:
		return "not-negotiated"
	case Misordered:
		return "misordered"
	case Held:
		return "held"
	case NoDestination:
		return "no-destination"
	case NoMapping:
		return "no-mapping"
	case TooLate:
		return "too-late"
	case TooMany:
		return "too-many"
	case Unconsumed:
		return "unconsumed"
	case Withheld:
		return "withheld"
	case Delayed:
		return "delayed"
	case Overtaken:
		return "overtaken"
	case Unauthentic:
		return "unauthentic"
	case Replayed:
		return "replayed"
	case Crowded:
		return "crowded"
	case Unprotected:
		return "unprotected"
	case Shaken:
		return "dtls"
	}
	return "unknown"
}

// Orders are what is to be said, for who drives the halves.
type Orders = dtmf.Orders

// Verdict is what an in-half has decided about one packet.
type Verdict struct {
	Action Action
	Reason Reason
	Kind   Kind
	// Codec is what audio is in.
	Codec Codec
	// Latched is set by the packet whose source became the peer, and by the
	// first one after the peer changed.
	Latched bool
	// Restarted is set by the first packet of a source, and of one that began its
	// numbers again under the same SSRC.
	Restarted bool
	// Key is the press that begins with this packet; none is zero.
	Key dtmf.Key
	// Withheld says that this packet of a key is not for the other side, and
	// Muted that this audio is silence there: a key that is withheld is down.
	Withheld, Muted bool
	// Press names the key press that this packet belongs to, and Shift leads from
	// the packet's timestamp to that of the press, which some senders do not
	// repeat.
	Press dtmf.Ordinal
	Shift uint32
	// Ended says that a withheld packet ends its key.
	Ended bool
	// Orders are what is to be said to the other side on account of it, before it.
	Orders dtmf.Orders
}
