package scenario

import (
	"bytes"
	"fmt"
)

// leak looks for a text in every octet that was sent to a party: leak PARTY
// TEXT.
func (p *play) leak(c command) (string, error) {
	r, err := p.party(c.word(0))
	if err != nil {
		return "", err
	}
	messages, found := 0, 0
	for _, m := range p.world.trace {
		if m.To != r.addrs[0] {
			continue
		}
		messages++
		if bytes.Contains(m.Data, []byte(c.word(1))) {
			found++
		}
	}
	return fmt.Sprintf("%s is in %d of %d messages to %s\n", c.word(1), found, messages, r.name), nil
}
