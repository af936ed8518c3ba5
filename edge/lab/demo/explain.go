package demo

import (
	"fmt"
	"strings"

	"sekisho/policy"
	"sekisho/policy/number"
)

// question is what `sekisho explain` is asked with the same words: the trunk a
// call comes from, or core for one toward a carrier.
type question struct{ trunk, from, to, privacy string }

// domain is the demo's one company.
const domain = "t1.example"

// command is the question as it is typed.
func (q question) command() string {
	words := []string{"sekisho explain", "-trunk", q.trunk, "-from", q.from, "-to", q.to}
	if q.privacy != "" {
		words = append(words, "-privacy", q.privacy)
	}
	return strings.Join(words, " ")
}

// answer is what policy says: its steps, and the outcome in one line.
func (q question) answer(t *policy.Tables) (steps []policy.Step, outcome string) {
	from := []policy.Identity{{URIUser: number.URIUser{User: q.from}}}
	to := number.URIUser{User: q.to}
	if q.trunk == "core" {
		p := t.Present(policy.Outbound{Domain: domain, Called: to, PAI: from, Privacy: q.privacy})
		if p.Outcome == policy.Reject {
			return p.Steps, refused(p.Reason)
		}
		return p.Steps, fmt.Sprintf("over trunk %s to %s, showing %s", t.Trunk(p.Trunk).Name, p.RequestUser, p.From.User)
	}
	d := t.Decide(policy.Request{Trunk: t.TrunkNamed(q.trunk), Called: to, PAI: from, Privacy: q.privacy})
	if d.Outcome == policy.Reject {
		return d.Steps, refused(d.Reason)
	}
	return d.Steps, fmt.Sprintf("to the core of %s as a call of %s to %s", t.Tenant(d.Tenant).Name, d.Caller, d.Called)
}

func refused(r policy.Reason) string {
	row := r.Refusal()
	said := "nothing"
	if keys := row.Announcement.Keys; len(keys) > 0 {
		said = strings.Join(keys, ", ")
		if n := row.Announcement.Repeat; n > 1 {
			said += fmt.Sprintf(" %d times", n)
		}
	}
	return fmt.Sprintf("refused with %d, q850=%d %q, announcing %s", row.Status, row.Cause, row.Text, said)
}
