package scenario

import (
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/config"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
)

// party is a carrier or a phone: a user agent that takes calls and waits to be
// told what to do with them.
type party struct {
	station
	world *World
	style carrier.Style
	// terms are what it knows of the extensions, none at first.
	terms leg.Terms
	// faxes says that it takes T.38.
	faxes bool
	// replaces is the Replaces header of the call that is being placed.
	replaces string
	// answers are its final statuses to requests inside a dialog.
	answers map[sip.RequestMethod]int
	// toward is where its calls go.
	toward netip.AddrPort
	ids    token.Source
	legs   *ua.Sequence
	calls  map[leg.ID]*call
	// order keeps all calls, as they came or were placed.
	order []*call
	// orders wait for the Tick that due asks for.
	orders []ua.Action
	due    time.Time
	// port is the next call's for RTP.
	port uint16
}

// resident is who lives in every world.
type resident struct {
	name, addr string
	style      carrier.Style
}

func residents() []resident {
	return []resident{
		{"docomo", "198.51.100.1:5060", carrier.Docomo()},
		{"au", "198.51.100.2:5060", carrier.AU()},
		{"pstn", "203.0.113.1:5060", carrier.PSTN()},
		{"phone1001", "192.0.2.101:5060", carrier.Phone("t1.example")},
		{"phone1002", "192.0.2.102:5060", carrier.Phone("t1.example")},
		{"pbx", "192.0.2.20:5060", pbx("t1.example")},
		{"intruder", "203.0.113.66:5060", carrier.PSTN()},
		{"pstn2", "203.0.113.2:5060", carrier.PSTN()},
		{"pstn3", "203.0.113.3:5060", carrier.PSTN()},
		{"pbx2", "192.0.2.30:5060", pbx("t1.example")},
		{"softbank", "198.51.100.3:5060", carrier.SoftBank()},
	}
}

// pbx writes as the seam asks for: what it asserts is the number to show.
func pbx(domain string) carrier.Style {
	s := carrier.Phone(domain)
	s.Asserted = []string{"<sip:{national}@{domain}>"}
	return s
}

// settle makes a resident, if the configuration has a place for it: phones are
// the embedded core's, the PBX stands in the core's place.
func (w *World) settle(r resident, seed uint64) {
	addr := netip.MustParseAddrPort(r.addr)
	p := &party{
		station: station{name: r.name, addrs: []netip.AddrPort{addr}},
		world:   w, style: r.style, ids: w.source(seed), legs: new(ua.Sequence), calls: make(map[leg.ID]*call), port: 4000,
	}
	switch embedded := w.config.Core.Mode == config.Embedded; {
	case strings.HasPrefix(r.name, "pbx") && embedded, strings.HasPrefix(r.name, "phone") && !embedded:
		return
	case strings.HasPrefix(r.name, "pbx"):
		p.toward = w.config.Border.Listeners[w.config.Core.Listener].Advertise
	case strings.HasPrefix(r.name, "phone"):
		p.toward = w.config.Core.Phones[0]
	default:
		p.toward = w.config.Border.Listeners[0].Advertise
	}
	p.shards = []*machine{{ua: ua.New(ua.Config{
		Source: p.ids, Hosts: []leg.Host{{Name: addr.Addr().String(), Port: int(addr.Port())}},
		Peer:  func(f flow.Flow) (ua.Peer, bool) { return 0, f.Remote == p.toward },
		Terms: func(ua.Peer) leg.Terms { return p.terms },
		Legs:  p.legs, App: p,
	})}}
	w.at[addr] = place{&p.station, 0}
	w.parties = append(w.parties, p)
}

// tell has a leg told at once.
func (p *party) tell(id leg.ID, c leg.Command) {
	p.orders = append(p.orders, ua.Command{Leg: id, Command: c})
	p.due = p.world.now
	p.timeout(p.world)
}

// newCall makes one side of a call with an RTP address of its own.
func (p *party) newCall() *call {
	c := &call{party: p, rtp: p.nextRTP(), codecs: p.style.Codecs, ssrc: uint32(p.ids.Uint64())}
	p.world.ears[c.rtp] = c
	p.order = append(p.order, c)
	return c
}

// nextRTP returns an RTP address that no call has had.
func (p *party) nextRTP() netip.AddrPort {
	at := netip.AddrPortFrom(p.addrs[0].Addr(), p.port)
	p.port += 2
	return at
}

// Deadline implements ua.App.
func (p *party) Deadline() time.Time { return p.due }

// Handle implements ua.App.
func (p *party) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Tick:
		out = append(out, p.orders...)
		p.orders, p.due = nil, time.Time{}
	case ua.Incoming:
		c := p.newCall()
		c.id, c.received, c.shown = in.Leg, true, in.Request
		p.calls[in.Leg] = c
	case ua.LegEvent:
		if c := p.calls[in.Leg]; c != nil {
			return c.event(now, in.Event, out)
		}
	case ua.MediaEvent:
	}
	return out
}

// received returns the call it received last, or nil.
func (p *party) received() *call {
	for i := len(p.order) - 1; i >= 0; i-- {
		if p.order[i].received {
			return p.order[i]
		}
	}
	return nil
}

// nextWord returns when the next RTP packet is due, or the zero time.
func (p *party) nextWord() (at time.Time) {
	for _, c := range p.order {
		if c.speaks() {
			at = deadline.Earliest(at, c.word)
		}
	}
	return at
}

// speak sends the RTP packets that are due.
func (p *party) speak() {
	for _, c := range p.order {
		for c.speaks() && !c.word.After(p.world.now) {
			c.speak()
		}
	}
}

func write(template string, with ...string) string {
	return strings.NewReplacer(with...).Replace(template)
}

func headers(list []carrier.Header) []sip.Header {
	var out []sip.Header
	for _, h := range list {
		out = append(out, sip.NewHeader(h.Name, h.Value))
	}
	return out
}
