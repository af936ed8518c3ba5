package core

import "testing"

// SPEC §2.5, R43: COLLECT_ATT and COLLECT_BLIND, key by key; a blank is the wait after
// a key running out.
func TestEntry(t *testing.T) {
	for _, c := range []struct {
		keys string
		want verdict
	}{
		{"*", more}, {"* ", unsaid}, {"**", cancel}, {"*#", cancel},
		{"*0", more}, {"*0 ", dialHold}, {"*0#", dialHold}, {"*03", more}, {"*03 ", dialNumber},
		{"*1002", more}, {"*1002#", dialNumber}, {"*1002 ", dialNumber}, {"*10*", cancel},
		{"*700", more}, {"*A", more}, {"*A ", unsaid},
		{"*123456789012345678901234", dialNumber},
		{"# ", unsaid}, {"##", cancel}, {"#*", cancel}, {"#0 ", dialNumber}, {"#0#", dialNumber},
		{"#70", more}, {"#700", dialPark}, {"#701", more}, {"#701#", dialNumber}, {"#1002#", dialNumber},
	} {
		e, got := entry{Code: c.keys[0]}, more
		for i, key := range []byte(c.keys[1:]) {
			if got != more {
				t.Fatalf("%q: %d after %q", c.keys, got, c.keys[:i+1])
			}
			if got = e.press(key); key == ' ' {
				got = e.elapsed()
			}
		}
		if got != c.want {
			t.Errorf("%q: got %d, want %d (%q)", c.keys, got, c.want, e.Digits)
		}
	}
}
