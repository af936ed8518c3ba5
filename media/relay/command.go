package relay

import (
	"net/netip"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/srtp"
)

// Slot names one endpoint: an RTP/RTCP port pair of ours that was leased
// already bound. Epoch tells two leases of the same pair apart, so that a
// command or an event that arrives late never touches the next call.
// The zero Slot names nothing.
type Slot struct {
	Index uint32
	Epoch uint32
}

// Pair is a leased slot with the address its RTP socket is bound to. RTCP is
// bound to the same address, port plus one (RFC 3550 §11).
type Pair struct {
	Slot Slot
	Addr netip.AddrPort
}

// PayloadType is the 7-bit RTP payload type (RFC 3550 §5.1).
type PayloadType uint8

// NoPayload marks a payload type that was not negotiated.
const NoPayload PayloadType = 0xff

// Direction is what an endpoint may do toward its peer, from our view
// (RFC 3264 §5.1).
type Direction uint8

// The directions of RFC 3264.
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

// Sends reports whether d allows us to send.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether d allows us to receive.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// Learning says which sources may become an endpoint's latched peer.
type Learning uint8

// The learning rules of an endpoint.
const (
	// LearnExact latches on the first valid packet from the described address
	// and on nothing else.
	LearnExact Learning = iota
	// LearnPrefix latches on the described address at once, or on another
	// source inside Prefixes after the probation of Endpoint.
	LearnPrefix
)

// Spec is what signalling has settled about one endpoint: both halves.
// The laws of G.711 are converted where two endpoints differ, as the branches of a
// fork may; payload type numbers may differ per leg and direction.
type Spec struct {
	// Remote is where our RTP goes and where the peer's is expected from;
	// RemoteRTCP likewise for RTCP. An invalid address sends nothing.
	Remote, RemoteRTCP netip.AddrPort
	// Prefixes bound what may ever be latched (a trunk's media_prefixes).
	// Shared and read-only.
	Prefixes []netip.Prefix
	Learning Learning
	Direction
	// AudioIn and EventIn are the payload types the peer was told to send us;
	// AudioOut and EventOut those the peer wants to receive.
	AudioIn, AudioOut PayloadType
	EventIn, EventOut PayloadType
	// Codec is the audio format both directions carry.
	Codec Codec
	// Ptime is the packet length in milliseconds for what we generate.
	Ptime uint8
	// Datagrams says that the session is none of RTP, but UDPTL (ITU-T T.38): what
	// the peer's one address sends passes as it stands.
	Datagrams bool
	// Stars is what becomes of pairs of stars that the peer presses.
	Stars dtmf.Rule
	// Signalled says that whoever hears the peer is told of its keys by signalling, by
	// the event Pressed, and gets silence in their place.
	Signalled bool
	// Inband says that the peer's keys are heard in its audio. It is then 20 ms
	// late, and silent while a key is down.
	Inband bool
	// Tones says that keys are said as tones in the audio where EventOut is none.
	Tones bool
	// TOS is the IPv4 TOS or IPv6 traffic class byte of what we send.
	TOS uint8
	// Keys make both directions SRTP and SRTCP; zero is plain RTP. The halves
	// see packets without their protection: whoever drives them takes it off
	// before InHalf.Handle and puts it on behind OutHalf.Handle.
	Keys srtp.Keys
	// Handshake makes both directions SRTP too, under keys that a DTLS association
	// gives. Until it has, nothing is sent and nothing heard.
	Handshake srtp.Handshake
	// Mux says that RTCP goes by the port of RTP.
	Mux bool
}

// Codec names an audio format that the media plane can generate.
type Codec uint8

// The codecs of RFC 3551 that trunks carry.
const (
	PCMU Codec = iota
	PCMA
)

// Command is what signalling asks of the media plane. A command that names a
// slot of an older epoch is ignored.
type Command interface{ command() }

// Configure sets a slot's endpoint to Spec. Sending it again is a change of
// description (re-INVITE, answer after early media): the latch is re-armed
// only if Remote, Prefixes or Learning differ; the out-half stays one
// continuous stream.
type Configure struct {
	Slot Slot
	Spec Spec
}

// Join makes each of two endpoints the feeder of the other's out-half. What
// fed them before stops feeding them.
type Join struct{ A, B Slot }

// Play makes a player feed a slot's out-half. When a finite source has been
// sent whole, the event Played carries Token back.
type Play struct {
	Slot   Slot
	Source Source
	Token  uint64
}

// Source names what to play: a prompt or tone by its key, in order, the whole
// list Repeat times (0 means once, Forever until told otherwise).
type Source struct {
	Keys   []string
	Repeat int
}

