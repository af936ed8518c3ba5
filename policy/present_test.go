package policy

import (
	"slices"
	"strings"
	"testing"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// What a mobile displays: R20 to R29 and R52, over each carrier's trunk.
func TestShownToMobiles(t *testing.T) {
	tab := tables(t)
	const d2001, a2002, s2003 = "09000002001", "09000002002", "09000002003"
	rows := []struct {
		rule, called, caller string
		trunk                TrunkID
		shown                string
	}{
		{"R21", d2001, "0300009001", docomo, "80300009001"},
		{"R20 extension", d2001, "2003", docomo, "82003"},
		{"R21 +81", d2001, "+81300009001", docomo, "80300009001"},
		{"R26", d2001, "+12025550123", docomo, "801012025550123"},
		{"R26 as dialled", d2001, "01012025550123", docomo, "801012025550123"},
		{"R27", a2002, "1001", au, "99999999"},
		{"R27 group in the 1000s", a2002, "1999", au, "99999999"},
		{"R27 110X", a2002, "1105", au, "99999999"},
		{"R27 negative", a2002, "2001", au, "82001"},
		{"R27 negative", a2002, "3701", au, "83701"},
		{"R28 11 digits", a2002, "09000009002", au, "809000009002"},
		{"R28 12 digits", a2002, "030000010012", au, "99999999"},
		{"R28 foreign", a2002, "+12025550123", au, "99999999"},
		{"R28 10 digits", a2002, "0300009001", au, "80300009001"},
		{"R52", d2001, "1001", docomo, "81001"},
		{"R52", d2001, "030000010012", docomo, "8030000010012"},
		{"R52", s2003, "1001", softbank, "81001"},
		{"R52", s2003, "+12025550123", softbank, "801012025550123"},
		{"R61d", d2001, "119", docomo, "119"},
		{"R61d", a2002, "110", au, "110"},
	}
	for _, r := range rows {
		p := tab.Present(Outbound{
			Domain: "t1.example", Called: user(r.called), PAI: []Identity{identity(r.caller)},
			From: Identity{URIUser: user(r.caller), Display: "Taro " + r.caller}, Diverting: divertedBy(user("0300000121")),
		})
		if p.Outcome != Route || p.Trunk != r.trunk || p.Kind != Mobile || p.RequestUser != r.called ||
			p.From.User != r.shown || p.PAI != r.shown || p.Privacy != "" || !p.UserPhone {
			t.Errorf("%s: %s to %s: %+v", r.rule, r.caller, r.called, p)
		}
		if p.Masked != (r.shown == "99999999") || p.Masked != (p.Diversion == "") || p.From.Display != "" {
			t.Errorf("%s: masked %v, diversion %q, display %q", r.rule, p.Masked, p.Diversion, p.From.Display)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%s: %v", r.rule, v)
		}
	}
}

// R25: `anonymous in → From "Anonymous" <sip:anonymous@anonymous.invalid>,
// Privacy:id; PAI absent toward mobile trunks`.
func TestWithheldTowardMobiles(t *testing.T) {
	tab := tables(t)
	rows := []struct {
		name    string
		pai     []Identity
		from    Identity
		privacy string
		display string
	}{
		{"caller's wish", []Identity{identity("0300009001")}, identity("0300009001"), "id", "Anonymous"},
		{"payphone", nil, anonymous("Coin line/payphone"), "id", "Coin line/payphone"},
		{"unavailable", nil, anonymous("Unavailable"), "", "Unavailable"},
		{"interaction", nil, anonymous("Interaction with other service"), "id", "Interaction with other service"},
		{"nobody", nil, identity("alice"), "", "Unavailable"},
		{"a number that redials to a slot", []Identity{identity("701")}, identity("0300009001"), "", "Unavailable"},
		{"a number that redials past 184", []Identity{identity("1842001")}, identity("x"), "", "Unavailable"},
	}
	for _, r := range rows {
		for _, called := range []string{"09000002001", "09000002002"} {
			p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: r.pai, From: r.from, Privacy: r.privacy})
			want := Party{r.display, "anonymous", "anonymous.invalid"}
			if p.Outcome != Route || p.From != want || p.PAI != "" || p.Privacy != "id" {
				t.Errorf("%s: %+v", r.name, p)
			}
			if v := tab.PresentationViolations(p); len(v) > 0 {
				t.Errorf("%s: %v", r.name, v)
			}
		}
	}
}

