package sdp

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"sekisho/media/srtp"
)

// Setup is who begins a DTLS handshake (RFC 4145 §4, RFC 5763 §5).
type Setup uint8

// The values of a=setup.
const (
	NoSetup  Setup = iota // not said
	ActPass               // either, as the other side likes
	Active                // the writer
	Passive               // the other side
	HoldConn              // nobody yet, or a word that we do not know
)

// DTLS is what one side says of the association that its media is keyed by
// (RFC 8842). The zero DTLS says nothing.
type DTLS struct {
	Fingerprint srtp.Fingerprint
	Setup       Setup
	// ID is a=tls-id: another one is another association. Empty where not said.
	ID string
	// Mux says that RTCP comes by the port of RTP (RFC 5761): an association of
	// its own for RTCP is not spoken.
	Mux bool
}

// On reports whether anything is said.
func (d DTLS) On() bool { return !d.Fingerprint.IsZero() }

// Association is what both sides have said; our Setup is Active or Passive.
type Association struct{ Ours, Theirs DTLS }

// kept is a as an Agreement holds it.
func (a Association) kept() *Association {
	if !a.Ours.On() {
		return nil
	}
	kept := a // a itself stays off the heap
	return &kept
}

// association is the one that the keys come from, zero if none.
func (a *Agreement) association() Association {
	if a.DTLS == nil {
		return Association{}
	}
	return *a.DTLS
}

// offered and answered report whether an offer or an answer says enough. An offer
// without a=setup is active (RFC 4145 §4); an answer has to choose.
func (d DTLS) offered() bool  { return d.On() && d.Setup != HoldConn }
func (d DTLS) answered() bool { return d.On() && (d.Setup == Active || d.Setup == Passive) }

// same reports whether two descriptions of a peer are of one association.
func (d DTLS) same(other DTLS) bool { return d.Fingerprint == other.Fingerprint && d.ID == other.ID }

// suits reports whether ours, Active or Passive, goes with what the peer offers.
func (d DTLS) suits(ours Setup) bool {
	switch d.Setup {
	case ActPass:
		return true
	case Active, NoSetup:
		return ours == Passive
	case Passive:
		return ours == Active
	case HoldConn:
	}
	return false
}

// clone does not hold on to the text that d was read from.
func (d DTLS) clone() DTLS {
	d.ID = strings.Clone(d.ID)
	return d
}

// overTLS reports whether proto is SRTP keyed by DTLS (RFC 5764 §8).
func overTLS(proto string) bool {
	return strings.EqualFold(proto, "UDP/TLS/RTP/SAVP") || strings.EqualFold(proto, "UDP/TLS/RTP/SAVPF")
}

// dtls reports whether the leg speaks DTLS.
func (c Secure) dtls() bool { return c.Mode != SecurityOff && !c.Certificate.IsZero() }

// dtlsToOffer returns what our next offer says: the association in force, or a new
// one while nothing is. What was agreed otherwise stays so.
func (s *Session) dtlsToOffer() DTLS {
	if _, ok := s.Negotiated(); ok {
		ours := s.Current.association().Ours
		if ours.On() {
			ours.Setup = ActPass
		}
		return ours
	}
	if !s.Secure.dtls() {
		return DTLS{}
	}
	return DTLS{Fingerprint: s.Secure.Certificate, Setup: ActPass, ID: s.tlsID(), Mux: true}
}

// dtlsToAnswer returns what we answer a peer's offer with: the same as before where
// the association stays, else as server if the peer lets us, because the peer
// may be behind a NAT.
func (s *Session) dtlsToAnswer(theirs DTLS) DTLS {
	before := s.before()
	for _, was := range [...]Association{s.Current.association(), before.association()} {
		if was.Theirs.On() && was.Theirs.same(theirs) && theirs.suits(was.Ours.Setup) {
			was.Ours.Mux = theirs.Mux
			return was.Ours
		}
	}
	ours := DTLS{Fingerprint: s.Secure.Certificate, Setup: Passive, Mux: theirs.Mux}
	if !theirs.suits(Passive) {
		ours.Setup = Active
	}
	if theirs.ID != "" {
		ours.ID = s.tlsID()
	}
	return ours
}

// taken is the association that the peer's answer makes of our offer.
func (s *Session) taken(theirs DTLS) (Association, error) {
	a := Association{s.Exchange.DTLS, theirs.clone()}
	if a.Ours.Setup == theirs.Setup {
		return a, ErrSecurity // both would begin, or none
	}
	if a.Ours.Setup = Passive; theirs.Setup == Passive {
		a.Ours.Setup = Active
	}
	return a, nil
}

// associate returns the handshake of an association: the one in force where both
// sides say the same as before.
func (s *Session) associate(a Association) srtp.Handshake {
	h := srtp.Handshake{Role: srtp.Server, Peer: a.Theirs.Fingerprint, Number: s.Associated + 1}
	if a.Ours.Setup == Active {
		h.Role = srtp.Client
	}
	for _, was := range [...]Agreement{s.Current, s.before()} {
		known, with := was.Negotiated.Handshake, was.association()
		if known.Role == h.Role && known.Peer == h.Peer && with.Theirs.same(a.Theirs) && with.Ours.ID == a.Ours.ID {
			return known
		}
	}
	return h
}

// tlsID names the next association of ours: 144 bits that nobody guesses
// (RFC 8842 §4).
func (s *Session) tlsID() string {
	seed := append([]byte("sekisho tls-id"), s.Local.Secret[:]...)
	sum := sha512.Sum512(binary.BigEndian.AppendUint32(seed, s.Associated+1))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// maxTLSID bounds a=tls-id, in bytes (RFC 8842 §4).
const maxTLSID = 255

// fingerprint reads "sha-256 4A:AD:…". Certificates are known by SHA-256 alone, and
// of several the first counts.
func (at *attributes) fingerprint(v string) {
	at.fingered = true
	hash, rest := field(v)
	value, _ := field(rest)
	if f, ok := srtp.ParseFingerprint(value); ok && strings.EqualFold(hash, "sha-256") {
		at.dtls.Fingerprint = first(at.dtls.Fingerprint, f)
	}
}

func parseSetup(v string) Setup {
	for s, name := range setups {
		if name != "" && strings.EqualFold(v, name) {
			return Setup(s)
		}
	}
	return HoldConn
}

var setups = [...]string{ActPass: "actpass", Active: "active", Passive: "passive", HoldConn: "holdconn"}

// String returns the word in SDP; empty for NoSetup.
func (s Setup) String() string {
	if int(s) >= len(setups) {
		return ""
	}
	return setups[s]
}

func appendDTLS(dst []byte, d DTLS) []byte {
	if !d.On() {
		return dst
	}
	dst = append(append(dst, "\r\na=setup:"...), d.Setup.String()...)
	dst = append(append(dst, "\r\na=fingerprint:sha-256 "...), d.Fingerprint.String()...)
	if d.ID != "" {
		dst = append(append(dst, "\r\na=tls-id:"...), d.ID...)
	}
	if d.Mux {
		dst = append(dst, "\r\na=rtcp-mux"...)
	}
	return dst
}
