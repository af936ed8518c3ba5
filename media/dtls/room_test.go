package dtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	pionsrtp "github.com/pion/srtp/v3"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

var (
	oneSlot  = relay.Slot{Index: 7, Epoch: 3}
	phone    = netip.MustParseAddrPort("198.51.100.9:4000")
	stranger = netip.MustParseAddrPort("198.51.100.9:4999")
)

// rig is a room and whoever speaks to it, by address.
type rig struct {
	t    *testing.T
	room *Room

	mu      sync.Mutex
	peers   map[netip.AddrPort]*pipe
	answers []Answer         // but Send
	told    chan Answer      // the same
	sends   int              // of any peer
	drop    func(n int) bool // whether the nth datagram, of either side, is lost
	crossed int
}

func newRig(t *testing.T, c Config) *rig {
	t.Helper()
	g := &rig{t: t, peers: map[netip.AddrPort]*pipe{}, told: make(chan Answer, 1<<14)}
	if c.Certificate == nil {
		c.Certificate = certificate(t)
	}
	if c.Suites == nil {
		c.Suites = []srtp.Suite{srtp.AES128GCM, srtp.AES256GCM, srtp.AES128CM80}
	}
	c.Answer = g.answer
	room, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	g.room = room
	t.Cleanup(room.Close)
	return g
}

