package scenario

import (
	"fmt"
	"strings"
	"time"
)

// heard judges what a party heard since it was last asked: heard WHO WHAT…,
// each a prompt or tone by its key, music, busy, ringback, nothing, digits (the keys),
// presses (and how long each was), stream (whether its packets are one), or a party
// by its name.
func (p *play) heard(c command) (string, error) {
	k, err := p.who(c.word(0), anyCall)
	if err != nil {
		return "", err
	}
	fresh := k.judged == 0
	pcm := k.fresh()
	var b strings.Builder
	for _, what := range c.words[1:] {
		switch what {
		case "digits":
			fmt.Fprintf(&b, "%s hears %s\n", c.word(0), keysOf(k.digits))
			k.digits = nil
			continue
		case "presses":
			fmt.Fprintf(&b, "%s hears %s\n", c.word(0), lengthsOf(k.digits))
			k.digits = nil
			continue
		case "stream":
			fmt.Fprintf(&b, "%s hears %s\n", c.word(0), k.stream.judgement())
			continue
		}
		fmt.Fprintf(&b, "%s hears %s\n", c.word(0), p.setting.Sounds.judge(pcm, what))
	}
	if k.secure.strange > 0 {
		fmt.Fprintf(&b, "%s was sent %d packets that are not under its key\n", c.word(0), k.secure.strange)
	}
	if fresh && !k.first.IsZero() && k.name != "" && !k.answered {
		fmt.Fprintf(&b, "%s hears the first packet after %v\n", c.word(0), k.first.Sub(k.placed).Round(time.Millisecond))
	}
	return b.String(), nil
}
