package core

import "time"

// talkFeature is two parties who talk: the state TALK of SPEC §2.5.
type talkFeature struct{ inert }

func (talkFeature) hears(k *call, p *party) ear { return voice(k.other(p)) }

// pressed begins a feature. Whoever is first owns the call: until it talks
// again, the other one's keys mean nothing (SPEC, "Undefined codes and
// collisions").
func (talkFeature) pressed(s *step, k *call, p *party, key byte) {
	if key != '*' && key != '#' || !k.armed(p) {
		return
	}
	if s.tenantOf(k).features.PressTwice && !s.again(k, p, key) {
		return
	}
	s.collect(k, p, key)
}

// twiceWithin is how soon the second press must come where a feature is pressed
// twice.
const twiceWithin = time.Second

// again reports the second press of a key, and remembers a first one.
func (s *step) again(k *call, p *party, key byte) bool {
	this := entry{Code: key}
	if k.isSet(secondPress) && k.Owner == p.Leg && k.Entry == this {
		return true
	}
	k.Owner, k.Entry = p.Leg, this
	s.set(k, secondPress, twiceWithin)
	return false
}

// alarm: it was only one press.
func (talkFeature) alarm(_ *step, k *call, _ alarmKind) { k.Owner, k.Entry = 0, entry{} }

// armed reports whether a party has the features of SPEC R40: a mobile that
// talks with somebody inside, or with somebody outside who called. A party that
// was retrieved, picked up or transferred to is judged by whom it talks with.
func (k *call) armed(p *party) bool {
	o := k.other(p)
	return p.Kind == mobile && !p.Plain && o != nil && (o.Kind != external || !o.Dialled)
}

// resume lets the two talk again.
func (s *step) resume(k *call) {
	k.Owner, k.Entry, k.Said, k.Referred = 0, entry{}, ear{}, false
	s.enter(k, talking)
}
