package fuzz

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/cdr"
	feature "sekisho/edge/core"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/dtmf"
	"sekisho/media/relay"
)

// exchange is a core without a shard: the script says what its legs report. What
// the core does with them and with the media plane is kept here, and judged.
type exchange struct {
	t    *testing.T
	now  time.Time
	core *feature.Core
	cfg  feature.Config
	dice *rand.Rand
	// drawn is what the tenants are like.
	drawn drawn

	lines []*line
	byLeg map[leg.ID]*line
	jacks map[relay.Slot]*jack
	addrs map[netip.AddrPort]relay.Slot
	next  uint32
	// queue is what legs and media plane have yet to report.
	queue []ua.Input
	// spells are the holds and waits of calls, by what began them: they end once.
	spells map[spell]bool
	// entry is the group that is being called, if one is.
	entry string
	// told are the commands of legs, gone the slots that have been given back.
	told []string
	gone []relay.Slot
	// draining says that no phone may begin a call, ending that the instance just ends;
	// away are those turned away, records what has been recorded.
	draining, ending bool
	away             []string
	records          map[string]bool
	// log is for a failure.
	log []string
}

// line is a party's side of a leg.
type line struct {
	id      leg.ID
	tenant  string
	mobile  bool
	plain   bool // a mobile without features
	outside bool // behind the border, no mobile
	dialled bool // by the core
	urgent  bool // an emergency call, which waits for no channel
	holds   bool
	up      bool // answered
	over    bool
	offered bool            // an INVITE of its own with an offer
	owes    bool            // the ACK with its answer
	said    *leg.Progressed // last
	slot    relay.Slot
	at      netip.AddrPort // of its RTP
	callID  string
	hangUp  leg.HangUp // with which the core has ended it
}

// jack is an endpoint: what it hears, as it was told.
type jack struct {
	slot   relay.Slot
	leased bool
	set    bool // it has a description
	from   relay.Slot
	clips  string
	times  int
	token  uint64
	until  time.Time // of what is played once
	mode   relay.KeyMode
}

var (
	exchangeSeam  = flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.1:5061")}
	exchangeMedia = netip.MustParseAddrPort("192.0.2.1:20000")
	exchangePhone = [2]flow.Flow{
		{Listener: 1, Remote: netip.MustParseAddrPort("198.51.100.11:5060")},
		{Listener: 1, Remote: netip.MustParseAddrPort("198.51.100.12:5060")},
	}
)

func newExchange(t *testing.T, d drawn) *exchange {
	seed := uint64(d[drawSettings])
	x := &exchange{
		t: t, drawn: d, now: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), dice: rand.New(rand.NewPCG(seed, 1)),
		spells: map[spell]bool{}, records: map[string]bool{}, byLeg: map[leg.ID]*line{}, jacks: map[relay.Slot]*jack{}, addrs: map[netip.AddrPort]relay.Slot{},
	}
	x.cfg = feature.Config{
		Source: rand.New(rand.NewPCG(seed, 2)), Key: callid.Key{1}, Legs: new(ua.Sequence), Ports: x,
		Tenants: d.tenants(t, ""), Seam: []flow.Flow{exchangeSeam},
		SeamMedia: []netip.Prefix{netip.PrefixFrom(exchangeMedia.Addr(), 32)},
		Caps:      sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101, Ptime: 20},
	}
	x.core = feature.New(x.cfg)
	return x
}

// Lease implements feature.Ports.
func (x *exchange) Lease(pairs []relay.Pair, _ []netip.Addr) bool {
	if len(x.jacks)+len(pairs) > 40 {
		return false
	}
	for i := range pairs {
		x.next++
		s := relay.Slot{Index: x.next, Epoch: 1}
		at := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.2"), uint16(30000+2*(x.next%10000)))
		pairs[i] = relay.Pair{Slot: s, Addr: at}
		x.jacks[s], x.addrs[at] = &jack{slot: s, leased: true}, s
	}
	return true
}

// spell is a hold, or the wait for somebody of a call centre.
type spell struct {
	call string
	of   cdr.Event // HoldStart or Queued
}

