package border

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// The parties that the core calls in these tests, by the trunk they are
// reached over. The two of the public network belong to a tenant each, whose
// only way out is that trunk.
var reached = []struct{ profile, domain, called string }{
	{"docomo", "t1.example", "09000002001"},
	{"au", "t1.example", "09000002002"},
	{"softbank", "t1.example", "09000002003"},
	{"generic", "t1.example", "0300009009"},
	{"ntt-ngn", "t2.example", "0300009009"},
}

// What each carrier is shown for a caller: R20, R25, R27, R28, and R3 for the
// public network.
func TestWhatLeaves(t *testing.T) {
	beyond := carriers(t)
	const payphone = `"Coin line/payphone" <sip:anonymous@anonymous.invalid>`
	rows := []struct {
		rule, caller, display, privacy string
		want                           [5]string // by reached; "" where nothing is asserted
		withheld                       bool
	}{
		{"R20", "2001", "", "", [5]string{"82001", "82001", "82001", "+81300000121", "0300000200"}, false},
		{"R21", "0300009001", "Taro", "", [5]string{"80300009001", "80300009001", "80300009001", "+81300000121", "0300000200"}, false},
		{"R27", "1001", "1001", "", [5]string{"81001", "99999999", "81001", "+81300000121", "0300000200"}, false},
		{"R28", "030000010012", "x030000010012", "", [5]string{"8030000010012", "99999999", "8030000010012", "+81300000121", "0300000200"}, false},
		{"R28 foreign", "+12025550123", "+12025550123", "", [5]string{"801012025550123", "99999999", "801012025550123", "+81300000121", "0300000200"}, false},
		{"R25", "0300009001", "Coin line/payphone", "id", [5]string{"", "", "", "+81300000121", ""}, true},
		{"R25", "", "Coin line/payphone", "user;id", [5]string{"", "", "", "+81300000121", ""}, true},
		{"R61d", "119", "", "", [5]string{"119", "119", "119", "+81300000121", "0300000200"}, false},
	}
	for _, r := range rows {
		for i, to := range reached {
			invite := beyond.egress().invite(t, coreInvite{domain: to.domain, called: to.called, caller: r.caller, display: r.display, privacy: r.privacy, diverting: "0300000121"})
			host, phone := "203.0.113.10", ""
			if i < 3 {
				phone = ";user=phone"
			}
			if to.profile == "ntt-ngn" {
				host = "ngn.example"
			}
			number := "<sip:" + r.want[i] + "@" + host + phone + ">"
			want := map[string]string{"From": number, "P-Asserted-Identity": number, "Privacy": "", "P-Preferred-Identity": ""}
			if r.withheld {
				want["From"], want["Privacy"] = payphone, "id"
			}
			if r.want[i] == "" || to.profile == "ntt-ngn" {
				want["P-Asserted-Identity"] = ""
			}
			for name, value := range want {
				if got := headerOf(invite, name); got != value {
					t.Errorf("%s, %s over %s: %s: %q, want %q", r.rule, r.caller, to.profile, name, got, value)
				}
			}
			if got := headerOf(invite, "History-Info") + headerOf(invite, "Diversion"); strings.Contains(got, "0300000121") != (i < 3 && !r.withheld && r.want[i] != "99999999") {
				t.Errorf("%s, %s over %s: diverted by %q", r.rule, r.caller, to.profile, got)
			}
		}
	}
}

// R29: "grep au-leg bytes: original number absent", where a PBX in the core's
// place writes the number into everything it can, in any spelling; and R25
// likewise over every trunk. The proof is stronger than a search: with the same
// random numbers the INVITE is the same to the octet whoever calls.
func TestMaskedCallersAreNowhereInTheBytes(t *testing.T) {
	beyond := carriers(t)
	sent := 0
	for _, to := range reached {
		for _, privacy := range []string{"", "id", "critical; ID", "user,id"} {
			if privacy == "" && to.profile != "au" {
				continue // shown there by right
			}
			c := coreInvite{domain: to.domain, called: to.called, caller: "1777", display: "Taro 1777", privacy: privacy, diverting: "0300000121", everywhere: true}
			same := beyond.egress().invite(t, c)
			for _, n := range []string{"1001", "1999", "1105", "030000010012", "+12025550123"} {
				for _, c.caller = range spellings(n) {
					c.display = "Taro " + n
					invite := beyond.egress().invite(t, c)
					sent++
					if !bytes.Equal(invite, same) {
						t.Fatalf("the INVITE to %s depends on %s, written %q, Privacy %q\n%s\nnot\n%s", to.profile, n, c.caller, privacy, invite, same)
					}
				}
				// What is not random is searched too: tags and the like may hold four
				// digits by chance.
				fixed := strings.Join([]string{headerOf(same, "From"), headerOf(same, "To"), headerOf(same, "P-Asserted-Identity"), headerOf(same, "Privacy"),
					headerOf(same, "History-Info"), headerOf(same, "Diversion")}, "\n")
				if strings.Contains(fixed, strings.TrimPrefix(n, "+")) || strings.Contains(fixed, "1777") {
					t.Errorf("over %s, Privacy %q: %s", to.profile, privacy, fixed)
				}
			}
		}
	}
	if sent < 500 {
		t.Errorf("only %d INVITEs", sent)
	}
}

