package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// Screen judges a request that the application serves outside any dialog,
// before anything is kept of it, whoever sent it.
type Screen func(now time.Time, f flow.Flow, r *sip.Request) Screening

// Screening is what becomes of a screened request. The zero value drops it
// without a word.
type Screening struct {
	// Passed gives it a transaction, and to the application.
	Passed bool
	// Status and Headers are answered without a transaction where Status is
	// not 0: a retransmission is screened again.
	Status  int
	Headers []sip.Header
}

// welcome reports whether a request goes on to the transaction table. Of all
// others nothing is left behind.
func (u *UA) welcome(now time.Time, f flow.Flow, r *sip.Request) bool {
	screen := u.cfg.Services[r.Method]
	if screen == nil || token.TagOf(header.Text(r, "To")) != "" {
		if _, known := u.cfg.Peer(f); !known {
			u.counts.Strangers++
			return false
		}
		return true
	}
	s := screen(now, f, r)
	switch {
	case s.Passed:
		return true
	case s.Status == 0:
		u.counts.Strangers++
		return false
	}
	u.counts.Refused++
	tag := u.stateless([]byte(r.CallID().Value() + r.Via().Value()))
	transaction.Stamp(r, f)
	res := transaction.Reply(r, s.Status, "", token.Tag(tag))
	for _, h := range s.Headers {
		res.AppendHeader(h)
	}
	u.out = append(u.out, Send{Flow: f, Data: []byte(res.String())})
	return false
}
