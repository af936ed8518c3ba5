package ua

import (
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// replaced finds the leg that an INVITE names, or says what it is answered. Only
// a peer's own dialogs can be taken over by it: for everybody else they do not
// exist (ATTACKS B8). A peer whose terms know no such extension is not heard on
// it, as RFC 3261 §20 has it for any unknown header.
func (u *UA) replaced(peer Peer, in transaction.Arrived) (leg.ID, int) {
	values := header.Values(in.Request, "Replaces")
	if len(values) == 0 || !u.terms(in.Flow).Replaces {
		return 0, 0
	}
	if len(values) > 1 {
		return 0, 400 // "MUST reject the request with a 400" (RFC 3891 §3)
	}
	r, err := header.ParseReplaces(values[0])
	if err != nil {
		return 0, 400
	}
	l := u.legs[u.tags[token.Tag(r.ToTag)]]
	if l == nil {
		return 0, 481
	}
	if with, _ := u.cfg.Peer(l.Flow()); with != peer {
		u.counts.Strangers++
		return 0, 481
	}
	switch l.Named(r) {
	case leg.NamedEarly:
		return l.ID(), 0
	case leg.NamedConfirmed:
		if r.EarlyOnly {
			return 0, 486 // "MUST return a 486 (Busy Here)"
		}
		return l.ID(), 0
	case leg.NamedOver:
		return 0, 603 // "it SHOULD decline the request with a 603 Declined"
	case leg.NotNamed, leg.NamedArrived:
	}
	return 0, 481
}
