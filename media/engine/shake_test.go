//go:build linux && (amd64 || arm64)

package engine

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sekisho/media/dtls"
	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

var somebody = srtp.Fingerprint{1, 0xfe}

// shaking is a stepped engine with a, whose keys come by DTLS, joined to b.
func shakingRoom(t *testing.T, h srtp.Handshake) (m *room, a, b *party) {
	t.Helper()
	m = newRoom(t, 1, port.Range{})
	a, b = m.party(0, 1), m.party(0, 2)
	a.spec.Handshake, a.spec.Mux, a.spec.RemoteRTCP = h, true, a.remote
	m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}, relay.Join{A: a.Slot, B: b.Slot}})
	m.hears(a, b, false)
	m.hears(b, a, false)
	m.events = nil
	return m, a, b
}

// record is a datagram of DTLS.
func record(n byte) []byte { return []byte{22, 0xfe, 0xfd, n} }

// keyed answers that a's association has keys, and returns the peer's end.
func (m *room) keyed(a *party, h srtp.Handshake, seed uint64) *secured {
	s := secure(m.t, srtp.AES128GCM, seed)
	m.Shaken(dtls.Answer{Kind: dtls.Keyed, Slot: a.Slot, Handshake: h, Peer: a.remote, Described: true, Keys: s.keys})
	return s
}

// protected sends one packet of a's under keys, and reports whether b heard it.
func (m *room) protected(a, b *party, s *secured) bool {
	a.seq++
	_, before := m.newest(b)
	packet := golden.RTP{Sequence: a.seq, Timestamp: 160 * uint32(a.seq), SSRC: a.ssrc, Body: golden.Voice(int(a.seq))}.Bytes()
	m.Deliver(a.remote, a.Addr, s.protect(packet))
	m.collect()
	got, after := m.newest(b)
	return after == before+1 && bytes.Equal(got, golden.Voice(int(a.seq)))
}

// Before the keys nothing is heard, sent, latched or counted; records go to the
// handshake, from where the peer may be and no faster than they may; then the
// peer's media is SRTP, and RTCP goes by the same port.
func TestDTLSBeforeAndBehindTheKeys(t *testing.T) {
	h := srtp.Handshake{Role: srtp.Server, Peer: somebody, Number: 1}
	m, a, b := shakingRoom(t, h)
	if asked := m.Shakes(); len(asked) != 0 {
		t.Errorf("a server asks %+v", asked)
	}
	m.Deliver(netip.AddrPortFrom(a.remote.Addr(), 9), a.Addr, record(0))
	m.Deliver(a.remote, b.Addr, record(0)) // b has no DTLS
	for n := range shakesPerSecond + 5 {
		m.Deliver(a.remote, a.Addr, record(byte(n)))
	}
	asked := m.Shakes()
	if len(asked) != shakesPerSecond {
		t.Fatalf("%d records go to the handshake, want %d", len(asked), shakesPerSecond)
	}
	if got := asked[3]; got.Kind != dtls.Record || got.Slot != a.Slot || got.Handshake != h || got.Peer != a.remote || !got.Described || !bytes.Equal(got.Data, record(3)) {
		t.Errorf("%+v", got)
	}
	d := m.Stats().Dropped
	if d[relay.Unauthentic] != 1 || d[relay.Unprotected] != 1 || d[relay.Shaken] != shakesPerSecond || d[relay.TooMany] != 5 || d[relay.ForeignSource] != 2 {
		t.Errorf("dropped %v", d)
	}
	if s := m.workers[0].at(place(a.Slot)).in.Stats(m.now); s.Received != 0 || s.DroppedSRTP != 1 || len(m.events) != 0 {
		t.Errorf("%+v, %+v", s, m.events)
	}
	m.Shaken(dtls.Answer{Kind: dtls.Send, Slot: a.Slot, Handshake: h, Peer: a.remote, Data: record(9)})
	m.Shaken(dtls.Answer{Kind: dtls.Send, Slot: a.Slot, Handshake: h, Peer: netip.MustParseAddrPort("203.0.113.9:9"), Data: record(9)})
	if out := m.Take(nil); len(out) != 1 || out[0].From != a.Addr || out[0].To != a.remote || !bytes.Equal(out[0].Data, record(9)) {
		t.Errorf("the handshake's records leave as %+v", out)
	}

	s := m.keyed(a, h, 1)
	if !slices.Contains(m.events, relay.Event(relay.Keyed{Slot: a.Slot, Suite: srtp.AES128GCM})) {
		t.Errorf("told %+v", m.events)
	}
	m.hears(a, b, false) // plain RTP
	if !m.protected(a, b, s) {
		t.Error("b does not hear a")
	}
	audio := m.speak(b)
	all := m.heard[a.remote]
	if got := s.open(all[len(all)-1].Data); !bytes.Equal(got[12:], audio) {
		t.Error("a does not hear b")
	}
	m.Shaken(dtls.Answer{Kind: dtls.Keyed, Slot: a.Slot, Handshake: h, Peer: a.remote, Keys: secure(t, srtp.AES128GCM, 9).keys})
	if !m.protected(a, b, s) {
		t.Error("a second handshake of one association takes its place")
	}
	m.Deliver(a.remote, a.Addr, record(1))
	if asked := m.Shakes(); len(asked) != 0 {
		t.Errorf("more than may be within a second: %+v", asked)
	}
	m.Step(epoch.Add(time.Second))
	m.Deliver(a.remote, a.Addr, record(1))
	if asked := m.Shakes(); len(asked) != 1 || asked[0].Kind != dtls.Late {
		t.Errorf("behind the keys: %+v", asked)
	}

	// RTCP on the port of RTP, both ways.
	report := []byte{0x80, 201, 0, 1, 0, 1, 0, 0}
	sealed, ok := s.out.RTCP(append(make([]byte, 0, 64), report...))
	if !ok {
		t.Fatal("no report")
	}
	before := m.Stats().Dropped
	m.Deliver(a.remote, a.Addr, sealed)
	if m.Stats().Dropped != before {
		t.Errorf("a report is dropped: %v", m.Stats().Dropped)
	}
	m.heard[a.remote] = nil
	for now := epoch.Add(time.Second); len(m.heard[a.remote]) == 0 && now.Before(epoch.Add(20*time.Second)); now = now.Add(time.Second) {
		m.Step(now)
		m.collect()
	}
	if len(m.heard[a.remote]) == 0 {
		t.Fatal("no report of ours")
	}
	sent := m.heard[a.remote][0]
	if got, f := s.in.RTCP(bytes.Clone(sent.Data)); f != srtp.None || !isReport(got) || sent.From != a.Addr {
		t.Errorf("our report is %v, from %v", f, sent.From)
	}
	if slices.ContainsFunc(m.events, func(ev relay.Event) bool { _, is := ev.(relay.Unkeyed); return is }) {
		t.Errorf("an association with keys is given up: %+v", m.events)
	}
	m.Do(release(a))
	if asked := m.Shakes(); len(asked) != 1 || asked[0].Kind != dtls.End {
		t.Errorf("at the end: %+v", asked)
	}
}

