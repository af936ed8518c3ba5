package scenario

import (
	"fmt"
	"net/netip"

	"sekisho/edge/sip/leg"
)

// reinvite offers again: reinvite WHO sendrecv|sendonly|recvonly|inactive
// [moved] [at=ADDR:PORT] [codec=pcma]. Moved names another port for RTP, at another address.
func (p *play) reinvite(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	d, ok := directions[c.word(1)]
	if !ok {
		return "", fmt.Errorf("no direction %q", c.word(1))
	}
	if c.word(2) == "moved" {
		k.move()
	}
	if c.has("codec") {
		if err := k.limit(c.option("codec", "")); err != nil {
			return "", err
		}
	}
	k.direction = d
	side := k.side(d)
	if c.has("at") {
		if side.Addr, err = netip.ParseAddrPort(c.option("at", "")); err != nil {
			return "", err
		}
	}
	k.party.tell(k.id, leg.Reoffer{Media: side})
	return "", nil
}

// move takes the call's RTP to another port.
func (c *call) move() {
	ears := c.party.world.ears
	delete(ears, c.rtp)
	c.rtp = c.party.nextRTP()
	ears[c.rtp] = c
}
