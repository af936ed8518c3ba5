package relay_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

// header is what a receiver sees of one packet of our stream.
type header struct {
	mark bool
	seq  uint16
	ts   uint32
	ssrc uint32
}

func look(d []byte) header {
	return header{d[1]&0x80 != 0, binary.BigEndian.Uint16(d[2:]), binary.BigEndian.Uint32(d[4:]), binary.BigEndian.Uint32(d[8:])}
}

// prompt sends the nth 20 ms packet of a player through out.
func prompt(t *testing.T, out *relay.OutHalf, at time.Duration, n int) []byte {
	t.Helper()
	p := relay.Packet{Data: append(make([]byte, 12), golden.Voice(n)...)}
	if r := out.Generate(epoch.Add(at), &p, relay.Numbers{Feeder: 1, Sequence: uint16(n), Timestamp: uint32(160 * n)}); r != relay.Passed {
		t.Fatalf("prompt packet %d: %v", n, r)
	}
	return p.Data
}

// Prompt, then a peer, then another peer, then the first again after a pause:
// the receiver sees one SSRC, numbers without a gap, a timestamp that follows
// the clock, and the marker at each beginning.
func TestOneStreamWhateverFeedsIt(t *testing.T) {
	a := open(golden.Exact(), golden.Beyond())
	c := open(golden.Exact(), golden.Beyond())
	out := &a.out
	var got []header
	var begins []int
	feed := func() { out.Feed(); begins = append(begins, len(got)) }
	via := func(w *wire, n int, ssrc uint32, at time.Duration) {
		s := voice(n, ssrc, golden.Near)
		w.packet.Data, w.packet.Source = s.In, s.Source
		v := w.in.Handle(epoch.Add(at), &w.packet)
		if r := out.Handle(epoch.Add(at), &w.packet, v); r != relay.Passed {
			t.Fatalf("packet %d: %v %v", n, v.Reason, r)
		}
		got = append(got, look(w.packet.Data))
	}
	now := time.Duration(0)
	step := func() time.Duration { now += 20 * ms; return now }
	feed()
	for n := range 5 {
		got = append(got, look(prompt(t, out, step(), n)))
	}
	feed()
	now -= 15 * ms // the peer's first packet follows the prompt by 5 ms
	for n := range 5 {
		via(a, 60000+n, 5, step())
	}
	feed()
	for n := range 5 {
		via(c, 7+n, 6, step())
	}
	feed()
	now += 3 * time.Second
	for n := range 5 {
		via(a, 60500+n, 5, step())
	}
	for i, h := range got {
		begin := false
		for _, b := range begins {
			begin = begin || b == i
		}
		if h.ssrc != uint32(golden.Identity.SSRC) || h.seq != golden.Identity.Sequence+uint16(i) || h.mark != begin {
			t.Errorf("packet %d is %+v", i, h)
		}
		if i > 0 && int32(h.ts-got[i-1].ts) < 160 {
			t.Errorf("packet %d: timestamp advances by %d, audio would overlap", i, int32(h.ts-got[i-1].ts))
		}
	}
	if d := got[15].ts - got[14].ts; d != 8000*302/100 {
		t.Errorf("over a pause of 3.02 s the timestamp advances by %d, want %d", d, 8000*302/100)
	}
}

// A packet of the new feeder that is older than the one it was spliced at must
// not take a number that the feeder before has used.
func TestLateAcrossSplice(t *testing.T) {
	w := open(golden.Exact(), golden.Beyond())
	prompt(t, &w.out, 0, 0)
	w.out.Feed()
	w.pass(voice(11, 5, golden.Near))
	if _, v := w.pass(voice(10, 5, golden.Near)); v.Reason != relay.TooLate {
		t.Errorf("got %v, want too-late", v.Reason)
	}
}

// Where the peer goes on from another address, what it said meanwhile was not
// lost: it takes no number, whatever its own were.
func TestAnotherSourceLeavesNoGap(t *testing.T) {
	w := open(learner(), golden.Beyond())
	var before []byte
	for n := range 5 { // three of them on probation
		before, _ = w.pass(voice(n, 5, golden.Rival))
	}
	after, v := w.pass(voice(3900, 5, golden.Near))
	if !v.Latched || after == nil {
		t.Fatalf("the described source: %+v", v)
	}
	if b, a := look(before), look(after); a.seq != b.seq+1 || !a.mark {
		t.Errorf("before %+v, after %+v", b, a)
	}
}

