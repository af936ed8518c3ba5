package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sekisho/media/g711"
	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

const ms = time.Millisecond

var (
	epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	ours  = netip.MustParseAddr("192.0.2.1")
)

// clips is a fixed set of announcements.
type clips map[string][]byte

func (c clips) Clip(key string) ([]byte, bool) { b, ok := c[key]; return b, ok }

// room is a stepped engine and the peers around it.
type room struct {
	t *testing.T
	*Stepped
	events []relay.Event
	heard  map[netip.AddrPort][]Sent // by peer
}

func newRoom(t *testing.T, workers int, r port.Range) *room {
	t.Helper()
	m := &room{t: t, heard: map[netip.AddrPort][]Sent{}}
	random := rand.New(rand.NewPCG(1, 2))
	s, err := NewStepped(Config{
		Workers: workers, Addresses: []netip.Addr{ours}, Ports: r, Random: random.Uint32N,
		Clips:  clips{"one": ramp(160 * 5), "two": ramp(200), "empty": nil},
		Events: func(_ uint32, ev relay.Event) { m.events = append(m.events, ev) },
	}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	m.Stepped = s
	return m
}

func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 13 >> 2)
	}
	return b
}

// party is a caller: a leased pair and its peer's stream.
type party struct {
	relay.Pair
	remote netip.AddrPort
	spec   relay.Spec
	ssrc   uint32
	seq    uint16
}

func (m *room) party(worker, n int) *party {
	m.t.Helper()
	pairs := m.Borrow(Request{Owner: uint32(n), Worker: worker, Count: 1}, nil)
	if len(pairs) != 1 {
		m.t.Fatalf("no pair for party %d", n)
	}
	remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), uint16(5000+2*n))
	p := &party{Pair: pairs[0], remote: remote, ssrc: uint32(n) << 16, seq: uint16(1000 * n)}
	p.spec = relay.Spec{
		Remote: remote, RemoteRTCP: netip.AddrPortFrom(remote.Addr(), remote.Port()+1),
		AudioIn: 0, AudioOut: 0, EventIn: 101, EventOut: 101, Ptime: 20,
	}
	m.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
	return p
}

// speak sends one packet of the party to its pair and returns its audio.
func (m *room) speak(p *party) []byte {
	p.seq++
	audio := golden.Voice(int(p.seq) + int(p.ssrc>>16))
	m.Deliver(p.remote, p.Addr, golden.RTP{Sequence: p.seq, Timestamp: 160 * uint32(p.seq), SSRC: p.ssrc, Body: audio}.Bytes())
	m.collect()
	return audio
}

func (m *room) collect() {
	for _, s := range m.Take(nil) {
		m.heard[s.To] = append(m.heard[s.To], s)
	}
}

// voice returns how many RTP packets were sent since the last call.
func (m *room) voice() (n int) {
	for _, s := range m.Take(nil) {
		if s.From.Port()%2 == 0 {
			n++
		}
	}
	return n
}

// newest returns the audio of the last packet that p heard, and how many it has.
func (m *room) newest(p *party) ([]byte, int) {
	all := m.heard[p.remote]
	if len(all) == 0 {
		return nil, 0
	}
	return all[len(all)-1].Data[12:], len(all)
}

// hears requires that b hears a, from b's own pair, or that it does not.
func (m *room) hears(a, b *party, want bool) {
	m.t.Helper()
	_, before := m.newest(b)
	audio := m.speak(a)
	got, after := m.newest(b)
	if heard := after == before+1 && bytes.Equal(got, audio); heard != want {
		m.t.Fatalf("%v hears %v: %v, want %v", b.remote, a.remote, heard, want)
	}
	if want && m.heard[b.remote][after-1].From != b.Addr {
		m.t.Fatalf("%v is sent from %v, want %v (RFC 4961)", b.remote, m.heard[b.remote][after-1].From, b.Addr)
	}
}

func join(a, b *party) []relay.Command { return []relay.Command{relay.Join{A: a.Slot, B: b.Slot}} }
func release(p *party) []relay.Command { return []relay.Command{relay.Release{Slot: p.Slot}} }

