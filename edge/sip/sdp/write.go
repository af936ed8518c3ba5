package sdp

import (
	"bytes"
	"strconv"
	"strings"

	"sekisho/media/relay"
)

// body is what one description of ours says beside Session.Local.
type body struct {
	streams   []Stream
	audio     int // index of ours
	formats   []Codec
	ptime     uint8
	direction relay.Direction
	time      Time
	crypto    []Crypto
	dtls      DTLS
	fax       Fax
}

// publish writes b as this leg's description. "If the version in the origin
// line does not increment, the SDP MUST be identical to the SDP with that
// version number" (RFC 3264 §8): the version grows with the text, also past a
// text that was rolled back.
func (s *Session) publish(b body) []byte {
	text := s.append(make([]byte, 0, 256), b)
	if s.Sent != nil {
		if bytes.Equal(text, s.Sent) {
			return s.Sent
		}
		s.Local.Version++
		text = s.append(text[:0], b)
	}
	s.Sent = text
	return text
}

// append writes b in the order of RFC 8866 §5. s=- and o=- as RFC 3264 §5 and
// carriers' interface papers want them.
func (s *Session) append(dst []byte, b body) []byte {
	dst = append(dst, "v=0\r\no=- "...)
	dst = strconv.AppendUint(dst, s.Local.Session, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendUint(dst, s.Local.Version, 10)
	dst = s.appendAddress(append(dst, ' '))
	dst = append(dst, "s=-\r\nc="...)
	dst = s.appendAddress(dst)
	dst = append(dst, "t="...)
	dst = strconv.AppendUint(dst, b.time.Start, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendUint(dst, b.time.Stop, 10)
	dst = append(dst, "\r\n"...)
	for i, st := range b.streams {
		if i == b.audio && b.fax.On {
			dst = s.appendFax(dst, st, b)
			continue
		}
		if i == b.audio {
			dst = s.appendAudio(dst, st, b)
			continue
		}
		dst = appendMedia(dst, st, 0)
		dst = append(dst, ' ')
		dst = append(dst, st.Format...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

func (s *Session) appendAddress(dst []byte) []byte {
	addr := s.Local.Addr.Addr().Unmap()
	family := "IN IP6 "
	if addr.Is4() {
		family = "IN IP4 "
	}
	dst = addr.AppendTo(append(dst, family...))
	return append(dst, "\r\n"...)
}

func (s *Session) appendAudio(dst []byte, st Stream, b body) []byte {
	dst = appendMedia(dst, st, s.Local.Addr.Port())
	for _, f := range b.formats {
		dst = strconv.AppendUint(append(dst, ' '), uint64(f.PT), 10)
	}
	for _, f := range b.formats {
		dst = strconv.AppendUint(append(dst, "\r\na=rtpmap:"...), uint64(f.PT), 10)
		dst = append(append(dst, ' '), f.Name...)
		dst = strconv.AppendUint(append(dst, '/'), uint64(f.Rate), 10)
		if f.event() {
			// The sixteen keys (RFC 4733 §3.2); no other event is read.
			dst = strconv.AppendUint(append(dst, "\r\na=fmtp:"...), uint64(f.PT), 10)
			dst = append(dst, " 0-15"...)
		}
	}
	for _, c := range b.crypto {
		dst = appendCrypto(dst, c)
	}
	dst = appendDTLS(dst, b.dtls)
	dst = strconv.AppendUint(append(dst, "\r\na=ptime:"...), uint64(b.ptime), 10)
	dst = append(append(dst, "\r\na="...), directionName(b.direction)...)
	return append(dst, "\r\n"...)
}

func appendMedia(dst []byte, st Stream, port uint16) []byte {
	dst = append(append(dst, "m="...), st.Kind...)
	dst = strconv.AppendUint(append(dst, ' '), uint64(port), 10)
	return append(append(dst, ' '), st.Proto...)
}

// streams copies the m= lines of d without holding on to its text.
func streams(d *Description) []Stream {
	out := make([]Stream, len(d.media))
	for i, m := range d.media {
		format, _ := field(m.Formats)
		if !token(format) {
			format = "0" // an m= line names at least one (RFC 3264 §6)
		}
		out[i] = Stream{intern(m.Kind), intern(m.Proto), intern(format)}
	}
	return out
}

// intern spares the copy of the words that nearly every description uses.
func intern(s string) string {
	for _, known := range [...]string{"audio", "RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVP", "0", "8", "video", "image"} {
		if s == known {
			return known
		}
	}
	return strings.Clone(s)
}
