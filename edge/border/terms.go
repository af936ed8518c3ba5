package border

import (
	"time"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/policy/profile"
)

// Terms are what a neighbour's profile allows on its legs, for the shard's
// ua.Config. Timers are terminated: each leg keeps its own.
func (b *Border) Terms(peer ua.Peer) leg.Terms {
	if peer == CorePeer {
		t := SeamTerms()
		t.Methods = b.coreMethods
		return t
	}
	p := &b.cfg.Trunks[peer].Profile.SIP
	return leg.Terms{Session: dialog.SessionTerms{Expires: p.SessionExpires, MinSE: p.MinSE, Refresher: refresher(p.Refresher)}, Methods: b.methods[peer]}
}

// SeamTerms are those of the seam, on both sides of it: whoever calls refreshes
// (RFC 4028 §7.1 recommends half an hour).
func SeamTerms() leg.Terms {
	return leg.Terms{Session: dialog.SessionTerms{Expires: 30 * time.Minute, MinSE: dialog.LeastInterval, Refresher: header.UAC}}
}

func refresher(r profile.Refresher) header.Refresher {
	if r == profile.RefresherUAS {
		return header.UAS
	}
	return header.UAC
}
