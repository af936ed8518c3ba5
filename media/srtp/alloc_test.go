//go:build !race

package srtp

import (
	"bytes"
	"testing"
)

func TestNothingIsAllocated(t *testing.T) {
	for _, suite := range allSuites() {
		k := someKey(t, suite, 1)
		s, r := sender(t, k), receiver(t, k)
		seq := uint16(0)
		packet, compound := voice(7, 0), report(7)
		buffer := make([]byte, 0, 2048)
		if n := testing.AllocsPerRun(1000, func() {
			seq++
			packet[2], packet[3] = byte(seq>>8), byte(seq)
			p, ok := s.RTP(append(buffer[:0], packet...))
			if !ok {
				t.Fatal("not protected")
			}
			if _, f := r.RTP(p); f != None {
				t.Fatal(f)
			}
			c, ok := s.RTCP(append(buffer[:0], compound...))
			if !ok {
				t.Fatal("not protected")
			}
			if _, f := r.RTCP(c); f != None {
				t.Fatal(f)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a packet and a report", suite, n)
		}
	}
}

func BenchmarkSender(b *testing.B) {
	for _, suite := range allSuites() {
		b.Run(suite.String(), func(b *testing.B) {
			s := sender(b, someKey(b, suite, 1))
			packet, buffer, seq := voice(7, 0), make([]byte, 0, 2048), uint16(0)
			b.ReportAllocs()
			for b.Loop() {
				seq++
				packet[2], packet[3] = byte(seq>>8), byte(seq)
				if _, ok := s.RTP(append(buffer[:0], packet...)); !ok {
					b.Fatal("not protected")
				}
			}
		})
	}
}

func BenchmarkReceiver(b *testing.B) {
	for _, suite := range allSuites() {
		b.Run(suite.String(), func(b *testing.B) {
			k := someKey(b, suite, 1)
			s, r := sender(b, k), receiver(b, k)
			seq := uint16(0)
			var batch [1000][]byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%len(batch) == 0 {
					b.StopTimer()
					for j := range batch {
						seq++
						p, _ := s.RTP(voice(7, seq))
						batch[j] = bytes.Clone(p)
					}
					b.StartTimer()
				}
				if _, f := r.RTP(batch[i%len(batch)]); f != None {
					b.Fatal(f)
				}
			}
		})
	}
}
