package fuzz

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Two trunks, their RTP as described, and who else may send: another port and
// another host of the trunk, a host of the other trunk, and somebody of none.
var (
	homes = [2]netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24")}
	talks = [2][4]netip.AddrPort{
		{netip.MustParseAddrPort("198.51.100.1:4000"), netip.MustParseAddrPort("198.51.100.1:4600"),
			netip.MustParseAddrPort("198.51.100.77:4000"), netip.MustParseAddrPort("203.0.113.9:4000")},
		{netip.MustParseAddrPort("203.0.113.1:5000"), netip.MustParseAddrPort("203.0.113.1:5600"),
			netip.MustParseAddrPort("203.0.113.77:5000"), netip.MustParseAddrPort("192.0.2.200:5000")},
	}
)

// The payload types of end 0 and of end 1.
const (
	audioType            = 0
	eventType, eventAway = 101, 96
)

type clips map[string][]byte

func (c clips) Clip(key string) ([]byte, bool) { b, ok := c[key]; return b, ok }

// plane is a media engine with two joined endpoints, and a second account of
// what it may send where.
type plane struct {
	t *testing.T
	*engine.Stepped
	now    time.Time
	ends   [2]*end
	events []relay.Event
	sent   []engine.Sent
}

// end is one endpoint as it is seen from outside.
type end struct {
	pair relay.Pair
	spec relay.Spec
	// latched is the source that the engine has reported last, since the
	// description changed; from counts the datagrams of each source since then.
	latched netip.AddrPort
	from    map[netip.AddrPort]int
	// delivered counts datagrams; pressed holds the events among them. turns counts
	// how often another speaks than spoke before, or tells quite another time: what
	// is ahead may be behind then, and presses count again.
	delivered int
	pressed   map[press]bool
	speaks    uint32
	clock     uint32
	turns     int
	digits    []byte
	stream    stream
}

// press names one key press of a sender (RFC 4733 §2.2.1).
type press struct {
	ssrc, ts uint32
	code     byte
	turn     int
}

// stream is what has left toward one peer.
type stream struct {
	packets, octets uint64
	ssrc            uint32
	newest          position
	// heard and told are the newest packet of a peer's and where it stands in what
	// left.
	heard position
	told  standing
	// feeder is whose that was, zero after a packet of our own; before is the
	// last feeder but us.
	feeder, before uint32
	// came is the number of the newest packet of before's that came; left are the
	// keys that have left, by the timestamp they left with, and pressed those that
	// came, by each that they were stamped with.
	came    uint16
	left    map[press]bool
	pressed []press
}

type position struct {
	seq uint16
	ts  uint32
}

// standing is a place in a stream: a number, and the times that it may be.
type standing struct {
	seq uint16
	ts  []uint32
}

