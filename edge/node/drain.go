package node

import (
	"context"
	"time"

	"sekisho/edge/sip/ua"
)

// Drain lets no call begin in this instance any more, whoever places it; OPTIONS are
// answered 503, so that peers turn to another instance. Calls that stand go on
// until they end by themselves; State tells how many there are. It returns when
// every shard knows.
func (n *Node) Drain() {
	n.border.each(func(i int, _ time.Time) []ua.Action { n.borders[i].Drain(); return nil })
	n.core.each(func(i int, _ time.Time) []ua.Action { n.cores[i].Drain(); return nil })
}

// farewell is how long the end of an instance waits for the last statistics of its
// calls. Nobody's answer is waited for, so that it takes some milliseconds.
const farewell = time.Second

// hangUp ends what stands, so that every party hears of it and every call has its
// record.
func (n *Node) hangUp() {
	if len(n.borders) == 0 || !n.border.runs() || !n.core.runs() {
		return // it never opened
	}
	n.Drain()
	n.border.each(func(i int, _ time.Time) []ua.Action { return n.borders[i].HangUp(nil) })
	n.core.each(func(i int, now time.Time) []ua.Action { return n.cores[i].HangUp(now, nil) })
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	for {
		s, err := n.State(ctx)
		if err != nil || s.Calls == 0 {
			return
		}
		time.Sleep(2 * time.Millisecond) // a loop may not be held up by this
	}
}

// runs reports whether every shard has its loop, and none has been closed.
func (a *application) runs() bool { return len(a.loops) == len(a.inboxes) }
