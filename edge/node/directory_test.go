package node

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/flow"
	"sekisho/policy/number"
)

func TestPhoneFlow(t *testing.T) {
	at := netip.MustParseAddrPort
	four, six := at("192.0.2.2:5080"), at("[2001:db8::2]:5080")
	for _, c := range []struct {
		contact   netip.AddrPort
		listeners []netip.AddrPort
		want      flow.Flow
	}{
		{netip.AddrPort{}, []netip.AddrPort{four}, flow.Flow{}},
		{at("198.51.100.1:5060"), nil, flow.Flow{}},
		{at("198.51.100.1:5060"), []netip.AddrPort{six}, flow.Flow{}},
		{at("198.51.100.1:5060"), []netip.AddrPort{six, four}, flow.Flow{Listener: 2, Remote: at("198.51.100.1:5060")}},
		{at("[::ffff:198.51.100.1]:5060"), []netip.AddrPort{four}, flow.Flow{Listener: 1, Remote: at("198.51.100.1:5060")}},
		{at("[2001:db8::9]:5060"), []netip.AddrPort{four, six}, flow.Flow{Listener: 2, Remote: at("[2001:db8::9]:5060")}},
	} {
		if got := phoneFlow(c.contact, c.listeners); got != c.want {
			t.Errorf("phoneFlow(%v, %v) = %v, want %v", c.contact, c.listeners, got, c.want)
		}
	}
}

func TestDirectory(t *testing.T) {
	num := func(s string) number.Number {
		n, err := number.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	contact := netip.MustParseAddrPort("198.51.100.1:5060")
	secret := registrar.NewSecret("1003", "t1.example", "x")
	c := &config.Config{
		Core: config.Core{Phones: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:5080")}},
		Tenants: []config.Tenant{{
			Name: "t1", Domain: "t1.example", DefaultNumber: num("0300000100"), Channels: 5,
			Numbers: []config.DID{{Number: num("0300000121"), Extension: "2001"}},
			Mobiles: []config.MobilePhone{{Extension: "2001", MSISDN: num("09000002001"), Carrier: "au", Number: num("0300000121")}},
			Phones:  []config.Phone{{Extension: "1001", Contact: contact, Number: num("0300000100")}, {Extension: "1003", Kind: config.Desk}},
			Display: config.Display{CallCentre: config.ShowCaller},
			Groups: []config.Group{{
				Extension: "3701", Strategy: config.Sequential, Members: []config.Member{{Extension: "2001", After: time.Second}},
				Timeout: time.Minute, Turn: 9 * time.Second, Unreached: config.GoToOverflow, Overflow: "1001", Number: num("0300000137"),
			}},
			CallCentres: []config.CallCentre{{Extension: "3801", Music: "sea", Members: []config.Member{{Extension: "1001"}}}},
		}},
	}
	want := []core.Tenant{{
		Name: "t1", Domain: "t1.example", DefaultNumber: num("0300000100"), Channels: 5,
		Numbers: []core.DID{{Number: num("0300000121"), Extension: "2001"}},
		Mobiles: []core.Mobile{{Extension: "2001", MSISDN: num("09000002001"), Number: num("0300000121")}},
		Phones: []core.Phone{
			{Extension: "1001", Contact: flow.Flow{Listener: 1, Remote: contact}, Number: num("0300000100"), Softphone: true},
			{Extension: "1003", Secret: secret},
		},
		Groups: []core.Group{
			{
				Extension: "3701", Strategy: core.Sequential, Members: []core.Member{{Extension: "2001", After: time.Second}},
				Timeout: time.Minute, Turn: 9 * time.Second, Unreached: core.Next, Overflow: "1001", Number: num("0300000137"),
			},
			{Extension: "3801", Queues: true, Music: "music/sea", Members: []core.Member{{Extension: "1001"}}, ShowCaller: true},
		},
	}}
	if got := Directory(c, Secrets{{"t1", "1003"}: secret, {"t2", "1001"}: secret}); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}
