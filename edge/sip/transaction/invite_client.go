package transaction

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// inviteClient is the INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §7.2).
//
//	         INVITE from TU: send INVITE
//	                │        ┌── A: send INVITE, A doubles (unreliable only)
//	                ▼        ▼ │
//	        ┌─────────────────────┐  B or transport error: tell TU
//	        │       Calling       ├──────────────────────────────┐
//	        └──┬─────────┬─────┬──┘                              │
//	           │ 2xx     │1xx  │ 300-699: send ACK               │
//	           │         ▼     │                                 │
//	           │  ┌────────────┴─┐ 300-699: send ACK             │
//	           │  │  Proceeding  ├──────────────┐                │
//	           │  └──┬───────────┘              │                │
//	           │     │2xx   └── no final answer in 64*T1 after   │
//	           ▼     ▼          CANCEL (§9.1): tell TU ──────────┤
//	        ┌───────────┐               ┌───────▼─────┐          │
//	  2xx ─▶│ Accepted  │   300-699:    │  Completed  │          │
//	to TU   └─────┬─────┘   send ACK ──▶└──────┬──────┘          │
//	              │ M                          │ D               ▼
//	              └────────────────────────────┴──────▶ Terminated
//
// 1xx, the first final response and every 2xx go to the TU.
type inviteClient struct {
	tx  record
	key clientKey
	// cancelled is set once a CANCEL went out for this INVITE.
	cancelled bool
}

func (m *inviteClient) kind() Kind      { return InviteClient }
func (m *inviteClient) record() *record { return &m.tx }
func (m *inviteClient) sending() bool   { return m.tx.state == Calling }

func (m *inviteClient) start(now time.Time, out []Action) []Action {
	m.tx.state = Calling
	m.tx.resendAfter(now, m.tx.timers.delay(TimerA, m.tx.flow.Proto))
	m.tx.expireAfter(now, TimerB)
	return m.tx.send(out)
}

func (m *inviteClient) answered(now time.Time, res *sip.Response, out []Action) []Action {
	up := Answered{ID: m.tx.id, Owner: m.tx.owner, Flow: m.tx.flow, Response: res}
	switch m.tx.state {
	case Calling, Proceeding:
		switch {
		case res.StatusCode < 200:
			m.proceed(now)
			return append(out, up)
		case res.StatusCode < 300:
			m.tx.message = nil
			m.tx.linger(now, Accepted, TimerM)
			return append(out, up)
		default:
			// The ACK goes out before the TU hears of the answer, so that what
			// the TU sends next cannot overtake it.
			m.tx.message = newACK(m.tx.message, res)
			out = m.tx.send(out)
			m.tx.linger(now, Completed, TimerD)
			return append(out, up)
		}
	case Accepted:
		if res.StatusCode >= 200 && res.StatusCode < 300 {
			return append(out, up)
		}
	case Completed:
		if res.StatusCode >= 300 {
			return m.tx.send(out)
		}
	default: // the table keeps no Terminated machine
	}
	return out
}

// proceed stops the timers of Calling: from here the TU decides how long it
// waits, except behind its own CANCEL.
func (m *inviteClient) proceed(now time.Time) {
	if m.tx.state == Proceeding {
		return
	}
	m.tx.stop()
	m.tx.state = Proceeding
	if m.cancelled {
		m.tx.expireAfter(now, TimerB)
	}
}

// cancel notes that a CANCEL goes out. "If there is no final response for the
// original request in 64*T1 seconds, the client SHOULD then consider the
// original transaction cancelled and SHOULD destroy the client transaction"
// (RFC 3261 §9.1).
func (m *inviteClient) cancel(now time.Time) {
	if m.cancelled {
		return
	}
	m.cancelled = true
	if m.tx.state == Proceeding {
		m.tx.expireAfter(now, TimerB)
	}
}

// unreachable ends a transaction whose INVITE does not go out. Past Calling
// nothing depends on the road: an ACK that was lost is asked for again.
func (m *inviteClient) unreachable(out []Action) []Action {
	return m.tx.fail(TransportFailed, out)
}

func (m *inviteClient) due(now time.Time, out []Action) []Action {
	switch {
	case m.tx.expired(now) && m.tx.lingering:
		m.tx.terminate()
	case m.tx.expired(now):
		return m.tx.fail(TimedOut, out)
	case m.tx.resendDue(now):
		m.tx.resendAfter(now, 2*m.tx.interval)
		return m.tx.send(out)
	}
	return out
}
