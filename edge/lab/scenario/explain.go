package scenario

import (
	"fmt"
	"strings"

	"sekisho/policy"
	"sekisho/policy/number"
)

// explain asks policy alone: explain TRUNK from=NUMBER to=NUMBER [privacy=id].
func (p *play) explain(c command) (string, error) {
	tables, err := p.world.config.Tables()
	if err != nil {
		return "", err
	}
	on := tables.TrunkNamed(c.word(0))
	if on == policy.NoTrunk {
		return "", fmt.Errorf("no trunk %q", c.word(0))
	}
	r := policy.Request{Trunk: on, Called: number.URIUser{User: c.option("to", "")}, Privacy: c.option("privacy", "")}
	if c.has("from") {
		r.PAI = []policy.Identity{{URIUser: number.URIUser{User: c.option("from", "")}}}
	}
	d := tables.Decide(r)
	var b strings.Builder
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "  %-6s %-10s %-16s %s\n", s.Rule, s.Looked, s.Value, s.Result)
	}
	if d.Outcome == policy.Reject {
		f := d.Reason.Refusal()
		fmt.Fprintf(&b, "expect %d q850=%d %s\n", f.Status, f.Cause, strings.Join(f.Announcement.Keys, " "))
		return b.String(), nil
	}
	fmt.Fprintf(&b, "expect route to %s, called %s, caller %s\n", tables.Tenant(d.Tenant).Domain, d.Called, d.Caller)
	return b.String(), nil
}
