package core

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/cdr"
	"sekisho/edge/core/registrar"
	"sekisho/edge/seam"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
	"sekisho/policy/number"
)

var (
	addrBorder = netip.MustParseAddrPort("192.0.2.1:5061")
	addrSeam   = netip.MustParseAddrPort("192.0.2.2:5070")
	addrPhones = netip.MustParseAddrPort("192.0.2.2:5080")
	addr1001   = netip.MustParseAddrPort("198.51.100.11:5060")
	addr1002   = netip.MustParseAddrPort("198.51.100.12:5060")
)

// The numbers of the directory under test.
const (
	msisdn2001 = "09000002001" // extension 2001, own number 0300000121
	msisdn2002 = "09000002002" // extension 2002, number of its group 0300000137
	msisdn2003 = "09000002003" // extension 2003, nothing nearer than the default
	outside    = "0300009001"

	password1003 = "correct horse"
)

func num(s string) number.Number {
	n, err := number.Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

func testTenants() []Tenant {
	return []Tenant{{
		Name: "t1", Domain: "t1.example", DefaultNumber: num("0300000100"), Channels: 5,
		Numbers: []DID{
			{num("0300000121"), "2001"}, {num("0300000100"), "1002"}, {num("0300000137"), "3701"},
		},
		Mobiles: []Mobile{
			{Extension: "2001", MSISDN: num(msisdn2001), Number: num("0300000121")},
			{Extension: "2002", MSISDN: num(msisdn2002)},
			{Extension: "2003", MSISDN: num(msisdn2003)},
		},
		Phones: []Phone{
			{Extension: "1001", Contact: flow.Flow{Listener: 1, Remote: addr1001}, Softphone: true},
			{Extension: "1002", Contact: flow.Flow{Listener: 1, Remote: addr1002}, Number: num("0300000100")},
			{Extension: "1003", Secret: registrar.NewSecret("1003", "t1.example", password1003)},
		},
		Groups: []Group{
			{Extension: "3701", Members: []Member{{Extension: "2001"}, {Extension: "2002"}}, Number: num("0300000137")},
			{Extension: "3801", Queues: true, Strategy: Rotate, Members: []Member{{Extension: "1001"}, {Extension: "1002"}, {Extension: "2003"}}, Overflow: "3701"},
		},
	}, {
		Name: "t2", Domain: "t2.example", DefaultNumber: num("0300000200"), Channels: 1,
		Mobiles: []Mobile{{Extension: "2001", MSISDN: num("09000002901")}, {Extension: "2002", MSISDN: num("09000002902")}},
		Numbers: []DID{{num("0300000221"), "2001"}},
	}}
}

// far is a party on the other side of the core: an application that notes what
// it is told and does what its script says.
type far struct {
	ua   *ua.UA
	addr netip.AddrPort
	legs ua.Sequence
	log  []string
	last leg.ID
	// invite is the last INVITE that came in; answer is what the last 2xx,
	// re-INVITE answer or early answer settled.
	invite  *sip.Request
	settled *sdp.Negotiated
	ended   *leg.Ended
	// script is the statuses given to an INVITE, at once and in order.
	script []int
	early  bool // the script's 183 carries an answer
	slow   bool // a late offer is not acknowledged by itself
	todo   []ua.Action
	media  leg.Media
}

func (f *far) Deadline() time.Time {
	if len(f.todo) > 0 {
		return time.Unix(1, 0)
	}
	return time.Time{}
}

func (f *far) Handle(_ time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Tick:
		out, f.todo = append(out, f.todo...), nil
	case ua.Incoming:
		f.last, f.invite = in.Leg, in.Request
		f.log = append(f.log, "incoming")
		for _, status := range f.script {
			out = append(out, ua.Command{Leg: in.Leg, Command: f.respond(status)})
		}
	case ua.LegEvent:
		out = f.event(in, out)
	case ua.MediaEvent:
	}
	return out
}