// A PBX may make its Call-ID of the caller's number; ours is our own.
func TestCallIDTellsNothing(t *testing.T) {
	beyond := carriers(t)
	for _, n := range []string{"030000010012", "12025550123"} {
		c := coreInvite{domain: "t1.example", called: "09000002002", caller: "1001", callID: n + "-" + n + "@" + n + ".example"}
		if invite := beyond.egress().invite(t, c); bytes.Contains(invite, []byte(n)) {
			t.Errorf("%s", invite)
		}
	}
}

// R29: nor does the reason of its end, whose text a core is free to choose,
// tell who called. To a carrier that is shown the number it passes unchanged
// (RFC 3326).
func TestReasonTellsNoMaskedCaller(t *testing.T) {
	beyond := carriers(t)
	for _, r := range []struct {
		called, privacy string
		told            bool
	}{{"09000002002", "", false}, {"09000002001", "id", false}, {"09000002001", "", true}} {
		e := beyond.egress()
		c := coreInvite{domain: "t1.example", called: r.called, caller: "1001", privacy: r.privacy}
		invite := e.invite(t, c)
		ringing := "SIP/2.0 180 Ringing\r\nVia: " + headerOf(invite, "Via") + "\r\nFrom: " + lineOf(invite, "From") + "\r\nTo: " + headerOf(invite, "To") +
			";tag=peer\r\nCall-ID: " + headerOf(invite, "Call-ID") + "\r\nCSeq: 1 INVITE\r\nContact: <sip:peer@198.51.100.1>\r\nContent-Length: 0\r\n\r\n"
		e.shard.Datagram(start, e.to, []byte(ringing), nil)
		head, _, _ := strings.Cut(c.String(), "Contact:")
		cancel := strings.NewReplacer("INVITE", "CANCEL").Replace(head) + "Reason: Q.850;cause=16;text=\"1001 hung up\"\r\nContent-Length: 0\r\n\r\n"
		var sent []byte
		for _, a := range e.shard.Datagram(start, e.core, []byte(cancel), nil) {
			if s, ok := a.(ua.Send); ok && s.Flow == e.to {
				sent = s.Data
			}
		}
		if !bytes.HasPrefix(sent, []byte("CANCEL ")) || !strings.Contains(headerOf(sent, "Reason"), "cause=16") {
			t.Fatalf("to %s: %q", r.called, sent)
		}
		if got := bytes.Contains(sent, []byte("hung up")); got != r.told {
			t.Errorf("to %s, Privacy %q: %s", r.called, r.privacy, sent)
		}
	}
}

// Nothing of the core's message passes but what the writer writes: a header
// that nobody has heard of stops at the border, and so does the seam's hint.
func TestOnlyWrittenHeadersLeave(t *testing.T) {
	beyond := carriers(t)
	allowed := []string{"Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Allow", "Supported", "P-Asserted-Identity", "Privacy",
		"History-Info", "Diversion", "P-Early-Media", "Content-Type", "Content-Length", "Session-Expires", "Min-SE"}
	for _, to := range reached {
		invite := beyond.egress().invite(t, coreInvite{domain: to.domain, called: to.called, caller: "2001", diverting: "0300000121", everywhere: true})
		head, _, _ := strings.Cut(string(invite), "\r\n\r\n")
		for _, line := range strings.Split(head, "\r\n")[1:] {
			name, _, _ := strings.Cut(line, ":")
			if !slices.Contains(allowed, name) {
				t.Errorf("over %s leaves %s", to.profile, line)
			}
		}
	}
}

