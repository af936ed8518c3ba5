package policy

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// R25 to R29: each way to write a caller, and what an au handset, a docomo
// handset and the public network are shown for it.
func TestSpellingsOfCallers(t *testing.T) {
	const (
		mask     = "99999999"
		withheld = "anonymous"
		dflt     = "+81300000100"
	)
	rows := []struct {
		why                string // the rule that is quoted
		user, params       string
		au, docomo, public string
	}{
		// R27: "caller in 1000-1999 → 99999999 (exactly eight 9s, no 8)".
		{"R27 sip", "1001", "", mask, "81001", dflt},
		{"R27 sip;user=phone", "1001", "user=phone", mask, "81001", dflt},
		// TS 24.524: "tel:NNNN;phone-context=…".
		{"R27 tel in a private plan", "1001", "phone-context=ext.t1.example", mask, "81001", dflt},
		// TS 24.524: "sip:NNNN;phone-context=…@op;user=phone|dialstring".
		{"R27 sip in a private plan", "1001;phone-context=t1.example", "user=dialstring", mask, "81001", dflt},
		{"R27 context of Japan", "1001;phone-context=+81", "", mask, "81001", dflt},
		{"R27 context escaped", "1001;phone-context=%2B81", "", mask, "81001", dflt},
		// RFC 3261 §19.1.2: `escaped = "%" HEXDIG HEXDIG`.
		{"R27 escaped", "%31001", "", mask, "81001", dflt},
		{"R27 all escaped", "%31%30%30%31", "", mask, "81001", dflt},
		// RFC 3966 §3: `visual-separator = "-" / "." / "(" / ")"`.
		{"R27 separators", "1-0.0(1)", "", mask, "81001", dflt},
		{"R27 separator escaped", "10%2D01", "", mask, "81001", dflt},
		{"R27 with its own extension", "1001;ext=1001", "", mask, "81001", dflt},
		{"R27 payphone category", "1001;cpc=payphone", "", mask, "81001", dflt},
		{"R27 negative", "2001;phone-context=t1.example", "", "82001", "82001", dflt},
		// An extension behind +81 is no number: 0 and four digits.
		{"R27 +81", "+811001", "", withheld, withheld, dflt},
		{"R27 010 81", "010811001", "", withheld, withheld, dflt},
		{"R27 with the 8", "81001", "", withheld, withheld, dflt},
		{"R27 star in front", "%2A1001", "", withheld, withheld, dflt},
		{"R27 hash behind", "1001%23", "", withheld, withheld, dflt},
		{"R27 full-width", "１００１", "", withheld, withheld, dflt},
		{"R27 full-width, escaped", "%EF%BC%91%EF%BC%90%EF%BC%90%EF%BC%91", "", withheld, withheld, dflt},
		{"R27 blank", "10%2001", "", withheld, withheld, dflt},
		{"R27 another country's", "1001;phone-context=+1", "", withheld, withheld, dflt},
		{"R27 password", "1001:1001", "", withheld, withheld, dflt},
		{"R27 name", "ext1001", "", withheld, withheld, dflt},
		{"R27 cut escape", "1001%3", "", withheld, withheld, dflt},
		// R28: "caller number ≥12 digits → 99999999"; "foreign callers counted
		// with 010".
		{"R28 national", "030000010012", "", mask, "8030000010012", dflt},
		{"R28 E.164", "+8130000010012", "", mask, "8030000010012", dflt},
		{"R28 trunk zero left in", "+81030000010012", "", mask, "8030000010012", dflt},
		{"R28 trunk zero in brackets", "+81(0)30000-010012", "", mask, "8030000010012", dflt},
		{"R28 dialled from abroad", "0108130000010012", "", mask, "8030000010012", dflt},
		{"R28 foreign", "+12025550123", "", mask, "801012025550123", dflt},
		{"R28 foreign, separators", "+1-202-555-0123", "", mask, "801012025550123", dflt},
		{"R28 foreign, plus escaped", "%2B12025550123", "", mask, "801012025550123", dflt},
		{"R28 foreign, as dialled", "010-1-202-555-0123", "", mask, "801012025550123", dflt},
		{"R28 foreign, context ignored", "+12025550123;phone-context=+1", "", mask, "801012025550123", dflt},
		{"R28 11 digits", "+819000009002", "", "809000009002", "809000009002", dflt},
		{"R28 11 digits, separators", "090-0000-9002", "", "809000009002", "809000009002", dflt},
		// RFC 4694: npdi and rn route the call and are not the number.
		{"R28 ported", "+81300009001;npdi;rn=+81300000002", "", "80300009001", "80300009001", dflt},
		{"R28 ported, own number", "0300000121;npdi;rn=0300009999", "user=phone", "80300000121", "80300000121", "+81300000121"},
		{"R28 ported, in URI parameters", "+81300009001", "npdi;rn=+81300000002;user=phone", "80300009001", "80300009001", dflt},
		{"R26 without plus", "12025550123", "", withheld, withheld, dflt},
		{"R28 200 digits", strings.Repeat("0", 200), "", withheld, withheld, dflt},
		// R61d: "show 110 without 8".
		{"R61d", "119", "", "119", "119", dflt},
		{"R61d +81", "+81-119", "", "119", "119", dflt},
		{"R61d in context", "110;phone-context=+81", "", "110", "110", dflt},
	}
	tab := tables(t)
	for _, r := range rows {
		id := Identity{URIUser: number.URIUser{User: r.user, Params: r.params}, Host: "T1.Example", Display: "Taro 1001 " + r.user}
		for _, c := range []struct{ called, want string }{
			{"09000002002", r.au}, {"09000002001", r.docomo}, {"0300009003", r.public},
		} {
			// By PAI, by the second of two, by From alone.
			for form, o := range []Outbound{
				{PAI: []Identity{id}, From: id},
				{PAI: []Identity{{URIUser: user("taro"), Host: "t1.example"}, id}, From: identity("x")},
				{From: id},
			} {
				o.Domain, o.Called = "T1.example", user(c.called)
				p := tab.Present(o)
				if p.Outcome != Route || p.From.User != c.want || p.PAI != c.want && c.want != withheld || c.want == withheld && p.PAI+p.PPI != "" {
					t.Errorf("%s: %s to %s, form %d: %+v PAI %q, want %s", r.why, r.user, c.called, form, p.From, p.PAI, c.want)
				}
				if p.From.Display != "" && p.From.Display != "Unavailable" {
					t.Errorf("%s: display name %q", r.why, p.From.Display)
				}
				if v := tab.PresentationViolations(p); len(v) > 0 {
					t.Errorf("%s: %v", r.why, v)
				}
			}
		}
	}
}

