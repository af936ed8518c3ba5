package node

import (
	"sync"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/admission"
)

// gate is the limits of all shards. Admission itself has one owner and no
// lock; the lock is here, at the rim, and held for some nanoseconds a call.
type gate struct {
	mu   sync.Mutex
	gate *admission.Gate
}

func newGate(c *config.Config) *gate {
	trunks := make([]admission.Limits, len(c.Trunks))
	for i, t := range c.Trunks {
		trunks[i] = admission.Limits{Calls: t.Limits.Calls, PerSecond: t.Limits.CPS}
	}
	return &gate{gate: admission.New(trunks, nil)}
}

// Limits are the configured limits for an instance of one shard that is stepped
// without a Node.
func Limits(c *config.Config) border.Limits { return newGate(c).share() }

// share is one shard's view of the gate: it remembers which of its calls hold
// a lease, so that each is given back once.
type share struct {
	of     *gate
	leases map[uint64]admission.Lease
}

func (g *gate) share() border.Limits { return &share{of: g, leases: make(map[uint64]admission.Lease)} }

// Admit implements border.Limits.
func (s *share) Admit(now time.Time, call uint64, on policy.TrunkID, tenant policy.TenantID) policy.Reason {
	s.of.mu.Lock()
	lease, verdict := s.of.gate.Admit(now, admission.Claim{Trunk: on, Tenant: tenant})
	s.of.mu.Unlock()
	if verdict == admission.Admitted {
		s.leases[call] = lease
	}
	return verdict.Reason()
}

// Leave implements border.Limits.
func (s *share) Leave(call uint64) {
	lease, ok := s.leases[call]
	if !ok {
		return
	}
	delete(s.leases, call)
	s.of.mu.Lock()
	s.of.gate.Release(&lease)
	s.of.mu.Unlock()
}
