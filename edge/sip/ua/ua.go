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
	"sekisho/media/relay"
)

// Config is what a shard is made with.
type Config struct {
	Source token.Source
	// Timers default to RFC 3261's.
	Timers transaction.Timers
	// Hosts are our listeners as peers see them, by flow.Listener.
	Hosts  []leg.Host
	Limits header.Limits
	// Peer says who is behind a flow; false for nobody we know. In-dialog
	// requests count only from the peer the dialog is with.
	Peer func(flow.Flow) (Peer, bool)
	// Services are the requests outside any dialog, beside INVITE and OPTIONS,
	// that the application serves. All others are refused here.
	Services map[sip.RequestMethod]Screen
	// Legs names the legs; shared with the application.
	Legs *Sequence
	App  App
}

// Counts is what a shard has seen and holds.
type Counts struct {
	Legs         int
	Transactions transaction.Counts
	// Malformed counts messages the guard refused, by header.Kind.
	Malformed [64]uint64
	// Strangers counts requests from a flow without a peer, or for a dialog
	// with another one.
	Strangers uint64
	// Unmatched counts requests and ACKs for dialogs that do not exist.
	Unmatched uint64
	// Merged counts INVITEs that came a second time by another way.
	Merged uint64
	// Refused counts requests answered here with a failure, Merged included.
	Refused uint64
	// Abandoned counts panics of ours.
	Abandoned uint64
}

