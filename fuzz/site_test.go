package fuzz

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/edge/node"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/admission"
)

// siteText is a border with few ports and low limits, whose core is elsewhere.
const siteText = `border:
  listen: {west: {sip: "udp:192.0.2.10:5060"}, east: {sip: "udp:192.0.2.11:5060"}}
  media: {addresses: [192.0.2.12], ports: 20000-20031}
core: {mode: external, listen: east, seam: ["udp:192.0.2.20:5060"]}
trunks:
  docomo: {profile: docomo, role: mobile, listen: west, to: ["udp:198.51.100.1:5060"], media_prefixes: [198.51.100.1/32], limits: {calls: 3},
    override: {sip.refer: consume, sip.info: [application/dtmf-relay, application/json], dtmf.toward_core: info}}
  au: {profile: au, role: mobile, listen: west, to: ["udp:198.51.100.2:5060"], media_prefixes: [198.51.100.2/32],
    override: {sip.refer: pass}}
  pstn:
    profile: generic
    role: pstn
    listen: west
    to: ["udp:203.0.113.1:5060", "udp:203.0.113.2:5060"]
    media_prefixes: [203.0.113.1/32, 203.0.113.2/32]
    override: {sip.options.interval: 0s, sip.redirect: follow}
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    channels: 5
    outbound: [pstn]
    numbers: {"0300000121": 2001}
    mobiles:
      2001: {msisdn: "09000002001", carrier: docomo, number: "0300000121"}
      2002: {msisdn: "09000002002", carrier: au}
`

var siteKey = callid.Key{1}

// The neighbours, in the order of the configuration, and one it does not name.
const (
	docomo = iota
	au
	pstn
	core
	spare // stands in for pstn
	nobody
)

// neighbour is who sends and receives messages: everybody has one address for
// SIP and RTP alike.
type neighbour struct {
	name string
	flow flow.Flow
	ours string // where it finds the border
	// caller is who it says calls.
	caller string
}

var neighbours = [6]neighbour{
	{"docomo", flow.Flow{Remote: netip.MustParseAddrPort("198.51.100.1:5060")}, "192.0.2.10:5060", "tel:+819000002001"},
	{"au", flow.Flow{Remote: netip.MustParseAddrPort("198.51.100.2:5060")}, "192.0.2.10:5060", "tel:+819000002002"},
	{"pstn", flow.Flow{Remote: netip.MustParseAddrPort("203.0.113.1:5060")}, "192.0.2.10:5060", "tel:+81300009001"},
	{"core", flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort("192.0.2.20:5060")}, "192.0.2.11:5060", "sip:0300000121@t1.example"},
	{"pstn", flow.Flow{Remote: netip.MustParseAddrPort("203.0.113.2:5060")}, "192.0.2.10:5060", "tel:+81300009001"},
	{"nobody", flow.Flow{Remote: netip.MustParseAddrPort("203.0.113.66:5060")}, "192.0.2.10:5060", "tel:+81300009001"},
}

// site is a whole border shard over a stepped media engine, among neighbours
// who do what a script says.
type site struct {
	t      *testing.T
	now    time.Time
	ua     *ua.UA
	border *border.Border
	media  *engine.Stepped
	stock  *node.Stock
	places *places
	guard  *header.Guard
	model  *model

	events []relay.Event
	slots  []relay.Slot // that were ever commanded
	acts   []ua.Action
	// garbled says that the message being worked on is none.
	garbled bool
	// fars are the dialogs of the neighbours, in their order.
	fars []*far
	// replies are what neighbours answer of themselves, once the step is over.
	replies []message
	// sentTo are the messages that neighbours have sent, held one that is late.
	sentTo []message
	held   *message
	hold   bool
	// silent neighbours answer nothing of themselves.
	silent [6]bool
	// extensions are lines of the INVITEs of callers.
	extensions string
	serial     int
	reached    map[string]bool
}

// message is one of a neighbour's.
type message struct {
	at   time.Time
	from int
	data []byte
}

// places are the border's Limits over a gate of admission.
type places struct {
	gate  *admission.Gate
	taken map[uint64]admission.Lease
}

func (p *places) Admit(now time.Time, call uint64, on policy.TrunkID, tenant policy.TenantID) policy.Reason {
	lease, verdict := p.gate.Admit(now, admission.Claim{Trunk: on, Tenant: tenant})
	if verdict == admission.Admitted {
		p.taken[call] = lease
	}
	return verdict.Reason()
}

func (p *places) Leave(call uint64) {
	lease := p.taken[call]
	p.gate.Release(&lease)
	delete(p.taken, call)
}

