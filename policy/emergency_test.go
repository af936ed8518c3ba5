package policy

import (
	"testing"

	"sekisho/policy/number"
)

// routing is the directory whose tenant t1 routes its emergency calls over the
// pstn trunk, with a change to that trunk's profile.
func routing(t testing.TB, override string) Directory {
	d := directory(t)
	d.Trunks[pstn].EmergencyCapable = true
	d.Trunks[pstn].Profile = carrier(t, "generic", override)
	d.Tenants[t1].Emergency = EmergencyCalls{true, pstn}
	return d
}

// R61: route only for a caller known beyond doubt, and only if the tenant asks.
func TestEmergencyRoute(t *testing.T) {
	tab := build(t, routing(t, ""))
	for _, r := range []struct {
		name, pai, called string
		access            string
		want              Reason
		withheld          bool
	}{
		{"known", m2001, "8119", "", NoReason, false},
		{"the 8 stripped", m2001, "119", "", NoReason, false},
		{"as +81", m2001, "+81119", "", NoReason, false},
		// "184 before an emergency number withholds number+address unless danger is
		// judged imminent": the wish travels, the number too.
		{"184", m2001, "8184119", "", NoReason, true},
		{"186", m2001, "8186119", "", NoReason, false},
		{"another carrier's", m2002, "8119", "", Emergency, false},
		{"another tenant's", "+819000003001", "8119", "", Emergency, false},
		{"nobody", "", "8119", "", Emergency, false},
		{"unknown", "+819000009999", "8119", "", Emergency, false},
		{"misspelt", m2001, "８１１９", "", Emergency, false},
	} {
		q := Request{Trunk: docomo, Called: user(r.called), AccessNetwork: r.access}
		if r.pai != "" {
			q.PAI = []Identity{identity(r.pai)}
		}
		d := tab.Decide(q)
		if d.Reason != r.want || d.Called.String() != "119" || (d.Withheld != number.Given) != r.withheld {
			t.Errorf("%s: %s %s %s", r.name, d.Reason, d.Called, d.Withheld)
		}
		if v := tab.Violations(q, d); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
	}
	// A call to 119 that comes from the public network is nobody's to route.
	if d := tab.Decide(Request{Trunk: pstn, Called: user("119"), PAI: []Identity{identity("0300009001")}}); d.Reason != Emergency {
		t.Errorf("from outside: %s", d.Reason)
	}
	// au: the emergency number itself is routed, 110X and the like never (R51).
	d := routing(t, "")
	tab = build(t, d)
	for called, want := range map[string]Reason{"8119": NoReason, "81190": EmergencyLike, "81105": EmergencyLike} {
		if d := tab.Decide(Request{Trunk: au, Called: user(called), PAI: []Identity{identity(m2002)}}); d.Reason != want {
			t.Errorf("au, %s: %s", called, d.Reason)
		}
	}
}

// R61b: "unless R61 route": this tenant, this trunk, this number.
func TestEmergencyIsRoutedOnlyOverItsTrunk(t *testing.T) {
	tab := build(t, routing(t, ""))
	own := []Identity{identity("0300000121")}
	for _, called := range []string{"119", "+81119", "1-1-9", "01081119", "119;phone-context=+81", "%31%31%39"} {
		p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: own})
		if p.Outcome != Route || p.Trunk != pstn || p.RequestUser != "119" || p.PAI != "+81300000121" || p.Kind != External {
			t.Errorf("%s: %+v", called, p)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Error(v)
		}
	}
	if p := tab.Present(Outbound{Domain: "t2.example", Called: user("119")}); p.Reason != Emergency {
		t.Errorf("another tenant: %s", p.Reason)
	}
	// Not over the next outbound trunk, which takes no emergency calls.
	if p := tab.Present(Outbound{Domain: "t1.example", Called: user("119"), Available: []bool{true, true, true, false, true, true}}); p.Reason != NoTrunkAvailable {
		t.Errorf("its trunk is down: %s", p.Reason)
	}
	// The guard does not take the choice of trunk on trust.
	for id, want := range map[TrunkID]bool{pstn: true, both: false, docomo: false} {
		p := presentation{tables: tab, trunk: &tab.trunks[id], Presentation: Presentation{Tenant: t1, Trunk: id, Called: num(t, "119"), RequestUser: "119"}}
		if p.guard() != want {
			t.Errorf("119 over %s: %v", tab.trunks[id].Name, !want)
		}
	}
	// The route opens nothing else: a mobile addressed as 119 is still stopped,
	// over its own trunk and for the tenant that routes.
	d := routing(t, "")
	d.Trunks[au].Profile = carrier(t, "au", "egress.mobile_addr: extension")
	for extension, want := range map[number.ExtensionNumber]Reason{"119": GuardedEgress, "81110": GuardedEgress, "1105": EmergencyLike} {
		d.Subscribers[1].Extension = extension
		p := build(t, d).Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("2001")}})
		if p.Reason != want || p.RequestUser != "" {
			t.Errorf("mobile addressed as %s: %+v", extension, p)
		}
	}
}