// UA is one shard.
type UA struct {
	cfg    Config
	env    leg.Env
	guard  *header.Guard
	table  *transaction.Table
	legs   map[leg.ID]*leg.Leg
	tags   map[token.Tag]leg.ID
	timers deadline.Heap[leg.ID]
	merges merges
	counts Counts
	salt   uint64

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

// work is one entry of the queue: exactly one of its fields is set, legWork
// together with the leg it came from.
type work struct {
	tx      transaction.Action
	request transaction.Input
	leg     leg.ID
	legWork leg.Action
	app     Action
}

// allow lists what a call of ours understands.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS"

// New returns an empty shard.
func New(c Config) *UA {
	c.Timers = filled(c.Timers)
	u := &UA{
		cfg:    c,
		guard:  header.NewGuard(c.Limits),
		table:  transaction.NewTable(c.table()),
		legs:   make(map[leg.ID]*leg.Leg),
		tags:   make(map[token.Tag]leg.ID),
		merges: newMerges(),
		salt:   c.Source.Uint64(),
	}
	u.env = leg.Env{Source: c.Source, Timers: c.Timers, Hosts: c.Hosts, Resolve: u.resolve, Allow: allow}
	return u
}

// filled puts RFC 3261's values where t is silent (Table 4).
func filled(t transaction.Timers) transaction.Timers {
	if t.T1 == 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 == 0 {
		t.T2 = 4 * time.Second
	}
	if t.T4 == 0 {
		t.T4 = 5 * time.Second
	}
	return t
}

func (c *Config) table() transaction.Config {
	return transaction.Config{Timers: c.Timers, Tokens: c.Source}
}

// Datagram takes one message from the wire. Data is not kept.
func (u *UA) Datagram(now time.Time, f flow.Flow, data []byte, out []Action) []Action {
	u.begin(out)
	m, err := header.Parse(u.guard, data)
	if err != nil {
		u.malformed(f, data, err)
		return u.end()
	}
	if r, request := m.(*sip.Request); request && !u.welcome(now, f, r) {
		return u.end()
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
			u.enqueueLeg(id, u.actions)
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

// drain carries out the queue until nothing follows from anything.
func (u *UA) drain(now time.Time) {
	for u.next < len(u.queue) {
		w := u.queue[u.next]
		u.next++
		u.current = w.leg
		switch {
		case w.tx != nil:
			u.fromTable(now, w.tx)
		case w.request != nil:
			u.feed(now, w.request)
		case w.legWork != nil:
			u.fromLeg(now, w.leg, w.legWork)
		case w.app != nil:
			u.fromApp(now, w.app)
		}
	}
	clear(u.queue)
	u.queue, u.next = u.queue[:0], 0
}

// feed steps the transaction table.
func (u *UA) feed(now time.Time, in transaction.Input) {
	u.txs = u.table.Handle(now, in, u.txs[:0])
	u.enqueue(u.txs)
}

func (u *UA) enqueue(actions []transaction.Action) {
	for _, a := range actions {
		u.queue = append(u.queue, work{tx: a})
	}
}

func (u *UA) enqueueLeg(id leg.ID, actions []leg.Action) {
	for _, a := range actions {
		u.queue = append(u.queue, work{leg: id, legWork: a})
	}
}

func (u *UA) tellApp(now time.Time, in Input) {
	u.app = u.cfg.App.Handle(now, in, u.app[:0])
	for _, a := range u.app {
		u.queue = append(u.queue, work{app: a})
	}
	clear(u.app)
}

// fromTable handles what the transaction table hands up.
func (u *UA) fromTable(now time.Time, a transaction.Action) {
	owner := transaction.Owner(0)
	switch a := a.(type) {
	case transaction.Send:
		u.out = append(u.out, Send(a))
	case transaction.Arrived:
		u.arrived(now, a)
	case transaction.Stray:
		u.endStray(a.Flow, a.Response)
	case transaction.Started:
		owner = a.Owner
	case transaction.Cancelled:
		owner = a.Owner
	case transaction.Failed:
		owner = a.Owner
	case transaction.Answered:
		owner = a.Owner
		if u.legs[owner] == nil {
			// The leg is gone, but a 2xx of another branch still made a dialog.
			u.endStray(a.Flow, a.Response)
		}
	case transaction.Ended:
		u.merges.forget(a.ID)
	}
	if l := u.legs[owner]; l != nil {
		u.handLeg(now, l, a)
	}
}

// endStray ends a dialog that a late 2xx made. Its leg is gone.
func (u *UA) endStray(f flow.Flow, r *sip.Response) {
	u.actions = leg.EndStray(&u.env, f, r, u.actions[:0])
	u.enqueueLeg(0, u.actions)
}

func (u *UA) handLeg(now time.Time, l *leg.Leg, a transaction.Action) {
	u.current = l.ID()
	u.actions = l.Handle(now, a, u.actions[:0])
	u.enqueueLeg(l.ID(), u.actions)
	u.arm(l)
}

func (u *UA) arm(l *leg.Leg) {
	at, _ := l.Deadline()
	u.timers.Set(l.ID(), at)
}

// fromLeg carries out what a leg returned.
func (u *UA) fromLeg(now time.Time, id leg.ID, a leg.Action) {
	switch a := a.(type) {
	case leg.Tell:
		u.tellApp(now, LegEvent{Leg: id, Event: a.Event})
	case leg.Gone:
		u.forget(id)
	case leg.Once:
		u.out = append(u.out, Send(a))
	case leg.Transact:
		u.feed(now, transaction.Request{Owner: id, Flow: a.Flow, Request: a.Request})
	case leg.Reply:
		u.feed(now, transaction.Respond{ID: a.Tx, Response: a.Response})
	case leg.Again:
		u.feed(now, transaction.Repeat{ID: a.Tx})
	}
}

// fromApp carries out what the application returned: commands to legs are
// done here, the rest is for whoever steps the shard.
func (u *UA) fromApp(now time.Time, a Action) {
	if answer, ok := a.(Respond); ok {
		u.answer(answer)
		return
	}
	c, ok := a.(Command)
	if !ok {
		u.out = append(u.out, a)
		return
	}
	l := u.legs[c.Leg]
	if l == nil {
		if _, dial := c.Command.(leg.Dial); !dial {
			return // it crossed with the leg's end
		}
		l = leg.New(&u.env, c.Leg)
		u.remember(l)
	}
	u.command(now, l, c.Command)
}

func (u *UA) command(now time.Time, l *leg.Leg, c leg.Command) {
	u.current = l.ID()
	u.actions = l.Command(now, c, u.actions[:0])
	u.enqueueLeg(l.ID(), u.actions)
	u.arm(l)
}

func (u *UA) remember(l *leg.Leg) {
	u.legs[l.ID()] = l
	u.tags[l.LocalTag()] = l.ID()
}

func (u *UA) forget(id leg.ID) {
	if l := u.legs[id]; l != nil {
		delete(u.tags, l.LocalTag())
		delete(u.legs, id)
		u.timers.Remove(id)
	}
}