// spelled is one number and one way to write it; sound says that the number
// plan reads it as that number.
type spelled struct {
	plain string
	number.URIUser
	sound bool
}

var spelledNumbers = []string{"1001", "1105", "1999", "2001", "3701", "0300009001", "0300000121", "09000009002", "030000010012", "0300000100123",
	"+12025550123", "+999123456789", "0120000000", "119", "05000000001"}

// spell writes a number in one of the ways that peers do.
func spell(r *rand.Rand) spelled {
	s := spelled{plain: spelledNumbers[r.Intn(len(spelledNumbers))], sound: true}
	text := s.plain
	national, isNational := strings.CutPrefix(text, "0")
	foreign, isForeign := strings.CutPrefix(text, "+")
	switch n := r.Intn(5); {
	case isNational && n > 0:
		text = []string{"+81", "+810", "01081", "+81(0)"}[n-1] + national
	case isForeign && n > 2:
		text = "010" + foreign
	}
	text = separate(r, text)
	text = escape(r, text)
	own := []string{"", "", ";npdi", ";npdi;rn=+81300000002", ";ext=9", ";cpc=ordinary", ";isub=1", ";PHONE-CONTEXT=+81", ";phone-context=t1.example", ";phone-context=%2b81"}
	outer := []string{"", "", "user=phone", "USER=Phone;npdi", "phone-context=+81", "phone-context=EXT.t1.example;user=dialstring", "transport=udp"}
	s.URIUser = number.URIUser{User: text + own[r.Intn(len(own))], Params: outer[r.Intn(len(outer))]}
	if r.Intn(5) == 0 {
		s.spoil(r)
	}
	return s
}

// spoil makes it no number at all.
func (s *spelled) spoil(r *rand.Rand) {
	s.sound = false
	digits, params, _ := strings.Cut(s.User, ";")
	full := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "5", "５", "9", "９")
	switch r.Intn(6) {
	case 0:
		if digits == "" || strings.Contains(digits, "%") {
			digits = strings.TrimPrefix(s.plain, "+")
		}
		digits = full.Replace(digits)
	case 1:
		digits += " "
	case 2:
		digits = "x" + digits
	case 3:
		digits += "%"
	case 4:
		digits = "%2A" + digits
	case 5:
		digits += "\r\nP-Asserted-Identity: <sip:1001@t1.example>"
	}
	s.User = digits
	if params != "" {
		s.User += ";" + params
	}
}

