package node

import (
	"sync"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/media/ebb"
	"sekisho/policy"
	"sekisho/policy/admission"
)

// Gate is the limits of all shards: a trunk's calls are counted together,
// wherever they live. Admission itself has one owner and no lock; the lock is
// here, at the rim, and held for some nanoseconds a call.
type Gate struct {
	mu   sync.Mutex
	gate *admission.Gate
}

// NewGate returns the gate of a configuration's limits, with nobody inside.
func NewGate(c *config.Config) *Gate {
	trunks := make([]admission.Limits, len(c.Trunks))
	for i, t := range c.Trunks {
		trunks[i] = admission.Limits{Calls: t.Limits.Calls, PerSecond: t.Limits.CPS}
	}
	return &Gate{gate: admission.New(trunks, nil)}
}

// Limits are the configured limits for an instance of one shard that is stepped
// without a Node.
func Limits(c *config.Config) border.Limits { return NewGate(c).Share() }

// Share is one shard's view of the gate: it remembers which of its calls hold
// a lease, so that each is given back once. Calls are named within their shard,
// so no two shards may have one share.
type Share struct {
	of     *Gate
	leases map[uint64]admission.Lease
	most   ebb.Mark
}

// Share returns a shard's view.
func (g *Gate) Share() *Share { return &Share{of: g, leases: make(map[uint64]admission.Lease)} }

// Admit implements border.Limits.
func (s *Share) Admit(now time.Time, call uint64, on policy.TrunkID, tenant policy.TenantID) policy.Reason {
	s.of.mu.Lock()
	lease, verdict := s.of.gate.Admit(now, admission.Claim{Trunk: on, Tenant: tenant})
	s.of.mu.Unlock()
	if verdict == admission.Admitted {
		s.leases[call] = lease
	}
	return verdict.Reason()
}

// Leave implements border.Limits.
func (s *Share) Leave(call uint64) {
	lease, ok := s.leases[call]
	if !ok {
		return
	}
	ebb.Delete(&s.leases, &s.most, call)
	s.of.mu.Lock()
	s.of.gate.Release(&lease)
	s.of.mu.Unlock()
}

// Held returns how many calls of the shard are inside.
func (s *Share) Held() int { return len(s.leases) }
