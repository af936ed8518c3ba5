package g711

import "math/bits"

// ASilence is the A-law octet for the smallest positive sample, what an idle
// PCMA stream carries. A-law has no zero.
const ASilence = 0xd5

// aInvert toggles the even bits of every octet on the line (G.711 §3.2).
const aInvert = 0x55

// ASample returns the linear value of one A-law octet (G.711 Table 1,
// column 8, times 8): -32256 to 32256.
func ASample(octet byte) int16 { return aSamples[octet] }

// AOctet returns the A-law octet nearest to one linear sample. Negative
// samples mirror positive ones in ones' complement, as in ITU-T G.191.
func AOctet(sample int16) byte {
	sign := sample >> 15 // 0 or -1
	magnitude := uint16(sample^sign) >> 4
	// Segments 0 and 1 share one step size, so the lowest has no leading one.
	segment := max(bits.Len16(magnitude)-4, 0)
	step := magnitude >> max(segment-1, 0) & 0x0f
	return (^byte(sign)&0x80 | byte(segment)<<4 | byte(step)) ^ aInvert
}

// DecodeA writes the linear values of src's octets to pcm.
func DecodeA(pcm []int16, src []byte) int {
	n := min(len(pcm), len(src))
	for i, octet := range src[:n] {
		pcm[i] = aSamples[octet]
	}
	return n
}

// EncodeA writes the A-law octets of pcm's samples to dst.
func EncodeA(dst []byte, pcm []int16) int {
	n := min(len(dst), len(pcm))
	for i, sample := range pcm[:n] {
		dst[i] = AOctet(sample)
	}
	return n
}

// aSamples is the decoder of G.711 Table 1. Read-only.
var aSamples = aDecoder()

func aDecoder() (t [256]int16) {
	for octet := range t {
		code := byte(octet) ^ aInvert
		segment := code >> 4 & 7
		magnitude := int16(code&0x0f)<<1 + 1
		if segment > 0 {
			magnitude = (magnitude + 32) << (segment - 1)
		}
		if code&0x80 == 0 {
			magnitude = -magnitude
		}
		t[octet] = magnitude << 3
	}
	return t
}