func (f *far) respond(status int) leg.Command {
	switch {
	case status == 183 && f.early:
		return leg.Ring{Status: status, Media: &f.media}
	case status < 200:
		return leg.Ring{Status: status}
	case status < 300:
		return leg.Answer{Media: &f.media}
	}
	return leg.HangUp{Cause: cause.Cause{Status: status, Q850: cause.FromStatus(status)}}
}

func (f *far) event(in ua.LegEvent, out []ua.Action) []ua.Action {
	switch ev := in.Event.(type) {
	case leg.Progressed:
		if ev.Status == 100 {
			return out
		}
		f.log = append(f.log, fmt.Sprintf("%d media=%v", ev.Status, ev.Negotiated != nil))
	case leg.Answered:
		f.log = append(f.log, "answered")
		f.settled = ev.Negotiated
		if ev.Offer != nil && !f.slow {
			out = append(out, ua.Command{Leg: in.Leg, Command: leg.Acknowledge{Media: f.media}})
		}
	case leg.Acked:
		f.log = append(f.log, "acked")
	case leg.Offered:
		f.log = append(f.log, "offered")
	case leg.Agreed:
		f.settled = &ev.Negotiated
	case leg.Asked:
		line, _, _ := strings.Cut(string(ev.Request.Body()), "\r\n")
		f.log = append(f.log, strings.TrimSpace(fmt.Sprintf("%s %s %s", ev.Request.Method, header.First(ev.Request, "Subscription-State"), line)))
		out = append(out, ua.Command{Leg: in.Leg, Command: leg.Respond{ID: ev.ID, Status: 200}})
	case leg.Replied:
		f.log = append(f.log, fmt.Sprintf("replied %d", ev.Response.StatusCode))
	case leg.OfferRefused:
		f.log = append(f.log, fmt.Sprintf("refused %d", ev.Status))
	case leg.Ended:
		f.ended = &ev
		f.log = append(f.log, "ended "+ev.Cause.String())
	}
	return out
}

// rig joins a core, a border and two phones by a network in memory, and plays
// the media plane.
type rig struct {
	t      *testing.T
	now    time.Time
	core   *ua.UA
	app    *Core
	border *far
	p1, p2 *far
	// others are phones that a test has added.
	others []*far
	// answers are the core's to REGISTERs.
	answers []string
	rng     *rand.Rand
	loss    float64
	wire    []packet

	// free bounds the ports; leased are those that are out.
	free    int
	mute    bool // no statistics come
	next    uint32
	leased  map[relay.Slot]bool
	media   []relay.Command
	records []*cdr.Record
	trace   []string
	// activities are the events beside the records.
	activities []*cdr.Activity
}

type packet struct {
	at   time.Time
	to   netip.AddrPort
	from netip.AddrPort
	data []byte
}

// Lease fills pairs while there are free ones.
func (r *rig) Lease(pairs []relay.Pair, _ []netip.Addr) bool {
	if len(r.leased)+len(pairs) > r.free {
		return false
	}
	for i := range pairs {
		r.next++
		pairs[i] = relay.Pair{Slot: relay.Slot{Index: r.next, Epoch: 1}, Addr: netip.AddrPortFrom(addrSeam.Addr(), uint16(30000+2*r.next%4000))}
		r.leased[pairs[i].Slot] = true
	}
	return true
}

func newRig(t *testing.T, seed uint64, loss float64) *rig {
	r := &rig{
		t: t, now: time.Unix(1000, 0), rng: rand.New(rand.NewPCG(seed, 1)), loss: loss,
		free: 100, leased: make(map[relay.Slot]bool),
	}
	legs := &ua.Sequence{}
	r.app = New(Config{
		Source: rand.New(rand.NewPCG(seed, 2)), Key: callid.Key{1, 2, 3}, Legs: legs, Ports: r,
		Tenants: testTenants(), Seam: []flow.Flow{{Remote: addrBorder}},
		SeamMedia: []netip.Prefix{netip.PrefixFrom(addrBorder.Addr(), 32)},
		Caps:      caps(),
	})
	r.core = ua.New(ua.Config{
		Source: rand.New(rand.NewPCG(seed, 3)), Peer: r.app.Peer, Terms: func(p ua.Peer) leg.Terms { return leg.Terms{Methods: r.app.Methods(p)} }, Services: r.app.Services(), Legs: legs, App: r.app,
		Hosts: []leg.Host{host(addrSeam), host(addrPhones)},
	})
	r.border, r.p1, r.p2 = r.party(addrBorder, 4), r.party(addr1001, 5), r.party(addr1002, 6)
	return r
}

