package number

import (
	"strings"
	"testing"
)

// The number plan of R5 and R11, as dialled behind the 8.
func TestPlan(t *testing.T) {
	rows := []struct {
		user, params string
		class        Class
		text         string
	}{
		// Inside the tenant.
		{"1000", "", Extension, "1000"},
		{"1001", "", Extension, "1001"},
		{"1105", "", Extension, "1105"}, // four digits: never an emergency number
		{"1840", "", Extension, "1840"},
		{"2001", "", Extension, "2001"},
		{"3999", "", Extension, "3999"},
		{"4000", "", Invalid, "4000"},
		{"0999", "", TooShort, "0999"},
		{"701", "", ParkSlot, "701"},
		{"720", "", ParkSlot, "720"},
		{"799", "", ParkSlot, "799"},
		{"700", "", Invalid, "700"}, // the park code of a talk, not a slot
		{"7010", "", Invalid, "7010"},
		{"92001", "", Pickup, "92001"},
		{"91001", "", Pickup, "91001"},
		{"94001", "", Invalid, "94001"},
		{"9200", "", TooShort, "9200"},
		{"920011", "", Invalid, "920011"},
		{"99999999", "", Mask, "99999999"},
		{"9999999", "", Invalid, "9999999"},
		{"999999999", "", Invalid, "999999999"},
		// Emergency and special numbers.
		{"110", "", Emergency, "110"},
		{"118", "", Emergency, "118"},
		{"119", "", Emergency, "119"},
		{"+81110", "", Emergency, "110"},
		{"119", "phone-context=+81", Emergency, "119"},
		{"01081118", "", Emergency, "118"},
		{"+8101081119", "", Emergency, "119"},
		{"111", "", Special, "111"},
		{"136", "", Special, "136"},
		{"184", "", Special, "184"},
		// Sapporo begins with 011: the guard is anchored.
		{"0118111234", "", Fixed, "0118111234"},
		{"+81118111234", "", Fixed, "0118111234"},
		{"+810118111234", "", Fixed, "0118111234"},
		{"0110111234", "", Fixed, "0110111234"},
		{"+81110111234", "", Fixed, "0110111234"},
		{"0119111234", "", Fixed, "0119111234"},
		// Fixed lines.
		{"0300009001", "", Fixed, "0300009001"},
		{"03-0000-9001", "", Fixed, "0300009001"},
		{"(03)0000.9001", "", Fixed, "0300009001"},
		{"+81300009001", "", Fixed, "0300009001"},
		{"+81-3-0000-9001", "", Fixed, "0300009001"},
		{"+810300009001", "", Fixed, "0300009001"}, // the trunk zero left in is repaired
		{"%2B81300009001", "", Fixed, "0300009001"},
		{"0300009001", "phone-context=+81", Fixed, "0300009001"},
		{"0300009001;phone-context=%2B81", "", Fixed, "0300009001"},
		{"0300009001;npdi;rn=+81300000000", "user=phone", Fixed, "0300009001"},
		{"+81300009001;ext=1105", "", Fixed, "0300009001"},
		{"+81300009001;cpc=payphone;isub=110", "", Fixed, "0300009001"},
		{"0300009001", "npdi;rn=0300000000", Fixed, "0300009001"},
		{"01081300009001", "", Fixed, "0300009001"},
		{"0000", "", CarrierSelect, "0000"},
		{"030000900", "", TooShort, "030000900"},
		{"030000010012", "", Invalid, "030000010012"}, // twelve digits
		{"0", "", TooShort, "0"},
		// Mobile, IP, free and navigation.
		{"09000009002", "", Mobile, "09000009002"},
		{"08000009002", "", FreeDial, "08000009002"}, // 0800 is free dial; mobile blocks never have a zero there
		{"08010009002", "", Mobile, "08010009002"},
		{"07000009002", "", Mobile, "07000009002"},
		{"06000000001", "", Mobile, "06000000001"},
		{"+819000009002", "", Mobile, "09000009002"},
		{"tel", "", Invalid, ""},
		{"0900000900", "", TooShort, "0900000900"},
		{"090000090021", "", Invalid, "090000090021"},
		{"05000000001", "", IPPhone, "05000000001"},
		{"0120000000", "", FreeDial, "0120000000"},
		{"012000000", "", TooShort, "012000000"},
		{"01200000000", "", Invalid, "01200000000"},
		{"0570000000", "", Navi, "0570000000"},
		// Refused unless allowed.
		{"01012025550123", "", International, "+12025550123"},
		{"+12025550123", "", International, "+12025550123"},
		{"010", "", International, "010"},
		{"0101", "", International, "+1"},
		{"+8101012025550123", "", International, "+12025550123"},
		{"+99912345678", "", International, "+99912345678"},
		{"+1234567890123456", "", Invalid, "+1234567890123456"}, // sixteen digits, E.164 has fifteen
		{"+0300009001", "", Invalid, "+0300009001"},
		{"0033010", "", CarrierSelect, "0033010"},
		{"00", "", CarrierSelect, "00"},
		{"02000000001", "", M2M, "02000000001"},
		{"0990000000", "", Premium, "0990000000"},
		{"0180000000", "", Information, "0180000000"},
		{"0170000000", "", Information, "0170000000"},
		// What is no number.
		{"81", "", TooShort, "81"},
		{"82001", "", Invalid, "82001"}, // the 8 is cut before, not here
		{"300009001", "", Invalid, "300009001"},
		{"%2A%2A", "", Invalid, "**"},
		{"%237119", "", Invalid, "#7119"},
		{"#8000", "", Invalid, "#8000"},
		{"2001", "phone-context=ext.t1.example", Extension, "2001"},
		{"2001;phone-context=t1.example", "user=phone", Extension, "2001"},
	}
	if len(rows) < 60 {
		t.Fatalf("%d rows, the plan asks for 60", len(rows))
	}
	for _, r := range rows {
		n, err := URIUser{User: r.user, Params: r.params}.Number()
		if r.text == "" {
			if err == nil {
				t.Errorf("%s: read as %s, want a fault", r.user, n)
			}
			continue
		}
		if err != nil || n.Class() != r.class || n.String() != r.text {
			t.Errorf("%s;%s = %s %s %v, want %s %s", r.user, r.params, n, n.Class(), err, r.text, r.class)
		}
	}
}

