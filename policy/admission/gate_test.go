package admission

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"sekisho/policy"
)

func start() time.Time { return time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC) }

func TestCallsAreBoundPerTrunkAndTenant(t *testing.T) {
	g := New([]Limits{{Calls: 2}, {}}, []Limits{{Calls: 3}, {}})
	now := start()
	admit := func(trunk policy.TrunkID, tenant policy.TenantID, want Verdict) Lease {
		t.Helper()
		l, v := g.Admit(now, Claim{Trunk: trunk, Tenant: tenant})
		if v != want || l.Held != (want == Admitted) {
			t.Fatalf("trunk %d, tenant %d: %s, want %s", trunk, tenant, v, want)
		}
		return l
	}
	a := admit(0, 0, Admitted)
	admit(0, 1, Admitted)
	admit(0, 1, TrunkFull)
	admit(1, 0, Admitted)
	admit(1, 0, Admitted)
	admit(1, 0, TenantFull)
	admit(1, 1, Admitted)
	// A refused call took nothing: only the released one makes room.
	g.Release(&a)
	g.Release(&a)
	admit(0, 0, Admitted)
	admit(0, 0, TrunkFull)
	if s := g.Snapshot(now); s.Trunks[0].Calls != 2 || s.Trunks[1].Calls != 3 || s.Tenants[0].Calls != 3 || s.Tenants[1].Calls != 2 {
		t.Errorf("counts: %+v", s)
	}
	if policy.CallLimit != TrunkFull.Reason() || policy.CallLimit != TenantFull.Reason() || Admitted.Reason() != policy.NoReason {
		t.Error("too many calls are a policy")
	}
}

func TestRate(t *testing.T) {
	g := New([]Limits{{PerSecond: 20}}, []Limits{{}})
	now := start()
	burst := func() (admitted int) {
		for range 100 {
			if _, v := g.Admit(now, Claim{Tenant: policy.NoTenant}); v == Admitted {
				admitted++
			} else if v != TrunkFast || v.Reason() != policy.RateLimit {
				t.Fatalf("verdict %s", v)
			}
		}
		return admitted
	}
	if got := burst(); got != 20 {
		t.Errorf("a second's worth at once: %d", got)
	}
	now = now.Add(49 * time.Millisecond)
	if got := burst(); got != 0 {
		t.Errorf("after 49 ms: %d", got)
	}
	now = now.Add(time.Millisecond)
	if got := burst(); got != 1 {
		t.Errorf("after 50 ms: %d", got)
	}
	now = now.Add(time.Hour)
	if got := burst(); got != 20 {
		t.Errorf("an hour saves no more than a second's worth: %d", got)
	}
	// Offered 100 a second for ten seconds, 20 a second pass.
	passed := 0
	for range 1000 {
		now = now.Add(10 * time.Millisecond)
		if _, v := g.Admit(now, Claim{}); v == Admitted {
			passed++
		}
	}
	if passed < 199 || passed > 201 {
		t.Errorf("%d of 1000 passed in ten seconds at 20/s", passed)
	}
}

// A tenant that is too fast must not use up the trunk's rate.
func TestRefusedClaimTakesNothing(t *testing.T) {
	g := New([]Limits{{PerSecond: 2}}, []Limits{{PerSecond: 1}, {}})
	now := start()
	g.Admit(now, Claim{Tenant: 0})
	if _, v := g.Admit(now, Claim{Tenant: 0}); v != TenantFast {
		t.Fatalf("second call of the tenant: %s", v)
	}
	if _, v := g.Admit(now, Claim{Tenant: 1}); v != Admitted {
		t.Errorf("the trunk has one left: %s", v)
	}
}

// R60: "exempt from channel limit and rate limit".
func TestEmergencyRefusalIsExempt(t *testing.T) {
	g := New([]Limits{{Calls: 1, PerSecond: 1}}, []Limits{{Calls: 1}})
	now := start()
	held, _ := g.Admit(now, Claim{})
	for _, r := range []policy.Reason{policy.Emergency, policy.EmergencyLike, policy.GuardedEgress} {
		l, v := g.Admit(now, Claim{Reason: r})
		if v != Admitted || l.Held {
			t.Errorf("%s: %s, %+v", r, v, l)
		}
		g.Release(&l)
	}
	if _, v := g.Admit(now, Claim{Reason: policy.NotAllowed}); v != TrunkFull {
		t.Errorf("another refusal counts: %s", v)
	}
	if s := g.Snapshot(now); s.Trunks[0].Calls != 1 {
		t.Errorf("an exempt call changed the count: %+v", s)
	}
	g.Release(&held)
}

func TestSnapshotCarriesEverything(t *testing.T) {
	limits, tenants := []Limits{{Calls: 5, PerSecond: 10}, {}}, []Limits{{Calls: 2}}
	g := New(limits, tenants)
	now := start()
	for range 2 {
		g.Admit(now, Claim{})
	}
	text, err := json.Marshal(g.Snapshot(now))
	if err != nil {
		t.Fatal(err)
	}
	var s Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	later := start().Add(time.Hour)
	again := New(limits, tenants)
	again.Restore(later, s)
	for i := range 12 {
		c := Claim{Tenant: policy.NoTenant}
		if i == 0 {
			c.Tenant = 0
		}
		_, want := g.Admit(now, c)
		if _, got := again.Admit(later, c); got != want {
			t.Errorf("claim %d: %s, the original says %s", i, got, want)
		}
	}
	smaller := New([]Limits{{Calls: 1}}, nil)
	smaller.Restore(later, s)
	if _, v := smaller.Admit(later, Claim{}); v != TrunkFull {
		t.Errorf("smaller limit: %s", v)
	}
}

func TestRecount(t *testing.T) {
	g := New([]Limits{{Calls: 3}}, []Limits{{}})
	now := start()
	a, _ := g.Admit(now, Claim{})
	g.Admit(now, Claim{}) // lost with its call
	g.Recount(slices.Values([]Lease{a, {}}))
	if s := g.Snapshot(now); s.Trunks[0].Calls != 1 || s.Tenants[0].Calls != 1 {
		t.Errorf("%+v", s)
	}
	g.Release(&a)
	if s := g.Snapshot(now); s.Trunks[0].Calls != 0 {
		t.Errorf("%+v", s)
	}
}
