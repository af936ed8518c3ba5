package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/ebb"
)

// work is one entry of the queue: exactly one of its fields is set, beside the
// leg it concerns where that is known.
type work struct {
	tx      transaction.Action
	request transaction.Input
	leg     leg.ID
	legWork leg.Action
	app     Action
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
	u.queue, u.next = ebb.Empty(u.queue), 0
}

// feed steps the transaction table.
func (u *UA) feed(now time.Time, in transaction.Input) {
	if r, ok := in.(transaction.Respond); ok && r.Response.StatusCode >= 300 {
		u.merges.forget(r.ID)
	}
	u.txs = u.table.Handle(now, in, u.txs)
	for _, a := range u.txs {
		u.queue = append(u.queue, work{tx: a})
	}
	clear(u.txs) // or what they name would live until as much is done again
	u.txs = ebb.Empty(u.txs)
}

// enqueueLeg queues what a leg has returned, which is in u.actions.
func (u *UA) enqueueLeg(id leg.ID) {
	for _, a := range u.actions {
		u.queue = append(u.queue, work{leg: id, legWork: a})
	}
	clear(u.actions)
}

func (u *UA) tellApp(now time.Time, in Input) {
	u.app = u.cfg.App.Handle(now, in, u.app)
	for _, a := range u.app {
		u.queue = append(u.queue, work{app: a})
	}
	clear(u.app)
	u.app = ebb.Empty(u.app)
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
		if owner = u.legOf(a); owner == 0 {
			u.endStray(a.Flow, a.Response)
		}
	case transaction.Started:
		owner = a.Owner
	case transaction.Cancelled:
		owner = a.Owner
	case transaction.Failed:
		if owner = a.Owner; u.replied(now, owner, nil) {
			return
		}
	case transaction.Answered:
		if owner = a.Owner; u.replied(now, owner, a.Response) {
			return
		}
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

// legOf returns the leg whose INVITE a stray 2xx answers, or 0.
func (u *UA) legOf(a transaction.Stray) leg.ID {
	id := u.tags[token.TagOf(header.Text(a.Response, "From"))]
	l := u.legs[id]
	if l == nil {
		return 0
	}
	with, _ := u.cfg.Peer(l.Flow())
	if is, _ := u.cfg.Peer(a.Flow); is != with {
		return 0
	}
	return id
}

// endStray ends a dialog that a late 2xx made. Its leg is gone.
func (u *UA) endStray(f flow.Flow, r *sip.Response) {
	u.actions = leg.EndStray(&u.env, f, r, u.actions[:0])
	u.enqueueLeg(0)
}

func (u *UA) handLeg(now time.Time, l *leg.Leg, a transaction.Action) {
	u.current = l.ID()
	u.actions = l.Handle(now, a, u.actions[:0])
	u.enqueueLeg(l.ID())
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
	case leg.Settled:
		u.feed(now, transaction.Settle{ID: a.Tx})
	}
}

// fromApp carries out what the application returned: commands to legs are
// done here, the rest is for whoever steps the shard.
func (u *UA) fromApp(now time.Time, a Action) {
	if answer, ok := a.(Respond); ok {
		u.answer(answer)
		return
	}
	if question, ok := a.(Ask); ok {
		u.ask(now, question)
		return
	}
	c, ok := a.(Command)
	if !ok {
		u.out = append(u.out, a)
		return
	}
	l := u.legs[c.Leg]
	if l == nil {
		dial, ok := c.Command.(leg.Dial)
		if !ok {
			return // it crossed with the leg's end
		}
		l = leg.New(&u.env, c.Leg, u.terms(dial.Flow))
		u.remember(l)
	}
	u.command(now, l, c.Command)
}

func (u *UA) command(now time.Time, l *leg.Leg, c leg.Command) {
	u.current = l.ID()
	u.actions = l.Command(now, c, u.actions[:0])
	u.enqueueLeg(l.ID())
	u.arm(l)
}
