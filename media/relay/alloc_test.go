//go:build !race

package relay_test

import (
	"testing"
	"time"

	"sekisho/media/golden"
)

func TestPacketsDoNotAllocate(t *testing.T) {
	for _, row := range golden.Table() {
		w := open(row.In, row.Out)
		steps := row.Steps
		buffer := make([]byte, 0, 2048)
		at := time.Duration(0)
		if n := testing.AllocsPerRun(100, func() {
			at += time.Second
			for _, s := range steps {
				w.packet.Data, w.packet.Source = append(buffer, s.In...), s.Source
				now := epoch.Add(at + s.At)
				v := w.in.Handle(now, &w.packet)
				if v.Action != 0 {
					w.out.Handle(now, &w.packet, v)
				}
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", row.Name, n)
		}
	}
}

func TestReportsDoNotAllocate(t *testing.T) {
	k := conversing(t)
	k.hear(1, 5)
	in := append(report(200, 5, 16000, block(ours, 50)), voip(ours, 1, 90)...)
	buffer := make([]byte, 0, 512)
	at, n := epoch, 0
	if n := testing.AllocsPerRun(100, func() {
		at, n = at.Add(8*time.Second), n+1
		if v := k.in.HandleRTCP(at, nearRTCP, in); v.Action == 0 {
			t.Fatal(v.Reason)
		}
		r, ok := k.in.Report(at)
		if !ok || len(k.toNear.AppendReport(buffer, r)) == 0 {
			t.Fatal("no report")
		}
		k.in.Measure(at)
		k.in.OneWay(at, &k.in)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRelay is the cost of one audio packet from verdict to rewritten.
func BenchmarkRelay(b *testing.B) {
	w := open(golden.Exact(), golden.Beyond())
	s := voice(0, 5, golden.Near)
	w.packet.Source = s.Source
	data := s.In
	now := epoch
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(20 * time.Millisecond)
		seq++
		data[0], data[1], data[2], data[3] = 2<<6, 0, byte(seq>>8), byte(seq)
		data[8], data[9], data[10], data[11] = 0, 0, 0, 5
		w.packet.Data = data
		v := w.in.Handle(now, &w.packet)
		if r := w.out.Handle(now, &w.packet, v); r != 0 {
			b.Fatal(v.Reason, r)
		}
	}
}
