package scenario

import (
	"time"

	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/admission"
)

// limits is the border's Limits over one gate, as node shares it, without
// other shards.
type limits struct {
	gate   *admission.Gate
	leases map[uint64]admission.Lease
}

func newLimits(c *config.Config) *limits {
	trunks := make([]admission.Limits, len(c.Trunks))
	for i, t := range c.Trunks {
		trunks[i] = admission.Limits{Calls: t.Limits.Calls, PerSecond: t.Limits.CPS}
	}
	return &limits{gate: admission.New(trunks, nil), leases: make(map[uint64]admission.Lease)}
}

// Admit implements border.Limits.
func (l *limits) Admit(now time.Time, call uint64, on policy.TrunkID, tenant policy.TenantID) policy.Reason {
	lease, verdict := l.gate.Admit(now, admission.Claim{Trunk: on, Tenant: tenant})
	if verdict == admission.Admitted {
		l.leases[call] = lease
	}
	return verdict.Reason()
}

// Leave implements border.Limits.
func (l *limits) Leave(call uint64) {
	lease := l.leases[call]
	l.gate.Release(&lease)
	delete(l.leases, call)
}

// held returns how many places are taken.
func (l *limits) held() int {
	n := 0
	for _, lease := range l.leases {
		if lease.Held {
			n++
		}
	}
	return n
}
