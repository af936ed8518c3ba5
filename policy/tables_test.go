package policy

import (
	"strings"
	"testing"

	"sekisho/policy/document"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// The trunks and tenants that the tests share.
const (
	docomo TrunkID = iota
	au
	softbank
	pstn
	both   // docomo's, in both roles
	second // another docomo trunk
)

const (
	t1 TenantID = iota
	t2
)

func directory(t testing.TB) Directory {
	return Directory{
		Trunks: []Trunk{
			docomo:   {Name: "docomo", Role: RoleMobile, Profile: carrier(t, "docomo", "")},
			au:       {Name: "au", Role: RoleMobile, Profile: carrier(t, "au", "")},
			softbank: {Name: "softbank", Role: RoleMobile, Profile: carrier(t, "softbank", "")},
			pstn:     {Name: "pstn", Role: RolePSTN, Profile: carrier(t, "generic", "")},
			both:     {Name: "both", Role: RoleBoth, Profile: carrier(t, "docomo", "")},
			second:   {Name: "second", Role: RoleMobile, Profile: carrier(t, "docomo", "")},
		},
		Tenants: []Tenant{
			t1: {Name: "t1", Domain: "t1.example", DefaultNumber: num(t, "0300000100"), Outbound: []TrunkID{pstn, both}},
			t2: {Name: "t2", Domain: "T2.example", DefaultNumber: num(t, "0300000200"), Outbound: []TrunkID{pstn}},
		},
		Subscribers: []Subscriber{
			{num(t, "09000002001"), t1, profile.Docomo, "2001"},
			{num(t, "09000002002"), t1, profile.AU, "2002"},
			{num(t, "09000002003"), t1, profile.SoftBank, "2003"},
			{num(t, "09000003001"), t2, profile.Docomo, "2001"},
		},
		DIDs: []DID{
			{num(t, "0300000121"), t1, "2001"},
			{num(t, "0300000138"), t1, "3801"},
			{num(t, "0300000221"), t2, "2001"},
		},
	}
}

func tables(t testing.TB) *Tables { return build(t, directory(t)) }

func build(t testing.TB, d Directory) *Tables {
	t.Helper()
	built, err := NewTables(d)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// carrier reads a built-in profile with overrides written as a flat map of
// dotted paths.
func carrier(t testing.TB, name, overrides string) *profile.Profile {
	t.Helper()
	source, ok := profile.Builtin(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	var list []profile.Override
	if overrides != "" {
		root, faults := document.Parse("test.yaml", []byte(overrides))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		for line := range strings.Lines(overrides) {
			path, _, _ := strings.Cut(line, ":")
			list = append(list, profile.Override{Path: path, Value: root.At(path)})
		}
	}
	p, faults := profile.Read(source, list)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func num(t testing.TB, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func user(s string) number.URIUser { return number.URIUser{User: s} }

func identity(s string) Identity { return Identity{URIUser: user(s), Host: "carrier.example"} }

func anonymous(display string) Identity {
	return Identity{URIUser: user("anonymous"), Host: "anonymous.invalid", Display: display}
}

func TestTablesRefuseWhatIsAmbiguous(t *testing.T) {
	rows := []struct {
		name  string
		spoil func(*Directory)
		want  string
	}{
		{"no profile", func(d *Directory) { d.Trunks[au].Profile = nil }, "trunk au has no profile"},
		{"domain twice", func(d *Directory) { d.Tenants[t2].Domain = "T1.example" }, "given twice"},
		{"no domain", func(d *Directory) { d.Tenants[t2].Domain = "" }, "is empty"},
		{"outbound nowhere", func(d *Directory) { d.Tenants[t1].Outbound = []TrunkID{99} }, "does not exist"},
		{"MSISDN twice", func(d *Directory) { d.Subscribers = append(d.Subscribers, d.Subscribers[0]) }, "subscriber 09000002001"},
		{"DID twice", func(d *Directory) { d.DIDs = append(d.DIDs, d.DIDs[0]) }, "number 0300000121"},
		{"tenant nowhere", func(d *Directory) { d.DIDs[0].Tenant = 7 }, "has no tenant"},
		// R61: "route only on a trunk flagged emergency_capable; config error otherwise".
		{"emergency over a plain trunk", func(d *Directory) { d.Tenants[t1].Emergency = EmergencyCalls{true, pstn} }, "takes none"},
		{"emergency over a mobile trunk", func(d *Directory) {
			d.Trunks[au].EmergencyCapable = true
			d.Tenants[t1].Emergency = EmergencyCalls{true, au}
		}, "takes none"},
	}
	for _, r := range rows {
		d := directory(t)
		r.spoil(&d)
		if _, err := NewTables(d); err == nil || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v, want %q", r.name, err, r.want)
		}
	}
}

func TestTablesAnswer(t *testing.T) {
	tab := tables(t)
	if tab.TenantAt("t2.EXAMPLE") != t2 || tab.TenantAt("t3.example") != NoTenant {
		t.Error("domains compare without case")
	}
	if tab.TrunkNamed("pstn") != pstn || tab.TrunkNamed("x") != NoTrunk || tab.Trunk(au).Name != "au" || tab.Tenant(t2).Name != "t2" {
		t.Error("names")
	}
	if s, ok := tab.Subscriber(num(t, "+819000002002")); !ok || s.Extension != "2002" {
		t.Error("a subscriber is found whatever the spelling")
	}
	if d, ok := tab.DID(num(t, "0300000138")); !ok || d.Extension != "3801" {
		t.Error("DID")
	}
	if !tab.Owns(t1, num(t, "0300000100")) || !tab.Owns(t1, num(t, "0300000121")) || tab.Owns(t1, num(t, "0300000221")) ||
		tab.Owns(t1, num(t, "09000002001")) || tab.Owns(t1, number.Number{}) {
		t.Error("a tenant owns its DIDs and its default number, nothing else")
	}
}

// A mobile's MSISDN is never shown in public; what stands for it is its own
// number, or the tenant's, and never another tenant's.
func TestStandsFor(t *testing.T) {
	tables := tables(t)
	for _, r := range []struct {
		tenant  TenantID
		n, want string
	}{
		{t1, "09000002001", "0300000121"}, {t1, "09000002002", "0300000100"}, {t1, "0300000138", "0300000138"},
		{t1, "09000003001", "0300000100"}, {t2, "09000003001", "0300000221"}, {t1, "0300000221", "0300000100"}, {t1, "0300009001", "0300000100"},
	} {
		if got := tables.StandsFor(r.tenant, num(t, r.n)).String(); got != r.want {
			t.Errorf("tenant %d: %s stands for %s, want %s", r.tenant, got, r.n, r.want)
		}
	}
}
