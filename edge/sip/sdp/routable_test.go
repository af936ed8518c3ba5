package sdp

import (
	"net/netip"
	"testing"

	"sekisho/media/relay"
)

func TestRoutable(t *testing.T) {
	for text, want := range map[string]bool{
		"192.0.2.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.0.1": true, "100.64.0.1": true, "203.0.113.255": true,
		"2001:db8::1": true, "fd00::1": true, "::ffff:192.0.2.1": true,
		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.9.9.9": false, "169.254.169.254": false, "224.0.0.1": false,
		"239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "ff02::1": false, "ff05::2": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false,
	} {
		if got := Routable(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if Routable(netip.Addr{}) {
		t.Error("the invalid address")
	}
}

func TestPermitted(t *testing.T) {
	cases := []struct {
		addr, prefix string
		want         bool
	}{
		{"192.0.2.1:4000", "127.0.0.1/32", true},
		{"192.0.2.1:5060", "192.0.2.0/24", false},
		{"192.0.2.1:5061", "192.0.2.0/24", false},
		{"192.0.2.1:53", "192.0.2.0/24", false},
		{"192.0.2.1:0", "192.0.2.0/24", false},
		{"127.0.0.1:4000", "127.0.0.1/32", true},
		{"127.0.0.1:4000", "127.0.0.0/8", true},
		{"[::ffff:127.0.0.1]:4000", "127.0.0.0/8", true},
		{"127.0.0.2:4000", "127.0.0.1/32", false},
		{"127.0.0.1:4000", "0.0.0.0/0", false},
		{"127.0.0.1:4000", "192.0.2.0/24", false},
		{"[::1]:4000", "::1/128", true},
		{"[::1]:4000", "::/0", false},
		{"169.254.169.254:4000", "169.254.0.0/16", false},
		{"224.0.0.1:4000", "224.0.0.0/4", false},
	}
	for _, c := range cases {
		if got := Permitted(netip.MustParseAddrPort(c.addr), []netip.Prefix{netip.MustParsePrefix(c.prefix)}); got != c.want {
			t.Errorf("%s in %s: %v", c.addr, c.prefix, got)
		}
	}
	if Permitted(netip.AddrPort{}, nil) {
		t.Error("the invalid address")
	}
}

func TestDirections(t *testing.T) {
	all := []relay.Direction{relay.SendRecv, relay.SendOnly, relay.RecvOnly, relay.Inactive}
	for _, a := range all {
		if Reverse(a).Sends() != a.Receives() || Reverse(a).Receives() != a.Sends() {
			t.Errorf("reverse of %s is %s", directionName(a), directionName(Reverse(a)))
		}
		if got, ok := parseDirection(directionName(a)); !ok || got != a {
			t.Errorf("%s does not read back", directionName(a))
		}
		for _, b := range all {
			n := Narrow(a, b)
			if n.Sends() != (a.Sends() && b.Sends()) || n.Receives() != (a.Receives() && b.Receives()) {
				t.Errorf("%s and %s give %s", directionName(a), directionName(b), directionName(n))
			}
		}
	}
}
