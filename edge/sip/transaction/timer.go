package transaction

import (
	"time"

	"sekisho/edge/sip/flow"
)

// Timer names what is due: the timers of RFC 3261 Table 4 and RFC 6026.
// TimerNone is the absence of one.
type Timer uint8

// The timers, with the machine and state that each belongs to.
const (
	TimerNone Timer = iota
	TimerA          // INVITE client, Calling: send the request again
	TimerB          // INVITE client, Calling: give up
	TimerD          // INVITE client, Completed: absorb final answers
	TimerE          // non-INVITE client: send the request again
	TimerF          // non-INVITE client: give up; as a server, the peer has given up
	TimerG          // INVITE server, Completed: send the answer again
	TimerH          // INVITE server, Completed: no ACK came
	TimerI          // INVITE server, Confirmed: absorb ACKs
	TimerJ          // non-INVITE server, Completed: absorb requests
	TimerK          // non-INVITE client, Completed: absorb answers
	TimerL          // INVITE server, Accepted: absorb INVITEs, let 2xx pass
	TimerM          // INVITE client, Accepted: hand up each 2xx
	timers
)

// String returns the timer's letter.
func (t Timer) String() string {
	const letters = "-ABDEFGHIJKLM"
	if t >= timers {
		return "?"
	}
	return letters[t : t+1]
}

// minTimerD is the floor of timer D on an unreliable transport, where the
// peer's T1 is not known (RFC 3261 §17.1.1.2).
const minTimerD = 32 * time.Second

// orDefault fills in the values of RFC 3261 Table 4.
func (t Timers) orDefault() Timers {
	if t.T1 <= 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 <= 0 {
		t.T2 = 4 * time.Second
	}
	if t.T4 <= 0 {
		t.T4 = 5 * time.Second
	}
	return t
}

// delay returns how long timer runs when it is first set (RFC 3261 Table 4,
// RFC 6026 §8.11). Zero means that the timer does not exist on that transport:
// nothing is sent twice, or nothing can straggle in.
func (t *Timers) delay(timer Timer, on flow.Proto) time.Duration {
	switch timer {
	case TimerA, TimerE, TimerG:
		if on.Reliable() {
			return 0
		}
		return t.T1
	case TimerB, TimerF, TimerH, TimerL, TimerM:
		return 64 * t.T1
	case TimerD:
		if on.Reliable() {
			return 0
		}
		return max(64*t.T1, minTimerD)
	case TimerJ:
		if on.Reliable() {
			return 0
		}
		return 64 * t.T1
	case TimerI, TimerK:
		if on.Reliable() {
			return 0
		}
		return t.T4
	}
	return 0
}
