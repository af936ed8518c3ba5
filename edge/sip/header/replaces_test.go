package header

import "testing"

func TestReplaced(t *testing.T) {
	for head, want := range map[string]string{
		"INVITE sip:a SIP/2.0\r\nReplaces: c@x ; to-tag=1;from-tag=2\r\n":               "c@x",
		"INVITE sip:a SIP/2.0\r\nTo: b\r\nREPLACES :\r\n c;to-tag=1\r\nReplaces: d\r\n": "c",
		"INVITE sip:a SIP/2.0\r\nX-Replaces: c;to-tag=1\r\n":                            "",
		"INVITE sip:replaces SIP/2.0\r\nTo: b\r\n":                                      "",
		"BYE sip:a SIP/2.0\r\nReplaces: c\r\n":                                          "",
		"INVITE sip:a SIP/2.0\r\nRe places: c\r\nReplaces: c\r\n":                       "",
	} {
		if got := string(Replaced([]byte(head + "\r\n"))); got != want {
			t.Errorf("%q names %q, want %q", head, got, want)
		}
	}
}

func TestReplaces(t *testing.T) {
	for v, want := range map[string]Replaces{
		"98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff":        {"98732@sip.example.com", "ff87ff", "r33th4x0r", false},
		"12adf2f34456gs5 ; To-Tag=12345 ; from-tag=54321 ; early-only ": {"12adf2f34456gs5", "12345", "54321", true},
		"c;to-tag=1;from-tag=2;x=y":                                     {"c", "1", "2", false},
	} {
		got, err := ParseReplaces(v)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", v, got, err)
		}
		if again, err := ParseReplaces(got.String()); err != nil || again != got {
			t.Errorf("%q came back as %+v, %v", got, again, err)
		}
	}
	for _, v := range []string{"", "c", "c;to-tag=1", "c;from-tag=1", ";to-tag=1;from-tag=2", "c;to-tag=1;to-tag=1;from-tag=2", "c;to-tag=;from-tag=2",
		"c;to-tag=1;from-tag=2, d;to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2"} {
		if got, err := ParseReplaces(v); err == nil {
			t.Errorf("%q: %+v", v, got)
		}
	}
}
