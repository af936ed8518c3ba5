package scenario

import (
	"fmt"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// ring sends a provisional response: ring PARTY [183] [media] [reliable]
// [codec=pcma] [pem=sendonly]. With media the party is heard before it answers.
func (p *play) ring(c command) (string, error) {
	k, err := p.who(c.word(0), waiting)
	if err != nil {
		return "", err
	}
	if err := k.limit(c.option("codec", "")); err != nil {
		return "", err
	}
	r := leg.Ring{Status: 180}
	for _, w := range c.words[1:] {
		if w == "media" {
			side := k.side(relay.SendRecv)
			r.Media, k.open = &side, true
			continue
		}
		if w == "reliable" {
			r.Reliable = true
			continue
		}
		if r.Status, err = strconv.Atoi(w); err != nil {
			return "", err
		}
	}
	if c.has("pem") {
		r.Headers = append(r.Headers, sip.NewHeader("P-Early-Media", c.option("pem", "")))
	}
	k.party.tell(k.id, r)
	return "", nil
}

// answer sends 200: answer PARTY [codec=pcma] [header='X: y']….
func (p *play) answer(c command) (string, error) {
	k, err := p.who(c.word(0), waiting)
	if err != nil {
		return "", err
	}
	if err := k.limit(c.option("codec", "")); err != nil {
		return "", err
	}
	side := k.side(relay.SendRecv)
	k.answered, k.open, k.status = true, true, 200
	k.party.tell(k.id, leg.Answer{Media: &side, Headers: c.headers()})
	return "", nil
}

// reject sends a final response: reject PARTY 486 [reason='Q.850;cause=21']
// [header='X: y']….
func (p *play) reject(c command) (string, error) {
	k, err := p.who(c.word(0), waiting)
	if err != nil {
		return "", err
	}
	why := cause.Cause{}
	if why.Status, err = strconv.Atoi(c.word(1)); err != nil || why.Status < 300 {
		return "", fmt.Errorf("%q is no refusal", c.word(1))
	}
	h := leg.HangUp{Cause: why}
	if c.has("reason") {
		h.Headers = append(h.Headers, sip.NewHeader("Reason", c.option("reason", "")))
	}
	h.Headers = append(h.Headers, c.headers()...)
	k.status = why.Status
	k.party.tell(k.id, h)
	return "", nil
}

// waiting is a received call without a final response.
func waiting(c *call) bool { return c.received && !c.answered && !c.ended }
