package fuzz

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// The acts that end an instance. They have octets that are theirs alone, of border
// and core alike: a script that knows none of them means what it has always meant,
// and a drawn one has them seldom, since what follows is dull.
const (
	// actDrain lets no call begin any more.
	actDrain byte = 246 + iota
	// actEnd hangs up what stands besides.
	actEnd
)

// drain does what an operator does before the end.
func (s *site) drain() {
	s.border.Drain()
	s.model.draining = true
}

// end is that of the instance, as a node does it: what comes afterwards meets a
// border that ends calls, and lets none begin.
func (s *site) end() {
	s.drain()
	for _, f := range s.fars {
		if !f.uac && f.final == 0 {
			s.reached["ended before the answer"] = true
		}
		if !f.uac && f.final/100 == 2 && !f.bye {
			s.reached["ended behind the answer"] = true
		}
	}
	s.model.ends()
	s.acts = s.ua.Do(s.now, s.border.HangUp(nil), s.acts[:0])
	s.flush(-1)
	s.model.hungUp()
	s.answer()
}

// helps reports a call for help, which a drained border hears to the end: what it
// is told then is what it is told always.
func (a *attempt) helps() bool {
	reason := refusals[a.peer][a.to]
	return reason == "emergency" || reason == "emergency_like"
}

// turnedAway reports a call that had to be refused since the border was drained: it
// takes no standing leg's place, somebody has read whom it calls, and nobody is in
// need.
func (a *attempt) turnedAway() bool { return a.drained && !a.takes && a.odd == 0 && !a.helps() }

// ends is the end of the instance that is about to be.
func (m *model) ends() {
	m.present, m.late, m.credit, m.ended = nil, "", 0, true
	for _, a := range m.attempts {
		a.open = a.final == 0
	}
}

// hungUp is when it has been: nobody who has called waits for an answer any more
// (RFC 3261 §13.3.1), and what they are told is our fault.
func (m *model) hungUp() {
	for id, a := range m.attempts {
		if a.final == 0 {
			m.t.Fatalf("%s: an INVITE of %s outlives the end without final response", id, neighbours[a.peer].name)
		}
		if a.open && !a.takes && a.final != 503 && (a.final != 480 || !m.takes(a)) {
			m.t.Fatalf("%s: an INVITE of %s is told %d at the end", id, neighbours[a.peer].name, a.final)
		}
	}
}

// takes reports that somebody may have taken the call, whose caller had yet to be told:
// a 2xx waits for a PRACK (RFC 3262 §3), and has no status of ours then.
func (m *model) takes(a *attempt) bool {
	for id := range m.taken {
		if m.onward[id] == a || m.again[id] || m.further[id] {
			return true
		}
	}
	return false
}

// greeted is the final response to a call's INVITE: a drained border says 503, and when
// to come back.
func (m *model) greeted(a *attempt, r *sip.Response) {
	if a.turnedAway() && (r.StatusCode != 503 || header.First(r, "Retry-After") == "") {
		m.t.Fatalf("a call begins although none may, or nobody says for how long:\n%s", r)
	}
}

// fit is the final response to whoever asks, outside any dialog, whether the border
// takes calls.
func (m *model) fit(q *inquiry, r *sip.Response) {
	if q.method == sip.OPTIONS && q.outside && (r.StatusCode == 503) != q.drained {
		m.t.Fatalf("drained: %v, and asked whether it takes calls it says\n%s", q.drained, r)
	}
}

// begun holds a request of the border's to what may yet begin: behind a drain no call
// of a new caller's, behind the end nothing but what ends.
func (m *model) begun(r *sip.Request) {
	switch {
	case m.ended && (r.Method == sip.INVITE || r.Method == sip.UPDATE || r.Method == sip.INFO || r.Method == sip.REFER):
		m.t.Fatalf("behind the end:\n%s", r)
	case r.Method == sip.INVITE && header.Tag(r.To().Params) == "" && m.present != nil && m.present.turnedAway():
		m.t.Fatalf("drained, and calls:\n%s", r)
	}
}

// drainedRecord is the record of a call that came to a drained border, or did not.
func (m *model) drainedRecord(a *attempt, r *cdr.Record) {
	if (r.Refused == "draining") != a.turnedAway() {
		m.t.Fatalf("drained: %v, and refused as %q: %+v", a.drained, r.Refused, r)
	}
}

