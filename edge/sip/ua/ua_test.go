package ua

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/doors"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/media/relay"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Ebbs: true, Allow: []string{
		"github.com/emiago/sipgo/sip", "sekisho/edge/sip/...", "sekisho/edge/cdr", "sekisho/media/ebb", "sekisho/media/relay",
	}, Deny: map[string]string{"sekisho/edge/sip/transport": "the rim is the loop's, not the machine's"}})
}

var (
	addrA = netip.MustParseAddrPort("192.0.2.1:5060")
	addrB = netip.MustParseAddrPort("192.0.2.2:5060")
)

// party is an application that notes what it is told and does what its test
// script says.
type party struct {
	legs Sequence
	log  []string
	last leg.ID
	on   func(p *party, in Input) []Action
	// terms are what it wants of its peer.
	terms leg.Terms
}

func (p *party) Deadline() time.Time { return time.Time{} }

func (p *party) Handle(now time.Time, in Input, out []Action) []Action {
	switch in := in.(type) {
	case Incoming:
		p.last = in.Leg
		p.log = append(p.log, "incoming")
	case LegEvent:
		if ev, ok := in.Event.(leg.Progressed); ok && ev.Status == 100 {
			break
		}
		p.log = append(p.log, describe(in.Event))
	case MediaEvent, Tick:
	}
	if p.on != nil {
		out = append(out, p.on(p, in)...)
	}
	return out
}

func describe(ev leg.Event) string {
	switch ev := ev.(type) {
	case leg.Progressed:
		return fmt.Sprintf("progressed %d media=%v", ev.Status, ev.Negotiated != nil)
	case leg.Answered:
		return fmt.Sprintf("answered media=%v offer=%v", ev.Negotiated != nil, ev.Offer != nil)
	case leg.Acked:
		return fmt.Sprintf("acked media=%v", ev.Negotiated != nil)
	case leg.Offered:
		return fmt.Sprintf("offered %v", ev.Offer != nil)
	case leg.Agreed:
		return "agreed"
	case leg.OfferWithdrawn:
		return "offer withdrawn"
	case leg.OfferRefused:
		return fmt.Sprintf("offer refused %d", ev.Status)
	case leg.Asked:
		return "asked " + string(ev.Request.Method)
	case leg.Replied:
		return fmt.Sprintf("replied %v", ev.Response != nil)
	case leg.Ended:
		return "ended " + ev.Cause.String()
	}
	return "?"
}

// net joins two shards by a link that loses and delays as its seed says.
type net struct {
	t     *testing.T
	now   time.Time
	a, b  *UA
	pa    *party
	pb    *party
	rng   *rand.Rand
	loss  float64
	wire  []packet
	trace []string
	sent  []Action
	// cut loses whatever starts with it.
	cut string
	// dup is how often a datagram comes twice, jitter how much later one may
	// come than another.
	dup    float64
	jitter time.Duration
	// onSend and onReceive watch the wire.
	onSend, onReceive func(u *UA, data string)
}

type packet struct {
	at   time.Time
	to   *UA
	from netip.AddrPort
	data []byte
}

func config(p *party, self, peer netip.AddrPort, source token.Source) Config {
	return Config{
		Source: source,
		Hosts:  []leg.Host{{Name: self.Addr().String(), Port: int(self.Port())}},
		Peer:   func(f flow.Flow) (Peer, bool) { return 7, f.Remote == peer },
		Terms:  func(Peer) leg.Terms { return p.terms },
		Legs:   &p.legs, App: p,
	}
}

func newNet(t *testing.T, seed uint64, loss float64) *net {
	n := &net{t: t, now: time.Unix(1000, 0), rng: rand.New(rand.NewPCG(seed, 1)), loss: loss, pa: &party{}, pb: &party{}, jitter: 30 * time.Millisecond}
	make := func(p *party, self netip.AddrPort, peer netip.AddrPort, s uint64) *UA {
		return New(config(p, self, peer, rand.New(rand.NewPCG(seed, s))))
	}
	n.a, n.b = make(n.pa, addrA, addrB, 2), make(n.pb, addrB, addrA, 3)
	return n
}

func (n *net) post(from *UA, actions []Action) {
	for _, a := range actions {
		s, ok := a.(Send)
		if !ok {
			n.sent = append(n.sent, a)
			continue
		}
		to, src := n.b, addrA
		if from == n.b {
			to, src = n.a, addrB
		}
		line, _, _ := strings.Cut(string(s.Data), "\r\n")
		n.trace = append(n.trace, src.String()+" "+line)
		if n.onSend != nil {
			n.onSend(from, string(s.Data))
		}
		if n.rng.Float64() < n.loss || (n.cut != "" && strings.HasPrefix(line, n.cut)) {
			continue
		}
		for copies := 1; copies > 0; copies-- {
			delay := time.Millisecond
			if n.loss > 0 {
				delay += time.Duration(n.rng.Int64N(int64(n.jitter)))
			}
			n.wire = append(n.wire, packet{n.now.Add(delay), to, src, s.Data})
			if copies == 1 && n.rng.Float64() < n.dup {
				copies++
			}
		}
	}
}