func newSite(t *testing.T) *site {
	t.Helper()
	c, err := config.Parse("fuzz", []byte(siteText))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := c.Tables()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, now: time.Unix(1000, 0), guard: header.NewGuard(header.Limits{}), reached: map[string]bool{}}
	s.model = newModel(t)
	random := rand.New(rand.NewPCG(5, 6))
	if s.media, err = engine.NewStepped(engine.Config{
		Addresses: c.Border.Media.Addresses, Ports: port.Range{First: c.Border.Media.Ports.First, Last: c.Border.Media.Ports.Last},
		Random: random.Uint32N, Clips: everyClip(make([]byte, 4000)),
		Events: func(_ uint32, ev relay.Event) { s.events = append(s.events, ev) },
	}, s.now); err != nil {
		t.Fatal(err)
	}
	s.stock = node.NewStock(s.media, node.StockConfig{Workers: 1, Addresses: c.Border.Media.Addresses, Block: 2})
	limits := make([]admission.Limits, len(c.Trunks))
	for i, trunk := range c.Trunks {
		limits[i] = admission.Limits{Calls: trunk.Limits.Calls, PerSecond: trunk.Limits.CPS}
	}
	s.places = &places{gate: admission.New(limits, nil), taken: map[uint64]admission.Lease{}}
	at := node.Sockets{Seam: c.Core.Seam}
	for _, l := range c.Border.Listeners {
		at.Border = append(at.Border, l.Advertise)
	}
	s.ua, s.border = node.Border(c, tables, at, node.Shard{
		Source: rand.New(rand.NewPCG(1, 2)), Key: siteKey, Ports: s.stock, Limits: s.places,
	})
	return s
}

// everyClip is what is heard for every announcement.
type everyClip []byte

func (c everyClip) Clip(string) ([]byte, bool) { return c, true }

// send has a neighbour send a message, or keeps it until the next is sent.
func (s *site) send(from int, data []byte) {
	m := message{s.now, from, data}
	if s.hold {
		s.hold = false
		s.overtaken()
		s.held = &m
		return
	}
	s.deliver(m)
	s.overtaken()
}

// overtaken delivers the message that was held back.
func (s *site) overtaken() {
	if m := s.held; m != nil {
		s.held = nil
		s.deliver(*m)
	}
}

func (s *site) deliver(m message) {
	s.sentTo = append(s.sentTo, m)
	parsed, err := header.Parse(s.guard, m.data)
	if err != nil {
		parsed = nil
	}
	s.garbled = parsed == nil
	s.model.came(s.now, m.from, parsed)
	s.acts = s.ua.Datagram(s.now, neighbours[m.from].flow, m.data, s.acts[:0])
	s.flush(m.from)
	s.model.done()
	s.answer()
}

// flush does what the border wants done, media first, until nothing is left.
// from is whose message it works on, or -1.
func (s *site) flush(from int) {
	for again := true; again; again = len(s.acts) > 0 {
		var commands []relay.Command
		for _, a := range s.acts {
			if m, ok := a.(ua.Media); ok {
				commands = append(commands, m.Command)
			}
		}
		for _, c := range commands {
			if c, ok := c.(relay.Configure); ok && !slices.Contains(s.slots, c.Slot) {
				s.slots = append(s.slots, c.Slot)
			}
		}
		s.media.Step(s.now)
		s.media.Do(commands)
		for _, a := range s.acts {
			switch a := a.(type) {
			case ua.Send:
				s.wire(from, a)
			case ua.Record:
				s.model.record(s.now, a.Record)
			case ua.Media, ua.Note:
			default:
				s.t.Fatalf("the shard wants %T done", a)
			}
		}
		s.acts = s.acts[:0]
		s.heard()
		events := s.events
		s.events = nil
		for _, ev := range events {
			s.reached[fmt.Sprintf("%T", ev)] = true
			s.acts = s.ua.MediaEvent(s.now, ev, s.acts)
		}
	}
}

// heard: RTP and RTCP go to neighbours and nobody else.
func (s *site) heard() {
	for _, p := range s.media.Take(nil) {
		ok := false
		for _, n := range neighbours[:nobody] {
			ok = ok || p.To.Addr() == n.flow.Remote.Addr()
		}
		if !ok {
			s.t.Fatalf("media to %v", p.To)
		}
	}
}

