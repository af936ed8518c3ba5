package shard

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
)

// Config is what a loop works with. UA and Send must be set.
type Config struct {
	UA *ua.UA
	// Send is the transport's; it does not block.
	Send func([]transport.Outgoing) int
	// Media gives commands to the media plane; it does not block for long. The
	// slice is the callee's only until it returns.
	Media func([]relay.Command)
	// Record takes finished calls. It runs on the loop and must not block.
	Record func(*cdr.Record)
	// Activity takes the events of the streams beside the records, as Record does.
	Activity func(*cdr.Activity)
	Log      *slog.Logger
}

// Loop is a running shard.
type Loop struct {
	cfg    Config
	inbox  *Inbox
	stop   chan struct{} // closed by Close
	done   sync.WaitGroup
	once   sync.Once
	panics atomic.Uint64

	out    []transport.Outgoing
	cmds   []relay.Command
	acts   []ua.Action
	events []relay.Event
}

// Run starts the loop. Close stops it.
func Run(c Config, in *Inbox) *Loop {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	l := &Loop{cfg: c, inbox: in, stop: make(chan struct{})}
	// Owned by the Loop; ends when Close closes stop.
	l.done.Go(l.run)
	return l
}

// Close stops the loop after the step it is in and waits for it.
func (l *Loop) Close() {
	l.once.Do(func() { close(l.stop) })
	l.done.Wait()
}

// Panics returns how many steps ended in a panic of ours.
func (l *Loop) Panics() uint64 { return l.panics.Load() }

// most bounds the batches of one turn, so that timers are never starved.
const most = 32

// grain is how far apart the loop wakes for timers alone. None of SIP's is so
// short that it matters, and thousands of transactions a second end by one.
const grain = 5 * time.Millisecond

func (l *Loop) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	began := time.Now()
	for {
		wait := time.Hour
		if at := l.cfg.UA.Deadline(); !at.IsZero() {
			since := at.Sub(began) + grain - 1
			wait = time.Until(began.Add(since - since%grain))
		}
		if wait > 0 {
			timer.Reset(wait)
			select {
			case b := <-l.inbox.batches:
				l.take(b)
			case <-l.inbox.wake:
			case <-timer.C:
			case <-l.stop:
				return
			}
		} else {
			select {
			case <-l.stop:
				return
			default:
			}
		}
		l.turn()
	}
}

// turn does everything that waits, then lets time pass and flushes.
func (l *Loop) turn() {
	for range most {
		select {
		case b := <-l.inbox.batches:
			l.take(b)
			continue
		default:
		}
		break
	}
	now := time.Now()
	events, asks := l.inbox.take(l.events)
	for _, ev := range events {
		l.step(now, func() { l.acts = l.cfg.UA.MediaEvent(now, ev, l.acts) })
	}
	clear(events)
	l.events = ebb.Empty(events)
	for _, ask := range asks {
		l.step(now, func() { l.acts = l.cfg.UA.Do(now, ask(now, l.cfg.UA), l.acts) })
	}
	if at := l.cfg.UA.Deadline(); !at.IsZero() && !now.Before(at) {
		l.step(now, func() { l.acts = l.cfg.UA.Timeout(now, l.acts) })
	}
	l.flush(now)
}

func (l *Loop) take(b *transport.Batch) {
	now := time.Now()
	for i := range b.Messages {
		m := &b.Messages[i]
		l.step(now, func() { l.acts = l.cfg.UA.Datagram(now, m.Flow, m.Data, l.acts) })
	}
	b.Free()
}

// step runs one step of the machine. A panic is our bug: it is logged once
// with its stack and counted, the call it happened in is ended, all others go
// on.
func (l *Loop) step(now time.Time, do func()) {
	for range maxPanics {
		if !l.panicked(do) {
			return
		}
		do = func() { l.acts = l.cfg.UA.Abandon(now, l.acts) }
	}
}

// maxPanics bounds the panics of one step: the first, those of ending the legs
// it leaves, and no more, should the machine itself be broken.
const maxPanics = 8

// panicked runs do and reports whether it panicked.
func (l *Loop) panicked(do func()) (yes bool) {
	defer func() {
		if r := recover(); r != nil {
			yes = true
			l.panics.Add(1)
			l.cfg.Log.Error("panic in a call", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	do()
	return false
}

// flush carries out what the steps have left, and what follows where the
// transport cannot send it.
func (l *Loop) flush(now time.Time) {
	for len(l.acts) > 0 {
		l.carryOut()
		for i := range l.out {
			if f := l.out[i].Flow; l.out[i].Err != nil {
				l.step(now, func() { l.acts = l.cfg.UA.Unreachable(now, f, l.acts) })
			}
		}
		clear(l.out)
		l.out = ebb.Empty(l.out)
	}
}

func (l *Loop) carryOut() {
	for _, a := range l.acts {
		switch a := a.(type) {
		case ua.Send:
			l.out = append(l.out, transport.Outgoing{Flow: a.Flow, Data: a.Data})
		case ua.Media:
			l.cmds = append(l.cmds, a.Command)
		case ua.Record:
			if l.cfg.Record != nil {
				l.cfg.Record(a.Record)
			}
		case ua.Activity:
			if l.cfg.Activity != nil {
				l.cfg.Activity(a.Activity)
			}
		case ua.Note:
			l.note(a)
		case ua.Command:
		}
	}
	clear(l.acts)
	l.acts = ebb.Empty(l.acts)
	if len(l.cmds) > 0 && l.cfg.Media != nil {
		l.cfg.Media(l.cmds)
	}
	clear(l.cmds)
	l.cmds = ebb.Empty(l.cmds)
	if len(l.out) > 0 {
		l.cfg.Send(l.out)
	}
}

func (l *Loop) note(n ua.Note) {
	level := slog.LevelInfo
	if n.Level == ua.Warn {
		level = slog.LevelWarn
	}
	args := make([]any, len(n.Fields))
	for i, f := range n.Fields {
		args[i] = f
	}
	l.cfg.Log.Log(context.Background(), level, n.Message, args...)
}