// R61: whoever answers must be able to call back, whatever was withheld and
// whatever the profile does with withheld numbers.
func TestEmergencyCallCarriesItsNumber(t *testing.T) {
	for _, r := range []struct{ override, privacy, from, pai, wantPrivacy string }{
		{"", "", "+81300000121", "+81300000121", ""},
		{"", "id", "anonymous", "+81300000121", "id"},
		{"egress.privacy_pai: drop", "id", "anonymous", "+81300000121", "id"},
		{"egress.identity: [from]", "id", "+81300000121", "", ""},
		{"egress.identity: [from]", "", "+81300000121", "", ""},
	} {
		tab := build(t, routing(t, r.override))
		p := tab.Present(Outbound{Domain: "t1.example", Called: user("119"), PAI: []Identity{identity("0300000121")}, Privacy: r.privacy})
		if p.Outcome != Route || p.From.User != r.from || p.PAI != r.pai || p.Privacy != r.wantPrivacy {
			t.Errorf("%+v: %+v", r, p)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%+v: %v", r, v)
		}
	}
}

// R61d: "an inbound call whose CLI is 110/118/119 … bypasses … anonymous
// rejection; shown as … 110 without 8, so a redial is a native emergency call".
func TestEmergencyCallBack(t *testing.T) {
	tab := tables(t)
	for _, cli := range []string{"110", "118", "119", "+81119", "1-1-8", "119;phone-context=+81", "%31%31%30", "01081110"} {
		for _, q := range []Request{
			{PAI: []Identity{identity(cli)}, From: identity(cli)},
			{PAI: []Identity{identity(cli)}, From: anonymous("Anonymous"), Privacy: "id"},
			{PAI: []Identity{identity(cli)}, From: anonymous("Coin line/payphone"), Privacy: "user;id"},
			{From: identity(cli), Privacy: "id"},
		} {
			q.Trunk, q.Called = pstn, user("+81300000121")
			d := tab.Decide(q)
			if d.Outcome != Route || d.Caller.Class() != number.Emergency || d.Withheld != number.Given || d.Tenant != t1 {
				t.Errorf("%s: %s %s %s", cli, d.Reason, d.Caller, d.Withheld)
			}
			if v := tab.Violations(q, d); len(v) > 0 {
				t.Errorf("%s: %v", cli, v)
			}
			want := d.Caller.String()
			for called, on := range map[string]TrunkID{"09000002001": docomo, "09000002002": au, "09000002003": softbank} {
				p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: []Identity{identity(want)}, From: identity(want), Privacy: q.Privacy})
				if p.From.User != want || p.PAI != want || p.Privacy != "" || p.Masked || p.Trunk != on {
					t.Errorf("%s to %s: %+v", cli, called, p)
				}
			}
			// Passed on to the public network, nobody poses as the police.
			public := directory(t)
			public.Trunks[pstn].Profile = carrier(t, "generic", "egress.cli_passthrough: true")
			ptab := build(t, public)
			p := ptab.Present(Outbound{Domain: "t1.example", Called: user("0300009001"), PAI: []Identity{identity(want)}, Diverting: divertedBy(user("0300000121"))})
			if p.Outcome != Route || p.From.User != "+81300000121" {
				t.Errorf("%s passed on: %+v", cli, p)
			}
			if v := ptab.PresentationViolations(p); len(v) > 0 {
				t.Errorf("%s passed on: %v", cli, v)
			}
		}
	}
	// An extension or a slot that looks alike is no emergency body.
	for _, cli := range []string{"1105", "1190", "111", "0119", "11"} {
		d := tab.Decide(Request{Trunk: pstn, Called: user("0300000121"), PAI: []Identity{identity(cli)}, From: identity(cli), Privacy: "id"})
		if d.Withheld == number.Given || !d.Caller.IsZero() {
			t.Errorf("%s: %s %s", cli, d.Caller, d.Withheld)
		}
	}
}