// wire judges a message of the border's and gives it to the neighbour.
func (s *site) wire(from int, a ua.Send) {
	to := slices.IndexFunc(neighbours[:nobody], func(n neighbour) bool { return n.flow == a.Flow })
	if to < 0 {
		s.t.Fatalf("a message to %v, who is nobody:\n%s", a.Flow, a.Data)
	}
	m, err := header.Parse(s.guard, a.Data)
	if s.garbled && from == to && refusal(a.Data) {
		return // without a transaction, with what the message lets be read
	}
	if err != nil {
		s.t.Fatalf("we would refuse ourselves: %v\n%s", err, a.Data)
	}
	switch m := m.(type) {
	case *sip.Response:
		s.reached[fmt.Sprintf("%d %s", m.StatusCode, m.CSeq().MethodName)] = true
		s.model.responded(to, m)
		s.response(to, m)
	case *sip.Request:
		s.reached[string(m.Method)] = true
		s.model.requested(to, m)
		s.request(to, m)
	}
}

// refusal reports whether an answer is a refusal of what cannot be read.
func refusal(b []byte) bool {
	return strings.HasPrefix(string(b), "SIP/2.0 400 ") || strings.HasPrefix(string(b), "SIP/2.0 505 ")
}

// answer sends what neighbours answer of themselves.
func (s *site) answer() {
	for len(s.replies) > 0 {
		m := s.replies[0]
		s.replies = s.replies[1:]
		m.at = s.now
		s.deliver(m)
	}
}

// pass lets d go by.
func (s *site) pass(d time.Duration) {
	if d < 4*time.Second {
		defer s.overtaken()
	} else {
		s.overtaken()
	}
	end := s.now.Add(d)
	for range 20000 {
		at := s.ua.Deadline()
		if m := s.media.Deadline(); !m.IsZero() && (at.IsZero() || m.Before(at)) {
			at = m
		}
		if at.IsZero() || at.After(end) {
			s.now = end
			return
		}
		if at.After(s.now) {
			s.now = at
		}
		s.media.Step(s.now)
		s.acts = s.ua.Timeout(s.now, s.acts[:0])
		s.flush(-1)
		s.answer()
	}
	s.t.Fatalf("timers never let %v pass", d)
}

// mediaEvent gives the border an event as the media plane's mailbox would.
func (s *site) mediaEvent(ev relay.Event) {
	s.acts = s.ua.MediaEvent(s.now, ev, s.acts[:0])
	s.flush(-1)
	s.answer()
}

func (s *site) unreachable(n int) {
	s.acts = s.ua.Unreachable(s.now, neighbours[n].flow, s.acts[:0])
	s.flush(-1)
	s.answer()
}

// close has everybody hang up what stands, answer again, and time pass until
// every timer of RFC 3261 has run out: nothing may be left.
func (s *site) close() {
	s.overtaken()
	s.silent = [6]bool{}
	s.hangUp()
	if s.pick(0, func(f *far) bool { return f.final == 0 }) != nil {
		// A CANCEL that came before its INVITE ends nothing, and whoever is referred to
		// may ring on when the one who referred has gone.
		s.pass(181 * time.Second)
		s.hangUp()
	}
	s.pass(32*time.Second + 2*time.Second) // 64·T1 and lingering
	s.pass(32*time.Second + 2*time.Second) // and of what a request without an answer has ended
	s.pass(32 * time.Second)               // what absorbs stragglers is gone too
	c, st := s.ua.Counts(), s.media.Stats()
	if c.Legs != 0 || c.Transactions.Waiting() != 0 || c.Transactions.Lingering != 0 || s.border.Counts().Calls != 0 {
		s.t.Fatalf("left over: %+v, %d calls", c, s.border.Counts().Calls)
	}
	if c.Abandoned != 0 || st.Panics != 0 {
		s.t.Fatalf("panics: %d and %d", c.Abandoned, st.Panics)
	}
	if n := st.Ports.Leased - s.stock.Held(); n != 0 || st.Players != 0 || len(s.places.taken) != 0 {
		s.t.Fatalf("%d ports, %d players, %d places are still taken", n, st.Players, len(s.places.taken))
	}
	s.model.close()
}

// hangUp has every caller end its calls, and then whoever is left: two that a REFER
// has joined were both called.
func (s *site) hangUp() {
	if s.model.ended {
		return // the border has
	}
	for _, f := range s.fars {
		if f.uac && f.final == 0 {
			s.cancel(f)
		}
		if f.uac && f.final/100 == 2 && !f.bye {
			s.ack(f)
			s.bye(f)
		}
	}
	for _, f := range s.fars {
		if !f.uac && f.final/100 == 2 && !f.bye && f.established() {
			s.bye(f)
		}
	}
}
