package scenario

// drain does to border and core what an operator does before the end: no call
// begins any more, and what stands goes on, or is ended as well: drain [over].
func (p *play) drain(c command) (string, error) {
	for _, b := range p.world.borders {
		b.Drain()
	}
	if p.world.core != nil {
		p.world.core.Drain()
	}
	if c.word(0) != "over" {
		return "", nil
	}
	w := p.world
	for i, b := range w.borders {
		w.nodes[0].do(w, i, b.HangUp(nil))
	}
	if w.core != nil {
		w.nodes[1].do(w, 0, w.core.HangUp(w.now, nil))
	}
	return "", nil
}
