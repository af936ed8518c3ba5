package load

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"sekisho/edge/sip/deadline"
)

// RFC 3261 §17.1.1.1 and Table 4, and waits of our own.
const (
	t1       = 500 * time.Millisecond
	t2       = 4 * time.Second
	patience = 64 * t1
	// decision is how long a call that rings may wait for its final response:
	// an announcement may come before it.
	decision = 90 * time.Second
	// draining is how long the last packets have before BYE.
	draining = 300 * time.Millisecond
	// remembered is how long an end that is over answers what is repeated.
	remembered = patience + time.Second
)

const firstDigits, lastDigits = 1000, 9999

// signaller holds the calls and speaks SIP for both ends. It does no input and
// no output: what it has to send is in out.
type signaller struct {
	cfg    *Config
	seenAs [sides]netip.AddrPort
	border netip.AddrPort
	run    uint32
	random *rand.Rand
	media  *player
	tally  *tally

	byID    map[string]*half
	byDigit [lastDigits + 1]*call
	free    []int // digits, oldest first
	timers  deadline.Heap[timer]
	out     []datagram

	placed   int
	standing int
	talkers  int // calls that speak in both directions
	stopping bool
}

// datagram is a SIP message to be sent.
type datagram struct {
	from side
	to   netip.AddrPort
	data []byte
}

// timer names a deadline of a half.
type timer struct {
	of   *half
	what occasion
}

type occasion uint8

const (
	resend  occasion = iota
	step             // ring over, talk over, cancel due
	drained          // streams have stopped: BYE
	unheard          // no ACK in 64*T1
	giveUp
	forget
)

func newSignaller(c *Config, m *player, t *tally) *signaller {
	s := &signaller{cfg: c, border: c.Border, random: rand.New(rand.NewPCG(c.Seed, 2)), media: m, tally: t, byID: map[string]*half{}}
	for d := firstDigits; d <= lastDigits; d++ {
		s.free = append(s.free, d)
	}
	return s
}

// place begins a call. Its setup is timed from when it was due.
func (s *signaller) place(now, due time.Time, kind Kind) {
	s.placed++
	s.tally.placed[kind]++
	if len(s.free) == 0 {
		s.tally.fail(kind, "not placed: all 9000 numbers are in use")
		return
	}
	c := &call{serial: uint32(s.placed), kind: kind, digits: s.free[0], placed: due}
	c.dialled = s.cfg.Dialled + strconv.Itoa(c.digits)
	h := s.open(c, caller)
	if h == nil {
		return
	}
	s.free = s.free[1:]
	s.byDigit[c.digits] = c
	s.standing++
	h.callID = fmt.Sprintf("%d-%08x@%s", c.serial, s.run, h.self.Addr())
	h.next = s.border
	s.byID[h.callID] = h
	h.state, h.cseq = calling, 1
	from := s.cfg.Callers[s.placed%len(s.cfg.Callers)]
	s.insist(now, h, h.invite(h.self, s.border, from))
	s.timers.Set(timer{h, giveUp}, now.Add(patience))
}

// open prepares an end with a place to hear.
func (s *signaller) open(c *call, at side) *half {
	h := &c.ends[at]
	*h = half{call: c, side: at, self: s.seenAs[at], tag: fmt.Sprintf("%08x%x.%d", s.run, at, c.serial)}
	if err := s.media.open(h); err != nil {
		s.tally.fail(c.kind, "no media socket: "+err.Error())
		return nil
	}
	return h
}

// handle takes a datagram that came to one of the SIP sockets.
func (s *signaller) handle(now time.Time, at side, from netip.AddrPort, data []byte) {
	m, err := read(data)
	if err != nil {
		s.tally.unreadable++
		return
	}
	h := s.byID[string(m.callID)]
	if h != nil && h.side != at {
		// On the direct path one Call-ID is at both ends.
		h = &h.call.ends[at]
		if h.state == idle {
			h = nil
		}
	}
	switch {
	case m.status > 0 && h != nil:
		s.response(now, h, m)
	case m.status > 0:
		s.tally.stray++
	case h != nil:
		s.request(now, h, m)
	case m.method == "INVITE" && at == callee:
		s.invited(now, from, m)
	case m.method == "OPTIONS":
		s.send(at, from, empty(respond(m, "200 OK", "o")))
	case m.method != "ACK":
		s.tally.stray++
		s.send(at, from, empty(respond(m, "481 Call/Transaction Does Not Exist", "o")))
	}
}

func (s *signaller) request(now time.Time, h *half, m *message) {
	switch m.method {
	case "INVITE":
		if h.side == callee && m.cseq == h.invited.cseq {
			s.tally.heardAgain++
			if h.state == ringing || h.state == accepted || h.state == refused {
				s.transmit(h, h.last)
			}
			return
		}
		s.send(h.side, h.next, empty(respond(m, "488 Not Acceptable Here", h.tag)))
		h.call.spoil("an offer that the generator does not take")
	case "ACK":
		s.acknowledged(now, h)
	case "CANCEL":
		s.cancelled(now, h, m)
	case "BYE":
		s.send(h.side, h.next, empty(respond(m, "200 OK", h.tag)))
		s.left(now, h)
	case "OPTIONS":
		s.send(h.side, h.next, empty(respond(m, "200 OK", h.tag)))
	default:
		s.send(h.side, h.next, empty(respond(m, "405 Method Not Allowed", h.tag)))
		s.tally.stray++
	}
}

