package fuzz

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

// model is a second, small account of what a border owes: it knows requests
// and responses, who asked and who was answered, and the places of a trunk. It
// knows no leg, no timer and no media.
type model struct {
	t        *testing.T
	attempts map[string]*attempt // by the caller's Call-ID
	onward   map[string]*attempt // by the Call-ID of leg B
	// again are the Call-IDs of legs that took the place of one that failed.
	// From outside nobody can tell whose: its record does.
	again map[string]bool
	// further are the Call-IDs of legs that a REFER or a redirection has led to,
	// credit how many more of them the message being worked on may cause, and
	// followed counts redirections.
	further  map[string]bool
	credit   int
	followed int
	// reliable are the responses of either side that want a PRACK, by the dialog
	// they are of.
	reliable map[string]*reliability
	// asked are the neighbours' requests, passed those passed on, by what was sent;
	// arriving is the one that is being worked on.
	asked, passed map[string]*inquiry
	arriving      *inquiry
	sent          map[string]bool // requests of the border's, to tell what is sent again
	over          map[string]bool // dialogs that a BYE has ended
	// present is the attempt whose INVITE is being worked on.
	present *attempt
	// late is the Call-ID of a 2xx that is being worked on.
	late string
	// taken are the Call-IDs of legs that have answered.
	taken map[string]bool
	// draining says that no call begins any more, ended that all have been hung up.
	draining, ended bool
}

// attempt is an INVITE outside any dialog, which is one call.
type attempt struct {
	peer   int
	to     string
	at     time.Time
	called bool // leg B exists
	// least and most calls held a place of its trunk when it came.
	least, most int
	answers     int // responses of any kind in the first step
	final       int
	// cancelled and left are what the caller did.
	cancelled, left bool
	records         []*cdr.Record
	// takes says that it replaces a leg, and so is none of its own; odd is the status
	// with which no border may fail to refuse it.
	takes bool
	odd   int
	first string // its Call-ID
	// drained says that it came when no call began any more, open that the end of the
	// instance found it without an answer.
	drained, open bool
}

// owes is how many records the attempt leaves. One that is turned away before
// anybody reads whom it calls is no call.
func (a *attempt) owes() int {
	if a.takes || a.odd != 0 && a.odd != 482 {
		return 0
	}
	return 1
}

// inquiry is the final answer to a request of a neighbour's. It may be passed on:
// then whoever is asked decides that there is one at all, since nothing may be said
// when the asker's own time is over (RFC 4320 §4.2).
type inquiry struct {
	method          sip.RequestMethod
	status          int
	tag             string
	passed, decided bool
	// outside says that it is of no dialog, drained as of an attempt.
	outside, drained bool
}

// passesOn reports that a request of the border's may ask what the inquiry has: the
// same, or what an UPDATE offers that makes T.38 of audio, or audio of it.
func (q *inquiry) passesOn(method sip.RequestMethod) bool {
	switch method {
	case sip.INFO, sip.REFER, sip.NOTIFY:
		return q.method == method
	case sip.INVITE:
		return q.method == sip.UPDATE
	}
	return false
}

func newModel(t *testing.T) *model {
	return &model{
		t: t, attempts: map[string]*attempt{}, onward: map[string]*attempt{}, asked: map[string]*inquiry{},
		over: map[string]bool{}, sent: map[string]bool{}, passed: map[string]*inquiry{}, again: map[string]bool{}, further: map[string]bool{}, reliable: map[string]*reliability{}, taken: map[string]bool{},
	}
}

