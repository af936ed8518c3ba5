package border

import (
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/policy/profile"
)

// passed are the headers of an INVITE that a profile lets through, line by line
// as they stand. Everything else is written anew or stays here.
func passed(r *sip.Request, names []profile.PassedHeader) []sip.Header {
	var hs []sip.Header
	for _, name := range names {
		for _, line := range header.Lines(r, string(name)) {
			hs = append(hs, sip.NewHeader(string(name), line))
		}
	}
	return hs
}

// passed is what of the core's INVITE goes to a carrier: nothing where the
// carrier may not learn who calls, since nobody knows what stands there.
func (c *call) passed(r *sip.Request, p *profile.Profile) []sip.Header {
	if c.discreet {
		return nil
	}
	return passed(r, p.Egress.Pass)
}