func separate(r *rand.Rand, s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && r.Intn(6) == 0 {
			b.WriteByte("-.()"[r.Intn(4)])
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func escape(r *rand.Rand, s string) string {
	if r.Intn(2) == 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if r.Intn(4) > 0 {
			b.WriteByte(s[i])
			continue
		}
		form := "%%%02X"
		if r.Intn(2) == 0 {
			form = "%%%02x"
		}
		fmt.Fprintf(&b, form, s[i])
	}
	return b.String()
}

// R29: "grep au-leg bytes: original number absent", for any spelling in any
// header; and the spelling of a number changes nothing in what is shown, to
// anybody: Present of a spelling is Present of the plain number.
func TestNothingLeaksInAnySpelling(t *testing.T) {
	const cases = 40_000
	d := directory(t)
	d.Trunks = append(d.Trunks, Trunk{Name: "ngn", Role: RolePSTN, Profile: carrier(t, "ntt-ngn", "egress.cli_passthrough: true")})
	d.Tenants[t2].Outbound = []TrunkID{TrunkID(len(d.Trunks) - 1)}
	d.DIDs = append(d.DIDs, DID{num(t, "0300000199"), t2, "2001"})
	d.Subscribers = append(d.Subscribers, Subscriber{num(t, "09000003002"), t2, profile.AU, "2002"})
	tab := build(t, d)
	privacies := []string{"", "", "", "none", "id", "ID", "user,id", "critical; id", "session;header", "history"}
	called := []string{"09000002002", "09000002002", "+819000002002", "09000002001", "09000002003", "09000003002", "09000003002", "0300009003", "+81-3-0000-9003"}
	r := rand.New(rand.NewSource(1))
	masked, anonymousOnes, public := 0, 0, 0
	for n := range cases {
		caller := spell(r)
		id := Identity{URIUser: caller.URIUser, Host: []string{"t1.example", "T1.EXAMPLE", "", "anonymous.example"}[r.Intn(4)], Display: caller.plain + " " + caller.User}
		plain := Identity{URIUser: user(caller.plain), Host: "t1.example"}
		if !caller.sound {
			plain = Identity{URIUser: user("nobody"), Host: "t1.example"}
		}
		o := Outbound{
			Domain: []string{"t1.example", "T2.example"}[r.Intn(2)], Called: user(called[r.Intn(len(called))]), From: id,
			Privacy: privacies[r.Intn(len(privacies))], Diverting: divertedBy(caller.URIUser, user([]string{"0300000121", "0300000199", "1001"}[r.Intn(3)])),
		}
		straight := o
		straight.From = plain
		straight.Diverting = divertedBy(plain.URIUser, o.Diverting[1].URIUser)
		switch r.Intn(3) {
		case 0: // From alone
		case 1:
			o.PAI, straight.PAI = []Identity{id}, []Identity{plain}
		case 2:
			first := Identity{URIUser: user("taro"), Host: "t1.example"}
			o.PAI, straight.PAI = []Identity{first, id}, []Identity{first, plain}
		}
		got, want := tab.Present(o), tab.Present(straight)
		if v := tab.PresentationViolations(got); len(v) > 0 {
			t.Fatalf("case %d: %+v\n%+v\n%v", n, o, got, v)
		}
		got.Steps, want.Steps = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("case %d: %+v\nis shown as %+v\nplain     %+v", n, o, got, want)
		}
		if got.Outcome != Route {
			t.Fatalf("case %d: %+v refused: %s", n, o, got.Reason)
		}
		switch {
		case got.Masked:
			masked++
		case got.From.User == "anonymous":
			anonymousOnes++
		case got.Kind == External:
			public++
		}
		if !caller.sound && got.Kind == Mobile {
			digits := strings.TrimPrefix(caller.plain, "+")
			if all := strings.Join([]string{got.From.User, got.From.Display, got.PAI, got.PPI, got.Diversion}, " "); strings.Contains(all, digits) {
				t.Fatalf("case %d: %+v tells of %s: %s", n, o, digits, all)
			}
		}
	}
	// The generator reaches what it is for.
	if masked < cases/25 || anonymousOnes < cases/20 || public < cases/20 {
		t.Errorf("%d masked, %d anonymous, %d public of %d", masked, anonymousOnes, public, cases)
	}
}

// The other direction: what a carrier writes reaches the same number and is
// the same caller in any spelling.
func TestSpellingChangesNoDecision(t *testing.T) {
	tab := tables(t)
	r := rand.New(rand.NewSource(2))
	for n := range 30_000 {
		caller := spell(r)
		asserted, plain := Identity{URIUser: caller.URIUser, Host: "Carrier.example"}, identity(caller.plain)
		if !caller.sound {
			plain = identity("nobody")
		}
		q := Request{Trunk: pstn, Called: user("0300000121"), PAI: []Identity{asserted}, From: identity("x")}
		straight := q
		straight.PAI = []Identity{plain}
		got, want := tab.Decide(q), tab.Decide(straight)
		if v := tab.Violations(q, got); len(v) > 0 {
			t.Fatalf("case %d: %+v\n%v", n, q, v)
		}
		got.Steps, want.Steps = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("case %d: %+v\nis %+v\nplain %+v", n, q, got, want)
		}
	}
}