func certificate(t *testing.T) *Certificate {
	t.Helper()
	c, err := NewCertificate(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (g *rig) answer(a Answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.Kind != Send {
		g.answers = append(g.answers, a)
		g.told <- a
		return
	}
	g.sends++
	if p := g.peers[a.Peer]; p != nil && !g.lost() {
		p.put(a.Data)
	}
}

// lost decides about the next datagram; mu is held.
func (g *rig) lost() bool {
	g.crossed++
	return g.drop != nil && g.drop(g.crossed)
}

// at makes a place for a peer to speak from.
func (g *rig) at(from netip.AddrPort, h srtp.Handshake) *pipe {
	p := newPipe(func(data []byte) {
		g.mu.Lock()
		lost := g.lost()
		g.mu.Unlock()
		if !lost {
			g.room.Tell(Message{Kind: Record, Slot: oneSlot, Handshake: h, Peer: from, Described: from == phone, Data: data})
		}
	})
	g.mu.Lock()
	g.peers[from] = p
	g.mu.Unlock()
	return p
}

// speaks holds a handshake as the peer and returns what came of it.
func (g *rig) speaks(from netip.AddrPort, h srtp.Handshake, own *Certificate, profiles ...dtls.SRTPProtectionProfile) (*dtls.Conn, error) {
	if len(profiles) == 0 {
		profiles = []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM}
	}
	options := []dtls.Option{
		dtls.WithSRTPProtectionProfiles(profiles...), dtls.WithInsecureSkipVerify(true), dtls.WithFlightInterval(20 * time.Millisecond),
	}
	if own != nil {
		options = append(options, dtls.WithCertificates(own.pair))
	}
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.9:30000"))
	var conn *dtls.Conn
	var err error
	if h.Role == srtp.Server {
		var list []dtls.ClientOption
		for _, o := range options {
			list = append(list, o)
		}
		conn, err = dtls.ClientWithOptions(g.at(from, h), to, list...)
	} else {
		list := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
		for _, o := range options {
			list = append(list, o)
		}
		conn, err = dtls.ServerWithOptions(g.at(from, h), to, list...)
		g.room.Tell(Message{Kind: Begin, Slot: oneSlot, Handshake: h, Peer: from, Described: true})
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	ctx, stop := context.WithTimeout(g.t.Context(), 20*time.Second)
	defer stop()
	return conn, conn.HandshakeContext(ctx)
}

func (g *rig) next() Answer {
	g.t.Helper()
	select {
	case a := <-g.told:
		return a
	case <-time.After(20 * time.Second):
		g.t.Fatalf("no answer; %+v", g.room.Figures())
		return Answer{}
	}
}

// Both roles and each suite give both sides the same keys, as another reader of
// RFC 5764 §4.2 sees them.
func TestKeys(t *testing.T) {
	own := certificate(t)
	for _, role := range []srtp.Role{srtp.Server, srtp.Client} {
		for _, c := range []struct {
			profile dtls.SRTPProtectionProfile
			suite   srtp.Suite
		}{
			{dtls.SRTP_AEAD_AES_128_GCM, srtp.AES128GCM}, {dtls.SRTP_AEAD_AES_256_GCM, srtp.AES256GCM},
			{dtls.SRTP_AES128_CM_HMAC_SHA1_80, srtp.AES128CM80},
		} {
			t.Run(fmt.Sprintf("%v as %d", c.suite, role), func(t *testing.T) {
				g := newRig(t, Config{})
				h := srtp.Handshake{Role: role, Peer: own.Fingerprint(), Number: 1}
				conn, err := g.speaks(phone, h, own, c.profile)
				if err != nil {
					t.Fatal(err)
				}
				a := g.next()
				if a.Kind != Keyed || a.Slot != oneSlot || a.Handshake != h || a.Peer != phone || !a.Described {
					t.Fatalf("%+v", a)
				}
				config := &pionsrtp.Config{Profile: pionsrtp.ProtectionProfile(c.profile)}
				state, _ := conn.ConnectionState()
				if err := config.ExtractSessionKeysFromDTLS(&state, role == srtp.Server); err != nil {
					t.Fatal(err)
				}
				k := config.Keys
				theirs := append(bytes.Clone(k.LocalMasterKey), k.LocalMasterSalt...)
				ours := append(bytes.Clone(k.RemoteMasterKey), k.RemoteMasterSalt...)
				if a.Keys.In.Suite() != c.suite || !bytes.Equal(a.Keys.In.Material(), theirs) || !bytes.Equal(a.Keys.Out.Material(), ours) {
					t.Errorf("%v: the sides have different keys", a.Keys.In.Suite())
				}
				for _, shown := range []string{fmt.Sprintf("%v %+v %#v", a, a, a), fmt.Sprintf("%v %+v", g.room.config.Certificate, g.room.config)} {
					if strings.Contains(shown, hex.EncodeToString(theirs[:8])) || strings.Contains(shown, strings.Trim(fmt.Sprint(theirs[:6]), "[]")) {
						t.Errorf("a key is shown: %s", shown)
					}
				}
			})
		}
	}
}

// A certificate that SDP has not described, none at all, or no profile in common
// gives no keys, whichever side is the client.
func TestRefused(t *testing.T) {
	own, other := certificate(t), certificate(t)
	for _, c := range []struct {
		name    string
		role    srtp.Role
		shown   *Certificate
		profile dtls.SRTPProtectionProfile
		want    string
	}{
		{"another certificate", srtp.Server, other, dtls.SRTP_AEAD_AES_128_GCM, "the certificate is not the one described"},
		{"another certificate, as client", srtp.Client, other, dtls.SRTP_AEAD_AES_128_GCM, "the certificate is not the one described"},
		{"no certificate", srtp.Server, nil, dtls.SRTP_AEAD_AES_128_GCM, ""},
		{"another profile", srtp.Server, own, dtls.SRTP_AES128_CM_HMAC_SHA1_32, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t, Config{})
			h := srtp.Handshake{Role: c.role, Peer: own.Fingerprint(), Number: 1}
			if _, err := g.speaks(phone, h, c.shown, c.profile); err == nil && c.want == "" {
				t.Error("the peer believes that it has keys")
			}
			a := g.next()
			if a.Kind != Refused || a.Keys != (srtp.Keys{}) || c.want != "" && a.Reason != c.want || a.Reason == "" {
				t.Errorf("%+v, want %q", a, c.want)
			}
			if f := g.room.Figures(); f.Keyed != 0 || f.Refused != 1 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// Every third datagram is lost, and the first of each side: both say it again.
func TestLoss(t *testing.T) {
	own := certificate(t)
	g := newRig(t, Config{})
	g.drop = func(n int) bool { return n == 1 || n == 2 || n%3 == 0 && n < 30 }
	if _, err := g.speaks(phone, srtp.Handshake{Role: srtp.Server, Peer: own.Fingerprint(), Number: 1}, own); err != nil {
		t.Fatal(err)
	}
	if a := g.next(); a.Kind != Keyed {
		t.Errorf("%+v", a)
	}
}

// A stranger that begins first, even one that goes all the way with a certificate
// of its own, takes nothing from the peer (CVE-2023-49786).
func TestRace(t *testing.T) {
	own, other := certificate(t), certificate(t)
	g := newRig(t, Config{})
	h := srtp.Handshake{Role: srtp.Server, Peer: own.Fingerprint(), Number: 1}
	_, _ = g.speaks(stranger, h, other)
	if a := g.next(); a.Kind != Refused || a.Peer != stranger || a.Described {
		t.Errorf("the stranger: %+v", a)
	}
	g.room.Tell(Message{Kind: Record, Slot: oneSlot, Handshake: h, Peer: stranger, Data: []byte{22, 0xfe, 0xfd, 0, 0}})
	if _, err := g.speaks(phone, h, own); err != nil {
		t.Fatal(err)
	}
	if a := g.next(); a.Kind != Keyed || a.Peer != phone {
		t.Errorf("the peer: %+v", a)
	}
}

// hello is a first flight, as anybody can send it.
func hello(t *testing.T) []byte {
	t.Helper()
	first := make(chan []byte, 16)
	p := newPipe(func(data []byte) {
		select {
		case first <- data:
		default:
		}
	})
	conn, err := dtls.ClientWithOptions(p, &net.UDPAddr{}, dtls.WithInsecureSkipVerify(true), dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = conn.HandshakeContext(t.Context()) }() // ended by Close below
	data := <-first
	_ = conn.Close()
	<-gone
	return data
}

// A flood of first flights from as many addresses as there are leaves a few
// candidates, and a place for whoever has been described; one from many slots
// leaves no more than the room has.
func TestFlood(t *testing.T) {
	data := hello(t)
	own := certificate(t)
	g := newRig(t, Config{Budget: 2 * time.Minute})
	h := srtp.Handshake{Role: srtp.Server, Peer: own.Fingerprint(), Number: 1}
	before := runtime.NumGoroutine()
	flood := func(n int, slot func(int) relay.Slot) {
		for i := range n {
			from := netip.AddrPortFrom(netip.MustParseAddr("198.51.100.77"), uint16(i+1000))
			g.room.Tell(Message{Kind: Record, Slot: slot(i), Handshake: h, Peer: from, Data: data})
			if i%waiting == waiting-1 {
				for len(g.room.inbox) > 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}
		for len(g.room.inbox) > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	flood(3000, func(int) relay.Slot { return oneSlot })
	if f := g.room.Figures(); f.Open > 2*perSlot+1 || runtime.NumGoroutine()-before > 6*(2*perSlot+2) {
		t.Errorf("%+v, %d goroutines more", f, runtime.NumGoroutine()-before)
	}
	if _, err := g.speaks(phone, h, own); err != nil {
		t.Fatal(err)
	}
	for a := g.next(); a.Kind != Keyed; a = g.next() {
	}
	flood(2000, func(i int) relay.Slot { return relay.Slot{Index: uint32(100 + i), Epoch: 1} })
	if f := g.room.Figures(); f.Open > crowd || f.Lost < 1000 {
		t.Errorf("%+v", f)
	}
}

// What comes behind the handshake's end makes no new candidate, and nothing does
// behind the association's.
func TestLate(t *testing.T) {
	data := hello(t)
	own := certificate(t)
	g := newRig(t, Config{Budget: time.Minute})
	h := srtp.Handshake{Role: srtp.Server, Peer: own.Fingerprint(), Number: 1}
	if _, err := g.speaks(phone, h, own); err != nil {
		t.Fatal(err)
	}
	g.next()
	g.room.Tell(Message{Kind: Late, Slot: oneSlot, Handshake: h, Peer: stranger, Data: data})
	g.room.Tell(Message{Kind: End, Slot: oneSlot, Handshake: h})
	deadline := time.Now().Add(20 * time.Second)
	for g.room.Figures().Open > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if f := g.room.Figures(); f.Begun != 1 || f.Open != 0 || f.Lost != 1 {
		t.Errorf("%+v", f)
	}
}

// A handshake that does not go on ends, and says so.
func TestBudget(t *testing.T) {
	data := hello(t)
	g := newRig(t, Config{Budget: 30 * time.Millisecond})
	g.room.Tell(Message{Kind: Record, Slot: oneSlot, Handshake: srtp.Handshake{Role: srtp.Server, Number: 1}, Peer: phone, Described: true, Data: data})
	if a := g.next(); a.Kind != Refused || a.Reason != "not finished in time" {
		t.Errorf("%+v", a)
	}
}

// The same randomness makes the same certificate, and nothing prints its key.
func TestCertificate(t *testing.T) {
	now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	random := bytes.Repeat([]byte{0x17, 0x33}, 100)
	a, err := NewCertificate(bytes.NewReader(random), now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewCertificate(bytes.NewReader(random), now)
	if err != nil || a.Fingerprint() != b.Fingerprint() || a.Fingerprint().IsZero() {
		t.Errorf("%v, %v, %v", a, b, err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", a, a, a, *a); strings.Contains(shown, "1733") || strings.Contains(shown, "23 51 23") {
		t.Errorf("the key is shown: %s", shown)
	}
	if _, err := NewCertificate(bytes.NewReader(random[:40]), now); err == nil {
		t.Error("a certificate without randomness")
	}
	if _, err := NewCertificate(bytes.NewReader(bytes.Repeat([]byte{0xff}, 1000)), now); err == nil {
		t.Error("a key beyond the curve's order")
	}
}

func TestIsRecord(t *testing.T) {
	for first, want := range map[byte]bool{0: false, 19: false, 20: true, 22: true, 63: true, 64: false, 128: false, 0xff: false} {
		if IsRecord([]byte{first}) != want {
			t.Errorf("%d is taken for DTLS: %v", first, !want)
		}
	}
	if IsRecord(nil) {
		t.Error("nothing is taken for DTLS")
	}
}