// Any two endpoints can be joined, on one worker or across two; what fed them
// before stops feeding them; each hears one continuous stream.
func TestJoin(t *testing.T) {
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			m := newRoom(t, workers, port.Range{First: 20000, Last: 20099})
			a, b, c := m.party(0, 1), m.party(1%workers, 2), m.party(2%workers, 3)
			m.hears(a, b, false)
			for range 3 {
				m.Do(join(a, b))
				m.hears(a, b, true)
				m.hears(b, a, true)
				m.hears(c, a, false)
				m.Do(join(c, b)) // transfer
				m.hears(c, b, true)
				m.hears(b, c, true)
				m.hears(a, b, false)
				m.hears(b, a, false)
				m.Do(join(a, a)) // echo
				m.hears(a, a, true)
				m.hears(c, b, true)
				m.Do([]relay.Command{relay.Silence{Slot: b.Slot}})
				m.hears(c, b, false)
				m.hears(b, c, true)
			}
			for _, p := range []*party{a, b, c} {
				for i, s := range m.heard[p.remote] {
					if i == 0 {
						continue
					}
					was := m.heard[p.remote][i-1].Data
					if got := binary.BigEndian.Uint16(s.Data[2:]) - binary.BigEndian.Uint16(was[2:]); got != 1 || !bytes.Equal(s.Data[8:12], was[8:12]) {
						t.Fatalf("party %v packet %d: number advances by %d", p.remote, i, got)
					}
				}
			}
		})
	}
}

// Whatever is joined, played and released in whatever order, the last join
// holds and every pair comes back.
func TestRewiringKeepsEveryOutHalf(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 100 {
		workers := 1 + round%4
		m := newRoom(t, workers, port.Range{First: 20000, Last: 20255})
		var all []*party
		for i := range 8 {
			all = append(all, m.party(i%workers, i+1))
		}
		pick := func() *party { return all[random.IntN(len(all))] }
		for range 40 {
			var commands []relay.Command
			for range 1 + random.IntN(6) {
				switch a, b := pick(), pick(); random.IntN(10) {
				case 0:
					commands = append(commands, relay.Silence{Slot: a.Slot})
				case 1, 2:
					commands = append(commands, relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}, Repeat: relay.Forever}})
				case 3:
					commands = append(commands, relay.Release{Slot: a.Slot})
				case 4:
					commands = append(commands, relay.Configure{Slot: a.Slot, Spec: a.spec})
				default:
					commands = append(commands, relay.Join{A: a.Slot, B: b.Slot})
				}
			}
			last := commands[:len(commands):len(commands)]
			for i := 0; i < len(all); i += 2 {
				last = append(last, relay.Join{A: all[i].Slot, B: all[i+1].Slot})
			}
			m.shuffled(random, last)
			for i := 0; i < len(all); i += 2 {
				if a, b := all[i], all[i+1]; m.leased(a) && m.leased(b) {
					m.hears(a, b, true)
					m.hears(b, a, true)
				}
			}
			for i, p := range all {
				if !m.leased(p) {
					all[i] = m.party(i%workers, i+1)
					all[i].seq = p.seq
				}
			}
			m.Step(m.now.Add(7 * ms))
		}
		for _, p := range all {
			m.Do(release(p))
		}
		if s := m.Stats(); s.Ports.Leased != 0 || s.Leased != 0 || s.Players != 0 {
			t.Fatalf("round %d: %d pairs, %d cells, %d players left", round, s.Ports.Leased, s.Leased, s.Players)
		}
	}
}

// shuffled carries the commands out while the workers take turns at random, as
// threads would: between two workers order is kept, and nothing else.
func (m *room) shuffled(random *rand.Rand, commands []relay.Command) {
	for _, c := range commands {
		m.joins++
		route(c, m.joins, func(worker int, o Order) { m.inbox[worker] = append(m.inbox[worker], o) })
		for range random.IntN(3) {
			m.turn(random.IntN(len(m.workers)))
		}
	}
	for left := true; left; {
		left = false
		for i := range m.workers {
			left = left || len(m.inbox[i]) > 0
		}
		m.turn(random.IntN(len(m.workers)))
	}
}

