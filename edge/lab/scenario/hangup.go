package scenario

import (
	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// hangUp ends a call as its state asks for: BYE, CANCEL, or 480 where it rings.
// hangup waits for the answer, cancel does not: hangup WHO, cancel WHO
// [reason='Q.850;cause=16']… [header='X: y']…, a header line each.
func (p *play) hangUp(c command) (string, error) {
	fit := func(k *call) bool { return k.ended || k.answered && k.session != nil }
	if c.name == "cancel" {
		fit = anyCall
	}
	k, err := p.who(c.word(0), fit)
	if err != nil {
		return "", err
	}
	if k.ended {
		return c.word(0) + " has ended already\n", nil
	}
	k.open = false
	h := leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}
	for _, o := range c.options {
		if o.key == "reason" {
			h.Reasons = cause.Withhold
			h.Headers = append(h.Headers, sip.NewHeader("Reason", o.value))
		}
	}
	h.Headers = append(h.Headers, c.headers()...)
	k.party.tell(k.id, h)
	return "", nil
}
