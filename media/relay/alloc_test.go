//go:build !race

package relay_test

import (
	"encoding/binary"
	"testing"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/golden"
	"sekisho/media/relay"
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

// A pair of stars, a lone one that is said when its time has come, a key behind
// it, and a key in the audio.
func TestKeysDoNotAllocate(t *testing.T) {
	in := golden.Exact()
	in.Inband = true
	in.Stars = dtmf.Rule{Mode: dtmf.StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}
	w := open(in, golden.Beyond())
	buffer, body := make([]byte, 0, 2048), make([]byte, 172)
	now, seq, ts, said := epoch, uint16(0), uint32(0), 0
	due := func() {
		orders := w.in.Expire(now)
		w.out.Order(now, &orders)
		for w.packet.Data = buffer; w.out.Due(now, &w.packet); w.packet.Data = buffer {
			said++
		}
	}
	give := func(pt byte, at uint32, payload ...byte) {
		seq++
		body[0], body[1], body[2], body[3], body[11] = 2<<6, pt, byte(seq>>8), byte(seq), 5
		binary.BigEndian.PutUint32(body[4:], at)
		n := copy(body[12:], payload)
		w.packet.Data, w.packet.Source = append(buffer, body[:12+n]...), golden.Near
		if v := w.in.Handle(now, &w.packet); v.Action == relay.Forward {
			w.out.Handle(now, &w.packet, v)
		}
	}
	voice, tone := golden.Voice(1), tones("5")
	packet := func(audio []byte) {
		give(0, ts, audio...)
		ts += 160
		now = now.Add(20 * ms)
		due()
	}
	key := func(code byte) {
		give(101|0x80, ts, code, 10, 0, 160)
		now = now.Add(20 * ms)
		due()
		give(101, ts, code, 0x8a, 1, 64)
		ts += 320
		now = now.Add(20 * ms)
		due()
	}
	if n := testing.AllocsPerRun(20, func() {
		for _, code := range []byte{10, 10, 3, 10, 7} {
			key(code)
			for range 3 {
				packet(voice)
			}
		}
		key(10)
		for range 60 {
			packet(voice)
		}
		for i := 0; i < 960; i += 160 {
			packet(tone[i : i+160])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if said < 20*3*6 {
		t.Errorf("%d packets were said", said)
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
		k.in.Unheard(at)
		k.in.OneWay(at)
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
