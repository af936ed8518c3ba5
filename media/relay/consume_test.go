package relay_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/golden"
	"sekisho/media/relay"
)

// talker is one direction in virtual time: what its peer says, each packet at
// its time, and what leaves.
type talker struct {
	*wire
	now  time.Duration
	seq  uint16
	ts   uint32
	sent []spoken
	keys string
}

// spoken is one packet that left.
type spoken struct {
	at   time.Duration
	data []byte
	header
}

func talk(in, out relay.Spec) *talker { return &talker{wire: open(in, out), seq: 1000, ts: 160000} }

func (s spoken) event() bool   { return s.data[1]&0x7f == 96 }
func (s spoken) silence() bool { return len(bytes.Trim(s.data[12:], "\xff")) == 0 }

// wait lets time pass, as a worker would.
func (k *talker) wait(d time.Duration) {
	end := k.now + d
	for {
		at := k.in.Deadline()
		if out := k.out.Deadline(); at.IsZero() || !out.IsZero() && out.Before(at) {
			at = out
		}
		if at.IsZero() || at.After(epoch.Add(end)) {
			break
		}
		k.now = at.Sub(epoch)
		orders := k.in.Expire(at)
		k.out.Order(at, &orders)
		for p := (relay.Packet{Data: make([]byte, 0, 512)}); k.out.Due(at, &p); p.Data = make([]byte, 0, 512) {
			k.leave(p.Data)
		}
	}
	k.now = end
}

func (k *talker) leave(d []byte) { k.sent = append(k.sent, spoken{k.now, d, look(d)}) }

// give delivers the next packet of the peer's.
func (k *talker) give(p golden.RTP) relay.Verdict {
	p.Sequence, p.SSRC = k.seq, 5
	k.seq++
	out, v := k.pass(golden.Step{At: k.now, Source: golden.Near, In: p.Bytes()})
	if out != nil {
		k.leave(out)
	}
	if v.Key != 0 {
		k.keys += string(v.Key)
	}
	return v
}

func (k *talker) say(packets int) {
	for range packets {
		k.give(golden.RTP{Timestamp: k.ts, Body: golden.Voice(int(k.seq))})
		k.ts += 160
		k.wait(20 * ms)
	}
}

// press presses a key for some packets of 20 ms, its end three times, and returns
// what became of the first of them.
func (k *talker) press(code uint8, packets int) (first relay.Verdict) {
	for n := 1; n <= packets; n++ {
		v := k.give(golden.RTP{Mark: n == 1, Type: 101, Timestamp: k.ts, Body: golden.Event(code, golden.More, uint16(160*n))})
		if n == 1 {
			first = v
		}
		k.wait(20 * ms)
	}
	for range 3 {
		k.give(golden.RTP{Type: 101, Timestamp: k.ts, Body: golden.Event(code, golden.Last, uint16(160*packets))})
	}
	k.ts += 160 * uint32(packets)
	return first
}

// unbroken checks that the receiver sees one stream: numbers without a gap, a
// time that goes on by one packet's length, nothing later than half of one.
func (k *talker) unbroken(t *testing.T) {
	t.Helper()
	for i, s := range k.sent[1:] {
		before := k.sent[i]
		if s.seq != before.seq+1 || s.ts != before.ts+160 || s.at-before.at > 30*ms {
			t.Errorf("packet %d: %+v at %v follows %+v at %v", i+1, s.header, s.at, before.header, before.at)
		}
	}
}

// A key that is consumed is told at its first packet; who hears the peer gets
// silence in its place.
func TestConsumedKeys(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.in.Keys(relay.ConsumeKeys)
	k.say(5)
	if v := k.press(10, 5); v.Key != '*' || v.Reason != relay.Withheld {
		t.Errorf("the first packet of a key: %+v", v)
	}
	k.say(5)
	k.press(1, 5)
	k.wait(2 * time.Second) // and no audio behind it
	if k.keys != "*1" {
		t.Errorf("told of %q", k.keys)
	}
	if slices.ContainsFunc(k.sent, spoken.event) {
		t.Error("an event left")
	}
	k.unbroken(t)
	if s := k.sent[5]; !s.silence() || s.mark {
		t.Errorf("in a key's place: %x", s.data)
	}
	first := slices.IndexFunc(k.sent[5:], func(s spoken) bool { return !s.silence() }) + 5
	if first != 10 || !k.sent[first].mark {
		t.Errorf("audio goes on with packet %d: %+v", first, k.sent[first].header)
	}
	if last := k.sent[len(k.sent)-1]; last.at > 500*ms {
		t.Errorf("silence was still sent at %v", last.at)
	}
}

// Audio that a sender goes on with while its key is down is silence to the
// other side, in either law of G.711.
func TestConsumedKeysMuteAudio(t *testing.T) {
	for codec, silence := range map[relay.Codec]byte{relay.PCMU: 0xff, relay.PCMA: 0xd5} {
		out := golden.Beyond()
		out.Codec = codec
		k := talk(golden.Exact(), out)
		k.in.Keys(relay.ConsumeKeys)
		k.say(3)
		began := k.ts
		for n := 1; n <= 5; n++ {
			k.give(golden.RTP{Mark: n == 1, Type: 101, Timestamp: began, Body: golden.Event(10, golden.More, uint16(160*n))})
			k.say(1)
		}
		k.give(golden.RTP{Type: 101, Timestamp: began, Body: golden.Event(10, golden.Last, 800)})
		k.say(3)
		k.unbroken(t)
		for i, s := range k.sent {
			if mute := bytes.Equal(s.data[12:], bytes.Repeat([]byte{silence}, 160)); mute != (i >= 3 && i < 8) {
				t.Errorf("codec %v: packet %d is silent: %v", codec, i, mute)
			}
		}
	}
}

