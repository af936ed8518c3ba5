package sdp

import (
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sekisho/media/srtp"
)

// Security says whether the media of a leg is SRTP.
type Security uint8

// The ways.
const (
	// SecurityOff speaks plain RTP only.
	SecurityOff Security = iota
	// SecurityOptional offers RTP/AVP with keys, which who does not know them
	// answers plainly (RFC 8643), and answers whatever is offered.
	SecurityOptional
	// SecurityRequired offers RTP/SAVP, or UDP/TLS/RTP/SAVP where there is a
	// Certificate, and agrees to nothing without keys.
	SecurityRequired
)

// Secure is how a leg keys its media. Suites are in the order of our offers;
// shared and read-only.
type Secure struct {
	Mode   Security
	Suites []srtp.Suite
	// Certificate is ours, for DTLS; zero does without.
	Certificate srtp.Fingerprint
	// Keyless says that no keys stand in SDP: they come by DTLS or not at all.
	Keyless bool
}

// Secret is what the keys of one session are made from. It prints as nothing.
type Secret [32]byte

// Format writes no part of the secret, for every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secret") }

// MarshalText writes no part of it into JSON and logs, only whether there is one.
func (s Secret) MarshalText() ([]byte, error) {
	if s == (Secret{}) {
		return nil, nil
	}
	return []byte("secret"), nil
}

// UnmarshalText reads that there is none: text holds no secrets.
func (s *Secret) UnmarshalText(text []byte) error {
	if len(text) > 0 {
		return errors.New("the secret of a session cannot be read from text")
	}
	*s = Secret{}
	return nil
}

// MarshalBinary is for snapshots: it holds the secret.
func (s Secret) MarshalBinary() ([]byte, error) { return s[:], nil }

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Secret) UnmarshalBinary(data []byte) error {
	if len(data) != len(s) {
		return errors.New("no secret of a session")
	}
	copy(s[:], data)
	return nil
}

// plain and savp report whether packets of proto are RTP or SRTP. The feedback
// profiles (RFC 4585, RFC 5124) only add what nobody has to send.
func plain(proto string) bool {
	return strings.EqualFold(proto, "RTP/AVP") || strings.EqualFold(proto, "RTP/AVPF")
}

func savp(proto string) bool {
	return strings.EqualFold(proto, "RTP/SAVP") || strings.EqualFold(proto, "RTP/SAVPF")
}

// choice is how an offered stream is answered; zero is plain RTP.
type choice struct {
	crypto Crypto
	dtls   DTLS // the peer's
}

// pick returns how we answer an offered stream: by DTLS where both sides can, as
// nothing of its keys stands in SDP, else by the first line that we speak: the
// offerer has put them in its order (RFC 4568 §5.1.2). ErrTransport and
// ErrSecurity are what cannot be answered.
func (c Secure) pick(a Audio) (choice, error) {
	if !plain(a.Proto) && (!savp(a.Proto) || c.Mode == SecurityOff) && (!overTLS(a.Proto) || !c.dtls()) {
		return choice{}, fmt.Errorf("%w: %q", ErrTransport, a.Proto)
	}
	switch {
	case c.Mode == SecurityOff:
		return choice{}, nil
	case c.dtls() && a.DTLS.offered():
		return choice{dtls: a.DTLS}, nil
	case overTLS(a.Proto):
		return choice{}, ErrSecurity
	}
	for _, k := range a.Crypto {
		if !c.Keyless && slices.Contains(c.Suites, k.Key.Suite()) {
			return choice{crypto: k}, nil
		}
	}
	if savp(a.Proto) || c.Mode == SecurityRequired {
		return choice{}, ErrSecurity
	}
	return choice{}, nil
}

// bound is how the leg keys its media from here on: what is SRTP stays so, and by
// the way that its keys came.
func (s *Session) bound() Secure {
	c := s.Secure
	switch {
	case s.Current.association().Ours.On():
		c.Mode, c.Keyless = SecurityRequired, true
	case s.secured():
		c.Mode, c.Certificate = SecurityRequired, srtp.Fingerprint{}
	}
	return c
}

