package relay_test

import (
	"testing"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/g711"
	"sekisho/media/golden"
	"sekisho/media/relay"
)

// tones are keys in PCMU audio of 20 ms packets, 60 ms each with 60 ms between.
func tones(keys string) []byte {
	var pcm []int16
	for i := range len(keys) {
		tone := make([]int16, 960)
		dtmf.Tone(dtmf.Key(keys[i]), 0, tone[:480])
		pcm = append(pcm, tone...)
	}
	ulaw := make([]byte, len(pcm))
	g711.EncodeMu(ulaw, pcm)
	return ulaw
}

// heardIn returns the keys that an ear finds in audio that left.
func heardIn(sent []spoken, c relay.Codec) (keys string) {
	var ear dtmf.Ear
	for _, s := range sent {
		if s.event() {
			continue
		}
		pcm := make([]int16, len(s.data)-12)
		if c == relay.PCMA {
			g711.DecodeA(pcm, s.data[12:])
		} else {
			g711.DecodeMu(pcm, s.data[12:])
		}
		h, _ := ear.Listen(pcm)
		for _, change := range h.Changes() {
			if !change.Ended {
				keys += string(change.Key)
			}
		}
	}
	return keys
}

func eventKeys(sent []spoken) (keys string) {
	last := uint32(0)
	for _, s := range sent {
		if s.event() && (keys == "" || s.ts != last) {
			key, _ := dtmf.KeyOf(s.data[12])
			keys += string(key)
			last = s.ts
		}
	}
	return keys
}

func (k *talker) hum(ulaw []byte) {
	for ; len(ulaw) >= 160; ulaw = ulaw[160:] {
		k.give(golden.RTP{Timestamp: k.ts, Body: ulaw[:160]})
		k.ts += 160
		k.wait(20 * ms)
	}
}

// A peer without telephone-event says keys in its audio: who hears it gets them
// as events, and nothing of the tones. Its pairs of stars are held back as others'.
func TestKeysInTheAudio(t *testing.T) {
	for _, c := range []struct {
		pressed, heard string
		rule           dtmf.Rule
	}{
		{"1590*#", "1590*#", dtmf.Rule{}},
		{"**5", "5", dtmf.Rule{Mode: dtmf.StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}},
		{"*0", "*0", dtmf.Rule{Mode: dtmf.StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}},
	} {
		in := golden.Exact()
		in.EventIn, in.EventOut, in.Inband, in.Stars = relay.NoPayload, relay.NoPayload, true, c.rule
		k := talk(in, golden.Beyond())
		k.say(5)
		k.hum(tones(c.pressed))
		k.say(60)
		k.wait(time.Second)
		if k.keys != c.pressed {
			t.Errorf("%q is told as %q", c.pressed, k.keys)
		}
		if got := eventKeys(k.sent); got != c.heard {
			t.Errorf("%q is said as %q, want %q", c.pressed, got, c.heard)
		}
		if leaked := heardIn(k.sent, relay.PCMU); leaked != "" {
			t.Errorf("%q: the tones of %q are heard", c.pressed, leaked)
		}
		for i, s := range k.sent[1:] {
			if s.seq != k.sent[i].seq+1 {
				t.Errorf("%q: number %d behind %d", c.pressed, s.seq, k.sent[i].seq)
			}
		}
	}
}

// Audio whose peer has no telephone-event is late by one packet, and otherwise as
// it was.
func TestAudioThatIsSearched(t *testing.T) {
	in := golden.Exact()
	in.Inband = true
	k := talk(in, golden.Beyond())
	if v := k.give(golden.RTP{Timestamp: k.ts, Body: golden.Voice(1)}); v.Reason != relay.Delayed {
		t.Errorf("the first packet: %v", v.Reason)
	}
	k.ts += 160
	k.wait(20 * ms)
	k.say(50)
	if len(k.sent) != 50 {
		t.Fatalf("%d packets left, want 50 of 51", len(k.sent))
	}
	k.unbroken(t)
	if got := k.sent[0].data[12:]; string(got) != string(golden.Voice(1)) {
		t.Error("the first packet is not what was said first")
	}
}

// Toward a peer without telephone-event keys are said as tones, each long enough.
func TestKeysBecomeTones(t *testing.T) {
	for _, codec := range []relay.Codec{relay.PCMU, relay.PCMA} {
		out := golden.Beyond()
		out.EventOut, out.Tones, out.Codec = relay.NoPayload, true, codec
		k := talk(golden.Exact(), out)
		k.say(5)
		for _, code := range []uint8{1, 5, 10, 11} {
			k.press(code, 2)
			k.say(5)
		}
		k.say(20)
		if got := heardIn(k.sent, codec); got != "15*#" {
			t.Errorf("codec %v: heard %q", codec, got)
		}
		for i, s := range k.sent[1:] {
			if before := k.sent[i]; s.event() || s.seq != before.seq+1 || int32(s.ts-before.ts) < 160 {
				t.Errorf("codec %v: %+v follows %+v", codec, s.header, before.header)
			}
		}
	}
}

// A press that signalling tells of goes the way of the others, and is one with
// that which RTP tells of within 0.4 s, whichever comes first.
func TestPressesToldOf(t *testing.T) {
	k := talk(golden.Exact(), golden.Beyond())
	tell := func(key dtmf.Key) {
		told, orders := k.in.Press(epoch.Add(k.now), relay.Press{Key: key, Length: 100})
		if told != 0 {
			k.keys += string(told)
		}
		k.out.Order(epoch.Add(k.now), &orders)
	}
	k.say(5)
	tell('7')
	k.say(20)
	k.press(5, 5)
	tell('5') // of the same press
	k.say(30)
	tell('5')
	k.press(5, 5) // of the same press
	k.say(30)
	k.press(5, 5)
	k.say(30)
	tell('5')
	k.say(30)
	if k.keys != "75555" {
		t.Errorf("told of %q", k.keys)
	}
	if got := eventKeys(k.sent); got != "75555" {
		t.Errorf("said %q", got)
	}
}
