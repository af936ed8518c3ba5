package fuzz

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// The neighbours of the agent. One peer has two addresses, as trunks do.
var (
	caller    = netip.MustParseAddrPort("192.0.2.1:5060")
	callerToo = netip.MustParseAddrPort("192.0.2.3:5060")
	impostor  = netip.MustParseAddrPort("192.0.2.2:5060")
	stranger  = netip.MustParseAddrPort("198.51.100.9:5060")
)

// ownCallID is that of the call the agent makes.
const ownCallID = "ours-1"

const agentMedia = "203.0.113.7:20000"

// The bits of a script.
const (
	actMask      = 7       // what the callee does with a call
	refuseOffer  = 1 << 3  // re-offers are refused
	gapShift     = 4       // two bits: the time between datagrams
	byImpostor   = 1 << 6  // all but the first come from another peer
	twice        = 1 << 7  // each datagram is repeated
	overTCP      = 1 << 8  // the flow is a stream
	fromElsewere = 1 << 9  // all but the first come from the peer's second address
	bothCodecs   = 1 << 10 // the callee speaks A-law too
	dials        = 1 << 11 // the agent calls the peer first, in a call of its own
	impatient    = 1 << 12 // and hangs up when it rings
	reliably     = 1 << 13 // provisional responses are reliable where they can be
)

var gaps = [4]time.Duration{0, 200 * time.Millisecond, 5 * time.Second, 40 * time.Second}

// callee is an application that does what its script says, and holds the user
// agent to its word: whose events it gets, and how often a leg ends.
type callee struct {
	t      *testing.T
	script uint16
	now    time.Time
	legs   ua.Sequence
	peers  map[leg.ID]ua.Peer
	ended  map[leg.ID]bool
	// sender is the peer whose datagram is being worked on, zero for a timer.
	sender ua.Peer
	// hangUp asks for a Tick in which every call is ended, dial for one in
	// which the agent calls.
	hangUp, dial bool
	incoming     int
	// reached notes the kinds of events.
	reached map[string]bool
}

func (c *callee) Deadline() time.Time {
	if c.hangUp || c.dial {
		return c.now
	}
	return time.Time{}
}

func (c *callee) Handle(_ time.Time, in ua.Input, out []ua.Action) []ua.Action {
	switch in := in.(type) {
	case ua.Incoming:
		if in.Peer != c.sender {
			c.t.Fatalf("a call of peer %d while peer %d speaks", in.Peer, c.sender)
		}
		if c.peers[in.Leg] != 0 {
			c.t.Fatalf("leg %d comes twice", in.Leg)
		}
		c.incoming++
		c.peers[in.Leg] = in.Peer
		return c.act(in, out)
	case ua.LegEvent:
		return c.event(in, out)
	case ua.Tick:
		if c.dial {
			c.dial = false
			return append(out, c.call())
		}
		c.hangUp = false
		for _, id := range slices.Sorted(maps.Keys(c.peers)) {
			if !c.ended[id] {
				out = append(out, ua.Command{Leg: id, Command: leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}})
			}
		}
	case ua.MediaEvent:
	}
	return out
}

// call dials the peer.
func (c *callee) call() ua.Action {
	id := c.legs.Next()
	c.peers[id] = peerAt(caller)
	dial := leg.Dial{
		Flow: flow.Flow{Remote: caller}, CallID: ownCallID, Target: "sip:09000002001@192.0.2.1", MaxForwards: 70,
		From: "<sip:80300009001@t1.example>", To: "<sip:09000002001@carrier.example>",
		Headers: []sip.Header{sip.NewHeader("P-Early-Media", "supported")}, Media: c.media(relay.SendRecv),
	}
	if c.script&actMask == 5 {
		dial.Media = nil
	}
	return ua.Command{Leg: id, Command: dial}
}

