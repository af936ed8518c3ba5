package fuzz

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/border"
	feature "sekisho/edge/core"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/dtmf"
	"sekisho/media/relay"
)

// FuzzRepeat plays FuzzCore's companies on the wire: whatever a party sends it sends
// again, at once or later, as UDP does. The core is told nothing for it, and nobody is
// sent what he has not been sent before (RFC 3261 §17).
func FuzzRepeat(f *testing.F) {
	calling := []byte{reCall, 0, reRing, 0, reAnswer, 0, rePass, 1}
	for i, then := range [][]byte{
		{reBye, 0}, {reBye, 1}, {reKeys, 0x10, reAgain, 0, reBye, 1}, {reKeys, 0x13, rePass, 3, reRing, 0, reAgain, 2, reAnswer, 0, reBye, 1},
		{reKeys, 0x16, rePass, 4, reCall, 0x46, reAnswer, 0}, {reKeys, 0x17, rePass, 3, reAnswer, 0, reAgain, 1}, {reCall, 0x80, reFail, 0, reAgain, 3, reCancel, 0},
		{reCall, 0x88, reRing, 0, reAnswer, 1, reAgain, 0, reBye, 2}, {reCall, 0x81, reCancel, 1, reAgain, 1, rePass, 5, reAgain, 1},
	} {
		d := usual(i)
		f.Add(append(append(d[:], calling...), then...))
		f.Add(append(d[:], then...))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		var d drawn
		if len(script) > len(d)+100 {
			return
		}
		script = script[copy(d[:], script):]
		w := newRepeater(t, d)
		for i := 0; i+1 < len(script); i += 2 {
			w.act(script[i]%actsOfRepeater, script[i+1])
		}
		w.close()
	})
}

const (
	reCall byte = iota
	reRing
	reAnswer
	reFail
	reCancel
	reBye
	reKeys
	rePass
	reAgain
	actsOfRepeater
)

// repeater is a core behind a user agent, and all who talk with it.
type repeater struct {
	t       *testing.T
	now     time.Time
	drawn   drawn
	core    *feature.Core
	ua      *ua.UA
	guard   *header.Guard
	inputs  int // what the core was told
	sent    map[string]bool
	leased  map[relay.Slot]bool
	slots   map[netip.AddrPort]relay.Slot
	plays   map[relay.Slot]played
	serial  int
	parties []*wiredParty
	replies []wiredMessage
}

type played struct {
	token uint64
	until time.Time
}

type wiredMessage struct {
	at   time.Time
	from *wiredParty
	data []byte
}

// wiredParty is one who is in a call, or wants to be.
type wiredParty struct {
	flow          flow.Flow
	uac           bool
	callID        string
	local, remote string
	uri           string
	vias, branch  string
	cseq, invite  uint32
	final         int
	over, rang    bool
	called        time.Time
	slot          relay.Slot
	last          wiredMessage
}

// Deadline implements ua.App.
func (w *repeater) Deadline() time.Time { return w.core.Deadline() }

// Handle implements ua.App.
func (w *repeater) Handle(now time.Time, in ua.Input, out []ua.Action) []ua.Action {
	w.inputs++
	return w.core.Handle(now, in, out)
}

// Lease implements feature.Ports.
func (w *repeater) Lease(pairs []relay.Pair, _ []netip.Addr) bool {
	for i := range pairs {
		w.serial++
		s := relay.Slot{Index: uint32(w.serial), Epoch: 1}
		at := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.2"), uint16(30000+2*(w.serial%10000)))
		pairs[i], w.leased[s], w.slots[at] = relay.Pair{Slot: s, Addr: at}, true, s
	}
	return true
}

