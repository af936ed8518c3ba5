package scenario

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "record what happens instead of comparing it")

// Seeds of fair and foul weather.
const (
	fair  = 1
	fouls = 3
)

// TestLadder plays every file: what it records must happen, twice the same, and
// where the file says so its end must be the same in foul weather.
func TestLadder(t *testing.T) {
	sounds := NewSounds()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := ReadScript(string(text))
			if err != nil {
				t.Fatal(err)
			}
			first := playOnce(t, s, Fair(fair), sounds)
			again := playOnce(t, s, Fair(fair), sounds.Deaf())
			if !bytes.Equal(first.Wire, again.Wire) {
				t.Errorf("the same seed gave other bytes:\n%s", difference(string(first.Wire), string(again.Wire)))
			}
			if *update {
				if err := os.WriteFile(file, []byte(first.Text), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if first.Text != string(text) {
				t.Errorf("recorded (-) and what happens (+):\n%s", difference(string(text), first.Text))
			}
			for seed := range uint64(fouls) {
				if !s.Lossy {
					break
				}
				r := playOnce(t, s, Foul(seed), sounds.Deaf())
				if r.End != first.End {
					t.Errorf("in foul weather, seed %d:\n%s", seed, difference(first.End, r.End))
				}
			}
		})
	}
}

func playOnce(t *testing.T, s *Script, w Weather, sounds *Sounds) Result {
	t.Helper()
	r, err := Play(s, w, sounds)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", w.Seed, err, r.Text)
	}
	return r
}

// difference shows the lines that two texts do not share, from where they part
// to where they meet again.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	var out strings.Builder
	for _, l := range x {
		out.WriteString("- " + l + "\n")
	}
	for _, l := range y {
		out.WriteString("+ " + l + "\n")
	}
	return out.String()
}