func TestUserPartFaults(t *testing.T) {
	rows := []struct {
		name, user, params string
		want               error
	}{
		{"no digits", "", "", ErrEmpty},
		{"only a plus", "+", "", ErrEmpty},
		{"only separators", "-.-", "", ErrEmpty},
		{"only parameters", ";phone-context=+81", "", ErrEmpty},
		{"200 digits", strings.Repeat("0", 200), "", ErrTooLong},
		{"33 digits", strings.Repeat("1", 33), "", ErrTooLong},
		{"full-width digits", "８０３００００９００１", "", ErrCharacter},
		{"full-width, escaped", "%EF%BC%98", "", ErrCharacter},
		{"a name", "alice", "", ErrCharacter},
		{"hex digits", "0300009001A", "", ErrCharacter},
		{"blank inside", "03 00009001", "", ErrCharacter},
		{"blank inside, escaped", "03%2000009001", "", ErrCharacter},
		{"NUL", "0300009001%00", "", ErrCharacter},
		{"second plus", "+81+300009001", "", ErrCharacter},
		{"late plus", "8+81300009001", "", ErrCharacter},
		{"plus behind a separator", "-+81300009001", "", ErrCharacter},
		{"password", "0300009001:x", "", ErrCharacter},
		{"cut escape", "0300009001%2", "", ErrEscape},
		{"bad escape", "%G1", "", ErrEscape},
		{"another country's context", "2025550123", "phone-context=+1", ErrContext},
		{"a longer context", "0009001", "phone-context=+8130", ErrContext},
		{"an empty context", "2001;phone-context=%22%22", "", ErrContext},
	}
	for _, r := range rows {
		if _, err := (URIUser{User: r.user, Params: r.params}).Dialled(); err != r.want {
			t.Errorf("%s: %v, want %v", r.name, err, r.want)
		}
	}
}

