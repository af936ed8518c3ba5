package srtp

import "encoding/binary"

const (
	fixedHeader = 12
	rtcpHeader  = 8
	extension   = 0x10
	// rtcpIndex is the word with the E flag and the index of SRTCP (RFC 3711
	// §3.4), rtcpTag the HMAC behind it, whatever the suite's tag for RTP.
	rtcpIndex = 4
	rtcpTag   = 10
	encrypted = 1 << 31
)

// headerLength returns the length of the RTP header, which is never encrypted,
// or 0 where there is none. What the library would refuse with an error of its
// own is refused here.
func headerLength(p []byte) int {
	if len(p) < fixedHeader || p[0]>>6 != 2 {
		return 0
	}
	n := fixedHeader + 4*int(p[0]&0x0f)
	if p[0]&extension != 0 {
		if len(p) < n+4 {
			return 0
		}
		switch binary.BigEndian.Uint16(p[n:]) {
		case 0xc0de, 0xc2de: // encrypted extensions (RFC 9335), which we do not offer
			return 0
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(p[n+2:]))
	}
	if len(p) < n {
		return 0
	}
	return n
}

func sequence(p []byte) uint16 { return binary.BigEndian.Uint16(p[2:]) }
func source(p []byte) uint32   { return binary.BigEndian.Uint32(p[8:]) }

// control reads the SSRC, and the word with E flag and index, of an SRTCP packet
// of a suite; ok is false where it is too short to be one.
func control(s Suite, p []byte) (ssrc, word uint32, ok bool) {
	tail := rtcpIndex
	tag := 0
	if gcm(s) {
		tag = table[s].tag
	} else {
		tail += rtcpTag
	}
	if len(p) < rtcpHeader+tag+tail || p[0]>>6 != 2 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[len(p)-tail:]), true
}

func gcm(s Suite) bool { return s == AES128GCM || s == AES256GCM }

// guess returns the index of the packet with a sequence number that is nearest
// to the newest index known (RFC 3711 appendix A).
func guess(newest uint64, seq uint16) uint64 {
	index := int64(newest) + int64(int16(seq-uint16(newest)))
	if index < 0 {
		index += 1 << 16
	}
	return uint64(index)
}