func newRepeater(t *testing.T, d drawn) *repeater {
	w := &repeater{
		t: t, now: time.Unix(1000, 0), drawn: d, guard: header.NewGuard(header.Limits{}), sent: map[string]bool{},
		leased: map[relay.Slot]bool{}, slots: map[netip.AddrPort]relay.Slot{}, plays: map[relay.Slot]played{},
	}
	legs := new(ua.Sequence)
	w.core = feature.New(feature.Config{
		Source: rand.New(rand.NewPCG(1, 2)), Key: callid.Key{1}, Legs: legs, Ports: w, Tenants: d.tenants(t, ""), Seam: []flow.Flow{exchangeSeam},
		SeamMedia: []netip.Prefix{netip.PrefixFrom(exchangeMedia.Addr(), 32)},
		Caps:      sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101, Ptime: 20},
	})
	w.ua = ua.New(ua.Config{
		Source: rand.New(rand.NewPCG(3, 4)), Hosts: []leg.Host{{Name: "192.0.2.2", Port: 5070}, {Name: "192.0.2.2", Port: 5080}}, Peer: w.core.Peer,
		Terms: func(p ua.Peer) leg.Terms {
			terms := border.SeamTerms()
			terms.Methods, terms.Secure = w.core.Methods(p), w.core.Secure(p)
			return terms
		},
		Legs: legs, App: w,
	})
	return w
}

// send has a party send a message, and send it again.
func (w *repeater) send(p *wiredParty, data []byte) {
	p.last = wiredMessage{w.now, p, data}
	w.carryOut(w.ua.Datagram(w.now, p.flow, data, nil))
	w.again(p.last)
	for len(w.replies) > 0 {
		m := w.replies[0]
		w.replies = w.replies[1:]
		w.send(m.from, m.data)
	}
}

// again repeats a message. A provisional response that is not reliable has no number:
// one more of it is another one.
func (w *repeater) again(m wiredMessage) {
	if strings.HasPrefix(string(m.data), "SIP/2.0 1") {
		w.carryOut(w.ua.Datagram(w.now, m.from.flow, m.data, nil))
		return
	}
	before := w.inputs
	for _, a := range w.ua.Datagram(w.now, m.from.flow, m.data, nil) {
		if s, ok := a.(ua.Send); !ok || !w.sent[fmt.Sprint(s.Flow)+string(s.Data)] {
			w.t.Fatalf("%T is new, and was caused by a message that came before:\n%+v\n%s", a, a, m.data)
		}
	}
	if w.inputs != before {
		w.t.Fatalf("the core was told twice of\n%s", m.data)
	}
}

func (w *repeater) carryOut(actions []ua.Action) {
	for len(actions) > 0 {
		var events []relay.Event
		for _, a := range actions {
			switch a := a.(type) {
			case ua.Send:
				w.sent[fmt.Sprint(a.Flow)+string(a.Data)] = true
				w.received(a)
			case ua.Media:
				switch c := a.Command.(type) {
				case relay.Play:
					delete(w.plays, c.Slot)
					if c.Source.Repeat != relay.Forever {
						w.plays[c.Slot] = played{c.Token, w.now.Add(2 * time.Second)}
					}
				case relay.Release:
					delete(w.leased, c.Slot)
					delete(w.plays, c.Slot)
					events = append(events, relay.Released{Slot: c.Slot})
				}
			}
		}
		actions = nil
		for _, ev := range events {
			actions = w.ua.MediaEvent(w.now, ev, actions)
		}
	}
}

// reply queues what a party answers of itself.
func (w *repeater) reply(p *wiredParty, text, body string) {
	w.replies = append(w.replies, wiredMessage{from: p, data: withBody(text, body)})
}

