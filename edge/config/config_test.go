package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/policy"
	"sekisho/policy/document"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

func TestSample(t *testing.T) {
	c, err := Parse("sample.yaml", Sample())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings %v", c.Warnings)
	}
	at := netip.MustParseAddrPort
	west := Listener{Name: "west", Bind: at("127.0.0.1:5060"), Advertise: at("127.0.0.1:5060")}
	if got := c.Border.Listeners[0]; got != west {
		t.Errorf("listener %+v, want %+v", got, west)
	}
	if got := c.Border.Media; !slices.Equal(got.Addresses, []netip.Addr{netip.MustParseAddr("127.0.0.1")}) || got.Ports != (PortRange{20000, 29999}) {
		t.Errorf("border media %+v", got)
	}
	if c.Border.Media.Ports.Pairs() != 5000 {
		t.Errorf("%d pairs, want 5000", c.Border.Media.Ports.Pairs())
	}
	if c.Core.Mode != Embedded || c.Core.Listener != 1 || !slices.Equal(c.Core.Seam, []netip.AddrPort{at("127.0.0.1:5070")}) {
		t.Errorf("core %+v", c.Core)
	}
	var names []string
	for _, tr := range c.Trunks {
		names = append(names, tr.Name)
	}
	if !slices.Equal(names, []string{"docomo", "au", "softbank", "pstn"}) {
		t.Fatalf("trunks %v, want file order", names)
	}
	docomo := c.Trunks[0]
	if docomo.Role != policy.RoleMobile || docomo.Profile.Carrier != profile.Docomo || docomo.Limits != (Limits{100, 20}) ||
		!slices.Equal(docomo.From, []Source{{netip.MustParsePrefix("127.0.0.1/32"), 6001}}) {
		t.Errorf("docomo %+v", docomo)
	}
	tenant := c.Tenants[0]
	if !slices.Equal(tenant.Outbound, []policy.TrunkID{3}) || tenant.Emergency.Routed || tenant.Channels != 5 {
		t.Errorf("tenant %+v", tenant)
	}
	if got := tenant.Mobiles[1]; got.Extension != "2002" || got.Carrier != profile.AU || got.MSISDN.String() != "09000002002" {
		t.Errorf("mobile %+v", got)
	}
	if got := tenant.Mobiles[2]; got.Extension != "2003" || got.Carrier != profile.SoftBank || got.MSISDN.String() != "09000002003" {
		t.Errorf("mobile %+v", got)
	}
	if softbank := c.Trunks[2]; softbank.Profile.DTMF.StarFilter != profile.StarSwallow {
		t.Errorf("softbank %+v", softbank.Profile.DTMF)
	}
	if got := tenant.Phones[1]; got.Kind != Desk || got.Contact != at("127.0.0.1:6102") || got.Password != (document.Secret{Env: "PHONE_1002"}) {
		t.Errorf("phone %+v", got)
	}
	if got := tenant.Groups[0].Members; !slices.Equal(got, []Member{{"2001", 0}, {"2002", 10 * time.Second}, {"1002", 0}}) {
		t.Errorf("members %+v", got)
	}
}

// What the sample's comments call a default is one: the file without those
// keys reads the same.
func TestSampleDefaults(t *testing.T) {
	full, err := Parse("f", Sample())
	if err != nil {
		t.Fatal(err)
	}
	bare := string(Sample())
	for _, cut := range []string{
		"  mode: embedded ", "      advertise:", "    emergency_capable:", "    emergency: refuse", "    display:", "    park:",
		"    allow_au_emergency_like", "log:", "prompts:", "  interdigit:", "  first_digit:", "  park_return_ring:",
		"  attended_no_answer:", "  blind_no_answer:", "  setup:", "  ring:", "  call:", "  rtp_inactivity:", "timers:",
	} {
		before, rest, ok := strings.Cut(bare, "\n"+cut)
		if !ok {
			t.Fatalf("the sample has no line %q", cut)
		}
		_, after, _ := strings.Cut(rest, "\n")
		bare = before + "\n" + after
	}
	bare = strings.NewReplacer("strategy: all, ", "", ", timeout: 60s", "", ", timeout: 5m", "", " music: default,", "", ", turn: 15s", "", ", unreached: queue", "").Replace(bare)
	got, err := Parse("f", []byte(bare))
	if err != nil {
		t.Fatal(err)
	}
	// Profiles are read anew and hold compiled patterns.
	for i := range full.Trunks {
		full.Trunks[i].Profile, got.Trunks[i].Profile = nil, nil
	}
	if !reflect.DeepEqual(got, full) {
		t.Errorf("without the defaults written:\n%+v\nwant\n%+v", got, full)
	}
}

