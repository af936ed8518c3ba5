package engine

import (
	"time"

	"sekisho/media/relay"
)

// obey carries out one order; what it asks of this same worker waits in queue.
func (w *Worker) obey(now time.Time, o Order, out *Output) {
	switch o := o.(type) {
	case command:
		w.command(now, o.Command, out)
		w.busy = -1
	case feed:
		w.feed(now, o, out)
	case attach:
		for int(o.local) >= len(w.berths) {
			w.berths = append(w.berths, berth{})
		}
		w.berths[o.local].sockets = o.sockets
	case detach:
		w.detach(o, out)
	case lease:
		w.lease(o)
	case adopt:
		w.adopt(o, out)
	case recall:
		w.recall(o, out)
	case giveBack:
		w.takeBack(now, o, out)
	case affirm:
		if c := w.holder(o.slot, o.feeder); c != nil {
			c.fed.join = o.join
			c.join = max(c.join, o.join)
		}
	case tell:
		if c := w.holder(o.slot, o.feeder); c != nil {
			w.report = w.transmit(c.fed, o.report, w.report[:0], out)
		}
	case wonder:
		w.wonder(now, o, out)
	case spokenTo:
		w.spokenTo(now, o, out)
	case ask:
		w.answer(now, o)
	case shaken:
		w.shaken(o.Answer, out)
	case mark:
		o.reached()
	case retarget:
		if c := w.holder(o.slot, o.feeder); c != nil {
			c.fed.aim(o.out)
		}
	}
}

// settle carries out the orders that the worker has given itself.
func (w *Worker) settle(now time.Time, out *Output) {
	for i := 0; i < len(w.queue); i++ {
		w.obey(now, w.queue[i], out)
		w.queue[i] = nil
	}
	w.queue = w.queue[:0]
}

func (w *Worker) post(worker int, o Order, out *Output) {
	if worker == w.index {
		w.queue = append(w.queue, o)
		return
	}
	out.Posts = append(out.Posts, Post{worker, o})
}

// detach forgets a pair that has no lease. The next pair here has sockets without
// a mark.
func (w *Worker) detach(o detach, out *Output) {
	b := &w.berths[o.local]
	out.Detached = append(out.Detached, Detached{w.index, o.local, b.sockets})
	*b = berth{}
}

func (w *Worker) lease(o lease) {
	b := &w.berths[place(o.slot)]
	b.cell = &cell{
		slot: o.slot, owner: o.owner, seed: o.seed,
		in:  relay.InHalf{Slot: o.slot, Ours: o.identity.SSRC},
		own: &outbound{OutHalf: relay.NewOutHalf(o.slot, o.identity), sockets: b.sockets},
	}
	w.counts.Leased++
}

func (w *Worker) command(now time.Time, rc relay.Command, out *Output) {
	switch rc := rc.(type) {
	case relay.Configure:
		w.configure(now, rc, out)
	case relay.Play:
		w.load(now, rc, out)
	case relay.Silence:
		if c := w.find(rc.Slot); c != nil {
			w.want(now, c, source{}, out)
		}
	case relay.Watch:
		if c := w.find(rc.Slot); c != nil {
			c.in.Watch(now, rc)
			w.schedule(c)
		}
	case relay.Keys:
		if c := w.find(rc.Slot); c != nil {
			c.in.Keys(rc.Mode)
		}
	case relay.Press:
		if c := w.find(rc.Slot); c != nil {
			w.press(now, c, rc, out)
		}
	case relay.Release:
		if c := w.find(rc.Slot); c != nil {
			w.release(now, c, out)
		}
	}
}

func (w *Worker) configure(now time.Time, rc relay.Configure, out *Output) {
	c := w.find(rc.Slot)
	if c == nil {
		return
	}
	w.busy = int64(place(rc.Slot))
	if b := &w.berths[place(rc.Slot)]; rc.Spec.TOS != b.tos {
		b.tos = rc.Spec.TOS
		out.Marks = append(out.Marks, Mark{b.sockets.RTP, rc.Spec.TOS}, Mark{b.sockets.RTCP, rc.Spec.TOS})
	}
	w.associate(c, &rc.Spec, out)
	c.in.Configure(rc.Spec)
	if err := c.lock(rc.Spec.Keys.In); err != nil {
		w.fail(c, err.Error(), out)
	}
	w.greet(now, c, out)
	c.in.Begin(now, c.seed)
	w.expire(now, c, out) // what was held back for the old description
	w.schedule(c)
	if c.in.Stray() {
		w.fail(c, "the described address is beyond the media prefixes", out)
	}
	w.aimAt(c, out)
	w.schedule(c)
}

// load makes a player ready and asks for the out-half.
func (w *Worker) load(now time.Time, rc relay.Play, out *Output) {
	c := w.find(rc.Slot)
	if c == nil {
		return
	}
	w.busy = int64(place(rc.Slot))
	clips := make([][]byte, 0, len(rc.Source.Keys))
	for _, key := range rc.Source.Keys {
		clip, ok := w.clips.Clip(key)
		if !ok {
			w.fail(c, "no clip "+key, out)
			return
		}
		if len(clip) > 0 {
			clips = append(clips, clip)
		}
	}
	if len(clips) == 0 {
		w.fail(c, "nothing to play", out)
		return
	}
	w.stop(c)
	if c.player == nil {
		c.player = new(player)
	}
	c.player.load(clips, rc)
	w.want(now, c, source{kind: playing}, out)
}