// received is what becomes of a message of the core's.
func (w *repeater) received(s ua.Send) {
	m, err := header.Parse(w.guard, s.Data)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, s.Data)
	}
	var p *wiredParty
	for _, o := range w.parties {
		if o.callID == m.CallID().Value() {
			p = o
		}
	}
	invitation, known := m.CSeq().MethodName == sip.INVITE, p != nil
	if r, ok := m.(*sip.Request); ok && !known && r.Method == sip.INVITE {
		w.serial++
		p = &wiredParty{flow: s.Flow, callID: r.CallID().Value(), local: fmt.Sprintf("%s;tag=r%d", header.First(r, "To"), w.serial),
			remote: header.First(r, "From"), cseq: 100, invite: r.CSeq().SeqNo, called: w.now}
		w.parties = append(w.parties, p)
	}
	if p == nil {
		w.t.Fatalf("a message of no call:\n%s", s.Data)
	}
	if d, err := sdp.Parse(m.Body()); err == nil && len(m.Body()) > 0 {
		if a, ok := d.Audio(); ok {
			p.slot = w.slots[a.RTP]
		}
	}
	if c := header.First(m, "Contact"); c != "" {
		p.uri = strings.Trim(c, "<>")
	}
	vias := "Via: " + strings.Join(header.Lines(m, "Via"), "\r\nVia: ") + "\r\n"
	switch m := m.(type) {
	case *sip.Response:
		if !invitation || !p.uac {
			return
		}
		if header.Tag(m.To().Params) != "" && p.final == 0 {
			p.remote = header.First(m, "To")
		}
		if m.StatusCode >= 200 {
			p.over = p.over || m.StatusCode >= 300
			branch := p.branch
			if m.StatusCode < 300 {
				branch += "ack"
			}
			if p.final == 0 {
				p.final = m.StatusCode
				w.reply(p, p.head("ACK", branch, p.invite), "")
			}
		}
	case *sip.Request:
		ok := fmt.Sprintf("SIP/2.0 200 OK\r\n%sFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:far@%s>\r\n",
			vias, p.remote, p.local, p.callID, m.CSeq().Value(), p.flow.Remote)
		switch {
		case m.Method == sip.INVITE && !known:
			p.vias = vias
		case m.Method == sip.ACK, m.Method == sip.INVITE && m.CSeq().SeqNo == p.invite && !p.uac:
		case m.Method == sip.INVITE:
			w.reply(p, ok, w.describe(p))
		case m.Method == sip.CANCEL:
			w.reply(p, ok, "")
			if p.final == 0 {
				p.over = true
				w.reply(p, p.answer(487), "")
			}
		default:
			p.over = p.over || m.Method == sip.BYE
			w.reply(p, ok, "")
		}
	}
}

func (p *wiredParty) head(method, branch string, cseq uint32) string {
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s\r\nMax-Forwards: 60\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"+
		"Contact: <sip:far@%s>\r\n", method, p.uri, p.flow.Remote, branch, p.local, p.remote, p.callID, cseq, method, p.flow.Remote)
}

// answer is a response to the INVITE that has called a party.
func (p *wiredParty) answer(status int) string {
	p.final = status
	return fmt.Sprintf("SIP/2.0 %d X\r\n%sFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d INVITE\r\nContact: <sip:far@%s>\r\n",
		status, p.vias, p.remote, p.local, p.callID, p.invite, p.flow.Remote)
}

func (w *repeater) describe(p *wiredParty) string {
	w.serial++
	a := p.flow.Remote.Addr()
	return fmt.Sprintf("v=0\r\no=- 1 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", w.serial, a, a)
}

