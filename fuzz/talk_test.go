package fuzz

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// FuzzTalk plays one call from outside to a mobile that uses its features, and holds
// what everybody hears to the state machine of SPEC §2.5, which is written here a
// second time.
func FuzzTalk(f *testing.F) {
	for _, script := range []string{
		"*0#t*", "*0dt", "*1002#rad", "*1002#ac", "*1002#rB", "*1002#aB", "*1002#aL", "*1002#aA", "*1002#a*", "*1002#f", "*1002#rr*", "*1002#ee",
		"#1002#ra", "#1002#f", "#1002#rf", "#1002#dda", "#1002#B", "#1002#ree", "#2003#a", "*2002#aB", "*82003#a*", "#700pzra", "#700zr", "#700zf",
		"#700B", "#700A", "*700#t", "*110#t", "*t", "*tet", "#tet", "**", "##", "*#", "#*", "*2999#t", "*0#A", "*0#B", "*1A", "#1B", "*1002#rL", "#700pze", "*10d", "#0#t",
	} {
		f.Add([]byte(script))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 60 {
			return
		}
		newConversation(t).play(script)
	})
}

// conversation is the model: where the call of A and B stands, and C who comes in.
type conversation struct {
	x       *exchange
	a, b, c *line
	state   string
	digits  string
	code    byte
	said    bool // what B hears once is over
	rung    bool
	due     time.Time // of the state, zero for none
	since   time.Time // when C was dialled, or A parked
}

func newConversation(t *testing.T) *conversation {
	x := newExchange(t, usual(3*4)) // neither pressed twice nor called back, and four channels
	m := &conversation{x: x}
	m.a = &line{outside: true, offered: true, tenant: "t1"}
	x.invite(m.a, exchangeSeam, "0300009001", "0300000121")
	m.b = x.lines[1]
	m.answer(m.b)
	m.enter("TALK", 0)
	return m
}

func (m *conversation) enter(state string, wait time.Duration) {
	m.state, m.said, m.due = state, false, time.Time{}
	if wait > 0 {
		m.due = m.x.now.Add(wait)
	}
}

func (m *conversation) answer(l *line) {
	n := m.x.session(l, false)
	l.up = true
	m.x.tell(ua.LegEvent{Leg: l.id, Event: leg.Answered{Negotiated: &n}})
}

func (m *conversation) play(script []byte) {
	m.check()
	for _, act := range script {
		if m.state == "OVER" || m.state == "ANOTHER" {
			return
		}
		m.act(act)
		m.check()
	}
}

func (m *conversation) act(act byte) {
	c := m.c != nil && !m.c.over && !m.c.up
	switch {
	case strings.IndexByte("0127*#8", act) >= 0:
		if !m.b.over {
			m.x.press(m.b, act)
			m.key(act)
		}
	case act == 'r' && c:
		m.x.tell(ua.LegEvent{Leg: m.c.id, Event: leg.Progressed{Status: 180}})
		m.ring()
	case act == 'a' && c:
		m.answer(m.c)
		m.answered()
	case act == 'f' && c:
		m.x.end(m.c, cause.Cause{Side: cause.Remote, Status: 486, Q850: cause.UserBusy})
		m.failed()
	case act == 'A':
		m.x.end(m.a, cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing})
		m.goneA()
	case act == 'B' && !m.b.over:
		m.x.end(m.b, cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing})
		m.goneB(true)
	case act == 'L' && !m.b.over:
		m.x.end(m.b, cause.Cause{Side: cause.Remote, Q850: cause.RecoveryOnTimer})
		m.goneB(false)
	case act == 'c' && m.state == "CONSULT":
		m.x.end(m.c, cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing})
		m.enter("TALK", 0)
	case act == 'p' || act == 't':
		m.prompt()
	case act == 'd':
		m.wait(3100 * time.Millisecond)
	case act == 'e':
		m.wait(31 * time.Second)
	case act == 'z':
		m.wait(301 * time.Second)
	}
}

// prompt lets what B hears once end.
func (m *conversation) prompt() {
	j := m.x.jacks[m.b.slot]
	if m.b.over || j == nil || j.clips == "" || j.times == relay.Forever {
		return
	}
	j.clips = ""
	m.x.tell(ua.MediaEvent{Event: relay.Played{Slot: j.slot, Token: j.token}})
	m.played()
}

func (m *conversation) played() {
	m.said = true
	switch m.state {
	case "COLLECT":
		if m.digits == "" {
			m.due = m.x.now.Add(10 * time.Second)
		}
	case "ANNOUNCED":
		m.enter("TALK", 0)
	case "PARKING":
		m.enter("PARKED", m.since.Add(300*time.Second).Sub(m.x.now))
	}
}

// wait lets time pass, to each alarm of the core's or the model's in turn.
func (m *conversation) wait(d time.Duration) {
	m.prompt() // here announcements are shorter than any wait
	end := m.x.now.Add(d)
	for n := 0; ; n++ {
		if n > 1000 {
			m.x.fail("time never passes")
		}
		at := m.x.core.Deadline()
		if at.IsZero() || at.After(end) {
			m.x.now = end
			m.expire()
			return
		}
		m.x.now = at
		m.x.tell(ua.Tick{})
		m.expire()
		m.prompt()
	}
}

