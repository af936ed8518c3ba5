package trunk

import (
	"net/netip"
	"slices"
	"testing"

	"sekisho/edge/lab/doors"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
	"sekisho/media/srtp"
	"sekisho/policy/profile"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{
		"sekisho/edge/sip/flow", "sekisho/edge/sip/token", "sekisho/edge/sip/sdp", "sekisho/edge/sip/header", "sekisho/media/relay", "sekisho/media/srtp",
		"sekisho/policy", "sekisho/policy/profile",
	}, Deny: map[string]string{"sekisho/edge/sip/leg": "a trunk is a value; it has no calls"}})
}

func TestIdentify(t *testing.T) {
	src := func(l flow.Listener, prefix string, port uint16) Source {
		return Source{Listener: l, Prefix: netip.MustParsePrefix(prefix), Port: port}
	}
	var n Neighbours[string]
	n.Add("wide", src(0, "192.0.2.0/24", 0))
	n.Add("host", src(0, "192.0.2.7/32", 0), src(0, "2001:db8::/32", 0))
	n.Add("port", src(0, "192.0.2.7/32", 5070))
	n.Add("east", src(1, "192.0.2.0/24", 0))
	for _, c := range []struct {
		f    flow.Flow
		want string
	}{
		{flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.9:5060")}, "wide"},
		{flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.7:5060")}, "host"},
		{flow.Flow{Remote: netip.MustParseAddrPort("192.0.2.7:5070")}, "port"},
		{flow.Flow{Remote: netip.MustParseAddrPort("[2001:db8::1]:1")}, "host"},
		{flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort("192.0.2.7:5070")}, "east"},
		{flow.Flow{Listener: 1, Remote: netip.MustParseAddrPort("[2001:db8::1]:1")}, ""},
		{flow.Flow{Proto: flow.TCP, Remote: netip.MustParseAddrPort("192.0.2.7:5070")}, ""},
		{flow.Flow{Remote: netip.MustParseAddrPort("198.51.100.1:5060")}, ""},
	} {
		if got, ok := n.Identify(c.f); got != c.want || ok != (c.want != "") {
			t.Errorf("%v is %q, want %q", c.f, got, c.want)
		}
	}
}

func TestCaps(t *testing.T) {
	c := Caps(&profile.Media{Codecs: []profile.Codec{profile.PCMA, profile.PCMU}, Ptime: 20})
	if len(c.Codecs) != 2 || c.Codecs[0] != relay.PCMA || c.Event != relay.NoPayload {
		t.Errorf("%+v", c)
	}
	if c := Caps(&profile.Media{TelephoneEvent: 101}); c.Event != 101 {
		t.Errorf("%+v", c)
	}
}

// ntt-ngn: telephone-event in answers only.
func TestOffersWithoutEvent(t *testing.T) {
	tr := Trunk{Profile: &profile.Profile{Media: profile.Media{TelephoneEvent: 101}}}
	if tr.Caps().Event != 101 || tr.Offers().Event != relay.NoPayload {
		t.Errorf("answers %d, offers %d", tr.Caps().Event, tr.Offers().Event)
	}
	tr.Profile.Media.OfferEvent = true
	if tr.Offers().Event != 101 {
		t.Error("an offer lacks telephone-event")
	}
}

func TestSecure(t *testing.T) {
	suites := []profile.SRTPSuite{profile.AES256GCM, profile.AES128CM32}
	for mode, want := range map[profile.SRTP]sdp.Security{
		"": sdp.SecurityOff, profile.SRTPOff: sdp.SecurityOff,
		profile.SRTPOptional: sdp.SecurityOptional, profile.SRTPRequire: sdp.SecurityRequired,
	} {
		got := (&Trunk{Profile: &profile.Profile{Media: profile.Media{SRTP: mode, SRTPSuites: suites}}}).Secure()
		if got.Mode != want || want != sdp.SecurityOff && !slices.Equal(got.Suites, []srtp.Suite{srtp.AES256GCM, srtp.AES128CM32}) {
			t.Errorf("%q: %+v", mode, got)
		}
	}
	// Every word of a profile is a suite.
	words, faults := profile.Read(profile.Source{Name: "x", Text: []byte("carrier: other\ningress: {prefix: optional, identity: [pai]}\negress: {cli_prefix_by: none}\n")}, nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	words.Media.SRTPSuites = append(words.Media.SRTPSuites, profile.AES256GCM, profile.AES256CM80, profile.AES128CM32, profile.AES256CM32)
	if got := Secure(profile.SRTPRequire, words.Media.SRTPSuites); len(got.Suites) != 6 {
		t.Errorf("%v of %v", got.Suites, words.Media.SRTPSuites)
	}
}
