package fuzz

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"sekisho/media/engine"
	"sekisho/media/relay"
)

// mediaScripts are seeds: what the peers and signalling do, one octet each:
// the act above, what is meant by it below.
var mediaScripts = [][]byte{
	{0x00, 0x01, 0x00, 0x01, 0x00, 0x01},                                     // talk both ways
	{0x00, 0x02, 0x02, 0x02, 0x00, 0x72, 0x00, 0xd0, 0xd3, 0x00},             // events, and whole presses
	{0x00, 0x10, 0x10, 0x20, 0x22, 0x24, 0x30, 0x00, 0x20, 0x00},             // burst, repeat, overtake, lose
	{0x00, 0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x76, 0x60, 0x00},             // another SSRC
	{0x00, 0x62, 0x00, 0x00, 0x64, 0x00, 0x00},                               // jumps
	{0x00, 0x68, 0x00, 0x00, 0x00, 0x00, 0x76, 0x00, 0x00, 0x00, 0x00, 0x00}, // another source, then silence
	{0x68, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x66, 0x00},                   // learnt by probation, then the described one
	{0x6c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01},                         // a foreign source never
	{0x00, 0x80, 0x74, 0x00, 0xa0, 0x00, 0x00, 0x81, 0x75, 0x90, 0x74, 0x00}, // players come and go
	{0x00, 0x01, 0xb0, 0x00, 0x01, 0xb1, 0x00, 0x01, 0xb2, 0x00, 0x01, 0xb3, 0x00, 0xb4, 0x00, 0xb6, 0x00, 0x01, 0xb8, 0x00, 0x01, 0xba, 0x01, 0x00, 0xbc, 0x00, 0xb1, 0xbe, 0x01, 0x00},
	{0x00, 0x01, 0xc0, 0xc2, 0x00, 0x01, 0xa0, 0x00, 0x01, 0xf0, 0xf1, 0xf2, 0xf3, 0x00, 0x01},
	{0x00, 0xe0, 0xe2, 0xe4, 0x00, 0xe6, 0x76, 0xe0, 0xe0},
	{0x00, 0x01, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x00, 0x01},
	{0x00, 0x01, 0x40, 0x41, 0x43, 0x44, 0x48, 0x4c, 0x47, 0x00},
	{0x00, 0x04, 0x04, 0x00, 0x06, 0x00},
	{0x00, 0x02, 0xbd, 0x02, 0x00, 0xb0, 0x02, 0xbd, 0x00, 0x02, 0x00},
	{0x00, 0x30, 0x30, 0x30, 0x30, 0x00, 0x82, 0x72, 0xa0, 0x00, 0x20},
	{0x00, 0x00, 0x9c, 0xd0, 0x72, 0x00, 0x20, 0x00, 0x22, 0x24, 0x9e, 0xd2, 0x00}, // keys consumed, and audio too late behind them
}

// odd are datagrams that no peer should send, parted by cut.
var odd = []byte("\x80\x00\x00\x01\x00\x00\x00\xa0\x00\x00\x00\x09\xff\xff\xff" +
	"\x1e\x1e\x90\x00\x00\x02\x00\x00\x01\x40\x00\x00\x00\x09\xbe\xde\x00\x01\x10\xff\x00\x00\xff" +
	"\x1e\x1e\xa0\x65\x00\x03\x00\x00\x01\xe0\x00\x00\x00\x09\x05\x8a\x03\x20\x02" +
	"\x1e\x1e\x8f\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x09" +
	"\x1e\x1e\x80\xe5\x00\x05\x00\x00\x01\xe0\x00\x00\x00\x09\x0f\x80\xff\xff" +
	"\x1e\x1e\x81\xc8\x00\x0c" +
	"\x1e\x1e")

// FuzzRTP plays a script of two peers and of signalling, with datagrams of any
// content among it, and holds the engine to its word packet by packet. Behind
// all that, a plain call is heard whole and every key in it once.
func FuzzRTP(f *testing.F) {
	for _, script := range mediaScripts {
		f.Add(odd, script)
		f.Add([]byte{}, append(append([]byte{0x67}, script...), 0x77, 0x00, 0x01))
	}
	f.Fuzz(func(t *testing.T, datagrams, script []byte) {
		if len(datagrams) > 1<<14 || len(script) > 256 {
			return
		}
		a := newActs(newPlane(t), datagrams)
		for _, b := range script {
			a.act(b)
		}
		a.plane.finish()
		a.plain(script)
		a.plane.finish()
	})
}

