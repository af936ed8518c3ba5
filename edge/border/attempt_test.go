package border

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// pair is a border with one trunk of two peers, which takes emergency calls.
type pair struct {
	t      *testing.T
	shard  *ua.UA
	health *trunk.Health
	core   flow.Flow
	peers  []flow.Flow
	now    time.Time
	acts   []ua.Action
}

func newPair(t *testing.T) *pair {
	t.Helper()
	source, _ := profile.Builtin("generic")
	rules, faults := profile.Read(source, nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	shown, err := number.Parse("0300000100")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := policy.NewTables(policy.Directory{
		Trunks: []policy.Trunk{{Name: "pstn", Role: policy.RolePSTN, Profile: rules, EmergencyCapable: true}},
		Tenants: []policy.Tenant{{
			Name: "t1", Domain: "t1.example", DefaultNumber: shown, Outbound: []policy.TrunkID{0},
			Emergency: policy.EmergencyCalls{Routed: true, Over: 0},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, now: start, core: flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort("203.0.113.20:5070")}}
	for _, a := range []string{"198.51.100.1:5060", "198.51.100.2:5060"} {
		p.peers = append(p.peers, flow.Flow{Remote: netip.MustParseAddrPort(a)})
	}
	everywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	trunks := []trunk.Trunk{{Name: "pstn", Role: policy.RolePSTN, Profile: rules, To: p.peers, MediaPrefixes: everywhere}}
	core := Core{To: []flow.Flow{p.core}, MediaPrefixes: everywhere, Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMU}, Event: 101}}
	random, legs := rand.New(rand.NewPCG(1, 2)), new(ua.Sequence)
	hosts := []leg.Host{{Name: "203.0.113.10", Port: 5060}, {Name: "203.0.113.10", Port: 5061}}
	var neighbours trunk.Neighbours[ua.Peer]
	neighbours.Add(CorePeer, trunk.Source{Listener: 1, Prefix: netip.MustParsePrefix("203.0.113.20/32")})
	neighbours.Add(0, trunk.Source{Prefix: netip.MustParsePrefix("198.51.100.0/24")})
	p.health = trunk.NewHealth(random, Watches(trunks, core))
	b := New(Config{
		Tables: tables, Trunks: trunks, Neighbours: &neighbours, Hosts: hosts, Core: core,
		Source: random, Legs: legs, Ports: new(freePorts), Health: p.health,
	})
	p.shard = ua.New(ua.Config{Source: random, Hosts: hosts, Peer: b.Peer, Legs: legs, App: b})
	return p
}

func (p *pair) call(number string) {
	p.acts = p.shard.Datagram(p.now, p.core, []byte(coreInvite{domain: "t1.example", called: number, caller: "2001"}.String()), nil)
}

// invited returns who was sent an INVITE in the last step, and the last of them.
func (p *pair) invited() (to []string, invite string) {
	for _, a := range p.acts {
		if s, ok := a.(ua.Send); ok && strings.HasPrefix(string(s.Data), "INVITE ") {
			to, invite = append(to, s.Flow.Remote.Addr().String()), string(s.Data)
		}
	}
	return to, invite
}

// reply has a peer answer an INVITE.
func (p *pair) reply(from flow.Flow, invite string, status int, body string) {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + strconv.Itoa(status) + " X\r\n")
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		value := lineOf([]byte(invite), name)
		if name == "To" {
			value += ";tag=far"
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	b.WriteString("Contact: <sip:far@" + from.Remote.String() + ">\r\n")
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	p.acts = p.shard.Datagram(p.now, from, []byte(b.String()), nil)
}

// "If a fatal transport error is reported by the transport layer …, the
// condition MUST be treated as a 503 (Service Unavailable) status code" (RFC 3261
// §8.1.3.1): the next peer is tried in the same step.
func TestUnreachablePeer(t *testing.T) {
	p := newPair(t)
	p.call("0300009001")
	if to, _ := p.invited(); !slices.Equal(to, []string{"198.51.100.1"}) {
		t.Fatalf("first sent to %v", to)
	}
	p.acts = p.shard.Unreachable(p.now, p.peers[0], nil)
	if to, _ := p.invited(); !slices.Equal(to, []string{"198.51.100.2"}) {
		t.Fatalf("then sent to %v", to)
	}
	if s := p.health.States(p.now); s[0].Misses != 1 || s[1].Misses != 0 {
		t.Errorf("held against them: %+v", s)
	}
	p.acts = p.shard.Unreachable(p.now, p.peers[1], nil)
	said := ""
	for _, a := range p.acts {
		if s, ok := a.(ua.Send); ok && s.Flow == p.core {
			said += string(s.Data)
		}
	}
	if !strings.HasPrefix(said, "SIP/2.0 480 ") {
		t.Errorf("the core is told %q", said)
	}
}

// An emergency call is tried whatever is held against the peers; others are
// refused at once.
func TestEmergencyIsTriedAtAnyPeer(t *testing.T) {
	for number, want := range map[string][]string{"0300009001": nil, "119": {"198.51.100.1"}} {
		p := newPair(t)
		for range 3 {
			p.health.Missed(p.now, trunk.PeerID{Place: 0})
			p.health.Missed(p.now, trunk.PeerID{Place: 1})
		}
		p.call(number)
		if to, _ := p.invited(); !slices.Equal(to, want) {
			t.Errorf("%s: sent to %v, want %v", number, to, want)
		}
		if number == "119" {
			p.acts = p.shard.Unreachable(p.now, p.peers[0], nil)
			if to, _ := p.invited(); !slices.Equal(to, []string{"198.51.100.2"}) {
				t.Errorf("%s: then sent to %v", number, to)
			}
		}
	}
}

// A peer that was heard and has failed is cut off from the caller, both ways,
// before the next is asked.
func TestFailedPeerIsCutOff(t *testing.T) {
	p := newPair(t)
	p.call("0300009001")
	_, invite := p.invited()
	const media = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	p.reply(p.peers[0], invite, 183, media)
	var joined relay.Join
	for _, a := range p.acts {
		if m, ok := a.(ua.Media); ok {
			if j, ok := m.Command.(relay.Join); ok {
				joined = j
			}
		}
	}
	if joined == (relay.Join{}) {
		t.Fatalf("the caller does not hear the 183: %v", p.acts)
	}
	p.reply(p.peers[0], invite, 503, "")
	var cut []relay.Slot
	for _, a := range p.acts {
		switch a := a.(type) {
		case ua.Media:
			if s, ok := a.Command.(relay.Silence); ok {
				cut = append(cut, s.Slot)
			}
		case ua.Send:
			if strings.HasPrefix(string(a.Data), "INVITE ") && len(cut) != 2 {
				t.Error("the next peer is asked first")
			}
		}
	}
	if !slices.Equal(cut, []relay.Slot{joined.A, joined.B}) {
		t.Errorf("cut off %v, joined were %v", cut, joined)
	}
	if to, _ := p.invited(); !slices.Equal(to, []string{"198.51.100.2"}) {
		t.Errorf("then sent to %v", to)
	}
}
