package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// Config is what a shard is made with.
type Config struct {
	Source token.Source
	// Timers default to RFC 3261's.
	Timers transaction.Timers
	// Hosts are our listeners as peers see them, by flow.Listener.
	Hosts  []leg.Host
	Limits header.Limits
	// Peer says who is behind a flow; false for nobody we know. In-dialog
	// requests count only from the peer the dialog is with.
	Peer func(flow.Flow) (Peer, bool)
	// Terms are those of a peer; nil gives everybody the zero ones.
	Terms func(Peer) leg.Terms
	// Ready says whether a peer may send us calls: its OPTIONS outside any dialog
	// are answered 200, or 503. Nil is always.
	Ready func(Peer) bool
	// Services are the requests outside any dialog, beside INVITE and OPTIONS,
	// that the application serves. All others are refused here.
	Services map[sip.RequestMethod]Screen
	// Legs names the legs; shared with the application.
	Legs *Sequence
	App  App
}

// Counts is what a shard has seen and holds.
type Counts struct {
	Legs         int
	Transactions transaction.Counts
	// Malformed counts messages the guard refused, by header.Kind.
	Malformed [64]uint64
	// Strangers counts requests from a flow without a peer, or for a dialog
	// with another one.
	Strangers uint64
	// Unmatched counts requests and ACKs for dialogs that do not exist.
	Unmatched uint64
	// Merged counts INVITEs that came a second time by another way.
	Merged uint64
	// Refused counts requests answered here with a failure, Merged included;
	// RefusedInvites those of them that would have been calls. No call is made
	// of one, so that none leaves a record.
	Refused, RefusedInvites uint64
	// Oversize counts requests that were over 1,300 bytes, Trimmed those of them
	// that left shorter than that.
	Oversize, Trimmed uint64
	// Abandoned counts panics of ours.
	Abandoned uint64
}

// filled puts RFC 3261's values where t is silent (Table 4).
func filled(t transaction.Timers) transaction.Timers {
	if t.T1 == 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 == 0 {
		t.T2 = 4 * time.Second
	}
	if t.T4 == 0 {
		t.T4 = 5 * time.Second
	}
	return t
}

func (u *UA) tableConfig() transaction.Config {
	return transaction.Config{Timers: u.cfg.Timers, Tokens: u.cfg.Source, Fit: u.fit}
}
