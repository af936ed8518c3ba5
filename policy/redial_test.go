package policy

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"sekisho/policy/number"
)

// R31: "for every unmasked display string s, dialling s reaches the shown
// resource or the stated refusal of its class".
func TestRedial(t *testing.T) {
	tab := tables(t)
	mobiles := []struct {
		trunk  TrunkID
		msisdn string
	}{{docomo, "09000002001"}, {au, "09000002002"}, {softbank, "09000002003"}}
	check := func(c anyCaller) bool {
		for _, m := range mobiles {
			p := tab.Present(Outbound{Domain: "t1.example", Called: user(m.msisdn), PAI: []Identity{identity(string(c))}})
			if v := tab.PresentationViolations(p); p.Outcome != Route || len(v) > 0 {
				t.Logf("%s to %s: %s %v", c, m.msisdn, p.Reason, v)
				return false
			}
			shown := p.From.User
			if p.Masked || shown == "anonymous" || p.Caller.Class() == number.Emergency {
				continue
			}
			req := Request{Trunk: m.trunk, Called: user(shown), PAI: []Identity{identity(m.msisdn)}}
			d := tab.Decide(req)
			want := classReason(p.Caller, number.Allowed{})
			if d.Called != p.Caller || d.Reason != want {
				t.Logf("%s shows %s, which reaches %s %s, want %s %s", c, shown, d.Called, d.Reason, p.Caller, want)
				return false
			}
			if v := tab.Violations(req, d); len(v) > 0 {
				t.Logf("%s: %v", shown, v)
				return false
			}
		}
		return true
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 30000}); err != nil {
		t.Fatal(err)
	}
}

// anyCaller is a caller's number as a carrier or a PBX might write it.
type anyCaller string

// Generate draws from the shapes of the plan and their neighbourhood rather
// than from all strings, most of which are refused at the first character.
func (anyCaller) Generate(r *rand.Rand, _ int) reflect.Value {
	heads := []string{"", "0", "00", "010", "+", "+81", "+810", "01081", "03", "090", "0120", "0800", "050", "1", "11", "110", "119", "184", "186",
		"2", "3", "7", "70", "8", "9", "92", "99999999", "0118", "+1", "*", "#"}
	var b strings.Builder
	b.WriteString(heads[r.Intn(len(heads))])
	for range r.Intn(13) {
		b.WriteByte("0123456789"[r.Intn(10)])
	}
	return reflect.ValueOf(anyCaller(b.String()))
}

// No request, however composed, breaks an invariant.
func TestNoInputBreaksAnInvariant(t *testing.T) {
	tab := tables(t)
	pieces := []string{"", "8", "1", "0", "110", "119", "+81", "184", "2001", "09000002001", "0300000121", "%2A", ";phone-context=+81", "-", "０", "anonymous", "99999999", "010"}
	compose := func(picks []byte) string {
		var b strings.Builder
		for _, p := range picks {
			b.WriteString(pieces[int(p)%len(pieces)])
		}
		return b.String()
	}
	check := func(trunk uint8, called, caller, from []byte, private bool) bool {
		privacy := ""
		if private {
			privacy = "id"
		}
		if len(called) > 4 {
			called = called[:4]
		}
		if len(caller) > 3 {
			caller = caller[:3]
		}
		req := Request{
			Trunk: TrunkID(int(trunk) % 6), Called: user(compose(called)), PAI: []Identity{identity(compose(caller))},
			From: identity(compose(from)), Privacy: privacy,
		}
		v := tab.Violations(req, tab.Decide(req))
		p := tab.Present(Outbound{
			Domain: "t1.example", Called: req.Called, PAI: req.PAI, From: req.From, Privacy: privacy,
			Diverting: divertedBy(user(compose(from))),
		})
		v = append(v, tab.PresentationViolations(p)...)
		if len(v) > 0 {
			t.Logf("%+v: %v", req, v)
		}
		return len(v) == 0
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 30000}); err != nil {
		t.Fatal(err)
	}
}
