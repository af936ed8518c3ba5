package scenario

import (
	"fmt"
	"strings"

	"sekisho/edge/sip/sdp"
	"sekisho/media/srtp"
)

// secure has a party's calls from here on speak SRTP: secure PARTY
// off|optional|require [suites=AEAD_AES_128_GCM,…].
func (p *play) secure(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	s := sdp.Secure{}
	switch c.word(1) {
	case "off":
	case "optional":
		s.Mode = sdp.SecurityOptional
	case "require":
		s.Mode = sdp.SecurityRequired
	default:
		return "", fmt.Errorf("no way %q", c.word(1))
	}
	for name := range strings.SplitSeq(c.option("suites", "AEAD_AES_128_GCM,AES_CM_128_HMAC_SHA1_80"), ",") {
		suite, ok := srtp.ParseSuite(name)
		if !ok {
			return "", fmt.Errorf("no suite %q", name)
		}
		s.Suites = append(s.Suites, suite)
	}
	r.terms.Secure = s
	return "", nil
}

// secured is a call's own end of SRTP: nothing where it is plain RTP.
type secured struct {
	keys srtp.Keys
	out  *srtp.Sender
	in   *srtp.Receiver
	// strange counts what came and was not authentic.
	strange int
}

// rekey takes the keys of a session.
func (s *secured) rekey(k srtp.Keys) error {
	was := s.keys
	s.keys = k
	if k == (srtp.Keys{}) {
		s.out, s.in = nil, nil
		return nil
	}
	var err error
	if s.out == nil || was.Out != k.Out {
		if s.out, err = srtp.NewSender(k.Out); err != nil {
			return err
		}
	}
	if s.in != nil {
		return s.in.Rekey(k.In)
	}
	s.in, err = srtp.NewReceiver(k.In)
	return err
}

// protect makes a packet SRTP where the session is.
func (s *secured) protect(data []byte) []byte {
	if s.out == nil {
		return data
	}
	out, ok := s.out.RTP(append(make([]byte, 0, len(data)+srtp.Overhead), data...))
	if !ok {
		panic("a party cannot protect its own packet")
	}
	return out
}

// open takes the protection off, and reports whether the packet may be heard.
func (s *secured) open(data []byte) ([]byte, bool) {
	if s.in == nil {
		return data, true
	}
	out, f := s.in.RTP(append([]byte(nil), data...))
	if f == srtp.Unauthentic || f == srtp.Malformed {
		s.strange++
	}
	return out, f == srtp.None
}
