package carrier

import (
	"github.com/pion/srtp/v3"

	sdes "sekisho/media/srtp"
)

// secured is a call's own SRTP, on the library alone: what the product decides
// beside it is there to be tried. The zero secured is plain RTP.
type secured struct {
	keys    sdes.Keys
	out, in *srtp.Context
}

// rekey takes the keys of a session. The suites are those of the style, so that
// a context that cannot be made is a fault of ours.
func (s *secured) rekey(k sdes.Keys) {
	if k == s.keys {
		return
	}
	if k.Out != s.keys.Out {
		s.out = contextOf(k.Out)
	}
	if k.In != s.keys.In {
		s.in = contextOf(k.In)
	}
	s.keys = k
}

func contextOf(k sdes.Key) *srtp.Context {
	profile, length := srtp.ProtectionProfileAes128CmHmacSha1_80, 16
	switch k.Suite() {
	case sdes.Plain:
		return nil
	case sdes.AES128CM80:
	case sdes.AES128CM32:
		profile = srtp.ProtectionProfileAes128CmHmacSha1_32
	case sdes.AES256CM80:
		profile, length = srtp.ProtectionProfileAes256CmHmacSha1_80, 32
	case sdes.AES256CM32:
		profile, length = srtp.ProtectionProfileAes256CmHmacSha1_32, 32
	case sdes.AES128GCM:
		profile = srtp.ProtectionProfileAeadAes128Gcm
	case sdes.AES256GCM:
		profile, length = srtp.ProtectionProfileAeadAes256Gcm, 32
	}
	m := k.Material()
	c, err := srtp.CreateContext(m[:length], m[length:], profile)
	if err != nil {
		panic(err)
	}
	return c
}

// protect returns what leaves for an RTP packet.
func (m *media) protect(p []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secured.out == nil {
		return p, nil
	}
	return m.secured.out.EncryptRTP(nil, p, nil)
}

// protectReport is protect for RTCP.
func (m *media) protectReport(p []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secured.out == nil {
		return p, nil
	}
	return m.secured.out.EncryptRTCP(nil, p, nil)
}

// open takes the protection off an RTP packet; m.mu is held.
func (s *secured) open(p []byte) ([]byte, bool) {
	if s.in == nil {
		return p, true
	}
	out, err := s.in.DecryptRTP(nil, p, nil)
	return out, err == nil
}

// openReport is open for RTCP.
func (s *secured) openReport(p []byte) ([]byte, bool) {
	if s.in == nil {
		return p, true
	}
	out, err := s.in.DecryptRTCP(nil, p, nil)
	return out, err == nil
}
