//go:build !race

package policy

import (
	"testing"
)

// With a buffer for the steps, Decide allocates the one string that puts the
// trunk zero back into +81…, and Present the one string it shows.
func TestAllocations(t *testing.T) {
	tab := tables(t)
	buffer := make([]Step, 0, typicalSteps)
	in := Request{Trunk: au, Called: user("80300009001"), PAI: []Identity{identity(m2002)}, From: identity(m2002), Steps: buffer}
	if got := testing.AllocsPerRun(200, func() {
		if tab.Decide(in).Outcome != Route {
			t.Fatal("refused")
		}
	}); got > 1 {
		t.Errorf("Decide: %v allocations", got)
	}
	out := Outbound{
		Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("0300009001")}, Steps: buffer,
		Diverting: divertedBy(user("0300000121")),
	}
	if got := testing.AllocsPerRun(200, func() {
		if tab.Present(out).Outcome != Route {
			t.Fatal("refused")
		}
	}); got > 1 {
		t.Errorf("Present: %v allocations", got)
	}
}