// happened takes an event of the streams beside the records: a hold and a wait begin
// and end by turns, and agents are offered those alone who wait.
func (x *exchange) happened(a *cdr.Activity) {
	x.log = append(x.log, fmt.Sprintf("%v: %+v", a.Event, *a))
	s := spell{a.Call, cdr.Queued}
	if a.Event <= cdr.HoldEnd {
		s.of = cdr.HoldStart
	}
	begins := a.Event == s.of
	if begins == x.spells[s] {
		x.fail("%v of call %s, which is in it: %v", a.Event, a.Call, x.spells[s])
	}
	if a.Event != cdr.Offered {
		x.spells[s] = begins
	}
}

func (x *exchange) fail(format string, args ...any) {
	x.t.Helper()
	from := max(0, len(x.log)-60)
	x.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(x.log[from:], "\n"))
}

// tell gives the core an input and all that follows from it at once, and judges
// what there is then.
func (x *exchange) tell(in ua.Input) {
	x.queue = append(x.queue, in)
	for n := 0; len(x.queue) > 0; n++ {
		if n > 1000 {
			x.fail("the core never comes to rest")
		}
		in := x.queue[0]
		x.queue = x.queue[1:]
		if ev, ok := in.(ua.LegEvent); ok {
			if ended, ok := ev.Event.(leg.Ended); ok {
				x.log = append(x.log, fmt.Sprintf("leg %d ends: %v", ev.Leg, ended.Cause))
			}
		}
		for _, a := range x.core.Handle(x.now, in, nil) {
			x.carryOut(a)
		}
	}
	x.judge()
}

func (x *exchange) carryOut(a ua.Action) {
	switch a := a.(type) {
	case ua.Command:
		x.command(a.Leg, a.Command)
	case ua.Media:
		x.media(a.Command)
	case ua.Activity:
		x.happened(a.Activity)
	case ua.Record:
		x.recorded(a.Record)
	case ua.Note:
	default:
		x.fail("the core wants %T", a)
	}
}

// command carries a leg's command out. Whatever is told to a leg whose end the
// core knows of is the core's fault.
func (x *exchange) command(id leg.ID, c leg.Command) {
	x.told = append(x.told, fmt.Sprintf("leg %d is told %T", id, c))
	x.log = append(x.log, x.told[len(x.told)-1])
	if d, ok := c.(leg.Dial); ok {
		if x.ending {
			x.fail("at the end leg %d is dialled", id)
		}
		x.dialled(id, d)
		return
	}
	l := x.byLeg[id]
	if l == nil || l.over {
		x.fail("leg %d is told %T, but there is no such leg any more", id, c)
	}
	x.lasts(l, c)
	switch c := c.(type) {
	case leg.Ring:
		if l.dialled || l.up {
			x.fail("leg %d rings although it was dialled, or is up", id)
		}
		if c.Media != nil {
			x.agrees(l, c.Media)
		}
	case leg.Answer:
		if l.dialled || l.up {
			x.fail("leg %d is answered twice, or was dialled", id)
		}
		l.up = true
		if c.Media != nil {
			x.agrees(l, c.Media)
		}
		if !l.owes { // whose answer is still owed sends it with the ACK
			x.queue = append(x.queue, ua.LegEvent{Leg: id, Event: leg.Acked{}})
		}
	case leg.AnswerOffer:
		x.agrees(l, &c.Media)
	case leg.HangUp:
		l.hangUp = c
		x.over(l, cause.Cause{Side: cause.Local, Status: c.Cause.Status, Q850: c.Cause.Q850})
	case leg.RefuseOffer, leg.Reoffer, leg.Acknowledge:
	}
}

// over ends a leg, and has the core told.
func (x *exchange) over(l *line, why cause.Cause) {
	l.over = true
	x.queue = append(x.queue, ua.LegEvent{Leg: l.id, Event: leg.Ended{Cause: why}})
}