func (m *room) leased(p *party) bool { return m.workers[home(p.Slot)].find(p.Slot) != nil }

func (m *room) turn(worker int) {
	if len(m.inbox[worker]) == 0 {
		return
	}
	o := m.inbox[worker][0]
	m.inbox[worker] = m.inbox[worker][1:]
	m.workers[worker].Order(m.now, o, &m.out)
	m.flush()
}

func TestJoinWithAnEndedLease(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	m.Do(release(b))
	m.events = nil
	m.Do(join(a, b))
	if len(m.events) != 1 {
		t.Fatalf("events %v, want one Failed", m.events)
	}
	if f, ok := m.events[0].(relay.Failed); !ok || f.Slot != a.Slot {
		t.Errorf("event %#v", m.events[0])
	}
	c := m.party(1, 3)
	m.Do(join(a, c))
	m.hears(c, a, true)
}

// The wall against a peer that still sends after its call: the pair rests, the
// next lease has another epoch, and commands for the old one change nothing.
func TestPortReuse(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20003}) // two pairs
	a, b := m.party(0, 1), m.party(0, 2)
	m.Do(join(a, b))
	m.hears(a, b, true)
	if got := m.Borrow(Request{Count: 1}, nil); len(got) != 0 {
		t.Fatal("a third pair out of two")
	}
	m.Do(append(release(a), release(b)...))
	m.speak(a)
	if d := m.Stats().Dropped[relay.NotConfigured]; d != 1 {
		t.Errorf("%d packets drained at rest, want 1", d)
	}
	if got := m.Borrow(Request{Count: 1}, nil); len(got) != 0 || m.Free() != 0 {
		t.Fatal("leased before the floor of the rest")
	}
	m.Step(m.now.Add(port.Floor))
	c, d := m.party(0, 3), m.party(0, 4)
	if c.Slot.Index != a.Slot.Index || c.Slot.Epoch == a.Slot.Epoch {
		t.Fatalf("leased %v again as %v", a.Slot, c.Slot)
	}
	m.Do(join(c, d))
	m.Do(append(release(a), relay.Silence{Slot: b.Slot}))
	_, before := m.newest(d)
	for range 200 {
		m.speak(a) // the old stream, at the old port
	}
	if _, after := m.newest(d); after != before {
		t.Fatalf("%d packets of the old call reached the new one", after-before)
	}
	m.hears(c, d, true)
}

func TestReleasedCarriesBothHalves(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	m.Do(join(a, b))
	for range 10 {
		m.hears(a, b, true)
	}
	m.hears(b, a, true)
	m.Do(release(a))
	for _, ev := range m.events {
		if r, ok := ev.(relay.Released); ok {
			if r.Slot != a.Slot || r.Stats.Received != 10 || r.Stats.Sent != 1 || r.Stats.SentBytes != 172 {
				t.Errorf("%+v", r)
			}
			return
		}
	}
	t.Error("no Released")
}

// The learned address of a peer reaches its out-half wherever that is.
func TestLatchMovesTheDestination(t *testing.T) {
	for _, workers := range []int{1, 2} {
		m := newRoom(t, workers, port.Range{First: 20000, Last: 20099})
		a, b := m.party(0, 1), m.party(workers-1, 2)
		a.spec.Learning = relay.LearnPrefix
		a.spec.Prefixes = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}, relay.Join{A: a.Slot, B: b.Slot}})
		described := a.remote
		a.remote = netip.MustParseAddrPort("198.51.100.200:9000")
		for range 4 {
			m.hears(b, &party{Pair: a.Pair, remote: described}, true) // until it is accepted, the described address
			m.speak(a)
			m.Step(m.now.Add(20 * ms))
		}
		m.hears(b, a, true)
		if l, ok := m.events[len(m.events)-1].(relay.Latched); !ok || l.Remote != a.remote {
			t.Errorf("last event %#v", m.events[len(m.events)-1])
		}
	}
}