// acts are the peers of a plane, and what they have still to say.
type acts struct {
	*plane
	senders [2]sender
	rest    []byte
	last    [2][]byte
	stale   []relay.Slot
}

func newActs(p *plane, datagrams []byte) *acts {
	return &acts{plane: p, rest: datagrams, senders: [2]sender{{ssrc: 9, position: position{65530, 1000}}, {ssrc: 10, position: position{7, 1 << 31}}}}
}

var spans = [8]time.Duration{time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond, 130 * time.Millisecond,
	500 * time.Millisecond, time.Second, 2100 * time.Millisecond, 40 * time.Second}

// act does one thing.
func (a *acts) act(b byte) {
	i, how := int(b&1), int(b>>1&7)
	s := &a.senders[i]
	switch b >> 4 {
	case 0:
		a.say(i, how)
		a.pass(20 * time.Millisecond)
	case 1:
		a.say(i, how)
	case 2:
		a.again(i, how)
	case 3: // on the wire, and lost
		s.seq += uint16(how + 1)
		s.ts += 160 * uint32(how+1)
		a.pass(20 * time.Millisecond)
	case 4:
		a.deliver(i, engine.Component(how&1), talks[i][how>>1], a.next())
	case 5:
		a.deliver(i, engine.RTCP, rtcpOf(talks[i][s.source]), report(s, how))
	case 6:
		s.change(how)
	case 7:
		a.pass(spans[b&7])
	case 8:
		a.do(relay.Play{Slot: a.ends[i].pair.Slot, Token: uint64(b), Source: [8]relay.Source{
			{Keys: []string{"long"}}, {Keys: []string{"short", "long"}, Repeat: 3}, {Keys: []string{"short"}, Repeat: relay.Forever},
			{Keys: []string{"nothing"}}, {}, {Keys: []string{"long", "short"}}, {Keys: []string{"short"}, Repeat: 2}, {Keys: []string{"long"}, Repeat: relay.Forever},
		}[how]})
	case 9:
		switch how {
		case 6:
			a.do(relay.Keys{Slot: a.ends[i].pair.Slot, Mode: relay.ConsumeKeys})
		case 7:
			a.do(relay.Keys{Slot: a.ends[i].pair.Slot, Mode: relay.PassKeys})
		default:
			a.do(relay.Silence{Slot: a.ends[i].pair.Slot})
		}
	case 10:
		a.join()
	case 11:
		a.configure(i, redescribed(i, how))
	case 12:
		a.stale = append(a.stale, a.ends[i].pair.Slot)
		a.do(relay.Release{Slot: a.ends[i].pair.Slot})
		if how > 0 { // who still speaks meets nobody
			a.say(i, how)
		}
		a.lease(i)
	case 13:
		a.press(i, byte(how), b)
	case 14: // somebody who knows every number of the peer's
		forged := *s
		a.deliver(i, engine.RTP, talks[i][how&3], forged.packet(audioType, voice(20)))
	case 15: // a command for a lease that is over
		if len(a.stale) > 0 {
			old := a.stale[len(a.stale)-1]
			a.do([4]relay.Command{relay.Release{Slot: old}, relay.Play{Slot: old, Source: relay.Source{Keys: []string{"long"}}},
				relay.Join{A: old, B: a.ends[i].pair.Slot}, relay.Configure{Slot: old, Spec: describedAs(i)}}[how&3])
		}
	}
}

// say sends the sender's next packet.
func (a *acts) say(i, how int) {
	s := &a.senders[i]
	spec := describedAs(i)
	pt, payload := uint8(audioType), voice(160)
	switch how {
	case 1, 5: // an event without beginning or end
		pt, payload = uint8(spec.EventIn), []byte{byte(s.seq % 17), byte(how>>2) << 7, 1, 64}
	case 2: // comfort noise
		pt, payload = 13, voice(1)
	case 3:
		pt = 0x80 | audioType
	case 4:
		payload = nil
	}
	a.last[i] = s.packet(pt, payload)
	s.ts += 160
	a.deliver(i, engine.RTP, talks[i][s.source], a.last[i])
}

// again repeats the last packet, or sends one that was overtaken.
func (a *acts) again(i, how int) {
	if a.last[i] == nil {
		return
	}
	b := append([]byte(nil), a.last[i]...)
	binary.BigEndian.PutUint16(b[2:], binary.BigEndian.Uint16(b[2:])-uint16(how*how*how))
	binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])-160*uint32(how*how*how))
	a.deliver(i, engine.RTP, talks[i][a.senders[i].source], b)
}