// spellings are the ways to write a number that the plan reads as that number.
func spellings(n string) []string {
	escaped := ""
	for i := range len(n) {
		escaped += fmt.Sprintf("%%%02X", n[i])
	}
	list := []string{n, escaped, "%" + fmt.Sprintf("%02x", n[0]) + n[1:], n[:3] + "-" + n[3:], n[:2] + "." + n[2:3] + "(" + n[3:] + ")",
		n + ";npdi;rn=+81300000002", n + ";cpc=payphone", n + ";ext=12"}
	if strings.HasPrefix(n, "0") {
		list = append(list, "+81"+n[1:], "+81(0)"+n[1:], "+81"+n, "01081"+n[1:], "%2B81"+n[1:])
	}
	if strings.HasPrefix(n, "+") {
		return append(list, "010"+n[1:], "010-"+n[1:], "%2B"+n[1:], n+";phone-context=+1")
	}
	return append(list, n+";phone-context=t1.example", n+";phone-context=+81", n+";PHONE-CONTEXT=%2B81")
}

// coreInvite is what a core says.
type coreInvite struct {
	domain, called, caller, display, privacy, diverting string
	callID                                              string // "" is one without meaning
	// everywhere writes the caller into every header that could carry it.
	everywhere bool
}

func (c coreInvite) String() string {
	user := c.caller
	if user == "" {
		user = "anonymous"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	body := strings.Join([]string{"v=0", "o=- 1 1 IN IP4 203.0.113.20", "s=-", "c=IN IP4 203.0.113.20", "t=0 0",
		"m=audio 30000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", ""}, "\r\n")
	callID, tag := c.callID, "core"
	if callID == "" {
		callID = "1@203.0.113.20"
	}
	if c.everywhere {
		plain := strings.Trim(strings.NewReplacer("%", "", "(", "", ")", "", ";", "", "=", "", "+", "").Replace(c.caller), " ")
		tag = "t" + plain
		body = strings.Replace(body, "o=- 1 1", "o="+plain+" 1 1", 1)
		body = strings.Replace(body, "s=-", "s="+c.caller+"\r\ni="+c.display+"\r\np="+plain, 1)
		body += "a=x-caller:" + c.caller + "\r\n"
	}
	line("INVITE sip:%s@%s SIP/2.0", c.called, c.domain)
	line("Via: SIP/2.0/UDP 203.0.113.20:5070;branch=z9hG4bK-1")
	line("Max-Forwards: 69")
	line("From: %q <sip:%s@%s>;tag=%s", c.display, user, c.domain, tag)
	line("To: <sip:%s@%s>", c.called, c.domain)
	line("Call-ID: %s", callID)
	line("CSeq: 1 INVITE")
	if c.everywhere {
		line("m: %q <sip:%s@203.0.113.20:5070>", c.display, c.caller)
	} else {
		line("Contact: <sip:core@203.0.113.20:5070>")
	}
	if c.caller != "" {
		line("P-Asserted-Identity: %q <sip:%s@%s;user=phone>", c.display, c.caller, c.domain)
	}
	if c.privacy != "" {
		line("Privacy: %s", c.privacy)
	}
	if c.diverting != "" {
		line("Diversion: <sip:%s@%s>;reason=unconditional;counter=1", c.diverting, c.domain)
	}
	if c.everywhere {
		uri := "sip:" + c.caller + "@" + c.domain
		for _, name := range []string{"Diversion", "Remote-Party-ID", "P-Preferred-Identity", "P-Called-Party-ID", "P-Served-User", "P-Associated-URI",
			"Referred-By", "Reply-To", "Call-Info", "Alert-Info", "X-Caller"} {
			line("%s: <%s>", name, uri)
		}
		line("History-Info: <%s?Reason=SIP%%3Bcause%%3D302>;index=1, <sip:%s@%s>;index=1.1", uri, c.called, c.domain)
		for _, name := range []string{"s", "Subject", "Organization", "User-Agent", "P-Charging-Vector", "X-Original-Caller", "Sekisho-Call", "User-to-User"} {
			line("%s: icid-value=%s", name, c.caller)
		}
		line("P-Asserted-Identity: <tel:%s>", c.caller)
	}
	line("Content-Type: application/sdp")
	line("Content-Length: %d", len(body))
	return b.String() + "\r\n" + body
}

// headerOf returns the values of a header without tags.
func headerOf(message []byte, name string) string {
	var values []string
	for value := range strings.SplitSeq(lineOf(message, name), "\n") {
		value, _, _ = strings.Cut(value, ";tag=")
		values = append(values, value)
	}
	return strings.Join(values, ", ")
}

// lineOf returns the values of a header as they are, one a line.
func lineOf(message []byte, name string) string {
	var values []string
	for line := range strings.SplitSeq(string(message), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			values = append(values, value)
		}
	}
	return strings.Join(values, "\n")
}