// agrees has a leg report what its offer and the core's answer have come to.
func (x *exchange) agrees(l *line, m *leg.Media) {
	l.slot = x.addrs[m.Addr]
	if !l.dialled && !l.offered && !l.owes {
		l.owes = true
		return
	}
	x.queue = append(x.queue, ua.LegEvent{Leg: l.id, Event: leg.Agreed{Negotiated: x.session(l, false)}})
}

func (x *exchange) session(l *line, hold bool) sdp.Negotiated {
	return sdp.Negotiated{Remote: l.at, AudioOut: 0, EventIn: 101, EventOut: 101, Ptime: 20, Hold: hold}
}

// reoffer has a party hold or resume by signalling.
func (x *exchange) reoffer(l *line, hold bool) {
	x.log = append(x.log, fmt.Sprintf("leg %d holds: %v", l.id, hold))
	l.holds = hold
	x.tell(ua.LegEvent{Leg: l.id, Event: leg.Agreed{Negotiated: x.session(l, hold)}})
}

// ack brings the answer that a leg owes.
func (x *exchange) ack(l *line) {
	if l.owes && !l.over {
		l.owes, l.offered = false, true
		n := x.session(l, false)
		x.tell(ua.LegEvent{Leg: l.id, Event: leg.Acked{Negotiated: &n}})
	}
}

// dialled makes the line of a leg that the core dials.
func (x *exchange) dialled(id leg.ID, d leg.Dial) {
	if x.byLeg[id] != nil {
		x.fail("leg %d is dialled twice", id)
	}
	l := &line{id: id, dialled: true, slot: x.addrs[d.Media.Addr], at: rtpOf(d.Flow), callID: d.CallID}
	user, host, _ := strings.Cut(strings.TrimPrefix(d.Target, "sip:"), "@")
	l.tenant, _, _ = strings.Cut(host, ".")
	switch {
	case d.Flow != exchangeSeam:
		l.tenant = "t1"
	case x.subscribes(l, user):
	default:
		l.outside = true
	}
	x.byLeg[id] = l
	x.lines = append(x.lines, l)
	x.shown(l, user, d)
}

// shown holds an INVITE of the core's to what SPEC §8 says of any:
//
//   - an emergency number is called for a mobile that has dialled it alone (R61);
//   - somebody outside sees a number of the tenant's, or who a mobile's call comes
//     from, with a number of the tenant's beside it (R3, R30);
//   - a mobile that a group rings sees what the two display settings say (R22 to R24);
//   - it goes fewer hops than what it comes of, and keeps to its shard.
func (x *exchange) shown(l *line, user string, d leg.Dial) {
	var caller, diversion string
	for _, h := range d.Headers {
		switch h.Name() {
		case "P-Asserted-Identity":
			caller = userIn(h.Value())
		case "Diversion":
			diversion = userIn(h.Value())
		}
	}
	shard := func(o *line) bool {
		return o != l && o.tenant == l.tenant && x.cfg.Key.OfString(o.callID) == x.cfg.Key.OfString(l.callID)
	}
	switch {
	case emergencyText.MatchString(user):
		l.urgent = true
		if !slices.ContainsFunc(x.lines, func(o *line) bool { return o.urgent && o.mobile && !o.dialled && !o.over && o.tenant == l.tenant }) {
			x.fail("leg %d calls %s, which nobody has dialled", l.id, user)
		}
	case l.outside && !x.owns(l.tenant, caller) && !x.owns(l.tenant, diversion):
		x.fail("leg %d to %s shows %q, diverted by %q", l.id, user, caller, diversion)
	case l.mobile && x.entry != "":
		group, both := caller == "3701" || caller == "3801", x.drawn.flag(drawSettings, 2) && x.drawn.flag(drawSettings, 3)
		// An overflow to a mobile is a group of one, without a name to show.
		onward := slices.ContainsFunc(x.cfg.Tenants[0].Groups, func(g feature.Group) bool { return strings.HasPrefix(string(g.Overflow), "2") })
		if neither := !x.drawn.flag(drawSettings, 2) && !x.drawn.flag(drawSettings, 3); neither && !group && !onward || both && group {
			x.fail("leg %d that %s rings is shown %q", l.id, x.entry, caller)
		}
	}
	if d.MaxForwards >= 60 || d.MaxForwards < 0 {
		x.fail("leg %d goes %d hops", l.id, d.MaxForwards)
	}
	if !slices.ContainsFunc(x.lines, shard) {
		x.fail("leg %d belongs to another shard than any of %s", l.id, l.tenant)
	}
}

