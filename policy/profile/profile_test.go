package profile

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/policy/document"
	"sekisho/policy/number"
)

func TestBuiltinProfiles(t *testing.T) {
	carriers := map[string]Carrier{"docomo": Docomo, "au": AU, "softbank": SoftBank, "generic": Other, "ntt-ngn": Other}
	if len(Names()) != len(carriers) {
		t.Errorf("built in are %v", Names())
	}
	for _, name := range Names() {
		p := builtin(t, name)
		ran, misses := p.Check()
		if ran == 0 || len(misses) > 0 {
			t.Errorf("%s: %d examples, %v", name, ran, misses)
		}
		if p.Name != name || p.Carrier != carriers[name] {
			t.Errorf("%s: read as %s of %s", name, p.Name, p.Carrier)
		}
		if Denied(p.Ingress.Deny, "119") == nil || Denied(p.Ingress.Deny, "0118111234") != nil {
			t.Errorf("%s: emergency numbers are denied, Sapporo is not", name)
		}
	}
	if _, ok := Builtin("../au"); ok {
		t.Error("a built-in profile is named, not found by path")
	}
}

// R52: the display restrictions and the closed 1000s are au's alone.
func TestOnlyAURestricts(t *testing.T) {
	for _, name := range Names() {
		p := builtin(t, name)
		restricts := name == "au"
		for _, national := range []string{"1001", "1105", "030000010012", "01012025550123"} {
			if got := p.Egress.Mapped(national) != nil; got != restricts {
				t.Errorf("%s maps %s: %v", name, national, got)
			}
		}
		if got := Denied(p.Ingress.Deny, "1001") != nil; got != restricts {
			t.Errorf("%s denies 1001: %v", name, got)
		}
	}
	au := builtin(t, "au")
	for digits, want := range map[string]Refusal{"1105": RefuseEmergencyLike, "1001": RefuseExt1000, "110": RefuseEmergency} {
		if r := Denied(au.Ingress.Deny, digits); r == nil || r.Reason != want {
			t.Errorf("au, %s: %+v, want %s", digits, r, want)
		}
	}
	for _, national := range []string{"2001", "09000009002", "0300009001", "119"} {
		if r := au.Egress.Mapped(national); r != nil {
			t.Errorf("au maps %s to %s", national, r.To)
		}
	}
}

