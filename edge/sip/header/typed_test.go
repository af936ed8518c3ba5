package header

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// forms are the parse functions as text in, text out.
var forms = map[string]func(string) (string, error){
	"address":          as(ParseNameAddr),
	"Privacy":          as(ParsePrivacy),
	"Session-Expires":  as(ParseSessionExpires),
	"Min-SE":           as(func(v string) (number32, error) { n, err := ParseMinSE(v); return number32(n), err }),
	"RAck":             as(ParseRAck),
	"RSeq":             as(func(v string) (number32, error) { n, err := ParseRSeq(v); return number32(n), err }),
	"Max-Forwards":     as(func(v string) (number32, error) { n, err := ParseMaxForwards(v); return number32(n), err }),
	"Reason":           as(ParseReason),
	"P-Early-Media":    as(func(v string) (EarlyMedia, error) { return ParseEarlyMedia([]string{v}) }),
	"Retry-After":      as(ParseRetryAfter),
	"Warning":          as(ParseWarning),
	"Session-ID":       as(ParseSessionID),
	"Sekisho-Call":     as(ParseCall),
	"P-Access-Network": as(ParseAccessNetwork),
	"URI":              as(ParseURI),
}

type number32 uint32

func (n number32) String() string { return fmt.Sprint(uint32(n)) }

func as[T fmt.Stringer](parse func(string) (T, error)) func(string) (string, error) {
	return func(v string) (string, error) {
		x, err := parse(v)
		return x.String(), err
	}
}

const uuid1, uuid2 = "ab30317f1a784dc48ff824d0d3715d86", "47755a9de7794ba387653f2099600ef2"

func TestTypedForms(t *testing.T) {
	cases := []struct{ form, in, want string }{
		{"address", "<tel:+81300009001>", "<tel:+81300009001>"},
		{"address", `"A \"B\\" <sip:0300000001@carrier.example;user=phone> ; cpc=ordinary;x="y;z"`, `"A \"B\\" <sip:0300000001@carrier.example;user=phone>;cpc=ordinary;x="y;z"`},
		{"address", "Watson Thomas <sip:t@carrier.example>", `"Watson Thomas" <sip:t@carrier.example>`},
		{"address", `"東京本社"<sip:t@carrier.example>`, `"東京本社" <sip:t@carrier.example>`},
		{"address", "sip:0300000001@carrier.example;tag=1", "<sip:0300000001@carrier.example>;tag=1"},
		{"address", "tel:0300000001;phone-context=+81", "<tel:0300000001>;phone-context=+81"},
		{"Privacy", "ID; Header", "id;header"},
		{"Privacy", "user,id", "user;id"},
		{"Session-Expires", "1800", "1800"},
		{"Session-Expires", "300 ; Refresher=UAS;x", "300;refresher=uas"},
		{"Session-Expires", "4294967295;refresher=uac", "4294967295;refresher=uac"},
		{"Min-SE", "90;lr", "90"},
		{"RAck", "776656 1 INVITE", "776656 1 INVITE"},
		{"RAck", "1\t 2  INVITE", "1 2 INVITE"},
		{"RSeq", "988789", "988789"},
		{"Max-Forwards", "0068", "68"},
		{"Reason", "Q.850;cause=16", "Q.850;cause=16"},
		{"Reason", `SIP ;cause=200 ;text="Call completed elsewhere"`, `SIP;cause=200;text="Call completed elsewhere"`},
		{"Reason", `Q.850;text="a;b, \"c\"";cause=21;location=LN`, `Q.850;cause=21;text="a;b, \"c\"";location=LN`},
		{"Reason", "preemption", "preemption"},
		{"P-Early-Media", "Supported", "supported"},
		{"P-Early-Media", "sendonly ,inactive, gated", "sendonly, inactive, gated"},
		{"Retry-After", "18000;duration=3600", "18000;duration=3600"},
		{"Retry-After", "120 (I'm (still) in a meeting)", "120 (I'm (still) in a meeting)"},
		{"Warning", `301 carrier.example "Incompatible network address type 'E.164'"`, `301 carrier.example "Incompatible network address type 'E.164'"`},
		{"Session-ID", uuid1 + ";remote=" + uuid2, uuid1 + ";remote=" + uuid2},
		{"Session-ID", uuid1, uuid1 + ";remote=" + nilUUID},
		{"Sekisho-Call", "kind=mobile; carrier=au; tenant=t1; id=01J", "kind=mobile; carrier=au; tenant=t1; id=01J"},
		{"Sekisho-Call", "tenant=\"t 1\";x=y;KIND=external", "kind=external; tenant=\"t 1\""},
		{"P-Access-Network", "3GPP-NR-TDD;utran-cell-id-3gpp=4600000112207A123000", "3GPP-NR-TDD;utran-cell-id-3gpp=4600000112207A123000"},
		{"P-Access-Network", `IEEE-802.11 ; i-wlan-node-id = "ff ff"`, `IEEE-802.11;i-wlan-node-id="ff ff"`},
		{"URI", "sip:0300000001@carrier.example", "sip:0300000001@carrier.example"},
		{"URI", "SIP:a:b@[2001:db8::1]:5070;transport=tcp;lr?Subject=x&Priority=y", "sip:a:b@[2001:db8::1]:5070;transport=tcp;lr?Subject=x&Priority=y"},
		{"URI", "sip:+12025550113;npdi;rn=+12025550100@198.51.100.20:5060;user=phone", "sip:+12025550113;npdi;rn=+12025550100@198.51.100.20:5060;user=phone"},
		{"URI", "sips:carrier.example;maddr=192.0.2.1", "sips:carrier.example;maddr=192.0.2.1"},
		{"URI", "tel:2001;phone-context=ext.tenant", "tel:2001;phone-context=ext.tenant"},
		{"URI", "urn:service:sos", "urn:service:sos"},
	}
	for _, c := range cases {
		t.Run(c.form+" "+c.in, func(t *testing.T) {
			got, err := forms[c.form](c.in)
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
			if again, err := forms[c.form](got); err != nil || again != got {
				t.Errorf("what is written reads as %q, %v", again, err)
			}
		})
	}
}