func faultsOf(t *testing.T, src string) []document.Fault {
	t.Helper()
	c, err := Parse("f", []byte(src))
	if err == nil {
		return nil
	}
	if c != nil {
		t.Error("both a Config and an error")
	}
	var f Faults
	if !errors.As(err, &f) {
		t.Fatalf("error %v is no list of faults", err)
	}
	return f
}

// The sample is the reference: whatever key the reading asks for anywhere is
// written in it somewhere.
func TestSampleHoldsEveryKey(t *testing.T) {
	l := newLoader(document.Read("f", Sample()))
	l.read()
	for _, path := range l.reader.Absent() {
		key := path[strings.LastIndexByte(path, '.')+1:]
		if !regexp.MustCompile(`[\s{]` + regexp.QuoteMeta(key) + `:`).Match(Sample()) {
			t.Errorf("the sample never shows %s", path)
		}
	}
}

// A file with many faults says all of them, in the order of its lines, and the
// same twice.
func TestAllFaultsAtOnce(t *testing.T) {
	src := `border:
  listen:
    west: {sip: "udp:127.0.0.1:5060", advertize: "192.0.2.1"}
  media: {addresses: [], ports: 20001-29999}
core:
  seam: ["udp:127.0.0.1:5060"]
  media: {addresses: [127.0.0.1], ports: 30000-31999}
trunks:
  docomo: {profile: docomo, role: mobil, to: ["udp:198.51.100.1:5060"], media_prefixes: [198.51.100.0/24]}
  au: {profile: au, role: mobile, from: [198.51.100.1], to: ["udp:198.51.100.2:5060"], media_prefixes: [198.51.100.1/24]}
tenants:
  t1:
    domain: t1.example
    default_number: 0300000100
    emergency: route:au
    channels: 2
    mobiles:
      1500: {msisdn: "09000001500", carrier: docomo}
      2002: {msisdn: "09000002002", carrier: au}
    phones:
      1105: {kind: desk, contact: "udp:127.0.0.1:6101"}
timers: {setup: 180}
colour: red
`
	want := []string{
		`f:3: border.listen.west.advertize: unknown key; did you mean "advertise"?`,
		`f:4: border.media.addresses: needs an address`,
		`f:4: border.media.ports: begins with the odd port 20001; RTP takes the even port of a pair`,
		`f:6: core.seam[0]: core seam overlaps listener west of line 3 on 127.0.0.1`,
		`f:9: trunks.docomo.role: "mobil" is not one of mobile, pstn, both; did you mean "mobile"?`,
		`f:10: trunks.au.from[0]: source 198.51.100.1/32 is also trunk docomo's (198.51.100.1/32 in line 9): a call from there would be either's; add ports or use another listener`,
		`f:10: trunks.au.media_prefixes[0]: 198.51.100.1/24 has bits beyond its length; write 198.51.100.0/24`,
		`f:14: tenants.t1.default_number: put it in quotes: "0300000100"; a bare number loses its leading zeros`,
		`f:15: tenants.t1.emergency: trunk au may not carry 110, 118 and 119: it is not marked emergency_capable (R61)`,
		`f:18: tenants.t1.mobiles.1500: a mobile's extension is 2000 to 3999, whatever its carrier (R6)`,
		`f:21: tenants.t1.phones.1105: an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line 19`,
		`f:22: timers.setup: 180 has no unit; write it as in 180s`,
		`f:23: colour: unknown key`,
	}
	for range 2 {
		got := Faults(faultsOf(t, src)).Error()
		if got != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	}
}

