package transaction

import "time"

// nonInviteServer is the non-INVITE server transaction (RFC 3261 §17.2.2).
//
//	   request: to TU
//	         ▼
//	 ┌──────────────┐
//	 │    Trying    │ request: absorbed
//	 └──┬────────┬──┘
//	    │ 1xx    │ 200-699 from TU: send
//	    ▼        │
//	 ┌───────────┴──┐
//	 │  Proceeding  │ 1xx from TU: send; request: send last 1xx
//	 └──┬───────────┘
//	    │ 200-699 from TU: send
//	    ▼
//	 ┌──────────────┐
//	 │  Completed   │ request: send answer
//	 └──┬───────────┘
//	    │ J
//	    ▼
//	Terminated ◀── F, from Trying or Proceeding
//
// Timer F is the peer's: once it has fired there, an answer reaches nobody
// (RFC 4320 §4.2 forbids it), so a request that the TU leaves unanswered is
// forgotten then.
type nonInviteServer struct {
	tx  record
	key serverKey
}

func (m *nonInviteServer) kind() Kind      { return NonInviteServer }
func (m *nonInviteServer) record() *record { return &m.tx }

func (m *nonInviteServer) start(now time.Time) {
	m.tx.state = Trying
	m.tx.expireAfter(now, TimerF)
}

func (m *nonInviteServer) repeated(out []Action) []Action { return m.tx.send(out) }

func (m *nonInviteServer) respond(now time.Time, a answer, out []Action) []Action {
	if m.tx.state != Trying && m.tx.state != Proceeding {
		return out
	}
	m.tx.message = a.data
	out = m.tx.send(out)
	if a.status < 200 {
		m.tx.state = Proceeding
		return out
	}
	m.tx.linger(now, Completed, TimerJ)
	return out
}

func (m *nonInviteServer) due(now time.Time, out []Action) []Action {
	if m.tx.expired(now) {
		m.tx.terminate()
	}
	return out
}
