package leg

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
)

// use sets our side of the session before an offer or answer is made.
func (l *Leg) use(s *sdp.Session, m Media) {
	if s.Local.Session == 0 {
		s.Local.Session = token.SessionID(l.env.Source)
		s.Local.Version = 1
	}
	if s.Secure.Mode != sdp.SecurityOff && s.Local.Secret == (sdp.Secret{}) {
		s.Local.Secret = newSecret(l.env.Source)
	}
	s.Local.Addr = m.Addr
}

// makeOffer writes our offer.
func (l *Leg) makeOffer(m Media) ([]byte, error) {
	l.use(&l.session, m)
	return l.session.Offer(m.Caps, m.Direction)
}

// makeAnswer writes our answer to the peer's outstanding offer.
func (l *Leg) makeAnswer(m Media) ([]byte, error) { return l.answerIn(&l.session, m) }

// answerIn does so in one of several early dialogs.
func (l *Leg) answerIn(s *sdp.Session, m Media) ([]byte, error) {
	l.use(s, m)
	return s.Answer(m.Caps, m.Direction)
}

// negotiated returns a copy of what is in force in s, or nil.
func negotiated(s *sdp.Session) *sdp.Negotiated {
	n, ok := s.Negotiated()
	if !ok {
		return nil
	}
	return &n
}

// newSecret draws what the keys of a session are made from: 256 bits.
func newSecret(s token.Source) (secret sdp.Secret) {
	for i := 0; i < len(secret); i += 16 {
		half := token.Bytes16(s)
		copy(secret[i:], half[:])
	}
	return secret
}

// describe is Describe under the leg's terms.
func (l *Leg) describe(m sip.Message) (*sdp.Description, error) { return describe(m, l.session.Secure) }

// Describe returns the session description a message carries, or nil when it
// carries none. Any other body is not ours to read. Its Audio is what a leg
// without SRTP would use.
func Describe(m sip.Message) (*sdp.Description, error) { return describe(m, sdp.Secure{}) }

func describe(m sip.Message, secure sdp.Secure) (*sdp.Description, error) {
	b := m.Body()
	if len(b) == 0 {
		return nil, nil
	}
	kind, _, _ := strings.Cut(header.First(m, "Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), sdpType) {
		return nil, nil
	}
	return sdp.ParseSecure(b, secure)
}
