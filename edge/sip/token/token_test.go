package token

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) { doors.Check(t, doors.Rule{Machine: true}) }

func TestSameSeedSameTokens(t *testing.T) {
	a, b := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(1, 1))
	seen := map[string]bool{}
	for range 1000 {
		tag, branch := NewTag(a), NewBranch(a)
		if tag != NewTag(b) || branch != NewBranch(b) {
			t.Fatal("a seeded run cannot be replayed")
		}
		if seen[string(tag)] || seen[string(branch)] {
			t.Fatal("token repeated")
		}
		seen[string(tag)], seen[string(branch)] = true, true
		if !strings.HasPrefix(string(branch), Cookie) || strings.Trim(string(tag), alphabet) != "" {
			t.Fatalf("tag %q branch %q", tag, branch)
		}
	}
	if SessionID(a)>>62 != 0 {
		t.Fatal("SDP session number does not fit a signed parser")
	}
}

func TestTagOf(t *testing.T) {
	for value, want := range map[string]Tag{
		"<sip:a@core.example>;tag=a1":                             "a1",
		"<sip:a@core.example>;x=1;TAG=a1;y":                       "a1",
		"<sip:a@core.example;tag=uri>":                            "",
		"<sip:a@core.example;tag=uri>;tag=a1":                     "a1",
		"sip:a@core.example;tag=a1":                               "a1",
		"sip:a@core.example":                                      "",
		`"<sip:b@x>;tag=name \"<" <sip:a@core.example>;tag=a1`:    "a1",
		`"<sip:b@x>;tag=name" <sip:a@core.example;tag=uri>;x="y"`: "",
		"Trunk Line <tel:+819000002001>;tag=a1":                   "a1",
		"<sip:a@core.example>;tag":                                "",
		"<sip:a@core.example":                                     "",
		`"`:                                                       "",
		"":                                                        "",
	} {
		if got := TagOf(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { TagOf("<sip:a@core.example>;x=1;tag=a1") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
