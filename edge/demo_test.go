package main

import (
	"bytes"
	"strings"
	"testing"
)

// The status of a demo tells whether all was as expected: 0, 1 with the names
// of what was not, 2 for a question that makes no sense.
func TestDemoCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args    string
		status  int
		out, no string
	}{
		{"demo -list", 0, "au-mask", ""},
		{"demo -config -break au-mask", 0, "override: {egress.cli_map: []}", ""},
		{"demo -step extension", 0, "All 8 checks passed", "FAILED"},
		{"demo -step extension -break audio", 1, "\n  extension: au hears docomo\n", "All "},
		{"demo -break nonsense", 2, `nothing called "nonsense" can be broken`, ""},
		{"demo -step nonsense", 2, `unknown step "nonsense"`, ""},
		{"demo extra", 2, "usage: sekisho demo", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if got := dispatch(strings.Fields(c.args), &out, &out); got != c.status {
				t.Errorf("status %d, want %d\n%s", got, c.status, &out)
			}
			if !strings.Contains(out.String(), c.out) || c.no != "" && strings.Contains(out.String(), c.no) {
				t.Errorf("said\n%s", &out)
			}
		})
	}
}