// drainScripts are the ends of an instance, at every step of a call.
func drainScripts(inward, outward, public byte) [][]byte {
	early, ring, answer, failure := byte(2), byte(1), byte(3), byte(6)
	brief, second, long := byte(1), byte(3), byte(6)
	talking := []byte{actCall, inward, actAnswer, ring, actAnswer, answer, actPass, brief}
	called := []byte{actCall, outward, actAnswer, ring, actAnswer, answer, actPass, brief}
	and := func(first []byte, more ...byte) []byte { return append(append([]byte(nil), first...), more...) }
	asked := byte(3 << 2) // OPTIONS
	var scripts [][]byte
	for _, act := range []byte{actDrain, actEnd} {
		scripts = append(scripts,
			and(talking, act, 0, actCall, inward, actCall, outward, actJunk, asked, actReoffer, 1<<2, actAsk, 12<<2, actPass, second, actBye, 0),
			and(talking, act, 0, actCall, to(docomo, "8119"), actCall, to(au, "81105"), actCall, to(core, "110"), actCall, to(pstn, "110"), actPass, long),
			and(talking, act, 0, actReplace, 1, actPass, brief, actFax, 0, actBye, 0),
			and(called, act, 0, actReoffer, noOffer, actUpdate, 1, actCall, public, actPass, long, actBye, 1),
			and(talking, actAsk, 1|4<<2, actAnswer, ring, act, 0, actAnswer, answer, actPass, brief, actBye, 0),
			and(talking, act, 0, actAsk, 1|4<<2, actAnswer, ring, actPass, brief, actAnswer, answer, actPass, long),
			and(talking, actAsk, 1|5<<2, act, 0, actAnswer, answer, actPass, long),
			and(talking, actSilence, 31, actReoffer, 1<<2, act, 0, actSettle, 0, actPass, long),
			[]byte{actCall, inward, act, 0, actAnswer, ring, actAnswer, answer, actPass, long},
			[]byte{actCall, inward, actAnswer, ring, actCall, outward, actAnswer, ring, act, 0, actAnswer, answer, actAnswer, answer | 1<<5, actPass, brief, actBye, 0},
			[]byte{actCall, inward, actAnswer, early, actAnswer, early | 1<<4, act, 0, actAnswer, answer | 1<<4, actAnswer, answer, actPass, long},
			[]byte{actCall, inward, actAnswer, ring, actCancel, 0, act, 0, actAnswer, answer, actPass, brief},
			[]byte{actCall, to(au, "82001") | noOffer, actAnswer, answer, act, 0, actAck, 0, actPass, brief, actBye, 0},
			[]byte{actSilence, 31, actCall, inward, actAnswer, answer, act, 0, actPass, long}, // no ACK
			[]byte{actReliable, 6, actCall, inward, actProgress, 1 << 4, act, 0, actPrack, 0, actProgress, 0, actAnswer, answer, actPass, long},
			[]byte{actCall, public, actAnswer, failure, act, 0, actAnswer, failure, actCall, public, actPass, long},
			[]byte{actCall, public, act, 0, actAnswer, failure, actAnswer, 8, actPass, second, actAnswer, answer, actPass, long},
			[]byte{actCall, to(docomo, "2002"), actPass, 0, act, 0, actMedia, 0, actPass, long}, // in the midst of its refusal
			[]byte{actHold, 0, actCall, inward, act, 0, actAnswer, ring, actAnswer, answer, actPass, brief},
			[]byte{act, 0, actOdd, 0, actOdd, 1 << 2, actOdd, 2 << 2, actOdd, 3 << 2, actJunk, asked, actRepeat, 0, act, 0, actCall, inward},
		)
	}
	return append(scripts, and(talking, actDrain, 0, actCall, inward, actEnd, 0, actBye, 0, actEnd, 1))
}

// drain lets no phone begin a call any more. What comes over the seam the border has
// let in.
func (x *exchange) drain() {
	x.log = append(x.log, "the core is drained")
	x.core.Drain()
	x.draining = true
}