func newPlane(t *testing.T) *plane {
	p := &plane{t: t, now: time.Unix(1000, 0)}
	random := rand.New(rand.NewPCG(3, 4))
	s, err := engine.NewStepped(engine.Config{
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.12")}, Ports: port.Range{First: 20000, Last: 20127}, Random: random.Uint32N,
		Clips:  clips{"short": make([]byte, 330), "long": make([]byte, 4000)},
		Events: func(_ uint32, ev relay.Event) { p.events = append(p.events, ev) },
	}, p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.Stepped = s
	for i := range p.ends {
		p.lease(i)
	}
	p.join()
	return p
}

// lease opens an endpoint, described as its trunk describes itself.
func (p *plane) lease(i int) {
	pairs := p.Borrow(engine.Request{Count: 1}, nil)
	if len(pairs) == 0 {
		// Every pair has been used within its rest.
		p.pass(port.Floor)
		pairs = p.Borrow(engine.Request{Count: 1}, nil)
	}
	if len(pairs) != 1 {
		p.t.Fatalf("no pair is free, of %+v", p.Stats().Ports)
	}
	p.ends[i] = &end{pair: pairs[0], from: map[netip.AddrPort]int{}, pressed: map[press]bool{}, stream: stream{left: map[press]bool{}}}
	p.configure(i, describedAs(i))
}

func describedAs(i int) relay.Spec {
	at := talks[i][0]
	event := relay.PayloadType(eventType)
	if i == 1 {
		event = eventAway
	}
	return relay.Spec{
		Remote: at, RemoteRTCP: netip.AddrPortFrom(at.Addr(), at.Port()+1), Prefixes: homes[i : i+1 : i+1], Learning: relay.LearnPrefix,
		AudioIn: audioType, AudioOut: audioType, EventIn: event, EventOut: event, Codec: relay.PCMU, Ptime: 20,
	}
}

func (p *plane) join() { p.do(relay.Join{A: p.ends[0].pair.Slot, B: p.ends[1].pair.Slot}) }

func (p *plane) configure(i int, spec relay.Spec) {
	e := p.ends[i]
	if e.spec.Remote != spec.Remote || e.spec.Learning != spec.Learning || len(e.spec.Prefixes) != len(spec.Prefixes) {
		e.latched = netip.AddrPort{}
		clear(e.from)
	}
	e.spec = spec
	p.do(relay.Configure{Slot: e.pair.Slot, Spec: spec})
}

func (p *plane) do(c ...relay.Command) {
	p.Do(c)
	p.judge(nil)
}

// deliver gives the engine a datagram for an end.
func (p *plane) deliver(i int, part engine.Component, from netip.AddrPort, data []byte) {
	e := p.ends[i]
	e.delivered++
	to := e.pair.Addr
	if part == engine.RTCP {
		to = rtcpOf(to)
	} else {
		e.from[from]++
	}
	var in *rtp.Packet
	if h := new(rtp.Packet); part == engine.RTP && h.Unmarshal(data) == nil {
		in = h
		away := &p.ends[1-i].stream
		if late := away.came-h.SequenceNumber <= 1000; h.SSRC == away.before && !late {
			away.came = h.SequenceNumber
		}
		if h.SSRC != e.speaks || h.Timestamp-e.clock+1<<29 > 1<<30 {
			e.turns++
		}
		e.speaks, e.clock = h.SSRC, h.Timestamp
		if h.PayloadType == uint8(e.spec.EventIn) && len(h.Payload) >= 4 {
			e.pressed[press{h.SSRC, h.Timestamp, h.Payload[0], e.turns}] = true
			if key := (press{ssrc: h.SSRC, ts: h.Timestamp, code: h.Payload[0]}); !slices.Contains(away.pressed, key) {
				away.pressed = append(away.pressed, key)
			}
		}
	}
	if !p.Deliver(from, to, data) {
		p.t.Fatalf("%v is none of ours", to)
	}
	if n := p.judge(in); n > 1 {
		p.t.Fatalf("%d packets for one", n)
	}
}

func (p *plane) pass(d time.Duration) {
	to := p.now.Add(d)
	for range 4096 {
		at := p.Deadline()
		if at.IsZero() || at.After(to) {
			break
		}
		p.step(at)
	}
	p.step(to)
}

func (p *plane) step(at time.Time) {
	if at.After(p.now) {
		p.now = at
	}
	p.Step(p.now)
	p.judge(nil)
}

// judge looks at what the engine has told and sent; in is what came, nil where
// the clock or a command moved it. It returns the number of packets.
func (p *plane) judge(in *rtp.Packet) int {
	p.t.Helper()
	events := p.events
	p.events = nil
	for _, ev := range events {
		p.event(ev)
	}
	p.sent = p.Take(p.sent[:0])
	for _, s := range p.sent {
		e, part := p.owner(s.From)
		if e == nil {
			p.t.Fatalf("sent from %v, which has no lease", s.From)
		}
		if part == engine.RTCP {
			checkReport(p.t, e, s)
			continue
		}
		if s.To != e.destination() {
			p.t.Fatalf("RTP to %v, described %v, latched %v", s.To, e.spec.Remote, e.latched)
		}
		e.stream.next(p.t, in, s.Data)
	}
	if n := p.Stats().Panics; n != 0 {
		p.t.Fatalf("%d panics", n)
	}
	return len(p.sent)
}

func (p *plane) owner(at netip.AddrPort) (*end, engine.Component) {
	for _, e := range p.ends {
		switch at {
		case e.pair.Addr:
			return e, engine.RTP
		case rtcpOf(e.pair.Addr):
			return e, engine.RTCP
		}
	}
	return nil, 0
}

// destination is the one address that may get this end's RTP: nothing is sent
// to who is neither described nor proven, and nothing beyond the prefixes.
func (e *end) destination() netip.AddrPort {
	d := e.spec.Remote
	switch {
	case !d.IsValid() || d.Port() == 0 || d.Addr().IsUnspecified():
		return netip.AddrPort{}
	case e.latched.IsValid():
		return e.latched
	case e.within(d):
		return d
	}
	return netip.AddrPort{}
}

func (e *end) within(at netip.AddrPort) bool {
	for _, prefix := range e.spec.Prefixes {
		if prefix.Contains(at.Addr()) {
			return true
		}
	}
	return len(e.spec.Prefixes) == 0
}

func (p *plane) event(ev relay.Event) {
	switch ev := ev.(type) {
	case relay.Latched:
		e := p.of(ev.Slot)
		switch {
		case !ev.Remote.IsValid(): // described nowhere: it is heard, and nothing is sent
			return
		case !e.within(ev.Remote):
			p.t.Fatalf("latched on %v, beyond %v", ev.Remote, e.spec.Prefixes)
		case ev.Remote != e.spec.Remote && (e.spec.Learning == relay.LearnExact || e.from[ev.Remote] < 4):
			p.t.Fatalf("latched on %v after %d datagrams, described is %v", ev.Remote, e.from[ev.Remote], e.spec.Remote)
		}
		e.latched = ev.Remote
	case relay.Digit:
		e := p.of(ev.Slot)
		e.digits = append(e.digits, byte(ev.Key))
		if len(e.digits) > len(e.pressed) {
			p.t.Fatalf("%d digits of %d events", len(e.digits), len(e.pressed))
		}
	case relay.Released:
		p.of(ev.Slot).checkStats(p.t, ev.Stats)
	case relay.Played, relay.Failed:
		// Any time, for a slot of now or of before.
	}
}

func (p *plane) of(s relay.Slot) *end {
	for _, e := range p.ends {
		if e.pair.Slot == s {
			return e
		}
	}
	p.t.Fatalf("an event of slot %v, which nobody has", s)
	return nil
}

// checkStats holds the figures against what went in and came out.
func (e *end) checkStats(t *testing.T, s relay.Stats) {
	t.Helper()
	in := uint64(e.delivered)
	switch {
	case s.Received > in || s.DroppedSource > in || s.DroppedInvalid > in || uint64(s.Contested) > in || uint64(s.SSRCChanges) > in:
		t.Fatalf("%+v of %d datagrams", s, in)
	case s.Received+s.DroppedSource+s.DroppedInvalid > in:
		t.Fatalf("%+v are more than %d datagrams", s, in)
	case s.Late+s.Duplicate > in:
		t.Fatalf("%+v: late and repeated of %d", s, in)
	// RFC 3550 A.1: one packet proves at most MAX_DROPOUT of them lost.
	case s.Lost > 3000*int64(in) || s.Lost < -int64(in):
		t.Fatalf("lost %d of %d datagrams", s.Lost, in)
	case s.Sent != e.stream.packets || s.SentBytes != e.stream.octets:
		t.Fatalf("%+v, but %d packets of %d octets were sent", s, e.stream.packets, e.stream.octets)
	}
}

// next judges one packet of the stream: either it lies to the one before as
// the packets of its feeder lie to each other, or it is spliced: the next
// number, marked, not before the newest timestamp. What we say of our own, a
// player or silence in a key's place, is spliced too.
func (s *stream) next(t *testing.T, in *rtp.Packet, data []byte) {
	t.Helper()
	var out rtp.Packet
	if err := out.Unmarshal(data); err != nil {
		t.Fatalf("we send what is no RTP: %v\n%x", err, data)
	}
	here := position{out.SequenceNumber, out.Timestamp}
	told := s.unstamped(in, here, &out)
	if s.packets > 0 {
		if out.SSRC != s.ssrc {
			t.Fatalf("SSRC %08x after %08x", out.SSRC, s.ssrc)
		}
		onward := int32(here.ts-s.newest.ts) >= 0
		follows := onward && here.seq == s.newest.seq+1
		switch {
		case in == nil && !follows && !(onward && s.leavesRoom(here)):
			t.Fatalf("we send %v of our own after %v", here, s.newest)
		case in != nil && !s.continues(in, told) && !(out.Marker && s.closesGap(in, told, onward)) && !(out.Marker && follows) && !s.late(in, told):
			t.Fatalf("%d/%d of %08x becomes %v; before it %v of %08x became %v, the newest is %v",
				in.SequenceNumber, in.Timestamp, in.SSRC, here, s.heard, s.feeder, s.told, s.newest)
		}
	}
	newest := s.packets == 0 || int16(here.seq-s.newest.seq) > 0
	if newest {
		s.newest = here
	}
	s.packets++
	s.octets += uint64(len(data))
	s.ssrc, s.feeder = out.SSRC, 0
	if in != nil {
		if in.SSRC != s.before {
			s.came = in.SequenceNumber
		}
		s.feeder, s.before = in.SSRC, in.SSRC
	}
	if in != nil && newest { // the next is behind the newest, not behind what came late
		s.heard, s.told = position{in.SequenceNumber, in.Timestamp}, told
	}
}

// unstamped is where a packet stands in its feeder's time. All packets of a key
// leave with one timestamp, though some senders stamp each anew, and where a clock
// is set back those of a later one may leave with that of a like key. The first
// that leaves may be its own, or one of any like key that came: it may stand at
// each of those.
func (s *stream) unstamped(in *rtp.Packet, here position, out *rtp.Packet) standing {
	event := func(p *rtp.Packet) bool { return p.PayloadType == eventType || p.PayloadType == eventAway }
	if in == nil || !event(in) || len(out.Payload) < 4 {
		return standing{here.seq, []uint32{here.ts}}
	}
	key := press{ssrc: in.SSRC, ts: here.ts, code: out.Payload[0]}
	told := standing{seq: here.seq}
	if s.left[key] && in.SSRC == s.feeder {
		for _, ts := range s.told.ts {
			told.ts = append(told.ts, ts+in.Timestamp-s.heard.ts)
		}
		return told
	}
	s.left[key] = true
	told.ts = []uint32{here.ts}
	for _, p := range s.pressed {
		if p.ssrc == in.SSRC && p.code == key.code && p.ts != in.Timestamp {
			told.ts = append(told.ts, here.ts+in.Timestamp-p.ts)
		}
	}
	return told
}

// leavesRoom: what was lost behind the newest packet that was passed on keeps its
// number, should it yet come.
func (s *stream) leavesRoom(here position) bool {
	return here.seq-s.newest.seq <= s.came-s.heard.seq+1
}

func (s *stream) continues(in *rtp.Packet, here standing) bool {
	return s.keepsTime(in, here) && here.seq-s.told.seq == in.SequenceNumber-s.heard.seq
}

// closesGap: packets of this feeder were left out, and took no number; those that
// were lost before it among them keep theirs.
func (s *stream) closesGap(in *rtp.Packet, here standing, onward bool) bool {
	ahead := here.seq - s.newest.seq
	return in.SSRC == s.before && (s.keepsTime(in, here) || onward) && ahead > 0 && ahead <= in.SequenceNumber-s.heard.seq
}

// late: a packet of before something was left out or put in gets the number that
// was kept for it.
func (s *stream) late(in *rtp.Packet, here standing) bool {
	return in.SSRC == s.before && s.inTime(in, here) && int16(here.seq-s.newest.seq) <= 0
}

func (s *stream) keepsTime(in *rtp.Packet, here standing) bool {
	return in.SSRC == s.feeder && s.inTime(in, here)
}

// inTime: it lies to the newest packet of before's as its sender has stamped both.
func (s *stream) inTime(in *rtp.Packet, here standing) bool {
	return slices.ContainsFunc(here.ts, func(ts uint32) bool { return slices.Contains(s.told.ts, ts-(in.Timestamp-s.heard.ts)) })
}

// sender is a peer that knows what it does.
type sender struct {
	source, ssrc uint32
	position
}

func (s *sender) packet(pt uint8, payload []byte) []byte {
	b := make([]byte, 12, 12+len(payload))
	b[0], b[1] = 2<<6, pt
	binary.BigEndian.PutUint16(b[2:], s.seq)
	binary.BigEndian.PutUint32(b[4:], s.ts)
	binary.BigEndian.PutUint32(b[8:], s.ssrc)
	s.seq++
	return append(b, payload...)
}

func rtcpOf(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }

// finish gives both endpoints back: they report, and nothing stays leased.
func (p *plane) finish() {
	p.do(relay.Release{Slot: p.ends[0].pair.Slot}, relay.Release{Slot: p.ends[1].pair.Slot})
	if st := p.Stats(); st.Ports.Leased != 0 || st.Leased != 0 || st.Players != 0 {
		p.t.Fatalf("left over: %+v", st)
	}
}
