package document

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	cases := []struct {
		name, src string
		want      []string
	}{
		{"empty file", "", []string{"f: the file is empty"}},
		{"comment only", "# nothing\n", []string{"f: the file is empty"}},
		{"byte order mark", "\ufeffa: 1\n", nil},
		{"carriage returns", "a: 1\r\nb: 2\r\n", nil},
		{"duplicates, all of them", "a: 1\nb: {x: 1, x: 2}\na: 3\n", []string{
			`f:2: b.x: written twice; first in line 2`,
			`f:3: a: written twice; first in line 1`}},
		{"same key in and out of quotes", "2001: a\n\"2001\": b\n", []string{`f:2: 2001: written twice; first in line 1`}},
		{"tabs, all of them", "a:\n\tb: 1\nc:\n  \td: 1\n", []string{
			"f:2: a tab in the indentation; use spaces",
			"f:4: a tab in the indentation; use spaces"}},
		{"tab between words", "a:\t1 # x\ty\n", nil},
		{"not UTF-8", "a: \xff\n", []string{"f:1: not UTF-8"}},
		{"control character", "a: b\x00c\n", []string{"f:1: a control character"}},
		{"escaped line break", `a: "x\r\nVia: y"`, []string{"f:1: a: a control character or a second line in the text"}},
		{"escaped control in a key", `"x\ny": 1`, []string{"f:1: a key with a control character in it"}},
		{"two lines of text", "a: |\n  b\n  c\n", []string{"f:1: a: a control character or a second line in the text"}},
		{"alias", "a: &x [1]\nb: *x\n", []string{
			"f:1: anchors, aliases and merge keys are not used here; write the value out",
			"f:2: anchors, aliases and merge keys are not used here; write the value out"}},
		{"merge key", "<<: {a: 1}\n", []string{"f:1: anchors, aliases and merge keys are not used here; write the value out"}},
		{"tag", "a: !!str 1\n", []string{"f:1: tags are not used here; quote the value if it is text"}},
		{"directive", "%YAML 1.2\n---\na: 1\n", []string{"f:1: directives are not used here"}},
		{"second document", "---\na: 1\n---\nb: 2\n", []string{"f:3: a second document; one file is one document"}},
		{"key that is a list", "? [a]\n: b\n", []string{"f:1: a key must be a single value on one line"}},
		{"bare key with leading zero", "numbers:\n  0300000121: 2001\n", []string{
			`f:2: numbers.0300000121: put the key in quotes: "0300000121"; a bare number loses its leading zeros`}},
		{"open bracket", "a: 1\nb: {x: 1\n", []string{"f:2: not YAML: could not find flow mapping end token '}'"}},
		{"nested map on one line", "a: b: c\n", []string{"f:1: not YAML: mapping value is not allowed in this context"}},
		{"missing comma", "limits: {calls: 100 cps: 20}\n", []string{"f:1: limits.calls: a colon inside plain text: a comma is missing, or the text wants quotes"}},
		{"flow too deep", "a: " + strings.Repeat("[", 33), []string{"f:1: nested too deeply"}},
		{"dashes too deep", strings.Repeat("- ", 40) + "x\n", []string{"f:1: nested too deeply"}},
		{"indented too far", strings.Repeat(" ", 200) + "a: 1\n", []string{"f:1: indented by more than 128 columns"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, faults := Parse("f", []byte(c.src))
			compare(t, faults, c.want)
		})
	}
}

// The alias bomb of the literature is refused before anything is expanded.
func TestAliasBombIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9))
	}
	node, faults := Parse("f", []byte(b.String()))
	if node != nil || len(faults) < 20 {
		t.Fatalf("node %v, %d faults", node, len(faults))
	}
}

// Files made to be slow or deep end in a fault or a tree within seconds, and
// never in a panic or a blown stack.
func TestHostileFilesAreBounded(t *testing.T) {
	// The parser compares each key of a map with all before it, so the most keys
	// that are let through take it seconds.
	keys := maxEntries / 8
	if os.Getenv("SEKISHO_REQUIRE") != "" {
		keys = maxEntries - 1
	}
	for name, src := range map[string]string{
		"brackets":         strings.Repeat("[", 100_000),
		"braces":           strings.Repeat("{a: ", 100_000),
		"flow keys":        "{" + strings.Repeat("a: ", 100_000) + "}",
		"block keys":       strings.Repeat("a:\n", 100_000),
		"keys on a line":   strings.Repeat("a: ", 100_000),
		"question marks":   strings.Repeat("? ", 100_000),
		"anchors":          strings.Repeat("&a ", 100_000),
		"tags":             strings.Repeat("!a ", 100_000),
		"dashes":           strings.Repeat("- ", 100_000),
		"dash lines":       strings.Repeat("-\n", 100_000),
		"dash lines below": strings.Repeat("-\n", maxEntries-1),
		"block keys below": func() string {
			var b strings.Builder
			for i := range keys {
				fmt.Fprintf(&b, "k%d: v\n", i)
			}
			return b.String()
		}(),
		"quotes":          strings.Repeat(`"a" `, 100_000),
		"literals":        strings.Repeat("a: |\n", 100_000),
		"commas":          "[" + strings.Repeat(",", 100_000) + "]",
		"comments":        strings.Repeat("# x\n", 100_000),
		"comment tails":   strings.Repeat("#", 1_000_000),
		"documents":       strings.Repeat("---\n", 100_000),
		"percent":         strings.Repeat("%a\n", 100_000),
		"long plain text": "a: b\n" + strings.Repeat("  c\n", 100_000),
		"staircase": func() string {
			var b strings.Builder
			for i := range 2000 {
				b.WriteString(strings.Repeat(" ", i%120) + "a:\n")
			}
			return b.String()
		}(),
		"too large": strings.Repeat("a", MaxBytes+1),
	} {
		start := time.Now()
		_, faults := Parse("f", []byte(src))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: took %s", name, d)
		} else {
			t.Logf("%s: %s, %d faults", name, d.Round(time.Millisecond), len(faults))
		}
		if len(faults) > maxFaults+1 {
			t.Errorf("%s: %d faults kept", name, len(faults))
		}
	}
}

func compare(t *testing.T, faults []Fault, want []string) {
	t.Helper()
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
