package fuzz

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// FuzzPolicy asks what becomes of a call from a carrier and of a call from the
// core. The four texts are expanded: an octet from 0x80 on stands for a piece of
// the number plan, so that the fuzzer composes numbers rather than guesses them.
// The script chooses tables, trunk and what the other headers say.
func FuzzPolicy(f *testing.F) {
	for i, s := range numberSeeds {
		for variant := range uint16(4) {
			f.Add(s, numberSeeds[(i*7+3)%len(numberSeeds)], numberSeeds[(i*5+1)%len(numberSeeds)], "", variant<<14|uint16(i*37)&0x3fff)
		}
	}
	for i := range uint8(len(pieces)) {
		f.Add(string([]byte{'8', 0x80 + i}), string([]byte{0x80 + i, '1'}), "", "phone-context=+81", uint16(i)<<10)
	}
	f.Add("\xd09000002002", "+9000002002", "09000002801", "", uint16(925)) // who calls is part of who is called
	f.Add("0300009001", "+810118", "0300000121", "", uint16(2<<14|diverted))
	variants := settings(f)
	f.Fuzz(func(t *testing.T, called, asserted, from, params string, script uint16) {
		if len(called)+len(asserted)+len(from)+len(params) > 1<<12 {
			return
		}
		q := question{
			t: t, setting: variants[int(script>>14)%len(variants)],
			called:   number.URIUser{User: expand(called), Params: expand(params)},
			asserted: expand(asserted), from: expand(from), script: script,
		}
		checkNumber(t, q.called)
		checkNumber(t, number.URIUser{User: q.asserted})
		q.fromCarriers()
		q.fromCore()
	})
}

// pieces are what the octets from 0x80 on stand for: escaped keys, full-width
// digits, spellings of +81, the emergency numbers, the configured parties.
var pieces = []string{
	"8", "110", "118", "119", "184", "186", "+81", "+810", "010", "01081", "+", "0", "99999999", "8010", "1001", "1105", "2001", "2002",
	"2003", "3701", "3801", "701", "92001", "09000002001", "09000002002", "09000002003", "0300000121", "0300000100", "0300009001",
	"030000010012", "+12025550123", "0118111234", "%2A", "%23", "*", "#", "-", ".", "(", ")", "８０", "%31%31%30", ";phone-context=+81",
	";phone-context=t1.example", ";phone-context=+1", ";npdi;rn=+81300000002", ";ext=1", "anonymous", "0120000000", "0990", "104", "0000000000",
}

func expand(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			b.WriteString(pieces[int(c-0x80)%len(pieces)])
		}
	}
	return b.String()
}

// numberSeeds are texts as they come in Request-URIs and identities.
var numberSeeds = []string{
	"82002", "80300009001", "8110", "8119", "110", "81840300009001", "8186119", "892001", "8701", "899999999", "8010", "801012025550123",
	"81001", "81105", "+81110", "+810118", "81110", "0118111234", "+81118111234", "8%2A%2A", "%38%31%31%30", "８０３００００９００１", "+810300009001",
	"8-03-0000-9001", "09000002001", "09000002002", "+819000002001", "0300000121", "+81300000138", "2001", "1001", "3701", "99999999", "119",
	"030000010012", "+12025550123", "anonymous", "", "0", "00000000000000000000000000000000000000000000000", "8184110", "0101081110",
	"+81010110", "80990000000", "80001", "03000000900000200109000002001121", "8020000", "104", "110;phone-context=+81", "2001;phone-context=t1.example", "0300009001;npdi;rn=+81300000002",
}

// setting is what a configuration makes of policy.
type setting struct {
	tables *policy.Tables
	trunks int
}