// left is a BYE from the other side.
func (s *signaller) left(now time.Time, h *half) {
	c := h.call
	if h.state == over {
		s.tally.heardAgain++
		return
	}
	if !c.hangingUp && c.kind != Unacknowledged {
		c.spoil(fmt.Sprintf("BYE to the %s while %s", h.side, h.state))
	}
	s.hush(c)
	s.end(now, h)
}

// timeout lets time pass.
func (s *signaller) timeout(now time.Time) {
	for {
		t, ok := s.timers.Pop(now)
		if !ok {
			return
		}
		h := t.of
		switch t.what {
		case resend:
			s.again(now, h)
		case step:
			s.step(now, h)
		case drained:
			s.bye(now, h)
		case unheard:
			s.lapse(now, h)
		case giveUp:
			h.call.spoil(fmt.Sprintf("the %s was left %s", h.side, h.state))
			s.end(now, h)
		case forget:
			delete(s.byID, h.callID)
			s.media.drop(h)
		}
	}
}

// step is the next thing of the plan.
func (s *signaller) step(now time.Time, h *half) {
	switch {
	case h.side == callee && h.state == ringing:
		s.accept(now, h)
	case h.side == caller && h.state == proceeding:
		s.cancel(now, h)
	case h.side == caller && h.state == talking:
		s.hangUp(now, h.call)
	}
}

// hangUp stops both streams, and after a moment one end sends BYE.
func (s *signaller) hangUp(now time.Time, c *call) {
	if c.hangingUp {
		return
	}
	c.hangingUp = true
	s.hush(c)
	h := &c.ends[c.serial%2]
	if h.state != talking {
		h = &c.ends[caller]
	}
	s.timers.Set(timer{h, drained}, now.Add(draining))
}

func (s *signaller) bye(now time.Time, h *half) {
	if h.state != talking {
		return
	}
	h.cseq++
	b := h.request("BYE", h.cseq)
	h.state = leaving
	s.insist(now, h, b)
	s.timers.Set(timer{h, giveUp}, now.Add(patience))
}

// end is the end of one half; of the call when it was the last.
func (s *signaller) end(now time.Time, h *half) {
	if h.state == over {
		return
	}
	h.state, h.pending = over, false
	for _, what := range [...]occasion{resend, step, drained, unheard, giveUp} {
		s.timers.Remove(timer{h, what})
	}
	s.timers.Set(timer{h, forget}, now.Add(remembered))
	c := h.call
	if !c.over() {
		other := &c.ends[h.side.other()]
		s.timers.Set(timer{other, giveUp}, now.Add(patience+t2))
		return
	}
	s.hush(c)
	s.tally.finish(c)
	for i := range c.ends {
		s.media.close(&c.ends[i])
	}
	if s.byDigit[c.digits] == c {
		s.byDigit[c.digits] = nil
		s.free = append(s.free, c.digits)
	}
	s.standing--
}

// speak starts a half's stream.
func (s *signaller) speak(h *half) {
	c := h.call
	if !c.kind.speaks() || c.hangingUp || h.speaking {
		return
	}
	s.media.speak(h)
	if c.ends[h.side.other()].speaking {
		s.talkers++
	}
}

func (s *signaller) hush(c *call) {
	if c.ends[caller].speaking && c.ends[callee].speaking {
		s.talkers--
	}
	for i := range c.ends {
		s.media.hush(&c.ends[i])
	}
}

// hear takes the border's SDP.
func (s *signaller) hear(h *half, m *message) {
	if len(m.body) == 0 {
		return
	}
	at, err := audio(m.body)
	if err == nil {
		err = s.cfg.Scope.check(at)
	}
	if err == nil {
		err = h.key(m.body, s.cfg.Border.IsValid())
	}
	if err != nil {
		h.call.spoil("SDP: " + err.Error())
		return
	}
	s.media.hear(h, at)
}

// insist sends and, until pending is taken away, sends again.
func (s *signaller) insist(now time.Time, h *half, b []byte) {
	h.last, h.pending, h.interval = b, true, t1
	s.transmit(h, b)
	s.timers.Set(timer{h, resend}, now.Add(h.interval))
}

func (s *signaller) again(now time.Time, h *half) {
	if !h.pending {
		return
	}
	s.tally.repeated++
	h.interval *= 2
	if h.state != calling {
		h.interval = min(h.interval, t2)
	}
	s.transmit(h, h.last)
	s.timers.Set(timer{h, resend}, now.Add(h.interval))
}

func (s *signaller) relax(h *half) {
	h.pending = false
	s.timers.Remove(timer{h, resend})
}

func (s *signaller) transmit(h *half, b []byte) { s.send(h.side, h.next, b) }

func (s *signaller) send(from side, to netip.AddrPort, b []byte) {
	s.out = append(s.out, datagram{from, to, b})
}

// stop ends every call that stands, and lets no other begin.
func (s *signaller) stop(now time.Time) {
	s.stopping = true
	for _, c := range s.byDigit {
		if c == nil || c.hangingUp || c.ends[caller].state == over {
			continue
		}
		c.cut = true
		h := &c.ends[caller]
		switch h.state {
		case talking:
			if c.kind == Unacknowledged {
				s.transmit(h, h.request("ACK", 1))
			}
			s.hangUp(now, c)
		case proceeding:
			s.cancel(now, h)
		default: // calling: it may not be cancelled yet (RFC 3261 §9.1)
		}
	}
}