func TestTypedFormsRefuse(t *testing.T) {
	cases := map[string][]string{
		"address":          {"", "<>", "<sip:>", "<sip:a@b", `"a <sip:a@b>`, `"a" sip:a@b`, "<sip:a@b>x", "<sip:a@b>;", "<sip:a b@c>", "0300000001", "<sip:a@b>;x=\"y"},
		"Privacy":          {"", ";", "id;a b"},
		"Session-Expires":  {"", "x", "-1", "4294967296", "90;refresher=both", "90;"},
		"Min-SE":           {"", "90 s"},
		"RAck":             {"", "1 2", "0 1 INVITE", "1 2147483648 INVITE", "1 1 IN/VITE", "1 1 INVITE x"},
		"RSeq":             {"", "0", "4294967296", "1.5"},
		"Max-Forwards":     {"", "256", "-1"},
		"Reason":           {"", ";cause=16", "Q.850;cause=x", "Q.850;cause=\"16", "a b;cause=1"},
		"P-Early-Media":    {"", "sendonly,,", "send only"},
		"Retry-After":      {"", "x", "5 (a", "5;"},
		"Warning":          {"", "301 a", "30 a \"b\"", "301 a b", "301 a \"b\" c"},
		"Session-ID":       {"", "abc", uuid1 + ";remote=1", uuid1[:31] + "g"},
		"Sekisho-Call":     {"", "kind=;x", ";;", "kind=mobile; ="},
		"P-Access-Network": {"", ";a=b", "a b"},
		"URI":              {"", "sip:", "tel:", "0300000001", "sip:@b", "sip:a@b@c", "sip:a@b:x", "sip:a@b;", "sip:a@[::1"},
	}
	for form, values := range cases {
		for _, v := range values {
			if got, err := forms[form](v); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s %q: %q, %v", form, v, got, err)
			}
		}
	}
}

func TestIdentities(t *testing.T) {
	m := parse(t, message("P-Asserted-Identity: <tel:+81300009001;cpc=ordinary>,\"A, B\" <sip:+81300009001@carrier.example;user=phone>", "p-asserted-identity: nonsense"))
	list, err := Identities(m, "P-Asserted-Identity")
	if !errors.Is(err, ErrSyntax) || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	if list[0].URI != "tel:+81300009001;cpc=ordinary" || list[1].Display != "A, B" {
		t.Errorf("%v", list)
	}
	if list, err := Identities(m, "P-Preferred-Identity"); list != nil || err != nil {
		t.Errorf("%v, %v of none", list, err)
	}
}

func TestReasons(t *testing.T) {
	m := parse(t, message(`Reason: SIP;cause=486;text="Busy, here", q.850;cause=17`, "Reason: broken;cause=y"))
	list, err := Reasons(m)
	if !errors.Is(err, ErrSyntax) || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	if CauseOf(list, "Q.850") != 17 || CauseOf(list, "SIP") != 486 || CauseOf(list, "preemption") != 0 {
		t.Errorf("%v", list)
	}
}

func TestDiversionAndHistory(t *testing.T) {
	m := parseFile(t, "carrier/jp_anonymous_privacy.sip")
	d, err := Diversions(m)
	if err != nil || len(d) != 1 {
		t.Fatalf("%v, %v", d, err)
	}
	if d[0].Party.Display != "東京本社" || d[0].Reason() != "no-answer" || d[0].Counter() != 1 || !d[0].Private() {
		t.Errorf("%+v", d[0])
	}
	if got, want := d[0].String(), First(m, "Diversion"); got != want {
		t.Errorf("written back as %q, was %q", got, want)
	}
	h, err := History(m)
	if err != nil || len(h) != 2 {
		t.Fatalf("%v, %v", h, err)
	}
	if r, ok := h[0].Reason(); !ok || r.Protocol != "SIP" || r.Cause != 408 {
		t.Errorf("reason %+v, %v", r, ok)
	}
	if !h[0].Private() || h[1].Private() || h[0].Index() != "1" || h[1].Index() != "1.1" || h[0].Cause() != 0 || h[1].Cause() != 408 {
		t.Errorf("%+v", h)
	}
	if got, want := h[0].String(), First(m, "History-Info"); got != want {
		t.Errorf("written back as %q, was %q", got, want)
	}
	bare := Diversion{}
	if bare.Reason() != "unknown" || bare.Counter() != 1 || bare.Private() {
		t.Error("defaults")
	}
	hidden := HistoryEntry{Target: NameAddr{URI: "sip:a@carrier.example?Privacy=history%0d%0aEvil"}}
	if v, ok := hidden.embedded("privacy"); ok {
		t.Errorf("an escaped line end is resolved: %q", v)
	}
}