// Each endpoint has a session of its own with its peer: it tells what it hears
// of that peer and what it sends to it, wherever the stream is fed from; and
// nothing that one peer reports reaches the other.
func TestReportsPerLeg(t *testing.T) {
	for _, workers := range []int{1, 2} {
		m := newRoom(t, workers, port.Range{First: 20000, Last: 20099})
		a, b := m.party(0, 1), m.party(workers-1, 2)
		m.Do(join(a, b))
		toA := uint32(0)
		for n := range 400 { // 8 s
			m.hears(a, b, true)
			if n%4 != 0 {
				m.hears(b, a, true) // the numbers of those left out are never used: no loss
			}
			if all := m.heard[a.remote]; len(all) > 0 {
				toA = binary.BigEndian.Uint32(all[0].Data[8:])
			}
			m.Step(m.now.Add(20 * ms))
			m.collect()
		}
		odd := func(x netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(x.Addr(), x.Port()+1) }
		reports := m.heard[odd(a.remote)]
		if len(reports) == 0 || reports[0].From != odd(a.Addr) {
			t.Fatalf("%d workers: %d reports at a", workers, len(reports))
		}
		last := reports[len(reports)-1].Data
		if last[1] != 200 || last[0]&0x1f != 1 || binary.BigEndian.Uint32(last[4:]) != toA || binary.BigEndian.Uint32(last[28:]) != a.ssrc {
			t.Fatalf("%d workers: a is told %x, want a sender report of %x about %x", workers, last, toA, a.ssrc)
		}
		before := len(m.heard[odd(b.remote)])
		report := []byte{2<<6 | 1, 201, 0, 7, 0, 1, 0, 0}
		report = append(binary.BigEndian.AppendUint32(report, toA), make([]byte, 20)...)
		m.Deliver(odd(a.remote), odd(a.Addr), append(report, 2<<6|1, 203, 0, 1, 0, 1, 0, 0)) // and BYE
		m.collect()
		if got := len(m.heard[odd(b.remote)]); got != before {
			t.Errorf("%d workers: what a reports reaches b", workers)
		}
		m.hears(a, b, true)
		m.Do(release(a))
		for _, ev := range m.events {
			if r, ok := ev.(relay.Released); ok && r.Slot == a.Slot && r.Stats.Quality.Told.Source != relay.RTCP {
				t.Errorf("%d workers: %+v", workers, r.Stats.Quality.Told)
			}
		}
		if n := m.Stats().Reports; n < 2 || n > 6 {
			t.Errorf("%d reports in 8 s of two endpoints", n)
		}
	}
}

// One peer that is not heard while it hears the other is told within 2 s; again
// only when it was heard meanwhile; never of two who are both silent, of one who
// suppresses silence, or where nobody expects it.
func TestOneWayAudio(t *testing.T) {
	t.Run("one worker", func(t *testing.T) { oneWayAudio(t, 0, 0) })
	t.Run("a worker each", func(t *testing.T) { oneWayAudio(t, 0, 1) })
}

