package config

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/policy/document"
	"sekisho/policy/profile"
)

func TestSample(t *testing.T) {
	c, err := Parse("sample.yaml", Sample())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings %v", c.Warnings)
	}
	at := netip.MustParseAddrPort
	west := Listener{Name: "west", Bind: at("127.0.0.1:5060"), Advertise: at("127.0.0.1:5060")}
	if got := c.Border.Listeners[0]; got != west {
		t.Errorf("listener %+v, want %+v", got, west)
	}
	if got := c.Border.Media; !slices.Equal(got.Addresses, []netip.Addr{netip.MustParseAddr("127.0.0.1")}) || got.Ports != (PortRange{20000, 29999}) {
		t.Errorf("border media %+v", got)
	}
	if c.Border.Media.Ports.Pairs() != 5000 {
		t.Errorf("%d pairs, want 5000", c.Border.Media.Ports.Pairs())
	}
	if c.Core.Mode != Embedded || c.Core.Listener != 1 || !slices.Equal(c.Core.Seam, []netip.AddrPort{at("127.0.0.1:5070")}) {
		t.Errorf("core %+v", c.Core)
	}
	var names []string
	for _, tr := range c.Trunks {
		names = append(names, tr.Name)
	}
	if !slices.Equal(names, []string{"docomo", "au", "pstn"}) {
		t.Fatalf("trunks %v, want file order", names)
	}
	docomo := c.Trunks[0]
	if docomo.Role != Mobile || docomo.Profile.Carrier != profile.Docomo || docomo.Limits != (Limits{100, 20}) ||
		!slices.Equal(docomo.From, []Source{{netip.MustParsePrefix("127.0.0.1/32"), 6001}}) {
		t.Errorf("docomo %+v", docomo)
	}
	tenant := c.Tenants[0]
	if !slices.Equal(tenant.Outbound, []int{2}) || tenant.EmergencyTrunk != NoTrunk || tenant.Channels != 5 {
		t.Errorf("tenant %+v", tenant)
	}
	if got := tenant.Mobiles[1]; got.Extension != "2002" || got.Carrier != profile.AU || got.MSISDN.String() != "09000002002" {
		t.Errorf("mobile %+v", got)
	}
	if got := tenant.Phones[1]; got.Kind != Desk || got.Contact != at("127.0.0.1:6102") || got.Password != (document.Secret{File: "/run/secrets/phone-1002"}) {
		t.Errorf("phone %+v", got)
	}
	if got := tenant.Groups[0].Members; !slices.Equal(got, []Member{{"2001", 0}, {"2002", 10 * time.Second}, {"1002", 0}}) {
		t.Errorf("members %+v", got)
	}
}

// What the sample's comments call a default is one: the file without those
// keys reads the same.
func TestSampleDefaults(t *testing.T) {
	full, err := Parse("f", Sample())
	if err != nil {
		t.Fatal(err)
	}
	bare := string(Sample())
	for _, cut := range []string{
		"  mode: embedded ", "      advertise:", "    emergency_capable:", "    emergency: refuse", "    display:", "    park:",
		"    allow_au_emergency_like", "log:", "prompts:", "  interdigit:", "  first_digit:", "  park_return_ring:",
		"  attended_no_answer:", "  blind_no_answer:", "  setup:", "  rtp_inactivity:", "timers:",
	} {
		before, rest, ok := strings.Cut(bare, "\n"+cut)
		if !ok {
			t.Fatalf("the sample has no line %q", cut)
		}
		_, after, _ := strings.Cut(rest, "\n")
		bare = before + "\n" + after
	}
	bare = strings.NewReplacer("strategy: all, ", "", ", timeout: 60s", "", " music: default,", "").Replace(bare)
	got, err := Parse("f", []byte(bare))
	if err != nil {
		t.Fatal(err)
	}
	// Profiles are read anew and hold compiled patterns.
	for i := range full.Trunks {
		full.Trunks[i].Profile, got.Trunks[i].Profile = nil, nil
	}
	if !reflect.DeepEqual(got, full) {
		t.Errorf("without the defaults written:\n%+v\nwant\n%+v", got, full)
	}
}

func faultsOf(t *testing.T, src string) []document.Fault {
	t.Helper()
	c, err := Parse("f", []byte(src))
	if err == nil {
		return nil
	}
	if c != nil {
		t.Error("both a Config and an error")
	}
	var f Faults
	if !errors.As(err, &f) {
		t.Fatalf("error %v is no list of faults", err)
	}
	return f
}
