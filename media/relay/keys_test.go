package relay_test

import (
	"strings"
	"testing"
	"time"

	"sekisho/media/golden"
)

// ring collects the key presses of one stream as text, each at its first packet.
type ring struct {
	*wire
	seq  uint16
	keys strings.Builder
}

func listen() *ring { return &ring{wire: open(golden.Exact(), golden.Beyond())} }

// at lets time pass: ends that are lost are taken as such, as a worker would.
func (r *ring) at(now time.Duration) {
	if d := r.in.Deadline(); !d.IsZero() && !d.After(epoch.Add(now)) {
		r.in.Expire(d)
	}
}

func (r *ring) take(now time.Duration, data []byte) {
	r.at(now)
	if _, v := r.pass(golden.Step{At: now, Source: golden.Near, In: data}); v.Key != 0 {
		if r.keys.Len() > 0 {
			r.keys.WriteByte(' ')
		}
		r.keys.WriteByte(byte(v.Key))
	}
}

type tone struct {
	at   time.Duration
	code uint8
	ts   uint32
	dur  uint16
	end  golden.End
	mark bool
	ssrc uint32
}

func (r *ring) play(tones ...tone) string {
	last := time.Duration(0)
	for _, e := range tones {
		r.seq++
		p := golden.RTP{Mark: e.mark, Type: 101, Sequence: r.seq, Timestamp: e.ts, SSRC: e.ssrc, Body: golden.Event(e.code, e.end, e.dur)}
		r.take(e.at*ms, p.Bytes())
		last = e.at * ms
	}
	r.at(last + time.Second)
	return r.keys.String()
}

func TestCapturedDigits(t *testing.T) {
	for name, want := range map[string]string{"dtmf_1_2_3": "1 2 3", "dtmf_lost_end": "5 6", "g711u_50pkt": ""} {
		packets, err := golden.Capture(name)
		if err != nil {
			t.Fatal(err)
		}
		r := listen()
		var end time.Duration
		for _, p := range packets {
			r.take(p.At, p.Data)
			end = p.At
		}
		r.at(end + time.Second)
		if got := r.keys.String(); got != want {
			t.Errorf("%s: heard %q, want %q", name, got, want)
		}
	}
}

func TestEachPressOnce(t *testing.T) {
	const more, last = golden.More, golden.Last
	for _, c := range []struct {
		name  string
		tones []tone
		want  string
	}{
		{"RFC 4733 §2.5.1.4: the end is sent three times", []tone{
			{0, 1, 0, 160, more, true, 1}, {20, 1, 0, 320, last, false, 1}, {40, 1, 0, 320, last, false, 1}, {60, 1, 0, 320, last, false, 1}}, "1"},
		{"start lost", []tone{{0, 7, 0, 640, last, false, 1}, {20, 7, 0, 640, last, false, 1}}, "7"},
		{"a first packet of no duration", []tone{{0, 4, 0, 0, more, true, 1}, {50, 4, 0, 400, last, false, 1}}, "4"},
		{"all ends lost, the next press shows it", []tone{
			{0, 1, 0, 160, more, true, 1}, {20, 1, 0, 320, more, false, 1}, {100, 2, 800, 160, more, true, 1}, {120, 2, 800, 320, last, false, 1}}, "1 2"},
		{"all ends lost, the next press is one end packet", []tone{{0, 1, 0, 160, more, true, 1}, {90, 2, 720, 320, last, false, 1}}, "1 2"},
		{"all ends lost, silence", []tone{{0, 10, 0, 160, more, true, 1}}, "*"},
		{"the same key twice", []tone{{0, 10, 0, 320, last, true, 1}, {200, 10, 1600, 320, last, true, 1}}, "* *"},
		{"the same key twice within 30 ms, first end lost", []tone{
			{0, 10, 0, 160, more, true, 1}, {20, 10, 0, 320, more, false, 1}, {70, 10, 560, 160, more, true, 1}, {90, 10, 560, 320, last, false, 1}}, "* *"},
		{"start after end: reordered", []tone{{0, 3, 0, 640, last, false, 1}, {5, 3, 0, 160, more, true, 1}, {6, 3, 0, 320, more, false, 1}}, "3"},
		{"a packet of the press before, late", []tone{
			{0, 1, 0, 320, last, true, 1}, {200, 2, 1600, 160, more, true, 1}, {205, 1, 0, 320, last, false, 1}, {220, 2, 1600, 320, last, false, 1}}, "1 2"},
		{"end packets stamped anew", []tone{
			{0, 6, 0, 160, more, true, 1}, {20, 6, 0, 480, more, false, 1}, {40, 6, 160, 480, last, false, 1}, {60, 6, 320, 480, last, false, 1}, {80, 6, 480, 480, last, false, 1}}, "6"},
		{"RFC 4733 §2.5.1.3: a press of several segments", []tone{
			{0, 8, 0, 160, more, true, 1}, {100, 8, 0, 0xffff, more, false, 1}, {120, 8, 0xffff, 160, more, false, 1}, {140, 8, 0xffff, 320, last, false, 1}}, "8"},
		{"another SSRC while the key is down", []tone{
			{0, 9, 0, 160, more, true, 1}, {20, 9, 0, 320, more, false, 1},
			{40, 9, 0, 480, more, false, 2}, {60, 9, 0, 640, more, false, 2}, {80, 9, 0, 800, more, false, 2}, {100, 9, 0, 960, last, false, 2}}, "9"},
		{"timestamps wrap", []tone{{0, 1, 0xfffffff0, 160, last, true, 1}, {300, 2, 2000, 160, last, true, 1}}, "1 2"},
		{"flash is no key", []tone{{0, 16, 0, 320, last, true, 1}}, ""},
		{"every key", []tone{{0, 0, 0, 160, last, true, 1}, {200, 9, 1600, 160, last, true, 1}, {400, 10, 3200, 160, last, true, 1},
			{600, 11, 4800, 160, last, true, 1}, {800, 12, 6400, 160, last, true, 1}, {1000, 15, 8000, 160, last, true, 1}}, "0 9 * # A D"},
	} {
		if got := listen().play(c.tones...); got != c.want {
			t.Errorf("%s: heard %q, want %q", c.name, got, c.want)
		}
	}
}

// Audio between event packets does not end an event.
func TestInterleavedAudio(t *testing.T) {
	r := listen()
	for n := range 12 {
		p := golden.RTP{Sequence: uint16(2 * n), Timestamp: uint32(160 * n), SSRC: 1, Body: golden.Voice(n)}
		r.take(time.Duration(n)*20*ms, p.Bytes())
		end := golden.More
		if n == 11 {
			end = golden.Last
		}
		e := golden.RTP{Type: 101, Sequence: uint16(2*n + 1), Timestamp: 8000, SSRC: 1, Body: golden.Event(5, end, uint16(160*n))}
		r.take(time.Duration(n)*20*ms, e.Bytes())
	}
	if got := r.keys.String(); got != "5" {
		t.Errorf("heard %q, want one 5", got)
	}
}