// do gives a command to a leg through its application's queue.
func (n *net) do(u *UA, c leg.ID, cmd leg.Command) {
	n.post(u, u.Do(n.now, []Action{Command{Leg: c, Command: cmd}}, nil))
}

// run lets time pass until nothing is left to happen or d is over.
func (n *net) run(d time.Duration) {
	end := n.now.Add(d)
	for range 100000 {
		next := end
		pick := -1
		for i, p := range n.wire {
			if p.at.Before(next) || (pick < 0 && !p.at.After(next)) {
				next, pick = p.at, i
			}
		}
		var timer *UA
		for _, u := range []*UA{n.a, n.b} {
			if at := u.Deadline(); !at.IsZero() && at.Before(next) {
				next, timer = at, u
			}
		}
		if next.After(n.now) {
			n.now = next
		}
		switch {
		case timer != nil:
			n.post(timer, timer.Timeout(n.now, nil))
		case pick >= 0:
			p := n.wire[pick]
			n.wire = append(n.wire[:pick:pick], n.wire[pick+1:]...)
			if n.onReceive != nil {
				n.onReceive(p.to, string(p.data))
			}
			n.post(p.to, p.to.Datagram(n.now, flow.Flow{Remote: p.from}, p.data, nil))
		default:
			return
		}
	}
	n.t.Fatal("the network never comes to rest")
}

func media(addr netip.AddrPort) *leg.Media {
	return &leg.Media{Addr: netip.AddrPortFrom(addr.Addr(), 20000), Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMU}, Event: 101}}
}

func dial(n *net) leg.ID {
	id := n.pa.legs.Next()
	n.do(n.a, id, call(media(addrA)))
	return id
}

func call(offer *leg.Media) leg.Dial {
	return leg.Dial{
		Flow: flow.Flow{Remote: addrB}, CallID: "call-1", Target: "sip:2001@192.0.2.2",
		From: "<sip:0300009001@a.example>", To: "<sip:2001@b.example>", MaxForwards: 70, Media: offer,
	}
}

func (n *net) want(p *party, want ...string) {
	n.t.Helper()
	if got := strings.Join(p.log, "\n"); got != strings.Join(want, "\n") {
		n.t.Fatalf("told\n%s\nwant\n%s\ntrace\n%s", got, strings.Join(want, "\n"), strings.Join(n.trace, "\n"))
	}
}

// settled fails unless both shards hold nothing any more.
func (n *net) settled() {
	n.t.Helper()
	n.run(5 * time.Minute)
	for _, u := range []*UA{n.a, n.b} {
		c := u.Counts()
		live := 0
		for _, k := range c.Transactions.Live {
			live += k
		}
		if c.Legs != 0 || live != 0 || c.Transactions.Lingering != 0 || len(u.tags) != 0 || len(u.merges.ongoing)+len(u.merges.origins) != 0 || u.timers.Len() != 0 {
			n.t.Fatalf("left over: %+v, tags %d timers %d\n%s", c, len(u.tags), u.timers.Len(), strings.Join(n.trace, "\n"))
		}
	}
}

func answering(status ...int) func(*party, Input) []Action {
	return func(p *party, in Input) []Action {
		if _, ok := in.(Incoming); !ok {
			return nil
		}
		out := []Action{}
		for _, s := range status {
			switch {
			case s < 200:
				out = append(out, Command{p.last, leg.Ring{Status: s}})
			case s == 200:
				out = append(out, Command{p.last, leg.Answer{Media: media(addrB)}})
			default:
				out = append(out, Command{p.last, leg.HangUp{Cause: cause.Cause{Status: s, Q850: cause.FromStatus(s)}}})
			}
		}
		return out
	}
}

func TestCall(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(180, 200)
	id := dial(n)
	n.run(time.Second)
	n.want(n.pa, "progressed 180 media=false", "answered media=true offer=false")
	n.want(n.pb, "incoming", "agreed", "acked media=false")
	n.do(n.a, id, leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}})
	n.run(time.Second)
	if got := n.pb.log[len(n.pb.log)-1]; got != "ended remote q850=16" {
		t.Fatalf("B was told %q", got)
	}
	n.settled()
}

// RFC 3261 §9.1: "If no provisional response has been received, the CANCEL
// request MUST NOT be sent; rather, the client MUST wait".
func TestCancelWaitsForProvisional(t *testing.T) {
	n := newNet(t, 1, 0)
	id := dial(n)
	n.do(n.a, id, leg.HangUp{})
	for _, line := range n.trace {
		if strings.Contains(line, "CANCEL") {
			t.Fatal("CANCEL before any provisional response")
		}
	}
	n.run(time.Second)
	n.want(n.pa, "ended local")
	n.want(n.pb, "incoming", "ended remote 487 q850=16")
	n.settled()
}