// egress is one shard of a border with a trunk for each built-in profile.
type egress struct {
	shard    *ua.UA
	core, to flow.Flow
}

var start = time.Unix(1_700_000_000, 0)

func (f far) egress() *egress {
	core := flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort("203.0.113.20:5070")}
	everywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	source := rand.New(rand.NewPCG(1, 2))
	legs := new(ua.Sequence)
	hosts := []leg.Host{{Name: "203.0.113.10", Port: 5060}, {Name: "203.0.113.10", Port: 5061}}
	var neighbours trunk.Neighbours[ua.Peer]
	neighbours.Add(CorePeer, trunk.Source{Listener: 1, Prefix: netip.MustParsePrefix("203.0.113.20/32")})
	for _, t := range f.trunks {
		neighbours.Add(ua.Peer(t.ID), trunk.Source{Prefix: netip.PrefixFrom(t.To[0].Remote.Addr(), 32)})
	}
	b := New(Config{
		Tables: f.tables, Trunks: f.trunks, Neighbours: &neighbours, Hosts: hosts,
		Core:   Core{To: []flow.Flow{core}, MediaPrefixes: everywhere, Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMU}, Event: 101}},
		Source: source, Legs: legs, Ports: new(freePorts),
	})
	return &egress{shard: ua.New(ua.Config{Source: source, Hosts: hosts, Peer: b.Peer, Legs: legs, App: b}), core: core}
}

// far is what lies beyond the border: a trunk for each of reached.
type far struct {
	trunks []trunk.Trunk
	tables *policy.Tables
}

func carriers(t *testing.T) far {
	t.Helper()
	num := func(s string) number.Number {
		n, err := number.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var trunks []trunk.Trunk
	var d policy.Directory
	for i, r := range reached {
		source, _ := profile.Builtin(r.profile)
		if r.profile == "ntt-ngn" {
			source.Text = []byte(strings.Replace(string(source.Text), `domain: ""`, "domain: ngn.example", 1))
		}
		p, faults := profile.Read(source, nil)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		role := policy.RoleMobile
		if i > 2 {
			role = policy.RolePSTN
		}
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 1)}), 5060)
		trunks = append(trunks, trunk.Trunk{
			ID: policy.TrunkID(i), Name: r.profile, Role: role, Profile: p, To: []flow.Flow{{Remote: to}}, MediaPrefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")},
		})
		d.Trunks = append(d.Trunks, policy.Trunk{Name: r.profile, Role: role, Profile: p})
	}
	d.Tenants = []policy.Tenant{
		{Name: "t1", Domain: "t1.example", DefaultNumber: num("0300000100"), Outbound: []policy.TrunkID{3}},
		{Name: "t2", Domain: "t2.example", DefaultNumber: num("0300000200"), Outbound: []policy.TrunkID{4}},
	}
	d.Subscribers = []policy.Subscriber{
		{MSISDN: num("09000002001"), Carrier: profile.Docomo, Extension: "2001"},
		{MSISDN: num("09000002002"), Carrier: profile.AU, Extension: "2002"},
		{MSISDN: num("09000002003"), Carrier: profile.SoftBank, Extension: "2003"},
	}
	d.DIDs = []policy.DID{{Number: num("0300000121"), Extension: "2001"}}
	tables, err := policy.NewTables(d)
	if err != nil {
		t.Fatal(err)
	}
	return far{trunks, tables}
}

// invite gives the border the core's INVITE and returns the one that leaves.
func (e *egress) invite(t *testing.T, c coreInvite) []byte {
	t.Helper()
	for _, a := range e.shard.Datagram(start, e.core, []byte(c.String()), nil) {
		if s, ok := a.(ua.Send); ok && s.Flow != e.core && bytes.HasPrefix(s.Data, []byte("INVITE ")) {
			e.to = s.Flow
			return s.Data
		}
	}
	t.Fatalf("no INVITE leaves for\n%s", c)
	return nil
}

// freePorts has a pair for everybody.
type freePorts struct{ next uint32 }

func (p *freePorts) Lease(pairs []relay.Pair, _ []netip.Addr) bool {
	for i := range pairs {
		p.next++
		addr := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.10"), uint16(20000+2*p.next))
		pairs[i] = relay.Pair{Slot: relay.Slot{Index: p.next, Epoch: 1}, Addr: addr}
	}
	return true
}
