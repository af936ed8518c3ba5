package load

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// quiet is how long no SIP may have come before a trial is over: a peer that
	// lacks an answer asks again after T1.
	quiet = 700 * time.Millisecond
	// farewell is how long calls have to end once the trial is stopped.
	farewell = 10 * time.Second
)

// Trial is a run of the generator.
type Trial struct {
	stopped atomic.Bool
	ended   chan struct{} // closed by the loop's goroutine when report is set
	report  *Report
	unhook  func() bool

	mu     sync.Mutex
	counts Counts
}

// Counts is what a trial has reached so far.
type Counts struct {
	// Placed calls so far; Standing are those that are not over, Talking those
	// with media in both directions at this moment.
	Placed, Standing, Talking int
	// Sent and Received are packets in both directions.
	Sent, Received uint64
}

// Start begins a trial, which ends when all its calls are over, when ctx ends
// (calls that stand are then hung up), or at its limit. The error says what is
// wrong with c, or what could not be bound.
func Start(ctx context.Context, c Config) (*Trial, error) {
	c = c.filled()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	var run [4]byte
	_, _ = rand.Read(run[:]) // it never fails (crypto/rand)
	t := &Trial{ended: make(chan struct{})}
	l, err := newLoop(&c, binary.BigEndian.Uint32(run[:]), t)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	t.unhook = context.AfterFunc(ctx, t.Stop)
	go func() { // ends with the trial; Wait waits for it
		defer close(t.ended)
		t.report = l.run()
	}()
	return t, nil
}

// Stop lets no further call begin and hangs up those that stand. It does not
// wait.
func (t *Trial) Stop() { t.stopped.Store(true) }

// Wait returns what the trial has shown, once it has ended.
func (t *Trial) Wait() *Report {
	<-t.ended
	t.unhook()
	return t.report
}

// Ended is closed when the trial has ended.
func (t *Trial) Ended() <-chan struct{} { return t.ended }

// Counts returns what the trial had reached a moment ago: 20 ms at most, while
// it runs.
func (t *Trial) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

func (t *Trial) publish(c Counts) {
	t.mu.Lock()
	t.counts = c
	t.mu.Unlock()
}
