package core

import "time"

// The announcements to the owner of a feature, by their keys.
const (
	transferEnter  = "transfer_enter"
	transferCancel = "transfer_cancel"
	invalidNumber  = "invalid_retry"
)

// Timers are the times of SPEC §1.4 that are the same for all tenants. Zero
// values are the ones given there.
type Timers struct {
	// Setup bounds the time from INVITE to answer (180 s).
	Setup time.Duration
	// Call bounds the time from the answer to the end (a day), whatever is done with
	// the call; what is never answered as a whole, as a call centre's queue, has
	// Setup beside it, from the INVITE.
	Call time.Duration
	// Interdigit is how long after a digit a number is complete (3 s),
	// FirstDigit how long after the announcement the first one is awaited (10 s).
	Interdigit, FirstDigit time.Duration
	// AttendedNoAnswer is how long whom the owner wants to consult may ring (40
	// s), BlindNoAnswer how long a transfer may take in all (60 s).
	AttendedNoAnswer, BlindNoAnswer time.Duration
	// ParkReturnRing is how long the parker of a call rings (30 s).
	ParkReturnRing time.Duration
}

func (t Timers) withDefaults() Timers {
	for at, d := range map[*time.Duration]time.Duration{
		&t.Setup:            180 * time.Second,
		&t.Call:             24 * time.Hour,
		&t.Interdigit:       3 * time.Second,
		&t.FirstDigit:       10 * time.Second,
		&t.AttendedNoAnswer: 40 * time.Second,
		&t.BlindNoAnswer:    60 * time.Second,
		&t.ParkReturnRing:   30 * time.Second,
	} {
		if *at == 0 {
			*at = d
		}
	}
	return t
}

// collect asks a party for a number (SPEC R41, R48).
func (s *step) collect(k *call, p *party, code byte) {
	k.Owner, k.Entry, k.Said = p.Leg, entry{Code: code}, once(transferEnter)
	s.enter(k, collecting)
	s.set(k, firstDigit, announcementCap+s.cfg.Timers.FirstDigit)
}

// collectFeature takes the number down. The announcement is for the owner
// alone, and the other one hears music meanwhile (SPEC R69).
type collectFeature struct{ inert }

func (collectFeature) hears(k *call, p *party) ear { return k.apart(p) }

// apart is what the two hear while the owner is busy with a feature: the owner
// what is said to it, the other one music.
func (k *call) apart(p *party) ear {
	if p.Leg == k.Owner {
		return k.Said
	}
	return music()
}

// played begins the wait for the first digit (SPEC R42).
func (collectFeature) played(s *step, k *call, p *party) {
	if p.Leg == k.Owner && k.Entry.Digits == "" {
		s.set(k, firstDigit, s.cfg.Timers.FirstDigit)
	}
}

func (collectFeature) pressed(s *step, k *call, p *party, key byte) {
	if p.Leg != k.Owner {
		return
	}
	k.Said = ear{} // a key cuts the announcement short
	k.unset(firstDigit)
	s.set(k, interdigit, s.cfg.Timers.Interdigit)
	s.collected(k, k.Entry.press(key))
}

func (collectFeature) alarm(s *step, k *call, _ alarmKind) { s.collected(k, k.Entry.elapsed()) }

// collected does what was keyed in.
func (s *step) collected(k *call, v verdict) {
	switch v {
	case more:
	case cancel:
		s.resume(k)
	case unsaid:
		s.announce(k, once(transferCancel))
	case dialHold:
		s.hold(k)
	case dialPark:
		s.park(k)
	case dialNumber:
		if k.Entry.Code == '*' {
			s.consult(k)
		} else {
			s.blind(k)
		}
	}
}
