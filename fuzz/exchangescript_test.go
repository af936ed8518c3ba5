package fuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// The acts of an exchange: an octet for the act, one for what is meant by it.
const (
	exOutside byte = iota // somebody outside calls a number of a tenant's
	exMobile              // a mobile calls
	exPhone               // a phone calls
	exRing                // whom the core has dialled rings
	exAnswer              // and answers
	exFail                // or does not
	exHangUp              // somebody hangs up, or is lost
	exPress               // a key
	exKeys                // several, that are a feature
	exPass                // time
	exReoffer             // hold and resume by signalling
	exReplace             // the core is replaced by what it has written down
	exReload              // the directory is read again
	exRefer               // a phone transfers by REFER
	exAgain               // somebody says once more what he has said, or late what is over
	actsOfExchange
)

// What mobiles and phones call, and what may be keyed in.
var (
	exchangeCalled = []string{
		"2001", "2002", "2003", "1001", "1002", "0300009001", "701", "702", "92001", "92002", "91001", "3701", "3801", "3901", "110", "0300009002",
	}
	exchangeKeys = []string{
		"*0#", "*", "**", "*1002#", "*2003#", "*0300009002#", "#700", "#1001#", "#2002#", "#0300009002#", "*701#", "#119#", "*2001", "#2003", "*0", "##",
	}
	exchangeWaits = []time.Duration{
		100 * time.Millisecond, time.Second, 2100 * time.Millisecond, 3100 * time.Millisecond, 12 * time.Second, 41 * time.Second, 61 * time.Second, 301 * time.Second,
	}
	exchangeFailures = []cause.Cause{
		{Status: 486, Q850: 17}, {Status: 480, Q850: 20}, {Status: 603, Q850: 21}, {Status: 404, Q850: 1}, {Status: 503, Q850: 41}, {Status: 408, Q850: 102}, {Status: 500}, {Status: 302},
	}
)

// FuzzCore plays a stream of events against a whole feature core: calls from
// outside, from mobiles and phones, answers, failures, keys, time, hang-ups at any
// step, a core that is replaced and a directory that is read again. What must hold
// whatever happens is written at exchange.judge and exchange.close. A script begins
// with what the directory is drawn from.
func FuzzCore(f *testing.F) {
	source := rand.New(rand.NewPCG(9, 10))
	var others [24]drawn // companies of other kinds
	for i := range others {
		for octet, usually := range usual(i) {
			others[i][octet] = usually ^ byte(source.Uint32()&source.Uint32())
		}
	}
	for i, script := range exchangeScripts() {
		d, other := usual(len(script)/2%12), others[i%len(others)]
		f.Add(append(d[:], script...))
		if i%2 == 0 {
			f.Add(append(other[:], script...))
		}
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		var d drawn
		if len(script) > len(d)+200 {
			return
		}
		script = script[copy(d[:], script):]
		x := newExchange(t, d)
		for i := 0; i+1 < len(script); i += 2 {
			switch act := script[i]; act {
			case actDrain:
				x.drain()
			case actEnd:
				x.endAll()
			default:
				x.act(act%actsOfExchange, script[i+1])
			}
		}
		x.close()
	})
}