func TestPrefixAndMapByProfile(t *testing.T) {
	for _, r := range []struct{ override, caller, shown string }{
		{"egress.cli_prefix_by: carrier", "0300009001", "0300009001"},
		{"egress.cli_prefix_by: carrier", "1001", "99999999"},
		{"egress.cli_prefix_by: core", "80300009001", "80300009001"},
		{"egress.cli_prefix_by: core", "0300009001", "80300009001"},
		{"egress.cli_prefix_by: core", "81001", "99999999"},
		{"egress.cli_map_by: carrier", "1001", "81001"},
		{"egress.number_format: e164\negress.cli_prefix_by: carrier", "0300009001", "+81300009001"},
	} {
		d := directory(t)
		d.Trunks[au].Profile = carrier(t, "au", r.override)
		p := build(t, d).Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity(r.caller)}})
		if p.From.User != r.shown || p.PAI != r.shown {
			t.Errorf("%s: %s shown as %s", r.override, r.caller, p.From.User)
		}
	}
}

// R3, R4, R49b: what the public network is shown.
func TestShownToThePublic(t *testing.T) {
	const dflt, own = "+81300000100", "+81300000121"
	rows := []struct {
		name, override, caller, diverting, privacy string
		from, pai, diversion                       string
	}{
		{"own number", "", "0300000121", "", "", own, own, ""},
		{"default number", "", "0300000100", "", "", dflt, dflt, ""},
		{"extension", "", "2001", "", "", dflt, dflt, ""},
		{"another's number", "", "0300009001", "", "", dflt, dflt, ""},
		{"another tenant's number", "", "0300000221", "", "", dflt, dflt, ""},
		{"the mobile's own number", "", "09000002001", "", "", dflt, dflt, ""},
		{"nobody", "", "", "", "", dflt, dflt, ""},
		{"diverted, not allowed", "", "0300009001", "0300000121", "", own, own, ""},
		{"diverted by another's, not allowed", "", "0300009001", "0300000221", "", dflt, dflt, ""},
		{"passed on", "egress.cli_passthrough: true", "0300009001", "0300000121", "", "+81300009001", "+81300009001", own},
		{"passed on, nobody vouches", "egress.cli_passthrough: true", "0300009001", "", "", dflt, dflt, ""},
		{"passed on, another vouches", "egress.cli_passthrough: true", "0300009001", "0300000221", "", dflt, dflt, ""},
		{"an extension is never passed on", "egress.cli_passthrough: true", "2001", "0300000121", "", own, own, ""},
		{"R4 184", "", "0300000121", "", "id", "anonymous", own, ""},
		{"R4 184, not ours", "", "0300009001", "", "id", "anonymous", dflt, ""},
		{"184, dropped by profile", "egress.privacy_pai: drop", "0300000121", "", "id", "anonymous", "", ""},
		{"national", "egress.number_format: national", "0300000121", "", "", "0300000121", "0300000121", ""},
		{"identity in From alone", "egress.identity: [from]", "0300000121", "", "", own, "", ""},
	}
	for _, r := range rows {
		d := directory(t)
		if r.override != "" {
			d.Trunks[pstn].Profile = carrier(t, "generic", r.override)
		}
		tab := build(t, d)
		o := Outbound{Domain: "T1.EXAMPLE", Called: user("0300009009"), Privacy: r.privacy, From: Identity{Display: "Taro"}}
		if r.caller != "" {
			o.PAI = []Identity{identity(r.caller)}
		}
		if r.diverting != "" {
			o.Diverting = divertedBy(user("x"), user(r.diverting))
		}
		p := tab.Present(o)
		if p.Outcome != Route || p.Trunk != pstn || p.Kind != External || p.From.User != r.from || p.PAI != r.pai || p.Diversion != r.diversion {
			t.Errorf("%s: %+v", r.name, p)
		}
		if (p.Privacy == "id") != (r.privacy == "id") || p.Masked || p.Called.String() != "0300009009" {
			t.Errorf("%s: privacy %q, %+v", r.name, p.Privacy, p)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
	}
}

func TestTrunkIsChosen(t *testing.T) {
	all := []bool{true, true, true, true, true, true}
	down := func(ids ...TrunkID) []bool {
		list := slices.Clone(all)
		for _, id := range ids {
			list[id] = false
		}
		return list
	}
	tab := tables(t)
	rows := []struct {
		name, domain, called string
		available            []bool
		want                 TrunkID
		reason               Reason
		request              string
	}{
		{"mobile by carrier", "t1.example", "+819000002001", nil, docomo, NoReason, "09000002001"},
		{"first down, next of the carrier", "t1.example", "09000002001", down(docomo), both, NoReason, "09000002001"},
		{"two down", "t1.example", "09000002001", down(docomo, both), second, NoReason, "09000002001"},
		{"all of the carrier down", "t1.example", "09000002001", down(docomo, both, second), NoTrunk, NoTrunkAvailable, ""},
		{"au has one", "t1.example", "09000002002", down(au), NoTrunk, NoTrunkAvailable, ""},
		{"another tenant's mobile is external", "t1.example", "09000003001", nil, pstn, NoReason, "+819000003001"},
		{"external", "t1.example", "0300009001", all, pstn, NoReason, "+81300009001"},
		{"external, next", "t1.example", "0300009001", down(pstn), both, NoReason, "0300009001"},
		{"external, one outbound", "t2.example", "0300009001", down(pstn), NoTrunk, NoTrunkAvailable, ""},
		{"short list of trunks", "t1.example", "0300009001", []bool{true}, NoTrunk, NoTrunkAvailable, ""},
		{"nobody's domain", "t3.example", "0300009001", nil, NoTrunk, Unassigned, ""},
		{"no number", "t1.example", "alice", nil, NoTrunk, Unassigned, ""},
		{"extension", "t1.example", "2001", nil, NoTrunk, Unassigned, ""},
		{"short", "t1.example", "030000", nil, NoTrunk, TooShort, ""},
		{"foreign", "t1.example", "+12025550123", nil, NoTrunk, NoInternational, ""},
		{"foreign as dialled", "t1.example", "01012025550123", nil, NoTrunk, NoInternational, ""},
		{"premium", "t1.example", "0990000000", nil, NoTrunk, NotAllowed, ""},
		{"special", "t1.example", "117", nil, NoTrunk, NotAllowed, ""},
	}
	for _, r := range rows {
		p := tab.Present(Outbound{Domain: r.domain, Called: user(r.called), PAI: []Identity{identity("0300000121")}, Available: r.available})
		if p.Trunk != r.want || p.Reason != r.reason || p.RequestUser != r.request {
			t.Errorf("%s: trunk %d %s %q; %v", r.name, p.Trunk, p.Reason, p.RequestUser, p.Steps)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
	}
	d := directory(t)
	d.Trunks[pstn].Profile = carrier(t, "generic", "egress.allow: [international]\negress.request_host: domain\negress.domain: itsp.example")
	p := build(t, d).Present(Outbound{Domain: "t1.example", Called: user("01012025550123"), PAI: []Identity{identity("0300000121")}})
	if p.RequestUser != "+12025550123" || p.RequestHost != "itsp.example" || p.From.Host != "itsp.example" {
		t.Errorf("allowed by profile: %+v", p)
	}
}

// R61b: "no INVITE to any trunk with user ^(\+?81)?11[089]$, or 11[089] with
// phone-context +81; toward au also not ^11[089]\d$, unless R61 route".
func TestEgressGuard(t *testing.T) {
	tab := tables(t)
	refused := []number.URIUser{
		user("110"), user("118"), user("119"), user("+81119"), user("1-1-9"), user("%31%31%39"), user("01081110"),
		{User: "119", Params: "phone-context=+81"}, user("118;phone-context=%2B81"), user("81119"),
	}
	for _, u := range refused {
		p := tab.Present(Outbound{Domain: "t1.example", Called: u, PAI: []Identity{identity("0300000121")}})
		if p.Outcome != Reject || p.RequestUser != "" {
			t.Errorf("%v leaves as %s", u, p.RequestUser)
		}
	}
	if p := tab.Present(Outbound{Domain: "t1.example", Called: user("119")}); p.Reason != Emergency {
		t.Errorf("119: %s", p.Reason)
	}
	for _, ordinary := range []string{"0118111234", "+81118111234", "0110111234", "+81110111234", "0119111234"} {
		p := tab.Present(Outbound{Domain: "t1.example", Called: user(ordinary), PAI: []Identity{identity("0300000121")}})
		if p.Outcome != Route || !strings.HasPrefix(p.RequestUser, "+8111") {
			t.Errorf("Sapporo %s: %s %s", ordinary, p.Reason, p.RequestUser)
		}
	}
	for text, want := range map[string]bool{
		"110": true, "81110": true, "+81110": true, "01081110": true, "1105": false, "811100": false, "0118111234": false, "": false, "anonymous": false,
	} {
		if emergencyUser(text) != want {
			t.Errorf("guard on %q", text)
		}
	}
	// An extension that should never have been given to an au mobile.
	d := directory(t)
	d.Trunks[au].Profile = carrier(t, "au", "egress.mobile_addr: extension")
	d.Subscribers[1].Extension = "1105"
	p := build(t, d).Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("2001")}})
	if p.Reason != EmergencyLike || p.RequestUser != "" {
		t.Errorf("au, extension 1105: %+v", p)
	}
	// The guard stands alone: it trusts nothing that led to the text.
	for _, short := range []number.ExtensionNumber{"119", "81110", "+81118"} {
		d.Subscribers[1].Extension = short
		p = build(t, d).Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("2001")}})
		if p.Reason != GuardedEgress || p.RequestUser != "" || p.Trunk != NoTrunk {
			t.Errorf("mobile addressed as %s: %+v", short, p)
		}
	}
	d.Subscribers[1].Extension = "2002"
	p = build(t, d).Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("2001")}})
	if p.RequestUser != "2002" {
		t.Errorf("by extension: %+v", p)
	}
}