// R53: only SoftBank's handsets hold with **, so only its legs filter pairs, with
// "gap from end of the first `*` to start of the second ≤600 ms".
func TestOnlySoftBankFiltersStars(t *testing.T) {
	for _, name := range Names() {
		want := DTMF{
			StarFilter: StarOff, StarGap: 600 * time.Millisecond, StarLong: 1200 * time.Millisecond, OddStar: OddSwallow,
			Inband: InbandAuto, TowardCore: CoreRFC4733,
		}
		switch name {
		case "softbank":
			want.StarFilter = StarSwallow
		case "ntt-ngn":
			want.Inband = InbandOn
		}
		if got := builtin(t, name).DTMF; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// In all else SoftBank's trunk is taken for docomo's until a trial says more.
func TestSoftBankIsAsDocomo(t *testing.T) {
	softbank, docomo := builtin(t, "softbank"), builtin(t, "docomo")
	if !reflect.DeepEqual(softbank.SIP, docomo.SIP) || !reflect.DeepEqual(softbank.Media, docomo.Media) || !reflect.DeepEqual(softbank.Egress, docomo.Egress) {
		t.Errorf("softbank %+v\ndocomo %+v", softbank, docomo)
	}
	if softbank.Ingress.Prefix != PrefixRequired || softbank.Ingress.HonorCLIR || !slices.Equal(softbank.Ingress.Identity, []Header{PAI}) {
		t.Errorf("ingress %+v", softbank.Ingress)
	}
}

// The fixed line network, field by field as its captures show it.
func TestNGN(t *testing.T) {
	ngn := builtin(t, "ntt-ngn")
	if s := ngn.SIP; !s.SourcePort5060 || s.Auth != AuthLine || s.SessionExpires != 300*time.Second || s.MinSE != 90*time.Second || s.Refresher != RefresherUAS ||
		s.Options != (Options{DownAfter: 3, UpAfter: 2, Answer: true}) || s.EarlyMedia != EarlyPlain || s.Announce != AnnounceEarly || s.Rel100 != Rel100Supported ||
		s.Hold != HoldRelay || !slices.Equal(s.Transport, []Transport{UDP}) || !slices.Equal(s.Family, []Family{IPv6, IPv4}) {
		t.Errorf("signalling %+v", s)
	}
	if m := ngn.Media; m.OfferEvent || !slices.Equal(m.Codecs, []Codec{PCMU}) || m.DSCP.SIP<<2 != 0x80 || m.DSCP.RTP<<2 != 0x80 || m.TelephoneEvent != 101 {
		t.Errorf("media %+v", m)
	}
	if e := ngn.Egress; e.RequestHost != HostPeer || e.Domain != "" || !slices.Equal(e.Identity, []Header{From}) || e.Diversion != NoDiversion ||
		len(e.Reason) != 0 || e.CLIPrefixBy != PrefixNone || e.NumberFormat != National || e.UserPhone || e.CLIMap != nil {
		t.Errorf("egress %+v", e)
	}
	if i := ngn.Ingress; !slices.Equal(i.Identity, []Header{PPI, From}) || i.Allow != (number.Allowed{}) {
		t.Errorf("ingress %+v", i)
	}

	// "one capture shows Request-URI host = P-CSCF IP accepted and the domain
	// refused (403), another the opposite": a trunk says which.
	source, _ := Builtin("ntt-ngn")
	line, _ := document.Parse("sekisho.yaml", []byte("egress.request_host: domain\negress.domain: ngn.example\n"))
	p, faults := Read(source, overrides(line, "egress.request_host", "egress.domain"))
	if len(faults) > 0 || p.Egress.RequestHost != HostDomain || p.Egress.Domain != "ngn.example" {
		t.Errorf("by domain: %v", faults)
	}
	if _, faults = Read(source, overrides(line, "egress.request_host")); len(faults) != 1 {
		t.Errorf("by a domain that nobody names: %v", faults)
	}
}

// What a profile leaves out.
func TestDefaults(t *testing.T) {
	p, faults := Read(Source{Name: "x", File: "x.yaml", Text: []byte("carrier: other\ningress: {prefix: optional, identity: [pai]}\negress: {cli_prefix_by: none}\n")}, nil)
	if len(faults) > 0 || p.Media.Ptime != 20 || p.Media.TelephoneEvent != 101 || p.SIP.MinSE != 90*time.Second || !p.Media.OfferEvent ||
		!slices.Equal(p.Egress.Reason, []ReasonForm{ReasonQ850}) || p.DTMF.StarFilter != StarOff || p.Ingress.HonorCLIR ||
		!slices.Equal(p.SIP.Failover.On, []int{500, 502, 503, 504}) || p.SIP.Failover.Answer != 1700*time.Millisecond ||
		p.SIP.Failover.Budget != 10*time.Second || p.SIP.Options.UpAfter != 2 {
		t.Errorf("defaults: %+v, %v", p, faults)
	}
}

func TestOverride(t *testing.T) {
	source, _ := Builtin("generic")
	trunk, faults := document.Parse("sekisho.yaml", []byte(`
egress.cli_passthrough: true
ingress.allow: [international, "117"]
sip.options.interval: 10s
sip.failover.on: [480]
egress.cli_map:
  - {match: '^2\d{3}$', to: "99999999", examples: {"2001": "99999999"}}
`))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p, faults := Read(source, overrides(trunk, "egress.cli_passthrough", "ingress.allow", "sip.options.interval", "sip.failover.on", "egress.cli_map"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if !p.Egress.CLIPassthrough || !p.Ingress.Allow.Has(num(t, "+12025550123")) || !p.Ingress.Allow.Has(num(t, "117")) || p.Ingress.Allow.Has(num(t, "171")) || p.SIP.Options.Interval != 10*time.Second ||
		p.SIP.Options.DownAfter != 3 || p.Egress.Mapped("2001") == nil || !p.SIP.Failover.Passes(480) || p.SIP.Failover.Passes(503) {
		t.Errorf("overrides not applied: %+v", p)
	}
	if again := builtin(t, "generic"); again.Egress.CLIPassthrough {
		t.Error("an override changed the built-in profile")
	}

	bad, _ := document.Parse("sekisho.yaml", []byte("egress.cli_pass: true\negress.cli_prefix_by: nobody\ncarrier.name: x\n"))
	_, faults = Read(source, overrides(bad, "egress.cli_pass", "egress.cli_prefix_by", "carrier.name"))
	want := []string{"sekisho.yaml:1: egress.cli_pass: unknown key", "sekisho.yaml:2: egress.cli_prefix_by:", "sekisho.yaml:3: carrier.name: is no path"}
	if len(faults) != len(want) {
		t.Fatalf("faults: %v", faults)
	}
	for i, w := range want {
		if got := faults[i].Error(); !strings.HasPrefix(got, w) {
			t.Errorf("fault %q, want %q", got, w)
		}
	}
}

func TestFaults(t *testing.T) {
	const head = "carrier: au\ningress: {prefix: required, identity: [pai]}\negress: {cli_prefix_by: edge}\n"
	rows := []struct{ name, text, want string }{
		{"no carrier", "ingress: {prefix: required, identity: [pai]}\negress: {cli_prefix_by: edge}\n", "carrier: missing"},
		{"unknown carrier", strings.Replace(head, "carrier: au", "carrier: rakuten", 1), "not one of docomo, au, softbank, other"},
		{"unknown key", head + "dtmf: {star_filtre: off}\n", `did you mean "star_filter"`},
		{"unknown section", head + "colour: red\n", "unknown key"},
		{"identity twice", strings.Replace(head, "[pai]", "[pai, pai]", 1), "twice"},
		{"identity empty", strings.Replace(head, "[pai]", "[]", 1), "empty"},
		{"assumed leads nowhere", head + "assumed: [egress.nothing]\n", "is no key of this profile"},
		{"min_se above expires", head + "sip: {session_expires: 100s, min_se: 200s}\n", "longer than session_expires"},
		{"busy is no peer's failure", head + "sip: {failover: {on: [486]}}\n", "486 speaks of the party called"},
		{"nor is a decline", head + "sip: {failover: {on: [503, 603]}}\n", "603 speaks of the party called"},
		{"a challenge", head + "sip: {failover: {on: [407]}}\n", "407 asks for credentials"},
		{"a status twice", head + "sip: {failover: {on: [503, 503]}}\n", "503 stands here twice"},
		{"no failure at all", head + "sip: {failover: {on: [200]}}\n", "not between 400 and 699"},
		{"host without domain", strings.Replace(head, "edge}", "edge, request_host: domain}", 1), "needed by request_host"},
		{"domain with a header in it", strings.Replace(head, "edge}", `edge, domain: "a.example>;x"}`, 1), "is no host name"},
		{"emergency cannot be allowed", strings.Replace(head, "[pai]}", "[pai], allow: [emergency]}", 1), "no class or special number that can be allowed"},
		{"nor by its number", strings.Replace(head, "[pai]}", `[pai], allow: ["119"]}`, 1), "no class or special number that can be allowed"},
		{"a prefix is no number", strings.Replace(head, "[pai]}", `[pai], allow: ["184"]}`, 1), "no class or special number that can be allowed"},
		{"an ordinary number", strings.Replace(head, "[pai]}", `[pai], allow: ["0300009001"]}`, 1), "no class or special number that can be allowed"},
		{"rule without examples", deny(head, `{match: '^1$', reason: EXT1000}`), "examples: missing"},
		{"rule without a positive example", deny(head, `{match: '^1$', reason: EXT1000, examples: {"2": passed}}`), "no example shows"},
		{"example that does not come out", deny(head, `{match: '^1$', reason: EXT1000, examples: {"1": denied, "11": denied}}`), "the rule says passed"},
		{"pattern not anchored", deny(head, `{match: '11[089]', reason: EMERGENCY, examples: {"110": denied}}`), "must begin with ^"},
		{"pattern half anchored", deny(head, `{match: '^110|119$', reason: EMERGENCY, examples: {"110": denied}}`), "must begin with ^"},
		{"pattern broken", deny(head, `{match: '^(1$', reason: EMERGENCY, examples: {"110": denied}}`), "pattern:"},
		{"unknown reason", deny(head, `{match: '^1$', reason: WHATEVER, examples: {"1": denied}}`), "not one of EMERGENCY"},
		{"map without a condition", mapping(head, `{to: "9", examples: {"1": "9"}}`), "either match or min_digits"},
		{"map with two conditions", mapping(head, `{match: '^1$', min_digits: 3, to: "9", examples: {"111": "9"}}`), "either match or min_digits"},
		{"map to a name", mapping(head, `{min_digits: 3, to: "nobody", examples: {"111": "nobody"}}`), "is no number to show"},
		{"a header of ours passes", strings.Replace(head, "[pai]}", "[pai], pass: [P-Asserted-Identity]}", 1), "neither User-to-User nor an X- name"},
		{"an extension header of a machine's", strings.Replace(head, "edge}", "edge, pass: [Sekisho-Call]}", 1), "neither User-to-User nor an X- name"},
		{"a name with a line in it", strings.Replace(head, "edge}", `edge, pass: ["X-A: b"]}`, 1), "neither User-to-User nor an X- name"},
		{"a header passes twice", strings.Replace(head, "edge}", "edge, pass: [X-Ref, x-ref]}", 1), "twice"},
		{"trusted with what nobody says", strings.Replace(head, "[pai]}", "[pai], trust: [pai]}", 1), "not one of diversion, reason"},
		{"no diversion at all", strings.Replace(head, "[pai]}", "[pai], diversion_limit: 0}", 1), "diversion_limit"},
		{"INFO with no type", head + "sip: {info: [dtmf]}\n", "is no type/subtype"},
		{"INFO past offer and answer", head + "sip: {info: [application/sdp]}\n", "never in INFO"},
		{"INFO twice", head + "sip: {info: [text/plain, Text/Plain]}\n", "text/plain stands here twice"},
		{"map example", mapping(head, `{min_digits: 3, to: "9", examples: {"111": "9", "11": "9"}}`), "the rule gives 11"},
	}
	if _, faults := Read(Source{Name: "x", File: "x.yaml", Text: []byte(head)}, nil); len(faults) > 0 {
		t.Fatalf("the smallest profile has faults: %v", faults)
	}
	for _, r := range rows {
		_, faults := Read(Source{Name: "x", File: "x.yaml", Text: []byte(r.text)}, nil)
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), r.want) || faults[0].Line == 0 {
			t.Errorf("%s: %v, want one fault with a line that says %q", r.name, faults, r.want)
		}
	}
}

func TestCheckFindsWhatDoesNotComeOut(t *testing.T) {
	p := *builtin(t, "au")
	p.Egress.CLIMap = []MapRule{{MinDigits: 20, To: number.Masked(), Examples: []MapExample{{"030000010012", "99999999"}}}}
	p.Ingress.Deny = []DenyRule{{Examples: []DenyExample{{"119", VerdictDenied}}}}
	ran, misses := p.Check()
	if ran < 2 || len(misses) != 2 || !strings.Contains(misses[1].String(), "egress.cli_map[0]: 030000010012 gives 030000010012") {
		t.Errorf("%d ran, misses %v", ran, misses)
	}
}

func builtin(t *testing.T, name string) *Profile {
	t.Helper()
	source, ok := Builtin(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	p, faults := Read(source, nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func num(t *testing.T, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func overrides(root *document.Node, paths ...string) []Override {
	var list []Override
	for _, path := range paths {
		list = append(list, Override{path, root.At(path)})
	}
	return list
}

func deny(head, rule string) string {
	return strings.Replace(head, "[pai]}", "[pai], deny: ["+rule+"]}", 1)
}

func mapping(head, rule string) string {
	return strings.Replace(head, "edge}", "edge, cli_map: ["+rule+"]}", 1)
}
