package core

import (
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// acceptKey takes the call of a group whose mobiles are asked first.
const acceptKey = '1'

// invitation is what a mobile hears that has answered for such a group: voicemail
// and a carrier's announcement do not press keys (SPEC §7.4). Five times take
// 10 s.
func invitation() ear { return times(5, "tone/beep digit_1 tone/silence") }

// invites lets a mobile that has answered hear whom it may take, on an endpoint of
// its own. It rings as far as the call is concerned: so do the others.
func (s *step) invites(k *call, p *party, ev leg.Answered) {
	p.Up = true
	s.agree(k, p, *ev.Negotiated)
	s.set(k, acceptTime, announcementCap)
	if s.hunted(k).Strategy != RingAll {
		k.unset(memberTurn) // its turn ends with the invitation
	}
}

// invited reports whether a party has answered and has not taken the call yet.
func (p *party) invited() bool { return p.Role == ringing && p.Confirms && p.Up }

// pressed puts the call through to the mobile that wants it.
func (huntFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.invited() && key == acceptKey {
		s.takes(k, p)
		k.Stage.feature().won(s, k, p)
	}
}

// played ends the wait for the key.
func (huntFeature) played(s *step, k *call, p *party) {
	if p.invited() {
		s.lose(k, p, cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "the call was not accepted"})
	}
}

// unaccepted ends the wait of those whose announcement never does.
func (s *step) unaccepted(k *call) {
	for _, p := range k.rings() {
		if p.invited() {
			huntFeature{}.played(s, k, p)
		}
	}
}
