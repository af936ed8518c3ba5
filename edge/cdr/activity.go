package cdr

import "time"

// Activity is one event of the two streams beside the records: what an agent does
// in its calls, and what becomes of who calls a call centre. A hold is an agent's
// alone; neither a record nor the history of a centre has it.
type Activity struct {
	At    time.Time
	Event Event
	// Call is the record's ID of a call that the border never sees, and the core's
	// own name of all others.
	Call, Tenant string
	// Extension is the agent's, Centre that of the call centre; either may be empty
	// where the event is not about one.
	Extension, Centre string
	// Took is how long what the event ends has lasted.
	Took time.Duration
}

// Event is what has happened.
type Event uint8

// The events. Who has been Queued is Offered to agents and then leaves the centre in
// one of four ways.
const (
	HoldStart Event = iota
	HoldEnd
	Queued
	Offered    // an agent's telephone rings
	Connected  // an agent has answered
	Abandoned  // the caller has hung up
	Overflowed // to whom the centre names
	Unanswered // the centre has given up
	events
)

// String returns the event's name in the stream.
func (e Event) String() string {
	return [...]string{"hold_start", "hold_end", "queued", "offered", "connected", "abandoned", "overflowed", "unanswered"}[e]
}

// Stream returns which of the two streams the event is of.
func (e Event) Stream() string {
	if e <= HoldEnd {
		return "agent_activity"
	}
	return "centre_history"
}

// Append writes the activity as one JSON line, as Record.Append does. It never fails.
func (a *Activity) Append(dst []byte) ([]byte, error) {
	w := writer{b: dst}
	w.open()
	w.text("stream", a.Event.Stream())
	w.text("event", a.Event.String())
	w.time("at", a.At)
	w.text("call", a.Call)
	w.text("tenant", a.Tenant)
	w.given("extension", a.Extension)
	w.given("centre", a.Centre)
	if a.Took != 0 {
		w.number("took_ms", a.Took.Milliseconds())
	}
	w.close()
	return append(w.b, '\n'), nil
}
