package load

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// invited begins the callee's half of a call. The last four digits called say
// which.
func (s *signaller) invited(now time.Time, from netip.AddrPort, m *message) {
	number := user(m.target)
	digits, err := strconv.Atoi(string(number[max(0, len(number)-4):]))
	if err != nil || digits < firstDigits || digits > lastDigits || s.byDigit[digits] == nil || s.cfg.Scope.check(from) != nil {
		s.tally.stray++
		s.send(callee, from, empty(respond(m, "404 Not Found", "o")))
		return
	}
	c := s.byDigit[digits]
	if c.ends[callee].state != idle || c.ends[caller].state == over {
		c.spoil("a second INVITE reached the callee")
		s.send(callee, from, empty(respond(m, "482 Loop Detected", "o")))
		return
	}
	h := s.open(c, callee)
	if h == nil {
		s.send(callee, from, empty(respond(m, "500 Server Internal Error", "o")))
		return
	}
	h.state, h.callID, h.next, h.invited = ringing, string(m.callID), from, cloned(m)
	if s.byID[h.callID] == nil { // on the direct path it is the caller's
		s.byID[h.callID] = h
	}
	h.local = fmt.Appendf(nil, "%s;tag=%s", m.to, h.tag)
	h.remote, h.target = bytes.Clone(m.from), bytes.Clone(m.contact)
	s.hear(h, m)
	s.timers.Set(timer{h, giveUp}, now.Add(decision))
	s.transmit(h, empty(respond(m, "100 Trying", "")))
	switch c.kind {
	case Busy:
		s.refuse(now, h, "486 Busy Here")
	case Abrupt:
		s.provide(h, "183 Session Progress")
		s.accept(now, h)
	case Talked, Cancelled, Unacknowledged, kinds:
		s.provide(h, "180 Ringing")
		if c.kind != Cancelled {
			s.timers.Set(timer{h, step}, now.Add(s.cfg.Ring))
		}
	}
}

// cloned keeps what responses need of an INVITE, whose datagram is lent.
func cloned(m *message) *message {
	k := &message{
		method: m.method, cseq: m.cseq, callID: bytes.Clone(m.callID), from: bytes.Clone(m.from), to: bytes.Clone(m.to),
	}
	for _, via := range m.via {
		k.via = append(k.via, bytes.Clone(via))
	}
	return k
}

// provide sends a provisional response; 183 has our SDP.
func (s *signaller) provide(h *half, status string) {
	b := fmt.Appendf(respond(h.invited, status, h.tag), "Contact: <sip:load@%s>\r\n", h.self)
	if status[:3] == "183" {
		b = h.describe(b)
	} else {
		b = empty(b)
	}
	h.last = b
	s.transmit(h, b)
}

func (s *signaller) accept(now time.Time, h *half) {
	h.state = accepted
	b := fmt.Appendf(respond(h.invited, "200 OK", h.tag), "Contact: <sip:load@%s>\r\nAllow: INVITE,ACK,BYE,CANCEL,OPTIONS\r\n", h.self)
	s.insist(now, h, h.describe(b))
	s.timers.Set(timer{h, unheard}, now.Add(patience))
	s.timers.Set(timer{h, giveUp}, now.Add(s.cfg.Talk+2*patience))
}

// lapse ends a call whose 200 nobody has acknowledged: "the dialog is
// confirmed, but the session SHOULD be terminated" with BYE (RFC 3261
// §13.3.1.4).
func (s *signaller) lapse(now time.Time, h *half) {
	if h.state != accepted {
		return
	}
	c := h.call
	if c.kind != Unacknowledged {
		c.spoil("200 was never acknowledged")
	}
	s.hush(c)
	c.hangingUp = true
	h.state = talking
	s.bye(now, h)
}

func (s *signaller) refuse(now time.Time, h *half, status string) {
	h.state = refused
	s.insist(now, h, empty(respond(h.invited, status, h.tag)))
	s.timers.Set(timer{h, giveUp}, now.Add(patience))
}

func (s *signaller) acknowledged(now time.Time, h *half) {
	switch h.state {
	case accepted:
		h.state = talking
		s.relax(h)
		if c := h.call; c.kind == Unacknowledged && !c.cut {
			// Whether a border acknowledges before its own side has is its own
			// affair; the call has no media either way.
			return
		}
		s.speak(h)
	case refused:
		s.end(now, h)
	default:
		s.tally.heardAgain++
	}
}

// cancelled answers CANCEL (RFC 3261 §9.2).
func (s *signaller) cancelled(now time.Time, h *half, m *message) {
	s.send(h.side, h.next, empty(respond(m, "200 OK", h.tag)))
	if h.state != ringing {
		return
	}
	if h.call.kind != Cancelled && !h.call.cut {
		h.call.spoil("cancelled without the caller's wish")
	}
	s.refuse(now, h, "487 Request Terminated")
}