// came is a neighbour's message, nil where it is none.
func (m *model) came(now time.Time, from int, msg sip.Message) {
	m.present, m.late, m.credit = nil, "", 0
	if res, ok := msg.(*sip.Response); ok {
		if q := m.passed[key(from, res)]; q != nil && res.StatusCode >= 200 {
			q.decided = true
		}
		if res.StatusCode/100 == 2 {
			m.late = res.CallID().Value()
			if !m.taken[m.late] && res.CSeq().MethodName == sip.INVITE {
				// A callee "MUST NOT send a BYE on early dialogs" (RFC 3261 §15).
				delete(m.over, m.late+" "+header.Tag(res.To().Params))
			}
			m.taken[m.late] = m.taken[m.late] || res.CSeq().MethodName == sip.INVITE
		}
		if res.StatusCode == 302 && (from == pstn || from == spare) {
			m.credit = 1
		}
	}
	m.provisional(msg)
	r, ok := msg.(*sip.Request)
	if !ok || from == nobody {
		return
	}
	id, tag := r.CallID().Value(), header.Tag(r.To().Params)
	if key := key(from, r); m.asked[key] == nil && r.Method != sip.ACK {
		m.arriving = &inquiry{method: r.Method, outside: tag == "", drained: m.draining}
		m.asked[key] = m.arriving
	}
	a := m.attempts[id]
	switch {
	case r.Method == sip.INVITE && tag == "" && a == nil:
		a = &attempt{first: id, peer: from, to: r.Recipient.User, at: now, odd: oddOf(id), takes: from == docomo && r.GetHeader("Replaces") != nil, drained: m.draining}
		a.least, a.most = m.inside(a)
		m.attempts[id], m.present = a, a
	case a == nil || a.peer != from && (a.peer != pstn || from != spare):
	case r.Method == sip.CANCEL && a.final == 0:
		a.cancelled = true
	case r.Method == sip.BYE && tag != "":
		a.left = true
	}
}

// done is the end of what a message has caused.
func (m *model) done() {
	if a := m.present; a != nil && a.answers == 0 {
		m.t.Fatalf("an INVITE without any answer at once (RFC 3261 §17.2.1)")
	}
	m.present, m.arriving = nil, nil
}

// responded is a response of the border's.
func (m *model) responded(to int, r *sip.Response) {
	q := m.asked[key(to, r)]
	if q == nil {
		m.t.Fatalf("%s is answered what it never asked:\n%s", neighbours[to].name, r)
	}
	a := m.attempts[r.CallID().Value()]
	initial := a != nil && a.peer == to && r.CSeq().MethodName == sip.INVITE && r.CSeq().SeqNo == 1
	if initial {
		a.answers++
	}
	if r.StatusCode < 200 {
		if q.status != 0 {
			m.t.Fatalf("%d behind %d:\n%s", r.StatusCode, q.status, r)
		}
		if rseq := dialog.RSeqOf(r); rseq != 0 {
			m.provides(r, rseq)
		}
		return
	}
	tag := header.Tag(r.To().Params)
	if p := m.reliable[r.CallID().Value()+" "+tag]; initial && r.StatusCode < 300 && q.status == 0 && p != nil && p.waiting && p.described {
		// "the UAS MUST delay sending the 2xx" (RFC 3262 §3).
		m.t.Fatalf("a 2xx before the PRACK for %d:\n%s", p.last, r)
	}
	if q.status != 0 && (q.status != r.StatusCode || q.tag != tag) {
		m.t.Fatalf("a second final response, after %d %s:\n%s", q.status, q.tag, r)
	}
	q.status, q.tag = r.StatusCode, tag
	if r.StatusCode == 202 && r.CSeq().MethodName == sip.REFER {
		m.credit = 1
	}
	if initial {
		m.greeted(a, r)
		a.final = r.StatusCode
		if a.takes && r.StatusCode < 300 {
			m.further[r.CallID().Value()] = true
		}
		if a.odd != 0 && r.StatusCode != a.odd {
			m.t.Fatalf("want %d:\n%s", a.odd, r)
		}
	}
	if r.CSeq().MethodName == sip.BYE && r.StatusCode == 200 {
		m.over[r.CallID().Value()+" "+header.Tag(r.From().Params)] = true
	}
	m.fit(q, r)
}

// requested is a request of the border's.
func (m *model) requested(to int, r *sip.Request) {
	id, tag := r.CallID().Value(), header.Tag(r.To().Params)
	if !m.sent[key(to, r)] {
		m.begun(r)
	}
	if r.Method == sip.INVITE && tag == "" {
		m.sent[key(to, r)] = true
		m.calls(to, r)
		return
	}
	a, b := m.attempts[id], m.onward[id]
	if a == nil && b == nil && !m.again[id] && !m.further[id] {
		m.t.Fatalf("a request of no call:\n%s", r)
	}
	if r.Method == sip.ACK || r.Method == sip.CANCEL || m.sent[key(to, r)] {
		return
	}
	m.sent[key(to, r)] = true
	if q := m.arriving; q != nil && q.passesOn(r.Method) {
		q.passed, m.passed[key(to, r)] = true, q
	}
	name := id + " " + tag
	if m.over[name] && m.late != id { // a late 2xx is ended, each time (§13.2.2.4)
		m.t.Fatalf("behind the end of its dialog:\n%s", r)
	}
	m.over[name] = r.Method == sip.BYE
	if r.Method == sip.PRACK {
		m.acknowledges(r, name)
	}
}

