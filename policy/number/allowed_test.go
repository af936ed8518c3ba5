package number

import "testing"

// R5: "`1XY` → allow-list"; R11: "denied by default".
func TestAllowed(t *testing.T) {
	read := func(s string) Number {
		n, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var none Allowed
	one, ok := none.WithSpecial(read("117"))
	if !ok {
		t.Fatal("117 is special")
	}
	one, _ = one.WithSpecial(read("171")) // beyond the first 64
	all, abroad := none.WithClass(Special), none.WithClass(International)
	for _, r := range []struct {
		number                 string
		none, one, all, abroad bool
	}{
		{"117", false, true, true, false},
		{"171", false, true, true, false},
		{"107", false, false, true, false},
		{"118", false, false, false, false},
		{"177", false, false, true, false},
		{"1117", false, false, false, false},
		{"+12025550123", false, false, false, true},
		{"0300009001", false, false, false, false},
	} {
		n := read(r.number)
		if none.Has(n) != r.none || one.Has(n) != r.one || all.Has(n) != r.all || abroad.Has(n) != r.abroad {
			t.Errorf("%s: %v %v %v %v", n, none.Has(n), one.Has(n), all.Has(n), abroad.Has(n))
		}
	}
	for _, s := range []string{"110", "118", "119", "184", "186", "2001", "0990000000"} {
		if got, ok := none.WithSpecial(read(s)); ok || got != none {
			t.Errorf("%s taken for a special number to call", s)
		}
	}
}