func TestBusy(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(486)
	dial(n)
	n.run(time.Second)
	n.want(n.pa, "ended remote 486 q850=17")
	n.settled()
}

// The 200 overtakes the CANCEL: ACK, then BYE, and neither application hears
// of the race (RFC 3261 §15.1.1; SPEC R74).
func TestCancelMeets200(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(180)
	id := dial(n)
	n.run(10 * time.Millisecond)
	n.do(n.b, n.pb.last, leg.Answer{Media: media(addrB)})
	n.do(n.a, id, leg.HangUp{})
	n.settled()
	n.want(n.pa, "progressed 180 media=false", "ended local")
	n.want(n.pb, "incoming", "agreed", "acked media=false", "ended remote q850=16")
	all := strings.Join(n.trace, "\n")
	if !strings.Contains(all, "CANCEL") || !strings.Contains(all, "BYE") {
		t.Fatalf("no race took place:\n%s", all)
	}
}

func TestReinvite(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = func(p *party, in Input) []Action {
		if ev, ok := in.(LegEvent); ok {
			if _, ok := ev.Event.(leg.Offered); ok {
				return []Action{Command{p.last, leg.AnswerOffer{Media: *media(addrB)}}}
			}
		}
		return answering(200)(p, in)
	}
	id := dial(n)
	n.run(time.Second)
	hold := *media(addrA)
	hold.Direction = relay.SendOnly
	n.do(n.a, id, leg.Reoffer{Media: hold})
	n.run(time.Second)
	n.want(n.pa, "answered media=true offer=false", "agreed")
	n.want(n.pb, "incoming", "agreed", "acked media=false", "offered true", "agreed")
	n.do(n.b, n.pb.last, leg.HangUp{})
	n.settled()
}

// RFC 3261 §14.2: a re-INVITE that meets our own is answered 491.
func TestGlare(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(200)
	id := dial(n)
	n.run(time.Second)
	n.do(n.a, id, leg.Reoffer{Media: *media(addrA)})
	n.do(n.b, n.pb.last, leg.Reoffer{Media: *media(addrB)})
	n.run(time.Second)
	n.want(n.pa, "answered media=true offer=false", "offer refused 491")
	n.want(n.pb, "incoming", "agreed", "acked media=false", "offer refused 491")
	n.do(n.a, id, leg.HangUp{})
	n.settled()
}

// RFC 3261 §13.3.1.4: without ACK the callee sends BYE after 64·T1.
func TestAckLost(t *testing.T) {
	n := newNet(t, 1, 0)
	n.pb.on = answering(200)
	n.cut = "ACK"
	dial(n)
	n.run(33 * time.Second)
	n.want(n.pb, "incoming", "agreed", "ended remote 408 q850=102 \"no ACK for our 2xx\"")
	n.want(n.pa, "answered media=true offer=false", "ended remote q850=102 \"no ACK for our 2xx\"")
	n.settled()
}

// Every call ends soundly whatever a lossy, reordering network does: each
// application hears of one end, and nothing is left behind.
func TestLossyCalls(t *testing.T) {
	for seed := range uint64(300) {
		n := newNet(t, seed, 0.25)
		n.pb.on = answering(180, 200)
		if seed%3 == 1 {
			n.pb.on = answering(180, 486)
		}
		id := dial(n)
		n.run(time.Duration(n.rng.IntN(4000)) * time.Millisecond)
		if seed%2 == 0 {
			n.do(n.a, id, leg.HangUp{})
		}
		n.run(70 * time.Second)
		n.do(n.a, id, leg.HangUp{})
		n.do(n.b, n.pb.last, leg.HangUp{})
		n.settled()
		for _, p := range []*party{n.pa, n.pb} {
			ends := 0
			for _, line := range p.log {
				if strings.HasPrefix(line, "ended") {
					ends++
				}
			}
			if heard := len(p.log) > 0; heard && ends != 1 {
				t.Fatalf("seed %d: %d ends in %v\n%s", seed, ends, p.log, strings.Join(n.trace, "\n"))
			}
		}
	}
}

// The callee repeats its 200 for 64·T1 and a copy may travel for T4: it comes
// when the INVITE's transaction is gone, and must not end the call it belongs
// to. Its ACK is repeated (RFC 3261 §13.2.2.4).
func TestLate200IsAcknowledged(t *testing.T) {
	n := newNet(t, 1, 0)
	var ok []byte
	n.pb.on = answering(200)
	dial(n)
	n.onSend = func(_ *UA, text string) {
		if strings.HasPrefix(text, "SIP/2.0 200") {
			ok = []byte(text)
		}
	}
	n.run(33 * time.Second)
	before := len(n.trace)
	n.post(n.a, n.a.Datagram(n.now, flow.Flow{Remote: addrB}, ok, nil))
	n.run(time.Second)
	if got := n.trace[before:]; len(got) != 1 || !strings.Contains(got[0], "ACK ") {
		t.Fatalf("a late 200 causes %q, want its ACK", got)
	}
	n.want(n.pa, "answered media=true offer=false")
}
