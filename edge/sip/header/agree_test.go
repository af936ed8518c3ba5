package header

import (
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// agree compares what Parse makes of a message with what the library's own
// parser does with its canonical form: the two readings must not differ in
// anything that a room relies on.
func agree(t *testing.T, m sip.Message, canonical []byte) {
	t.Helper()
	all, err := sip.ParseMessage(canonical)
	if err != nil {
		t.Errorf("the library refuses what the guard passes: %v\n%q", err, canonical)
		return
	}
	type pair struct {
		what      string
		got, want any
	}
	pairs := []pair{
		{"Call-ID", m.CallID().Value(), all.CallID().Value()},
		{"CSeq", *m.CSeq(), *all.CSeq()},
		{"From", m.From().String(), all.From().String()},
		{"To", m.To().String(), all.To().String()},
		{"body", string(m.Body()), string(all.Body())},
		{"Vias", vias(m), vias(all)},
		{"names", names(m), names(all)},
	}
	switch m := m.(type) {
	case *sip.Request:
		all, ok := all.(*sip.Request)
		if !ok {
			t.Errorf("no request to the library:\n%q", canonical)
			return
		}
		pairs = append(pairs, pair{"method", strings.ToUpper(string(m.Method)), string(all.Method)}, // it has put it into capitals
			pair{"Request-URI", m.Recipient.String(), all.Recipient.String()}, pair{"version", m.SipVersion, all.SipVersion})
	case *sip.Response:
		all, ok := all.(*sip.Response)
		if !ok {
			t.Errorf("no response to the library:\n%q", canonical)
			return
		}
		pairs = append(pairs, pair{"status", m.StatusCode, all.StatusCode}, pair{"reason", m.Reason, strings.TrimSuffix(all.Reason, " ")})
	}
	for _, p := range pairs {
		if p.got != p.want {
			t.Errorf("%s: %v, the library reads %v of\n%q", p.what, p.got, p.want, canonical)
		}
	}
}

// vias writes every Via; the library takes the brackets off an IPv6 host.
func vias(m sip.Message) string {
	var list []string
	for _, h := range m.GetHeaders("via") {
		v := *h.(*sip.ViaHeader)
		v.Host = strings.Trim(v.Host, "[]")
		list = append(list, v.String())
	}
	return strings.Join(list, "\n")
}

// names lists the headers in their order.
func names(m sip.Message) string {
	var list []string
	for _, h := range fields(m) {
		list = append(list, strings.ToLower(h.Name()))
	}
	if i := slices.Index(list, "content-length"); i < 0 {
		list = append(list, "content-length") // where there is a body it is added
	}
	return strings.Join(list, " ")
}

func TestReadsAsTheLibrary(t *testing.T) {
	g := NewGuard(Limits{})
	passed := 0
	for _, f := range corpus(t) {
		b := load(t, f)
		m, err := Parse(g, b)
		if err != nil {
			continue
		}
		passed++
		out, err := g.Canonical(b)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, m, out)
	}
	if passed < 20 {
		t.Errorf("only %d messages of the corpus passed", passed)
	}
}
