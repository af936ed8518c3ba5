package scenario

import (
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
)

// ports tells how many RTP addresses a party was told in all that has been sent to
// it: ports PARTY.
func (p *play) ports(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	told := make(map[netip.AddrPort]bool)
	for _, m := range p.world.trace {
		if m.To != r.addrs[0] {
			continue
		}
		parsed, err := sip.ParseMessage(m.Data)
		if err != nil {
			return "", err
		}
		if d, err := leg.Describe(parsed); err == nil && d != nil {
			if a, ok := d.Audio(); ok {
				told[a.RTP] = true
			}
		}
	}
	return fmt.Sprintf("%s is told %s for RTP\n", r.name, plural(len(told), "address")), nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ses", n, what)
}