func (w *Worker) feed(now time.Time, o feed, out *Output) {
	c := w.find(o.slot)
	if c == nil {
		return
	}
	if o.join < c.join {
		return // a later join has come from the other worker already
	}
	c.join = o.join
	if c.where == lent && c.want.kind == endpoint && c.want.feeder == o.feeder {
		// The holder may have evicted the out-half a moment ago. The number tells
		// it, or us when it comes back, that it is wanted there again.
		c.want.join = o.join
		w.post(home(o.feeder), affirm(o), out)
		return
	}
	w.want(now, c, source{kind: endpoint, feeder: o.feeder, join: o.join}, out)
}

// release ends a lease: the in-half stops at once, the out-half as soon as it
// is at home.
func (w *Worker) release(now time.Time, c *cell, out *Output) {
	c.state = closing
	w.dissociate(c, out)
	w.schedule(c)
	w.part(c, evicted, out)
	w.want(now, c, source{}, out)
}

// want decides who shall feed c's own out-half, and gets the out-half home if
// somebody else has it.
func (w *Worker) want(now time.Time, c *cell, s source, out *Output) {
	if s.kind != playing {
		w.stop(c)
	}
	s.holder = c.want.holder
	c.want = s
	switch c.where {
	case atHome:
		w.settleOwn(now, c, out)
	case lent:
		c.where = returning
		w.post(home(s.holder), recall{slot: c.slot, feeder: s.holder}, out)
	case returning:
	}
}

// settleOwn gives c's out-half, which is at home, to whom it is wanted for.
func (w *Worker) settleOwn(now time.Time, c *cell, out *Output) {
	if c.state == closing {
		w.finish(now, c, out)
		return
	}
	c.own.aim(c.target())
	switch c.want.kind {
	case nothing:
	case playing:
		c.own.Feed()
		if !c.player.active {
			w.counts.Players++
		}
		c.player.active = true
		c.player.next = now
	case endpoint:
		c.where = lent
		c.want.holder = c.want.feeder
		c.own.join = c.want.join
		w.post(home(c.want.feeder), adopt{feeder: c.want.feeder, out: c.own}, out)
		c.own = nil
	}
	w.schedule(c)
}

func (w *Worker) finish(now time.Time, c *cell, out *Output) {
	stats := c.in.Stats(now)
	c.own.AddTo(&stats)
	out.Notices = append(out.Notices, Notice{c.owner, relay.Released{Slot: c.slot, Stats: stats}})
	out.Ended = append(out.Ended, c.slot)
	w.berths[place(c.slot)].cell = nil
	c.forget()
	w.counts.Leased--
}

// adopt makes a cell of this worker feed an out-half.
func (w *Worker) adopt(o adopt, out *Output) {
	c := w.find(o.feeder)
	if c == nil {
		w.post(home(o.out.Slot), giveBack{out: o.out, feeder: o.feeder, cause: refused}, out)
		return
	}
	if o.out.join < c.join {
		w.post(home(o.out.Slot), giveBack{out: o.out, feeder: o.feeder, cause: evicted}, out)
		return
	}
	c.join = o.out.join
	w.part(c, evicted, out)
	c.fed = o.out
	c.fed.Feed()
	w.schedule(c)
}

func (w *Worker) recall(o recall, out *Output) {
	if c := w.holder(o.slot, o.feeder); c != nil {
		w.part(c, recalled, out)
	}
}

// part sends the out-half that c feeds home.
func (w *Worker) part(c *cell, why cause, out *Output) {
	if c.fed == nil {
		return
	}
	w.post(home(c.fed.Slot), giveBack{out: c.fed, feeder: c.slot, cause: why}, out)
	c.fed = nil
}

// takeBack receives an out-half of this worker's. Its lease cannot have ended
// meanwhile, because finish waits for it.
func (w *Worker) takeBack(now time.Time, o giveBack, out *Output) {
	c := w.berths[place(o.out.Slot)].cell
	c.own = o.out
	c.own.Feed()
	c.where = atHome
	c.want.holder = relay.Slot{}
	lost := c.want.kind == endpoint && c.want.feeder == o.feeder && o.cause != recalled && o.out.join == c.want.join
	if lost {
		c.want = source{}
		if o.cause == refused && c.state == open {
			w.fail(c, "the endpoint to join has no lease", out)
		}
	}
	w.settleOwn(now, c, out)
}

// holder returns the cell of this worker that feeds slot's out-half, or nil.
func (w *Worker) holder(slot, feeder relay.Slot) *cell {
	if c := w.at(place(feeder)); c != nil && c.slot == feeder && c.fed != nil && c.fed.Slot == slot {
		return c
	}
	return nil
}

// aimAt tells c's out-half, wherever it is, its description and destination.
// One that is on its way learns them when it arrives.
func (w *Worker) aimAt(c *cell, out *Output) {
	to := c.target()
	switch c.where {
	case atHome:
		c.own.aim(to)
	case lent:
		w.post(home(c.want.holder), retarget{slot: c.slot, feeder: c.want.holder, out: to}, out)
	case returning:
	}
}

func (w *Worker) fail(c *cell, reason string, out *Output) {
	out.Notices = append(out.Notices, Notice{c.owner, relay.Failed{Slot: c.slot, Reason: reason}})
}

// Abandon ends the lease that was being served when a panic was caught. The
// fault is ours; its call ends and its pair comes back.
func (w *Worker) Abandon(now time.Time, out *Output) {
	w.counts.Panics++
	at := w.busy
	w.busy = -1
	if at < 0 {
		return
	}
	c := w.at(uint32(at))
	if c == nil || c.state != open {
		return
	}
	w.fail(c, "internal fault", out)
	w.release(now, c, out)
	w.settle(now, out)
}
