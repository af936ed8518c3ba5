package ua

import (
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
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
	// Refused counts requests answered here, by status class 4xx and 5xx.
	Refused uint64
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
	counts Counts
	salt   uint64

	// current is the leg being worked on, so that a panic can be laid to a call.
	current leg.ID
	// queue and the scratch slices are empty between steps.
	queue   []work
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

// methods are those of the RFCs that a request may name without being unknown
// (RFC 3261 §21.5.2: 501 is for the others).
var methods = map[sip.RequestMethod]bool{
	sip.INVITE: true, sip.ACK: true, sip.BYE: true, sip.CANCEL: true, sip.OPTIONS: true, sip.REGISTER: true,
	sip.PRACK: true, sip.UPDATE: true, sip.INFO: true, sip.SUBSCRIBE: true, sip.NOTIFY: true, sip.REFER: true,
	sip.MESSAGE: true, sip.PUBLISH: true,
}

// allow lists what a call of ours understands.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS"

// New returns an empty shard.
func New(c Config) *UA {
	t := c.Timers
	if t.T1 == 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 == 0 {
		t.T2 = 4 * time.Second
	}
	if t.T4 == 0 {
		t.T4 = 5 * time.Second
	}
	c.Timers = t
	u := &UA{
		cfg:   c,
		guard: header.NewGuard(c.Limits),
		table: transaction.NewTable(transaction.Config{Timers: t, Tokens: c.Source}),
		legs:  make(map[leg.ID]*leg.Leg),
		tags:  make(map[token.Tag]leg.ID),
		salt:  c.Source.Uint64(),
	}
	u.env = leg.Env{Source: c.Source, Timers: t, Hosts: c.Hosts, Resolve: u.resolve, Allow: allow}
	return u
}

// Datagram takes one message from the wire. Data is not kept.
func (u *UA) Datagram(now time.Time, f flow.Flow, data []byte, out []Action) []Action {
	m, err := header.Parse(u.guard, data)
	if err != nil {
		return u.malformed(f, data, err, out)
	}
	u.txs = u.table.Handle(now, transaction.Received{Flow: f, Message: m}, u.txs[:0])
	u.enqueue(u.txs)
	return u.drain(now, out)
}

// MediaEvent takes what the media plane reports.
func (u *UA) MediaEvent(now time.Time, ev relay.Event, out []Action) []Action {
	u.tellApp(now, MediaEvent{ev})
	return u.drain(now, out)
}

// Unreachable takes the transport's word that a flow cannot be sent on.
func (u *UA) Unreachable(now time.Time, f flow.Flow, out []Action) []Action {
	u.txs = u.table.Handle(now, transaction.Unreachable{Flow: f}, u.txs[:0])
	u.enqueue(u.txs)
	return u.drain(now, out)
}

// Timeout lets time pass: everything due at now happens.
func (u *UA) Timeout(now time.Time, out []Action) []Action {
	u.txs = u.table.Handle(now, transaction.Timeout{}, u.txs[:0])
	u.enqueue(u.txs)
	out = u.drain(now, out)
	for {
		id, ok := u.timers.Pop(now)
		if !ok {
			break
		}
		if l := u.legs[id]; l != nil {
			u.actions = l.Timeout(now, u.actions[:0])
			u.enqueueLeg(id, u.actions)
			u.arm(l)
			out = u.drain(now, out)
		}
	}
	if at := u.cfg.App.Deadline(); !at.IsZero() && !now.Before(at) {
		u.tellApp(now, Tick{})
		out = u.drain(now, out)
	}
	return out
}

// Abandon recovers the shard after a panic in a step: what was queued is
// dropped, and the call that was being worked on is ended for its application,
// which then gives back what the call had leased.
func (u *UA) Abandon(now time.Time, out []Action) []Action {
	id := u.current
	u.current = 0
	clear(u.queue)
	u.queue = u.queue[:0]
	if id == 0 || u.legs[id] == nil {
		return out
	}
	u.forget(id)
	u.tellApp(now, LegEvent{Leg: id, Event: leg.Ended{Cause: cause.Cause{Status: 500, Q850: cause.TemporaryFailure, Text: "internal fault"}}})
	return u.drain(now, out)
}

// Deadline returns when Timeout is due, or the zero time.
func (u *UA) Deadline() time.Time {
	at, _ := u.table.Deadline()
	return deadline.Earliest(deadline.Earliest(at, u.timers.Next()), u.cfg.App.Deadline())
}

// Counts returns what the shard holds and has seen.
func (u *UA) Counts() Counts {
	c := u.counts
	c.Legs = len(u.legs)
	c.Transactions = u.table.Live()
	return c
}

// drain carries out the queue until nothing follows from anything.
func (u *UA) drain(now time.Time, out []Action) []Action {
	for i := 0; i < len(u.queue); i++ {
		switch w := u.queue[i]; {
		case w.tx != nil:
			out = u.fromTable(now, w.tx, out)
		case w.request != nil:
			u.txs = u.table.Handle(now, w.request, u.txs[:0])
			u.enqueue(u.txs)
		case w.legWork != nil:
			out = u.fromLeg(now, w.leg, w.legWork, out)
		case w.app != nil:
			out = u.fromApp(now, w.app, out)
		}
	}
	clear(u.queue)
	u.queue = u.queue[:0]
	return out
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
}

// fromTable handles what the transaction table hands up.
func (u *UA) fromTable(now time.Time, a transaction.Action, out []Action) []Action {
	owner := transaction.Owner(0)
	switch a := a.(type) {
	case transaction.Send:
		return append(out, Send(a))
	case transaction.Arrived:
		u.arrived(now, a)
		return out
	case transaction.Stray:
		u.endStray(a.Flow, a.Response)
		return out
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
	}
	if l := u.legs[owner]; l != nil {
		u.handLeg(now, l, a)
	}
	return out
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
func (u *UA) fromLeg(now time.Time, id leg.ID, a leg.Action, out []Action) []Action {
	var in transaction.Input
	switch a := a.(type) {
	case leg.Tell:
		u.current = id
		u.tellApp(now, LegEvent{Leg: id, Event: a.Event})
		return out
	case leg.Gone:
		u.forget(id)
		return out
	case leg.Once:
		return append(out, Send{Flow: a.Flow, Data: a.Data})
	case leg.Transact:
		in = transaction.Request{Owner: id, Flow: a.Flow, Request: a.Request}
	case leg.Reply:
		in = transaction.Respond{ID: a.Tx, Response: a.Response}
	case leg.Again:
		in = transaction.Repeat{ID: a.Tx}
	}
	u.txs = u.table.Handle(now, in, u.txs[:0])
	u.enqueue(u.txs)
	return out
}

// fromApp carries out what the application returned: commands to legs are
// done here, the rest is for whoever steps the shard.
func (u *UA) fromApp(now time.Time, a Action, out []Action) []Action {
	c, ok := a.(Command)
	if !ok {
		return append(out, a)
	}
	l := u.legs[c.Leg]
	if l == nil {
		if _, dial := c.Command.(leg.Dial); !dial {
			return out // it crossed with the leg's end
		}
		l = leg.New(&u.env, c.Leg)
		u.remember(l)
	}
	u.current = c.Leg
	u.actions = l.Command(now, c.Command, u.actions[:0])
	u.enqueueLeg(c.Leg, u.actions)
	u.arm(l)
	return out
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

// resolve turns the next hop of an in-dialog request into a flow. Only an
// address of the same peer is followed: a Contact or a Record-Route never
// takes our requests to a third party.
func (u *UA) resolve(nextHop string, established flow.Flow) flow.Flow {
	var uri sip.Uri
	if sip.ParseUri(nextHop, &uri) != nil {
		return established
	}
	addr, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return established
	}
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	f := established
	f.Remote = netip.AddrPortFrom(addr.Unmap(), uint16(port))
	if f == established {
		return f
	}
	was, ok := u.cfg.Peer(established)
	if is, known := u.cfg.Peer(f); !ok || !known || is != was {
		return established
	}
	return f
}
