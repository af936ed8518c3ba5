package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// ear checks that what one address hears is a single stream: one SSRC, numbers
// one by one, timestamps that never go back and never overlap what was said.
type ear struct {
	name    string
	packets int
	ssrc    uint32
	seq     uint16
	ts      uint32
	span    uint32
	marks   int
}

func (e *ear) hear(t *testing.T, d []byte) {
	t.Helper()
	ssrc, seq, ts := binary.BigEndian.Uint32(d[8:]), binary.BigEndian.Uint16(d[2:]), binary.BigEndian.Uint32(d[4:])
	if e.packets > 0 {
		if ssrc != e.ssrc {
			t.Fatalf("%s, packet %d: SSRC %08x after %08x", e.name, e.packets, ssrc, e.ssrc)
		}
		if seq != e.seq+1 {
			t.Fatalf("%s, packet %d: number %d after %d", e.name, e.packets, seq, e.seq)
		}
		if ahead := ts - e.ts; ahead < e.span || ahead > 1<<20 {
			t.Fatalf("%s, packet %d: timestamp %d after %d, whose audio is %d long", e.name, e.packets, ts, e.ts, e.span)
		}
	}
	if d[1]&0x80 != 0 {
		e.marks++
	}
	e.packets++
	e.ssrc, e.seq, e.ts, e.span = ssrc, seq, ts, uint32(len(d)-12)
}

// A caller hears a prompt, hold music, one party, another after a transfer, and
// at last a party behind a hairpin that is taken out; and the feeders live with
// whichever workers. It is one stream, each feeder beginning with the marker.
func TestOneStreamThroughEveryFeeder(t *testing.T) {
	for workers := 1; workers <= 3; workers++ {
		m := newRoom(t, workers, port.Range{First: 20000, Last: 20199})
		a, b, c := m.party(0, 1), m.party(1%workers, 2), m.party(2%workers, 3)
		x, y, d := m.party(0, 4), m.party(1%workers, 5), m.party(2%workers, 6)
		// x and y are each other's peers: packets between them leave the engine
		// and come in again.
		x.spec.Remote, y.spec.Remote = y.Addr, x.Addr
		m.Do([]relay.Command{relay.Configure{Slot: x.Slot, Spec: x.spec}, relay.Configure{Slot: y.Slot, Spec: y.spec}})
		heard := &ear{name: "a"}
		behind := &ear{name: "d"}
		run := func(d time.Duration, who ...*party) {
			for end := m.now.Add(d); m.now.Before(end); {
				for _, p := range who {
					p.seq++
					m.Deliver(p.remote, p.Addr, golden.RTP{Sequence: p.seq, Timestamp: 160 * uint32(p.seq), SSRC: p.ssrc, Body: golden.Voice(int(p.seq))}.Bytes())
				}
				for sent := m.Take(nil); len(sent) > 0; sent = m.Take(nil) {
					for _, s := range sent {
						switch s.To {
						case a.remote:
							heard.hear(t, s.Data)
						case netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 6}), 5012):
							behind.hear(t, s.Data)
						default:
							m.Deliver(s.From, s.To, s.Data)
						}
					}
				}
				m.Step(m.now.Add(20 * ms))
			}
		}
		var feeders int
		expect := func(what string, least int) {
			t.Helper()
			feeders++
			if heard.packets < least || heard.marks != feeders {
				t.Fatalf("%d workers, %s: %d packets heard, want %d; %d marks, want %d", workers, what, heard.packets, least, heard.marks, feeders)
			}
		}
		m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}}}})
		run(500*ms, b, c)
		expect("prompt", 5)
		m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"two"}, Repeat: relay.Forever}}})
		run(500*ms, b, c)
		expect("hold music", 30)
		m.Do(join(a, b))
		run(500*ms, a, b, c)
		expect("talk", 54)
		m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"two"}, Repeat: relay.Forever}}})
		run(200*ms, a, b, c)
		expect("held again", 63)
		m.Do(join(a, c))
		run(500*ms, a, b, c)
		expect("transfer", 87)
		m.Do([]relay.Command{relay.Silence{Slot: a.Slot}})
		before := heard.packets
		run(300*ms, a, b, c)
		if heard.packets > before+1 {
			t.Fatalf("%d packets in silence", heard.packets-before)
		}
		m.Do([]relay.Command{relay.Join{A: a.Slot, B: x.Slot}, relay.Join{A: d.Slot, B: y.Slot}})
		run(500*ms, a, d)
		expect("through a hairpin", before+23)
		through := behind.packets
		m.Do(join(a, d))
		run(500*ms, a, d)
		expect("the hairpin taken out", before+47)
		if through < 23 || behind.packets < through+23 {
			t.Fatalf("%d workers: d heard %d packets through the hairpin and %d without", workers, through, behind.packets-through)
		}
	}
}

// Rewired at random, everybody hears one stream at any time, whoever fed it.
func TestRewiringAtRandom(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 5))
		m := newRoom(t, 3, port.Range{First: 20000, Last: 20199})
		var all []*party
		ears := map[netip.AddrPort]*ear{}
		for n := range 6 {
			p := m.party(n%3, n+1)
			all = append(all, p)
			ears[p.remote] = &ear{name: p.remote.String()}
		}
		for range 600 {
			for _, p := range all {
				if random.IntN(8) > 0 { // others pause
					p.seq++
					m.Deliver(p.remote, p.Addr, golden.RTP{Sequence: p.seq, Timestamp: 160 * uint32(p.seq), SSRC: p.ssrc, Body: golden.Voice(int(p.seq))}.Bytes())
				}
			}
			if random.IntN(3) == 0 {
				m.Do([]relay.Command{rewire(random, all)})
			}
			m.Step(m.now.Add(time.Duration(5+random.IntN(30)) * ms)) // feeders keep no common time
			for _, s := range m.Take(nil) {
				if e := ears[s.To]; e != nil {
					e.hear(t, s.Data)
				}
			}
		}
		heard := 0
		for _, e := range ears {
			heard += e.packets
		}
		if heard < 600 {
			t.Fatalf("seed %d: only %d packets were heard", seed, heard)
		}
	}
}

func rewire(random *rand.Rand, all []*party) relay.Command {
	a, b := all[random.IntN(len(all))], all[random.IntN(len(all))]
	switch random.IntN(6) {
	case 0:
		return relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one", "two"}, Repeat: random.IntN(3) - 1}}
	case 1:
		return relay.Silence{Slot: a.Slot}
	}
	if a == b {
		return relay.Configure{Slot: a.Slot, Spec: a.spec}
	}
	return relay.Join{A: a.Slot, B: b.Slot}
}
