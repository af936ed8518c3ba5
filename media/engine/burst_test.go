package engine

import (
	"net/netip"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// As on sockets: 40 s after a burst the engine holds what it began with. A port
// that was closed is nobody's, and when it is bound again, in another place and
// by other sockets, the old stream and commands for the old lease reach nobody.
func TestBurstEndsInVirtualTime(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 21999})
	start := m.Stats().Ports
	var all []*party
	for n := range 400 {
		all = append(all, m.party(n%2, n%250+1))
	}
	for n := 0; n < len(all); n += 2 {
		m.Do(join(all[n], all[n+1]))
	}
	m.hears(all[0], all[1], true)
	for _, p := range all {
		m.Do(release(p))
	}
	m.Step(epoch.Add(port.Target - ms))
	if c := m.Stats().Ports; c.Quarantined != 400 || c.Closed != 0 {
		t.Fatalf("before the rest is over %+v", c)
	}
	m.Step(epoch.Add(40 * time.Second))
	c := m.Stats().Ports
	if c.Closed == 0 || c.Bound != start.Bound || c.Ready() != start.Ready() || c.Unbound != start.Unbound || len(m.pairs) != 2*start.Bound {
		t.Fatalf("40 s later %+v, at the start %+v", c, start)
	}
	shut := 0
	for _, p := range all {
		if !m.Deliver(p.remote, p.Addr, golden.RTP{SSRC: p.ssrc}.Bytes()) {
			shut++
		}
	}
	if shut < 400-start.Bound || int(c.Closed) < shut {
		t.Errorf("%d ports are shut, %d pairs closed", shut, c.Closed)
	}
	m.Take(nil)

	old := map[netip.AddrPort]*party{}
	for _, p := range all {
		old[p.Addr] = p
	}
	again := 0
	for n := 0; n < 480; n += 2 { // most of the worker's ports: the closed ones are bound last
		a, b := m.party(0, n%250+1), m.party(0, n%250+2)
		m.Do(join(a, b))
		was := old[a.Addr]
		if was == nil {
			continue
		}
		again++
		m.Do(append(release(was), relay.Silence{Slot: was.Slot}))
		m.Deliver(netip.MustParseAddrPort("203.0.113.9:9"), a.Addr, golden.RTP{SSRC: was.ssrc, Body: golden.Voice(1)}.Bytes())
		if sent := m.Take(nil); len(sent) != 0 {
			t.Fatalf("the old stream reaches %v", sent[0].To)
		}
		m.hears(a, b, true)
		m.hears(b, a, true)
	}
	if again < 50 {
		t.Errorf("%d ports were leased again: the test proves nothing", again)
	}
}
