package core

import (
	"sekisho/edge/cdr"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// stage is what a call is in the middle of; doc.go draws the transitions. It is
// stored in snapshots by its number: new ones go to the end.
type stage uint8

const (
	over       stage = iota
	setup            // the first party waits for an answer
	warning          // a phone hears why its emergency call is refused
	talking          // two parties
	collecting       // the owner keys in a number, the other one hears music
	announcing       // the owner hears an announcement and then goes back
	held             // the owner has put the other one on hold
	calling          // the owner waits for whom it wants to consult
	consulting       // and talks with the third party
	passing          // the owner passes the call on without a word
	passed           // it has: who is left hears it ring
	parking          // the owner hears the slot
	waiting          // parked, or called back by the parker
	hunting          // a group is asked for somebody
	choosing         // the caller hears a greeting and may press a key
)

// feature is what a stage makes of what happens in its calls. Each stands in a
// file of its own and keeps nothing: its state is the call's.
type feature interface {
	// hears is what a party hears that has agreed on a session. A voice is
	// heard both ways or not at all.
	hears(k *call, p *party) ear
	// agreed: a session has come into force with a party.
	agreed(s *step, k *call, p *party)
	// pressed: a party has pressed a key.
	pressed(s *step, k *call, p *party, key byte)
	// played: what a party heard once is over.
	played(s *step, k *call, p *party)
	// rang: a leg of the fork has given a sign of life (180 to 199).
	rang(s *step, k *call, p *party, ev leg.Progressed)
	// won: a leg of the fork has answered. The others are gone; its role is the
	// feature's to give.
	won(s *step, k *call, p *party)
	// lost: the last leg of the fork has failed, and why the fork did.
	lost(s *step, k *call, why cause.Cause)
	// left: a party that did not ring has ended.
	left(s *step, k *call, p *party, ev leg.Ended)
	// alarm: a time that the stage had set is over.
	alarm(s *step, k *call, a alarmKind)
}

func (g stage) feature() feature {
	switch g {
	case setup:
		return setupFeature{}
	case warning:
		return warningFeature{}
	case talking:
		return talkFeature{}
	case collecting:
		return collectFeature{}
	case announcing:
		return announceFeature{}
	case held:
		return holdFeature{}
	case calling:
		return callFeature{}
	case consulting:
		return consultFeature{}
	case passing:
		return passFeature{}
	case passed:
		return ringFeature{}
	case parking:
		return parkingFeature{}
	case waiting:
		return parkFeature{}
	case hunting:
		return huntFeature{}
	case choosing:
		return menuFeature{}
	case over:
	}
	return inert{}
}

// inert does what a feature does unless it says otherwise: nobody hears
// anything, keys mean nothing, and whoever leaves takes the call along.
type inert struct{}

func (inert) hears(*call, *party) ear                      { return ear{} }
func (inert) agreed(*step, *call, *party)                  {}
func (inert) pressed(*step, *call, *party, byte)           {}
func (inert) played(*step, *call, *party)                  {}
func (inert) rang(*step, *call, *party, leg.Progressed)    {}
func (inert) won(s *step, k *call, p *party)               { s.drop(k, p, normal()) }
func (inert) lost(*step, *call, cause.Cause)               {}
func (inert) alarm(*step, *call, alarmKind)                {}
func (inert) left(s *step, k *call, _ *party, e leg.Ended) { s.finish(k, partedWith(e)) }

// enter takes a call to another stage. The alarms of the one before are off; the
// call's own lifetime goes on until it is over.
func (s *step) enter(k *call, g stage) {
	if g != held {
		s.holdEnds(k)
	}
	if g == over {
		s.dequeued(k, cdr.Abandoned, "")
	}
	alarms := k.Alarms
	k.Stage, k.Alarms = g, nil
	for _, a := range alarms {
		if a.Kind == lifetime && g != over {
			k.Alarms = append(k.Alarms, a)
		}
	}
}