func (x *exchange) act(act, how byte) {
	switch act {
	case exOutside:
		numbers := []string{"0300000121", "0300000101", "0300001121", "0300000199"}
		if how&8 != 0 {
			numbers = []string{"0300000137", "0300000138", "0300001121", "0300000139"}
		}
		l := &line{outside: true, offered: how&4 == 0, tenant: "t1"}
		if how&3 == 2 {
			l.tenant = "t2"
		}
		if number := numbers[how&3]; number == "0300000137" || number == "0300000138" {
			x.entry = number
		}
		x.invite(l, exchangeSeam, "0300009001", numbers[how&3])
		x.entry = ""
	case exMobile:
		l, tenant := &line{offered: how&0x80 == 0, tenant: "t1"}, 0
		if how&0x40 != 0 {
			l.tenant, tenant = "t2", 1
		}
		msisdn := drawnMSISDN(tenant, int(how>>4&3)%x.drawn.mobiles(tenant))
		x.subscribes(l, msisdn)
		x.invite(l, exchangeSeam, msisdn, exchangeCalled[how&15])
	case exPhone:
		if n := x.drawn.phones(); n > 0 {
			l := &line{offered: how&0x80 == 0, tenant: "t1"}
			x.invite(l, exchangePhone[int(how>>4&1)%n], "", exchangeCalled[how&15])
		}
	case exRing:
		if l := x.pick(how, func(l *line) bool { return l.dialled && !l.up }); l != nil {
			ev := leg.Progressed{Status: 180}
			if how&0x80 != 0 { // with what is said before the answer
				n := x.session(l, false)
				ev.Status, ev.Negotiated = 183, &n
			}
			l.said = &ev
			x.tell(ua.LegEvent{Leg: l.id, Event: ev})
		}
	case exAnswer:
		if l := x.pick(how, func(l *line) bool { return l.dialled && !l.up }); l != nil {
			n := x.session(l, false)
			l.up = true
			ev := leg.Answered{Negotiated: &n}
			if how&0xc0 == 0xc0 {
				ev.Negotiated = nil
			}
			x.tell(ua.LegEvent{Leg: l.id, Event: ev})
		} else if l := x.pick(how, func(l *line) bool { return l.owes }); l != nil {
			x.ack(l)
		}
	case exFail:
		if l := x.pick(how, func(l *line) bool { return l.dialled && !l.up }); l != nil {
			why := exchangeFailures[how>>4&7]
			why.Side = cause.Remote
			x.end(l, why)
		}
	case exHangUp:
		if l := x.pick(how, func(*line) bool { return true }); l != nil {
			why := cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing}
			switch how >> 6 {
			case 1:
				why.Q850 = cause.RecoveryOnTimer
			case 2:
				why = cause.Cause{Side: cause.Local, Q850: cause.RecoveryOnTimer}
			}
			x.end(l, why)
		}
	case exPress:
		if l := x.pick(how>>4, func(l *line) bool { return l.up }); l != nil {
			x.press(l, "0123456789*#*#7*"[how&15])
		}
	case exKeys:
		if l := x.pick(how>>4, func(l *line) bool { return l.up }); l != nil {
			for _, key := range []byte(exchangeKeys[how&15]) {
				if !l.over {
					x.press(l, key)
				}
			}
		}
	case exPass:
		x.pass(exchangeWaits[how&7])
	case exReoffer:
		if l := x.pick(how, func(l *line) bool { return l.up && !l.owes && l.slot.Index != 0 }); l != nil {
			x.reoffer(l, how&0x80 != 0)
		}
	case exReplace:
		x.replace()
	case exRefer:
		if l := x.pick(how>>4, func(l *line) bool { return l.up && l.phone() }); l != nil {
			x.refer(l, how)
		}
	case exAgain:
		x.again(how)
	case exReload:
		x.core.Reload(x.now, x.drawn.tenants(x.t, []string{"", "2001", "2003", "2002"}[how&3]))
		x.judge()
	}
}

