package scenario

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// request sends any request of a placed call's dialog, also when the call is
// over, past the party's own leg, which knows nothing of it and of its number:
// request WHO METHOD [cseq=10] [header='X: y']… The body is sent as it stands.
func (p *play) request(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	r, to, err := p.ackOf(k)
	if err != nil {
		return "", err
	}
	seq, err := strconv.ParseUint(c.option("cseq", "10"), 10, 32)
	if err != nil {
		return "", err
	}
	r.Method = sip.RequestMethod(c.word(1))
	r.CSeq().SeqNo, r.CSeq().MethodName = uint32(seq), r.Method
	p.requests++
	r.Via().Params = sip.HeaderParams{{K: "branch", V: "z9hG4bKrequest" + strconv.Itoa(p.requests)}}
	for _, o := range c.options {
		if name, value, ok := strings.Cut(o.value, ": "); ok && o.key == "header" {
			r.AppendHeader(sip.NewHeader(name, value))
		}
	}
	if len(c.body) > 0 {
		r.SetBody([]byte(strings.Join(c.body, "\r\n") + "\r\n"))
	}
	p.raw(k.party, to, r.String())
	return "", nil
}
