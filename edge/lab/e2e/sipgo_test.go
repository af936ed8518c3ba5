package e2e

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// TestSipgoRegisters has sipgo's own client register at the embedded core: it
// answers the first challenge, which is SHA-256's (RFC 8760 §2.4). The binding
// is there, is shown, and is gone when it is taken back; a wrong password is no
// way in.
func TestSipgoRegisters(t *testing.T) {
	NeedTime(t, "the binary is built")
	t.Parallel()
	site, listen, err := NewPhones(t.TempDir(), "SHA-256, MD5", "")
	if err != nil {
		t.Fatal(err)
	}
	product := open(t, site)
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("1001"), sipgo.WithUserAgentHostname("t1.example"))
	if err != nil {
		t.Fatal(err)
	}
	defer ua.Close()
	client, err := sipgo.NewClient(ua, sipgo.WithClientHostname("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	register := func(password string, expires int) *sip.Response {
		t.Helper()
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "t1.example"})
		req.SetDestination(listen.String())
		req.AppendHeader(&sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: "1001", Host: "t1.example"}})
		req.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "1001", Host: "127.0.0.1", Port: 5062}})
		req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
		res, err := client.Do(ctx, req, sipgo.ClientRequestRegisterBuild)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 401 {
			t.Fatalf("unauthorised, the core says %s", res.StartLine())
		}
		if first := res.GetHeader("WWW-Authenticate").Value(); !strings.Contains(first, "algorithm=SHA-256") {
			t.Fatalf("the first challenge is %q", first)
		}
		if res, err = client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: "1001", Password: password}); err != nil {
			t.Fatal(err)
		}
		if sent := req.GetHeader("Authorization"); sent == nil || !strings.Contains(sent.Value(), "SHA-256") {
			t.Errorf("sipgo answered with %v", sent)
		}
		return res
	}
	if res := register("wrong", 600); res.StatusCode == 200 {
		t.Error("a wrong password was let in")
	}
	if n := debug(t, product).Registrar.Bindings; n != 0 {
		t.Errorf("%d bindings of nobody", n)
	}
	res := register("secret-1001", 600)
	if c := res.GetHeader("Contact"); res.StatusCode != 200 || c == nil || !strings.Contains(c.Value(), "127.0.0.1:5062") || !strings.Contains(c.Value(), "expires=600") {
		t.Errorf("registered: %s", res)
	}
	if n := debug(t, product).Registrar.Bindings; n != 1 {
		t.Errorf("%d bindings, want one", n)
	}
	if res := register("secret-1001", 0); res.StatusCode != 200 || res.GetHeader("Contact") != nil {
		t.Errorf("taken back: %s", res)
	}
	if n := debug(t, product).Registrar.Bindings; n != 0 {
		t.Errorf("%d bindings, want none", n)
	}
}