// again has somebody say once more what has been said: what a transaction has not
// absorbed, since it came in a message of its own (a 180 each minute, RFC 3261
// §13.3.1.1; the refresh of a session, RFC 4028 §7.4), or what the media plane has
// told when nobody waited for it any more. Nothing comes of it, but that who calls may
// be told again that it rings.
func (x *exchange) again(how byte) {
	var in []ua.Input
	if l := x.pick(how>>4, func(l *line) bool { return l.dialled && !l.up && l.said != nil }); l != nil && how&1 != 0 {
		in = append(in, ua.LegEvent{Leg: l.id, Event: *l.said})
	}
	l := x.pick(how>>4, func(l *line) bool { return l.up && !l.owes && x.jacks[l.slot] != nil })
	if l != nil && how&2 != 0 {
		in = append(in, ua.LegEvent{Leg: l.id, Event: leg.Agreed{Negotiated: x.session(l, l.holds)}})
	}
	if l != nil && how&4 != 0 {
		in = append(in, ua.MediaEvent{Event: relay.Played{Slot: l.slot, Token: x.jacks[l.slot].token - 1}}, ua.MediaEvent{Event: relay.Latched{Slot: l.slot}})
	}
	if how&8 != 0 && len(x.gone) > 0 {
		s := x.gone[int(how>>4)%len(x.gone)]
		in = append(in, ua.MediaEvent{Event: relay.Released{Slot: s}}, ua.MediaEvent{Event: relay.Digit{Slot: s, Key: '*', At: x.now}},
			ua.MediaEvent{Event: relay.Played{Slot: s, Token: 1}}, ua.MediaEvent{Event: relay.Silent{Slot: s}})
	}
	for _, event := range in {
		x.log = append(x.log, fmt.Sprintf("again %+v", event))
		heard, told := x.heard(), len(x.told)
		x.tell(event)
		further := slices.DeleteFunc(slices.Clone(x.told[told:]), func(c string) bool { return strings.HasSuffix(c, "leg.Ring") })
		if now := x.heard(); now != heard || len(further) > 0 {
			x.fail("said again, %+v is another thing: %s, and was %s; %v", event, now, heard, further)
		}
	}
}

// heard says what everybody hears.
func (x *exchange) heard() string {
	var b strings.Builder
	for _, j := range x.ordered() {
		fmt.Fprintf(&b, "%d %d %q %d; ", j.slot.Index, j.from.Index, j.clips, j.token)
	}
	return b.String()
}

// refer has a phone transfer to a number, or to whom it talks with in another call.
func (x *exchange) refer(l *line, how byte) {
	to := "<sip:" + exchangeCalled[how&15] + "@t1.example>"
	if o := x.pick(how, func(o *line) bool { return o != l && o.up && o.phone() }); how&0x80 != 0 && o != nil {
		to = "<sip:x@t1.example?Replaces=" + o.callID + "%3Bto-tag%3Da%3Bfrom-tag%3Db>"
	}
	r := sip.NewRequest(sip.REFER, sip.Uri{Scheme: "sip", Host: "t1.example"})
	r.AppendHeader(sip.NewHeader("Refer-To", to))
	x.log = append(x.log, fmt.Sprintf("leg %d refers to %s", l.id, to))
	x.tell(ua.LegEvent{Leg: l.id, Event: leg.Asked{Request: r}})
}

func (l *line) phone() bool { return !l.mobile && !l.outside }

func (x *exchange) end(l *line, why cause.Cause) {
	x.over(l, why)
	x.tell(ua.LegEvent{Leg: l.id, Event: leg.OfferWithdrawn{}}) // takes what is queued along
}

