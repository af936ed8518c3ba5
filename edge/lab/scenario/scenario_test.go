package scenario

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

var update = flag.Bool("update", false, "record what happens instead of comparing it")

// allSounds makes the voices once for all tests.
var allSounds = sync.OnceValue(NewSounds)

// TestMain lets a heap of some megabytes, nearly all of it worlds that are over,
// grow before it is collected: that is a fifth of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// The seed of fair weather.
const fair = 1

// weathers is how many seeds there are of foul weather and of storms for the
// nth file. Where tools are required there is a minute for more, and for all
// files; elsewhere a quarter of them meet the weather.
func weathers(n int) (fouls, storms uint64) {
	switch {
	case thorough():
		return 3, 2
	case n%4 == 0:
		return 1, 1
	}
	return 0, 0
}

func thorough() bool { return os.Getenv("SEKISHO_REQUIRE") != "" }

// TestLadder plays every file: what it records must happen, twice the same, and
// where the file says so its end must be the same in foul weather.
func TestLadder(t *testing.T) {
	sounds := allSounds()
	for n, file := range files(t) {
		fouls, _ := weathers(n)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := read(t, file)
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
			for seed := range fouls {
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

// TestStorm plays every file in weather in which a call may fail at any place,
// goes on whatever fails, hangs up what stands at the end: nothing may be left,
// with one shard of the border or with seven.
func TestStorm(t *testing.T) {
	t.Parallel()
	sounds := allSounds().Deaf()
	for i, file := range files(t) {
		_, storms := weathers(i)
		s := read(t, file)
		for seed := range storms {
			p := newPlay(Setting{Weather: Storm(seed), Sounds: sounds, Shards: 1 + 6*((i/4+int(seed))%2)})
			for _, block := range s.blocks {
				for _, c := range block.commands {
					if c.name != "end" {
						_, _ = p.do(c) // what fails here is the storm's doing
					}
				}
			}
			for _, r := range p.world.parties {
				r.down = false
				for _, c := range r.order {
					r.tell(c.id, leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}})
				}
			}
			said, err := p.end(command{})
			if err != nil || !strings.Contains(said, "expect left: nothing\n") {
				t.Errorf("%s, seed %d: %v\n%s", file, seed, err, said)
			}
		}
	}
}

func files(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(list) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	return list
}

func read(t *testing.T, file string) *Script {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadScript(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func playOnce(t *testing.T, s *Script, w Weather, sounds *Sounds) Result {
	t.Helper()
	r, err := Play(s, Setting{Weather: w, Sounds: sounds})
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
