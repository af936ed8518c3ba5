package scenario

import (
	"fmt"

	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// reinvite offers again: reinvite WHO sendrecv|sendonly|recvonly|inactive
// [moved]. Moved names another port for RTP.
func (p *play) reinvite(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	directions := map[string]relay.Direction{
		"sendrecv": relay.SendRecv, "sendonly": relay.SendOnly, "recvonly": relay.RecvOnly, "inactive": relay.Inactive,
	}
	d, ok := directions[c.word(1)]
	if !ok {
		return "", fmt.Errorf("no direction %q", c.word(1))
	}
	if c.word(2) == "moved" {
		k.move()
	}
	k.party.tell(k.id, leg.Reoffer{Media: k.side(d)})
	return "", nil
}

// move takes the call's RTP to another port.
func (c *call) move() {
	ears := c.party.world.ears
	delete(ears, c.rtp)
	c.rtp = c.party.nextRTP()
	ears[c.rtp] = c
}
