package shard

import (
	"sync"
	"time"

	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

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
	events, in.events = in.events, events
	asks := in.asks
	in.asks = nil
	return events, asks
}
