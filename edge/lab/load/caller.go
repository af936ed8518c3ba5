package load

import (
	"bytes"
	"fmt"
	"time"
)

// response is for the caller, or for a BYE of either side.
func (s *signaller) response(now time.Time, h *half, m *message) {
	switch {
	case m.method == "INVITE" && h.side == caller:
		s.answered(now, h, m)
	case m.method == "BYE" && m.status >= 200 && h.state == leaving:
		if m.status >= 300 {
			h.call.spoil(fmt.Sprintf("BYE of the %s was answered %d", h.side, m.status))
		}
		s.end(now, h)
	case m.method == "CANCEL" && m.status >= 200 && h.state == proceeding:
		s.relax(h) // 487 will follow
	}
}

// answered takes a response to the INVITE.
func (s *signaller) answered(now time.Time, h *half, m *message) {
	switch {
	case m.status < 200:
		s.provisional(now, h, m)
	case m.status < 300:
		s.success(now, h, m)
	default:
		s.failure(now, h, m)
	}
}

func (s *signaller) provisional(now time.Time, h *half, m *message) {
	if h.state != calling && h.state != proceeding {
		return
	}
	if h.state == calling {
		h.state = proceeding
		s.relax(h)
		s.timers.Set(timer{h, giveUp}, now.Add(decision))
		if s.stopping {
			h.call.cut = true
			s.cancel(now, h)
		}
	}
	if m.status == 100 {
		return
	}
	s.hear(h, m)
	if h.rang {
		return
	}
	h.rang = true
	s.tally.ringing.add(now.Sub(h.call.placed))
	if h.call.kind == Cancelled {
		s.timers.Set(timer{h, step}, now.Add(time.Duration(s.random.Int64N(int64(s.cfg.Ring)+1))))
	}
}

func (s *signaller) success(now time.Time, h *half, m *message) {
	c := h.call
	if h.state != calling && h.state != proceeding {
		s.tally.heardAgain++
		if c.kind != Unacknowledged || c.cut {
			s.acknowledge(h) // each 2xx is acknowledged (RFC 3261 §13.2.2.4)
		}
		return
	}
	s.relax(h)
	s.tally.answered.add(now.Sub(c.placed))
	s.tally.statuses[m.status]++
	if !h.rang {
		s.tally.unrung++
	}
	h.remote, h.state = bytes.Clone(m.to), talking
	if len(m.contact) > 0 {
		h.target = bytes.Clone(m.contact)
	}
	s.hear(h, m)
	s.timers.Remove(timer{h, step})
	s.timers.Set(timer{h, giveUp}, now.Add(s.cfg.Talk+patience))
	if c.kind == Unacknowledged && !c.cut {
		s.timers.Set(timer{h, giveUp}, now.Add(2*patience))
		return
	}
	s.acknowledge(h)
	switch {
	case c.kind == Cancelled || c.cut:
		if !c.cut {
			c.spoil("answered although it was to be cancelled")
		}
		s.hangUp(now, c)
	default:
		s.speak(h)
		s.timers.Set(timer{h, step}, now.Add(s.cfg.Talk))
	}
}

func (s *signaller) acknowledge(h *half) { s.transmit(h, h.request("ACK", 1)) }

func (s *signaller) failure(now time.Time, h *half, m *message) {
	if h.state == talking || h.state == leaving {
		return // a fork's: a branch of ours was answered before
	}
	remote := h.remote
	h.remote = m.to
	s.transmit(h, h.request("ACK", 1))
	h.remote = remote
	if h.state == over {
		s.tally.heardAgain++
		return
	}
	s.tally.statuses[m.status]++
	c := h.call
	wanted := map[Kind]int{Cancelled: 487, Busy: 486}[c.kind]
	if m.status != wanted && !c.cut {
		c.spoil(fmt.Sprintf("refused with %d", m.status))
	}
	s.end(now, h)
}

func (s *signaller) cancel(now time.Time, h *half) {
	if h.cancelled {
		return
	}
	h.cancelled = true
	s.insist(now, h, h.request("CANCEL", 1))
	s.timers.Set(timer{h, giveUp}, now.Add(patience))
}
