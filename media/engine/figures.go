package engine

import (
	"context"
	"fmt"

	"sekisho/media/relay"
)

// Figures returns what the endpoints of slots have counted by now, in order; ok
// is false for one whose lease is over. What an endpoint has sent is left out
// while another worker's endpoint feeds it. An error means that a worker did
// not answer within ctx.
func (e *Engine) Figures(ctx context.Context, slots []relay.Slot) ([]Figure, error) {
	all := make([]Figure, 0, len(slots))
	for _, s := range slots {
		worker := home(s)
		if worker >= len(e.loops) {
			all = append(all, Figure{})
			continue
		}
		// answered has room for the one answer, so that the worker never waits.
		answered := make(chan Figure, 1)
		e.loops[worker].mailbox.put(ask{slot: s, reply: func(s relay.Stats, ok bool) { answered <- Figure{s, ok} }})
		select {
		case f := <-answered:
			all = append(all, f)
		case <-e.done:
			return nil, fmt.Errorf("media worker %d is closed", worker)
		case <-ctx.Done():
			return nil, fmt.Errorf("media worker %d does not answer: %w", worker, ctx.Err())
		}
	}
	return all, nil
}

// Figure is what one endpoint has counted.
type Figure struct {
	relay.Stats
	Leased bool
}

// Figures returns what the endpoints of slots have counted by now.
func (s *Stepped) Figures(slots []relay.Slot) (all []Figure) {
	for _, slot := range slots {
		var f Figure
		if worker := home(slot); worker < len(s.workers) {
			s.workers[worker].answer(s.now, ask{slot: slot, reply: func(st relay.Stats, ok bool) { f = Figure{st, ok} }})
		}
		all = append(all, f)
	}
	return all
}
