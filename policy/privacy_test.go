package policy

import (
	"testing"

	"sekisho/policy/number"
)

// R3, R4: from what a mobile dialled and its handset asked for to what the
// public network is shown. What crosses the seam is the core's number for the
// caller, and Privacy: id where the decision says so.
func TestPerCallPrivacyEndToEnd(t *testing.T) {
	const handset = "id"
	honoured := directory(t)
	honoured.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.honor_carrier_clir: true")
	tabs := map[bool]*Tables{false: tables(t), true: build(t, honoured)}
	const own = "+81300000121"
	rows := []struct {
		rule    string
		honour  bool
		called  string
		privacy string
		clir    number.CLIR
		from    string // public network
		private bool
	}{
		// R3: "Handset-wide CLIR (Privacy:id) does not change it".
		{"R3", false, "80300009001", handset, number.ByDefault, own, false},
		{"R3 honoured", true, "80300009001", handset, number.ByDefault, "anonymous", true},
		{"R3 honoured, nothing asked", true, "80300009001", "", number.ByDefault, own, false},
		{"R3 honoured, none", true, "80300009001", "none", number.ByDefault, own, false},
		{"R3 honoured, critical alone", true, "80300009001", "critical", number.ByDefault, own, false},
		// R4: "8184… → Privacy:id, From anonymous, PAI kept".
		{"R4 184", false, "81840300009001", "", number.Withhold, "anonymous", true},
		{"R4 184, mobile", false, "818409000009002", "", number.Withhold, "anonymous", true},
		{"R4 184, honoured", true, "81840300009001", handset, number.Withhold, "anonymous", true},
		// "186 = present, per call, before the number".
		{"R4 186", false, "81860300009001", "", number.Present, own, false},
		{"R4 186, not honoured", false, "81860300009001", handset, number.Present, own, false},
		{"R4 186 against the handset", true, "81860300009001", handset, number.Present, own, false},
	}
	for _, r := range rows {
		tab := tabs[r.honour]
		req := Request{Trunk: docomo, Called: user(r.called), PAI: []Identity{identity(m2001)}, From: identity(m2001), Privacy: r.privacy}
		d := tab.Decide(req)
		if d.Outcome != Route || d.CLIR != r.clir || (d.Withheld != number.Given) != r.private || d.Caller.String() != "09000002001" {
			t.Errorf("%s: %s withheld %s; %v", r.rule, d.CLIR, d.Withheld, d.Steps)
		}
		if v := tab.Violations(req, d); len(v) > 0 {
			t.Errorf("%s: %v", r.rule, v)
		}
		o := Outbound{Domain: "t1.example", Called: user(d.Called.String()), PAI: []Identity{identity("0300000121")}, From: identity("0300000121")}
		if d.Withheld != number.Given {
			o.Privacy, o.From = "id", anonymous(d.Withheld.DisplayName())
		}
		p := tab.Present(o)
		if p.From.User != r.from || p.PAI != own || (p.Privacy == "id") != r.private {
			t.Errorf("%s: shown %+v PAI %s Privacy %q", r.rule, p.From, p.PAI, p.Privacy)
		}
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%s: %v", r.rule, v)
		}
	}
}

// R4: "ignored for internal"; and colleagues see each other whatever the
// handset is set to (R3 speaks of the number notified outside).
func TestInternalCallsAreNeverWithheld(t *testing.T) {
	d := directory(t)
	d.Trunks[docomo].Profile = carrier(t, "docomo", "ingress.honor_carrier_clir: true")
	tab := build(t, d)
	for _, called := range []string{"82002", "81842002", "81862002", "8701", "892002", "818491001"} {
		got := tab.Decide(Request{Trunk: docomo, Called: user(called), PAI: []Identity{identity(m2001)}, From: anonymous("Anonymous"), Privacy: "id"})
		if got.Outcome != Route || got.Withheld != number.Given || got.CLIR != number.ByDefault {
			t.Errorf("%s: %s %s %s", called, got.Reason, got.Withheld, got.CLIR)
		}
	}
}

// R25: the spellings of Privacy. RFC 3323 §4.2: `Privacy-hdr = "Privacy" HCOLON
// priv-value *(";" priv-value)`; tokens compare without case (RFC 3261 §7.3.1).
func TestPrivacySpellings(t *testing.T) {
	withholds := []string{"id", "ID", "Id", "id;critical", "id; critical", "critical;id", " id ", "user", "User", "header", "user;id", "user,id",
		"user , id", "none;id", "id;none", "session;header", "critical;\r\n id", `"id"`, ";id", "id;;", "history; id"}
	shows := []string{"", "none", "NONE", "critical", "session", "history", "none;critical", "idx", "xid", "i d", "userid", ";", ",", "id=1"}
	tab := tables(t)
	check := func(privacy string, want bool) {
		d := tab.Decide(Request{Trunk: pstn, Called: user("0300000121"), PAI: []Identity{identity("0300009001")}, From: identity("0300009001"), Privacy: privacy})
		if (d.Withheld != number.Given) != want || d.Caller.String() != "0300009001" {
			t.Errorf("from outside, Privacy %q: %s", privacy, d.Withheld)
		}
		for _, called := range []string{"09000002001", "09000002002", "09000002003", "0300009002"} {
			p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: []Identity{identity("0300000121")}, From: identity("0300000121"), Privacy: privacy})
			if (p.From.User == "anonymous") != want || (p.Privacy == "id") != want {
				t.Errorf("to %s, Privacy %q: shown %s", called, privacy, p.From.User)
			}
			if v := tab.PresentationViolations(p); len(v) > 0 {
				t.Errorf("to %s, Privacy %q: %v", called, privacy, v)
			}
		}
	}
	for _, privacy := range withholds {
		check(privacy, true)
	}
	for _, privacy := range shows {
		check(privacy, false)
	}
}

