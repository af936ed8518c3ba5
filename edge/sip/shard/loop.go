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
	Log    *slog.Logger
}

// Inbox is where the rim leaves work for a loop before and while it runs. It
// exists before the machine does, since readers may deliver as soon as their
// sockets are open.
type Inbox struct {
	// batches is written by transport's readers and read by the loop; when it
	// is full Deliver says so and the reader drops the batch and counts it.
	batches chan *transport.Batch
	// wake has room for one: it says that events or requests wait.
	wake chan struct{}

	mu sync.Mutex
	// events wait for the loop. Their number is bounded by the endpoints that
	// can speak, so that none has to be dropped.
	events []relay.Event
	asks   []func(time.Time, *ua.UA) []ua.Action
}

// NewInbox returns an inbox for depth batches.
func NewInbox(depth int) *Inbox {
	return &Inbox{batches: make(chan *transport.Batch, depth), wake: make(chan struct{}, 1)}
}

// Deliver leaves a batch; false means that the inbox is full.
func (in *Inbox) Deliver(b *transport.Batch) bool {
	select {
	case in.batches <- b:
		return true
	default:
		return false
	}
}

// Event leaves a media event.
func (in *Inbox) Event(ev relay.Event) {
	in.mu.Lock()
	in.events = append(in.events, ev)
	in.mu.Unlock()
	in.rouse()
}

// Ask has f run on the loop between two steps; the actions it returns are
// carried out as the application's. f must not keep the machine, and never runs
// once the loop is closed.
func (in *Inbox) Ask(f func(now time.Time, u *ua.UA) []ua.Action) {
	in.mu.Lock()
	in.asks = append(in.asks, f)
	in.mu.Unlock()
	in.rouse()
}

func (in *Inbox) rouse() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

func (in *Inbox) take(events []relay.Event) ([]relay.Event, []func(time.Time, *ua.UA) []ua.Action) {
	in.mu.Lock()
	defer in.mu.Unlock()
	events, in.events = in.events, events[:0]
	asks := in.asks
	in.asks = nil
	return events, asks
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

func (l *Loop) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		if at := l.cfg.UA.Deadline(); !at.IsZero() {
			wait = time.Until(at)
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
	l.events = events
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
	}
}

func (l *Loop) carryOut() {
	l.out, l.cmds = l.out[:0], l.cmds[:0]
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
		case ua.Note:
			l.note(a)
		case ua.Command:
		}
	}
	clear(l.acts)
	l.acts = l.acts[:0]
	if len(l.cmds) > 0 && l.cfg.Media != nil {
		l.cfg.Media(l.cmds)
	}
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
