package g711

import "math/bits"

// MuSilence is the mu-law octet for a zero sample, what an idle PCMU stream
// carries.
const MuSilence = 0xff

// muBias moves every segment's end point to a power of two: 33 in units of
// the 14-bit code.
const muBias = 33

// muTop is the largest biased 14-bit magnitude; what lies above is clipped.
const muTop = 1<<13 - 1

// MuSample returns the linear value of one mu-law octet (G.711 Table 2,
// column 8, times 4): -32124 to 32124.
func MuSample(octet byte) int16 { return muSamples[octet] }

// MuOctet returns the mu-law octet nearest to one linear sample. Negative
// samples mirror positive ones in ones' complement, as in ITU-T G.191.
func MuOctet(sample int16) byte {
	sign := sample >> 15 // 0 or -1
	biased := min(uint16(sample^sign)>>2+muBias, muTop)
	segment := bits.Len16(biased) - 6
	step := biased >> (segment + 1) & 0x0f
	return ^(byte(sign)&0x80 | byte(segment)<<4 | byte(step))
}

// DecodeMu writes the linear values of src's octets to pcm.
func DecodeMu(pcm []int16, src []byte) int {
	n := min(len(pcm), len(src))
	for i, octet := range src[:n] {
		pcm[i] = muSamples[octet]
	}
	return n
}

// EncodeMu writes the mu-law octets of pcm's samples to dst.
func EncodeMu(dst []byte, pcm []int16) int {
	n := min(len(dst), len(pcm))
	for i, sample := range pcm[:n] {
		dst[i] = MuOctet(sample)
	}
	return n
}

// muSamples is the decoder of G.711 Table 2. Read-only.
var muSamples = muDecoder()

func muDecoder() (t [256]int16) {
	for octet := range t {
		code := ^byte(octet)
		magnitude := (int16(code&0x0f)<<1+muBias)<<(code>>4&7) - muBias
		if code&0x80 != 0 {
			magnitude = -magnitude
		}
		t[octet] = magnitude << 2
	}
	return t
}