// oneWayAudio plays it with the two parties at workers of their own, or at one.
func oneWayAudio(t *testing.T, first, second int) {
	t.Helper()
	m := newRoom(t, 1+max(first, second), port.Range{First: 20000, Last: 20099})
	a, b := m.party(first, 1), m.party(second, 2)
	m.Do(join(a, b))
	told := func() (slots []relay.Slot) {
		for _, ev := range m.events {
			if o, ok := ev.(relay.OneWay); ok {
				slots = append(slots, o.Slot)
			}
		}
		m.events = nil
		return slots
	}
	run := func(d time.Duration, who ...*party) {
		for end := m.now.Add(d); m.now.Before(end); {
			for _, p := range who {
				m.speak(p)
			}
			m.Step(m.now.Add(20 * ms))
		}
	}
	expect := func(what string, want ...relay.Slot) {
		t.Helper()
		if got := told(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	run(3*time.Second, a)
	expect("before anybody watches")
	m.Do([]relay.Command{relay.Watch{Slot: a.Slot, For: time.Minute}, relay.Watch{Slot: b.Slot, For: time.Minute}})
	run(1700*ms, a)
	expect("too early to say")
	run(300*ms, a)
	expect("b was never heard", b.Slot)
	run(5*time.Second, a)
	expect("it was told")
	run(3*time.Second, a, b)
	expect("both speak")
	run(2*time.Second, b)
	expect("a is silent", a.Slot)
	run(5 * time.Second)
	expect("both are silent")
	m.Do([]relay.Command{relay.Watch{Slot: a.Slot}})
	run(5*time.Second, b)
	expect("on hold")
	m.Do([]relay.Command{relay.Watch{Slot: a.Slot, For: time.Minute}})
	run(time.Second, a, b)
	run(4*time.Second, b)
	expect("after a hold", a.Slot)
	m.Do([]relay.Command{relay.Watch{Slot: b.Slot, For: time.Minute, Pausing: true}})
	run(4*time.Second, a)
	expect("one who pauses")
	if f := m.Figures([]relay.Slot{a.Slot, b.Slot}); !f[0].Leased || f[0].Quality.Unheard != 2 || f[1].Quality.Unheard != 1 {
		t.Errorf("%d and %d times in the statistics, want 2 and 1", f[0].Quality.Unheard, f[1].Quality.Unheard)
	}
	c, d := m.party(0, 3), m.party(0, 4)
	m.Do(append(join(c, d), relay.Watch{Slot: d.Slot, For: time.Minute, Pausing: true}))
	run(2*time.Second, c)
	expect("one who pauses and was never heard", d.Slot)
}

func TestDigitsAreReportedAndPassed(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(0, 2)
	m.Do(join(a, b))
	packets, err := golden.Capture("dtmf_lost_end")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		m.advance(epoch.Add(p.At))
		m.Deliver(a.remote, a.Addr, p.Data)
	}
	m.advance(epoch.Add(2 * time.Second))
	m.collect()
	keys := ""
	for _, ev := range m.events {
		if d, ok := ev.(relay.Digit); ok && d.Slot == a.Slot {
			keys += string(d.Key)
			if d.At.IsZero() || d.At.After(epoch.Add(time.Second)) {
				t.Errorf("%c is told to have begun at %v", d.Key, d.At)
			}
		}
	}
	if keys != "56" || len(m.heard[b.remote]) != len(packets) {
		t.Errorf("reported %q, passed %d of %d", keys, len(m.heard[b.remote]), len(packets))
	}
}

// Keys that are consumed are told as others are; who hears their peer gets a
// stream of audio in which nothing is missing.
func TestDigitsAreConsumed(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(0, 2)
	m.Do(append(join(a, b), relay.Keys{Slot: a.Slot, Mode: relay.ConsumeKeys}))
	packets, err := golden.Capture("dtmf_1_2_3")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		m.advance(epoch.Add(p.At))
		m.Deliver(a.remote, a.Addr, p.Data)
	}
	m.advance(epoch.Add(5 * time.Second))
	m.collect()
	keys := ""
	for _, ev := range m.events {
		if d, ok := ev.(relay.Digit); ok && d.Slot == a.Slot {
			keys += string(d.Key)
		}
	}
	if keys != "123" {
		t.Errorf("reported %q", keys)
	}
	for _, s := range m.heard[b.remote] {
		if s.Data[1]&0x7f != 0 {
			t.Fatalf("a packet of type %d left", s.Data[1]&0x7f)
		}
	}
}

// advance steps the engine at each of its deadlines up to now.
func (m *room) advance(now time.Time) {
	for d := m.Deadline(); !d.IsZero() && !d.After(now); d = m.Deadline() {
		m.Step(d)
	}
	m.Step(now)
}

