package node

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/edge/config"
)

// site is a tenant with two phones that register; every port is the system's.
const site = `border:
  listen:
    west: {sip: "udp:127.0.0.1:0"}
    east: {sip: "udp:127.0.0.1:0"}
  media: {addresses: [127.0.0.1], ports: 40000-40063}
core:
  listen: east
  seam: ["udp:127.0.0.1:0"]
  phones: ["udp:127.0.0.1:0"]
  registrar: {from: [127.0.0.1/32]}
  media: {addresses: [127.0.0.1], ports: 40064-40127}
trunks:
  docomo: {profile: docomo, role: mobile, listen: west, to: ["udp:127.0.0.1:9"], media_prefixes: [127.0.0.1/32]}
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    phones:
      1001: {kind: softphone, password: {env: TEST_PHONE_1001}}
      1002: {kind: desk, password: {file: %q}}
cdr: {file: %q}
`

func registrarSite(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "1002")
	if err := os.WriteFile(secret, []byte("desk phone\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("site", fmt.Appendf(nil, site, secret, filepath.Join(dir, "cdr.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// socketPhone is a phone of a few lines on a real socket.
type socketPhone struct {
	t         *testing.T
	conn      *net.UDPConn
	core      netip.AddrPort
	extension string
	seq       int
}

func newSocketPhone(t *testing.T, core netip.AddrPort, extension string) *socketPhone {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &socketPhone{t: t, conn: conn, core: core, extension: extension}
}

func (p *socketPhone) addr() string { return p.conn.LocalAddr().String() }

func (p *socketPhone) send(method, uri, to, headers, body string) {
	p.t.Helper()
	p.seq++
	message := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\n"+
		"From: <sip:%s@t1.example>;tag=f%s\r\nTo: <%s>\r\nCall-ID: %s%s\r\nCSeq: %d %s\r\n%sContent-Length: %d\r\n\r\n%s",
		method, uri, p.addr(), p.extension, p.seq, p.extension, p.extension, to, method, p.extension, p.seq, method, headers, len(body), body)
	if _, err := p.conn.WriteToUDPAddrPort([]byte(message), p.core); err != nil {
		p.t.Fatal(err)
	}
}

// next returns the next message that starts with one of the prefixes.
func (p *socketPhone) next(prefixes ...string) string {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, 4096)
	for {
		n, err := p.conn.Read(b)
		if err != nil {
			p.t.Fatalf("%s waits for %q: %v", p.extension, prefixes, err)
		}
		for _, prefix := range prefixes {
			if strings.HasPrefix(string(b[:n]), prefix) {
				return string(b[:n])
			}
		}
	}
}

// register answers the SHA-256 challenge and returns the final response.
func (p *socketPhone) register(password string) string {
	p.t.Helper()
	p.send("REGISTER", "sip:t1.example", "sip:"+p.extension+"@t1.example", "", "")
	_, challenge, ok := strings.Cut(p.next("SIP/2.0 401 "), `WWW-Authenticate: Digest realm="t1.example", nonce="`)
	nonce, rest, _ := strings.Cut(challenge, `"`)
	if !ok || !strings.HasPrefix(rest, `, algorithm=SHA-256, qop="auth"`) {
		p.t.Fatalf("challenged with %q", challenge)
	}
	h := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	response := h(h(p.extension+":t1.example:"+password) + ":" + nonce + ":00000001:c:auth:" + h("REGISTER:sip:t1.example"))
	p.send("REGISTER", "sip:t1.example", "sip:"+p.extension+"@t1.example",
		fmt.Sprintf("Contact: <sip:%s-line@%s>\r\nExpires: 600\r\nAuthorization: Digest username=\"%s\", realm=\"t1.example\", nonce=\"%s\", "+
			"uri=\"sip:t1.example\", response=\"%s\", algorithm=SHA-256, cnonce=\"c\", qop=auth, nc=00000001\r\n",
			p.extension, p.addr(), p.extension, nonce, response), "")
	return p.next("SIP/2.0 200 ", "SIP/2.0 401 ", "SIP/2.0 403 ")
}

// Two phones register over real sockets, one's password from the environment,
// the other's from a file, and one rings the other.
func TestPhonesRegisterAndCall(t *testing.T) {
	t.Setenv("TEST_PHONE_1001", "soft phone")
	n, err := Open(registrarSite(t), Options{Clips: silence{}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	core := n.Sockets().Phones[0]
	caller, called := newSocketPhone(t, core, "1001"), newSocketPhone(t, core, "1002")
	if got := caller.register("desk phone"); !strings.HasPrefix(got, "SIP/2.0 401 ") {
		t.Errorf("another's password: %s", got)
	}
	for _, p := range []struct {
		*socketPhone
		password string
	}{{caller, "soft phone"}, {called, "desk phone"}} {
		got := p.register(p.password)
		want := "Contact: <sip:" + p.extension + "-line@" + p.addr() + ">;expires=600\r\n"
		if !strings.HasPrefix(got, "SIP/2.0 200 OK\r\n") || !strings.Contains(got, want) {
			t.Fatalf("%s", got)
		}
	}
	const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n"
	caller.send("INVITE", "sip:1002@t1.example", "sip:1002@t1.example",
		"Contact: <sip:1001@"+caller.addr()+">\r\nContent-Type: application/sdp\r\n", offer)
	got := called.next("INVITE ")
	if !strings.HasPrefix(got, "INVITE sip:1002-line@"+called.addr()+" SIP/2.0\r\n") || !strings.Contains(got, "From: <sip:1001@t1.example>;tag=") {
		t.Errorf("%s", got)
	}
	caller.next("SIP/2.0 100 ")
}

// silence has no clips: nothing is played here.
type silence struct{}

func (silence) Clip(string) ([]byte, bool) { return nil, false }

func TestSecrets(t *testing.T) {
	c := registrarSite(t)
	t.Setenv("TEST_PHONE_1001", "")
	c.Tenants[0].Phones[1].Password.File += ".missing"
	_, err := ReadSecrets(c)
	if err == nil {
		t.Fatal("missing passwords go unnoticed")
	}
	for _, want := range []string{
		"tenants.t1.phones.1001.password: environment variable TEST_PHONE_1001 holds no password",
		"tenants.t1.phones.1002.password: open ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	if _, err := Open(c, Options{Clips: silence{}}); err == nil || !strings.Contains(err.Error(), "tenants.t1.phones.1001.password") {
		t.Errorf("started: %v", err)
	}
	c.Core.Registrar.From = nil
	if s, err := ReadSecrets(c); err != nil || len(s) != 0 {
		t.Errorf("where nobody can register: %v, %v", s, err)
	}
}