// The invariants must be able to fail: each is shown a presentation that
// breaks it.
func TestInvariantsCanFail(t *testing.T) {
	tab := tables(t)
	good := tab.Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("2001")}})
	masked := tab.Present(Outbound{Domain: "t1.example", Called: user("09000002002"), PAI: []Identity{identity("1001")}})
	public := tab.Present(Outbound{Domain: "t1.example", Called: user("0300009001"), PAI: []Identity{identity("0300000121")}})
	withheld := tab.Present(Outbound{Domain: "t1.example", Called: user("0300009001"), PAI: []Identity{identity("0300000121")}, Privacy: "id"})
	rows := []struct {
		name  string
		from  Presentation
		spoil func(*Presentation)
		want  string
	}{
		{"emergency leaves", good, func(p *Presentation) { p.RequestUser = "+81119" }, "leaves"},
		{"no 8", good, func(p *Presentation) { p.PAI = "2001" }, "without the 8"},
		{"8 and mask", masked, func(p *Presentation) { p.PAI = "899999999" }, "in front of the mask"},
		{"mask leaks by display", masked, func(p *Presentation) { p.From.Display = "ext 1001" }, "shows in"},
		{"mask leaks by diversion", masked, func(p *Presentation) { p.Diversion = "1001" }, "shows in"},
		{"mask forgotten", masked, func(p *Presentation) { p.Masked, p.From.User, p.PAI = false, "81001", "81001" }, "shows in"},
		{"not owned", public, func(p *Presentation) { p.PAI = "+81300009001" }, "does not own"},
		{"header injection", good, func(p *Presentation) { p.From.Display = "a\r\nb" }, "cannot stand"},
		{"withheld number diverts", withheld, func(p *Presentation) { p.Diversion = p.PAI }, "diverting one"},
		{"withheld without Privacy", withheld, func(p *Presentation) { p.Privacy = "" }, "without Privacy"},
		{"emergency number shown", public, func(p *Presentation) { p.From.User = "119" }, "shown an emergency number"},
		{"refused and yet written", good, func(p *Presentation) { p.Outcome, p.Reason = Reject, NotAllowed }, "carries"},
		{"mobile over pstn", good, func(p *Presentation) { p.Trunk = pstn }, "over a pstn trunk"},
		{"withheld and yet asserted", good, func(p *Presentation) { p.From.User, p.Privacy = "anonymous", "id" }, "travels"},
	}
	for _, r := range rows {
		p := r.from
		r.spoil(&p)
		if v := tab.PresentationViolations(p); !slices.ContainsFunc(v, func(s string) bool { return strings.Contains(s, r.want) }) {
			t.Errorf("%s: %v, want %q", r.name, v, r.want)
		}
	}
	req := Request{Trunk: au, Called: user("82001"), PAI: []Identity{identity(m2002)}}
	d := tab.Decide(req)
	d.Called = num(t, "119")
	if v := tab.Violations(req, d); len(v) != 1 {
		t.Errorf("emergency to the core: %v", v)
	}
	d.Called = num(t, "1001")
	if v := tab.Violations(req, d); len(v) != 1 {
		t.Errorf("au to the 1000s: %v", v)
	}
}

func TestCarriersAreNamedByTheirProfiles(t *testing.T) {
	if !profile.AU.OfMobiles() || profile.Other.OfMobiles() || profile.Carrier("rakuten").OfMobiles() {
		t.Error("R7")
	}
}