// endAll is the end of the instance: every leg is told so at once, and nobody anything else.
func (x *exchange) endAll() {
	x.drain()
	x.log = append(x.log, "the instance ends")
	x.ending = true
	for _, a := range x.core.HangUp(x.now, nil) {
		x.carryOut(a)
	}
	x.ending = false
	for _, l := range x.live() {
		x.fail("leg %d outlives the end", l.id)
	}
	x.tell(ua.MediaEvent{Event: relay.Latched{}}) // takes what is queued along
	if n := x.core.Counts(); n.Calls != 0 || len(x.jacks) != 0 {
		x.fail("the end has left %+v and %d endpoints", n, len(x.jacks))
	}
}

// lasts holds a command to what the end of the instance may want of a leg: that it
// ends, and one that nobody has answered with a status that says whose fault it is.
func (x *exchange) lasts(l *line, c leg.Command) {
	h, ok := c.(leg.HangUp)
	switch {
	case !x.ending:
	case !ok:
		x.fail("at the end leg %d is told %T", l.id, c)
	case !l.dialled && !l.up && h.Cause.Status != 503:
		x.fail("at the end leg %d, which nobody has answered, is told %d", l.id, h.Cause.Status)
	}
}

// returns are the numbers by which a phone takes part in a call that stands: the
// slots of parked ones, whoever rings, and help.
var returns = []string{"701", "702", "92001", "92002", "91001", "110"}

// turnsAway has a phone call a drained core: it is refused before anybody else hears of
// it, with a time to come back where it might have been let in.
func (x *exchange) turnsAway(l *line, called string, told int) {
	if !x.draining || l.mobile || l.outside || slices.Contains(returns, called) {
		return
	}
	h := l.hangUp
	switch {
	case !l.over || l.up || len(x.told) != told+1:
		x.fail("leg %d calls %s although none may: %v", l.id, called, x.told[told:])
	case h.Cause.Status == 404 || h.Cause.Status == 403: // nobody's number, or barred
	case h.Cause.Status == 486 && (called == "1001" || called == "1002"): // its own
	case h.Cause.Status != 503 || !slices.ContainsFunc(h.Headers, func(h sip.Header) bool { return h.Name() == "Retry-After" }):
		x.fail("leg %d calls %s, and nobody says for how long none may: %+v", l.id, called, h)
	}
	x.away = append(x.away, l.callID)
}

// recorded is a record of the core's: a call has one, by whatever name it is looked for.
func (x *exchange) recorded(r *cdr.Record) {
	for _, name := range []string{"call " + r.ID, "leg " + r.A.CallID} {
		if x.records[name] {
			x.fail("%s has two records", name)
		}
		x.records[name] = true
	}
}

// drainedCompanies are the ends of an instance in the midst of features.
func drainedCompanies() [][]byte {
	talking := []byte{exOutside, 0, exRing, 0, exAnswer, 0} // leg 0 is outside, leg 1 is mobile 2001
	var scripts [][]byte
	for _, act := range []byte{actDrain, actEnd} {
		for which := range byte(16) { // keyed before, or behind
			scripts = append(scripts,
				append(append([]byte(nil), talking...), exKeys, 1<<4|which, exPass, 3, exRing, 0, act, 0, exPhone, 3, exPass, 1, exAnswer, 0, exPass, 4),
				append(append([]byte(nil), talking...), act, 0, exKeys, 1<<4|which, exPass, 3, exPhone, 6, exAnswer, 0, exPhone, 8, exPass, 4),
				[]byte{exPhone, which, exRing, 0, act, 0, exPhone, 0x10 | which, exAnswer, 0, exPass, 1, exReplace, 0, exPhone, which, exPass, 5},
				[]byte{exMobile, which, act, 0, exMobile, 0x10 | which, exAnswer, 0, exRefer, which, exPass, 1},
			)
		}
		for which := range byte(4) { // groups and menus
			scripts = append(scripts,
				[]byte{exOutside, 8 | which, exRing, 0, act, 0, exAnswer, 0, exPass, 4},
				[]byte{exOutside, 8 | which, exAnswer, 0, exOutside, 8 | which, exOutside, 8 | which, exPass, 1, act, 0, exPass, 5},
				[]byte{exOutside, 8 | which | 4, exAnswer, 0, act, 0, exAnswer, 0, exPass, 5},
			)
		}
	}
	return scripts
}