func TestOptions(t *testing.T) {
	m := parse(t, message("Supported: 100rel,Timer", "k: replaces", "Require: 100REL, precondition, x", "Allow: INVITE, ACK", "Allow: update"))
	for tag, want := range map[string]bool{"100rel": true, "timer": true, "replaces": true, "gruu": false} {
		if HasOption(m, "Supported", tag) != want {
			t.Errorf("%s: %v", tag, !want)
		}
	}
	if got := Lacking(m, "Require", []string{"100rel", "timer"}); !slices.Equal(got, []string{"precondition", "x"}) {
		t.Errorf("lacking %q", got)
	}
	for method, want := range map[sip.RequestMethod]bool{"INVITE": true, "ACK": true, "UPDATE": false, "BYE": false} {
		if got, known := Allows(m, method); got != want || !known {
			t.Errorf("%s: %v, %v", method, got, known)
		}
	}
	if _, known := Allows(parse(t, message()), "INVITE"); known {
		t.Error("a message without Allow says something")
	}
}

func TestEarlyMedia(t *testing.T) {
	e, err := ParseEarlyMedia([]string{"supported", "Gated, sendonly, sendrecv"})
	if err != nil || !e.Supported() || !e.Gated() || e.Direction() != "sendonly" {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := ParseEarlyMedia(nil); err != nil || e.Supported() || e.Direction() != "" {
		t.Errorf("%v, %v of none", e, err)
	}
}

func TestURIParts(t *testing.T) {
	m := parse(t, message("To: <sip:%30300000001;phone-context=%2B81;CPC=ordinary:pw@Carrier.example:5070;User=Phone>")).(*sip.Request)
	u, err := URIOf(&m.To().Address)
	if err != nil {
		t.Fatal(err)
	}
	if user, ok := u.Unescaped(); !ok || user != "0300000001" || u.User != "%30300000001" {
		t.Errorf("user %q, %v", user, ok)
	}
	if v, ok := u.TelParam("cpc"); !ok || v != "ordinary" {
		t.Errorf("cpc %q", v)
	}
	if v, _ := u.TelParam("phone-context"); v != "%2B81" || !u.Phone() || u.Host != "Carrier.example" || u.Port != 5070 || u.Password != "pw" {
		t.Errorf("%+v", u)
	}
	tel, err := ParseURI("tel:+81-3-0000-0001;phone-context=ext.tenant;npdi")
	if err != nil || tel.User != "+81-3-0000-0001" || !tel.Phone() || tel.Host != "" {
		t.Errorf("%+v, %v", tel, err)
	}
	if v, ok := tel.TelParam("PHONE-CONTEXT"); !ok || v != "ext.tenant" {
		t.Errorf("phone-context %q", v)
	}
	for _, bad := range []string{"a%0d", "a%00", "a%", "a%4", "a%zz", "a%+1"} {
		if got, ok := (URI{User: bad}).Unescaped(); ok || got != bad {
			t.Errorf("%q is unescaped to %q", bad, got)
		}
	}
}

func TestPrivacyHas(t *testing.T) {
	p, err := ParsePrivacy("id;CRITICAL")
	if err != nil || !p.Has("id") || !p.Has("critical") || p.Has("none") {
		t.Errorf("%v, %v", p, err)
	}
}

func TestQuote(t *testing.T) {
	for _, s := range []string{"", "a", `a"b\c`, "東京", "a\tb"} {
		if got := Unquote(Quote(s)); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
	if got := Quote("a\r\nEvil: b\x00"); got != `"a??Evil: b?"` {
		t.Errorf("%s", got)
	}
	for _, s := range []string{`"`, `"a`, `"a"b"`, "a"} {
		if Unquote(s) != s {
			t.Errorf("%s is taken for a quoted string", s)
		}
	}
}

func TestParams(t *testing.T) {
	p, ok := parseParams(` ; A = "b c" ;d; A=2`)
	if !ok || p.String() != `;A="b c";d;A=2` {
		t.Fatalf("%q, %v", p, ok)
	}
	if v, _ := p.Get("a"); v != "b c" || !p.Has("D") || p.Has("e") {
		t.Errorf("%q", p)
	}
	if rest := p.Without("a"); rest.String() != ";d" {
		t.Errorf("%q", rest)
	}
}
