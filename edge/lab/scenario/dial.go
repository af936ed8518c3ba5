package scenario

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/media/relay"
)

// call places a call in the style of its party:
//
//	call PARTY from=NUMBER to=NUMBER [id=c1] [offer=none] [codec=pcma] [hops=70]
//	     [replaces=WHO] [at=ADDR:PORT] [sender='"Anonymous" <sip:…>'] [pai=none|VALUE] [privacy=id] [header='X: y']…
//
// sender replaces From, pai P-Asserted-Identity, at the address for RTP.
func (p *play) call(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	name := c.option("id", "c1")
	if p.calls[name] != nil {
		return "", fmt.Errorf("%s is placed already", name)
	}
	hops, err := strconv.Atoi(c.option("hops", "70"))
	if err != nil {
		return "", err
	}
	k := r.newCall()
	if err := k.limit(c.option("codec", "")); err != nil {
		return "", err
	}
	k.name, k.placed = name, p.world.now
	p.calls[name] = k
	k.id = r.legs.Next()
	r.calls[k.id] = k
	if c.has("replaces") {
		if r.replaces, err = p.named(c.option("replaces", "")); err != nil {
			return "", err
		}
	}
	k.dial(c, hops)
	return "", nil
}

// named is the Replaces value for a placed call's dialog: WHO[;early-only].
func (p *play) named(who string) (string, error) {
	who, rest, _ := strings.Cut(who, ";")
	k, err := p.who(who, func(k *call) bool { return k.answered && k.session != nil })
	if err != nil {
		return "", err
	}
	ack, _, err := p.ackOf(k)
	if err != nil {
		return "", err
	}
	to, _ := ack.To().Params.Get("tag")
	from, _ := ack.From().Params.Get("tag")
	v := k.callID + ";to-tag=" + to + ";from-tag=" + from
	if rest != "" {
		v += ";" + rest
	}
	return v, nil
}

// limit reduces what the call can speak.
func (c *call) limit(codec string) error {
	c.codecs = c.party.style.Codecs
	switch codec {
	case "":
	case "pcmu":
		c.codecs = []relay.Codec{relay.PCMU}
	case "pcma":
		c.codecs = []relay.Codec{relay.PCMA}
	default:
		return fmt.Errorf("no codec %q", codec)
	}
	return nil
}

func (c *call) dial(o command, hops int) {
	p := c.party
	from := o.option("from", "")
	fill := func(template string) string {
		return write(template, "{national}", from, "{e164}", international(from), "{dialled}", o.option("to", ""),
			"{domain}", p.style.Domain, "{border}", p.toward.String())
	}
	random := token.Bytes16(p.ids)
	c.callID = fmt.Sprintf("%x@%s", random, p.style.Domain)
	d := leg.Dial{
		Flow: flow.Flow{Remote: p.toward}, CallID: c.callID, Target: fill(p.style.Target),
		From: o.option("sender", fill(p.style.From)), MaxForwards: hops,
	}
	d.To = "<" + d.Target + ">"
	switch asserted := o.option("pai", ""); asserted {
	case "":
		for _, v := range p.style.Asserted {
			d.Headers = append(d.Headers, sip.NewHeader("P-Asserted-Identity", fill(v)))
		}
	case "none":
	default:
		d.Headers = append(d.Headers, sip.NewHeader("P-Asserted-Identity", asserted))
	}
	if o.has("privacy") {
		d.Headers = append(d.Headers, sip.NewHeader("Privacy", o.option("privacy", "")))
	}
	for _, h := range headers(p.style.Invite) {
		if timed := h.Name() == "Supported" || h.Name() == "Session-Expires"; !timed || p.terms.Session.Expires == 0 {
			d.Headers = append(d.Headers, h) // otherwise the leg says it
		}
	}
	d.Headers = append(d.Headers, o.headers()...)
	if o.has("replaces") {
		d.Headers = append(d.Headers, sip.NewHeader("Replaces", p.replaces))
	}
	if o.option("offer", "") != "none" {
		side := c.side(relay.SendRecv)
		if at, err := netip.ParseAddrPort(o.option("at", "")); err == nil {
			side.Addr = at
		}
		d.Media = &side
	}
	p.tell(c.id, d)
}

// headers are the lines given by header='X: y'.
func (c command) headers() []sip.Header {
	var hs []sip.Header
	for _, o := range c.options {
		if name, value, ok := strings.Cut(o.value, ": "); ok && o.key == "header" {
			hs = append(hs, sip.NewHeader(name, value))
		}
	}
	return hs
}

func international(number string) string {
	if rest, ok := strings.CutPrefix(number, "0"); ok {
		return "+81" + rest
	}
	return number
}