// pick returns one of the lines that stand and fit.
func (x *exchange) pick(how byte, fits func(*line) bool) *line {
	var list []*line
	for _, l := range x.lines {
		if !l.over && fits(l) {
			list = append(list, l)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[int(how&15)%len(list)]
}

// exchangeScripts are the ways a feature goes, as scripts.
func exchangeScripts() [][]byte {
	talking := []byte{exOutside, 0, exRing, 0, exAnswer, 0} // leg 0 is outside, leg 1 is mobile 2001
	with := func(more ...byte) []byte { return append(append([]byte(nil), talking...), more...) }
	keys := func(line, which byte) []byte { return []byte{exKeys, line<<4 | which} }
	var scripts [][]byte
	for which := range byte(16) {
		script := with(keys(1, which)...)
		for _, end := range [][]byte{
			{exPass, 3, exRing, 0, exPass, 1, exAnswer, 0, exPass, 1},
			{exPass, 3, exAnswer, 0, exHangUp, 1}, {exPass, 3, exAnswer, 0, exHangUp, 0}, {exPass, 3, exRing, 0, exHangUp, 1, exAnswer, 0},
			{exPass, 3, exFail, 0, exPass, 4}, {exPass, 6}, {exPass, 7, exPass, 7}, {exReplace, 0, exPass, 3, exReplace, 0, exAnswer, 0, exHangUp, 1},
			{exPass, 3, exHangUp, 0x41}, {exPass, 3, exAnswer, 0, exHangUp, 0x41}, {exPass, 3, exRing, 0x80, exPass, 1, exAnswer, 0},
			{exPass, 4, exPhone, 6, exPass, 1, exHangUp, 0}, {exPass, 4, exMobile, 0x16, exPass, 1, exReoffer, 0x80, exReoffer, 0},
			{exPass, 3, exPhone, 11, exPass, 4}, {exReload, 1, exPass, 7, exReload, 0, exAnswer, 0},
		} {
			scripts = append(scripts, append(append([]byte(nil), script...), end...))
		}
	}
	for called := range byte(16) {
		scripts = append(scripts, []byte{exOutside, 1, exAnswer, 0, exRefer, called, exPass, 1, exAnswer, 0, exPass, 7},
			[]byte{exOutside, 1, exAnswer, 0, exPhone, called, exAnswer, 0, exRefer, 0x80 | called, exPass, 7},
			[]byte{exMobile, called, exRing, 0, exAnswer, 0, exPass, 1, exKeys, 1, exKeys, 1 << 4},
			[]byte{exPhone, called | 0x80, exAnswer, 0, exAnswer, 0, exReoffer, 0x80, exReoffer, 0x81, exReoffer, 0},
			[]byte{exOutside, 0, exRing, 0, exMobile, 0x20 | called, exPass, 1, exMobile, 0x10 | called})
	}
	for which := range byte(4) {
		called := 8 | which
		for _, then := range [][]byte{
			{exRing, 0, exRing, 1, exAnswer, 1, exPass, 1, exHangUp, 0}, {exFail, 0, exFail, 0, exFail, 0, exPass, 3, exAnswer, 0}, {exPass, 4, exAnswer, 2, exKeys, 6, exPass, 7},
			{exPress, 1, exPass, 1, exAnswer, 0, exReplace, 0, exPass, 7}, {exPass, 7, exPass, 7, exAnswer, 0}, {exRing, 0, exPhone, 8, exPass, 1}, {exRing, 0x80, exAnswer, 0x80, exReload, 2, exPass, 7},
			{exHangUp, 0}, {exReplace, 0, exFail, 0x10, exPass, 5, exFail, 0x20, exAnswer, 0}, {exAnswer, 0, exKeys, 0x13, exAnswer, 0, exHangUp, 1},
			{exAnswer, 0, exAnswer, 0, exPress, 0x11, exPass, 1}, {exAnswer, 0, exReplace, 0, exPress, 1, exPress, 0x11, exHangUp, 0}, {exAnswer, 0, exPass, 4, exFail, 0, exPass, 5, exAnswer, 0, exPress, 1},
		} {
			for settings := range 6 {
				script := append([]byte{exOutside, called}, then...)
				for range settings {
					script = append(script, exPass, 0)
				}
				scripts = append(scripts, script)
			}
		}
	}
	for which := range byte(16) { // what is said twice, at every step of a feature
		again := []byte{exAgain, 0xff, exAgain, 0x1f}
		script := append(with(again...), keys(1, which)...)
		for _, step := range [][]byte{{exPass, 3}, {exRing, which << 7}, {exRing, 0x80}, {exPass, 2}, {exAnswer, 0}, {exHangUp, 1}, {exPass, 6}} {
			script = append(append(script, step...), again...)
		}
		scripts = append(scripts, script)
	}
	var crowd []byte
	for i := range byte(12) {
		crowd = append(crowd, exMobile, i, exAnswer, 0)
	}
	return append(append(scripts, crowd), drainedCompanies()...)
}
