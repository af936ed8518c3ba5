package ua

import (
	"strconv"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/transaction"
)

// fit takes a request over UDP that is longer than RFC 3261 §18.1.1 would send
// there. It is never refused: fragments arrive on most roads, and where they do
// not, the failure says so. The first one toward each peer is told with what
// takes the room.
func (u *UA) fit(f flow.Flow, data []byte) []byte {
	peer, _ := u.cfg.Peer(f)
	mode := u.terms(f).OverMTU
	fitted, left := data, []string(nil)
	if mode == leg.TrimOverMTU {
		fitted, left = header.Fit(data, transaction.SafeSize)
	}
	u.counts.Oversize++
	if len(fitted) <= transaction.SafeSize {
		u.counts.Trimmed++
	}
	if u.oversized[peer] {
		return fitted
	}
	u.oversized[peer] = true
	n := Note{Level: Warn, Message: "request over 1,300 bytes", Fields: []string{
		"remote", f.Remote.String(), "bytes", strconv.Itoa(len(data)), "sent", strconv.Itoa(len(fitted)), "as", mode.String(), "sizes", header.Sizes(data),
	}}
	for _, name := range left {
		n.Fields = append(n.Fields, "without", name)
	}
	u.out = append(u.out, n)
	return fitted
}
