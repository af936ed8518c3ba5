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

// feeds returns the in-half that c's peer hears, where it lives with the same
// worker; else nil.
func (w *Worker) feeds(c *cell) *relay.InHalf {
	if c.want.kind != endpoint {
		return nil
	}
	if feeder := w.find(c.want.feeder); feeder != nil {
		return &feeder.in
	}
	return nil
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