// userIn is the user part of the URI in a value.
func userIn(value string) string {
	_, uri, _ := strings.Cut(value, "<")
	user, _, _ := strings.Cut(uri[strings.Index(uri, ":")+1:], "@")
	return user
}

// owns says that the public network knows a number as the tenant's.
func (x *exchange) owns(tenant, text string) bool {
	return slices.ContainsFunc(x.cfg.Tenants, func(t feature.Tenant) bool {
		return t.Name == tenant && (t.DefaultNumber.String() == text || slices.ContainsFunc(t.Numbers, func(d feature.DID) bool { return d.Number.String() == text }))
	})
}

// subscribes makes a line that of the mobile with a number, if there is one.
func (x *exchange) subscribes(l *line, msisdn string) bool {
	tenant := slices.Index([]string{"t1", "t2"}, l.tenant)
	for m := range x.drawn.mobiles(tenant) {
		if drawnMSISDN(tenant, m) == msisdn {
			l.mobile, l.plain = true, x.drawn.plain(m)
		}
	}
	return l.mobile
}

// rtpOf is where whoever signals from a flow has its RTP.
func rtpOf(f flow.Flow) netip.AddrPort { return netip.AddrPortFrom(f.Remote.Addr(), 20000) }

// media carries a command out. One for an endpoint that is not leased is the
// core's fault.
func (x *exchange) media(c relay.Command) {
	x.log = append(x.log, fmt.Sprintf("media is told %T %+v", c, c))
	plug := func(s relay.Slot) *jack {
		j := x.jacks[s]
		if j == nil || !j.leased {
			x.fail("%T for slot %d, which is not leased", c, s.Index)
		}
		return j
	}
	switch c := c.(type) {
	case relay.Configure:
		plug(c.Slot).set = true
	case relay.Join:
		a, b := plug(c.A), plug(c.B)
		for _, j := range x.jacks {
			if j.from == c.A || j.from == c.B {
				j.from = relay.Slot{} // what fed them before stops
			}
		}
		a.from, a.clips, b.from, b.clips = c.B, "", c.A, ""
	case relay.Play:
		j := plug(c.Slot)
		j.from, j.clips, j.times, j.token = relay.Slot{}, strings.Join(c.Source.Keys, " "), c.Source.Repeat, c.Token
		j.until = time.Time{}
		if j.times != relay.Forever {
			j.until = x.now.Add(time.Duration(1+x.dice.IntN(5)) * time.Second)
		}
	case relay.Silence:
		j := plug(c.Slot)
		j.from, j.clips = relay.Slot{}, ""
	case relay.Keys:
		plug(c.Slot).mode = c.Mode
	case relay.Release:
		j := plug(c.Slot)
		j.leased = false
		for _, o := range x.jacks {
			if o.from == c.Slot {
				o.from = relay.Slot{}
			}
		}
		delete(x.jacks, c.Slot)
		x.gone = append(x.gone, c.Slot)
		x.queue = append(x.queue, ua.MediaEvent{Event: relay.Released{Slot: c.Slot}})
	case relay.Watch:
	}
}

