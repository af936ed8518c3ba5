package policy

import (
	"slices"
	"testing"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

const (
	m2001 = "+819000002001"
	m2002 = "+819000002002"
)

// A mobile's calls, in the order of DESIGN §8.
func TestDecideMobile(t *testing.T) {
	tab := tables(t)
	rows := []struct {
		rule   string
		trunk  TrunkID
		from   string
		called string
		want   Reason
		reach  string // canonical, of a Route
	}{
		{"R1", docomo, m2001, "82002", NoReason, "2002"},
		{"R1", docomo, m2001, "80300009001", NoReason, "0300009001"},
		{"R1", docomo, m2001, "81002", NoReason, "1002"},
		{"R1 exactly one", docomo, m2001, "882002", Unassigned, ""},
		{"R2", docomo, m2001, "0300009001", NoPrefix, ""},
		{"R2", docomo, m2001, "2002", NoPrefix, ""},
		{"R2", docomo, m2001, "+81300009001", NoPrefix, ""},
		{"R4", docomo, m2001, "81840300009001", NoReason, "0300009001"},
		{"R5 slot", docomo, m2001, "8701", NoReason, "701"},
		{"R5 pickup", docomo, m2001, "892002", NoReason, "92002"},
		{"R5 park code", docomo, m2001, "8700", Unassigned, ""},
		{"R5 4000s", docomo, m2001, "84000", Unassigned, ""},
		{"R5 1XY", docomo, m2001, "8117", NotAllowed, ""},
		{"R5 escaped star", docomo, m2001, "8%2A0", Unassigned, ""},
		{"#7119", docomo, m2001, "8%237119", Unassigned, ""},
		{"R8", docomo, m2002, "82001", WrongCarrier, ""},
		{"R8", au, m2001, "82001", WrongCarrier, ""},
		{"R10", docomo, "+819000009999", "82001", NotProvisioned, ""},
		{"R10", docomo, "alice", "82001", NotProvisioned, ""},
		{"R10", docomo, "2001", "82001", NotProvisioned, ""},
		{"R10", docomo, "", "82001", NoIdentity, ""},
		{"R10 before R2", docomo, "", "0300009001", NoIdentity, ""},
		{"R8 before R51", au, m2001, "81001", WrongCarrier, ""},
		{"R11", docomo, m2001, "806000000001", NoReason, "06000000001"},
		{"R11", docomo, m2001, "805000000001", NoReason, "05000000001"},
		{"R11", docomo, m2001, "80120000000", NoReason, "0120000000"},
		{"R11", docomo, m2001, "80570000000", NoReason, "0570000000"},
		{"R11 +81", docomo, m2001, "801081300009001", NoReason, "0300009001"},
		{"R11 intl", docomo, m2001, "801012025550123", NoInternational, ""},
		{"R11 00XY", docomo, m2001, "80033010", NotAllowed, ""},
		{"R11 020", docomo, m2001, "802000000001", NotAllowed, ""},
		{"R11 0990", docomo, m2001, "80990000000", NotAllowed, ""},
		{"R11 0180", docomo, m2001, "80180000000", NotAllowed, ""},
		{"R11 0170", docomo, m2001, "80170000000", NotAllowed, ""},
		{"R11 short", docomo, m2001, "8030000900", TooShort, ""},
		{"R11 12 digits", docomo, m2001, "8030000010012", Unassigned, ""},
		{"R30", docomo, m2001, "899999999", Unassigned, ""},
		{"R51", au, m2002, "81001", Ext1000, ""},
		{"R51", au, m2002, "81999", Ext1000, ""},
		{"R51 110X", au, m2002, "81105", EmergencyLike, ""},
		{"R51 118X", au, m2002, "81181", EmergencyLike, ""},
		{"R51 119X", au, m2002, "81199", EmergencyLike, ""},
		{"R51 2000s", au, m2002, "82001", NoReason, "2001"},
		{"R51 pickup of a 1000", au, m2002, "891001", NoReason, "91001"},
		{"R51 Sapporo", au, m2002, "80118111234", NoReason, "0118111234"},
		{"R52", docomo, m2001, "81001", NoReason, "1001"},
		{"R52", docomo, m2001, "81105", NoReason, "1105"},
		{"R60", docomo, m2001, "8119", Emergency, ""},
		{"R60", au, m2002, "8110", Emergency, ""},
		{"R60 184", docomo, m2001, "8184110", Emergency, ""},
		{"R60 186", docomo, m2001, "8186119", Emergency, ""},
		{"R60 stripped", docomo, m2001, "118", Emergency, ""},
		{"R60 before R10", docomo, "", "8119", Emergency, ""},
		{"R60 before R8", docomo, m2002, "8119", Emergency, ""},
		{"R60 +81", docomo, m2001, "+81119", Emergency, ""},
		{"R60 Sapporo", docomo, m2001, "80110111234", NoReason, "0110111234"},
		{"no digits", docomo, m2001, "", TooShort, ""},
		{"full width", docomo, m2001, "８２００２", Unassigned, ""},
		{"200 digits", docomo, m2001, string(slices.Repeat([]byte("8"), 200)), Unassigned, ""},
		{"both, ours", both, "+81300009001", "0300000121", NoReason, "0300000121"},
		{"both, mobile", both, m2001, "82002", NoReason, "2002"},
		{"both, a mobile dials our number", both, m2001, "80300000121", NoReason, "0300000121"},
		{"both, emergency", both, m2001, "8119", Emergency, ""},
	}
	for _, r := range rows {
		req := Request{Trunk: r.trunk, Called: user(r.called), From: identity("+819000002001")}
		if r.from != "" {
			req.PAI = []Identity{identity(r.from)}
		}
		d := tab.Decide(req)
		if d.Reason != r.want || d.Outcome == Route != (r.want == NoReason) || r.reach != "" && d.Called.String() != r.reach {
			t.Errorf("%s: %s on %s = %s %s %s, want %s %s; %v", r.rule, r.called, tab.Trunk(r.trunk).Name, d.Outcome, d.Reason, d.Called, r.want, r.reach, d.Steps)
		}
		if v := tab.Violations(req, d); len(v) > 0 {
			t.Errorf("%s: %s: %v", r.rule, r.called, v)
		}
	}
}

// R10: "Caller is identified only from PAI on a trusted trunk IP (not From)".
func TestIdentityIsWhatTheProfileTrusts(t *testing.T) {
	tab := tables(t)
	known, stranger := identity(m2001), identity("+819000009999")
	rows := []struct {
		name string
		pai  []Identity
		from Identity
		want Reason
	}{
		{"From known, PAI unknown", []Identity{stranger}, known, NotProvisioned},
		{"From known, no PAI", nil, known, NoIdentity},
		{"PAI anonymous", []Identity{anonymous("Anonymous")}, known, NoIdentity},
		{"tel behind sip without a number", []Identity{identity("alice"), known}, stranger, NoReason},
		{"tel and sip, first number wins", []Identity{stranger, known}, known, NotProvisioned},
		{"national spelling", []Identity{identity("090-0000-2001")}, stranger, NoReason},
	}
	for _, r := range rows {
		if d := tab.Decide(Request{Trunk: docomo, Called: user("82002"), PAI: r.pai, From: r.from}); d.Reason != r.want {
			t.Errorf("%s: %s, want %s", r.name, d.Reason, r.want)
		}
	}
	d := directory(t)
	d.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.identity: [ppi]")
	if got := build(t, d).Decide(Request{Trunk: docomo, Called: user("82002"), PPI: []Identity{known}}); got.Outcome != Route {
		t.Errorf("PPI by profile: %s", got.Reason)
	}
}

func TestPrefixByProfile(t *testing.T) {
	for _, r := range []struct {
		prefix, called, reach string
		want                  Reason
	}{
		{"optional", "82002", "2002", NoReason},
		{"optional", "2002", "2002", NoReason},
		{"optional", "119", "", Emergency},
		{"stripped_by_carrier", "2002", "2002", NoReason},
		{"stripped_by_carrier", "82002", "", Unassigned},
		{"stripped_by_carrier", "8119", "", Emergency},
		{"stripped_by_carrier", "184110", "", Emergency},
	} {
		d := directory(t)
		d.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.prefix: "+r.prefix)
		got := build(t, d).Decide(Request{Trunk: docomo, Called: user(r.called), PAI: []Identity{identity(m2001)}})
		if got.Reason != r.want || r.reach != "" && got.Called.String() != r.reach {
			t.Errorf("%s %s: %s %s", r.prefix, r.called, got.Reason, got.Called)
		}
	}
}

func TestMobileRoute(t *testing.T) {
	tab := tables(t)
	d := tab.Decide(Request{Trunk: docomo, Called: user("81840300009001"), PAI: []Identity{identity(m2001)}, Privacy: "id"})
	if d.Tenant != t1 || d.Kind != Mobile || d.Caller.String() != "09000002001" || d.CLIR != number.Withhold || d.Carrier != profile.Docomo {
		t.Errorf("external with 184: %+v", d)
	}
	// R4: "ignored for internal".
	if d := tab.Decide(Request{Trunk: docomo, Called: user("81842002"), PAI: []Identity{identity(m2001)}}); d.CLIR != number.ByDefault || d.Called.String() != "2002" {
		t.Errorf("internal with 184: %+v", d)
	}
	dir := directory(t)
	dir.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.allow: [international, special]")
	for _, called := range []string{"801012025550123", "8117"} {
		if d := build(t, dir).Decide(Request{Trunk: docomo, Called: user(called), PAI: []Identity{identity(m2001)}}); d.Outcome != Route {
			t.Errorf("%s allowed by profile: %s", called, d.Reason)
		}
	}
}

// DESIGN §8: "pstn (DID traffic: caller identity is whatever the carrier asserts)".
func TestDecidePSTN(t *testing.T) {
	tab := tables(t)
	id := func(s string) []Identity { return []Identity{identity(s)} }
	rows := []struct {
		name, called string
		pai          []Identity
		from         Identity
		privacy      string
		want         Reason
		caller       string
		withheld     number.Withheld
	}{
		{"asserted", "+81300000121", id("+81300009001"), identity("x"), "", NoReason, "0300009001", number.Given},
		{"12 digits", "0300000121", id("030000010012"), identity("x"), "", NoReason, "030000010012", number.Given},
		{"foreign", "0300000121", id("+12025550123"), identity("x"), "", NoReason, "+12025550123", number.Given},
		{"From where nothing is asserted", "0300000121", nil, identity("09000009002"), "", NoReason, "09000009002", number.Given},
		{"withheld, PAI there", "0300000121", id("+81300009001"), anonymous("Anonymous"), "id", NoReason, "0300009001", number.Anonymous},
		{"withheld by From", "0300000121", id("+81300009001"), anonymous(""), "", NoReason, "0300009001", number.Anonymous},
		{"payphone", "0300000121", nil, anonymous("Coin line/payphone"), "id", NoReason, "", number.CoinLine},
		{"unavailable", "0300000121", nil, anonymous("Unavailable"), "", NoReason, "", number.Unavailable},
		{"interaction", "0300000121", nil, anonymous("Interaction with other service"), "user;id", NoReason, "", number.Interaction},
		{"nobody", "0300000121", nil, identity("alice"), "", NoReason, "", number.Unavailable},
		{"Privacy none", "0300000121", id("+81300009001"), identity("x"), "none", NoReason, "0300009001", number.Given},
		{"our extension is not believed", "0300000121", id("1001"), identity("x"), "", NoReason, "", number.Unavailable},
		{"a slot is not believed", "0300000121", id("701"), identity("x"), "", NoReason, "", number.Unavailable},
		{"emergency call-back", "0300000121", id("119"), anonymous("Anonymous"), "id", NoReason, "119", number.Given},
		{"not ours", "0300009001", id("+81300009002"), identity("x"), "", Unassigned, "", number.Given},
		{"no 8 is cut", "80300000121", id("+81300009002"), identity("x"), "", Unassigned, "", number.Given},
		{"extension from outside", "2001", id("+81300009002"), identity("x"), "", Unassigned, "", number.Given},
		{"a mobile's MSISDN", "09000002001", id("+81300009002"), identity("x"), "", Unassigned, "", number.Given},
		{"emergency", "119", id("+81300009002"), identity("x"), "", Emergency, "", number.Given},
		{"emergency with 8", "8119", id("+81300009002"), identity("x"), "", Emergency, "", number.Given},
	}
	for _, r := range rows {
		req := Request{Trunk: pstn, Called: user(r.called), PAI: r.pai, From: r.from, Privacy: r.privacy}
		d := tab.Decide(req)
		if d.Reason != r.want || d.Caller.String() != r.caller || d.Withheld != r.withheld || d.Kind != External {
			t.Errorf("%s: %s caller %q %s; %v", r.name, d.Reason, d.Caller, d.Withheld, d.Steps)
		}
		if r.want == NoReason && d.Tenant != t1 {
			t.Errorf("%s: tenant %d", r.name, d.Tenant)
		}
		if v := tab.Violations(req, d); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
	}
	if d := tab.Decide(Request{Trunk: pstn, Called: user("0300000221")}); d.Tenant != t2 {
		t.Errorf("another tenant's number: tenant %d", d.Tenant)
	}
}

func TestStepsTellTheOrder(t *testing.T) {
	d := tables(t).Decide(Request{Trunk: au, Called: user("81105"), PAI: []Identity{identity(m2002)}})
	var rules []string
	for _, s := range d.Steps {
		rules = append(rules, s.Rule)
	}
	if want := []string{"trunk", "R1", "R60", "R10", "R8", "R51", "profile"}; !slices.Equal(rules, want) {
		t.Errorf("%v, want %v", rules, want)
	}
	if last := d.Steps[len(d.Steps)-2]; last != (Step{"R51", "called", "1105", "denied by the profile"}) {
		t.Errorf("%v", last)
	}
}
