package transaction

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// nonInviteClient is the non-INVITE client transaction (RFC 3261 §17.1.2).
//
//	    request from TU: send request
//	              │        ┌── E: send request, E doubles up to T2
//	              ▼        ▼ │
//	      ┌─────────────────────┐  F or transport error: tell TU
//	      │       Trying        ├──────────────────────────────┐
//	      └──┬──────────────┬───┘                              │
//	         │ 1xx          │ 200-699                          │
//	         ▼              │                                  │
//	      ┌──────────────┐  │      F or transport error        │
//	1xx ─▶│  Proceeding  ├──┼──────────────────────────────────┤
//	E: send request, E=T2│  │                                  │
//	      └──┬───────────┘  │                                  │
//	         │ 200-699      ▼                                  │
//	         │      ┌─────────────┐                            │
//	         └─────▶│  Completed  │                            ▼
//	                └──────┬──────┘── K ───────────────▶ Terminated
//
// 1xx and the first final response go to the TU.
type nonInviteClient struct {
	tx  record
	key clientKey
}

func (m *nonInviteClient) kind() Kind      { return NonInviteClient }
func (m *nonInviteClient) record() *record { return &m.tx }

func (m *nonInviteClient) sending() bool {
	return m.tx.state == Trying || m.tx.state == Proceeding
}

func (m *nonInviteClient) start(now time.Time, out []Action) []Action {
	m.tx.state = Trying
	m.tx.resendAfter(now, m.tx.timers.delay(TimerE, m.tx.flow.Proto))
	m.tx.expireAfter(now, TimerF)
	return m.tx.send(out)
}

func (m *nonInviteClient) answered(now time.Time, res *sip.Response, out []Action) []Action {
	if !m.sending() {
		return out
	}
	if res.StatusCode < 200 {
		m.tx.state = Proceeding
	} else {
		m.tx.message = nil
		m.tx.linger(now, Completed, TimerK)
	}
	return append(out, Answered{ID: m.tx.id, Owner: m.tx.owner, Flow: m.tx.flow, Response: res})
}

func (m *nonInviteClient) unreachable(out []Action) []Action {
	return m.tx.fail(TransportFailed, out)
}

func (m *nonInviteClient) due(now time.Time, out []Action) []Action {
	switch {
	case m.tx.expired(now) && m.tx.lingering:
		m.tx.terminate()
	case m.tx.expired(now):
		return m.tx.fail(TimedOut, out)
	case m.tx.resendDue(now):
		next := m.tx.timers.T2
		if m.tx.state == Trying {
			next = min(2*m.tx.interval, next)
		}
		m.tx.resendAfter(now, next)
		return m.tx.send(out)
	}
	return out
}
