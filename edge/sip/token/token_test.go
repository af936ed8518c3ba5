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