func TestPlay(t *testing.T) {
	one, two := ramp(160*5), ramp(200)
	for _, c := range []struct {
		name   string
		source relay.Source
		codec  relay.Codec
		ptime  uint8
		want   []byte
	}{
		{"a clip", relay.Source{Keys: []string{"one"}}, relay.PCMU, 20, one},
		{"a list runs on", relay.Source{Keys: []string{"two", "empty", "one"}}, relay.PCMU, 20, append(bytes.Clone(two), one...)},
		{"three times", relay.Source{Keys: []string{"two"}, Repeat: 3}, relay.PCMU, 20, bytes.Repeat(two, 3)},
		{"once", relay.Source{Keys: []string{"two"}, Repeat: 1}, relay.PCMU, 20, two},
		{"packets of 10 ms", relay.Source{Keys: []string{"one"}}, relay.PCMU, 10, one},
		{"A-law", relay.Source{Keys: []string{"one"}}, relay.PCMA, 20, one},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
			a := m.party(0, 1)
			a.spec.Codec, a.spec.Ptime = c.codec, c.ptime
			m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}, relay.Play{Slot: a.Slot, Source: c.source, Token: 77}})
			size := 8 * int(c.ptime)
			var got []byte
			var last uint32
			for n := range (len(c.want) + size - 1) / size {
				if d := m.Deadline(); !d.Equal(epoch.Add(time.Duration(n) * time.Duration(c.ptime) * ms)) {
					t.Fatalf("packet %d is due at %v", n, d.Sub(epoch))
				}
				m.Step(m.Deadline())
				for _, s := range m.Take(nil) {
					if s.To != a.remote || len(s.Data) != 12+size || (s.Data[1]&0x80 != 0) != (n == 0) ||
						n > 0 && binary.BigEndian.Uint32(s.Data[4:])-last != uint32(size) {
						t.Fatalf("packet %d: %x", n, s.Data[:12])
					}
					last = binary.BigEndian.Uint32(s.Data[4:])
					got = append(got, s.Data[12:]...)
				}
			}
			want := append(bytes.Clone(c.want), bytes.Repeat([]byte{muSilence}, (size-len(c.want)%size)%size)...)
			if c.codec == relay.PCMA {
				g711.MuToA(want, want)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%d octets played, %d wanted, or they differ", len(got), len(want))
			}
			if m.Deadline().Sub(m.now) < time.Second || len(m.events) != 1 || m.events[0] != (relay.Played{Slot: a.Slot, Token: 77}) {
				t.Errorf("events %v", m.events)
			}
		})
	}
}

func TestPlayForeverUntilJoined(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"two"}, Repeat: relay.Forever}}})
	m.advance(epoch.Add(10*time.Second - ms))
	m.collect()
	if n := len(m.heard[a.remote]); n != 500 {
		t.Errorf("%d packets in 10 s, want 500", n)
	}
	m.Do(join(a, b))
	m.hears(b, a, true)
	m.advance(m.now.Add(time.Second))
	m.collect()
	if n := len(m.heard[a.remote]); n != 501 || m.Stats().Players != 0 || len(m.events) != 1 {
		t.Errorf("%d packets, %d players after the join, events %v: the source was not finite", n, m.Stats().Players, m.events)
	}
}

func TestPlayWhatThereIsNot(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
	a := m.party(0, 1)
	m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}, Repeat: relay.Forever}}})
	for _, keys := range [][]string{{"one", "none"}, {"empty"}, nil} {
		m.events = nil
		m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: keys}}})
		if _, ok := m.events[0].(relay.Failed); !ok {
			t.Errorf("%v: %#v", keys, m.events)
		}
	}
	m.advance(epoch.Add(time.Second - ms))
	if n := len(m.Take(nil)); n != 50 {
		t.Errorf("%d packets: the endpoint keeps what it had", n)
	}
}