// A press keeps the mode that it began with.
func TestKeysChangeBetweenPresses(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.say(2)
	k.give(golden.RTP{Mark: true, Type: 101, Timestamp: k.ts, Body: golden.Event(1, golden.More, 160)})
	k.in.Keys(relay.ConsumeKeys)
	k.give(golden.RTP{Type: 101, Timestamp: k.ts, Body: golden.Event(1, golden.Last, 320)})
	k.ts += 640
	k.give(golden.RTP{Mark: true, Type: 101, Timestamp: k.ts, Body: golden.Event(2, golden.More, 160)})
	k.in.Keys(relay.PassKeys)
	k.give(golden.RTP{Type: 101, Timestamp: k.ts, Body: golden.Event(2, golden.Last, 320)})
	var codes []byte
	for _, s := range k.sent {
		if s.event() {
			codes = append(codes, s.data[12])
		}
	}
	if !bytes.Equal(codes, []byte{1, 1}) {
		t.Errorf("events %v left, want both packets of 1", codes)
	}
}

// Where there was no audio, no silence is made up.
func TestNoSilenceInAPause(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.in.Keys(relay.ConsumeKeys)
	k.press(5, 5)
	k.say(2)
	k.wait(time.Second)
	k.press(5, 5)
	k.wait(time.Second)
	if len(k.sent) != 2 {
		t.Errorf("%d packets left, want the two of audio", len(k.sent))
	}
}

// Only * and # are kept back, where they are what commands us.
func TestConsumeCodes(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.in.Keys(relay.ConsumeCodes)
	k.say(2)
	for _, code := range []byte{10, 5, 11} {
		k.press(code, 5)
		k.say(2)
	}
	if k.keys != "*5#" {
		t.Errorf("told of %q", k.keys)
	}
	for _, s := range k.sent {
		if s.event() && s.data[12] != 5 {
			t.Errorf("event %d left", s.data[12])
		}
	}
	if !slices.ContainsFunc(k.sent, spoken.event) {
		t.Error("the 5 did not leave")
	}
}

// A sender whose clock stood still while we said a key goes on behind the key, not
// in the past: whoever plays the stream would take its audio for late.
func TestClockThatStoodStill(t *testing.T) {
	for _, repeated := range []bool{false, true} {
		k := talk(golden.Exact(), golden.Beyond())
		k.say(5)
		k.wait(2 * time.Second)
		var orders dtmf.Orders
		orders.Add(dtmf.Order{Op: dtmf.Say, Key: '5', Length: 100})
		k.out.Order(epoch.Add(k.now), &orders)
		k.wait(500 * ms)
		said := len(k.sent)
		if said < 8 || !k.sent[said-1].event() {
			t.Fatalf("%d packets, no key behind the first five", said)
		}
		if repeated { // by the network: it says nothing of the clock
			again := golden.RTP{Sequence: k.seq - 1, SSRC: 5, Timestamp: k.ts - 160, Body: golden.Voice(int(k.seq - 1))}
			k.pass(golden.Step{At: k.now, Source: golden.Near, In: again.Bytes()})
		}
		k.say(3)
		if got := len(k.sent) - said; got != 3 {
			t.Fatalf("%d packets of 3 leave behind the key", got)
		}
		for i, s := range k.sent[1:] {
			if before := k.sent[i]; s.seq != before.seq+1 || int32(s.ts-before.ts) < 0 {
				t.Errorf("repeated %v: packet %d: %+v follows %+v", repeated, i+1, s.header, before.header)
			}
		}
		if s := k.sent[said]; !s.mark {
			t.Error("the audio behind the key does not begin a talkspurt")
		}
	}
}

// RFC 3551 §4.1: the first packet behind what was left out is marked, not one of
// before it that comes late.
func TestLatePacketIsNotTheFirstBehindAGap(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.in.Keys(relay.ConsumeKeys)
	k.say(5)
	late := golden.RTP{Sequence: k.seq, SSRC: 5, Timestamp: k.ts, Body: golden.Voice(int(k.seq))}
	k.seq++
	k.ts += 160
	k.wait(200 * ms) // long enough that nothing fills the key's place
	k.press(10, 5)
	if _, v := k.pass(golden.Step{At: k.now, Source: golden.Near, In: late.Bytes()}); v.Reason != relay.Passed {
		t.Fatalf("the late packet: %v", v.Reason)
	}
	k.say(2)
	if len(k.sent) != 7 || !k.sent[5].mark || k.sent[6].mark {
		t.Errorf("behind the key: %+v", k.sent[5:])
	}
}

// A key whose packets are each stamped anew may belong to one of before a jump of
// the numbers; it follows the newest packet sent all the same.
func TestKeyBehindARestart(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	k.say(3)
	k.press(5, 5)
	k.say(1)
	newest := k.sent[len(k.sent)-1]
	k.seq += 4000
	end := golden.RTP{Type: 101, Timestamp: k.ts, Body: golden.Event(5, golden.Last, 800)}
	if v := k.give(end); v.Reason != relay.Misordered { // RFC 3550 A.1
		t.Fatalf("the first packet behind a jump: %v", v.Reason)
	}
	k.give(end)
	if s := k.sent[len(k.sent)-1]; !s.event() || s.seq != newest.seq+1 || int32(s.ts-newest.ts) < 160 {
		t.Errorf("%+v follows %+v", s.header, newest.header)
	}
}
