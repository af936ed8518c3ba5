package core

import (
	"slices"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/deadline"
	"sekisho/edge/sip/leg"
)

// alarmKind is what a time is for. It is stored in snapshots by its number: new
// ones go to the end.
type alarmKind uint8

const (
	lingering   alarmKind = iota // the wait for statistics of a call that is over
	setupTime                    // from INVITE to answer
	warningTime                  // an announcement whose end is never reported
	firstDigit
	interdigit
	announced // an announcement whose end is never reported
	unanswered
	released // when the owner of a blind transfer is let go at the latest
	parkTime // when the parker of a call is called
	huntTime // how long a group is asked
	memberTurn
	huntAgain // when those who could not be reached are asked again
	secondPress
	acceptTime // an invitation to take the call whose end is never reported
	lifetime   // the call's, whatever stage it is in
)

// lingers bounds how long a call that is over waits for statistics.
const lingers = 2 * time.Second

// cap bounds an announcement, should its end never be reported (SPEC §1.4).
const announcementCap = 35 * time.Second

// alarm is a time that a stage has set.
type alarm struct {
	Kind alarmKind
	At   time.Time
	// Left takes the place of At in a snapshot.
	Left time.Duration
}

// set lets a stage hear of a time d from now. Setting it again moves it.
func (s *step) set(k *call, kind alarmKind, d time.Duration) {
	k.unset(kind)
	k.Alarms = append(k.Alarms, alarm{Kind: kind, At: s.now.Add(d)})
}

func (k *call) unset(kind alarmKind) {
	for i := range k.Alarms {
		if k.Alarms[i].Kind == kind {
			k.Alarms = append(k.Alarms[:i:i], k.Alarms[i+1:]...)
			return
		}
	}
}

func (k *call) isSet(kind alarmKind) bool {
	return slices.ContainsFunc(k.Alarms, func(a alarm) bool { return a.Kind == kind })
}

func (k *call) nextAlarm() (at time.Time) {
	for _, a := range k.Alarms {
		at = deadline.Earliest(at, a.At)
	}
	return at
}

// awaits reports whether a time is set.
func (k *call) awaits(kind alarmKind) bool {
	return slices.ContainsFunc(k.Alarms, func(a alarm) bool { return a.Kind == kind })
}

// due takes the next alarm that is due, the earliest first.
func (k *call) due(now time.Time) (kind alarmKind, ok bool) {
	at := k.nextAlarm()
	if at.IsZero() || at.After(now) {
		return 0, false
	}
	for _, a := range k.Alarms {
		if a.At.Equal(at) {
			k.unset(a.Kind)
			return a.Kind, true
		}
	}
	return 0, false
}

// wake gives a call the alarms that are due.
func (s *step) wake(k *call) {
	for {
		kind, ok := k.due(s.now)
		if !ok {
			break
		}
		if kind == lingering {
			s.forget(k)
			return
		}
		if kind == lifetime {
			// Two phones may be gone without a word: nobody watches what they send.
			s.finish(k, leg.HangUp{Cause: cause.Cause{Q850: cause.RecoveryOnTimer, Text: "longest call"}})
			continue
		}
		k.Stage.feature().alarm(s, k, kind)
	}
	s.settle(k)
}
