package scenario

// mute stops a party's RTP, and unmute has it go on, or begin before the answer: mute
// WHO, unmute WHO.
func (p *play) mute(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.session != nil })
	if err != nil {
		return "", err
	}
	k.open = c.name == "unmute" && !k.ended
	if k.open {
		k.word = p.world.now // what it did not say is not made up for
	}
	return "", nil
}
