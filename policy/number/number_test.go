package number

import (
	"testing"
	"testing/quick"
)

func TestForms(t *testing.T) {
	rows := []struct {
		in, national, e164 string
		shown              Shown
	}{
		{"0300009001", "0300009001", "+81300009001", "80300009001"},
		{"+819000009002", "09000009002", "+819000009002", "809000009002"},
		{"+12025550123", "01012025550123", "+12025550123", "801012025550123"}, // R26
		{"2001", "2001", "", "82001"},
		{"0570000000", "0570000000", "+81570000000", "80570000000"},
		{"0033010", "0033010", "", "80033010"},
	}
	for _, r := range rows {
		n, err := Parse(r.in)
		if err != nil {
			t.Fatal(err)
		}
		e164, _ := n.E164()
		if n.National() != r.national || e164 != r.e164 || n.Through() != r.shown || n.NationalDigits() != len(r.national) {
			t.Errorf("%s = %s %s %s %d", r.in, n.National(), e164, n.Through(), n.NationalDigits())
		}
	}
}

func TestParseRefusesWhatThePlanDoesNotKnow(t *testing.T) {
	for _, s := range []string{"", "4000", "030000900", "030000010012", "82001", "alice", "０３"} {
		if n, err := Parse(s); err == nil {
			t.Errorf("%q read as %s %s", s, n, n.Class())
		}
	}
}

// An outside caller can only have a number that cannot be mistaken for one of
// the tenant's own when it is dialled back with an 8.
func TestCaller(t *testing.T) {
	for s, want := range map[string]bool{
		"0300009001": true, "030000010012": true, "+12025550123": true, "119": true, "0033010": true,
		"1001": false, "701": false, "92001": false, "99999999": false, "184": false, "300009001": false,
		"1842001": false, "*0": false, "0*": false, "0": false, "010": false,
		"+811001": false, "+8101001": false, "030000900": false, "+810110": false,
		"030000900100000000": true, "0300009001000000000": false, "010123456789012345": true, "01001": false, "+123456789012345": true,
	} {
		if got := Dialled(s).Number().Caller(); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}

func TestExtension(t *testing.T) {
	for _, s := range []string{"", "999", "0999", "4000", "20011", "+200", "200*", "７００１"} {
		if e, err := ParseExtension(s); err == nil {
			t.Errorf("%q accepted as %s", s, e)
		}
	}
	rows := []struct {
		ext                      string
		forMobile, emergencyLike bool
	}{
		{"1000", false, false}, {"1500", false, false}, {"2000", true, false}, {"3999", true, false},
		{"1100", false, true}, {"1105", false, true}, {"1189", false, true}, {"1190", false, true},
		{"1110", false, false}, {"2110", true, false},
	}
	for _, r := range rows {
		e, err := ParseExtension(r.ext)
		if err != nil {
			t.Fatal(err)
		}
		if e.ForMobile() != r.forMobile || e.EmergencyLike() != r.emergencyLike || e.Number().Class() != Extension {
			t.Errorf("%s: mobile %v, emergency-like %v", e, e.ForMobile(), e.EmergencyLike())
		}
	}
	if EmergencyLike("110") || EmergencyLike("11055") || EmergencyLike("110*") {
		t.Error("only three digits and one more are emergency-like")
	}
}

func TestWithheldTravelsByDisplayName(t *testing.T) {
	for w := Anonymous; w <= Interaction; w++ {
		if got := WithheldBy(`"` + w.DisplayName() + `"`); got != w {
			t.Errorf("%s read back as %s", w, got)
		}
	}
	if WithheldBy("coin LINE/payphone") != CoinLine || WithheldBy("Taro") != Anonymous || WithheldBy("") != Anonymous {
		t.Error("reasons compare without case, anything else is the caller's wish")
	}
	if Given.DisplayName() != "" {
		t.Error("a number that is given has no reason")
	}
}

func TestClassWords(t *testing.T) {
	for c := Invalid; c < classes; c++ {
		if got, ok := ParseClass(c.String()); !ok || got != c {
			t.Errorf("%s reads back as %s", c, got)
		}
	}
	if Emergency.Grantable() || Extension.Grantable() || Fixed.Grantable() || !International.Grantable() || !Special.Grantable() {
		t.Error("only refused external classes can be granted, and emergency never")
	}
}

// Canonical text is a fixed point: reading it again changes nothing.
func TestCanonicalIsStable(t *testing.T) {
	const alphabet = "0123456789+*#"
	again := func(raw []byte) bool {
		text := make([]byte, 0, len(raw))
		for _, b := range raw {
			text = append(text, alphabet[int(b)%len(alphabet)])
		}
		for _, prefix := range []string{"", "+81", "010", "01081", "+81010"} {
			d, err := URIUser{User: prefix + string(text)}.Dialled()
			if err != nil {
				continue
			}
			n := d.Number()
			if n != Dialled(n.String()).Number() {
				return false
			}
			if e, ok := n.E164(); ok && n.Class() != Invalid && Dialled(e).Number() != n {
				return false
			}
		}
		return true
	}
	if err := quick.Check(again, &quick.Config{MaxCount: 20000}); err != nil {
		t.Fatal(err)
	}
}
