package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
	"sekisho/media/relay"
)

// App is the application on top of the legs: border or core. It is a machine
// like all others and never calls back.
type App interface {
	Handle(now time.Time, in Input, out []Action) []Action
	// Deadline returns when a Tick is due, or the zero time.
	Deadline() time.Time
}

// Peer numbers a configured neighbour: whoever the application knows behind a
// flow (a trunk of the border, the seam or a phone of the core).
type Peer int

// Input is what an application is told.
type Input interface{ input() }

// Incoming is an INVITE outside any dialog that has become a leg. 100 has been
// sent. The application answers with commands to Leg, or HangUp.
type Incoming struct {
	Leg     leg.ID
	Flow    flow.Flow
	Peer    Peer
	Request *sip.Request
	// Offer is nil when the INVITE brought none.
	Offer *sdp.Description
	// Replaces is the leg of the same peer that the new one is to take over, or 0.
	// The application hangs it up once the new one stands (RFC 3891 §3).
	Replaces leg.ID
	// Reliable says that provisional responses can be made reliable (RFC 3262).
	Reliable bool
}

// Request is a request outside any dialog of a method in Config.Services. The
// application answers it with Respond in the same step.
type Request struct {
	ID      transaction.ID
	Flow    flow.Flow
	Request *sip.Request
}

// LegEvent is an event of one leg.
type LegEvent struct {
	Leg   leg.ID
	Event leg.Event
}

// MediaEvent is an event of the media plane.
type MediaEvent struct{ Event relay.Event }

// Tick says that the application's Deadline has come.
type Tick struct{}

func (Incoming) input()   {}
func (Request) input()    {}
func (LegEvent) input()   {}
func (MediaEvent) input() {}
func (Tick) input()       {}

// Action is what an application, or the whole shard, wants done.
type Action interface{ action() }

// Command is for a leg. Dial makes the leg; its ID comes from the shard's
// Sequence.
type Command struct {
	Leg     leg.ID
	Command leg.Command
}

// Respond answers a Request with a final status.
type Respond struct {
	To      Request
	Status  int
	Headers []sip.Header
}

// Media is for the media plane.
type Media struct{ Command relay.Command }

// Send puts bytes on the wire.
type Send struct {
	Flow flow.Flow
	Data []byte
}

// Record is a finished call.
type Record struct{ Record *cdr.Record }

// Activity is an event of the streams beside the records.
type Activity struct{ Activity *cdr.Activity }

// Note is something an operator should read; the rim logs it.
type Note struct {
	Level   Level
	Message string
	// Fields are keys and values by turns.
	Fields []string
}

// Level is how loud a Note is.
type Level uint8

// The levels of a Note.
const (
	Info Level = iota
	Warn
)

func (Command) action()  {}
func (Respond) action()  {}
func (Media) action()    {}
func (Send) action()     {}
func (Record) action()   {}
func (Note) action()     {}
func (Activity) action() {}

// Sequence gives names to the legs of one shard. The application draws from
// the same one for the legs it dials.
type Sequence struct{ last leg.ID }

// Next returns a name that was not given before.
func (s *Sequence) Next() leg.ID {
	s.last++
	return s.last
}