// calls is leg B's INVITE: of the call that is just coming in, if that may be.
func (m *model) calls(to int, r *sip.Request) {
	id := r.CallID().Value()
	if b := m.onward[id]; b != nil || m.again[id] || m.further[id] {
		return // again
	}
	a := m.present
	if a == nil && m.credit > 0 {
		m.credit--
		m.further[id] = true
		switch user := r.Recipient.User; {
		case user == "119" || user == "110":
			m.t.Fatalf("an emergency call that nobody dialled:\n%s", r)
		case to == docomo && user == "09000002001":
			m.followed++
		}
		return
	}
	if (a == nil || a.called) && to == spare && m.movable() > 0 {
		m.again[id] = true
		return
	}
	switch {
	case a == nil:
		m.t.Fatalf("a call nobody made:\n%s", r)
	case a.takes, a.odd != 0:
		m.t.Fatalf("no call, and yet:\n%s", r)
	case a.called:
		m.t.Fatalf("a second leg B:\n%s", r)
	case refusals[a.peer][a.to] != "":
		m.t.Fatalf("%s calling %s is refused, and reaches %s", neighbours[a.peer].name, a.to, neighbours[to].name)
	case (a.peer == core) == (to == core):
		m.t.Fatalf("from %s to %s", neighbours[a.peer].name, neighbours[to].name)
	case a.place() == limited && a.least >= limit:
		m.t.Fatalf("%d calls are inside, and another is let in", a.least)
	}
	a.called = true
	m.onward[id] = a
}

// movable counts the calls of pstn's first peer that may have gone to the second.
func (m *model) movable() int {
	n := -len(m.again)
	for _, a := range m.attempts {
		if a.called && a.peer == core && a.place() == pstn {
			n++
		}
	}
	return n
}

// inside counts the other calls that surely hold a place of a's trunk, and
// those that may. An emergency call holds none. A call told to end whose BYE
// must wait for an ACK cannot be told from outside.
func (m *model) inside(a *attempt) (least, most int) {
	for _, o := range m.attempts {
		reason := refusals[o.peer][o.to]
		if o == a || o.odd != 0 || o.place() != a.place() || reason == "emergency" || reason == "emergency_like" {
			continue
		}
		if len(o.records) == 0 {
			most += 1 + len(m.further)
		}
		if o.final == 0 && o.called { // others may be told that there is no place
			least++
		}
	}
	return least, most
}

// record is a finished call's.
func (m *model) record(now time.Time, r *cdr.Record) {
	a := m.attempts[r.A.CallID]
	for i := range r.Former {
		if a == nil || a.takes {
			a = m.attempts[r.Former[i].CallID]
		}
	}
	if a == nil {
		m.t.Fatalf("a record of no call: %+v", r)
	}
	a.records = append(a.records, r)
	m.drainedRecord(a, r)
	refused, want := r.Refused, refusals[a.peer][a.to]
	if refused != "" && refused != want {
		switch refused {
		case "overload", "core_unreachable", "call_limit", "no_trunk", "draining":
		default:
			m.t.Fatalf("refused as %q, want %q: %+v", refused, want, r)
		}
	}
	if refused == "call_limit" && (a.place() != limited || want == "emergency" || a.most < limit) {
		m.t.Fatalf("a limit stops %s calling %s, with %d calls inside at most", neighbours[a.peer].name, a.to, a.most)
	}
	switch {
	case len(r.Former) > 0:
		m.transferred(a, r)
	case want != "" && refused == "" && a.odd == 0:
		m.t.Fatalf("calling %s is not refused: %+v", a.to, r)
	case r.A.Trunk != neighbours[a.peer].name || r.Application != "border" || !r.Start.Equal(a.at) || r.End.After(now) || r.End.Before(r.Start):
		m.t.Fatalf("at %v, calls at %v: %+v", now, a.at, r)
	case (r.B != nil) != a.called || !m.owns(a, r):
		m.t.Fatalf("leg B is %v, of %+v", a.called, r)
	case r.B != nil && siteKey.OfString(r.A.CallID) != siteKey.OfString(r.B.CallID):
		m.t.Fatalf("legs in two buckets, so on two shards: %+v", r)
	case (r.Answered != nil) != (a.final/100 == 2):
		m.t.Fatalf("answered %d: %+v", a.final, r)
	case a.final >= 300 && r.A.Status != a.final && (a.final != 487 || !a.left):
		m.t.Fatalf("told %d: %+v", a.final, r)
	case a.final == 487 && (!a.cancelled && !a.left || r.A.Side != "remote"):
		m.t.Fatalf("487, and nobody cancelled: %+v", r)
	case a.final != 487 && a.final != 504 && a.final >= 300 && r.A.Side != "local":
		m.t.Fatalf("we said %d: %+v", a.final, r)
	case a.final/100 == 2 && r.A.Side == "remote" && r.A.Status == 0 && r.A.Text != "no RTP" && !a.left:
		m.t.Fatalf("the caller hung up, and has not: %+v", r)
	}
}