// pass lets time pass: what is played once ends, the core's alarms ring.
func (x *exchange) pass(d time.Duration) {
	x.log = append(x.log, fmt.Sprintf("%v pass", d))
	end := x.now.Add(d)
	for n := 0; ; n++ {
		if n > 10000 {
			x.fail("time never passes")
		}
		at := end
		var ended *jack
		for _, j := range x.ordered() {
			if j.clips != "" && !j.until.IsZero() && !j.until.After(at) {
				at, ended = j.until, j
			}
		}
		due := x.core.Deadline()
		tick := !due.IsZero() && !due.After(at) && (ended == nil || due.Before(at))
		if tick {
			at = due
		}
		if at.After(x.now) {
			x.now = at
		}
		switch {
		case tick:
			x.tell(ua.Tick{})
		case ended != nil:
			ended.clips = ""
			x.tell(ua.MediaEvent{Event: relay.Played{Slot: ended.slot, Token: ended.token}})
		default:
			return
		}
	}
}

func (x *exchange) ordered() []*jack {
	list := make([]*jack, 0, len(x.jacks))
	for _, j := range x.jacks {
		list = append(list, j)
	}
	slices.SortFunc(list, func(a, b *jack) int { return int(a.slot.Index) - int(b.slot.Index) })
	return list
}

// partner returns who hears a line and is heard by it, or nil.
func (x *exchange) partner(l *line) *line {
	j := x.jacks[l.slot]
	if j == nil || j.from == (relay.Slot{}) {
		return nil
	}
	for _, o := range x.lines {
		if o != l && !o.over && o.slot == j.from {
			return o
		}
	}
	return nil
}

// judge holds what is true after every input:
//
//   - whoever hears a voice is heard by it, and both are of one tenant
//     (SPEC R69: no prompt's hearer is heard by anybody else);
//   - only who stands and does not hold is heard, and only endpoints that are
//     described;
//   - * and # of a mobile in a call that is not an outbound one to the outside
//     are kept from whom it talks with, and nobody else's are (SPEC R40, R41);
//   - no tenant has more legs of mobiles than channels (SPEC R12).
func (x *exchange) judge() {
	channels := map[string]int{}
	for _, l := range x.lines {
		if l.over {
			continue
		}
		if l.mobile && !l.urgent {
			channels[l.tenant]++
		}
		j := x.jacks[l.slot]
		if j == nil || j.from == (relay.Slot{}) {
			continue
		}
		o := x.partner(l)
		switch {
		case o == nil:
			x.fail("leg %d hears an endpoint of nobody's", l.id)
		case x.jacks[o.slot].from != l.slot:
			x.fail("leg %d hears leg %d, but not the other way", l.id, o.id)
		case o.tenant != l.tenant:
			x.fail("legs %d and %d of two tenants are joined", l.id, o.id)
		case l.holds || o.holds:
			x.fail("leg %d hears leg %d, and one of them holds", l.id, o.id)
		case !j.set:
			x.fail("leg %d is joined without a description", l.id)
		}
		want, kept := l.mobile && !l.plain && (!o.outside || !o.dialled), j.mode == relay.ConsumeCodes
		if consults := l.mobile && kept && x.waits(l.tenant); want != kept && !consults {
			x.fail("codes of leg %d, which talks with leg %d, are kept: %v", l.id, o.id, kept)
		}
	}
	for tenant, n := range channels {
		if n > x.drawn.channels(slices.Index([]string{"t1", "t2"}, tenant)) {
			x.fail("%s has %d legs of mobiles", tenant, n)
		}
	}
}

// waits reports a party of a tenant that hears music, or would: who talks meanwhile with
// somebody outside may consult him, and has * to come back by.
func (x *exchange) waits(tenant string) bool {
	return slices.ContainsFunc(x.lines, func(l *line) bool {
		j := x.jacks[l.slot]
		return !l.over && l.tenant == tenant && j != nil && (l.owes || l.holds || j.times == relay.Forever && j.clips != "")
	})
}