func (m *conversation) expire() {
	if m.due.IsZero() || m.due.After(m.x.now) {
		return
	}
	switch m.state {
	case "COLLECT":
		if m.digits == "" {
			m.enter("ANNOUNCED", 0)
		} else {
			m.dial()
		}
	case "CALLING":
		m.enter("ANNOUNCED", 0)
	case "PASSING":
		m.pass()
	case "PARKED":
		m.enter("RECALL", 30*time.Second)
		m.c = m.x.lines[len(m.x.lines)-1]
	case "PASSED", "RECALL":
		m.enter("OVER", 0)
	}
}

func (m *conversation) key(key byte) {
	switch {
	case m.state == "TALK" && (key == '*' || key == '#'):
		m.enter("COLLECT", 0)
		m.digits, m.code = "", key
	case m.state == "COLLECT" && (key == '*' || key == '#' && m.digits == ""):
		m.enter("TALK", 0)
	case m.state == "COLLECT" && key == '#':
		m.dial()
	case m.state == "COLLECT":
		m.digits += string(key)
		m.said, m.due = true, m.x.now.Add(3*time.Second)
		if m.code == '#' && m.digits == "700" {
			m.since = m.x.now
			m.enter("PARKING", 0)
		}
		if len(m.digits) == 24 {
			m.dial()
		}
	case key == '*' && (m.state == "HELD" || m.state == "CALLING" || m.state == "CONSULT"):
		m.enter("TALK", 0)
	}
}

func (m *conversation) dial() {
	n := strings.TrimPrefix(m.digits, "8")
	switch {
	case m.code == '*' && m.digits == "0":
		m.enter("HELD", 0)
		return
	case len(n) >= 10:
		m.enter("ANOTHER", 0) // a number of the public plan, perhaps: another test's
		return
	case !slices.Contains([]string{"1001", "1002", "2002", "2003"}, n):
		m.enter("ANNOUNCED", 0)
		return
	}
	m.c, m.rung, m.since = m.x.lines[len(m.x.lines)-1], false, m.x.now
	if m.code == '*' {
		m.enter("CALLING", 40*time.Second)
	} else {
		m.enter("PASSING", 2*time.Second)
	}
}

func (m *conversation) ring() {
	m.rung = true
	if m.state == "PASSING" {
		m.pass()
	}
}

// pass leaves A waiting for C, for what is left of 60 s.
func (m *conversation) pass() { m.enter("PASSED", m.since.Add(60*time.Second).Sub(m.x.now)) }

func (m *conversation) answered() {
	switch m.state {
	case "CALLING":
		m.enter("CONSULT", 0)
	case "PASSING", "PASSED":
		m.enter("A-C", 0)
	case "RECALL":
		m.b, m.c = m.c, nil
		m.enter("TALK", 0)
	}
}

func (m *conversation) failed() {
	switch m.state {
	case "CALLING", "PASSING":
		m.enter("ANNOUNCED", 0)
	case "PASSED", "RECALL":
		m.enter("OVER", 0)
	}
}

func (m *conversation) goneA() {
	if m.state == "CONSULT" {
		m.enter("B-C", 0)
		return
	}
	m.enter("OVER", 0)
}

func (m *conversation) goneB(willing bool) {
	switch {
	case m.state == "CALLING" && willing, m.state == "PASSING":
		m.pass()
	case m.state == "CONSULT" && willing:
		m.enter("A-C", 0)
	case m.state == "PARKING":
		m.enter("PARKED", m.since.Add(300*time.Second).Sub(m.x.now))
	default:
		m.enter("OVER", 0)
	}
}

// check compares what everybody hears with what the state says.
func (m *conversation) check() {
	a, b := "music/hold", ""
	switch m.state {
	case "ANOTHER":
		return
	case "OVER":
		for _, l := range m.x.lines {
			if !l.over {
				m.x.fail("all is over, and leg %d stands", l.id)
			}
		}
		return
	case "TALK":
		a, b = "B", "A"
	case "COLLECT":
		b = m.once("transfer_enter")
	case "ANNOUNCED":
		b = "something"
	case "HELD":
		b = m.once("hold_on")
	case "CALLING":
		if m.rung {
			b = "tone/ringback"
		}
	case "CONSULT":
		b = "C"
	case "PASSED":
		if m.rung {
			a = "tone/ringback"
		}
		b = "gone"
	case "PARKING":
		b = m.once("park_prefix digit_7 digit_0 digit_1 park_suffix")
	case "PARKED", "RECALL":
		b = "gone"
	case "A-C":
		a, b = "C", "gone"
	case "B-C":
		a, b = "gone", "C"
	}
	if got := m.hears(m.a); got != a {
		m.x.fail("%s %q: A hears %q, want %q", m.state, m.digits, got, a)
	}
	got := m.hears(m.b)
	if b == "something" && got != "" && got != "A" && got != "C" && got != "gone" {
		return
	}
	if got != b {
		m.x.fail("%s %q: B hears %q, want %q", m.state, m.digits, got, b)
	}
	if m.state == "B-C" {
		m.state = "ANOTHER" // a call of two colleagues, and no end to it
	}
}

// once is what B hears until it is over.
func (m *conversation) once(clip string) string {
	if m.said {
		return ""
	}
	return clip
}

func (m *conversation) hears(l *line) string {
	if l.over {
		return "gone"
	}
	j := m.x.jacks[l.slot]
	if j == nil {
		return "no endpoint"
	}
	switch o := m.x.partner(l); {
	case o == nil:
		return j.clips
	case o == m.a:
		return "A"
	case o == m.b:
		return "B"
	case o == m.c:
		return "C"
	default:
		return fmt.Sprintf("leg %d", o.id)
	}
}
