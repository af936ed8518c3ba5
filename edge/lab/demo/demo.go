package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// limit bounds a whole demo.
const limit = 60 * time.Second

// Steps begin one after another: the one that is timed against the clock goes
// first, and the rest a little apart.
const (
	headStart = 400 * time.Millisecond
	apart     = 100 * time.Millisecond
)

// Options are what a demo is run with.
type Options struct {
	// Step is the one step to perform; empty performs all.
	Step string
	// Fault is what the product is given differently.
	Fault Fault
	// Out gets the text as steps are over, in their order.
	Out   io.Writer
	Style Style
}

// Report is how a demo came out.
type Report struct {
	// Checks counts what was looked at.
	Checks int
	// Failed are the names of checks that failed, "step: check".
	Failed []string
	Took   time.Duration
}

// ErrUnknownStep is the error of a step that does not exist.
var ErrUnknownStep = errors.New("unknown step")

// Run performs a demo. It returns when nothing of it runs any more. The error
// says why there was none, or why it could not be printed; what went wrong
// within is in the Report.
func Run(ctx context.Context, o Options) (r Report, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the demo's limit of %v", limit))
	defer cancel()
	began := time.Now()
	chosen, err := listed(o.Step)
	if err != nil {
		return Report{}, err
	}
	s, err := openStage(o.Fault, steps())
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	w := writer{out: o.Out, style: o.Style}
	w.header(s, o.Fault, len(chosen))
	if w.err != nil {
		return r, w.err
	}
	for p := range s.performAll(ctx, chosen) {
		w.step(s, p)
		r.add(p.step.name, p.checks)
		if w.err != nil {
			return r, w.err // nobody reads on
		}
	}
	rest := s.atRest(ctx)
	w.rest(rest)
	r.add("afterwards", rest)
	r.Took = time.Since(began)
	w.summary(r)
	return r, w.err
}

func (s *stage) atRest(ctx context.Context) []Check {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.rest(ctx)
}

func (r *Report) add(step string, checks []Check) {
	r.Checks += len(checks)
	for _, c := range checks {
		if !c.OK {
			r.Failed = append(r.Failed, step+": "+c.Name)
		}
	}
}

// performAll performs the steps side by side and yields them in their order,
// each as soon as it and those before it are over.
func (s *stage) performAll(ctx context.Context, chosen []step) func(yield func(performance) bool) {
	return func(yield func(performance) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		done := make([]chan performance, len(chosen))
		for i, st := range chosen {
			done[i] = make(chan performance, 1) // room for the one result
			running.Go(func() {
				pause(ctx, start(i, len(chosen)))
				done[i] <- s.perform(ctx, st)
			})
		}
		for _, d := range done {
			if !yield(<-d) {
				return
			}
		}
	}
}

// start returns when step i of n begins: the last at once.
func start(i, n int) time.Duration {
	if i == n-1 {
		return 0
	}
	return headStart + time.Duration(i)*apart
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