// An association that has no keys in time is told of once, with what became of the
// last try. A stranger's failure does not end it; that of whoever is where the
// peer has said to be does.
func TestDTLSWithoutKeys(t *testing.T) {
	for _, c := range []struct {
		name   string
		role   srtp.Role
		answer *dtls.Answer
		after  time.Duration
		want   string
	}{
		{"nobody begins", srtp.Server, nil, shaking, "the peer has not begun"},
		{"nobody answers", srtp.Client, nil, shaking, "the peer does not answer"},
		{"a stranger's certificate", srtp.Server, &dtls.Answer{Kind: dtls.Refused, Reason: "no"}, shaking, "no"},
		{"the peer's certificate", srtp.Server, &dtls.Answer{Kind: dtls.Refused, Reason: "no", Described: true}, 0, "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := srtp.Handshake{Role: c.role, Peer: somebody, Number: 1}
			m, a, b := shakingRoom(t, h)
			asked := m.Shakes()
			if begun := len(asked) == 1 && asked[0].Kind == dtls.Begin && asked[0].Peer == a.remote; begun != (c.role == srtp.Client) {
				t.Errorf("asked %+v", asked)
			}
			if c.answer != nil {
				c.answer.Slot, c.answer.Handshake = a.Slot, h
				m.Shaken(*c.answer)
			}
			m.Step(epoch.Add(c.after - ms))
			if (len(m.events) == 0) != (c.after > 0) {
				t.Errorf("too early: %+v", m.events)
			}
			m.Step(epoch.Add(shaking))
			m.Step(epoch.Add(2 * shaking))
			if want := []relay.Event{relay.Unkeyed{Slot: a.Slot, Reason: c.want}}; !slices.Equal(m.events, want) {
				t.Errorf("told %+v, want %+v", m.events, want)
			}
			m.hears(a, b, false)
		})
	}
}

