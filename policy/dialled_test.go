package policy

import (
	"slices"
	"testing"

	"sekisho/policy/number"
)

// R1, R5 and finding 9: "`*`,`#` arrive escaped: decode before policy".
func TestSpellingsOfDialledNumbers(t *testing.T) {
	rows := []struct {
		user, params string
		want         Reason
		reach        string
	}{
		{"8-2002", "", NoReason, "2002"},
		{"%38%32%30%30%32", "", NoReason, "2002"},
		{"82002;phone-context=t1.example", "user=phone", NoReason, "2002"},
		{"82002", "phone-context=+81", NoReason, "2002"},
		{"8(03)0000-9001", "", NoReason, "0300009001"},
		{"80300009001;npdi;rn=+81300000002", "", NoReason, "0300009001"},
		{"8%2A0", "", Unassigned, ""},
		{"8%2a%2a", "", Unassigned, ""},
		{"8%237119", "", Unassigned, ""},
		{"8#8000", "", Unassigned, ""},
		{"82002%23", "", Unassigned, ""},
		{"８２００２", "", Unassigned, ""},
		{"82002;phone-context=+1", "", Unassigned, ""},
		{"8%2002002", "", Unassigned, ""},
		{"8119", "phone-context=+81", Emergency, "119"},
		{"8-1-1-9", "", Emergency, "119"},
		{"%38%31%31%39", "", Emergency, "119"},
		{"+81(0)3-0000-9001", "", NoPrefix, "0300009001"},
		// R60: "Never 4xx silently": these reach no number, and still somebody
		// has dialled 110, 118 or 119.
		{"８１１９", "", Emergency, "119"},
		{"%EF%BC%91%EF%BC%91%EF%BC%90", "", Emergency, "110"},
		{"8119%23", "", Emergency, "119"},
		{"8 118", "", Emergency, "118"},
		{"８１８４１１０", "", Emergency, "110"},
	}
	tab := tables(t)
	for _, r := range rows {
		q := Request{Trunk: docomo, Called: number.URIUser{User: r.user, Params: r.params}, PAI: []Identity{identity(m2001)}}
		d := tab.Decide(q)
		if d.Reason != r.want || r.reach != "" && d.Called.String() != r.reach {
			t.Errorf("%s;%s: %s %s, want %s %s", r.user, r.params, d.Reason, d.Called, r.want, r.reach)
		}
		if v := tab.Violations(q, d); len(v) > 0 {
			t.Errorf("%s: %v", r.user, v)
		}
		if r.want == Emergency {
			q.Trunk = pstn
			if d := tab.Decide(q); d.Reason != Emergency {
				t.Errorf("%s from outside: %s", r.user, d.Reason)
			}
		}
	}
}

// R11: "0AB-J 10; 090/080/070/060 11; 050 11; 0120 10; 0800 11; 0570 10
// allowed; 010 intl, 00XY, 020, 0990, 0180, 0170 denied by default", on the way
// in and on the way out, with and without the allow-list.
func TestClassesBothWays(t *testing.T) {
	rows := []struct {
		called string
		class  number.Class
		deny   Reason // without an allow-list; NoReason where always allowed
	}{
		{"0300009001", number.Fixed, NoReason},
		{"09000009002", number.Mobile, NoReason},
		{"08010009002", number.Mobile, NoReason},
		{"07000009002", number.Mobile, NoReason},
		{"06000000001", number.Mobile, NoReason},
		{"05000000001", number.IPPhone, NoReason},
		{"0120000000", number.FreeDial, NoReason},
		{"08000000000", number.FreeDial, NoReason},
		{"0570000000", number.Navi, NoReason},
		{"01012025550123", number.International, NoInternational},
		{"0033010", number.CarrierSelect, NotAllowed},
		{"02000000001", number.M2M, NotAllowed},
		{"0990000000", number.Premium, NotAllowed},
		{"0180000000", number.Information, NotAllowed},
		{"0170000000", number.Information, NotAllowed},
		{"117", number.Special, NotAllowed},
		{"136", number.Special, NotAllowed},
	}
	plain := tables(t)
	for _, r := range rows {
		var tabs []*Tables // the class allowed at both ends, and at one end alone
		if r.deny != NoReason {
			for _, where := range [][2]string{{"ingress", "egress"}, {"ingress", ""}, {"", "egress"}} {
				d := directory(t)
				if where[0] != "" {
					d.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.allow: ["+r.class.String()+"]")
				}
				if where[1] != "" {
					d.Trunks[pstn].Profile = carrier(t, "generic", "egress.allow: ["+r.class.String()+"]")
				}
				tabs = append(tabs, build(t, d))
			}
		}
		in := func(tab *Tables) Reason {
			d := tab.Decide(Request{Trunk: docomo, Called: user("8" + r.called), PAI: []Identity{identity(m2001)}})
			if d.Called.Class() != r.class {
				t.Errorf("%s is %s", r.called, d.Called.Class())
			}
			return d.Reason
		}
		out := func(tab *Tables) Reason {
			return tab.Present(Outbound{Domain: "t1.example", Called: user(r.called), PAI: []Identity{identity("0300000121")}}).Reason
		}
		if in(plain) != r.deny || out(plain) != r.deny {
			t.Errorf("%s: %s in, %s out, want %s", r.called, in(plain), out(plain), r.deny)
		}
		if r.deny == NoReason {
			continue
		}
		got := []Reason{in(tabs[0]), out(tabs[0]), in(tabs[1]), out(tabs[1]), in(tabs[2]), out(tabs[2])}
		if want := []Reason{NoReason, NoReason, NoReason, r.deny, r.deny, NoReason}; !slices.Equal(got, want) {
			t.Errorf("%s with allow-lists: %v, want %v", r.called, got, want)
		}
	}
	// A special number allowed by itself allows no other.
	single := directory(t)
	single.Trunks[docomo].Profile = carrier(t, "docomo", `ingress.allow: ["117"]`)
	for called, want := range map[string]Reason{"8117": NoReason, "8136": NotAllowed, "8118": Emergency, "8184": NotAllowed} {
		if got := build(t, single).Decide(Request{Trunk: docomo, Called: user(called), PAI: []Identity{identity(m2001)}}); got.Reason != want {
			t.Errorf("%s where only 117 is allowed: %s", called, got.Reason)
		}
	}
	// Allowing one class allows no other.
	d := directory(t)
	d.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.allow: [international]")
	if got := build(t, d).Decide(Request{Trunk: docomo, Called: user("80990000000"), PAI: []Identity{identity(m2001)}}); got.Reason != NotAllowed {
		t.Errorf("0990 where only abroad is allowed: %s", got.Reason)
	}
}
