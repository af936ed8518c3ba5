package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	str := func(v Value) any { return v.String("def") }
	num := func(v Value) any { return v.Int(7, 1, 100) }
	boolean := func(v Value) any { return v.Bool(true) }
	duration := func(v Value) any { return v.Duration(time.Second, 0, time.Hour) }
	enum := func(v Value) any { return v.Enum("off", "off", "supported", "required") }
	list := func(v Value) any { return strings.Join(v.Strings(), "|") }
	secret := func(v Value) any { return v.Secret() }
	cases := []struct {
		src   string
		read  func(Value) any
		value any
		fault string
	}{
		{"k: plain text", str, "plain text", ""},
		{"k: 'don''t'", str, "don't", ""},
		{`k: "0300000121"`, str, "0300000121", ""},
		{"k: 0300000121", str, "def", `put it in quotes: "0300000121"; a bare number loses its leading zeros`},
		{"k: 0_3", str, "def", `put it in quotes: "0_3"; a bare number loses its leading zeros`},
		{"k: 2001", str, "2001", ""},
		{"k: 0", str, "0", ""},
		{"k: +81300000121", str, "def", `not text as written; put it in quotes: "+81300000121"`},
		{"k: 1.50", str, "def", `not text as written; put it in quotes: "1.50"`},
		{"k: 1e3", str, "def", `not text as written; put it in quotes: "1e3"`},
		{"k: 0x10", str, "def", `not text as written; put it in quotes: "0x10"`},
		{"k: true", str, "def", `not text as written; put it in quotes: "true"`},
		{"k: off", str, "off", ""},
		{"k: 127.0.0.1", str, "127.0.0.1", ""},
		{"k: 2001:db8::1", str, "2001:db8::1", ""},
		{"k: 20000-29999", str, "20000-29999", ""},
		{"k:", str, "def", "is empty; wants text"},
		{"k: [a]", str, "def", "wants text, not a list"},
		{"other: 1", str, "def", ""},
		{"k: 100", num, 100, ""},
		{"k: 101", num, 7, "101 is not between 1 and 100"},
		{"k: 99999999999999999999", num, 7, "99999999999999999999 is not between 1 and 100"},
		{"k: -0", num, 7, "-0 is not between 1 and 100"},
		{"k: 010", num, 7, `wants a whole number, not "010"`},
		{`k: "10"`, num, 7, `wants a whole number, not "10"`},
		{"k: {}", num, 7, "wants a whole number, not a map"},
		{"k: false", boolean, false, ""},
		{"k: no", boolean, true, `wants true or false, not "no"`},
		{`k: "false"`, boolean, true, `wants true or false, not "false"`},
		{"k: 300s", duration, 300 * time.Second, ""},
		{"k: 1m30s", duration, 90 * time.Second, ""},
		{"k: 300", duration, time.Second, "300 has no unit; write it as in 300s"},
		{"k: 2h", duration, time.Second, "2h is not between 0s and 1h0m0s"},
		{"k: -1s", duration, time.Second, "-1s is not between 0s and 1h0m0s"},
		{"k: soon", duration, time.Second, `wants a duration, as in 300s, not "soon"`},
		{"k: supported", enum, "supported", ""},
		{"k: suported", enum, "off", `"suported" is not one of off, supported, required; did you mean "supported"?`},
		{"k: 3", enum, "off", `"3" is not one of off, supported, required`},
		{"k: [a, 2001, '03']", list, "a|2001|03", ""},
		{"k: []", list, "", ""},
		{"k: a", list, "", `wants a list, as in [a, b], not "a"`},
		{"k: {env: TOKEN}", secret, Secret{Env: "TOKEN"}, ""},
		{"k: {file: /run/token}", secret, Secret{File: "/run/token"}, ""},
		{"k: hunter2", secret, Secret{}, "a secret is never written here; use {env: NAME} or {file: PATH}"},
		{"k: [hunter2]", secret, Secret{}, "a secret is never written here; use {env: NAME} or {file: PATH}"},
		{"k: {env: A, file: b}", secret, Secret{}, "needs either {env: NAME} or {file: PATH}"},
		{"k: {env: A=B}", secret, Secret{Env: "A=B"}, "not the name of an environment variable"},
	}
	for _, c := range cases {
		t.Run(c.src, func(t *testing.T) {
			r := Read("f", []byte("# first line\n"+c.src))
			root := r.Root()
			root.Key("other")
			if got := c.read(root.Key("k")); got != c.value {
				t.Errorf("read %v, want %v", got, c.value)
			}
			faults := r.Faults()
			switch {
			case c.fault == "" && len(faults) == 0:
			case len(faults) != 1:
				t.Errorf("faults %v, want one: %q", faults, c.fault)
			case faults[0].Message != c.fault || faults[0].Line != 2 || !strings.HasPrefix(faults[0].Key, "k"):
				t.Errorf("fault %q at line %d key %q, want %q at line 2 key k", faults[0].Message, faults[0].Line, faults[0].Key, c.fault)
			}
		})
	}
}

