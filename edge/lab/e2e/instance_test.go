package e2e

import (
	"strings"
	"testing"
)

func TestReadDebug(t *testing.T) {
	whole := `{"calls":1,"legs":2,"transactions":3,"lingering":3,"panics":0,"registrar":{"bindings":2},"ports":{"leased":4,"quarantined":5},"goroutines":6,"descriptors":7,"heap":8,"more":9}`
	d, err := readDebug([]byte(whole))
	if err != nil || d.Calls != 1 || d.Legs != 2 || d.Transactions != 3 || d.Ports.Leased != 4 || d.Ports.Quarantined != 5 ||
		d.Goroutines != 6 || d.Descriptors != 7 || d.Heap != 8 {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, key := range []string{"calls", "legs", "transactions", "lingering", "panics", "registrar", "ports", "leased", "quarantined", "goroutines", "descriptors", "heap"} {
		if _, err := readDebug([]byte(strings.Replace(whole, `"`+key+`"`, `"x"`, 1))); err == nil {
			t.Errorf("a reading without %s was accepted", key)
		}
	}
	if _, err := readDebug([]byte(strings.Replace(whole, `"descriptors":7`, `"descriptors":-1`, 1))); err == nil {
		t.Error("descriptors that nobody counted were accepted")
	}
}

func TestOutputKeepsTheLast(t *testing.T) {
	var o output
	for range 100 {
		o.keep(make([]byte, 1<<10))
	}
	o.keep([]byte("end"))
	if s := o.String(); len(s) != 64<<10 || !strings.HasSuffix(s, "end") {
		t.Errorf("kept %d octets ending in %q", len(s), s[len(s)-3:])
	}
}
