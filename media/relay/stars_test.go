package relay_test

import (
	"testing"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/golden"
)

// carrier is a talker whose pairs of stars are swallowed (SPEC R53).
func carrier() *talker {
	in := golden.Exact()
	in.Stars = dtmf.Rule{Mode: dtmf.StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}
	return talk(in, golden.Beyond())
}

// received are the keys that the next receiver down the line makes of what left.
func received(sent []spoken) (keys string) {
	in := golden.Exact()
	in.EventIn = 96
	w := open(in, golden.Beyond())
	for _, s := range sent {
		w.packet.Data, w.packet.Source = append([]byte(nil), s.data...), golden.Near
		if v := w.in.Handle(epoch.Add(s.at), &w.packet); v.Key != 0 {
			keys += string(v.Key)
		}
	}
	return keys
}

// SPEC R53: what random presses do not lead to.
func TestStarsAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(k *talker)
		want string
	}{
		{"before any audio", func(k *talker) { k.press(10, 5); k.wait(2 * time.Second) }, "*"},
		{"a pair before any audio", func(k *talker) {
			k.press(10, 5)
			k.ts += 2400
			k.wait(300 * ms)
			k.press(10, 5)
			k.wait(2 * time.Second)
		}, ""},
		{"and then the call ends", func(k *talker) { k.say(5); k.press(10, 5); k.say(20) }, ""},
		{"down for 10 s: one key in several events (RFC 4733 §2.5.1.3)", func(k *talker) {
			k.say(5)
			began := k.ts
			for n := 1; n <= 400; n++ { // its sender sends none longer than 8 s
				k.give(golden.RTP{Mark: n == 1, Type: 101, Timestamp: began, Body: golden.Event(10, golden.More, uint16(160*n))})
				k.wait(20 * ms)
			}
			for n := 401; n <= 520; n++ {
				k.give(golden.RTP{Type: 101, Timestamp: began + 64000, Body: golden.Event(10, golden.More, uint16(160*(n-400)))})
				k.wait(20 * ms)
			}
			k.give(golden.RTP{Type: 101, Timestamp: began + 64000, Body: golden.Event(10, golden.Last, 160*120)})
			k.ts = began + 160*520
			k.say(50)
		}, "*"},
		{"a new description while it is waited for", func(k *talker) {
			k.say(5)
			k.press(10, 5)
			k.say(2)
			moved := golden.Exact()
			moved.Ptime = 30
			k.in.Configure(moved)
			k.say(10)
		}, "*"},
		{"keys above 15 pass", func(k *talker) {
			k.say(5)
			k.press(16, 5)
			k.say(5)
			k.press(10, 5)
			k.say(5)
			k.press(10, 5)
			k.say(60)
		}, ""},
	} {
		k := carrier()
		c.act(k)
		if got := received(k.sent); got != c.want {
			t.Errorf("%s: heard %q, want %q", c.name, got, c.want)
		}
		for i := 1; i < len(k.sent); i++ {
			if k.sent[i].seq != k.sent[i-1].seq+1 {
				t.Errorf("%s: number %d behind %d", c.name, k.sent[i].seq, k.sent[i-1].seq)
			}
		}
	}
}

// A key goes on under another SSRC: it is one, and withheld under both.
func TestStarOverAnotherSSRC(t *testing.T) {
	k := carrier()
	k.say(5)
	began := k.ts
	for n := 1; n <= 12; n++ {
		ssrc := uint32(5)
		if n > 4 {
			ssrc = 9
		}
		end := golden.More
		if n == 12 {
			end = golden.Last
		}
		p := golden.RTP{Mark: n == 1, Type: 101, Sequence: k.seq, SSRC: ssrc, Timestamp: began, Body: golden.Event(10, end, uint16(160*n))}
		k.seq++
		if out, v := k.pass(golden.Step{At: k.now, Source: golden.Near, In: p.Bytes()}); out != nil {
			t.Fatalf("packet %d of the star left: %+v", n, v)
		} else if v.Key != 0 {
			k.keys += string(v.Key)
		}
		k.wait(20 * ms)
	}
	k.wait(2 * time.Second)
	if k.keys != "*" || received(k.sent) != "*" {
		t.Errorf("told of %q, said %q", k.keys, received(k.sent))
	}
}

// With a key that passes, nothing but its number changes.
func TestOtherKeysPassAsTheyAre(t *testing.T) {
	k, plain := carrier(), talk(golden.Exact(), golden.Beyond())
	for _, d := range []*talker{k, plain} {
		d.say(5)
		d.press(5, 5)
		d.say(5)
		d.press(11, 3)
		d.say(5)
	}
	if len(k.sent) != len(plain.sent) {
		t.Fatalf("%d packets left, %d without the rule", len(k.sent), len(plain.sent))
	}
	for i := range k.sent {
		if string(k.sent[i].data) != string(plain.sent[i].data) {
			t.Errorf("packet %d:\n%x, without the rule\n%x", i, k.sent[i].data[:16], plain.sent[i].data[:16])
		}
	}
}
