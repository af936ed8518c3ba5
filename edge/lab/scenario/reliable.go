package scenario

import (
	"fmt"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// reliable has a party know reliable provisional responses (RFC 3262) from here
// on, or require them: reliable PARTY [required].
func (p *play) reliable(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	r.terms.Rel100 = leg.Supported
	if c.word(1) == "required" {
		r.terms.Rel100 = leg.Required
	}
	return "", nil
}

// update offers again before the call is answered (RFC 3311):
// update WHO sendrecv|sendonly|recvonly|inactive [moved] [pem=sendonly].
func (p *play) update(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return !k.answered && k.session != nil })
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
	k.direction = d
	offer := leg.Reoffer{Media: k.side(d)}
	if c.has("pem") {
		offer.Headers = append(offer.Headers, sip.NewHeader("P-Early-Media", c.option("pem", "")))
	}
	k.party.tell(k.id, offer)
	return "", nil
}

var directions = map[string]relay.Direction{
	"sendrecv": relay.SendRecv, "sendonly": relay.SendOnly, "recvonly": relay.RecvOnly, "inactive": relay.Inactive,
}