// A peer that holds keeps its keys; another association has its own as soon as
// they are there, and those before it until then. Answers of one that is over
// mean nothing.
func TestDTLSAgain(t *testing.T) {
	h := srtp.Handshake{Role: srtp.Server, Peer: somebody, Number: 1}
	m, a, b := shakingRoom(t, h)
	first := m.keyed(a, h, 1)
	set := func(change func(*relay.Spec)) {
		change(&a.spec)
		m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}})
	}
	set(func(s *relay.Spec) { s.Direction = relay.SendOnly })
	set(func(s *relay.Spec) { s.Direction = relay.SendRecv })
	if !m.protected(a, b, first) {
		t.Error("the keys are lost over a hold")
	}
	m.Shakes()
	next := srtp.Handshake{Role: srtp.Server, Peer: srtp.Fingerprint{2}, Number: 2}
	set(func(s *relay.Spec) { s.Handshake = next })
	if asked := m.Shakes(); len(asked) != 1 || asked[0].Kind != dtls.End || asked[0].Handshake != h {
		t.Errorf("asked %+v", asked)
	}
	m.keyed(a, h, 5)
	if !m.protected(a, b, first) {
		t.Error("the keys in force are lost before there are others")
	}
	second := m.keyed(a, next, 2)
	if !m.protected(a, b, second) || m.protected(a, b, first) {
		t.Error("the keys of the association before are taken")
	}
	audio := m.speak(b)
	all := m.heard[a.remote]
	if got := second.open(all[len(all)-1].Data); !bytes.Equal(got[12:], audio) {
		t.Error("the peer hears us under the keys before")
	}
	m.Do(release(a))
	m.Step(epoch.Add(time.Second))
	if m.keyed(a, next, 7); m.workers[0].at(place(a.Slot)) != nil {
		t.Error("a lease that is over gets keys")
	}
}

// Through sockets: the handshake and the media behind it share a port, whoever
// begins, and a peer with another certificate is never heard.
func TestDTLSOnSockets(t *testing.T) {
	certificate := func() *dtls.Certificate {
		c, err := dtls.NewCertificate(rand.Reader, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	own, peer := certificate(), certificate()
	suites := []srtp.Suite{srtp.AES256GCM}
	e, events := start(t, Config{DTLS: dtls.Config{Certificate: own, Suites: suites}})
	for _, role := range []srtp.Role{srtp.Server, srtp.Client} {
		for _, right := range []bool{true, false} {
			t.Run(fmt.Sprint(role, right), func(t *testing.T) {
				a, b := call(t, e, Request{}), call(t, e, Request{})
				shown := peer
				if !right {
					shown = certificate()
				}
				theirs := srtp.Handshake{Role: srtp.Server + srtp.Client - role, Peer: own.Fingerprint(), Number: 1}
				answers := make(chan dtls.Answer, 16)
				far, err := dtls.Open(dtls.Config{Certificate: shown, Suites: suites, Answer: func(a2 dtls.Answer) {
					if a2.Kind == dtls.Send {
						a.send(a2.Data)
						return
					}
					answers <- a2
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer far.Close()
				a.spec.Handshake = srtp.Handshake{Role: role, Peer: peer.Fingerprint(), Number: 1}
				e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}, relay.Configure{Slot: a.Slot, Spec: a.spec}})
				settle(t, e)
				message := dtls.Message{Kind: dtls.Begin, Slot: a.Slot, Handshake: theirs, Peer: a.Addr}
				if role == srtp.Server {
					far.Tell(message)
				}
				message.Kind = dtls.Record
				listening := make(chan struct{})
				go func() { // ended by the deadline below
					defer close(listening)
					buffer := make([]byte, 2048)
					for {
						n, err := a.Read(buffer)
						if err != nil {
							return
						}
						message.Data = buffer[:n]
						far.Tell(message)
					}
				}()
				told := told(t, events)
				var got dtls.Answer
				if right {
					got = <-answers // the last flight may still be on its way
				}
				_ = a.SetReadDeadline(time.Now())
				<-listening
				if !right {
					if got, is := told.(relay.Unkeyed); !is || got.Reason != "the certificate is not the one described" {
						t.Errorf("told %+v", told)
					}
					return
				}
				if got, is := told.(relay.Keyed); !is || got.Suite != srtp.AES256GCM {
					t.Fatalf("told %+v", told)
				}
				s := &secured{t: t}
				if s.out, err = srtp.NewSender(got.Keys.Out); err == nil {
					s.in, err = srtp.NewReceiver(got.Keys.In)
				}
				if err != nil {
					t.Fatal(err)
				}
				a.send(s.protect(nth(1, 1)))
				if heard := b.hear(); !bytes.Equal(heard[12:], golden.Voice(1)) {
					t.Error("b heard other audio")
				}
				<-events // latched
				b.send(nth(1, 2))
				if heard := s.open(a.hear()); !bytes.Equal(heard[12:], golden.Voice(1)) {
					t.Error("a heard other audio")
				}
				<-events
			})
		}
	}
}
