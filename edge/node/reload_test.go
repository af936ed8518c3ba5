package node

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sekisho/edge/config"
)

// reply answers a request with its own Via, From, To, Call-ID and CSeq.
func (p *socketPhone) reply(request, status, headers, body string) {
	p.t.Helper()
	var m strings.Builder
	m.WriteString("SIP/2.0 " + status + "\r\n")
	for _, line := range strings.Split(request, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Via", "From", "Call-ID", "CSeq":
			m.WriteString(line + "\r\n")
		case "To":
			m.WriteString(line + ";tag=c" + p.extension + "\r\n")
		}
	}
	fmt.Fprintf(&m, "%sContent-Length: %d\r\n\r\n%s", headers, len(body), body)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(m.String()), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// within sends a request inside the dialog that the 200 to the INVITE made.
func (p *socketPhone) within(answer, method string, seq int) {
	p.t.Helper()
	field := func(name string) string { return regexp.MustCompile(`(?m)^` + name + `: .*\r$`).FindString(answer) }
	target := regexp.MustCompile(`(?m)^Contact: <(.*)>`).FindStringSubmatch(answer)
	message := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n%s\n%s\n%s\nCSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
		method, target[1], p.addr(), method, p.extension, field("From"), field("To"), field("Call-ID"), seq, method)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(message), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// The directory is replaced under a call between two phones: the call is ended
// by a BYE of the phone that is no longer there, which cannot register again,
// and a phone that is new can.
func TestReloadTouchesNoCall(t *testing.T) {
	t.Setenv("TEST_PHONE_1001", "soft phone")
	t.Setenv("TEST_PHONE_1003", "third phone")
	was := registrarSite(t)
	n, err := Open(was, Options{Clips: silence{}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	core := n.Sockets().Phones[0]
	stays, leaves, comes := newSocketPhone(t, core, "1001"), newSocketPhone(t, core, "1002"), newSocketPhone(t, core, "1003")
	if got := stays.register("soft phone") + leaves.register("desk phone"); strings.Count(got, "SIP/2.0 200 ") != 2 {
		t.Fatal(got)
	}
	const media = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n"
	const sdp = "Content-Type: application/sdp\r\n"
	leaves.send("INVITE", "sip:1001@t1.example", "sip:1001@t1.example", "Contact: <sip:1002@"+leaves.addr()+">\r\n"+sdp, media)
	stays.reply(stays.next("INVITE "), "200 OK", "Contact: <sip:1001@"+stays.addr()+">\r\n"+sdp, media)
	answer := leaves.next("SIP/2.0 200 ")
	leaves.within(answer, "ACK", leaves.seq)
	stays.next("ACK ")

	text := strings.Replace(site, "1002: {kind: desk, password: {file: %q}}", "1003: {kind: desk, password: {env: TEST_PHONE_1003}}", 1)
	next, err := config.Parse("site", fmt.Appendf(nil, text, was.CDR.File))
	if err != nil {
		t.Fatal(err)
	}
	if later, err := n.Reload(next); err != nil || len(later) != 0 {
		t.Fatalf("reloaded: %v, %v", later, err)
	}
	if s, err := n.State(t.Context()); err != nil || s.Calls != 1 {
		t.Errorf("%d calls after the reload, want the one that stood (%v)", s.Calls, err)
	}
	if got := comes.register("third phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the new phone: %s", got)
	}
	if got := stays.register("soft phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the phone that stays: %s", got)
	}
	if got := leaves.register("desk phone"); strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the phone that is gone: %s", got)
	}
	leaves.within(answer, "BYE", leaves.seq+1)
	leaves.next("SIP/2.0 200 ")
	stays.reply(stays.next("BYE "), "200 OK", "", "")
}

// What cannot be taken over changes nothing, and says why.
func TestReloadThatFails(t *testing.T) {
	t.Setenv("TEST_PHONE_1001", "soft phone")
	was := registrarSite(t)
	n, err := Open(was, Options{Clips: silence{}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	parse := func(old, now string) *config.Config {
		t.Helper()
		secret := filepath.Join(t.TempDir(), "1002")
		if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("site", fmt.Appendf(nil, strings.Replace(site, old, now, 1), secret, was.CDR.File))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, err := n.Reload(parse("  docomo: {profile", "  other: {profile")); err == nil || !strings.Contains(err.Error(), "restart") {
		t.Errorf("another trunk: %v", err)
	}
	if _, err := n.Reload(parse("{env: TEST_PHONE_1001}", "{env: TEST_PHONE_NONE}")); err == nil || !strings.Contains(err.Error(), "TEST_PHONE_NONE") {
		t.Errorf("a password that is not there: %v", err)
	}
	phone := newSocketPhone(t, n.Sockets().Phones[0], "1001")
	if got := phone.register("soft phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("after what failed: %s", got)
	}
	later, err := n.Reload(parse("ports: 40064-40127", "ports: 40064-40125"))
	if err != nil || !slices.Equal(later, []string{"core"}) {
		t.Errorf("other ports: %v, %v", later, err)
	}
}
