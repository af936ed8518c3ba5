package header

import (
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// Each test shows what the message library alone does with an input and what
// becomes of it behind the gates. One that stops failing for the library shows
// that a rewrite here has lost its reason.

func parse(t *testing.T, in string) sip.Message {
	t.Helper()
	m, err := Parse(NewGuard(Limits{}), []byte(in))
	if err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	return m
}

func bare(t *testing.T, in string) *sip.Request {
	t.Helper()
	m, err := sip.ParseMessage([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sip.Request)
}

func TestLibraryBlanksAroundParameters(t *testing.T) {
	in := message("From: <sip:b@carrier.example> ; tag = 1")
	if tag := Tag(bare(t, in).From().Params); tag != "" {
		t.Errorf("the library finds the tag %q by itself", tag)
	}
	if tag := Tag(parse(t, in).From().Params); tag != "1" {
		t.Errorf("tag %q", tag)
	}
}

func TestLibraryCapitalTag(t *testing.T) {
	in := message("From: <sip:b@carrier.example>;TAG=1")
	if _, ok := bare(t, in).From().Params.Get("tag"); ok {
		t.Error("the library ignores case by itself")
	}
	if tag, ok := parse(t, in).From().Params.Get("tag"); !ok || tag != "1" {
		t.Errorf("tag %q", tag)
	}
}

func TestLibraryQuotedContactParameter(t *testing.T) {
	line := `Contact: <sip:a@192.0.2.1>;foo="a b";methods="INVITE, BYE";expires=60`
	if strings.Contains(bare(t, message(line)).String(), line) {
		t.Error("the library writes it back whole")
	}
	m := parse(t, message(line))
	if !strings.Contains(m.String(), line+"\r\n") {
		t.Errorf("written back as\n%s", m)
	}
	if c := m.(*sip.Request).Contact(); c == nil || c.Address.String() != "sip:a@192.0.2.1" {
		t.Errorf("typed getter reads %v", c)
	}
}

func TestLibraryRouteParameters(t *testing.T) {
	for _, line := range []string{"Record-Route: <sip:192.0.2.1;lr>;x=1", "Route: <sip:192.0.2.1;lr>;x=1", "Refer-To: <sip:a@192.0.2.1>;x=1", "Referred-By: <sip:a@192.0.2.1>;cid=\"a b\""} {
		if strings.Contains(bare(t, message(line)).String(), line+"\r\n") {
			t.Errorf("the library writes %q back whole", line)
		}
		if m := parse(t, message(line)); !strings.Contains(m.String(), line+"\r\n") {
			t.Errorf("%q is written back as\n%s", line, m)
		}
	}
}

func TestLibraryFirstContactAndRoute(t *testing.T) {
	m := parse(t, strings.Replace(response("Contact: <sip:a@192.0.2.1>,<sip:b@192.0.2.2>", "Record-Route: <sip:192.0.2.3;lr>, <sip:192.0.2.4;lr>"), "200 OK", "300 Multiple Choices", 1)).(*sip.Response)
	if c := m.Contact(); c == nil || c.Address.User != "a" {
		t.Errorf("Contact %v, want the first", c)
	}
	if r := m.RecordRoute(); r == nil || r.Address.Host != "192.0.2.3" {
		t.Errorf("Record-Route %v, want the first", r)
	}
	if v := Values(m, "record-route"); !slices.Equal(v, []string{"<sip:192.0.2.3;lr>", "<sip:192.0.2.4;lr>"}) {
		t.Errorf("%q", v)
	}
}

func TestLibraryViaListWithoutParameters(t *testing.T) {
	in := message("Via: SIP/2.0/UDP 192.0.2.1, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2")
	m := parse(t, in)
	if n := len(m.GetHeaders("Via")); n != 2 || m.Via().Host != "192.0.2.1" {
		t.Errorf("%d Vias, top %q", n, m.Via().Host)
	}
}

func TestLibraryEmptyVia(t *testing.T) {
	in := message("Via: SIP / 2.0 / UDP host: 4000")
	m := parse(t, in)
	if v := m.Via(); v.Transport != "UDP" || v.Host != "host" || v.Port != 4000 {
		t.Errorf("Via %q", v.Value())
	}
}

func TestLibraryInjection(t *testing.T) {
	if !strings.Contains(sip.NewHeader("X", "1\r\nEvil: 2").String(), "\r\nEvil") {
		t.Error("the library refuses line ends by itself")
	}
	m := parse(t, message())
	for _, v := range []string{"1\r\nEvil: 2", "1\n2", "1\r2", "a\x00b", "\x1b[2J", "\x7f"} {
		if err := Set(m, "X-A", v); err != ErrUnsafe {
			t.Errorf("Set %q: %v", v, err)
		}
		if err := Add(m, "X-A", v); err != ErrUnsafe {
			t.Errorf("Add %q: %v", v, err)
		}
	}
	if Count(m, "X-A") != 0 {
		t.Error("a refused value was written")
	}
	if err := Add(m, "X-B", "1"); err != nil || Count(m, "x-b") != 1 {
		t.Errorf("Add: %v", err)
	}
	if err := SafeValue("\"東京\" <sip:a@carrier.example>\t;x"); err != nil {
		t.Error(err)
	}
}

func TestLibraryDeleteInAnyCase(t *testing.T) {
	in := message("P-ASSERTED-IDENTITY: <tel:1>", "p-asserted-identity: <tel:2>", "P-Asserted-Identity: <tel:3>, <tel:4>", "Subject: x")
	b := bare(t, in)
	b.RemoveHeader("P-Asserted-Identity")
	if len(b.GetHeaders("p-asserted-identity")) != 2 {
		t.Error("the library deletes in any case by itself")
	}
	m := parse(t, in)
	if v := Values(m, "P-Asserted-Identity"); !slices.Equal(v, []string{"<tel:1>", "<tel:2>", "<tel:3>", "<tel:4>"}) {
		t.Errorf("values %q", v)
	}
	if n := DeleteAll(m, "P-Asserted-Identity"); n != 3 {
		t.Errorf("%d lines deleted", n)
	}
	if strings.Contains(strings.ToLower(m.String()), "asserted") || Count(m, "subject") != 1 {
		t.Errorf("left over:\n%s", m)
	}
	if n := DeleteAll(m, "P-Asserted-Identity"); n != 0 {
		t.Errorf("%d lines deleted of none", n)
	}
}

func TestLibrarySetOfMissingHeader(t *testing.T) {
	m := parse(t, message("MAX-FORWARDS: 70")).(*sip.Request)
	if m.MaxForwards().Val() != 70 {
		t.Fatal("Max-Forwards")
	}
	if err := Set(m, "Max-Forwards", "69"); err != nil {
		t.Fatal(err)
	}
	if m.MaxForwards().Val() != 69 || Count(m, "max-forwards") != 1 {
		t.Errorf("Max-Forwards %v", Lines(m, "Max-Forwards"))
	}
	if err := Set(m, "Privacy", "id"); err != nil || First(m, "privacy") != "id" {
		t.Errorf("Privacy %q: %v", First(m, "privacy"), err)
	}
}

func TestDeleteForgetsTypedReading(t *testing.T) {
	m := parse(t, message("Contact: <sip:a@192.0.2.1>", "Route: <sip:192.0.2.1;lr>", "Record-Route: <sip:192.0.2.1;lr>")).(*sip.Request)
	if m.Contact() == nil || m.Route() == nil || m.RecordRoute() == nil {
		t.Fatal("typed getters read nothing")
	}
	for _, name := range []string{"contact", "ROUTE", "record-route"} {
		DeleteAll(m, name)
	}
	if m.Contact() != nil || m.Route() != nil || m.RecordRoute() != nil {
		t.Error("a deleted header is still read")
	}
	if Count(m, "contact")+Count(m, "route")+Count(m, "record-route") != 0 {
		t.Errorf("left over:\n%s", m)
	}
}

func TestLibraryCompactNames(t *testing.T) {
	m := parse(t, message("k: timer", "x: 90", "r: <sip:a@192.0.2.1>", "s:"))
	for name, want := range map[string]string{"supported": "timer", "session-expires": "90", "refer-to": "<sip:a@192.0.2.1>"} {
		if got := First(m, name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if Count(m, "Subject") != 1 {
		t.Error("an empty Subject is lost")
	}
}

func TestValues(t *testing.T) {
	m := parse(t, message(`X-A: "a,b" <sip:c,d@carrier.example>;x="e,\",f", g`, "x-a: ,,h,"))
	want := []string{`"a,b" <sip:c,d@carrier.example>;x="e,\",f"`, "g", "h"}
	if got := Values(m, "X-a"); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := Lines(m, "X-a"); len(got) != 2 || got[1] != ",,h," {
		t.Errorf("lines %q", got)
	}
	if First(m, "X-None") != "" || First(m, "X-a") != want[0] {
		t.Errorf("first %q", First(m, "X-a"))
	}
}

func TestRoundTripOfCarrierInvite(t *testing.T) {
	b := load(t, "testdata/carrier/us_stir_shaken_invite.sip")
	m, err := Parse(NewGuard(Limits{}), b)
	if err != nil {
		t.Fatal(err)
	}
	if m.String() != string(b) {
		t.Errorf("written back as\n%s", m)
	}
}
