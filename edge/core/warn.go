package core

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// emergencyDesk tells a caller at a phone to dial from a mobile (SPEC §4).
const emergencyDesk = "emergency_desk"

// warnsFor bounds the announcement, should its end never be reported.
const warnsFor = 30 * time.Second

// warn refuses an emergency call of a phone: the announcement early, then the
// refusal (SPEC R60b). No limit applies to it; where it cannot be played, the
// refusal comes at once.
func (s *step) warn(k *call, in ua.Incoming, why cause.Cause) {
	s.note(ua.Warn, k, "emergency number dialled at a phone", "caller", k.Caller, "called", k.Called)
	a := k.in(first)
	caps := s.cfg.Caps.Restrict(in.Offer)
	if in.Offer == nil || !a.reachable(in.Offer) || len(caps.Codecs) == 0 {
		s.finish(k, leg.HangUp{Cause: why})
		return
	}
	e, ok := s.lease(k, a.Flow.Remote.Addr())
	if !ok {
		s.finish(k, leg.HangUp{Cause: why})
		return
	}
	a.Endpoint, k.Refusal = e[0], why
	s.enter(k, warning)
	s.set(k, warningTime, warnsFor)
	s.tell(a, leg.Ring{Status: 183, Media: &leg.Media{Addr: a.Endpoint.Pair.Addr, Caps: caps}})
}

// warningFeature plays the announcement, once the session toward the phone is
// known, and then refuses.
type warningFeature struct{ inert }

func (warningFeature) hears(*call, *party) ear { return once(emergencyDesk) }

func (warningFeature) played(s *step, k *call, _ *party) { s.finish(k, leg.HangUp{Cause: k.Refusal}) }

func (warningFeature) alarm(s *step, k *call, _ alarmKind) { s.finish(k, leg.HangUp{Cause: k.Refusal}) }