// The floor of a splice must not stop a stream once 32768 numbers have passed.
func TestLongStream(t *testing.T) {
	w := open(golden.Exact(), golden.Beyond())
	for n := range 150_000 {
		if _, v := w.pass(voice(n, 5, golden.Near)); v.Reason != relay.Passed {
			t.Fatalf("packet %d: %v", n, v.Reason)
		}
	}
}

// RFC 3264 §8.4: a stream put on hold and taken up again is one stream; what
// was not sent takes no number.
func TestHoldLeavesNoGap(t *testing.T) {
	w := open(golden.Exact(), golden.Beyond())
	before, _ := w.pass(voice(0, 5, golden.Near))
	held := golden.Beyond()
	held.Direction = relay.RecvOnly
	w.out.Configure(held, held.Remote)
	for n := 1; n < 50; n++ {
		if out, v := w.pass(voice(n, 5, golden.Near)); out != nil || v.Reason != relay.Held {
			t.Fatalf("packet %d left during hold: %v", n, v.Reason)
		}
	}
	w.out.Configure(golden.Beyond(), golden.Far)
	after, _ := w.pass(voice(50, 5, golden.Near))
	b, a := look(before), look(after)
	if a.seq != b.seq+1 || a.ts-b.ts != 50*160 || !a.mark {
		t.Errorf("before %+v, after %+v", b, a)
	}
}

func TestStatsOfCaptures(t *testing.T) {
	for _, c := range []struct {
		name     string
		received uint64
		lost     int64
		late     uint64
		twice    uint64
		invalid  uint64
		changes  uint32
	}{
		{"g711u_50pkt", 50, 0, 0, 0, 0, 0},
		{"g711u_seqwrap", 40, 0, 0, 0, 0, 0},
		{"g711u_loss_reorder_dup", 55, 5, 1, 1, 0, 0}, // six missing, less the one that came twice (A.3)
		{"ssrc_change", 47, 0, 0, 0, 0, 1},            // three of the new SSRC on probation
		{"cn_pt13", 20, 0, 0, 0, 1, 0},                // comfort noise was not negotiated and is no loss
		{"dtmf_1_2_3", 33, 0, 0, 0, 0, 0},
		{"amrwb_oob_pt", 0, 0, 0, 0, 10, 0},
	} {
		packets, err := golden.Capture(c.name)
		if err != nil {
			t.Fatal(err)
		}
		w := open(golden.Exact(), golden.Beyond())
		for _, p := range packets {
			w.pass(golden.Step{At: p.At, Source: golden.Near, In: p.Data})
		}
		s := w.in.Stats(epoch)
		if s.Received != c.received || s.Lost != c.lost || s.Late != c.late || s.Duplicate != c.twice ||
			s.DroppedInvalid != c.invalid || s.SSRCChanges != c.changes {
			t.Errorf("%s: %+v", c.name, s)
		}
		var sent relay.Stats
		w.out.AddTo(&sent)
		if sent.Sent != c.received {
			t.Errorf("%s: %d received, %d sent", c.name, c.received, sent.Sent)
		}
	}
}

// A payload of another codec passes byte for byte where it was negotiated.
func TestPayloadIsNeverTouched(t *testing.T) {
	packets, err := golden.Capture("amrwb_oob_pt")
	if err != nil {
		t.Fatal(err)
	}
	in, out := golden.Exact(), golden.Beyond()
	in.AudioIn, out.AudioOut = 96, 97
	w := open(in, out)
	for i, p := range packets {
		sent, v := w.pass(golden.Step{At: p.At, Source: golden.Near, In: p.Data})
		if v.Reason != relay.Passed || sent[1]&0x7f != 97 || !bytes.Equal(sent[12:], p.Data[12:]) {
			t.Fatalf("packet %d: %v %x", i, v.Reason, sent)
		}
	}
}
