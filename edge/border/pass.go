package border

import (
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/policy/profile"
)

// standing are the headers of a message that a profile lets through, line by
// line as they stand. Everything else is written anew or stays here.
func standing(m sip.Message, names []profile.PassedHeader) []sip.Header {
	var hs []sip.Header
	for _, name := range names {
		for _, line := range header.Lines(m, string(name)) {
			hs = append(hs, sip.NewHeader(string(name), line))
		}
	}
	return hs
}

// outward is what of the core's INVITE goes to a carrier: nothing where the
// carrier may not learn who calls, since nobody knows what stands there.
func (c *call) outward(m sip.Message, p *profile.Profile) []sip.Header {
	if c.discreet {
		return nil
	}
	return standing(m, p.Egress.Pass)
}

// passed is what of a later message of a party goes to the other: of its answer
// and of whatever ended it (RFC 7433 §3 has user data in either).
func (b *Border) passed(from *party, m sip.Message) []sip.Header {
	to := from.other()
	switch {
	case m == nil || !to.exists():
		return nil
	case from.peer != CorePeer:
		return standing(m, b.cfg.Trunks[from.peer].Profile.Ingress.Pass)
	case to.peer == CorePeer:
		return nil
	case to == &to.call.a:
		return standing(m, b.cfg.Trunks[to.peer].Profile.Egress.Pass) // it is the caller itself
	}
	return to.call.outward(m, b.cfg.Trunks[to.peer].Profile)
}