// An edit of the base that stays valid: what it warns of, and what came out.
func TestValidEdits(t *testing.T) {
	r50 := "an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line 61"
	phone := "      1105: {kind: desk, contact: \"udp:127.0.0.1:6103\"}\n      1002: {kind: desk"
	cases := []struct {
		name     string
		edits    []string // old, new, …
		warnings []string
		check    func(*Config) bool
	}{
		{"R50: 1105 without an au mobile", []string{
			"      2002: {msisdn: \"09000002002\", carrier: au}", "      2002: {msisdn: \"09000002002\", carrier: docomo}",
			"      1002: {kind: desk", phone}, nil, nil},
		{"R50 allowed is a warning", []string{
			"allow_au_emergency_like: false", "allow_au_emergency_like: true",
			"      1002: {kind: desk", phone}, []string{"f:64: tenants.t1.phones.1105: " + r50}, nil},
		{"R6: 3999", []string{"      2002: {msisdn", "      3999: {msisdn", "ext: 2002", "ext: 3999"}, nil, nil},
		{"R61 on a capable trunk", []string{"emergency_capable: false", "emergency_capable: true", "emergency: refuse", "emergency: route:pstn"}, nil,
			func(c *Config) bool { return c.Tenants[0].Emergency == (policy.EmergencyCalls{Routed: true, Over: 2}) }},
		{"no trunk of the carrier", []string{"carrier: au}", "carrier: softbank}"},
			[]string{"f:61: tenants.t1.mobiles.2002.carrier: no trunk of softbank: its mobiles can be neither reached nor identified"}, nil},
		{"metrics for everybody", []string{`"127.0.0.1:9100"`, `"0.0.0.0:9100"`},
			[]string{"f:78: metrics.listen: metrics are open to whoever reaches 0.0.0.0:9100"}, nil},
		{"RTP from anywhere", []string{"media_prefixes: [127.0.0.1/32]", "media_prefixes: [0.0.0.0/0]"},
			[]string{"f:26: trunks.docomo.media_prefixes[0]: RTP of this trunk's calls may come from anywhere"}, nil},
		{"a PBX in the core's place", []string{"mode: embedded", "mode: external", `["udp:127.0.0.1:5070"]`, `["udp:192.0.2.10:5060", "udp:192.0.2.11:5060"]`},
			[]string{
				"f:15: core.phones: not used: the embedded core is off (mode: external)",
				"f:16: core.media: not used: the embedded core is off (mode: external)"},
			func(c *Config) bool { return c.Core.Mode == External && len(c.Core.Seam) == 2 }},
		{"ports left to the system", []string{`"udp:127.0.0.1:5060"`, `"udp:127.0.0.1:0"`, `"udp:127.0.0.1:5061"`, `"udp:127.0.0.1:0"`}, nil,
			func(c *Config) bool {
				return c.Border.Listeners[0].Bind.Port() == 0 && c.Border.Listeners[0].Advertise.Port() == 0
			}},
		{"advertised address keeps the port", []string{`advertise: "127.0.0.1"`, `advertise: "203.0.113.1"`}, nil,
			func(c *Config) bool {
				return c.Border.Listeners[0].Advertise == netip.MustParseAddrPort("203.0.113.1:5060")
			}},
		{"sources default to the addresses of to", []string{`    to: ["udp:127.0.0.1:6002"]`, `    to: ["udp:198.51.100.2:6002", "udp:198.51.100.2:6003"]`,
			"    from: [\"127.0.0.1/32:6002\"]\n", ""}, nil,
			func(c *Config) bool {
				return slices.Equal(c.Trunks[1].From, []Source{{netip.MustParsePrefix("198.51.100.2/32"), 0}})
			}},
		{"a longer prefix inside a shorter one", []string{`from: ["127.0.0.1/32:6002"]`, `from: [127.0.0.0/8]`}, nil, nil},
		{"TCP for long requests", []string{"egress.cli_passthrough: false", "sip.over_mtu: tcp"},
			[]string{"f:44: trunks.pstn.override.sip.over_mtu: no trunk is reached over TCP: a request over 1,300 bytes leaves in fragments (over_mtu: fragment)"}, nil},
		{"override reaches the profile", []string{"egress.cli_passthrough: false", "egress.cli_passthrough: true"}, nil,
			func(c *Config) bool { return c.Trunks[2].Profile.Egress.CLIPassthrough }},
		{"IPv6", []string{`sip: "udp:127.0.0.1:5060"`, `sip: "udp:[::1]:5060"`, `advertise: "127.0.0.1"`, `advertise: "::1"`,
			`"udp:127.0.0.1:6001"`, `"udp:[::1]:6001"`, `"127.0.0.1/32:6001"`, `"[::1/128]:6001"`,
			`"udp:127.0.0.1:6002"`, `"udp:[::1]:6002"`, `"127.0.0.1/32:6002"`, `"[::1]:6002"`,
			`"udp:127.0.0.1:6004"`, `"udp:[::1]:6004"`, `"127.0.0.1/32:6004"`, `"2001:db8::/32"`}, nil,
			func(c *Config) bool {
				return c.Trunks[0].From[0].String() == "[::1/128]:6001" && c.Trunks[2].From[0].String() == "2001:db8::/32"
			}},
		{"features pressed twice at SoftBank", []string{"    channels: 5", "    channels: 5\n    features: {press_twice: true, recall: true}", "carrier: au}", "carrier: softbank}"},
			[]string{
				"f:62: tenants.t1.mobiles.2002: cannot use in-call features that are pressed twice: ** of a SoftBank mobile is kept from the core (R53)",
				"f:62: tenants.t1.mobiles.2002.carrier: no trunk of softbank: its mobiles can be neither reached nor identified",
			}, func(c *Config) bool { return c.Tenants[0].Features == Features{PressTwice: true, Recall: true} }},
		{"mobiles that press a key", []string{"timeout: 60s, number: \"0300000137\"", "timeout: 60s, accept: key, number: \"0300000137\"",
			"strategy: rotate, music", "strategy: rotate, accept: key, music"}, nil, func(c *Config) bool {
			return c.Tenants[0].Groups[0].Accept == ByKey && c.Tenants[0].CallCentres[0].Accept == ByKey
		}},
		{"a mobile without features", []string{"carrier: au}", "carrier: au, features: false}"},
			nil, func(c *Config) bool { return c.Tenants[0].Mobiles[1].Plain && !c.Tenants[0].Mobiles[0].Plain }},
		{"two tenants with equal extensions", []string{"timers:", `  t2:
    domain: t2.example
    default_number: "0300000200"
    phones: {1001: {kind: desk, password: {env: T2_1001}}}
timers:`}, []string{"f:72: tenants.t2.phones.1001: is never reached: no phone can register without core.registrar.from"}, func(c *Config) bool { return len(c.Tenants) == 2 && !c.Tenants[1].Phones[0].Contact.IsValid() }},
	}
	base := baseFile(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src := base
			for i := 0; i < len(c.edits); i += 2 {
				if !strings.Contains(src, c.edits[i]) {
					t.Fatalf("base.yaml has no %q", c.edits[i])
				}
				src = strings.Replace(src, c.edits[i], c.edits[i+1], 1)
			}
			got, err := Parse("f", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if w := Faults(got.Warnings).Error(); w != strings.Join(c.warnings, "\n") {
				t.Errorf("warnings\n%s\nwant\n%s", w, strings.Join(c.warnings, "\n"))
			}
			if c.check != nil && !c.check(got) {
				t.Errorf("read as %+v", got)
			}
		})
	}
}