func (s *sender) change(how int) {
	switch how {
	case 0:
		s.ssrc += 2
	case 1:
		s.seq += 4000
	case 2:
		s.ts += 1 << 30
	case 3:
		s.source = 0
	case 4:
		s.source = 1
	case 5:
		s.source = 2
	case 6:
		s.source = 3
	case 7:
		s.seq, s.ts = 0, 0
	}
}

func redescribed(i, how int) relay.Spec {
	d := describedAs(i)
	switch how {
	case 1:
		d.Direction = relay.SendOnly
	case 2:
		d.Direction = relay.RecvOnly
	case 3:
		d.Direction = relay.Inactive
	case 4:
		d.Remote, d.RemoteRTCP = talks[i][2], rtcpOf(talks[i][2])
	case 5: // beyond the prefixes
		d.Remote, d.RemoteRTCP = talks[i][3], rtcpOf(talks[i][3])
	case 6:
		d.EventOut, d.Learning = relay.NoPayload, relay.LearnExact
	case 7:
		d.Remote = netip.AddrPort{}
	}
	return d
}

// press presses a key: five packets and the end three times, of which lose
// takes away some, but never all.
func (a *acts) press(i int, key, lose byte) {
	s := &a.senders[i]
	began := s.ts
	for n := range 8 {
		updates := min(n+1, 5)
		payload := []byte{key, 10, byte(updates * 160 >> 8), byte(updates * 160 & 0xff)}
		if n >= 5 {
			payload[1] |= 0x80
		}
		s.ts = began
		b := s.packet(uint8(describedAs(i).EventIn), payload)
		if n == 0 {
			b[1] |= 0x80
		}
		if lose>>n&1 == 0 || n == 4 {
			a.deliver(i, engine.RTP, talks[i][s.source], b)
		}
		if n < 5 {
			a.pass(20 * time.Millisecond)
		}
	}
	s.ts = began + 5*160
}

// plain is a call in which nothing happens but what script loses of key
// presses: all audio arrives, and each key is reported once.
func (a *acts) plain(script []byte) {
	for i := range a.ends {
		a.senders[i] = sender{ssrc: 77, position: position{uint16(len(script)), 5}}
		a.lease(i)
	}
	a.join()
	for range 5 {
		a.act(0x00)
		a.act(0x01)
	}
	var keys []byte
	for n, b := range script[:min(len(script), 8)] {
		key := b>>4 ^ byte(n)
		a.press(0, key&15, b)
		keys = append(keys, "0123456789*#ABCD"[key&15])
		for range 10 {
			a.act(0x00)
		}
	}
	a.pass(time.Second)
	if got := string(a.ends[0].digits); got != string(keys) {
		a.t.Fatalf("pressed %q, reported %q", keys, got)
	}
	if n := a.ends[0].stream.packets; n != 5 {
		a.t.Fatalf("end 0 was sent %d packets of 5", n)
	}
	if want, n := uint64(5+10*len(keys)), a.ends[1].stream.packets; n < want {
		a.t.Fatalf("end 1 was sent %d packets, %d of audio were said", n, want)
	}
}

// next cuts the next datagram from what the fuzzer wrote.
func (a *acts) next() []byte {
	for i := range len(a.rest) - 1 {
		if string(a.rest[i:i+2]) == separator {
			b := a.rest[:i]
			a.rest = a.rest[i+2:]
			return b
		}
	}
	b := a.rest
	a.rest = nil
	return b
}

func voice(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// The seeds lead to every reason for which a packet goes no further, and to
// every event.
func TestMediaReachesEveryReason(t *testing.T) {
	var dropped [relay.Reasons]uint64
	for _, script := range mediaScripts {
		a := newActs(newPlane(t), odd)
		for _, b := range script {
			a.act(b)
		}
		for r, n := range a.Stats().Dropped {
			dropped[r] += n
		}
	}
	for r, n := range dropped {
		switch reason := relay.Reason(r); reason {
		case relay.Passed, relay.TooMany: // TestReportsAreBounded has the second
		case relay.Delayed: // media/relay TestAudioThatIsSearched
		case relay.Shaken: // media/engine TestDTLSBeforeAndBehindTheKeys
		case relay.Unauthentic, relay.Replayed, relay.Crowded, relay.Unprotected: // TestSRTPReachesEveryReason
		default:
			if n == 0 {
				t.Errorf("no seed is dropped as %v", reason)
			}
		}
	}
}
