//go:build !race

package admission

import "testing"

func TestAllocations(t *testing.T) {
	g := New([]Limits{{Calls: 10, PerSecond: 1000000}}, []Limits{{Calls: 10}})
	now := start()
	if got := testing.AllocsPerRun(200, func() {
		l, v := g.Admit(now, Claim{})
		if v != Admitted {
			t.Fatal(v)
		}
		g.Release(&l)
	}); got > 0 {
		t.Errorf("%v allocations per call", got)
	}
}
