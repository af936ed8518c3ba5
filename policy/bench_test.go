package policy

import "testing"

func BenchmarkDecide(b *testing.B) {
	tab := tables(b)
	r := Request{Trunk: au, Called: user("80300009001"), PAI: []Identity{identity(m2002)}, From: identity(m2002)}
	b.ReportAllocs()
	for b.Loop() {
		if tab.Decide(r).Outcome != Route {
			b.Fatal("refused")
		}
	}
}

func BenchmarkPresent(b *testing.B) {
	tab := tables(b)
	o := Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("0300009001")}}
	b.ReportAllocs()
	for b.Loop() {
		if tab.Present(o).Outcome != Route {
			b.Fatal("refused")
		}
	}
}
