package dtls

import (
	"net/netip"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// Message is what a worker tells of a slot's association.
type Message struct {
	Kind      MessageKind
	Slot      relay.Slot
	Handshake srtp.Handshake
	// Peer is where a Record came from, or whom to Begin with.
	Peer netip.AddrPort
	// Described says that Peer is the address that the peer has described.
	Described bool
	Data      []byte // of a Record; copied
}

// MessageKind tells messages apart.
type MessageKind uint8

// The kinds.
const (
	Begin  MessageKind = iota // we are the client
	Record                    // a datagram of DTLS
	Late                      // one behind the handshake's end: for who is there, and nobody new
	End                       // the association is over
)

// Answer is what the room tells a slot's worker. It has no effect on a later lease
// or another association.
type Answer struct {
	Kind      AnswerKind
	Slot      relay.Slot
	Handshake srtp.Handshake
	// Peer is where to Send, or who has proven to be the peer, or has failed to.
	Peer netip.AddrPort
	// Described is the Message's that the candidate began with.
	Described bool
	Data      []byte    // to Send; the receiver's
	Keys      srtp.Keys // where Keyed
	Reason    string    // where Refused
}

// AnswerKind tells answers apart.
type AnswerKind uint8

// The kinds.
const (
	Send AnswerKind = iota
	Keyed
	Refused // the handshake with Peer is over without keys
)

// IsRecord reports whether a datagram on the port of RTP is DTLS (RFC 7983 §7).
func IsRecord(datagram []byte) bool {
	return len(datagram) > 0 && datagram[0] >= 20 && datagram[0] <= 63
}
