//go:build !race

package g711

import "testing"

func TestConversionsDoNotAllocate(t *testing.T) {
	pcm, octets := make([]int16, 160), make([]byte, 160)
	if n := testing.AllocsPerRun(100, func() {
		EncodeMu(octets, pcm)
		DecodeMu(pcm, octets)
		MuToA(octets, octets)
		DecodeA(pcm, octets)
		EncodeA(octets, pcm)
		AToMu(octets, octets)
	}); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkEncodeMu(b *testing.B) {
	pcm, octets := make([]int16, 160), make([]byte, 160)
	for i := range pcm {
		pcm[i] = int16(i * 401)
	}
	for b.Loop() {
		EncodeMu(octets, pcm)
	}
}

func BenchmarkMuToA(b *testing.B) {
	octets := make([]byte, 160)
	for b.Loop() {
		MuToA(octets, octets)
	}
}
