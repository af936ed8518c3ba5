package header

import "testing"

// What stays of a reason that must not carry free text: RFC 8606 §4 has eight
// locations and nothing else in that place.
func TestBareReason(t *testing.T) {
	for in, want := range map[string]string{
		`Q.850;cause=17;text="1001 is busy";location=ln`:     "Q.850;cause=17;location=LN",
		`Q.850;cause=17;location="03-0000-9001";x=090`:       "Q.850;cause=17",
		`SIP;cause=200;text="Call completed elsewhere"`:      "SIP;cause=200",
		`Q.850;LOCATION=INTL;cause=3;text="no";isup-loc=LPN`: "Q.850;cause=3;location=INTL",
	} {
		r, err := ParseReason(in)
		if got := r.Bare().String(); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
}
