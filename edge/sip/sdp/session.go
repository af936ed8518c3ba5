package sdp

import "net/netip"

// Local is our side of one leg.
type Local struct {
	// Addr is where we want RTP. The caller sets it before Offer or Answer and
	// may change it between exchanges.
	Addr netip.AddrPort
	// Session and Version are those of our o= line (RFC 8866 §5.2). The caller
	// draws both; Version grows only when the text does.
	Session, Version uint64
	// Secret is what our keys are made from. The caller draws it, from what is
	// hard to guess, where the leg may speak SRTP.
	Secret Secret
}

// State is where a leg's offer/answer stands (RFC 3261 §13.2.1, RFC 3264 §4).
type State uint8

// The states of a Session.
const (
	Idle        State = iota // nothing agreed, nothing outstanding
	LocalOffer               // ours awaits the peer's answer
	RemoteOffer              // the peer's awaits our answer
	Stable                   // agreed
)

// Stream is one m= line of an exchange, as far as a later one has to repeat it.
type Stream struct {
	Kind, Proto, Format string
}

// Time is the t= line, in NTP seconds (RFC 8866 §5.9).
type Time struct{ Start, Stop uint64 }

// Exchange is the offer that is outstanding or was answered last.
type Exchange struct {
	Offer   Half
	Streams []Stream
	Audio   int // index in Streams
	Time    Time
	ByUs    bool
	// Crypto are the keys that we have offered, or the one of the peer's that we
	// answer; none for plain RTP.
	Crypto []Crypto
	// DTLS is what we have offered, or what the peer's offer says that we answer.
	DTLS DTLS
}

// Agreement is the outcome of an exchange. Streams is nil where there is none.
type Agreement struct {
	Streams    []Stream
	Audio      int // index in Streams
	Local      netip.AddrPort
	Negotiated Negotiated
	// DTLS is the association that the keys come from; nil is none. Read-only.
	DTLS *Association
	// Fax is what we say of a T.38 session.
	Fax Fax
	// Sent is our description of it. Read-only.
	Sent []byte
}

// Session is the offer/answer state of one leg, as plain data. Its zero value
// with Local set is Idle. The fields beside Local and Secure belong to the methods; they
// are exported to be carried over a restart. Slices are replaced, never
// written to, so a copy of the value is a fork of the session.
type Session struct {
	Local Local
	// Secure says how the leg keys its media; the caller sets it once.
	Secure Secure
	State  State
	// Settled ends the tolerance for the same answer once more.
	Settled bool
	// Rekeyed counts the keys of ours that others have replaced.
	Rekeyed uint64
	// Associated is the number of the last association.
	Associated uint32
	// Sent is the description we sent last. Read-only.
	Sent     []byte
	Exchange Exchange
	// Current is in force; Previous is what Rollback returns to while Current
	// is not settled: nil is none. Read-only.
	Current  Agreement
	Previous *Agreement
}

// Negotiated returns what is in force, and false before the first answer.
func (s *Session) Negotiated() (Negotiated, bool) {
	return s.Current.Negotiated, s.Current.Streams != nil
}

// Settle makes the last answer final: it went or came in a 2xx, an ACK, a PRACK
// or a reliable 18x. The next offer of either side implies it.
func (s *Session) Settle() {
	if s.State == Stable {
		s.Settled, s.Previous = true, nil
	}
}

// Rollback takes back the outstanding offer, or an answer that is not settled,
// after a refusal: the session and Local.Addr keep what they had (RFC 3264 §8,
// RFC 6141 §3). The version of what was sent is not used again for another
// text. Otherwise it does nothing.
func (s *Session) Rollback() {
	switch s.State {
	case Idle:
		return
	case Stable:
		if s.Settled {
			return
		}
	case LocalOffer, RemoteOffer:
	}
	s.Current, s.Previous, s.Exchange = s.before(), nil, Exchange{Time: s.Exchange.Time}
	if s.Current.Streams == nil {
		s.State, s.Settled = Idle, false
		return
	}
	s.State, s.Settled, s.Local.Addr = Stable, true, s.Current.Local
}

// before returns what was in force when the present exchange began.
func (s *Session) before() Agreement {
	switch {
	case s.State != Stable:
		return s.Current
	case s.Previous == nil:
		return Agreement{}
	}
	return *s.Previous
}
