package scenario

// drain does to border and core what an operator does before the end: no call
// begins any more, and what stands goes on.
func (p *play) drain(command) (string, error) {
	for _, b := range p.world.borders {
		b.Drain()
	}
	if p.world.core != nil {
		p.world.core.Drain()
	}
	return "", nil
}
