package demo

import (
	"testing"

	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/number"
)

// What is printed as the decision has to be that of the call below it: the
// same parties, and an outcome that the step's checks expect on the wire.
func TestDecisionsAreThoseOfTheCall(t *testing.T) {
	t.Parallel()
	text, err := Configuration(NoFault)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("demo.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := c.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range steps() {
		if st.feature != nil {
			continue // what keys do is the core's to decide
		}
		first, last := st.decisions[0], st.decisions[len(st.decisions)-1]
		if first.trunk != "core" && (first.trunk != st.caller.line.String() || first.from != st.caller.number || first.to != st.dials) {
			t.Errorf("%s: %q is not about %s dialling %s", st.name, first.command(), st.caller.number, st.dials)
		}
		if first.trunk == "core" && first.from != st.caller.number {
			t.Errorf("%s: %q is not about %s", st.name, first.command(), st.caller.number)
		}
		from := []policy.Identity{{URIUser: number.URIUser{User: last.from}}}
		to := number.URIUser{User: last.to}
		if last.trunk == "core" {
			p := tables.Present(policy.Outbound{Domain: domain, Called: to, PAI: from, Privacy: last.privacy})
			if p.Outcome != policy.Route || p.RequestUser != st.talk.callee.number || tables.Trunk(p.Trunk).Name != st.talk.callee.line.String() ||
				p.From.User != st.talk.shown.from || p.PAI != st.talk.shown.asserted || p.Privacy != st.talk.shown.privacy {
				t.Errorf("%s: %+v", st.name, p)
			}
			continue
		}
		d := tables.Decide(policy.Request{Trunk: tables.TrunkNamed(last.trunk), Called: to, PAI: from})
		switch {
		case st.refusal != nil:
			row := d.Reason.Refusal()
			if d.Outcome != policy.Reject || row.Status != st.refusal.status || row.Announcement.Keys[0] != st.refusal.clip || row.Announcement.Repeat != st.refusal.times {
				t.Errorf("%s: %+v", st.name, d)
			}
		case d.Outcome != policy.Route || d.Called.String() != st.talk.callee.number:
			t.Errorf("%s: %+v", st.name, d)
		}
	}
}
