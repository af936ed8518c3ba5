package admission

import (
	"iter"
	"time"

	"sekisho/policy"
)

// Limits bound one trunk or one tenant. Zero is no bound.
type Limits struct {
	Calls     int // at the same time
	PerSecond int // new ones; a second's worth may come at once
}

// Claim is a call that asks to be admitted.
type Claim struct {
	Trunk  policy.TrunkID
	Tenant policy.TenantID // NoTenant while nobody is known
	// Reason is why the call will be refused, NoReason for one that will be
	// routed.
	Reason policy.Reason
}

// Lease is what an admitted call holds: plain data, to be kept with the call
// and released once. The zero Lease holds nothing.
type Lease struct {
	Held   bool
	Trunk  policy.TrunkID
	Tenant policy.TenantID
}

// Verdict is the answer to a Claim.
type Verdict uint8

// The verdicts.
const (
	Admitted Verdict = iota
	TrunkFull
	TenantFull
	TrunkFast
	TenantFast
)

// Reason returns the row of the response table for a verdict: too many calls
// are a policy (480), too many per second an overload (503 with Retry-After).
func (v Verdict) Reason() policy.Reason {
	switch v {
	case Admitted:
	case TrunkFull, TenantFull:
		return policy.CallLimit
	case TrunkFast, TenantFast:
		return policy.RateLimit
	}
	return policy.NoReason
}

// String returns the label under which the verdict is counted.
func (v Verdict) String() string {
	switch v {
	case Admitted:
		return "admitted"
	case TrunkFull:
		return "trunk_full"
	case TenantFull:
		return "tenant_full"
	case TrunkFast:
		return "trunk_fast"
	case TenantFast:
		return "tenant_fast"
	}
	return "verdict?"
}

// Gate holds the counts of all trunks and tenants.
type Gate struct {
	trunks, tenants []bound
}

// bound is one limit with its state.
type bound struct {
	limits Limits
	calls  int
	due    time.Time // when the bucket will be full again
}

// New returns a gate with nothing counted. The slices are indexed by TrunkID
// and TenantID.
func New(trunks, tenants []Limits) *Gate {
	return &Gate{trunks: bounds(trunks), tenants: bounds(tenants)}
}

func bounds(limits []Limits) []bound {
	list := make([]bound, len(limits))
	for i, l := range limits {
		list[i].limits = l
	}
	return list
}

// Admit answers a claim. Either everything it counts against has room, and all
// of it is taken, or nothing is.
func (g *Gate) Admit(now time.Time, c Claim) (Lease, Verdict) {
	if c.Reason.Exempt() {
		return Lease{}, Admitted
	}
	trunk, tenant := at(g.trunks, int(c.Trunk)), at(g.tenants, int(c.Tenant))
	switch {
	case trunk.full():
		return Lease{}, TrunkFull
	case tenant.full():
		return Lease{}, TenantFull
	case trunk.fast(now):
		return Lease{}, TrunkFast
	case tenant.fast(now):
		return Lease{}, TenantFast
	}
	trunk.take(now)
	tenant.take(now)
	return Lease{Held: true, Trunk: c.Trunk, Tenant: c.Tenant}, Admitted
}

// Release gives a lease back and empties it, so that releasing it again does
// nothing.
func (g *Gate) Release(l *Lease) {
	if l.Held {
		at(g.trunks, int(l.Trunk)).leave()
		at(g.tenants, int(l.Tenant)).leave()
	}
	*l = Lease{}
}

// Recount sets the number of calls from the leases of the calls that are
// really alive: after a restart, or when a call was lost to a fault.
func (g *Gate) Recount(live iter.Seq[Lease]) {
	for i := range g.trunks {
		g.trunks[i].calls = 0
	}
	for i := range g.tenants {
		g.tenants[i].calls = 0
	}
	for l := range live {
		if !l.Held {
			continue
		}
		at(g.trunks, int(l.Trunk)).enter()
		at(g.tenants, int(l.Tenant)).enter()
	}
}

// at returns nil for an index that is nobody's; a nil bound has room for all.
func at(list []bound, i int) *bound {
	if i < 0 || i >= len(list) {
		return nil
	}
	return &list[i]
}

func (b *bound) full() bool { return b != nil && b.limits.Calls > 0 && b.calls >= b.limits.Calls }

// fast reports that the bucket is empty: it would be full again later than a
// whole second less one call from now.
func (b *bound) fast(now time.Time) bool {
	return b != nil && b.limits.PerSecond > 0 && b.due.Sub(now) > time.Second-b.spacing()
}

func (b *bound) spacing() time.Duration { return time.Second / time.Duration(b.limits.PerSecond) }

func (b *bound) take(now time.Time) {
	b.enter()
	if b == nil || b.limits.PerSecond <= 0 {
		return
	}
	if b.due.Before(now) {
		b.due = now
	}
	b.due = b.due.Add(b.spacing())
}

func (b *bound) enter() {
	if b != nil {
		b.calls++
	}
}

func (b *bound) leave() {
	if b != nil && b.calls > 0 {
		b.calls--
	}
}
