package engine

import (
	"time"

	"sekisho/media/dtls"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// Order is what a Worker is told: a command of signalling, or a message of the
// engine or of another worker.
type Order interface{ order() }

// command is a relay.Command for a slot of this worker; Join arrives as two feeds.
type command struct{ relay.Command }

// attach gives the worker a bound pair. Its index among the worker's pairs is
// its place.
type attach struct {
	local   uint32
	sockets port.Sockets
}

// detach takes a pair away that has no lease, so that its sockets can be closed.
// Nothing is received or sent on them behind it.
type detach struct{ local uint32 }

// lease opens a pair for its next call.
type lease struct {
	slot     relay.Slot
	owner    uint32
	identity relay.Identity
	seed     uint32 // of the times between reports
}

// feed makes feeder's in-half feed slot's out-half. It goes to slot's home.
type feed struct {
	slot, feeder relay.Slot
	join         joinNumber
}

// joinNumber counts the joins of an engine. The two halves of a join go to two
// workers and meet other joins there in any order; the number says which is
// the later one.
type joinNumber uint64

// adopt carries an out-half to the worker of its feeder.
type adopt struct {
	feeder relay.Slot
	out    *outbound
}

// recall asks the worker that holds slot's out-half to give it back. It is
// ignored where the out-half is on its way already.
type recall struct{ slot, feeder relay.Slot }

// giveBack carries an out-half home.
type giveBack struct {
	out    *outbound
	feeder relay.Slot
	cause  cause
}

// cause says why an out-half came home.
type cause uint8

const (
	recalled cause = iota
	evicted        // its feeder was joined to another, or its lease ended
	refused        // its feeder had no lease
)

// retarget tells an out-half away from home that its description or its peer's
// address has changed.
type retarget struct {
	slot, feeder relay.Slot
	out          target
}

// affirm tells the holder of slot's out-half that it was joined again.
type affirm struct {
	slot, feeder relay.Slot
	join         joinNumber
}

// wonder asks the worker of slot's feeder whether that one speaks: slot's peer is not
// heard. spokenTo answers that it does; where it does not there is no answer.
type (
	wonder   struct{ slot, feeder relay.Slot }
	spokenTo wonder
)

// tell carries what slot's in-half reports to the worker that holds its
// out-half, which sends it.
type tell struct {
	slot, feeder relay.Slot
	report       relay.Report
}

// ask wants the figures of a slot as they are.
type ask struct {
	slot  relay.Slot
	reply func(relay.Stats, bool)
}

// shaken is what has come of a handshake.
type shaken struct{ dtls.Answer }

// mark is an order that only says that those before it are carried out.
type mark interface {
	Order
	reached()
}

func (command) order()  {}
func (attach) order()   {}
func (detach) order()   {}
func (lease) order()    {}
func (feed) order()     {}
func (adopt) order()    {}
func (recall) order()   {}
func (giveBack) order() {}
func (retarget) order() {}
func (wonder) order()   {}
func (spokenTo) order() {}
func (affirm) order()   {}
func (tell) order()     {}
func (ask) order()      {}
func (shaken) order()   {}

// A slot's index names its worker and its place there.
const (
	workerShift = 24
	placeMask   = 1<<workerShift - 1
	maxWorkers  = 1 << (32 - workerShift)
)

func home(s relay.Slot) int     { return int(s.Index >> workerShift) }
func place(s relay.Slot) uint32 { return s.Index & placeMask }

func slotOf(worker int, local, epoch uint32) relay.Slot {
	return relay.Slot{Index: uint32(worker)<<workerShift | local, Epoch: epoch}
}

// resolution is the coarsest schedule that a worker keeps: a player that is
// further behind (a stopped process) begins its schedule again.
const resolution = 200 * time.Millisecond
