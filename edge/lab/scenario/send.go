package scenario

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/ua"
)

// send puts the body on the wire as it stands, to the border: send PARTY. The
// word {length} stands for the octets behind the empty line.
func (p *play) send(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	text := strings.Join(c.body, "\r\n") + "\r\n"
	if !strings.Contains(text, "\r\n\r\n") {
		text += "\r\n"
	}
	_, content, _ := strings.Cut(text, "\r\n\r\n")
	p.raw(r, r.toward, strings.Replace(text, "{length}", strconv.Itoa(len(content)), 1))
	return "", nil
}

// spoof sends a BYE of another's dialog with the border, every name right, from
// a party that is not in it: spoof PARTY WHO.
func (p *play) spoof(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	k, err := p.who(c.word(1), func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	ack, to, err := p.ackOf(k)
	if err != nil {
		return "", err
	}
	ack.Method = sip.BYE
	ack.CSeq().SeqNo++
	ack.CSeq().MethodName = sip.BYE
	ack.Via().Params = sip.HeaderParams{{K: "branch", V: "z9hG4bKspoof"}}
	ack.Via().Host = r.addrs[0].Addr().String()
	p.raw(r, to, ack.String())
	return "", nil
}

// ackOf finds the ACK of a placed call.
func (p *play) ackOf(k *call) (*sip.Request, netip.AddrPort, error) {
	for _, m := range p.world.trace {
		if m.From == k.party.addrs[0] && m.CallID() == k.callID && strings.HasPrefix(string(m.Data), "ACK ") {
			parsed, err := sip.ParseMessage(m.Data)
			if r, ok := parsed.(*sip.Request); ok && err == nil {
				return r, m.To, nil
			}
		}
	}
	return nil, netip.AddrPort{}, fmt.Errorf("%s has sent no ACK", k.name)
}

func (p *play) raw(r *party, to netip.AddrPort, text string) {
	p.world.sendSIP(&r.station, ua.Send{Flow: flow.Flow{Remote: to}, Data: []byte(text)})
}