// R25: a caller whom a network has made anonymous stays so, wherever and
// however it wrote that. RFC 3323 §4.1.1.3: `sip:anonymous@anonymous.invalid`.
func TestAnonymousSpellings(t *testing.T) {
	at := func(u, host string) Identity { return Identity{URIUser: user(u), Host: host} }
	nobody := []Identity{
		at("anonymous", "anonymous.invalid"), at("Anonymous", "Anonymous.Invalid"), at("ANONYMOUS", "192.0.2.1"), at("anonymous", ""),
		at("anonymous", "docomo.example"), at("%61nonymous", "carrier.example"), at("anonymous;phone-context=t1.example", "carrier.example"),
		at("0300009001", "anonymous.invalid"), at("0300009001", "ANONYMOUS.invalid."), at("", "anonymous.invalid"),
	}
	tab := tables(t)
	for _, id := range nobody {
		number := []Identity{identity("0300009001")}
		requests := []Request{
			{Trunk: pstn, Called: user("0300000121"), PAI: number, From: id},
			{Trunk: pstn, Called: user("0300000121"), PAI: []Identity{id, number[0]}, From: number[0]},
			{Trunk: pstn, Called: user("0300000121"), PAI: []Identity{number[0], id}, From: number[0]},
			{Trunk: pstn, Called: user("0300000121"), From: id},
		}
		for i, r := range requests {
			if d := tab.Decide(r); d.Outcome != Route || d.Withheld == 0 {
				t.Errorf("%+v, form %d: %s", id, i, d.Withheld)
			}
			for _, called := range []string{"09000002001", "09000002002"} {
				p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: r.PAI, From: r.From})
				if p.From.User != "anonymous" || p.From.Host != "anonymous.invalid" || p.Privacy != "id" || p.PAI+p.PPI+p.Diversion != "" {
					t.Errorf("%+v, form %d: %+v", id, i, p)
				}
			}
		}
		// R10: such an identity identifies nobody.
		if d := tab.Decide(Request{Trunk: docomo, Called: user("82002"), PAI: []Identity{id}}); d.Reason != NoIdentity {
			t.Errorf("%+v: %s", id, d.Reason)
		}
	}
	// TS 29.163: no number at all, and not by the caller's wish.
	for _, id := range []Identity{at("unavailable", "unknown.invalid"), at("0300009001", "unknown.invalid")} {
		d := tab.Decide(Request{Trunk: pstn, Called: user("0300000121"), From: id})
		if d.Withheld != number.Unavailable || !d.Caller.IsZero() {
			t.Errorf("%+v: %s %s", id, d.Caller, d.Withheld)
		}
	}
}

// A withheld number does not come back as the number that diverts the call.
func TestDiversionDoesNotShowWhoIsWithheld(t *testing.T) {
	for _, override := range []string{"egress.privacy_pai: keep", "egress.privacy_pai: drop", "egress.cli_passthrough: true"} {
		d := directory(t)
		d.Trunks[pstn].Profile = carrier(t, "generic", override)
		tab := build(t, d)
		for _, called := range []string{"0300009001", "09000002001", "09000002002", "09000002003"} {
			p := tab.Present(Outbound{Domain: "t1.example", Called: user(called), PAI: []Identity{identity("0300000121")}, Privacy: "id",
				Diverting: divertedBy(user("+81300000121"))})
			if p.Outcome != Route || p.From.User != "anonymous" || p.Diversion != "" {
				t.Errorf("%s, to %s: %+v", override, called, p)
			}
		}
	}
	// Another's number passed on, withheld, with the number of ours that vouches.
	d := directory(t)
	d.Trunks[pstn].Profile = carrier(t, "generic", "egress.cli_passthrough: true")
	p := build(t, d).Present(Outbound{Domain: "t1.example", Called: user("0300009001"), PAI: []Identity{identity("0300009002")}, Privacy: "id",
		Diverting: divertedBy(user("0300000121"))})
	if p.From.User != "anonymous" || p.PAI != "+81300009002" || p.Diversion != "+81300000121" {
		t.Errorf("passed on: %+v", p)
	}
}