func (c *callee) event(in ua.LegEvent, out []ua.Action) []ua.Action {
	if c.reached != nil {
		c.reached[fmt.Sprintf("%T", in.Event)] = true
	}
	owner := c.peers[in.Leg]
	switch {
	case owner == 0:
		c.t.Fatalf("%T of leg %d, of which nobody was told", in.Event, in.Leg)
	case c.ended[in.Leg]:
		c.t.Fatalf("%T of leg %d behind its end", in.Event, in.Leg)
	case c.sender != 0 && c.sender != owner:
		// Whoever merely learnt tags and branches moves nobody's call.
		c.t.Fatalf("peer %d causes %T in a call of peer %d", c.sender, in.Event, owner)
	}
	do := func(command leg.Command) { out = append(out, ua.Command{Leg: in.Leg, Command: command}) }
	switch ev := in.Event.(type) {
	case leg.Ended:
		c.ended[in.Leg] = true
	case leg.Offered:
		if c.script&refuseOffer != 0 {
			do(leg.RefuseOffer{Status: 488})
			break
		}
		do(leg.AnswerOffer{Media: *c.media(relay.SendRecv)})
	case leg.Answered:
		if ev.Offer != nil {
			do(leg.Acknowledge{Media: *c.media(relay.SendRecv)})
		}
	case leg.Progressed:
		if ev.Offer != nil {
			do(leg.Acknowledge{Media: *c.media(relay.SendRecv)})
		}
		if c.script&impatient != 0 && ev.Status > 100 {
			do(leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}})
		}
	case leg.Acked:
		if c.script&actMask == 4 {
			do(leg.Reoffer{Media: *c.media(relay.SendRecv)})
		}
	}
	return out
}

// act is what becomes of a new call.
func (c *callee) act(in ua.Incoming, out []ua.Action) []ua.Action {
	do := func(command leg.Command) { out = append(out, ua.Command{Leg: in.Leg, Command: command}) }
	early, wanted := c.media(relay.SendOnly), c.script&reliably != 0
	if in.Offer == nil && !wanted {
		early = nil
	}
	switch c.script & actMask {
	case 0:
		do(leg.Ring{Status: 180, Reliable: wanted})
		do(leg.Answer{Media: c.media(relay.SendRecv)})
	case 1:
		do(leg.Ring{Status: 183, Media: early, Reliable: wanted})
		do(leg.Answer{Media: c.media(relay.SendRecv)})
	case 2:
		do(leg.HangUp{Cause: cause.Cause{Status: 486, Q850: cause.UserBusy}})
	case 3:
		do(leg.Ring{Status: 180, Reliable: wanted})
	case 4:
		do(leg.Answer{Media: c.media(relay.SendOnly)})
	case 5: // says nothing
	case 6:
		do(leg.Answer{Media: c.media(relay.SendRecv)})
		do(leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}})
	case 7:
		do(leg.Ring{Status: 183, Media: early, Reliable: wanted})
		do(leg.HangUp{Cause: cause.Cause{Status: 403, Text: "a;b \"c\""}})
	}
	return out
}

func (c *callee) media(d relay.Direction) *leg.Media {
	codecs := []relay.Codec{relay.PCMU}
	if c.script&bothCodecs != 0 {
		codecs = []relay.Codec{relay.PCMA, relay.PCMU}
	}
	return &leg.Media{Addr: netip.MustParseAddrPort(agentMedia), Caps: sdp.Caps{Codecs: codecs, Event: 101}, Direction: d}
}

// wire is the agent with what it may send to whom.
type wire struct {
	t     *testing.T
	ua    *ua.UA
	app   *callee
	now   time.Time
	guard *header.Guard
	// asked holds the flows on which a request with this Call-ID and CSeq came,
	// parties the peers that ever used a Call-ID.
	asked   map[string]map[flow.Flow]bool
	parties map[string]map[ua.Peer]bool
	// tag is the last To tag of the agent's; from and branch are those of its
	// last INVITE.
	tag, from, branch string
	// rseq is the number of its last reliable provisional response.
	rseq uint32
}

func newWire(t *testing.T, script uint16) *wire {
	app := &callee{t: t, script: script, peers: map[leg.ID]ua.Peer{}, ended: map[leg.ID]bool{}}
	w := &wire{
		t: t, app: app, now: time.Unix(1000, 0), guard: header.NewGuard(header.Limits{}), tag: "none", from: "none", branch: "z9hG4bKnone",
		asked: map[string]map[flow.Flow]bool{}, parties: map[string]map[ua.Peer]bool{},
	}
	w.ua = ua.New(ua.Config{
		Source: rand.New(rand.NewPCG(1, 2)),
		Hosts:  []leg.Host{{Name: "203.0.113.7", Port: 5060}},
		Peer:   func(f flow.Flow) (ua.Peer, bool) { p := peerAt(f.Remote); return p, p != 0 },
		Terms: func(ua.Peer) leg.Terms {
			if script&reliably != 0 {
				return leg.Terms{Rel100: leg.Supported}
			}
			return leg.Terms{}
		},
		Legs: &app.legs, App: app,
	})
	return w
}

