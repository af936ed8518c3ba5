package transaction

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// ID names a transaction of one table for its whole life; zero is none.
type ID uint64

// Owner is the transaction user's own name for whoever a transaction belongs
// to (a leg). The table carries it and never reads it; zero is nobody.
type Owner uint64

// Timers are the base values of RFC 3261 §17 (Table 4). Zero means the
// default: T1 500 ms, T2 4 s, T4 5 s.
type Timers struct{ T1, T2, T4 time.Duration }

// Input is what may happen to a table.
type Input interface{ input() }

// Received is a message from the wire, parsed with the library's default
// header parsers, so that every Via and Record-Route is typed. The table writes
// the source into a request's top Via and keeps nothing of it.
type Received struct {
	Flow    flow.Flow
	Message sip.Message
}

// Request starts a client transaction: the request is complete, with our Via
// on top. ACK for a 2xx is no transaction (RFC 3261 §13.2.2.4): it goes out
// by SendOnce.
type Request struct {
	Owner   Owner
	Flow    flow.Flow
	Request *sip.Request
}

// Respond answers a server transaction. For INVITE it may be given several
// provisional responses and one final one. Responding to a transaction that
// is gone, or again after the final response, does nothing.
type Respond struct {
	ID       ID
	Response *sip.Response
}

// Repeat sends the last response of an INVITE server transaction once more,
// while it is provisional or 2xx: how a dialog retransmits its 2xx until the
// ACK (RFC 3261 §13.3.1.4) and a reliable provisional until the PRACK
// (RFC 3262 §3).
type Repeat struct{ ID ID }

// Settle says that a 2xx to INVITE has been acknowledged: Repeat will not ask for
// it, so what lingers need not keep it.
type Settle struct{ ID ID }

// SendOnce sends a request that is no transaction: the ACK for a 2xx.
type SendOnce struct {
	Flow    flow.Flow
	Request *sip.Request
}

// Own tells the table who owns a server transaction, and for INVITE which To tag
// its answers will have, so that the answer to a CANCEL that comes before any of
// them has it too (RFC 3261 §9.2). An empty tag says nothing.
type Own struct {
	ID    ID
	Owner Owner
	Tag   token.Tag
}

// Timeout lets time pass: everything due at now happens.
type Timeout struct{}

// Unreachable reports that the transport could not send on a flow
// (RFC 3261 §17.1.4, §18.4): client transactions fail that still depend on
// their request going out there, which an INVITE past its first 1xx does not.
type Unreachable struct{ Flow flow.Flow }

func (Received) input()    {}
func (Request) input()     {}
func (Respond) input()     {}
func (Repeat) input()      {}
func (Settle) input()      {}
func (SendOnce) input()    {}
func (Own) input()         {}
func (Timeout) input()     {}
func (Unreachable) input() {}

// Action is what a table wants done or known.
type Action interface{ action() }

// Send puts bytes on the wire. Data is not touched again by the table and may
// be sent again later: the transport must not change it.
type Send struct {
	Flow flow.Flow
	Data []byte
}

// Started answers Request with the name of the new client transaction.
type Started struct {
	ID    ID
	Owner Owner
}

// Arrived hands a new server transaction's request to the transaction user,
// once. An ACK that belongs to no INVITE server transaction's non-2xx answer
// arrives with ID zero.
type Arrived struct {
	ID      ID
	Flow    flow.Flow
	Request *sip.Request
}

// Cancelled tells the owner of an INVITE server transaction, still without a
// final response, that the peer sent CANCEL. The table has answered the
// CANCEL itself (200, or 481 where there was nothing to cancel; RFC 3261
// §9.2); the owner answers the INVITE.
type Cancelled struct {
	ID      ID
	Owner   Owner
	Request *sip.Request
}

// Answered hands a response to the owner of a client transaction: each
// provisional, the first final, and for INVITE every 2xx while Accepted
// lasts (RFC 6026 §7.2), since each may be another dialog or a lost ACK.
type Answered struct {
	ID       ID
	Owner    Owner
	Flow     flow.Flow
	Response *sip.Response
}

// Stray is a 2xx to an INVITE that matches no client transaction, handed up so
// that the core can still acknowledge and end the dialog it would make
// (RFC 3261 §13.2.2.4). Any other unmatched response is only counted
// (RFC 6026 §8.9), and so is every response that comes by another flow than
// the one its request left by.
type Stray struct {
	Flow     flow.Flow
	Response *sip.Response
}

// Failed tells the owner of a client transaction that no final response came:
// timer B or F fired, or the transport failed; or the owner of an INVITE server
// transaction that its non-2xx answer was never acknowledged. Ended follows.
type Failed struct {
	ID     ID
	Owner  Owner
	Reason Failure
}

// Failure says what a transaction ended without.
type Failure uint8

// The failures of RFC 3261 §8.1.3.1, which only a client transaction has, and
// of §17.2.1, timer H, which only an INVITE server transaction has.
const (
	TimedOut Failure = iota
	TransportFailed
	Unacknowledged
)

// Ended reports that a transaction is Terminated and its name is free. No
// action for it follows. It comes once for each Started and each Arrived that
// has an ID.
type Ended struct {
	ID    ID
	Owner Owner
}

func (Send) action()      {}
func (Started) action()   {}
func (Arrived) action()   {}
func (Cancelled) action() {}
func (Answered) action()  {}
func (Stray) action()     {}
func (Failed) action()    {}
func (Ended) action()     {}