// transferred is the record of a call with legs that a REFER has led to: each is
// named once, and there is a REFER for each beyond the first two.
func (m *model) transferred(a *attempt, r *cdr.Record) {
	if r.B == nil || r.Answered == nil || a.final/100 != 2 {
		m.t.Fatalf("a call that did not stand was transferred: %+v", r)
	}
	for _, l := range append([]cdr.Leg{r.A, *r.B}, r.Former...) {
		switch {
		case m.attempts[l.CallID] != nil && m.attempts[l.CallID].takes && m.onward[l.CallID] == nil:
			m.onward[l.CallID] = a // by a Call-ID of the peer's choice
		case siteKey.OfString(l.CallID) != siteKey.OfString(a.first):
			m.t.Fatalf("legs in two buckets, so on two shards: %+v", r)
		case m.attempts[l.CallID] == a, m.onward[l.CallID] == a:
		case (m.further[l.CallID] || m.again[l.CallID]) && m.onward[l.CallID] == nil:
			m.onward[l.CallID] = a
		default:
			m.t.Fatalf("the leg %s is another call's: %+v", l.CallID, r)
		}
	}
	m.owns(a, &cdr.Record{B: &cdr.Leg{CallID: last(r.Attempts)}, Attempts: r.Attempts})
}

func last(list []cdr.Attempt) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].CallID
}

// owns reports whether the legs of a record are those the border has sent for a,
// each once and each to another peer. A leg that stood in is a's from then on.
func (m *model) owns(a *attempt, r *cdr.Record) bool {
	if r.B == nil {
		return len(r.Attempts) == 0
	}
	if len(r.Attempts) == 0 {
		return m.onward[r.B.CallID] == a
	}
	for i, t := range r.Attempts {
		if m.further[t.CallID] && i > 0 {
			return m.redirected(a, r)
		}
	}
	last := len(r.Attempts) - 1
	if last != 1 || m.onward[r.Attempts[0].CallID] != a || !m.again[r.B.CallID] || m.onward[r.B.CallID] != nil ||
		r.Attempts[0].Remote != "203.0.113.1:5060" || r.Attempts[1].Remote != "203.0.113.2:5060" || r.Attempts[last].CallID != r.B.CallID {
		return false
	}
	m.onward[r.B.CallID] = a
	return true
}

// redirected reports whether the attempts of a record are a's, those that a
// redirection led to among them, each once.
func (m *model) redirected(a *attempt, r *cdr.Record) bool {
	for i, t := range r.Attempts {
		switch {
		case i == 0 && m.onward[t.CallID] == a, i > 0 && m.onward[t.CallID] == a && len(r.Former) > 0:
		case i > 0 && (m.further[t.CallID] || m.again[t.CallID]) && m.onward[t.CallID] == nil:
			m.onward[t.CallID] = a
		default:
			return false
		}
	}
	return r.Attempts[len(r.Attempts)-1].CallID == r.B.CallID
}

// close is the end of everything.
func (m *model) close() {
	for id := range m.further {
		if m.onward[id] == nil {
			m.t.Fatalf("the leg %s that was referred to is in no record", id)
		}
	}
	for id := range m.again {
		if m.onward[id] == nil {
			m.t.Fatalf("the leg %s is in no record", id)
		}
	}
	for id, a := range m.attempts {
		if a.final == 0 || a.answers == 0 {
			m.t.Fatalf("%s: an INVITE of %s without final response", id, neighbours[a.peer].name)
		}
		if len(a.records) != a.owes() {
			m.t.Fatalf("%s of %s, told %d: %d records", id, neighbours[a.peer].name, a.final, len(a.records))
		}
	}
	for key, q := range m.asked {
		if q.status == 0 && (!q.passed || q.decided) {
			m.t.Fatalf("%q gets no final response", key)
		}
	}
}
