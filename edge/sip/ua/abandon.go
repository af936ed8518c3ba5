package ua

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// restAfterPanic keeps a Tick that panics from being all that happens.
const restAfterPanic = time.Second

// Abandon goes on with a step that panicked: it must be the next call, with the
// slice that step was given. The leg that was being worked on is hung up, so
// that its application gives back what the call had leased and its peer hears
// of the end; the rest of the step happens, since other calls' work may be in
// it. It returns all that the whole step has to say.
//
// A panic inside Abandon is met by Abandon again: the leg is then dropped
// without a word to its peer.
func (u *UA) Abandon(now time.Time, out []Action) []Action {
	u.counts.Abandoned++
	if u.out == nil {
		u.out = out
	}
	if u.ticking {
		u.ticking, u.rest = false, now.Add(restAfterPanic)
	}
	id := u.current
	u.current = 0
	if l := u.legs[id]; l != nil {
		u.condemn(now, l)
	}
	u.drain(now)
	return u.end()
}

// condemn ends the leg of a panic. An application that panicked over the end
// itself is told of it once more, since it cannot have finished.
func (u *UA) condemn(now time.Time, l *leg.Leg) {
	c := cause.Cause{Status: 500, Q850: cause.TemporaryFailure, Text: "internal fault"}
	again := u.condemned == l.ID()
	u.condemned = l.ID()
	told := l.Told()
	switch {
	case !again && !told:
		u.command(now, l, leg.HangUp{Cause: c})
		return
	case again:
		u.forget(l.ID())
		if told {
			return
		}
	}
	u.queue = append(u.queue, work{leg: l.ID(), legWork: leg.Tell{Event: leg.Ended{Cause: c}}})
}
