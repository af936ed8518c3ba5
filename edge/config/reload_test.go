package config

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// based reads testdata/base.yaml, changed by pairs of old and new.
func based(t *testing.T, changes ...string) *Config {
	t.Helper()
	src, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("base.yaml has no %q", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	c, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// second is another tenant, before or after the first.
const second = `  t0:
    domain: t0.example
    default_number: "0300000900"
    outbound: [pstn]
`

func TestReloadKeepsPlaces(t *testing.T) {
	one := based(t)
	two := based(t, "tenants:\n", "tenants:\n"+second)
	if two.Tenants[0].Name != "t0" {
		t.Fatalf("the file begins with %s", two.Tenants[0].Name)
	}
	grown, later, err := one.Reload(two)
	if err != nil || len(later) != 0 {
		t.Fatal(later, err)
	}
	if len(grown.Tenants) != 2 || grown.Tenants[0].Name != "t1" || grown.Tenants[1].Name != "t0" {
		t.Fatalf("tenants %+v", grown.Tenants)
	}
	shrunk, _, err := grown.Reload(one)
	if err != nil {
		t.Fatal(err)
	}
	if g := shrunk.Tenants[1]; g.Name != "t0" || !g.DefaultNumber.IsZero() || g.Domain == "t0.example" {
		t.Errorf("the tenant that is gone is %+v", g)
	}
	if _, err := shrunk.Tables(); err != nil {
		t.Errorf("with a tenant gone: %v", err)
	}
	again, _, err := shrunk.Reload(two)
	if err != nil || again.Tenants[1].Domain != "t0.example" || again.Tenants[0].Domain != "t1.example" {
		t.Errorf("a tenant that came back: %+v, %v", again.Tenants, err)
	}
	if !slices.EqualFunc(one.Tenants, based(t).Tenants, func(a, b Tenant) bool { return a.Name == b.Name && a.Domain == b.Domain }) {
		t.Error("the running configuration was changed")
	}
}

func TestReloadTellsWhatWaits(t *testing.T) {
	c := based(t)
	next, later, err := c.Reload(based(t, "egress.cli_passthrough: false", "egress.cli_passthrough: true", "channels: 5", "channels: 6"))
	if err != nil || !slices.Equal(later, []string{"trunks.pstn"}) {
		t.Errorf("later %v, %v", later, err)
	}
	if next.Tenants[0].Channels != 6 || next.Trunks[2].Profile.Egress.CLIPassthrough {
		t.Errorf("channels %d, passthrough %v", next.Tenants[0].Channels, next.Trunks[2].Profile.Egress.CLIPassthrough)
	}
	if _, later, err := c.Reload(based(t)); err != nil || len(later) != 0 {
		t.Errorf("the same file read again: %v, %v", later, err)
	}
	if _, _, err := c.Reload(based(t, "  docomo:\n", "  docomo2:\n")); err == nil || !strings.Contains(err.Error(), "docomo2") {
		t.Errorf("a trunk renamed: %v", err)
	}
}