func peerAt(at netip.AddrPort) ua.Peer {
	switch at {
	case caller, callerToo:
		return 1
	case impostor:
		return 2
	}
	return 0
}

// checkStranger: nobody we know gets nothing, whatever it says.
func checkStranger(t *testing.T, messages [][]byte, script uint16) {
	w := newWire(t, script)
	for _, b := range messages {
		if out := w.ua.Datagram(w.now, flow.Flow{Remote: stranger}, b, nil); len(out) > 0 {
			t.Fatalf("a stranger causes\n%s\nby\n%q", show(out), b)
		}
	}
	if n := w.ua.Counts().Legs; n != 0 || w.app.incoming != 0 {
		t.Fatalf("a stranger has made %d legs", n)
	}
	w.drain(0)
}

func show(actions []ua.Action) string {
	var b strings.Builder
	for _, a := range actions {
		if s, ok := a.(ua.Send); ok {
			fmt.Fprintf(&b, "to %v: %q\n", s.Flow, s.Data)
			continue
		}
		fmt.Fprintf(&b, "%T %+v\n", a, a)
	}
	return b.String()
}

// checkConversation plays the datagrams by the script and lets the agent come
// to rest.
func checkConversation(t *testing.T, messages [][]byte, script uint16) {
	w := newWire(t, script)
	from := flow.Flow{Remote: caller}
	if script&overTCP != 0 {
		from.Proto = flow.TCP
	}
	if script&dials != 0 {
		note(w.parties, ownCallID, peerAt(caller))
		w.app.dial, w.app.now = true, w.now
		w.sent(w.ua.Timeout(w.now, nil))
	}
	for i, b := range messages {
		at := from
		switch {
		case i > 0 && script&byImpostor != 0:
			at.Remote = impostor
		case i > 0 && script&fromElsewere != 0:
			at.Remote = callerToo
		}
		w.receive(at, b)
		if script&twice != 0 {
			w.receiveAgain(at, b)
		}
		w.pass(gaps[script>>gapShift&3])
	}
	w.app.hangUp, w.app.now = true, w.now
	w.drain(64)
	for id := range w.app.peers {
		if !w.app.ended[id] {
			t.Fatalf("leg %d never ends", id)
		}
	}
}

func (w *wire) receive(from flow.Flow, b []byte) {
	// TAG~ is the tag that a peer would learn from our answers, FROM~ and
	// BRANCH~ what it would learn from our INVITE, RSEQ~ from a reliable 18x.
	for mark, text := range map[string]string{"TAG~": w.tag, "FROM~": w.from, "BRANCH~": w.branch, "RSEQ~": strconv.Itoa(int(w.rseq))} {
		b = bytes.ReplaceAll(b, []byte(mark), []byte(text))
	}
	m, err := header.Parse(w.guard, b)
	if err == nil {
		id := m.CallID().Value()
		note(w.asked, id+" "+m.CSeq().Value(), from)
		note(w.parties, id, peerAt(from.Remote))
	}
	w.app.sender = peerAt(from.Remote)
	out := w.ua.Datagram(w.now, from, b, nil)
	w.app.sender = 0
	if err == nil {
		w.sent(out)
		return
	}
	if len(out) > 1 {
		w.t.Fatalf("%d actions for a malformed message", len(out))
	}
	for _, a := range out {
		s, ok := a.(ua.Send)
		if !ok || s.Flow != from {
			w.t.Fatalf("a malformed message of %v causes\n%s", from, show(out))
		}
		checkFramed(w.t, s.Data, b)
	}
}

// receiveAgain repeats a datagram at once: whatever it was, it makes no second
// call. A request that named no transaction (RFC 2543) is told by its fields.
func (w *wire) receiveAgain(from flow.Flow, b []byte) {
	before := w.app.incoming
	w.receive(from, b)
	if w.app.incoming != before {
		w.t.Fatalf("a retransmission is a second call:\n%q", b)
	}
}

func note[V comparable](in map[string]map[V]bool, key string, v V) {
	if in[key] == nil {
		in[key] = map[V]bool{}
	}
	in[key][v] = true
}