// The tables know what the file says: a mobile by its MSISDN, a tenant by its
// domain, a number of ours by any spelling.
func TestTables(t *testing.T) {
	c, err := Parse("f", Sample())
	if err != nil {
		t.Fatal(err)
	}
	tables, err := c.Tables()
	if err != nil {
		t.Fatal(err)
	}
	parse := func(s string) number.Number {
		n, err := number.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if s, ok := tables.Subscriber(parse("+819000002002")); !ok || s.Extension != "2002" || s.Carrier != profile.AU {
		t.Errorf("subscriber %+v %v", s, ok)
	}
	if d, ok := tables.DID(parse("+81300000138")); !ok || d.Extension != "3801" {
		t.Errorf("DID %+v %v", d, ok)
	}
	if id := tables.TenantAt("T1.example"); id != 0 || !slices.Equal(tables.Tenant(id).Outbound, []policy.TrunkID{3}) {
		t.Errorf("tenant %d", id)
	}
	if !tables.Owns(0, parse("0300000100")) || tables.Owns(0, parse("0300009001")) {
		t.Error("ownership of numbers")
	}
}

func TestTablesOfAConfigWrittenInGo(t *testing.T) {
	c := Config{Tenants: []Tenant{{Name: "t1", Domain: "t1.example", Outbound: []policy.TrunkID{3}}}}
	if _, err := c.Tables(); err == nil {
		t.Error("a trunk that does not exist was accepted")
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	base := baseFile(t)
	if _, err := Load(filepath.Join(dir, "none.yaml")); err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(write("ok.yaml", base)); err != nil {
		t.Errorf("base: %v", err)
	}

	generic, _ := profile.Builtin("generic")
	own := write("own.yaml", string(generic.Text))
	c, err := Load(write("path.yaml", strings.Replace(base, "profile: generic", "profile: "+own, 1)))
	if err != nil {
		t.Fatalf("profile by path: %v", err)
	}
	if got := c.Trunks[2].Profile; got.Name != own || got.Carrier != profile.Other {
		t.Errorf("profile %s of %s", got.Name, got.Carrier)
	}

	// A fault in the profile's own file names that file.
	bad := write("bad.yaml", "carrier: other\nnonsense: 1\n")
	_, err = Load(write("badpath.yaml", strings.Replace(base, "profile: generic", "profile: "+bad, 1)))
	if err == nil || !strings.Contains(err.Error(), bad+":2: nonsense: unknown key") {
		t.Errorf("fault in a profile: %v", err)
	}
	if _, err = Load(write("huge.yaml", strings.Repeat("#", document.MaxBytes+10))); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("huge file: %v", err)
	}
}

func baseFile(t *testing.T) string {
	t.Helper()
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(base)
}
