package engine

import (
	"time"

	"sekisho/media/relay"
)

// reports sends what c tells its peer, by the out-half that goes there, wherever
// it is. One that is on its way tells nothing this time.
func (w *Worker) reports(c *cell, r relay.Report, out *Output) {
	switch {
	case c.where == atHome:
		w.arena = w.transmit(c.own, r, w.arena, out)
	case c.where == returning:
	case home(c.want.holder) != w.index:
		w.post(home(c.want.holder), tell{slot: c.slot, feeder: c.want.holder, report: r}, out)
	default:
		if h := w.holder(c.slot, c.want.holder); h != nil {
			w.arena = w.transmit(h.fed, r, w.arena, out)
		}
	}
}

// transmit appends a report to scratch, from where it is sent, and leaves the
// room behind it that its protection may take.
func (w *Worker) transmit(o *outbound, r relay.Report, scratch []byte, out *Output) []byte {
	begin := len(scratch)
	scratch = o.AppendReport(scratch, r)
	if len(scratch) == begin {
		return scratch
	}
	if reason := w.send(o, RTCP, scratch[begin:], out); reason != relay.Passed {
		w.count(reason)
		return scratch[:begin]
	}
	w.counts.Reports++
	return scratch[:min(len(scratch)+tail, cap(scratch))]
}

// wonder finds out for a silent peer whether it is spoken to, which the worker of its
// feeder knows.
func (w *Worker) wonder(now time.Time, o wonder, out *Output) {
	if f := w.find(o.feeder); f != nil && f.in.Speaks(now) {
		w.post(home(o.slot), spokenTo(o), out)
	}
}

// spokenTo tells that a peer is not heard although it is spoken to, unless it was
// heard meanwhile or hears somebody else.
func (w *Worker) spokenTo(now time.Time, o spokenTo, out *Output) {
	c := w.find(o.slot)
	if c == nil || c.want.kind != endpoint || c.want.feeder != o.feeder || !c.in.OneWay(now) {
		return
	}
	out.Notices = append(out.Notices, Notice{c.owner, relay.OneWay{Slot: c.slot}})
}

// answer tells the figures of a slot: what was sent is known unless the out-half
// is with another worker.
func (w *Worker) answer(now time.Time, o ask) {
	c := w.find(o.slot)
	if c == nil {
		o.reply(relay.Stats{}, false)
		return
	}
	s := c.in.Stats(now)
	if c.where == atHome {
		c.own.AddTo(&s)
	} else if h := w.holder(c.slot, c.want.holder); h != nil && home(c.want.holder) == w.index {
		h.fed.AddTo(&s)
	}
	o.reply(s, true)
}
