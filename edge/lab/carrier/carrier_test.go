package carrier

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/sip/cause"
	"sekisho/media/relay"
)

func TestTalk(t *testing.T) {
	t.Parallel()
	pcma := PSTN()
	pcma.Codecs = []relay.Codec{relay.PCMA}
	for _, c := range []struct {
		name  string
		style Style
		dial  Dial
		codec relay.Codec
	}{
		{"offer in the INVITE", AU(), Dial{Voice: 1}, relay.PCMU},
		{"offer in the 200", AU(), Dial{Voice: 1, Offer: InAck}, relay.PCMU},
		{"A-law", pcma, Dial{Voice: 1}, relay.PCMA},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := connect(t, PSTN(), c.style)
			call := l.call(c.dial, Answers(30*time.Millisecond, 2))
			l.must(call.Wait(l.ctx, Answered))
			callee := l.await()
			l.must(call.Listen(l.ctx, Talk, 800*time.Millisecond))
			l.must(callee.Listen(l.ctx, Talk, 800*time.Millisecond))
			call.HangUp()
			l.must(call.Wait(l.ctx, Ended))
			l.must(callee.Wait(l.ctx, Ended))

			l.hears("caller", call.Heard().Talk.PCM, 2)
			l.hears("callee", callee.Heard().Talk.PCM, 1)
			if v := audio.HearsLoop(call.Heard().Talk.PCM, audio.Decode(audio.Voice(1))); v.OK {
				t.Errorf("the caller hears itself: %v", v)
			}
			r := call.Result()
			if r.Status != 200 || r.Ringing.IsZero() || r.Answered.Before(r.Ringing) || r.Session.Codec != c.codec {
				t.Errorf("caller's result %+v", r)
			}
			if r.Cause.Side != cause.Local {
				t.Errorf("who hung up sees %v", r.Cause)
			}
			// "RTP SHOULD use an even destination port number and the corresponding
			// RTCP stream SHOULD use the next higher (odd)" (RFC 3550 §11).
			if at := r.Session.Remote; at.Port()%2 != 0 || r.Session.RemoteRTCP.Port() != at.Port()+1 {
				t.Errorf("media at %v and %v", at, r.Session.RemoteRTCP)
			}
			if r := callee.Result(); r.Cause.String() != "remote q850=16" || r.Reason != "Q.850;cause=16" || r.Status != 200 {
				t.Errorf("callee's result %+v", r)
			}
			for who, h := range map[string]Heard{"caller": call.Heard(), "callee": callee.Heard()} {
				p := h.Talk
				if p.Lost+p.Duplicated+p.Reordered+p.Foreign != 0 || len(p.Sources) != 1 || len(p.SSRCs) != 1 || p.First.IsZero() {
					t.Errorf("%s received %+v", who, Part{Packets: p.Packets, Lost: p.Lost, Duplicated: p.Duplicated, Reordered: p.Reordered, Foreign: p.Foreign, Sources: p.Sources})
				}
				if len(p.PCM) != 160*p.Packets {
					t.Errorf("%s heard %d samples in %d packets", who, len(p.PCM), p.Packets)
				}
				if r := h.RTCP; r.SenderReports == 0 || r.AboutUs == 0 || r.AboutOthers != 0 || r.Unreadable != 0 || r.Lost != 0 {
					t.Errorf("%s was reported %+v", who, r)
				}
			}
			for who, p := range map[string]Part{"caller": call.Heard().Talk, "callee": callee.Heard().Talk} {
				apart := p.Last.Sub(p.First) / time.Duration(p.Packets-1)
				if apart < 15*time.Millisecond || apart > 25*time.Millisecond {
					t.Errorf("%s receives a packet every %v", who, apart)
				}
			}
			l.settle()
			if got := call.Trace(); len(got) == 0 || len(got) != len(callee.Trace()) {
				t.Errorf("%d messages at one end, %d at the other", len(got), len(callee.Trace()))
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		plan   Behaviour
		status int
		q850   cause.Q850
		rings  bool
	}{
		{"busy", Busy(), 486, cause.UserBusy, false},
		{"rings out", Behaviour{After: 50 * time.Millisecond, Status: 480}, 480, cause.NoUserResponding, true},
		{"rejected by the user", Behaviour{After: time.Millisecond, Status: 603}, 603, cause.CallRejected, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := connect(t, Docomo(), AU())
			call := l.call(Dial{}, c.plan)
			l.must(call.Wait(l.ctx, Ended))
			r := call.Result()
			if r.Status != c.status || r.Cause.Q850 != c.q850 || r.Ringing.IsZero() == c.rings || !r.Answered.IsZero() {
				t.Errorf("result %+v", r)
			}
			if r.Reason != r.Cause.Reason() {
				t.Errorf("Reason %q, Cause %v", r.Reason, r.Cause)
			}
			if err := call.Wait(l.ctx, Answered); !errors.Is(err, ErrEnded) {
				t.Errorf("waiting for an answer: %v", err)
			}
			callee := l.await()
			l.must(callee.Wait(l.ctx, Ended))
			if got := callee.Result().Status; got != c.status {
				t.Errorf("the callee refused with %d", got)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	l := connect(t, Docomo(), AU())
	const ringing = 250 * time.Millisecond
	call := l.call(Dial{}, Answers(ringing, 0))
	l.must(call.Wait(l.ctx, Ringing))
	callee := l.await()
	call.HangUp()
	l.must(callee.Wait(l.ctx, Ended))
	if r := callee.Result(); r.Status != 487 || r.Cause.Side != cause.Remote || r.Reason != "Q.850;cause=16" || !r.Answered.IsZero() {
		t.Errorf("the callee saw %+v", r)
	}
	l.must(call.Wait(l.ctx, Ended))
	// The time of its answer comes and nothing happens: the rig counts panics.
	later := l.call(Dial{}, Answers(ringing, 0))
	l.must(later.Wait(l.ctx, Answered))
	later.HangUp()
	l.settle()
}

// A carrier's talkie is heard before the answer, and is not speech after it
// (RFC 5009; RFC 3264 §5.1 for media that overtake their description).
func TestAnnouncementBeforeRefusal(t *testing.T) {
	if os.Getenv("SEKISHO_REQUIRE") == "" {
		t.Skip("seconds of real time: runs where SEKISHO_REQUIRE is set")
	}
	t.Parallel()
	l := connect(t, Docomo(), AU())
	call := l.call(Dial{Voice: 1}, Announces(7, 1200*time.Millisecond, 480))
	l.must(call.Wait(l.ctx, Ended))
	h, r := call.Heard(), call.Result()
	l.hears("caller", h.Early.PCM, 7)
	if h.Talk.Packets != 0 {
		t.Errorf("%d packets after an answer that never came", h.Talk.Packets)
	}
	if r.Status != 480 || len(r.Provisional) != 1 {
		t.Fatalf("result %+v", r)
	}
	if p := r.Provisional[0]; p.Status != 183 || p.EarlyMedia != "sendonly" || p.Media != "pcmu te101" {
		t.Errorf("provisional %+v", p)
	}
	if n := l.await().Heard().Early.Packets; n != 0 {
		t.Errorf("the caller spoke %d packets before the answer", n)
	}
}

func TestKeysAndHold(t *testing.T) {
	t.Parallel()
	l := connect(t, Docomo(), AU())
	call := l.call(Dial{Voice: 1}, Answers(0, 2))
	if err := call.Press('x', time.Second); err == nil {
		t.Error("a key that is none was pressed")
	}
	l.must(call.Wait(l.ctx, Answered))
	callee := l.await()
	l.must(callee.Listen(l.ctx, Talk, 100*time.Millisecond))
	for _, k := range []byte("*0#") {
		l.must(call.Press(k, 100*time.Millisecond))
	}
	l.must(callee.Listen(l.ctx, Talk, 800*time.Millisecond))
	digits := callee.Heard().Digits
	pressed := ""
	for _, d := range digits {
		pressed += string(d.Key)
		if d.Duration != 100*time.Millisecond || !d.Finished {
			t.Errorf("digit %+v", d)
		}
	}
	if pressed != "*0#" {
		t.Errorf("pressed %q", pressed)
	}
	if p := callee.Heard().Talk; p.Lost != 0 {
		t.Errorf("%d packets lost around the keys", p.Lost)
	}

	call.Reoffer(relay.SendOnly)
	for callee.Result().Reoffers == 0 || callee.Result().Session.Direction != relay.RecvOnly {
		rung := callee.bell.next()
		select {
		case <-rung:
		case <-l.ctx.Done():
			t.Fatalf("no hold: %+v", callee.Result().Session)
		}
	}
	// Who is held listens and says nothing (RFC 3264 §8.4).
	held := callee.media.duration(Talk)
	l.must(callee.Listen(l.ctx, Talk, held+60*time.Millisecond))
	before := call.Heard().Talk.Packets
	l.must(callee.Listen(l.ctx, Talk, held+200*time.Millisecond))
	if after := call.Heard().Talk.Packets; after != before {
		t.Errorf("%d packets from the party on hold", after-before)
	}
	call.HangUp()
	l.must(callee.Wait(l.ctx, Ended))
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	l := connect(t, Docomo(), AU())
	call := l.a.Dial(Dial{From: "09000002001", To: "09000009999"})
	l.must(call.Wait(l.ctx, Ended))
	if r := call.Result(); r.Status != 404 {
		t.Errorf("without a subscriber: %+v", r)
	}
	alone := open(t, Config{Name: "alone", Style: Docomo()})
	lost := alone.Dial(Dial{From: "09000002001", To: "82002"})
	l.must(lost.Wait(l.ctx, Ended))
	if r := lost.Result(); r.Status != 503 {
		t.Errorf("without a border: %+v", r)
	}
	ctx, cancel := context.WithCancel(l.ctx)
	cancel()
	if _, err := alone.AwaitNumber(ctx, "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting in vain: %v", err)
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	six := netip.MustParseAddrPort("[::1]:0")
	if c, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(six)); err != nil {
		t.Skip("this system has no IPv6 loopback address")
	} else {
		c.Close()
	}
	l := connect(t, Docomo(), AU())
	l.a = open(t, Config{Name: "docomo6", Bind: six, Style: Docomo()})
	l.b = open(t, Config{Name: "au6", Bind: six, Style: AU()})
	l.a.SetBorder(l.b.Addr())
	call := l.call(Dial{Voice: 1}, Answers(0, 2))
	l.must(call.Wait(l.ctx, Answered))
	l.must(call.Listen(l.ctx, Talk, 20*time.Millisecond))
	l.must(l.await().Listen(l.ctx, Talk, 20*time.Millisecond))
	call.HangUp()
	l.settle()
}

// Close leaves no goroutine, whatever the calls are doing, and tells who waits.
// Not parallel: it looks at every goroutine of the process.
func TestCloseWaits(t *testing.T) {
	t.Run("calls", func(t *testing.T) {
		l := connect(t, Docomo(), AU())
		talking := l.call(Dial{Voice: 1}, Answers(0, 2))
		l.must(talking.Wait(l.ctx, Answered))
		l.must(talking.Listen(l.ctx, Talk, 20*time.Millisecond))
		ringing := l.call(Dial{}, NoAnswer())
		l.must(ringing.Wait(l.ctx, Ringing))
		l.a.Close()
		if r := ringing.Result(); r.State != Ended {
			t.Errorf("still %v after Close", r.State)
		}
		late := l.a.Dial(Dial{From: "09000002001", To: "82002"})
		if r := late.Result(); r.State != Ended || r.Status != 500 {
			t.Errorf("a call through a closed exchange: %+v", r)
		}
		l.a.Close()
		l.b.Close()
		// A speaker takes milliseconds to prepare its voice, so this one works
		// when Close is called.
		busy := open(t, Config{Name: "busy", Style: Docomo()})
		busy.Dial(Dial{From: "09000002001", To: "82002", Voice: 3})
		busy.Close()
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, ours := range []string{"carrier.(*media)", "carrier.(*Exchange).enter.func", "shard.(*Loop).run", "transport.(*reader)"} {
			if strings.Contains(string(stacks), ours) {
				t.Errorf("%s still runs", ours)
			}
		}
	})
}

func TestLadderOfACall(t *testing.T) {
	t.Parallel()
	l := connect(t, Docomo(), AU())
	call := l.call(Dial{}, Busy())
	l.must(call.Wait(l.ctx, Ended))
	l.settle()
	want := []string{
		"├─────▶│       INVITE 09000002002 from=+819000002001 pai=+819000002001 pcmu te101 pem=supported",
		"│◀─────┤       100 INVITE",
		"│◀─────┤       486 INVITE q850=17",
		"├─────▶│       ACK",
	}
	got := l.ladder()
	for _, line := range want {
		if strings.Count(got, line) != 1 {
			t.Errorf("not once: %s\n%s", line, got)
		}
	}
}
