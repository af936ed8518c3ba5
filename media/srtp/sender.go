package srtp

import (
	"encoding/binary"
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// Sender protects what one stream of ours sends.
type Sender struct {
	key     Key
	context *srtp.Context
	header  rtp.Header
	stream  stream
	seen    window
}

// stream is how far the one SSRC that matters has come under a key.
type stream struct {
	index   uint64 // of its newest RTP packet
	ssrc    uint32
	control uint32 // index of its newest RTCP packet; the first is 1
	known   bool   // ssrc
	begun   bool   // index
}

// NewSender returns the sender of a key, which must not be zero.
func NewSender(k Key) (*Sender, error) {
	c, err := newContext(k)
	if err != nil {
		return nil, err
	}
	return &Sender{key: k, context: c}, nil
}

func newContext(k Key) (*srtp.Context, error) {
	key, salt := k.master()
	c, err := srtp.CreateContext(key, salt, table[k.suite].profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("srtp context: %w", err) // it names lengths, not keys
	}
	return c, nil
}

// Key returns the key in use.
func (s *Sender) Key() Key { return s.key }

// RTP protects a packet in place, growing it into its capacity by at most
// Overhead. It reports false, and the packet must not be sent, for an index that
// was protected before or is 64 behind, for another SSRC than the first, for what
// is no RTP, and when a key has served for 2^48 packets (RFC 3711 §9.2).
func (s *Sender) RTP(p []byte) ([]byte, bool) {
	if headerLength(p) == 0 || !s.stream.is(source(p)) {
		return nil, false
	}
	index := uint64(sequence(p))
	if s.stream.begun {
		index = guess(s.stream.index, sequence(p))
	}
	if index>>48 != 0 || !s.seen.take(&s.stream, index) {
		return nil, false
	}
	if roc, ok := s.context.ROC(s.stream.ssrc); !ok || uint64(roc) != index>>16 {
		// The library's own estimate must not differ from ours: an index is used
		// once because we have counted it.
		s.context.SetROC(s.stream.ssrc, uint32(index>>16))
	}
	out, err := s.context.EncryptRTP(p[:0], p, &s.header)
	return out, err == nil
}

// RTCP protects a compound packet as RTP does.
func (s *Sender) RTCP(p []byte) ([]byte, bool) {
	if len(p) < rtcpHeader || !s.stream.is(binary.BigEndian.Uint32(p[4:])) {
		return nil, false
	}
	out, err := s.context.EncryptRTCP(p[:0], p, nil)
	if err != nil {
		return nil, false
	}
	s.stream.control++
	return out, true
}

// is pins the first SSRC and reports whether this is it.
func (s *stream) is(ssrc uint32) bool {
	if !s.known {
		s.ssrc, s.known = ssrc, true
	}
	return s.ssrc == ssrc
}

// window remembers which of the last 64 indices were used; bit 0 is the newest.
type window uint64

// take notes index as used and reports whether it was not.
func (w *window) take(s *stream, index uint64) bool {
	switch {
	case !s.begun:
		*w = 1
		s.begun, s.index = true, index
	case index > s.index:
		*w = *w<<(index-s.index) | 1
		s.index = index
	default:
		behind := s.index - index
		if behind >= 64 || *w&(1<<behind) != 0 {
			return false
		}
		*w |= 1 << behind
	}
	return true
}
