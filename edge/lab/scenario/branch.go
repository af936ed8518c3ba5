package scenario

import (
	"fmt"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/media/relay"
)

// branch answers a party's call as another branch of a fork in its network, past
// the party's own leg: branch PARTY STATUS TAG [media [moved]] [codec=pcma]
// [rseq=1] [header='X: y']…. With media the party is heard as that branch from then on. To
// what is asked of a branch the party says 481.
func (p *play) branch(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.received && !k.ended })
	if err != nil {
		return "", err
	}
	status, err := strconv.Atoi(c.word(1))
	if err != nil {
		return "", err
	}
	if err := k.limit(c.option("codec", "")); err != nil {
		return "", err
	}
	r := transaction.Reply(k.shown, status, "", token.Tag(c.word(2)))
	at := k.party.addrs[0]
	r.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:%s@%v>", c.word(2), at)))
	if c.has("rseq") {
		r.AppendHeader(sip.NewHeader("Require", dialog.ReliableOption))
		r.AppendHeader(sip.NewHeader("RSeq", c.option("rseq", "")))
	}
	for _, h := range c.headers() {
		r.AppendHeader(h)
	}
	if c.word(4) == "moved" {
		k.move()
	}
	if c.word(3) == "media" {
		if err := k.speakAs(r); err != nil {
			return "", err
		}
	}
	p.raw(k.party, k.party.toward, r.String())
	return "", nil
}

// speakAs answers the offer of a received call in r, and talks by it.
func (c *call) speakAs(r *sip.Response) error {
	offer, err := leg.Describe(c.shown)
	if err != nil {
		return err
	}
	s := sdp.Session{Local: sdp.Local{Addr: c.rtp, Session: 1, Version: 1}}
	if err := s.RemoteOffer(offer); err != nil {
		return err
	}
	side := c.side(relay.SendRecv)
	answer, err := s.Answer(side.Caps, side.Direction)
	if err != nil {
		return err
	}
	r.RemoveHeader("Content-Length")
	r.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	r.AppendHeader(sip.NewHeader("Content-Length", strconv.Itoa(len(answer))))
	r.SetBody(answer)
	n, _ := s.Negotiated()
	c.agree(c.party.world.now, &n)
	c.open = true
	return nil
}
