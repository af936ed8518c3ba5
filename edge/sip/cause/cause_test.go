package cause

import (
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{"github.com/emiago/sipgo/sip", "sekisho/edge/sip/header"}})
}

func TestParseReason(t *testing.T) {
	for _, c := range []struct {
		in   string
		q    Q850
		text string
		ok   bool
	}{
		{`Q.850;cause=17;text="User busy"`, 17, "User busy", true},
		{`SIP;cause=200;text="Call completed elsewhere", Q.850 ; cause = 16`, 16, "", true},
		{`q.850;CAUSE=21;text="a;b, \"c\""`, 21, `a;b, "c"`, true},
		{`SIP;cause=487`, 0, "", false},
		{`Q.850;cause=999`, 0, "", false},
		{`Q.850;text="cause=3"`, 0, "", false},
		{``, 0, "", false},
	} {
		q, text, ok := ParseReason(c.in)
		if q != c.q || text != c.text || ok != c.ok {
			t.Errorf("ParseReason(%q) = %d %q %v", c.in, q, text, ok)
		}
		if ok {
			if q2, text2, _ := ParseReason(Cause{Q850: q, Text: text}.Reason()); q2 != q || text2 != text {
				t.Errorf("%q does not survive writing: %d %q", c.in, q2, text2)
			}
		}
	}
}

// SPEC §2.3 lists both directions; 487 is the caller's own cancel.
func TestMappings(t *testing.T) {
	for status, q := range map[int]Q850{400: 41, 403: 21, 404: 1, 408: 102, 410: 22, 415: 79, 420: 127, 433: 21,
		480: 18, 484: 28, 486: 17, 600: 17, 487: 0, 488: 65, 500: 41, 502: 38, 503: 41, 504: 102, 603: 21, 604: 1} {
		if got := FromStatus(status); got != q {
			t.Errorf("FromStatus(%d) = %d, want %d", status, got, q)
		}
	}
	for q, status := range map[Q850]int{1: 404, 17: 486, 18: 408, 19: 480, 20: 480, 31: 480, 21: 403, 22: 410, 27: 502,
		28: 484, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 65: 488, 88: 488, 102: 504, 127: 500} {
		if got := q.Status(); got != status {
			t.Errorf("Q850(%d).Status() = %d, want %d", q, got, status)
		}
	}
}

func TestReasonCannotBreakTheHeader(t *testing.T) {
	if got := (Cause{Q850: 16, Text: "a\r\nEvil: 1"}).Reason(); got != `Q.850;cause=16;text="a??Evil: 1"` {
		t.Fatalf("got %q", got)
	}
}