func TestUnreadKeysAreUnknown(t *testing.T) {
	r := Read("f", []byte(`trunks:
  docomo: {rolle: mobile, role: pstn}
  au:
    role: mobile
    zzz: {deep: [1]}
list:
  - {x: 1}
  - {y: 2}
color: red
`))
	for _, v := range r.Root().Key("trunks").Map().Each() {
		v.Map().Key("role").String("")
		v.Map().Key("limits").Int(0, 0, 1)
	}
	for _, v := range r.Root().Key("list").List() {
		v.Map().Key("x").Int(0, 0, 9)
	}
	compare(t, r.Faults(), []string{
		`f:2: trunks.docomo.rolle: unknown key; did you mean "role"?`,
		`f:5: trunks.au.zzz: unknown key`,
		`f:8: list[1].y: unknown key; did you mean "x"?`,
		`f:9: color: unknown key`,
	})
}

func TestOneAbsenceIsOneFault(t *testing.T) {
	r := Read("f", []byte("a: 1\nb:\n  c: 2\n"))
	root := r.Root()
	root.Key("a").Int(0, 0, 9)
	gone := root.Key("gone").Required().Map()
	gone.Key("x").Required().String("")
	gone.Key("y").Required().Map().Key("z").Required().Strings()
	inner := root.Key("b").Map()
	inner.Key("c").Int(0, 0, 9)
	inner.Key("d").Required().Duration(0, 0, 0)
	for range gone.Each() {
		t.Error("something in an absent map")
	}
	compare(t, r.Faults(), []string{"f:1: gone: missing", "f:2: b.d: missing"})
}

func TestEachKeepsFileOrder(t *testing.T) {
	r := Read("f", []byte("z: 1\n10: 2\na: 3\n9: 4\n"))
	var got []string
	for k, v := range r.Root().Each() {
		got = append(got, fmt.Sprintf("%s=%s@%d", k, v.String(""), v.Line()))
	}
	want := []string{"z=1@1", "10=2@2", "a=3@3", "9=4@4"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAbsentKeysAreListed(t *testing.T) {
	r := Read("f", []byte("a: {b: 1}\n"))
	r.Root().Key("z").Map().Key("below")
	r.Root().Key("a").Map().Key("b").Int(0, 0, 9)
	r.Root().Key("a").Map().Key("c").Int(0, 0, 9)
	if got := r.Absent(); !slices.Equal(got, []string{"a.c", "z"}) {
		t.Errorf("absent %v", got)
	}
}

func TestWarningsLeaveTheDocumentValid(t *testing.T) {
	r := Read("f", []byte("a: 1\n"))
	v := r.Root().Key("a")
	v.Warnf("looks %s", "odd")
	if f := r.Faults(); len(f) != 0 {
		t.Errorf("faults %v", f)
	}
	compare(t, r.Warnings(), []string{"f:1: a: looks odd"})
}

func TestOverlay(t *testing.T) {
	base, _ := Parse("au.yaml", []byte("carrier: au\negress:\n  cli_passthrough: false\n  reason: [q850]\n"))
	over, _ := Parse("sekisho.yaml", []byte("\n\nv: {egress.cli_passthrough: maybe, sip.hold: relay}\n"))
	at := func(k string) *Node { return over.At("v").At(k) }

	made, ok := Overlay(base, "egress.cli_passthrough", at("egress.cli_passthrough"))
	if !ok {
		t.Fatal("refused")
	}
	made, ok = Overlay(made, "sip.hold", at("sip.hold"))
	if !ok {
		t.Fatal("new map refused")
	}
	if got := base.At("egress.cli_passthrough").Text(); got != "false" {
		t.Errorf("base became %q", got)
	}
	r := Open("au.yaml", made)
	root := r.Root()
	root.Key("carrier").String("")
	root.Key("egress").Map().Key("reason").Strings()
	root.Key("egress").Map().Key("cli_passthrough").Bool(false)
	if got := root.Key("sip").Map().Key("hold").String(""); got != "relay" {
		t.Errorf("sip.hold %q", got)
	}
	compare(t, r.Faults(), []string{
		`sekisho.yaml:3: v.egress.cli_passthrough: wants true or false, not "maybe"`})
	for _, path := range []string{"", "carrier.x", "egress..x", strings.Repeat("a.", 50) + "a"} {
		if _, ok := Overlay(base, path, at("sip.hold")); ok {
			t.Errorf("Overlay at %q was accepted", path)
		}
	}
}

// A secret that was written into the file by mistake must not travel on in a
// fault, which is printed and logged.
func TestFaultsDoNotRepeatSecrets(t *testing.T) {
	for _, src := range []string{"k: hunter2", "k: 'hunter2", "k: {env: hunter2!}", "k: {hunter2}", "k: hunter2: x"} {
		r := Read("f", []byte(src))
		r.Root().Key("k").Secret()
		for _, f := range r.Faults() {
			if strings.Contains(f.Error(), "hunter2") && !strings.Contains(f.Error(), "unknown key") {
				t.Errorf("%q: %s", src, f.Error())
			}
		}
	}
}
