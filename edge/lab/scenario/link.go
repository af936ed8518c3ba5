package scenario

import "fmt"

// link takes a party's or node's links down, or up again: link WHO down|up.
func (p *play) link(c command) (string, error) {
	var s *station
	for _, n := range p.world.nodes {
		if n.name == c.word(0) {
			s = n
		}
	}
	if r, err := p.party(c.word(0)); err == nil {
		s = &r.station
	}
	if s == nil {
		return "", fmt.Errorf("nobody is called %q", c.word(0))
	}
	s.down = c.word(1) == "down"
	return "", nil
}