// settings are the sample configuration, with trunks of mobile carriers and one
// to the public network, and what its keys may be set to.
func settings(f testing.TB) []setting {
	var variants []setting
	for _, change := range [][]string{
		nil,
		{"emergency_capable: false", "emergency_capable: true", "    emergency: refuse", "    emergency: route:pstn"},
		{
			"egress.cli_passthrough: false", "egress.cli_passthrough: true", "role: mobile                            #", "role: both #",
			"    profile: au\n    role: mobile", "    profile: au\n    role: both\n    override: {egress.mobile_addr: extension, egress.number_format: e164}",
		},
		{
			"    profile: docomo ", "    override: {ingress.prefix: optional, ingress.identity: [pai, ppi, from], ingress.honor_carrier_clir: true, egress.cli_prefix_by: core}\n    profile: docomo ",
			"    profile: au\n", "    profile: au\n    override: {ingress.prefix: stripped_by_carrier, egress.cli_prefix_by: core, egress.identity: [pai, ppi]}\n",
			"egress.cli_passthrough: false", "egress.privacy_pai: drop\n      egress.number_format: national",
		},
	} {
		text := string(config.Sample())
		for i := 0; i < len(change); i += 2 {
			if !strings.Contains(text, change[i]) {
				f.Fatalf("the sample no longer says %q", change[i])
			}
			text = strings.Replace(text, change[i], change[i+1], 1)
		}
		c, err := config.Parse("sample.yaml", []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		t, err := c.Tables()
		if err != nil {
			f.Fatal(err)
		}
		variants = append(variants, setting{t, len(c.Trunks)})
	}
	return variants
}

// question is one input to both sides.
type question struct {
	t *testing.T
	setting
	called         number.URIUser
	asserted, from string
	script         uint16
}

// The bits of a question's script; the two above choose the tables.
const (
	private        = 1 << 0
	noAsserted     = 1 << 1
	secondIdentity = 1 << 2
	fromAnonymous  = 1 << 3
	diverted       = 1 << 4
	preferred      = 1 << 5
	abroad         = 1 << 6
	trunkDown      = 1 << 7 // and which one by two bits more
	hidden         = 1 << 10
)

func (q question) identity(user string) policy.Identity {
	id := policy.Identity{URIUser: number.URIUser{User: user}, Host: "carrier.example", Display: q.from}
	if q.script&fromAnonymous != 0 && user == q.from {
		id.Host, id.Display = "anonymous.invalid", "Coin line/payphone"
	}
	return id
}

func (q question) identities() []policy.Identity {
	if q.script&noAsserted != 0 {
		return nil
	}
	ids := []policy.Identity{q.identity(q.asserted)}
	if q.script&secondIdentity != 0 {
		ids = append(ids, q.identity("0300009001"))
	}
	return ids
}

func (q question) privacy() string {
	if q.script&hidden != 0 {
		return "location, critical"
	}
	if q.script&private != 0 {
		return "critical; id"
	}
	return ""
}

// emergencyText is R61b to the letter.
var emergencyText = regexp.MustCompile(`^(\+?81)?11[089]$`)

var emergencyLike = regexp.MustCompile(`^11[089]\d$`)

func (q question) fromCarriers() {
	for on := range policy.TrunkID(q.trunks) {
		r := policy.Request{Trunk: on, Called: q.called, PAI: q.identities(), From: q.identity(q.from), Privacy: q.privacy()}
		if q.script&preferred != 0 {
			r.PPI = []policy.Identity{q.identity("09000002001")}
		}
		if q.script&diverted != 0 {
			r.Diverting = divertedBy(q.from, q.asserted)
		}
		if q.script&abroad != 0 {
			r.AccessNetwork = "3GPP-UTRAN;utran-cell-id-3gpp=310" + q.asserted
		}
		d := q.tables.Decide(r)
		if v := q.tables.Violations(r, d); len(v) > 0 {
			q.t.Fatalf("%+v\n%+v\n%v", r, d, v)
		}
		q.checkDecision(r, d)
		r.Steps = make([]policy.Step, 0, 1)
		if again := q.tables.Decide(r); !reflect.DeepEqual(d, again) {
			q.t.Fatalf("asked twice:\n%+v\n%+v", d, again)
		}
	}
}

func (q question) checkDecision(r policy.Request, d policy.Decision) {
	if len(d.Steps) == 0 {
		q.t.Fatal("a decision without steps")
	}
	for _, s := range d.Steps {
		if s.Rule == "" || s.Looked == "" || s.Result == "" {
			q.t.Fatalf("step %+v explains nothing", s)
		}
	}
	if d.Outcome == policy.Reject {
		if d.Reason == policy.NoReason || d.Reason.Refusal().Status < 400 {
			q.t.Fatalf("refused by %v", d.Reason)
		}
		return
	}
	text := d.Called.String()
	tenant := q.tables.Tenant(d.Tenant)
	if (emergencyText.MatchString(text) || d.Called.Class() == number.Emergency) && !tenant.Emergency.Routed {
		q.t.Fatalf("%+v reaches the core as %s", q.called, text)
	}
	if again, err := (number.URIUser{User: text}).Number(); err != nil || again != d.Called {
		q.t.Fatalf("%s is not canonical: %v %v", text, again, err)
	}
	trunk := q.tables.Trunk(r.Trunk)
	if d.Kind == policy.Mobile && trunk.Profile.Carrier == profile.AU && len(text) == 4 && text[0] == '1' {
		q.t.Fatalf("R51: au reaches %s", text)
	}
	if d.Kind == policy.Mobile {
		// R8, R10: the caller is the subscriber of this carrier that the network
		// asserts, never what From alone says.
		s, known := q.tables.Subscriber(d.Caller)
		if !known || s.Carrier != trunk.Profile.Carrier || s.Tenant != d.Tenant {
			q.t.Fatalf("%v calls over %s", d.Caller, trunk.Name)
		}
		if slices.Equal(trunk.Profile.Ingress.Identity, []profile.Header{profile.PAI}) && len(r.PAI) == 0 {
			q.t.Fatal("R10: nobody is asserted and somebody calls")
		}
		return
	}
	if did, ours := q.tables.DID(d.Called); !ours || did.Tenant != d.Tenant {
		q.t.Fatalf("an outside call reaches %s", text)
	}
}

func (q question) fromCore() {
	parties := []number.URIUser{q.called, {User: "09000002001"}, {User: "09000002002"}, {User: "09000002003"}, {User: "0300009001"}}
	for _, called := range parties {
		o := policy.Outbound{Domain: "T1.example", Called: called, PAI: q.identities(), From: q.identity(q.from), Privacy: q.privacy()}
		if q.script&diverted != 0 {
			o.Diverting = divertedBy(q.from, "0300000121")
		}
		if q.script&trunkDown != 0 {
			o.Available = slices.Repeat([]bool{true}, q.trunks)
			o.Available[int(q.script>>8)%q.trunks] = false
		}
		p := q.tables.Present(o)
		if v := q.tables.PresentationViolations(p); len(v) > 0 {
			q.t.Fatalf("%+v\n%+v\n%v", o, p, v)
		}
		q.checkPresentation(o, p)
		if again := q.tables.Present(o); !reflect.DeepEqual(p, again) {
			q.t.Fatalf("asked twice:\n%+v\n%+v", p, again)
		}
	}
}

func (q question) checkPresentation(o policy.Outbound, p policy.Presentation) {
	if len(p.Steps) == 0 {
		q.t.Fatal("a presentation without steps")
	}
	if p.Outcome == policy.Reject {
		bare := policy.Presentation{Reason: p.Reason, Tenant: p.Tenant, Trunk: policy.NoTrunk, Kind: p.Kind, Called: p.Called, Caller: p.Caller, Steps: p.Steps}
		if !reflect.DeepEqual(p, bare) || p.Reason == policy.NoReason {
			q.t.Fatalf("a refused call routes somewhere: %+v", p)
		}
		return
	}
	trunk, tenant := q.tables.Trunk(p.Trunk), q.tables.Tenant(p.Tenant)
	q.checkEgressGuard(p, trunk, tenant)
	if o.Available != nil && !o.Available[p.Trunk] {
		q.t.Fatalf("called over trunk %s, which is down", trunk.Name)
	}
	if p.Kind == policy.Mobile {
		q.checkShown(p, trunk)
		q.checkRedial(p)
		return
	}
	e164, _ := p.Caller.E164()
	mayPass := trunk.Profile.Egress.CLIPassthrough && q.script&diverted != 0
	for _, shown := range []string{p.From.User, p.PAI, p.PPI} {
		if shown == "" || shown == "anonymous" {
			continue
		}
		n, err := number.URIUser{User: shown}.Number()
		owned := err == nil && q.tables.Owns(p.Tenant, n)
		passed := mayPass && (shown == p.Caller.National() || shown == e164)
		if !owned && !passed {
			q.t.Fatalf("the public network is shown %s: %+v", shown, p)
		}
		if n.Class() == number.Emergency && n != p.Caller {
			q.t.Fatalf("%s is shown as an emergency body, %s", p.Caller, shown)
		}
	}
}

// checkEgressGuard is R61b: "no egress Request-URI that is 11[089] after
// canonicalisation", anchored, unless R61 routes it.
func (q question) checkEgressGuard(p policy.Presentation, trunk policy.Trunk, tenant policy.Tenant) {
	n, err := number.URIUser{User: p.RequestUser}.Number()
	if err != nil || n.String() == "" {
		q.t.Fatalf("Request-URI user %q: %v", p.RequestUser, err)
	}
	if (emergencyText.MatchString(p.RequestUser) || n.Class() == number.Emergency) && (!tenant.Emergency.Routed || tenant.Emergency.Over != p.Trunk) {
		q.t.Fatalf("R61b: %s leaves over %s", p.RequestUser, trunk.Name)
	}
	if trunk.Profile.Carrier == profile.AU && emergencyLike.MatchString(p.RequestUser) {
		q.t.Fatalf("R61b: %s leaves toward au", p.RequestUser)
	}
	if strings.Trim(strings.TrimPrefix(p.RequestUser, "+"), "0123456789") != "" {
		q.t.Fatalf("Request-URI user %q", p.RequestUser)
	}
}

// checkShown is R20 to R29 for what a mobile displays.
func (q question) checkShown(p policy.Presentation, trunk policy.Trunk) {
	for _, shown := range []string{p.From.User, p.PAI, p.PPI} {
		switch shown {
		case "", "anonymous", "99999999", "110", "118", "119":
			continue
		}
		if shown[0] != '8' {
			q.t.Fatalf("R20: a mobile is shown %s: %+v", shown, p)
		}
	}
	if p.From.User == "" {
		q.t.Fatal("no From")
	}
	national := p.Caller.National()
	closed := trunk.Profile.Carrier == profile.AU && (len(national) == 4 && national[0] == '1' || len(national) >= 12)
	if withheld := p.From.User == "anonymous"; withheld {
		if p.PAI != "" || p.PPI != "" || p.Privacy != "id" || p.From.Host != "anonymous.invalid" {
			q.t.Fatalf("R25: %+v", p)
		}
	} else if p.Masked != closed {
		q.t.Fatalf("R27, R28: %s masked %v: %+v", national, p.Masked, p)
	}
	if !closed {
		return
	}
	e164, _ := p.Caller.E164()
	secrets := []string{national, p.Caller.String(), e164, strings.TrimPrefix(e164, "+")}
	texts := []string{p.RequestUser, p.RequestHost, p.From.Display, p.From.User, p.From.Host, p.PAI, p.PPI, p.Privacy}
	// Diversion holds a number of ours, which may look like a withheld caller's
	// by chance; beside a mask there is none.
	if p.Masked && p.Diversion != "" {
		q.t.Fatalf("R29: a diversion beside the mask: %+v", p)
	}
	calledE164, _ := p.Called.E164()
	for _, text := range texts {
		for _, secret := range secrets {
			// A number may be part of the one that it calls.
			called := text == p.RequestUser && (text == p.Called.National() || text == calledE164)
			if secret != "" && !called && strings.Contains(text, secret) {
				q.t.Fatalf("R29: %q tells of %s: %+v", text, secret, p)
			}
		}
	}
}

// checkRedial is R31: "for every unmasked display string s, dialling s reaches
// the shown resource or the stated refusal of its class".
func (q question) checkRedial(p policy.Presentation) {
	switch p.From.User {
	case "anonymous", "99999999", "110", "118", "119":
		return
	}
	trunk := q.tables.Trunk(p.Trunk)
	dialled := p.From.User
	if trunk.Profile.Ingress.Prefix == profile.PrefixByCarrier {
		dialled = dialled[1:]
	}
	d := q.tables.Decide(policy.Request{
		Trunk: p.Trunk, Called: number.URIUser{User: dialled}, PAI: []policy.Identity{{URIUser: number.URIUser{User: p.Called.String()}}},
	})
	if d.Called != p.Caller {
		q.t.Fatalf("R31: %s shows %s, which reaches %s: %+v", p.Caller, p.From.User, d.Called, d)
	}
	reachable := p.Caller.Class().Ordinary() || p.Caller.Class() == number.Extension
	if routed := d.Outcome == policy.Route; routed != reachable {
		q.t.Fatalf("R31: %s of class %s redialled: %+v", p.Caller, p.Caller.Class(), d)
	}
}

// checkNumber: every form of a number reads as that number again.
func checkNumber(t *testing.T, u number.URIUser) {
	n, err := u.Number()
	if err != nil {
		return
	}
	if n.Class() <= number.TooShort {
		return
	}
	forms := []string{n.String(), n.National()}
	if e164, ok := n.E164(); ok && len(e164) <= number.MaxDigits {
		forms = append(forms, e164)
	}
	for _, form := range forms {
		if again, err := (number.URIUser{User: form}).Number(); err != nil || again != n {
			t.Fatalf("%+v is %s, written %q, which is %s, %v", u, n, form, again, err)
		}
	}
	through, found := number.Dialled(n.Through()).CutService()
	if !found || through.Number() != n {
		t.Fatalf("%s is shown as %s, which redials %s", n, n.Through(), through.Number())
	}
}

// divertedBy is what Diversion would say, latest first.
func divertedBy(users ...string) []policy.Diverting {
	var list []policy.Diverting
	for i, u := range users {
		list = append(list, policy.Diverting{URIUser: number.URIUser{User: u}, Redirection: policy.Redirection{Why: "no-answer", Times: 1 + 2*i}})
	}
	return list
}