func TestDialledPrefixes(t *testing.T) {
	rows := []struct {
		dialled, rest string
		service       bool
		clir          CLIR
	}{
		{"82001", "2001", true, ByDefault},
		{"80300009001", "0300009001", true, ByDefault},
		{"882001", "82001", true, ByDefault}, // exactly one
		{"2001", "2001", false, ByDefault},
		{"+81300009001", "+81300009001", false, ByDefault},
		{"81840300009001", "0300009001", true, Withhold},
		{"81860300009001", "0300009001", true, Present},
		{"8184", "184", true, ByDefault},
		{"81840", "1840", true, ByDefault}, // extension 1840
		{"81842001", "2001", true, Withhold},
		{"8186119", "119", true, Present},
		{"184119", "119", false, Withhold},
	}
	for _, r := range rows {
		d, service := Dialled(r.dialled).CutService()
		clir, rest := d.CutCLIR()
		if string(rest) != r.rest || service != r.service || clir != r.clir {
			t.Errorf("%s = %s %v %s, want %s %v %s", r.dialled, rest, service, clir, r.rest, r.service, r.clir)
		}
	}
}

// R60: "8110/8118/8119 (also 8184110, 8186119, or 110 with the 8 stripped by
// the carrier, from any profile)"; R61b: "Anchored".
func TestEmergency(t *testing.T) {
	yes := []string{"110", "118", "119", "8110", "8118", "8119", "8184110", "8186119", "184119", "186110",
		"+81119", "01081110", "801081119", "818401081118", "+8101081119"}
	no := []string{"", "8", "+", "111", "8111", "1105", "81105", "1190", "0118111234", "80118111234", "+81118111234",
		"88119", "0119", "11", "1184", "184", "8184", "1848119", "*110#", "99999999", "+1110", "+8111"}
	for _, s := range yes {
		if _, ok := Dialled(s).Emergency(); !ok {
			t.Errorf("%s is not recognised", s)
		}
	}
	for _, s := range no {
		if n, ok := Dialled(s).Emergency(); ok {
			t.Errorf("%s taken for %s", s, n)
		}
	}
}

// R60b: "A phone registered at the core dials 110, 118 or 119 … never 404", in
// whatever spelling its key pad or phone book has; R60 likewise for mobiles.
func TestEmergencyInURIs(t *testing.T) {
	yes := map[string]string{
		"110": "110", "118": "118", "119": "119", "8119": "119", "184110": "110", "1-1-9": "119", "(110)": "110", "%31%31%38": "118", "+81119": "119",
		"119;phone-context=+81": "119", "119;phone-context=t1.example": "119", "110;ext=1": "110",
		"119#": "119", "119%23": "119", "8110#": "110", "１１９": "119", "%EF%BC%91%EF%BC%91%EF%BC%90": "110", "８１１９＃": "119",
		"1 1 9": "119", "119%20": "119", "11%209": "119", "１１－９": "119", "＋８１１１９": "119", "1１9": "119", "１１０;phone-context=+81": "110",
	}
	for text, want := range yes {
		n, ok := URIUser{User: text}.Emergency()
		if !ok || n.String() != want || n.Class() != Emergency {
			t.Errorf("%s: %s %v", text, n, ok)
		}
	}
	no := []string{"", "111", "1105", "１１０５", "0119", "0118111234", "０１１８１１１２３４", "*110#", "#119", "110*", "99999999", "alice", "a110", "110a", "119;phone-context=+1",
		"１１０;phone-context=+1", "11%2", "110%00", "2001", "1001#", "＊１１０＃", strings.Repeat("　", 200) + "110"}
	for _, text := range no {
		if n, ok := (URIUser{User: text}).Emergency(); ok {
			t.Errorf("%s taken for %s", text, n)
		}
	}
	if _, ok := (URIUser{User: "110", Params: "phone-context=+1"}).Emergency(); ok {
		t.Error("another country's 110")
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"anonymous": true, "Anonymous": true, "ANONYMOUS;x=y": true, "%41nonymous": true, "anonymous%20": true,
		"anonymous1": false, "": false, "%4": false, "xanonymous": false,
	} {
		if got := (URIUser{User: text}).Is("anonymous"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