func caps() sdp.Caps { return sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101} }

func host(a netip.AddrPort) leg.Host { return leg.Host{Name: a.Addr().String(), Port: int(a.Port())} }

func (r *rig) party(addr netip.AddrPort, seed uint64) *far {
	f := &far{addr: addr, media: leg.Media{Addr: netip.AddrPortFrom(addr.Addr(), 20000), Caps: caps()}, script: []int{180, 200}}
	f.ua = ua.New(ua.Config{
		Source: rand.New(rand.NewPCG(r.rng.Uint64(), seed)), Legs: &f.legs, App: f, Hosts: []leg.Host{host(addr)},
		Terms: func(ua.Peer) leg.Terms { return leg.Terms{Methods: []sip.RequestMethod{sip.NOTIFY}} },
		Peer:  func(f flow.Flow) (ua.Peer, bool) { return 1, f.Remote.Addr() == addrSeam.Addr() },
	})
	return f
}

func (r *rig) parties() []*far { return append([]*far{r.border, r.p1, r.p2}, r.others...) }

// post carries out what a step returned.
func (r *rig) post(f *far, actions []ua.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case ua.Send:
			from := addrSeam
			if f != nil {
				from = f.addr
			} else if a.Flow.Listener == 1 {
				from = addrPhones
			}
			if data := string(a.Data); f == nil && strings.HasPrefix(data, "SIP/2.0 ") && strings.Contains(data, " REGISTER\r\n") {
				r.answers = append(r.answers, data)
				continue
			}
			line, _, _ := strings.Cut(string(a.Data), "\r\n")
			r.trace = append(r.trace, fmt.Sprintf("%v %s > %s %s", r.now.Sub(time.Unix(1000, 0)), from, a.Flow.Remote, line))
			delay := time.Millisecond
			if r.loss > 0 {
				delay += time.Duration(r.rng.IntN(30)) * time.Millisecond
				if r.rng.Float64() < r.loss {
					continue
				}
			}
			r.wire = append(r.wire, packet{r.now.Add(delay), a.Flow.Remote, from, a.Data})
		case ua.Media:
			r.obey(a.Command)
		case ua.Record:
			r.records = append(r.records, a.Record)
		case ua.Note:
			r.trace = append(r.trace, "note "+a.Message)
		case ua.Activity:
			r.activities = append(r.activities, a.Activity)
		case ua.Command:
			r.t.Fatalf("a command left the shard: %v", a)
		}
	}
}

// obey plays the media plane. A command for a slot that is not leased is the
// core's fault.
func (r *rig) obey(c relay.Command) {
	r.media = append(r.media, c)
	var slots []relay.Slot
	switch c := c.(type) {
	case relay.Configure:
		slots = []relay.Slot{c.Slot}
	case relay.Join:
		slots = []relay.Slot{c.A, c.B}
	case relay.Play:
		slots = []relay.Slot{c.Slot}
		if c.Source.Repeat != relay.Forever && !r.mute {
			at := relay.Played{Slot: c.Slot, Token: c.Token}
			defer func() { r.post(nil, r.core.MediaEvent(r.now, at, nil)) }()
		}
	case relay.Silence:
		slots = []relay.Slot{c.Slot}
	case relay.Keys:
		slots = []relay.Slot{c.Slot}
	case relay.Release:
		slots = []relay.Slot{c.Slot}
		defer delete(r.leased, c.Slot)
		if r.mute {
			break
		}
		at := relay.Released{Slot: c.Slot, Stats: relay.Stats{Received: uint64(c.Slot.Index)}}
		defer func() { r.post(nil, r.core.MediaEvent(r.now, at, nil)) }()
	}
	for _, s := range slots {
		if !r.leased[s] {
			r.t.Fatalf("%T for slot %v, which is not leased\n%s", c, s, strings.Join(r.trace, "\n"))
		}
	}
}

