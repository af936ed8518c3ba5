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
	return leg.Terms{
		Secure:  b.secure[peer],
		Session: dialog.SessionTerms{Expires: p.SessionExpires, MinSE: p.MinSE, Refresher: refresher(p.Refresher)},
		Rel100:  reliability(p.Rel100),
		Methods: b.methods[peer],
		OverMTU: overMTU(p.OverMTU),
		// Taking over a call of its own is what such a trunk refers for, too.
		Replaces: p.Refer == profile.ReferConsume,
	}
}

// SeamTerms are those of the seam, on both sides of it: whoever calls refreshes
// (RFC 4028 §7.1 recommends half an hour), and provisional responses are reliable
// where the other side requires it.
func SeamTerms() leg.Terms {
	return leg.Terms{
		Session: dialog.SessionTerms{Expires: 30 * time.Minute, MinSE: dialog.LeastInterval, Refresher: header.UAC},
		Rel100:  leg.Supported,
	}
}

func reliability(r profile.Rel100) leg.Reliability {
	switch r {
	case profile.Rel100Required:
		return leg.Required
	case profile.Rel100Supported:
		return leg.Supported
	case profile.Rel100Off:
	}
	return leg.Unreliable
}

func refresher(r profile.Refresher) header.Refresher {
	if r == profile.RefresherUAS {
		return header.UAS
	}
	return header.UAC
}

func overMTU(o profile.OverMTU) leg.OverMTU {
	switch o {
	case profile.MTUTrim:
		return leg.TrimOverMTU
	case profile.MTUToTCP:
		return leg.TCPOverMTU
	case profile.MTUFragment:
	}
	return leg.FragmentOverMTU
}
