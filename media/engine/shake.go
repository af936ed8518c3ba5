package engine

import (
	"time"

	"sekisho/media/dtls"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// shake is where a cell's DTLS association stands. The handshake itself is held
// beside the workers (media/dtls).
type shake struct {
	// keys are those that were agreed on last, of this association or the one
	// before it, which hold until this one has its own.
	keys srtp.Keys
	// done says that this association has them, told that the room has been asked.
	done, told bool
	until      time.Time // when it is given up; the zero time is never
	why        string    // what became of the last try
	heard      rate
}

const (
	// shaking is how long an association may take, from when both sides know where
	// the other one is.
	shaking = dtls.Budget
	// shakesPerSecond bounds the datagrams of DTLS that a cell hands on.
	shakesPerSecond = 50
)

// rate allows a number of datagrams in each second.
type rate struct {
	since time.Time
	count int
}

func (r *rate) allow(now time.Time) bool {
	if now.Sub(r.since) >= time.Second {
		*r = rate{since: now}
	}
	r.count++
	return r.count <= shakesPerSecond
}

// secured reports whether c's peer is heard under keys only.
func (c *cell) secured() bool { return c.shake != nil || !c.in.Spec().Keys.In.IsZero() }

// associate takes over what a description says of DTLS: another association than
// before begins with nothing done, and with the keys that were in force.
func (w *Worker) associate(c *cell, spec *relay.Spec, out *Output) {
	before := c.shake
	if spec.Handshake != c.in.Spec().Handshake {
		w.dissociate(c, out)
		c.shake = nil
	}
	if !spec.Handshake.On() {
		return
	}
	if c.shake == nil {
		c.shake = new(shake)
		if before != nil {
			c.shake.keys, c.shake.heard = before.keys, before.heard
		}
	}
	spec.Keys = c.shake.keys
}

// greet begins the handshake as soon as it is known where the peer is: by asking
// it, or by waiting for it to ask.
func (w *Worker) greet(now time.Time, c *cell, out *Output) {
	to := c.in.Destination()
	if c.shake == nil || c.shake.told || !to.IsValid() {
		return
	}
	c.shake.told, c.shake.until = true, now.Add(shaking)
	if c.in.Spec().Handshake.Role == srtp.Client {
		out.Shakes = append(out.Shakes, dtls.Message{Kind: dtls.Begin, Slot: c.slot, Handshake: c.in.Spec().Handshake, Peer: to, Described: true})
	}
}

// dissociate ends what the room holds for c.
func (w *Worker) dissociate(c *cell, out *Output) {
	if c.shake != nil {
		out.Shakes = append(out.Shakes, dtls.Message{Kind: dtls.End, Slot: c.slot, Handshake: c.in.Spec().Handshake})
	}
}

// shakes hands a datagram of DTLS on from where c's peer may be, and reports why
// not. It is neither latched nor counted as heard: anybody can send it.
func (w *Worker) shakes(now time.Time, c *cell, d *Datagram, out *Output) relay.Reason {
	switch {
	case !c.in.Hears(d.Source):
		return relay.ForeignSource
	case !c.shake.heard.allow(now):
		return relay.TooMany
	}
	m := dtls.Message{Kind: dtls.Record, Slot: c.slot, Handshake: c.in.Spec().Handshake, Peer: d.Source, Described: d.Source == c.in.Spec().Remote, Data: d.Data}
	if c.shake.done {
		m.Kind = dtls.Late
	}
	out.Shakes = append(out.Shakes, m)
	return relay.Shaken
}

// shaken takes what the room answers.
func (w *Worker) shaken(a dtls.Answer, out *Output) {
	c := w.find(a.Slot)
	if c == nil || c.shake == nil || c.in.Spec().Handshake != a.Handshake {
		return
	}
	w.busy = int64(place(a.Slot))
	switch a.Kind {
	case dtls.Send:
		if c.in.Hears(a.Peer) {
			out.Packets = append(out.Packets, Transmit{w.berths[place(a.Slot)].sockets.RTP, a.Peer, a.Data})
		}
	case dtls.Keyed:
		w.keyed(c, a, out)
	case dtls.Refused:
		// Whoever was refused need not have been the peer, unless it is where the
		// peer has said that it is: only the clock ends what strangers began.
		if c.shake.why = a.Reason; a.Described && !c.shake.done {
			w.unkeyed(c, out)
		}
	}
	w.schedule(c)
}

func (w *Worker) keyed(c *cell, a dtls.Answer, out *Output) {
	if c.shake.done {
		return
	}
	c.shake.done, c.shake.until, c.shake.keys = true, time.Time{}, a.Keys
	c.in.Key(a.Keys)
	if err := c.lock(a.Keys.In); err != nil {
		w.fail(c, err.Error(), out)
	}
	w.aimAt(c, out)
	out.Notices = append(out.Notices, Notice{c.owner, relay.Keyed{Slot: c.slot, Suite: a.Keys.In.Suite()}})
}

// unkeyed tells that an association has come to nothing, once.
func (w *Worker) unkeyed(c *cell, out *Output) {
	if c.shake.until.IsZero() {
		return
	}
	c.shake.until = time.Time{}
	why := c.shake.why
	if why == "" {
		why = "the peer has not begun"
		if c.in.Spec().Handshake.Role == srtp.Client {
			why = "the peer does not answer"
		}
	}
	out.Notices = append(out.Notices, Notice{c.owner, relay.Unkeyed{Slot: c.slot, Reason: why}})
}

// unshaken tells of c's association if its time is over.
func (w *Worker) unshaken(now time.Time, c *cell, out *Output) {
	if c.shake != nil && !c.shake.until.IsZero() && !c.shake.until.After(now) {
		w.unkeyed(c, out)
	}
}

// isReport reports whether a datagram on the port of RTP is RTCP (RFC 5761 §4).
func isReport(d []byte) bool { return len(d) > 1 && d[1] >= 192 && d[1] <= 223 }
