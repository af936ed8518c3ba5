package scenario

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// gateway is what a T.38 gateway says of itself.
const gateway = "a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"

// fax has a party take T.38 from here on, or offers it in a call, or sends
// datagrams of it, or tells what was received: fax PARTY takes, fax WHO offers,
// fax WHO sends WORD…, fax WHO hears.
func (p *play) fax(c command) (string, error) {
	if c.word(1) == "takes" {
		r, err := p.party(c.word(0))
		if err == nil {
			r.faxes = true
		}
		return "", err
	}
	k, err := p.who(c.word(0), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	switch c.word(1) {
	case "offers":
		k.party.tell(k.id, leg.Reoffer{Media: k.faxSide()})
	case "sends":
		for _, word := range c.words[2:] {
			w := p.world
			w.send(packet{from: k.rtp, to: k.session.Remote, data: []byte(word)}, 0)
		}
	case "hears":
		said := strings.Join(k.datagrams, " ")
		k.datagrams = nil
		return fmt.Sprintf("%s hears %s\n", c.word(0), first(said, "no datagram")), nil
	default:
		return "", fmt.Errorf("nobody %s a fax", c.word(1))
	}
	return "", nil
}

func first(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func (c *call) faxSide() leg.Media {
	return leg.Media{Addr: c.rtp, Caps: sdp.Caps{Fax: sdp.Fax{On: true, Lines: gateway}}}
}

// offered answers a re-INVITE: T.38 where the party takes it.
func (c *call) offered(ev leg.Offered, out []ua.Action) []ua.Action {
	side := c.side(c.direction)
	if ev.Offer != nil {
		if _, _, fax := ev.Offer.Fax(); fax {
			if !c.party.faxes {
				return append(out, ua.Command{Leg: c.id, Command: leg.RefuseOffer{Status: sip.StatusNotAcceptableHere}})
			}
			side = c.faxSide()
		}
	}
	return append(out, ua.Command{Leg: c.id, Command: leg.AnswerOffer{Media: side}})
}

// talks reports whether the session is of RTP.
func talks(n *sdp.Negotiated) bool { return n.AudioOut != relay.NoPayload }
