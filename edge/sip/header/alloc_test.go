//go:build !race

package header

import "testing"

func TestAllocations(t *testing.T) {
	invite := load(t, "testdata/carrier/us_stir_shaken_invite.sip")
	compact := load(t, "testdata/carrier/compact_headers_invite.sip")
	g := NewGuard(Limits{})
	check := func(name string, f func()) {
		// The average is rounded down: a buffer that leaks its capacity slowly
		// shows only in a run that counts as one.
		many := func() {
			for range 1000 {
				f()
			}
		}
		if n := testing.AllocsPerRun(5, many); n != 0 {
			t.Errorf("%s: %v allocations in 1,000 runs, want 0", name, n)
		}
	}
	check("Scan", func() {
		if _, err := Scan(invite); err != nil {
			t.Fatal(err)
		}
	})
	check("Canonical, canonical already", func() {
		out, err := g.Canonical(invite)
		if err != nil || &out[0] != &invite[0] {
			t.Fatal("copied", err)
		}
	})
	tortuous := load(t, "testdata/rfc4475/wsinv.dat")
	check("Canonical, folded", func() {
		if _, err := g.Canonical(tortuous); err != nil {
			t.Fatal(err)
		}
	})
	check("Canonical, rewritten", func() {
		if _, err := g.Canonical(compact); err != nil {
			t.Fatal(err)
		}
	})
}
