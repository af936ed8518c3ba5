package ua

import (
	"strings"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/ebb"
)

// merges knows the INVITEs outside a dialog whose transactions live, whatever
// way they came, so that a copy that was forked upstream and arrived twice is
// told from a new call (RFC 3261 §8.2.2.2).
//
// One that was refused is not ongoing: a proxy that goes from one of our
// addresses to the next after a 503 sends the same Call-ID, tag and CSeq, and
// means it.
type merges struct {
	ongoing map[origin]transaction.ID
	origins map[transaction.ID]origin
	most    struct{ ongoing, origins ebb.Mark }
}

// origin is what all copies of a request share.
type origin struct {
	callID, fromTag string
	seq             uint32
}

func newMerges() merges {
	return merges{ongoing: make(map[origin]transaction.ID), origins: make(map[transaction.ID]origin)}
}

// note remembers an INVITE and reports whether another copy of it is ongoing:
// "the From tag, Call-ID, and CSeq exactly match those associated with an
// ongoing transaction, but the request does not match that transaction". An
// INVITE without From tag (RFC 2543) is like no other.
func (m *merges) note(in transaction.Arrived) bool {
	r := in.Request
	o := origin{callID: r.CallID().Value(), fromTag: string(token.TagOf(header.Text(r, "From"))), seq: r.CSeq().SeqNo}
	if o.fromTag == "" {
		return false
	}
	if _, ok := m.ongoing[o]; ok {
		return true
	}
	o.callID, o.fromTag = strings.Clone(o.callID), strings.Clone(o.fromTag)
	m.ongoing[o], m.origins[in.ID] = in.ID, o
	return false
}

// forget drops an INVITE that was refused or whose transaction has ended.
func (m *merges) forget(id transaction.ID) {
	if o, ok := m.origins[id]; ok {
		ebb.Delete(&m.origins, &m.most.origins, id)
		ebb.Delete(&m.ongoing, &m.most.ongoing, o)
	}
}
