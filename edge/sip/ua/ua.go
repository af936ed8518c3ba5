package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/ebb"
	"sekisho/media/relay"
)

// UA is one shard.
type UA struct {
	cfg    Config
	env    leg.Env
	guard  *header.Guard
	table  *transaction.Table
	legs   map[leg.ID]*leg.Leg
	tags   map[token.Tag]leg.ID
	most   struct{ legs, tags, asks ebb.Mark }
	timers deadline.Heap[leg.ID]
	merges merges
	// asks are the application's own requests, by the owner of their transaction.
	asks map[leg.ID]uint64
	// oversized are the peers whose first request over 1,300 bytes was told.
	oversized map[Peer]bool
	counts    Counts
	salt      uint64

	// current is the leg being worked on, so that a panic can be laid to a
	// call; condemned is the last one to which that happened. ticking is set
	// while the application handles a Tick; it gets none before rest.
	current, condemned leg.ID
	ticking            bool
	rest               time.Time

	// queue is what the step at hand has still to do, from next on, and out
	// what it has returned so far. They survive a panic. Between steps they
	// and the scratch slices are empty.
	queue   []work
	next    int
	out     []Action
	txs     []transaction.Action
	actions []leg.Action
	app     []Action
}

// allow lists what a call of ours understands.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE"

// New returns an empty shard.
func New(c Config) *UA {
	c.Timers = filled(c.Timers)
	u := &UA{
		cfg:       c,
		guard:     header.NewGuard(c.Limits),
		legs:      make(map[leg.ID]*leg.Leg),
		tags:      make(map[token.Tag]leg.ID),
		merges:    newMerges(),
		asks:      make(map[leg.ID]uint64),
		oversized: make(map[Peer]bool),
	}
	u.table = transaction.NewTable(u.tableConfig())
	u.salt = c.Source.Uint64()
	u.env = leg.Env{Source: c.Source, Timers: c.Timers, Hosts: c.Hosts, Resolve: u.resolve, Allow: allow}
	return u
}

// Datagram takes one message from the wire. Data is not kept.
func (u *UA) Datagram(now time.Time, f flow.Flow, data []byte, out []Action) []Action {
	u.begin(out)
	m, err := header.Parse(u.guard, data)
	if err != nil {
		u.malformed(f, data, err)
		return u.end()
	}
	switch m := m.(type) {
	case *sip.Request:
		if !u.welcome(now, f, m) {
			return u.end()
		}
	case *sip.Response:
		// A stranger's 2xx would have a dialog ended that it invents.
		if _, known := u.cfg.Peer(f); !known {
			u.counts.Strangers++
			return u.end()
		}
	}
	u.feed(now, transaction.Received{Flow: f, Message: m})
	u.drain(now)
	return u.end()
}

// MediaEvent takes what the media plane reports.
func (u *UA) MediaEvent(now time.Time, ev relay.Event, out []Action) []Action {
	u.begin(out)
	u.tellApp(now, MediaEvent{ev})
	u.drain(now)
	return u.end()
}

// Do carries out actions as if the application had returned them.
func (u *UA) Do(now time.Time, actions, out []Action) []Action {
	u.begin(out)
	for _, a := range actions {
		u.queue = append(u.queue, work{app: a})
	}
	u.drain(now)
	return u.end()
}

// Unreachable takes the transport's word that a flow cannot be sent on.
func (u *UA) Unreachable(now time.Time, f flow.Flow, out []Action) []Action {
	u.begin(out)
	u.feed(now, transaction.Unreachable{Flow: f})
	u.drain(now)
	return u.end()
}

// Timeout lets time pass: everything due at now happens.
func (u *UA) Timeout(now time.Time, out []Action) []Action {
	u.begin(out)
	u.feed(now, transaction.Timeout{})
	u.drain(now)
	for {
		id, ok := u.timers.Pop(now)
		if !ok {
			break
		}
		if l := u.legs[id]; l != nil {
			u.current = id
			u.actions = l.Timeout(now, u.actions[:0])
			u.enqueueLeg(id)
			u.arm(l)
			u.drain(now)
		}
	}
	if at := u.appDeadline(); !at.IsZero() && !now.Before(at) {
		u.current, u.ticking = 0, true
		u.tellApp(now, Tick{})
		u.ticking = false
		u.drain(now)
	}
	return u.end()
}

// Deadline returns when Timeout is due, or the zero time.
func (u *UA) Deadline() time.Time {
	at, _ := u.table.Deadline()
	return deadline.Earliest(deadline.Earliest(at, u.timers.Next()), u.appDeadline())
}

// appDeadline is the application's, but a Tick that panicked is not repeated
// before rest: the loop would do nothing else.
func (u *UA) appDeadline() time.Time {
	at := u.cfg.App.Deadline()
	if !at.IsZero() && at.Before(u.rest) {
		return u.rest
	}
	return at
}

// Counts returns what the shard holds and has seen.
func (u *UA) Counts() Counts {
	c := u.counts
	c.Legs = len(u.legs)
	c.Transactions = u.table.Live()
	return c
}

// begin starts a step.
func (u *UA) begin(out []Action) { u.out, u.current, u.ticking = out, 0, false }

// end returns what the step has to say.
func (u *UA) end() []Action {
	out := u.out
	u.out = nil
	return out
}

func (u *UA) remember(l *leg.Leg) {
	u.legs[l.ID()] = l
	u.tags[l.LocalTag()] = l.ID()
}

func (u *UA) forget(id leg.ID) {
	if l := u.legs[id]; l != nil {
		ebb.Delete(&u.tags, &u.most.tags, l.LocalTag())
		ebb.Delete(&u.legs, &u.most.legs, id)
		u.timers.Remove(id)
	}
}
