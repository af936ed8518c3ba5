package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/siptest"
)

// performance is a step that was performed.
type performance struct {
	step   step
	ladder string
	checks []Check
}

// listening is how much of the other's voice a party hears before it judges.
const listening = 2 * time.Second

// patience bounds each wait for signalling. It is long for a loopback, so that
// a busy machine is not taken for a fault; a fault ends most waits at once.
const patience = 8 * time.Second

var errPatience = errors.New("nothing came of it in time")

// perform places the step's call, sees it to its end and judges it.
func (s *stage) perform(ctx context.Context, st step) performance {
	p := performance{step: st}
	call := s.sides[st.caller.line].Dial(carrier.Dial{From: st.caller.number, To: st.dials, Voice: st.caller.voice})
	seen := []side{{st.caller.line, call}}
	switch {
	case st.talk != nil:
		callee, keyed := s.talk(ctx, st, call)
		p.checks = append(judgeTalk(st, call, callee), keyed...)
		seen = append(seen, side{st.talk.callee.line, callee})
	case st.feature != nil:
		sc := s.playFeature(ctx, st, call)
		p.checks = sc.checks
		seen = append(seen, side{st.feature.callee.line, sc.b}, side{st.feature.third.line, sc.c})
		seen = append(seen, sc.others...)
	default:
		// The announcement decides how long this takes.
		waited := call.Wait(ctx, carrier.Ended)
		p.checks = s.judgeRefusal(st, call, waited)
	}
	call.HangUp() // what failed may still be up
	p.ladder = s.ladder(ctx, seen)
	return p
}

// side is one party's side of a step, nil where there was none.
type side struct {
	line line
	call *carrier.Call
}

// talk lets both parties speak and hear, then has the caller hang up. The
// callee is nil if it never rang; whatever else does not happen, the calls
// themselves will show.
func (s *stage) talk(whole context.Context, st step, call *carrier.Call) (callee *carrier.Call, keyed []Check) {
	ctx, cancel := context.WithTimeoutCause(whole, patience, errPatience)
	defer cancel()
	callee = s.awaitCallee(ctx, st, call)
	if callee == nil {
		return nil, nil
	}
	if call.Wait(ctx, carrier.Answered) == nil {
		var both sync.WaitGroup
		for _, c := range []*carrier.Call{call, callee} {
			// A voice that does not come leaves the judge with what there is.
			both.Go(func() { _ = c.Listen(ctx, carrier.Talk, listening) })
		}
		both.Wait()
	}
	for _, k := range st.talk.keys {
		keyed = append(keyed, key(whole, st, k, call, callee))
	}
	if len(keyed) > 0 {
		ctx, cancel = context.WithTimeoutCause(whole, patience, errPatience)
		defer cancel()
	}
	call.HangUp()
	for _, c := range []*carrier.Call{call, callee} {
		_ = c.Wait(ctx, carrier.Ended)
	}
	return callee, keyed
}

const (
	// keyDown is how long a key is down, settled how long after the last one the
	// other side has heard all that it will.
	keyDown = 100 * time.Millisecond
	settled = 1200 * time.Millisecond
)

// key has the caller press keys and tells what the callee hears.
func key(ctx context.Context, st step, k keying, call, callee *carrier.Call) Check {
	before := len(callee.Heard().Digits)
	c := Check{Name: fmt.Sprintf("%s hears %s of %s at %d ms", st.talk.callee.line.heading(), orNothing(k.heard), k.press, k.apart.Milliseconds())}
	for i := range len(k.press) {
		if err := call.Press(k.press[i], keyDown); err != nil {
			c.Fact = err.Error()
			return c
		}
		wait := keyDown + k.apart
		if i == len(k.press)-1 {
			wait = keyDown + settled
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	var heard []byte
	for _, d := range callee.Heard().Digits[before:] {
		heard = append(heard, d.Key)
	}
	c.OK, c.Fact = string(heard) == k.heard, "telephone-events of "+orNothing(string(heard))
	return c
}

func orNothing(keys string) string {
	if keys == "" {
		return "nothing"
	}
	return keys
}

// awaitCallee waits for the call to ring, or to end without.
func (s *stage) awaitCallee(ctx context.Context, st step, call *carrier.Call) *carrier.Call {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		_ = call.Wait(ctx, carrier.Ended)
		cancel()
	})
	defer watching.Wait()
	defer cancel()
	callee, err := s.sides[st.talk.callee.line].AwaitNumber(ctx, st.talk.callee.number)
	if err != nil {
		return nil
	}
	return callee
}

// ladder draws the step's messages once all of them have come.
func (s *stage) ladder(ctx context.Context, seen []side) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	seen = slices.DeleteFunc(seen, func(e side) bool { return e.call == nil })
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for slices.ContainsFunc(seen, func(e side) bool { return !whole(e.call.Trace()) }) && ctx.Err() == nil {
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
	var parties []siptest.Party
	var traces [][]siptest.Message
	for i, e := range seen {
		if !slices.ContainsFunc(seen[:i], func(o side) bool { return o.line == e.line }) {
			parties = append(parties, s.sides[e.line].Party())
		}
		if i == 0 {
			parties = append(parties, s.self())
		}
		traces = append(traces, e.call.Trace())
	}
	return siptest.Ladder(parties, siptest.Merge(traces...))
}

// whole reports whether each request has its final response and each INVITE
// its ACK, counting nothing that was sent again.
func whole(trace []siptest.Message) bool {
	asked, answered := map[string]bool{}, map[string]bool{}
	for _, m := range trace {
		switch sum := siptest.Summarise(m.Data); {
		case sum.Status >= 200:
			answered[sum.Method] = true
		case sum.Status == 0:
			asked[sum.Method] = true
		}
	}
	for method := range asked {
		if method != "ACK" && !answered[method] {
			return false
		}
	}
	return !asked["INVITE"] || asked["ACK"]
}

// listed is a step by name.
func listed(name string) ([]step, error) {
	all := steps()
	if name == "" {
		return all, nil
	}
	for _, st := range all {
		if st.name == name {
			return []step{st}, nil
		}
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownStep, name)
}
