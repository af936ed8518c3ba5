package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func withRegistrar(t *testing.T, lines string) string {
	t.Helper()
	base := baseFile(t)
	const at = "  phones: [\"udp:127.0.0.1:5080\"]\n"
	if !strings.Contains(base, at) {
		t.Fatal("base.yaml has no phones' listener")
	}
	return strings.Replace(base, at, at+"  registrar: "+lines+"\n", 1)
}

func TestRegistrar(t *testing.T) {
	defaults := Registrar{Rate: 500, Digest: []Digest{SHA256, MD5}, MinExpires: time.Minute, MaxExpires: time.Hour}
	office := defaults
	office.From = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	strict := office
	strict.Rate, strict.Digest, strict.MinExpires, strict.MaxExpires = 20, []Digest{SHA256}, 30*time.Second, 2*time.Hour
	for lines, want := range map[string]Registrar{
		"{from: [192.0.2.0/24, \"2001:db8::/32\"]}":                                                            office,
		"{from: [192.0.2.0/24, \"2001:db8::/32\"], rate: 20, digest: [SHA-256], expires: {min: 30s, max: 2h}}": strict,
	} {
		c, err := Parse("f", []byte(withRegistrar(t, lines)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.Core.Registrar, want) || len(c.Warnings) != 0 {
			t.Errorf("%s: %+v, %v", lines, c.Core.Registrar, c.Warnings)
		}
	}
	c, err := Parse("f", []byte(baseFile(t)))
	if err != nil || !reflect.DeepEqual(c.Core.Registrar, defaults) {
		t.Errorf("none: %+v %v", c.Core.Registrar, err)
	}
}

func TestRegistrarFaults(t *testing.T) {
	for lines, want := range map[string]string{
		"{}":                                                 "f:16: core.registrar.from: ",
		"{from: []}":                                         "f:16: core.registrar.from: needs a prefix that phones register from",
		"{from: [192.0.2.1/24]}":                             "f:16: core.registrar.from[0]: 192.0.2.1/24 has bits beyond its length; write 192.0.2.0/24",
		"{from: [127.0.0.1, 127.0.0.1/32]}":                  "f:16: core.registrar.from[1]: 127.0.0.1/32 is given twice; first in line 16",
		"{from: [127.0.0.1], digest: [SHA]}":                 "f:16: core.registrar.digest[0]: ",
		"{from: [127.0.0.1], digest: []}":                    "f:16: core.registrar.digest: needs SHA-256, MD5 or both",
		"{from: [127.0.0.1], rate: 0}":                       "f:16: core.registrar.rate: ",
		"{from: [127.0.0.1], keepalive: 1s}":                 "f:16: core.registrar.keepalive: 1s is less than 10s",
		"{from: [127.0.0.1], expires: {min: 30m, max: 10m}}": "f:16: core.registrar.expires.max: 10m0s is below the shortest registration, 30m0s",
		"{from: [127.0.0.1], password: x}":                   "f:16: core.registrar.password: unknown key",
	} {
		_, err := Parse("f", []byte(withRegistrar(t, lines)))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %s", lines, err, want)
		}
	}
	c, err := Parse("f", []byte(withRegistrar(t, "{from: [0.0.0.0/0]}")))
	if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Error(), "may try passwords") {
		t.Errorf("open to all: %v, %v", err, c.Warnings)
	}
	external := strings.Replace(withRegistrar(t, "{from: [127.0.0.1]}"), "mode: embedded", "mode: external", 1)
	external = strings.Replace(external, `["udp:127.0.0.1:5070"]`, `["udp:192.0.2.10:5060"]`, 1)
	if c, err = Parse("f", []byte(external)); err != nil || !strings.Contains(Faults(c.Warnings).Error(), "core.registrar: not used") {
		t.Errorf("with a PBX: %v, %v", err, c.Warnings)
	}
}