// sent judges what the agent puts on the wire.
func (w *wire) sent(out []ua.Action) {
	// One datagram or one instant causes a handful of messages at most.
	if len(out) > 32 {
		w.t.Fatalf("%d actions at once:\n%s", len(out), show(out))
	}
	for _, a := range out {
		if _, ok := a.(ua.Note); ok {
			continue // of a request over 1,300 bytes
		}
		s, ok := a.(ua.Send)
		if !ok {
			w.t.Fatalf("the agent wants %T done", a)
		}
		m, err := header.Parse(w.guard, s.Data)
		if err != nil {
			w.t.Fatalf("we would refuse ourselves: %v\n%q", err, s.Data)
		}
		if head, _ := header.Scan(s.Data); head.ContentLength != len(m.Body()) || head.Len+head.ContentLength != len(s.Data) {
			w.t.Fatalf("Content-Length %d:\n%q", head.ContentLength, s.Data)
		}
		id := m.CallID().Value()
		switch m := m.(type) {
		case *sip.Response:
			if !w.asked[id+" "+m.CSeq().Value()][s.Flow] {
				w.t.Fatalf("%v is answered what it never asked:\n%q", s.Flow, s.Data)
			}
			// RFC 3581 §4: rport is "the source port of the request".
			if port, asked := header.ParamOf(m.Via().Params, "rport"); asked && port != strconv.Itoa(int(s.Flow.Remote.Port())) {
				w.t.Fatalf("rport %q for %v:\n%q", port, s.Flow, s.Data)
			}
			if n := dialog.RSeqOf(m); n != 0 {
				w.rseq = n
			}
			w.reach(strconv.Itoa(m.StatusCode) + " " + string(m.CSeq().MethodName))
			if tag := header.Tag(m.To().Params); tag != "" {
				w.tag = tag
			} else if m.StatusCode > 100 {
				w.t.Fatalf("an answer without a To tag:\n%q", s.Data)
			}
		case *sip.Request:
			if !w.parties[id][peerAt(s.Flow.Remote)] {
				w.t.Fatalf("%v is no party of the call:\n%q", s.Flow, s.Data)
			}
			w.reach(string(m.Method))
			via := m.Via()
			if via.Host != "203.0.113.7" || via.Port != 5060 || !strings.HasPrefix(header.First(m, "Via"), "SIP/2.0/") {
				w.t.Fatalf("a request of ours by Via %q", via.Value())
			}
			if m.IsInvite() {
				w.from = header.Tag(m.From().Params)
				w.branch, _ = header.ParamOf(via.Params, "branch")
			}
		}
		w.checkBody(m)
	}
}

func (w *wire) reach(what string) {
	if w.app.reached != nil {
		w.app.reached[what] = true
	}
}

// checkBody: a body of ours is a description of ours.
func (w *wire) checkBody(m sip.Message) {
	if len(m.Body()) == 0 {
		return
	}
	d, err := leg.Describe(m)
	if err != nil || d == nil {
		w.t.Fatalf("our body is no description: %v\n%q", err, m.Body())
	}
	checkOurs(w.t, m.Body(), netip.MustParseAddrPort(agentMedia))
}

// pass lets d go by.
func (w *wire) pass(d time.Duration) {
	end := w.now.Add(d)
	for range 200 {
		at := w.ua.Deadline()
		if at.IsZero() || at.After(end) {
			w.now = end
			return
		}
		if at.After(w.now) {
			w.now = at
		}
		w.sent(w.ua.Timeout(w.now, nil))
	}
	w.t.Fatalf("timers never let %v pass", d)
}

// drain lets everything happen that is still to come, in at most steps for
// each of eight datagrams (retransmissions of RFC 3261 end after 64·T1).
func (w *wire) drain(steps int) {
	for range 8*steps + 1 {
		at := w.ua.Deadline()
		if at.IsZero() {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		w.app.now = w.now
		w.sent(w.ua.Timeout(w.now, nil))
	}
	c := w.ua.Counts()
	if at := w.ua.Deadline(); steps > 0 && (!at.IsZero() || c.Legs != 0 || c.Transactions.Waiting() != 0 || c.Transactions.Lingering != 0) {
		w.t.Fatalf("left over: %+v, due %v", c, at)
	}
}
