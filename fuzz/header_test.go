package fuzz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// forms are the typed headers that can be written again.
var forms = map[string]func(string) (string, error){
	"name-addr":              form(header.ParseNameAddr),
	"URI":                    form(header.ParseURI),
	"Privacy":                form(header.ParsePrivacy),
	"Session-Expires":        form(header.ParseSessionExpires),
	"RAck":                   form(header.ParseRAck),
	"Reason":                 form(header.ParseReason),
	"Retry-After":            form(header.ParseRetryAfter),
	"Warning":                form(header.ParseWarning),
	"Session-ID":             form(header.ParseSessionID),
	"Sekisho-Call":           form(header.ParseCall),
	"P-Access-Network-Info":  form(header.ParseAccessNetwork),
	"P-Early-Media":          form(func(v string) (header.EarlyMedia, error) { return header.ParseEarlyMedia([]string{v}) }),
	"quoted-string (Quote)":  func(v string) (string, error) { return header.Quote(v), nil },
	"Min-SE, RSeq, Max-Forw": numbers,
}

func form[T fmt.Stringer](parse func(string) (T, error)) func(string) (string, error) {
	return func(v string) (string, error) {
		x, err := parse(v)
		if err != nil {
			return "", err
		}
		return x.String(), nil
	}
}

func numbers(v string) (string, error) {
	a, errA := header.ParseMinSE(v)
	b, errB := header.ParseRSeq(v)
	c, errC := header.ParseMaxForwards(v)
	if errA != nil || errB != nil || errC != nil {
		return "", fmt.Errorf("%v %v %v", errA, errB, errC)
	}
	if a != b || b != uint32(c) {
		return "", fmt.Errorf("%q is read as %d, %d and %d", v, a, b, c)
	}
	return fmt.Sprint(a), nil
}

// checkTyped reads every value of a message as every typed form, whatever its
// name: what is read can be written into a header line and reads as the same.
func checkTyped(t *testing.T, m sip.Message) {
	for i, line := range lines(m) {
		if i == 40 {
			break
		}
		name, value, _ := strings.Cut(line, ": ")
		checkForms(t, value)
		for _, one := range header.Values(m, name) {
			if header.SafeValue(one) != nil {
				t.Fatalf("%s holds %q behind the guard", name, one)
			}
			checkForms(t, one)
		}
	}
	// The lists leave malformed entries out and report them; none may be lost
	// in silence.
	for _, name := range []string{"P-Asserted-Identity", "P-Preferred-Identity"} {
		list, err := header.Identities(m, name)
		if n := len(header.Values(m, name)); err == nil && len(list) != n {
			t.Fatalf("%d of %d identities", len(list), n)
		}
	}
	diversions, _ := header.Diversions(m)
	for _, d := range diversions {
		if d.Counter() < 1 || d.Reason() == "" {
			t.Fatalf("diversion %+v", d)
		}
		_ = d.Private()
	}
	history, _ := header.History(m)
	for _, h := range history {
		_, _ = h.Reason()
		_, _, _ = h.Cause(), h.Index(), h.Private()
	}
	redirections := header.Redirections(m)
	for _, r := range redirections {
		if again := header.HistoryOf([]header.Redirection{r}, "sip:a@b.example"); r.Times < 1 || r.Why == "" || len(again) != r.Times+1 {
			t.Fatalf("redirection %+v is written %v", r, again)
		}
	}
	reasons, _ := header.Reasons(m)
	if c := header.CauseOf(reasons, "q.850"); c < 0 || c > 999 {
		t.Fatalf("cause %d", c)
	}
	if r, ok := m.(*sip.Request); ok {
		if u, err := header.URIOf(&r.Recipient); err == nil {
			if text, ok := u.Unescaped(); ok && header.SafeValue(text) != nil {
				t.Fatalf("user %q is called free of controls", text)
			}
			_ = u.Phone()
			_, _ = u.TelParam("phone-context")
		}
	}
}

func checkForms(t *testing.T, value string) {
	for name, read := range forms {
		text, err := read(value)
		if err != nil || text == "" { // of a hint with unknown fields only nothing is left
			continue
		}
		if err := header.SafeValue(text); err != nil && header.SafeValue(value) == nil {
			t.Fatalf("%s of %q is written %q", name, value, text)
		}
		if name == "quoted-string (Quote)" {
			if header.SafeValue(value) == nil && header.Unquote(text) != value {
				t.Fatalf("%q is quoted %q and unquoted %q", value, text, header.Unquote(text))
			}
			continue
		}
		if again, err := read(text); err != nil || again != text {
			t.Fatalf("%s of %q is written %q, which reads as %q, %v", name, value, text, again, err)
		}
	}
}