// do gives a leg of a far party a command.
func (r *rig) do(f *far, id leg.ID, c leg.Command) {
	f.todo = append(f.todo, ua.Command{Leg: id, Command: c})
	r.post(f, f.ua.Timeout(r.now, nil))
}

// run lets time pass until nothing is left to happen or d is over.
func (r *rig) run(d time.Duration) {
	end := r.now.Add(d)
	for range 100000 {
		next, pick := end, -1
		for i, p := range r.wire {
			if p.at.Before(next) || (pick < 0 && !p.at.After(next)) {
				next, pick = p.at, i
			}
		}
		due := func(u *ua.UA) bool {
			at := u.Deadline()
			if at.IsZero() || !at.Before(next) {
				return false
			}
			next = at
			return true
		}
		var timer *ua.UA
		var owner *far
		if due(r.core) {
			timer = r.core
		}
		for _, f := range r.parties() {
			if due(f.ua) {
				timer, owner = f.ua, f
			}
		}
		if next.After(r.now) {
			r.now = next
		}
		switch {
		case timer != nil:
			r.post(owner, timer.Timeout(r.now, nil))
			r.recount()
		case pick >= 0:
			p := r.wire[pick]
			r.wire = slices.Delete(r.wire, pick, pick+1)
			r.deliver(p)
			r.recount()
		default:
			return
		}
	}
	r.t.Fatalf("the network never comes to rest\n%s", strings.Join(r.trace, "\n"))
}

func (r *rig) deliver(p packet) {
	in := flow.Flow{Remote: p.from}
	switch p.to {
	case addrSeam:
		r.post(nil, r.core.Datagram(r.now, in, p.data, nil))
		return
	case addrPhones:
		in.Listener = 1
		r.post(nil, r.core.Datagram(r.now, in, p.data, nil))
		return
	}
	for _, f := range r.parties() {
		if f.addr == p.to {
			r.post(f, f.ua.Datagram(r.now, in, p.data, nil))
			return
		}
	}
	r.t.Fatalf("the core sends to %s, where nobody is", p.to)
}

// noHop asks fromBorder for Max-Forwards: 0.
const noHop = -1

func headers(name, value string) []sip.Header { return []sip.Header{sip.NewHeader(name, value)} }

// fromBorder calls over the seam.
func (r *rig) fromBorder(c seam.Call) leg.ID { return r.fromBorderWith(c, &r.border.media) }

func (r *rig) fromBorderWith(c seam.Call, m *leg.Media) leg.ID {
	if c.Domain == "" {
		c.Domain = "t1.example"
	}
	switch c.MaxForwards {
	case 0:
		c.MaxForwards = 60
	case noHop:
		c.MaxForwards = 0
	}
	id := r.border.legs.Next()
	r.do(r.border, id, leg.Dial{
		Flow: flow.Flow{Remote: addrSeam}, CallID: fmt.Sprintf("border-%d", id), Target: c.URI(), From: c.From(), To: c.To(),
		MaxForwards: c.MaxForwards, Headers: c.Headers(), Media: m,
	})
	return id
}

// fromPhone dials at a phone.
func (r *rig) fromPhone(f *far, called string) leg.ID { return r.phoneCalls(f, called, &f.media) }

