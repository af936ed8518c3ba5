package doors

import (
	"strings"
	"testing"
)

func TestViolations(t *testing.T) {
	cases := []struct {
		name, src, want string
		rule            Rule
	}{
		{"clean", `package p
import "time"
func f(now time.Time) {}`, "", Rule{Machine: true}},
		{"foreign import", `package p
import _ "example.org/x"`, "not among", Rule{}},
		{"allowed prefix", `package p
import _ "example.org/x/y"`, "", Rule{Allow: []string{"example.org/x/..."}}},
		{"denied standard import", `package p
import _ "fmt"`, "too slow", Rule{Deny: map[string]string{"fmt": "too slow"}}},
		{"project import needs allowing", `package p
import _ "sekisho/edge/node"`, "not among", Rule{}},
		{"clock in a machine", `package p
import "time"
func f() { _ = time.Now() }`, "now is an argument", Rule{Machine: true}},
		{"goroutine in a machine", `package p
func f() { go f() }`, "starts nothing", Rule{Machine: true}},
		{"lock in a machine", `package p
import _ "sync"`, "one owner", Rule{Machine: true}},
		{"spared rim", `package p
import _ "sync"`, "", Rule{Machine: true, Except: map[string]string{"x.go": "the rim"}}},
		{"a table that keeps a crowd's memory", `package p
func f(m map[int]int) { delete(m, 1) }`, "gives a crowd's memory back", Rule{Ebbs: true}},
		{"a table of no crowd", `package p
func f(m map[int]int) { delete(m, 1) }`, "", Rule{Machine: true}},
		{"hidden randomness", `package p
import "github.com/emiago/sipgo/sip"
func f(r *sip.Request) { sip.NewResponseFromRequest(r, 200, "OK", nil) }`, "random tag",
			Rule{Machine: true, Allow: []string{"github.com/emiago/sipgo/sip"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(violations(t, "x.go", []byte(c.src), c.rule), "\n")
			if c.want == "" && got != "" {
				t.Fatalf("unexpected: %s", got)
			}
			if !strings.Contains(got, c.want) {
				t.Fatalf("got %q, want it to say %q", got, c.want)
			}
		})
	}
}