// keysToOffer returns the lines of our next offer: what is in force, or all that we
// speak while nothing is. A session that was agreed plainly stays plain.
func (s *Session) keysToOffer() []Crypto {
	if now, ok := s.Negotiated(); ok {
		if now.Keys.Out.IsZero() {
			return nil
		}
		return []Crypto{{Tag: 1, Key: now.Keys.Out}}
	}
	if s.Secure.Mode == SecurityOff || s.Secure.Keyless || s.Secure.Mode == SecurityRequired && s.Secure.dtls() {
		return nil // an offer is of one way, but where RFC 8643 allows both
	}
	lines := make([]Crypto, 0, len(s.Secure.Suites))
	for i, suite := range s.Secure.Suites {
		lines = append(lines, Crypto{Tag: uint32(i + 1), Key: s.ourKey(suite)})
	}
	return lines
}

// ourKey returns our key of a suite: the one in force, or another. It is made
// from the session's secret and never comes again once it was replaced: under
// one key no index may be used twice.
func (s *Session) ourKey(suite srtp.Suite) srtp.Key {
	if now := s.Current.Negotiated.Keys.Out; now.Suite() == suite {
		return now
	}
	seed := append([]byte("sekisho srtp master key"), s.Local.Secret[:]...)
	seed = append(binary.BigEndian.AppendUint64(seed, s.Rekeyed), byte(suite))
	sum := sha512.Sum512(seed)
	k, _ := srtp.NewKey(suite, sum[:suite.Length()])
	return k
}

// secured reports whether what is in force is SRTP: then nothing else will be.
func (s *Session) secured() bool { return s.Current.secured() }

func (a *Agreement) secured() bool {
	return !a.Negotiated.Keys.Out.IsZero() || a.Negotiated.Handshake.On()
}

// answeredKeys returns what the peer's answer has made of the lines of our
// offer. A line that is not one of ours, or says what we do not do, is no way
// back to plain RTP: the peer would send what we take for noise. Where it has
// taken up our offer of DTLS there are none.
func (s *Session) answeredKeys(a Audio) (srtp.Keys, error) {
	offered, dtls := s.Exchange.Crypto, s.Exchange.DTLS.On()
	switch {
	case dtls && a.DTLS.answered():
		return srtp.Keys{}, nil
	case dtls && (overTLS(a.Proto) || a.Fingered && !a.Keyed):
		return srtp.Keys{}, ErrSecurity
	case !plain(a.Proto) && !savp(a.Proto), savp(a.Proto) && len(offered) == 0 && !dtls:
		return srtp.Keys{}, fmt.Errorf("%w: %q", ErrTransport, a.Proto)
	case len(offered) == 0 && !dtls:
		return srtp.Keys{}, nil
	case !a.Keyed && plain(a.Proto) && s.Secure.Mode != SecurityRequired && !s.securedBefore():
		return srtp.Keys{}, nil
	case len(a.Crypto) != 1: // "exactly one" (RFC 4568 §5.1.2)
		return srtp.Keys{}, ErrSecurity
	}
	theirs := a.Crypto[0]
	i := slices.IndexFunc(offered, func(c Crypto) bool { return c.Tag == theirs.Tag })
	if i < 0 || offered[i].Key.Suite() != theirs.Key.Suite() {
		return srtp.Keys{}, ErrSecurity
	}
	return distinct(srtp.Keys{In: theirs.Key, Out: offered[i].Key})
}

// securedBefore reports whether SRTP was in force when this exchange began.
func (s *Session) securedBefore() bool {
	before := s.before()
	return before.secured()
}

// distinct refuses a peer that gives our own key back: with one key in both
// directions the key streams of two packets could be the same.
func distinct(k srtp.Keys) (srtp.Keys, error) {
	if k.In.Same(&k.Out) {
		return srtp.Keys{}, ErrSecurity
	}
	return k, nil
}