// phoneCalls is fromPhone with an offer of its own, or none.
func (r *rig) phoneCalls(f *far, called string, m *leg.Media) leg.ID {
	id := f.legs.Next()
	uri := "sip:" + called + "@" + addrPhones.Addr().String()
	r.do(f, id, leg.Dial{
		Flow: flow.Flow{Remote: addrPhones}, CallID: fmt.Sprintf("phone-%s-%d", f.addr, id), Target: uri,
		From: "<sip:whoever@anywhere.example>", To: "<" + uri + ">", MaxForwards: 70, Media: m,
	})
	return id
}

// got returns the last INVITE that f got, read as seam.Call.
func (r *rig) got(f *far) seam.Call {
	r.t.Helper()
	if f.invite == nil {
		r.t.Fatalf("nothing reached %s\n%s", f.addr, strings.Join(r.trace, "\n"))
	}
	return seam.Read(f.invite)
}

func (r *rig) wantLog(f *far, want ...string) {
	r.t.Helper()
	if !slices.Equal(f.log, want) {
		r.t.Fatalf("%s was told\n  %s\nwant\n  %s\n%s", f.addr, strings.Join(f.log, "\n  "), strings.Join(want, "\n  "), strings.Join(r.trace, "\n"))
	}
}

// commands returns the media commands since the last call, in words.
func (r *rig) commands() []string {
	var out []string
	for _, c := range r.media {
		switch c := c.(type) {
		case relay.Configure:
			out = append(out, fmt.Sprintf("configure %d %s %d", c.Slot.Index, c.Spec.Remote, c.Spec.Direction))
		case relay.Join:
			out = append(out, fmt.Sprintf("join %d %d", c.A.Index, c.B.Index))
		case relay.Play:
			out = append(out, fmt.Sprintf("play %d %s %d", c.Slot.Index, c.Source.Keys, c.Source.Repeat))
		case relay.Silence:
			out = append(out, fmt.Sprintf("silence %d", c.Slot.Index))
		case relay.Release:
			out = append(out, fmt.Sprintf("release %d", c.Slot.Index))
		}
	}
	r.media = nil
	return out
}

func (r *rig) wantCommands(want ...string) {
	r.t.Helper()
	if got := r.commands(); !slices.Equal(got, want) {
		r.t.Fatalf("media was told\n  %s\nwant\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), strings.Join(r.trace, "\n"))
	}
}

// recount compares the channels that are counted with the legs that there are.
func (r *rig) recount() {
	r.t.Helper()
	for name, o := range r.app.offices {
		n := 0
		for _, k := range o.live {
			for _, p := range k.Parties {
				if p.Kind == mobile && p.there() {
					n++
				}
			}
		}
		if n != o.mobiles || n != r.app.busyChannels(name) {
			r.t.Fatalf("%s has %d legs of mobiles, %d are counted\n%s", name, n, o.mobiles, strings.Join(r.trace, "\n"))
		}
	}
}

// settle lets everything end and fails if anything is left behind.
func (r *rig) settle() {
	r.t.Helper()
	r.run(5 * time.Minute)
	if got := r.app.Counts(); got != (Counts{}) || len(r.app.legs) != 0 || r.app.timers.Len() != 0 {
		r.t.Fatalf("left in the core: %+v, %d legs, %d timers\n%s", got, len(r.app.legs), r.app.timers.Len(), strings.Join(r.trace, "\n"))
	}
	if len(r.app.offices) != 0 {
		r.t.Fatalf("tenants that still have calls: %v", r.app.offices)
	}
	if len(r.app.guests) != 0 {
		r.t.Fatalf("flows kept for no call: %v", r.app.guests)
	}
	if len(r.leased) != 0 {
		r.t.Fatalf("ports never given back: %v\n%s", r.leased, strings.Join(r.trace, "\n"))
	}
	for _, u := range []*ua.UA{r.core, r.border.ua, r.p1.ua, r.p2.ua} {
		c := u.Counts()
		if live := c.Transactions.Live; c.Legs != 0 || c.Transactions.Lingering != 0 || live != [len(live)]int{} {
			r.t.Fatalf("left in a shard: %+v\n%s", c, strings.Join(r.trace, "\n"))
		}
	}
}
