package core

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A call's lifetime goes on through every stage, while the alarms of a stage go
// with it; of a call that is over only the wait for statistics is left.
func TestLifetimeOutlivesStages(t *testing.T) {
	s := &step{Core: New(Config{Source: rand.New(rand.NewPCG(1, 1))}), now: time.Unix(0, 0)}
	k := &call{Stage: setup}
	s.set(k, lifetime, time.Hour)
	for _, g := range []stage{talking, collecting, held, calling, consulting, passing, passed, parking, waiting, hunting, choosing} {
		s.set(k, interdigit, time.Second)
		s.enter(k, g)
		if k.isSet(interdigit) || !k.nextAlarm().Equal(s.now.Add(time.Hour)) {
			t.Errorf("stage %d has the alarms %v", g, k.Alarms)
		}
	}
	s.finish(k, normal())
	if k.isSet(lifetime) || !k.isSet(lingering) {
		t.Errorf("a call that is over has the alarms %v", k.Alarms)
	}
}