// Forever repeats a source until another command replaces it.
const Forever = -1

// Silence takes the feeder from a slot's out-half: nothing is sent.
type Silence struct{ Slot Slot }

// Watch expects to hear a slot's peer: when nothing has come from it for For, the
// event Silent says so, once. It counts from the command, and whatever the
// accepted peer sends counts as heard. A For of zero expects nothing.
type Watch struct {
	Slot Slot
	For  time.Duration
	// Pausing is a peer that may say nothing for a while once it was heard, as a
	// PBX does whose party is on hold there: that is no one-way audio.
	Pausing bool
}

// Keys says what becomes of the keys that a slot's peer presses, from its next
// press on; until the first such command they pass. Each press is told by the
// event Digit either way.
type Keys struct {
	Slot Slot
	Mode KeyMode
}

// Press is a key press that a slot's peer has told of by signalling (INFO). It
// goes the way of those that come by RTP, and where both tell of one within 0.4 s
// it is one.
type Press struct {
	Slot   Slot
	Key    dtmf.Key
	Length dtmf.Millis
}

// KeyMode is what becomes of a peer's keys.
type KeyMode uint8

// The modes of Keys.
const (
	// PassKeys gives them to whoever hears the peer.
	PassKeys KeyMode = iota
	// ConsumeKeys keeps them: who hears the peer gets silence while a key is
	// down, in one stream without a gap.
	ConsumeKeys
	// ConsumeCodes keeps * and # likewise, and passes all others.
	ConsumeCodes
)

// Release ends a lease. Both halves stop at once; the pair stays bound and is
// drained in quarantine before it is leased again.
type Release struct{ Slot Slot }

func (Configure) command() {}
func (Join) command()      {}
func (Play) command()      {}
func (Silence) command()   {}
func (Watch) command()     {}
func (Keys) command()      {}
func (Press) command()     {}
func (Release) command()   {}

// Event is what the media plane tells signalling.
type Event interface{ event() }

// Played reports that a finite source was sent whole.
type Played struct {
	Slot  Slot
	Token uint64
}

// Digit reports one key press heard on a slot, once, at the first packet of it
// that arrived.
type Digit struct {
	Slot Slot
	Key  dtmf.Key
	At   time.Time // when that packet arrived
}

// Pressed reports a whole key press of a slot whose Spec is Signalled, behind the
// rule for stars: when the key is up, or a star is known to be alone.
type Pressed struct {
	Slot   Slot
	Key    dtmf.Key
	Length dtmf.Millis
}

// Silent reports that a watched slot's peer has not been heard for as long as
// Watch allows.
type Silent struct{ Slot Slot }

// OneWay reports that a watched slot's peer is not heard while it is spoken to.
// It comes within two seconds of its last packet, once for each time.
type OneWay struct{ Slot Slot }

// Latched reports the source that a slot has accepted as its peer.
type Latched struct {
	Slot   Slot
	Remote netip.AddrPort
}

// Released carries the final statistics of a slot: for the CDR.
type Released struct {
	Slot  Slot
	Stats Stats
}

// Stats counts one endpoint's traffic since its lease began.
type Stats struct {
	Received, ReceivedBytes uint64 // valid RTP from the latched peer
	Sent, SentBytes         uint64 // RTP out
	Lost                    int64  // RFC 3550 A.3, may be negative with duplicates
	Late, Duplicate         uint64
	JitterMicros            uint32 // RFC 3550 A.8, microseconds
	DroppedSource           uint64 // from another source than the latched peer
	DroppedInvalid          uint64 // not RTP, or a payload type not negotiated
	SSRCChanges             uint32 // of the latched peer
	Contested               uint32 // packets of a rival source while the peer was alive
	DroppedSRTP             uint64 // from where the peer may be, but not authentic
	Quality                 Quality
	StarPairs               uint32 // pairs of stars that were swallowed
}

// Keyed reports that a slot's DTLS association has its keys.
type Keyed struct {
	Slot  Slot
	Suite srtp.Suite
}

// Unkeyed reports that a slot's DTLS association has come to nothing: its peer will
// not be heard.
type Unkeyed struct {
	Slot   Slot
	Reason string
}

// Failed reports that a command could not be carried out; the endpoint keeps
// what it had.
type Failed struct {
	Slot   Slot
	Reason string
}

func (Played) event()   {}
func (Digit) event()    {}
func (Pressed) event()  {}
func (Silent) event()   {}
func (OneWay) event()   {}
func (Latched) event()  {}
func (Released) event() {}
func (Keyed) event()    {}
func (Unkeyed) event()  {}
func (Failed) event()   {}