// A worker that comes late sends what it owes at once and keeps its schedule;
// one that was stopped begins another.
func TestScheduleDoesNotDrift(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
	a := m.party(0, 1)
	m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}, Repeat: relay.Forever}}})
	for n := 1; n <= 100; n++ {
		m.Step(epoch.Add(time.Duration(n)*50*ms + 3*ms))
	}
	if n := m.voice(); n != 251 {
		t.Errorf("%d packets after 5.003 s, want 251", n)
	}
	m.Step(epoch.Add(time.Minute))
	if n := m.voice(); n != 1 || m.Stats().Restarted != 1 {
		t.Errorf("%d packets after a stop of 55 s, want 1", n)
	}
}

func TestManyPlayersInOneStep(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 21999})
	var commands []relay.Command
	for n := range 500 {
		a := m.party(0, n%250+1)
		commands = append(commands, relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}}})
	}
	m.Do(commands)
	m.Step(epoch)
	if n := len(m.Take(nil)); n != 500 {
		t.Errorf("%d of 500 first packets", n)
	}
}

// The same commands at the same times give the same packets.
func TestReplay(t *testing.T) {
	run := func() []Sent {
		m := newRoom(t, 3, port.Range{First: 20000, Last: 20099})
		a, b := m.party(0, 1), m.party(1, 2)
		m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}}}})
		m.advance(epoch.Add(90 * ms))
		m.Do(join(a, b))
		m.Deliver(a.remote, a.Addr, golden.RTP{Body: golden.Voice(1)}.Bytes())
		m.Deliver(b.remote, b.Addr, golden.RTP{Body: golden.Voice(2)}.Bytes())
		return m.Take(nil)
	}
	one, two := run(), run()
	if len(one) < 7 || fmt.Sprint(one) != fmt.Sprint(two) {
		t.Errorf("two runs differ")
	}
}

// A description's TOS is set on both sockets when it changes, and does not stay
// for the next call; new sockets in the same place have none.
func TestTOSIsSetOnce(t *testing.T) {
	w := NewWorker(0, noClips{})
	var out Output
	w.Order(epoch, attach{0, port.Sockets{RTP: 5, RTCP: 6}}, &out)
	for lap, c := range []struct {
		tos    uint8
		others bool
		want   string
	}{
		{184, false, "[{5 184} {6 184}]"}, {184, false, "[]"}, {0, false, "[{5 0} {6 0}]"},
		{184, false, "[{5 184} {6 184}]"}, {184, true, "[{7 184} {8 184}]"},
	} {
		s := slotOf(0, 0, uint32(lap+1))
		out.Reset()
		if c.others {
			w.Order(epoch, detach{0}, &out)
			w.Order(epoch, attach{0, port.Sockets{RTP: 7, RTCP: 8}}, &out)
		}
		w.Order(epoch, lease{slot: s}, &out)
		w.Order(epoch, command{relay.Configure{Slot: s, Spec: relay.Spec{TOS: c.tos}}}, &out)
		w.Order(epoch, command{relay.Configure{Slot: s, Spec: relay.Spec{TOS: c.tos}}}, &out)
		w.Order(epoch, command{relay.Release{Slot: s}}, &out)
		if got := fmt.Sprint(out.Marks); got != c.want {
			t.Errorf("call %d: %s, want %s", lap, got, c.want)
		}
	}
}

// A watched peer that falls silent is told of once; one that speaks is not, and
// neither is a lease that has ended.
func TestWatchTellsOfSilence(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b, c := m.party(0, 1), m.party(1, 2), m.party(1, 3)
	m.Do([]relay.Command{
		relay.Watch{Slot: a.Slot, For: time.Second}, relay.Watch{Slot: b.Slot, For: time.Second},
		relay.Watch{Slot: c.Slot, For: time.Second}, relay.Release{Slot: c.Slot},
	})
	for i := range 150 {
		m.speak(a)
		m.advance(epoch.Add(time.Duration(i) * 20 * ms))
	}
	var silent []relay.Slot
	for _, ev := range m.events {
		if s, ok := ev.(relay.Silent); ok {
			silent = append(silent, s.Slot)
		}
	}
	if len(silent) != 1 || silent[0] != b.Slot {
		t.Fatalf("silent: %v, want %v once", silent, b.Slot)
	}
}
