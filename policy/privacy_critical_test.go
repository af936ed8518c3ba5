package policy

import (
	"testing"

	"sekisho/policy/number"
)

// RFC 3323 §5: where "critical" is set and the level of privacy cannot be
// provided, the request fails with 500. What can be provided passes with it, and
// an unknown value without it is no wish that must be met.
func TestCriticalPrivacy(t *testing.T) {
	for value, fails := range map[string]bool{
		"": false, "id": false, "critical": false, "id;critical": false, "CRITICAL; Header ,user;session;history;none": false,
		"location": false, "id;location": false,
		"location;critical": true, "Critical,LOCATION": true, "id; critical ;x-hidden": true,
	} {
		tab := didTables(t, "generic", "")
		req := Request{Called: user("0300000121"), PAI: []Identity{{URIUser: user("0300009001"), Host: "c.example"}}, Privacy: value}
		d := tab.Decide(req)
		if (d.Reason == PrivacyUnsupported) != fails || (d.Outcome == Route) == fails || len(tab.Violations(req, d)) > 0 {
			t.Errorf("%q from a carrier: %v %v %v", value, d.Outcome, d.Reason, tab.Violations(req, d))
		}
		p := tab.Present(Outbound{Domain: "t1.example", Called: user("0300009002"), PAI: req.PAI, Privacy: value})
		if (p.Reason == PrivacyUnsupported) != fails || (p.Outcome == Route) == fails {
			t.Errorf("%q from the core: %v %v", value, p.Outcome, p.Reason)
		}
		if fails && (p.From != Party{} || p.PAI != "") {
			t.Errorf("%q: a refused call carries %+v %s", value, p.From, p.PAI)
		}
	}

	// R60 comes before all else: who dials 119 hears what to do.
	d := tables(t).Decide(Request{Trunk: docomo, Called: user("8119"), PAI: []Identity{identity(m2001)}, Privacy: "location;critical"})
	if d.Reason != Emergency || d.Called.Class() != number.Emergency {
		t.Errorf("119: %v", d.Reason)
	}
}
