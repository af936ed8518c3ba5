package header

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// "The From field of the response MUST equal the From header field of the
// request" (RFC 3261 §8.2.6.2): what the parser has read is written as it came.
func TestFromAndToAsTheyCame(t *testing.T) {
	for _, v := range []string{
		"<sip:09000002001@carrier.example>;tag=a1",
		"Trunk Line <sip:09000002001@carrier.example;user=phone>;tag=a1",
		`"" <sip:09000002001@carrier.example>;tag=a1;x="y"`,
		"sip:09000002001@carrier.example;tag=a1",
		"<tel:+819000002001>;tag=a1",
	} {
		m, err := Parse(NewGuard(Limits{}), []byte(message("From: "+v, "t: "+v)))
		if err != nil {
			t.Fatalf("%v: %q", err, v)
		}
		if got := Text(m, "from"); got != v {
			t.Errorf("From %q, came as %q", got, v)
		}
		if got := Text(m, "TO"); got != v {
			t.Errorf("To %q, came as %q", got, v)
		}
		if text := m.String(); !strings.Contains(text, "\r\nFrom: "+v+"\r\n") || !strings.Contains(text, "\r\nTo: "+v+"\r\n") {
			t.Errorf("%q is written as\n%s", v, text)
		}
		if Tag(m.From().Params) != "a1" || Tag(m.To().Params) != "a1" {
			t.Errorf("%q: tags %v, %v", v, m.From().Params, m.To().Params)
		}
		if Count(m, "From") != 1 || Count(m, "To") != 1 {
			t.Errorf("%q: From or To twice in\n%s", v, m)
		}
	}
}

// What is deleted is no longer read either.
func TestDeleteFrom(t *testing.T) {
	m, err := Parse(NewGuard(Limits{}), []byte(message()))
	if err != nil {
		t.Fatal(err)
	}
	if n := DeleteAll(m, "from"); n != 1 || m.From() != nil || strings.Contains(m.String(), "\r\nFrom:") {
		t.Errorf("%d deleted, From() is %v in\n%s", n, m.From(), m)
	}
	if n := DeleteAll(m, "to"); n != 1 || m.To() != nil {
		t.Errorf("%d deleted, To() is %v", n, m.To())
	}
}

// The names that the parser knows are those of RFCs: however a peer writes them
// they are one header.
func TestFrequentHeadersAnyCase(t *testing.T) {
	m, err := Parse(NewGuard(Limits{}), []byte(message("P-ASSERTED-IDENTITY: <tel:+819000002001>", "user-agent:  x y ", "X-Other: z")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"p-asserted-identity": "<tel:+819000002001>", "User-Agent": "x y", "x-other": "z"} {
		if got := Text(m, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, typed := fields(m)[1].(*sip.FromHeader); typed {
		t.Error("From is written by the library")
	}
}
