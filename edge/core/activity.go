package core

import (
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/ua"
	"sekisho/policy/number"
)

// spell is what lasts and is told in pairs of events, as plain data: a hold by an
// extension, or the wait for somebody of a call centre. The zero spell is none.
type spell struct {
	Of    number.ExtensionNumber
	Since time.Time
}

// tells puts an event into the streams beside the records (SPEC R58).
func (s *step) tells(k *call, a cdr.Activity) {
	a.At, a.Call, a.Tenant = s.now, k.Name, k.Tenant
	s.do(ua.Activity{Activity: &a})
}

// holdBegins notes a hold. It ends with its stage, whatever ends that (enter).
func (s *step) holdBegins(k *call) {
	k.Held = spell{k.owner().Extension, s.now}
	s.tells(k, cdr.Activity{Event: cdr.HoldStart, Extension: string(k.Held.Of)})
}

func (s *step) holdEnds(k *call) {
	if k.Held != (spell{}) {
		s.tells(k, cdr.Activity{Event: cdr.HoldEnd, Extension: string(k.Held.Of), Took: s.now.Sub(k.Held.Since)})
		k.Held = spell{}
	}
}

// queued notes who has come to a call centre.
func (s *step) queued(k *call, centre number.ExtensionNumber) {
	k.Queued = spell{centre, s.now}
	s.tells(k, cdr.Activity{Event: cdr.Queued, Centre: string(centre)})
}

// offered notes that an agent's telephone rings.
func (s *step) offered(k *call, g Group, agent number.ExtensionNumber) {
	if g.Queues {
		s.tells(k, cdr.Activity{Event: cdr.Offered, Centre: string(g.Extension), Extension: string(agent)})
	}
}

// dequeued notes how who waits for somebody of a call centre leaves it; an agent's
// extension is empty where there is none.
func (s *step) dequeued(k *call, how cdr.Event, agent number.ExtensionNumber) {
	if k.Queued != (spell{}) {
		s.tells(k, cdr.Activity{Event: how, Centre: string(k.Queued.Of), Extension: string(agent), Took: s.now.Sub(k.Queued.Since)})
		k.Queued = spell{}
	}
}