// close lets everything come to rest and sees that what is left talks: each leg
// that stands is joined with another one. Then it hangs up one of each pair, and
// nothing may be left.
func (x *exchange) close() {
	for range 3 {
		for _, l := range x.live() {
			x.ack(l)
			if l.holds && !l.over {
				x.reoffer(l, false)
			}
		}
		x.pass(15 * time.Minute)
		for _, l := range x.live() {
			if l.up && !l.over && (x.partner(l) == nil || x.waits(l.tenant)) {
				x.press(l, '*') // back from whatever it is in the middle of
			}
		}
	}
	x.pass(time.Minute)
	for _, l := range x.live() {
		if !l.up {
			x.fail("leg %d still rings", l.id)
		}
		o := x.partner(l)
		if o == nil {
			x.fail("leg %d stands and has nobody", l.id)
		}
	}
	for _, l := range x.live() {
		if l.over {
			continue
		}
		o := x.partner(l)
		x.log = append(x.log, fmt.Sprintf("leg %d hangs up", l.id))
		x.over(l, cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing})
		x.tell(ua.MediaEvent{Event: relay.Latched{}})
		if !o.over {
			x.fail("leg %d was left alone by leg %d", o.id, l.id)
		}
	}
	x.pass(time.Minute)
	for s, on := range x.spells {
		if on {
			x.fail("%v of call %s has no end", s.of, s.call)
		}
	}
	if n := x.core.Counts(); n != (feature.Counts{}) || len(x.jacks) != 0 || !x.core.Deadline().IsZero() {
		x.fail("left: %+v, %d endpoints, an alarm at %v", n, len(x.jacks), x.core.Deadline())
	}
	for _, l := range x.lines {
		if !l.over {
			x.fail("leg %d never ends", l.id)
		}
	}
	for _, id := range x.away {
		if !x.records["leg "+id] {
			x.fail("the call %s, which was turned away, has no record", id)
		}
	}
}

func (x *exchange) live() []*line {
	return slices.DeleteFunc(slices.Clone(x.lines), func(l *line) bool { return l.over })
}

func (x *exchange) press(l *line, key byte) {
	x.log = append(x.log, fmt.Sprintf("leg %d presses %c", l.id, key))
	if j := x.jacks[l.slot]; j != nil && l.up {
		x.tell(ua.MediaEvent{Event: relay.Digit{Slot: l.slot, Key: dtmf.Key(key), At: x.now}})
	}
}

// replace writes the core down and goes on with another one that has read it.
func (x *exchange) replace() {
	x.log = append(x.log, "the core is replaced")
	text, err := json.Marshal(x.core.Snapshot(x.now))
	if err != nil {
		x.fail("%v", err)
	}
	var s feature.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		x.fail("%v", err)
	}
	x.core, x.draining = feature.Restore(x.cfg, x.now, s), false // another one, which nobody has drained
}

// invite has somebody call.
func (x *exchange) invite(l *line, from flow.Flow, caller, called string) {
	l.id, l.at = x.cfg.Legs.Next(), rtpOf(from)
	x.byLeg[l.id] = l
	x.lines = append(x.lines, l)
	l.urgent, l.callID = called == "110", fmt.Sprintf("x%d", l.id)
	r := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: called, Host: l.tenant + ".example"})
	id, hops := sip.CallIDHeader(l.callID), sip.MaxForwardsHeader(60)
	r.AppendHeader(&id)
	r.AppendHeader(&hops)
	r.AppendHeader(&sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: caller, Host: l.tenant + ".example"}})
	if caller != "" {
		r.AppendHeader(sip.NewHeader("P-Asserted-Identity", "<sip:"+caller+"@"+l.tenant+".example>"))
	}
	x.log = append(x.log, fmt.Sprintf("leg %d: %s of %s calls %s", l.id, caller, l.tenant, called))
	peer, _ := x.core.Peer(from)
	in := ua.Incoming{Leg: l.id, Flow: from, Peer: peer, Request: r}
	if l.offered {
		in.Offer = x.offer(from)
	}
	told := len(x.told)
	x.tell(in)
	x.turnsAway(l, called, told)
}

// offer is what every INVITE brings that brings one.
func (x *exchange) offer(from flow.Flow) *sdp.Description {
	d, err := sdp.Parse([]byte("v=0\r\no=- 1 1 IN IP4 " + from.Remote.Addr().String() + "\r\ns=-\r\nc=IN IP4 " + from.Remote.Addr().String() +
		"\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"))
	if err != nil {
		x.fail("%v", err)
	}
	return d
}
