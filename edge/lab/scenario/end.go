package scenario

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// settled is how long after its last message every timer of a call has run
// out: 64·T1 until the last retransmission fails, once more for what absorbs
// stragglers, and the wait for the last statistics. That last one may be of an
// INVITE that was given up for another peer, and come through: then a call
// begins and is cancelled, with waits of its own.
const settled = 4*32*time.Second + 5*time.Second

// end lets everything run out and tells how each call ended and what is left.
func (p *play) end(command) (string, error) {
	for _, b := range p.world.borders {
		b.StopProbes()
	}
	p.world.Advance(settled)
	var b strings.Builder
	for _, r := range p.world.parties {
		for _, c := range r.order {
			fmt.Fprintf(&b, "expect %s\n", c.fate())
		}
	}
	var records []string
	for _, r := range p.world.records {
		records = append(records, record(r))
	}
	sort.Strings(records)
	for _, r := range records {
		b.WriteString(r + "\n")
	}
	left := p.world.left()
	if left == "" {
		left = " nothing"
	}
	b.WriteString("expect left:" + left + "\n")
	return b.String(), nil
}

// fate tells how one side of a call ended.
func (c *call) fate() string {
	who := c.party.name
	if c.name != "" {
		who += " " + c.name
	}
	if c.received {
		who += " called as " + c.shown.Recipient.User
	}
	switch {
	case !c.ended:
		return who + ": not ended"
	case c.answered:
		return who + ": answered"
	case c.received && c.status >= 300:
		return fmt.Sprintf("%s: refused it %d", who, c.status)
	case c.received:
		return who + ": unanswered"
	case c.cause.Status == 0:
		return who + ": cancelled"
	}
	return fmt.Sprintf("%s: %d", who, c.cause.Status)
}

// left tells what is still held although everything has ended.
func (w *World) left() string {
	var b strings.Builder
	count := func(what string, n int) {
		if n != 0 {
			fmt.Fprintf(&b, " %s=%d", what, n)
		}
	}
	calls, admissions := 0, 0
	for i, border := range w.borders {
		calls += border.Counts().Calls
		admissions += w.limits[i].Held()
	}
	count("border.calls", calls)
	count("admissions", admissions)
	if w.core != nil {
		count("core.calls", w.core.Counts().Calls)
		count("core.slots", w.core.Counts().Slots)
	}
	count("packets.astray", w.astray)
	for _, s := range w.nodes {
		held := s.counts()
		count(s.name+".legs", held.Legs)
		count(s.name+".transactions", held.Transactions.Waiting())
		count(s.name+".lingering", held.Transactions.Lingering)
		st, stock := s.media.Stats(), s.stocked()
		count(s.name+".ports", st.Ports.Leased-stock)
		count(s.name+".endpoints", st.Leased-stock)
		count(s.name+".players", st.Players)
		count(s.name+".panics", int(st.Panics))
		if s.routes != nil {
			count(s.name+".crossed", s.routes.crossed)
		}
	}
	return b.String()
}
