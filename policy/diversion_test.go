package policy

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/policy/document"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// divertedBy is what Diversion says where each party passed the call on once.
func divertedBy(users ...number.URIUser) []Diverting {
	var list []Diverting
	for _, u := range users {
		list = append(list, Diverting{URIUser: u, Redirection: Redirection{Why: "unconditional", Times: 1}})
	}
	return list
}

func passed(user, why string, times int) Diverting {
	return Diverting{number.URIUser{User: user}, Redirection{why, times, false}}
}

// SPEC §2.3: "Strip from untrusted: … History-Info"; the limit is ITU-T
// Q.732.2's five diversions.
func TestDiversionsOfACarrier(t *testing.T) {
	rows := []struct {
		name, override string
		list           []Diverting
		caller         string
		reason         Reason
		want           string
	}{
		{"nobody", "", nil, "", NoReason, ""},
		{"who, why and how often, latest first", "", []Diverting{passed("+81300009009", "no-answer", 1), passed("0300009008", "user-busy", 2)}, "", NoReason,
			"0300009009 no-answer 1, 0300009008 user-busy 2"},
		{"private stays private", "", []Diverting{{number.URIUser{User: "0300009009"}, Redirection{"away", 1, true}}}, "", NoReason, "0300009009 away 1 private"},
		{"who is no number is counted to the later", "", []Diverting{passed("0300009009", "no-answer", 1), passed("taro", "away", 2)}, "", NoReason, "0300009009 no-answer 3"},
		{"an extension or 119 diverts nothing", "", []Diverting{passed("2001", "away", 1), passed("119", "away", 1), passed("", "away", 1)}, "", NoReason, ""},
		{"five are allowed", "", []Diverting{passed("0300009009", "no-answer", 5)}, "", NoReason, "0300009009 no-answer 5"},
		{"six are not", "", []Diverting{passed("0300009009", "no-answer", 2), passed("x", "no-answer", 4)}, "", DivertedTooOften, ""},
		{"the profile's limit", "ingress.diversion_limit: 1", []Diverting{passed("0300009009", "no-answer", 2)}, "", DivertedTooOften, ""},
		{"R61d an emergency body's call-back comes through", "", []Diverting{passed("0300009009", "no-answer", 6)}, "119", NoReason, "0300009009 no-answer 6"},
		{"not trusted: neither believed nor counted", "ingress.trust: [reason]", []Diverting{passed("0300009009", "no-answer", 60)}, "", NoReason, ""},
	}
	for _, r := range rows {
		tab := didTables(t, "generic", r.override)
		caller := r.caller
		if caller == "" {
			caller = "0300009001"
		}
		req := Request{Called: user("0300000121"), PAI: []Identity{{URIUser: user(caller), Host: "c.example"}}, Diverting: r.list}
		d := tab.Decide(req)
		if v := tab.Violations(req, d); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
		var got []string
		for _, by := range d.Diverted {
			word := fmt.Sprintf("%s %s %d", by.Number, by.Why, by.Times)
			if by.Private {
				word += " private"
			}
			got = append(got, word)
		}
		if d.Reason != r.reason || (r.reason == NoReason) != (d.Outcome == Route) || r.reason == NoReason && strings.Join(got, ", ") != r.want {
			t.Errorf("%s: %v %v, diverted by %q, want %v %q\n%v", r.name, d.Outcome, d.Reason, got, r.reason, r.want, d.Steps)
		}
		if len(r.list) > 0 && !explains(d.Steps, "diversion") && r.want != "" {
			t.Errorf("%s: no step tells of it: %v", r.name, d.Steps)
		}
	}
}

// R49b: our number stands for all who passed the call on; of the others only
// how often is told. Nothing of it where the call was passed on too often.
func TestDiversionTowardACarrier(t *testing.T) {
	rows := []struct {
		name, override string
		list           []Diverting
		reason         Reason
		by             string
		want           Redirection
	}{
		{"ours", "", []Diverting{passed("0300000121", "no-answer", 1)}, NoReason, "+81300000121", Redirection{"no-answer", 1, false}},
		{"ours after another's", "", []Diverting{passed("0300000121", "user-busy", 1), passed("0300009009", "unconditional", 2)}, NoReason, "+81300000121", Redirection{"user-busy", 3, false}},
		{"ours before another's", "", []Diverting{passed("0300009009", "unconditional", 1), passed("0300000121", "user-busy", 1)}, NoReason, "+81300000121", Redirection{"user-busy", 2, false}},
		{"another's alone", "", []Diverting{passed("0300009009", "unconditional", 1)}, NoReason, "", Redirection{}},
		{"private", "", []Diverting{{user("0300000121"), Redirection{"away", 1, true}}}, NoReason, "+81300000121", Redirection{"away", 1, true}},
		{"five", "", []Diverting{passed("0300000121", "no-answer", 5)}, NoReason, "+81300000121", Redirection{"no-answer", 5, false}},
		{"six", "", []Diverting{passed("0300000121", "no-answer", 6)}, DivertedTooOften, "", Redirection{}},
		{"the profile's limit", "egress.diversion_limit: 2", []Diverting{passed("0300000121", "no-answer", 3)}, DivertedTooOften, "", Redirection{}},
		{"no header in the profile", "egress.diversion: none", []Diverting{passed("0300000121", "no-answer", 1)}, NoReason, "", Redirection{}},
	}
	for _, r := range rows {
		tab := didTables(t, "generic", strings.TrimSpace("egress.cli_passthrough: true\n"+r.override))
		o := Outbound{Domain: "t1.example", Called: user("0300009002"), PAI: []Identity{{URIUser: user("0300009001"), Host: "t1.example"}}, Diverting: r.list}
		p := tab.Present(o)
		if v := tab.PresentationViolations(p); len(v) > 0 {
			t.Errorf("%s: %v", r.name, v)
		}
		if p.Reason != r.reason || p.Diversion != r.by || p.Diverted != r.want {
			t.Errorf("%s: %v, by %q %+v, want %v, %q %+v\n%v", r.name, p.Reason, p.Diversion, p.Diverted, r.reason, r.by, r.want, p.Steps)
		}
	}
}

// didTables is one trunk in the pstn role with lines of overrides.
func didTables(t *testing.T, name, lines string) *Tables {
	t.Helper()
	source, _ := profile.Builtin(name)
	root, faults := document.Parse("x.yaml", []byte("carrier: other\n"+lines+"\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var over []profile.Override
	for line := range strings.Lines(lines) {
		path, _, _ := strings.Cut(line, ":")
		over = append(over, profile.Override{Path: path, Value: root.At(path)})
	}
	p, faults := profile.Read(source, over)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	parse := func(s string) number.Number {
		n, err := number.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tab, err := NewTables(Directory{
		Trunks:  []Trunk{{Name: name, Role: RolePSTN, Profile: p}},
		Tenants: []Tenant{{Name: "t1", Domain: "t1.example", DefaultNumber: parse("0300000100"), Outbound: []TrunkID{0}}},
		DIDs:    []DID{{Number: parse("0300000121"), Extension: "2001"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func explains(steps []Step, rule string) bool {
	for _, s := range steps {
		if s.Rule == rule {
			return true
		}
	}
	return false
}
