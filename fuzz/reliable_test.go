package fuzz

import (
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
)

// reliability is what is known of the reliable provisional responses of a dialog
// (RFC 3262): numbers from first to last have come in order. Of the border's one
// waits, described with a session.
type reliability struct {
	first, last        uint32
	waiting, described bool
}

// provisional is a reliable response of a neighbour's, or the PRACK for one of the
// border's.
func (m *model) provisional(msg sip.Message) {
	switch msg := msg.(type) {
	case *sip.Response:
		rseq := dialog.RSeqOf(msg)
		if rseq == 0 || msg.StatusCode >= 200 {
			return
		}
		key := msg.CallID().Value() + " " + header.Tag(msg.To().Params)
		switch p := m.reliable[key]; {
		case p == nil:
			m.reliable[key] = &reliability{first: rseq, last: rseq}
		case rseq == p.last+1:
			p.last = rseq
		}
	case *sip.Request:
		rack, err := header.ParseRAck(header.First(msg, "RAck"))
		if p := m.reliable[msg.CallID().Value()+" "+header.Tag(msg.To().Params)]; p != nil && err == nil && msg.Method == sip.PRACK && rack.RSeq == p.last {
			p.waiting = false
		}
	}
}

// provides is a reliable response of the border's: "The UAS MUST NOT send a second
// reliable provisional response until the first is acknowledged" (RFC 3262 §3).
func (m *model) provides(r *sip.Response, rseq uint32) {
	key := r.CallID().Value() + " " + header.Tag(r.To().Params)
	p := m.reliable[key]
	switch {
	case p == nil:
		p = &reliability{first: rseq}
		m.reliable[key] = p
	case rseq == p.last:
		return // again
	case p.waiting || rseq != p.last+1:
		m.t.Fatalf("reliable %d behind %+v:\n%s", rseq, *p, r)
	}
	p.last, p.waiting, p.described = rseq, true, len(r.Body()) > 0
}

// acknowledges is a PRACK of the border's: of a response that came in order, in the
// dialog that it makes (RFC 3262 §4).
func (m *model) acknowledges(r *sip.Request, name string) {
	rack, err := header.ParseRAck(header.First(r, "RAck"))
	p := m.reliable[name]
	if err != nil || p == nil || rack.RSeq < p.first || rack.RSeq > p.last || rack.CSeq < 1 || rack.CSeq > 2 || rack.Method != "INVITE" {
		m.t.Fatalf("a PRACK for what never came (%+v):\n%s", p, r)
	}
}