// pick returns one of the parties that fit.
func (w *repeater) pick(how byte, fits func(*wiredParty) bool) *wiredParty {
	var list []*wiredParty
	for _, p := range w.parties {
		if !p.over && fits(p) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[int(how&15)%len(list)]
}

func (w *repeater) act(act, how byte) {
	// Who says nothing for 64·T1 is given up, and is ended each time that he answers
	// after all (RFC 3261 §13.2.2.4).
	rings := func(p *wiredParty) bool {
		return !p.uac && p.final == 0 && (p.rang || w.now.Sub(p.called) < 32*time.Second)
	}
	up := func(p *wiredParty) bool { return p.final/100 == 2 }
	switch act {
	case reCall:
		w.call(how)
	case reRing:
		if p := w.pick(how, rings); p != nil {
			text := p.answer(180)
			p.final, p.rang = 0, true
			w.send(p, withBody(text, ""))
		}
	case reAnswer:
		if p := w.pick(how, rings); p != nil {
			w.send(p, withBody(p.answer(200), w.describe(p)))
		}
	case reFail:
		if p := w.pick(how, rings); p != nil {
			p.over = true
			w.send(p, withBody(p.answer([]int{486, 480, 603, 503}[how>>4&3]), ""))
		}
	case reCancel:
		if p := w.pick(how, func(p *wiredParty) bool { return p.uac && p.final == 0 }); p != nil {
			remote := p.remote
			p.remote, _, _ = strings.Cut(remote, ";tag=")
			text := p.head("CANCEL", p.branch, p.invite)
			p.remote = remote
			w.send(p, withBody(text, ""))
		}
	case reBye:
		if p := w.pick(how, up); p != nil {
			p.over = true
			p.cseq++
			w.serial++
			w.send(p, withBody(p.head("BYE", fmt.Sprintf("z9hG4bKb%d", w.serial), p.cseq), ""))
		}
	case reKeys:
		if p := w.pick(how>>4, up); p != nil {
			for _, key := range []byte(exchangeKeys[how&15]) {
				if w.leased[p.slot] {
					w.media(relay.Digit{Slot: p.slot, Key: dtmf.Key(key), At: w.now})
				}
			}
		}
	case rePass:
		w.pass(exchangeWaits[how&7])
	case reAgain: // while the transaction surely remembers
		if p := w.parties; len(p) > 0 {
			if m := p[int(how)%len(p)].last; m.data != nil && w.now.Sub(m.at) < 4*time.Second {
				w.again(m)
			}
		}
	}
}

func (w *repeater) media(ev relay.Event) {
	w.carryOut(w.ua.MediaEvent(w.now, ev, nil))
	w.settle()
}

// settle sends what parties answer of themselves.
func (w *repeater) settle() {
	if len(w.replies) > 0 {
		m := w.replies[0]
		w.replies = w.replies[1:]
		w.send(m.from, m.data)
	}
}

// call has somebody call: from outside, a mobile, or a phone.
func (w *repeater) call(how byte) {
	if len(w.parties) > 20 {
		return
	}
	w.serial++
	at, caller, called := exchangeSeam, "0300009001", []string{"0300000121", "0300000137", "0300000138", "0300000139"}[how&3]
	switch {
	case how>>6 == 1:
		caller, called = drawnMSISDN(0, int(how>>4&3)%w.drawn.mobiles(0)), exchangeCalled[how&15]
	case how>>6 >= 2 && w.drawn.phones() > 0:
		at, caller, called = exchangePhone[int(how>>4&1)%w.drawn.phones()], "1001", exchangeCalled[how&15]
	}
	p := &wiredParty{flow: at, uac: true, callID: fmt.Sprintf("r%d@far.example", w.serial), cseq: 1, invite: 1, branch: fmt.Sprintf("z9hG4bKi%d", w.serial)}
	p.uri = "sip:" + called + "@t1.example"
	p.local, p.remote = fmt.Sprintf("<sip:%s@t1.example>;tag=l%d", caller, w.serial), "<"+p.uri+">"
	w.parties = append(w.parties, p)
	w.send(p, withBody(p.head("INVITE", p.branch, 1)+"P-Asserted-Identity: <sip:"+caller+"@t1.example>\r\n", w.describe(p)))
}

// pass lets time pass.
func (w *repeater) pass(d time.Duration) {
	end := w.now.Add(d)
	for range 20000 {
		at, over := w.ua.Deadline(), relay.Slot{}
		for s, p := range w.plays {
			if at.IsZero() || p.until.Before(at) || p.until.Equal(at) && s.Index < over.Index {
				at, over = p.until, s
			}
		}
		if at.IsZero() || at.After(end) {
			w.now = end
			return
		}
		if at.After(w.now) {
			w.now = at
		}
		if over != (relay.Slot{}) {
			token := w.plays[over].token
			delete(w.plays, over)
			w.media(relay.Played{Slot: over, Token: token})
			continue
		}
		w.carryOut(w.ua.Timeout(w.now, nil))
		w.settle()
	}
	w.t.Fatalf("timers never let %v pass", d)
}

// close has everybody hang up: nothing is left.
func (w *repeater) close() {
	for range 6 {
		for range w.parties {
			w.act(reCancel, 0)
			w.act(reBye, 0)
		}
		w.pass(6 * time.Minute)
	}
	if c := w.ua.Counts(); c.Legs != 0 || c.Transactions.Waiting() != 0 || w.core.Counts() != (feature.Counts{}) || len(w.leased) != 0 {
		w.t.Fatalf("left: %+v, %+v, %d endpoints", c, w.core.Counts(), len(w.leased))
	}
}
