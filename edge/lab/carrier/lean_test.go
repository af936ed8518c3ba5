package carrier

import (
	"testing"
	"time"
)

// TestLean: names are heard in place of voices, who is mute sends keys alone, and
// a call that is over is forgotten.
func TestLean(t *testing.T) {
	t.Parallel()
	l := connectLean(t, Docomo(), AU())
	call := l.call(Dial{Voice: 1}, Behaviour{Status: 200, Voice: 2})
	l.must(call.Wait(l.ctx, Answered))
	callee := l.await()
	l.must(call.Hears(l.ctx, 2))
	l.must(callee.Hears(l.ctx, 1))
	l.must(callee.Listen(l.ctx, Talk, 100*time.Millisecond))
	if h := callee.Heard().Talk; len(h.PCM) != 0 || h.Packets < 5 || h.Lost != 0 {
		t.Errorf("%d samples kept, %d packets, %d lost", len(h.PCM), h.Packets, h.Lost)
	}
	call.HangUp()
	l.must(callee.Wait(l.ctx, Ended))
	l.settle()
	if a, b := len(l.a.Calls()), len(l.b.Calls()); a+b != 0 {
		t.Errorf("%d and %d calls are remembered", a, b)
	}

	mute := l.call(Dial{Mute: true}, Behaviour{Status: 200, Voice: 2})
	l.must(mute.Wait(l.ctx, Answered))
	callee = l.await()
	l.must(mute.Hears(l.ctx, 2))
	for _, key := range []byte("*0") {
		l.must(mute.Press(key, 60*time.Millisecond))
	}
	for d := callee.Heard().Digits; len(d) < 2 || !d[1].Finished; d = callee.Heard().Digits {
		rung := callee.bell.next()
		select {
		case <-rung:
		case <-l.ctx.Done():
			t.Fatalf("heard %+v", d)
		}
	}
	if h := callee.Heard(); h.Talk.Voice != 0 || h.Talk.Packets > 14 || h.Talk.Lost != 0 || h.Digits[0].Key != '*' || h.Digits[1].Key != '0' {
		t.Errorf("from who is mute: %+v", h)
	}
	mute.HangUp()
	l.must(callee.Wait(l.ctx, Ended))
}

func TestNames(t *testing.T) {
	for _, voice := range []uint64{1, 7000, 1<<48 - 1} {
		packet := append(append(name(voice), name(voice)...), name(voice)...)
		if got := nameIn(packet); got != voice {
			t.Errorf("%d is heard as %d", voice, got)
		}
		packet[nameLength] ^= 1
		if got := nameIn(packet); got != 0 {
			t.Errorf("noise is heard as %d", got)
		}
	}
	if got := nameIn(make([]byte, 160)); got != 0 {
		t.Errorf("no name is heard as %d", got)
	}
}
