package transaction

import (
	"strings"
	"time"

	"sekisho/edge/sip/token"
)

// inviteServer is the INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1).
//
//	        INVITE: to TU
//	             ▼        ┌── INVITE: send last 1xx
//	     ┌────────────────▼────┐ 1xx from TU: send
//	     │     Proceeding      │ Repeat: send last 1xx
//	     └──┬───────────────┬──┘
//	        │ 2xx: send     │ 300-699: send
//	        ▼               ▼     ┌── INVITE or G: send answer, G doubles
//	┌──────────────┐    ┌─────────▼───┐   up to T2 (G: unreliable only)
//	│   Accepted   │    │  Completed  ├── H: tell TU ────┐
//	└──────┬───────┘    └──────┬──────┘                  │
//	INVITE: absorbed           │ ACK                     │
//	2xx, Repeat: send          ▼                         │
//	ACK: to TU          ┌─────────────┐                  │
//	       │            │  Confirmed  │ ACK: absorbed    │
//	       │ L          └──────┬──────┘                  ▼
//	       └───────────────────┴── I ────────────▶ Terminated
//
// The TU sends 100 (Trying) itself: it answers every INVITE in the batch in
// which it arrived, far inside the 200 ms of §17.2.1.
//
// An error of the transport moves nothing here (RFC 6026 §8.8): the peer's
// retransmissions may yet come by, and H and L bound the wait.
type inviteServer struct {
	tx  record
	key serverKey
	// toTag is the tag of the last response that had one, or the one that Own
	// announced: what the answer to a CANCEL should carry too, and what an
	// RFC 2543 ACK is matched by.
	toTag token.Tag
}

func (m *inviteServer) kind() Kind      { return InviteServer }
func (m *inviteServer) record() *record { return &m.tx }

func (m *inviteServer) repeated(out []Action) []Action {
	switch m.tx.state {
	case Proceeding, Completed:
		return m.tx.send(out)
	default: // Accepted: the dialog retransmits the 2xx; Confirmed: all is said
		return out
	}
}

func (m *inviteServer) respond(now time.Time, a answer, out []Action) []Action {
	switch m.tx.state {
	case Proceeding:
	case Accepted:
		if a.status < 200 || a.status > 299 {
			return out
		}
		m.tx.message = a.data
		return m.tx.send(out)
	default:
		return out
	}
	m.tx.message = a.data
	if a.toTag != "" && a.toTag != m.toTag {
		m.toTag = token.Tag(strings.Clone(string(a.toTag))) // a part of a whole message keeps that
	}
	out = m.tx.send(out)
	switch {
	case a.status < 200:
	case a.status < 300:
		m.tx.linger(now, Accepted, TimerL)
	default:
		m.tx.state = Completed
		m.tx.resendAfter(now, m.tx.timers.delay(TimerG, m.tx.flow.Proto))
		m.tx.expireAfter(now, TimerH)
	}
	return out
}

// repeat sends the last response once more on the TU's behalf. A non-2xx final
// answer is the machine's own to repeat.
func (m *inviteServer) repeat(out []Action) []Action {
	if m.tx.state == Proceeding || m.tx.state == Accepted {
		return m.tx.send(out)
	}
	return out
}

// acknowledged takes an ACK that matches by key and reports whether it was
// this transaction's, rather than the acknowledgement of a 2xx.
func (m *inviteServer) acknowledged(now time.Time, toTag token.Tag) bool {
	if m.key.legacy() && m.tx.state == Completed && toTag != m.toTag {
		return false // §17.2.3: "the To tag of the ACK matches the To tag of the response"
	}
	switch m.tx.state {
	case Completed:
		m.tx.message = nil
		m.tx.linger(now, Confirmed, TimerI)
		return true
	case Accepted:
		return false
	default: // Confirmed absorbs; in Proceeding there is nothing to acknowledge
		return true
	}
}

func (m *inviteServer) due(now time.Time, out []Action) []Action {
	switch {
	case m.tx.expired(now) && m.tx.state == Completed:
		// "it implies that the ACK was never received [...] and MUST indicate
		// to the TU that a transaction failure has occurred" (§17.2.1).
		return m.tx.fail(Unacknowledged, out)
	case m.tx.expired(now):
		m.tx.terminate()
	case m.tx.resendDue(now):
		m.tx.resendAfter(now, min(2*m.tx.interval, m.tx.timers.T2))
		return m.tx.send(out)
	}
	return out
}
