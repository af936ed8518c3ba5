package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	t.Setenv("TEST_PHONE_1001", "soft phone")
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

// started opens an instance for the length of a test.
func started(t *testing.T, c *config.Config, o Options) *Node {
	t.Helper()
	n, err := Open(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// Two phones register over real sockets, one's password from the environment,
// the other's from a file, and one rings the other.
func TestPhonesRegisterAndCall(t *testing.T) {
	n := started(t, registrarSite(t), Options{Clips: silence{}, Workers: 1})
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
	caller.invite("1002")
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
