package engine

import (
	"net/netip"
	"time"

	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// outbound is an out-half with the sockets it is sent from. A worker may send
// from another worker's socket; it never receives there.
type outbound struct {
	relay.OutHalf
	sockets port.Sockets
	join    joinNumber // that lent it
	// secure says that its peer takes SRTP only, mux that its RTCP goes the way of
	// its RTP; sender makes the SRTP.
	secure, mux bool
	sender      *srtp.Sender
}

// target is what an out-half must know of its description.
type target struct {
	spec relay.Spec
	to   netip.AddrPort
}

// berth is one port pair at its home worker: all that a pair costs which has no
// call. There is one for each that was ever bound, so it is small.
type berth struct {
	cell    *cell // of its lease; nil while it has none: packets are drained
	sockets port.Sockets
	timer   int32 // position in the worker's heap, plus 1
	tos     uint8 // set on the sockets
}

// cell is one lease. It comes with its order and goes when it ends, with all
// that it knew.
type cell struct {
	slot  relay.Slot
	owner uint32
	seed  uint32 // of its reports
	state state
	where whereabouts

	in       relay.InHalf
	receiver *srtp.Receiver // of what in hears; nil where that is plain RTP
	shake    *shake         // where its keys come by DTLS; else nil
	fed      *outbound      // what in feeds, if it does

	own  *outbound // the slot's own out-half, while it is at home
	want source

	player *player    // nil until something is played
	join   joinNumber // the latest of this slot
}

// state is a lease's state.
type state uint8

const (
	open    state = iota
	closing       // released, waiting for the out-half to come home
)

// whereabouts says where a slot's out-half is.
type whereabouts uint8

const (
	atHome    whereabouts = iota
	lent                  // with want.feeder's worker
	returning             // recalled, or lost by its holder: on its way
)

// source is who shall feed a slot's out-half.
type source struct {
	kind   sourceKind
	feeder relay.Slot // for endpoint
	join   joinNumber // that asked for it
	// holder is the feeder that the out-half was lent to, while it is away.
	holder relay.Slot
}

type sourceKind uint8

const (
	nothing sourceKind = iota
	playing
	endpoint
)

// target is what c's out-half must know of its description.
func (c *cell) target() target { return target{*c.in.Spec(), c.in.Destination()} }

// due returns when the cell needs the worker's attention, or the zero time.
func (c *cell) due() time.Time {
	d := c.in.Deadline()
	if c.state != open {
		return time.Time{}
	}
	if c.shake != nil {
		d = earlier(d, c.shake.until)
	}
	if c.fed != nil {
		d = earlier(d, c.fed.Deadline())
	}
	if c.where == atHome {
		d = earlier(d, c.own.Deadline())
	}
	if c.plays() {
		d = earlier(d, c.player.next)
	}
	return d
}

func (c *cell) plays() bool { return c.player != nil && c.player.active }

// earlier returns the earlier of two deadlines; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
