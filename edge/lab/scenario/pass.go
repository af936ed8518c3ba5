package scenario

import "time"

// advance lets time pass: advance 5s.
func (p *play) advance(c command) (string, error) {
	d, err := time.ParseDuration(c.word(0))
	if err != nil {
		return "", err
	}
	p.world.Advance(d)
	return "", nil
}

// quietly is how long nothing may be sent before it counts as quiet: less than
// what must pass before anything is sent again (T1).
const quietly = 400 * time.Millisecond

// quiet lets time pass until no message was sent for a while: until quiet.
func (p *play) quiet(command) (string, error) {
	w := p.world
	for {
		last := w.lastSIP
		if last.Before(w.now) {
			last = w.now
		}
		until := last.Add(quietly)
		if !w.until(until, func() bool { return w.lastSIP.After(last) }) {
			return "", nil
		}
	}
}
