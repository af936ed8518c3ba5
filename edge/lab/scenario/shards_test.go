package scenario

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/transport"
)

// TestShards plays every file with one shard of the border and with more. What
// becomes of calls must not depend on it: the ladder, what parties are shown
// and told, records and notes are the same in fair weather, and how calls end
// is the same in foul one. Tokens differ, since each shard has a random source
// of its own, but no ladder shows them.
//
// That a call never crosses is held message by message: "crossed" stands among
// what is left, and no shard is ever asked for a dialog or a transaction that it
// does not hold, save by the files that send what belongs to no dialog.
func TestShards(t *testing.T) {
	t.Parallel()
	sounds := allSounds().Deaf()
	work := map[int][]int{}
	for i, file := range files(t) {
		if !thorough() && i%4 != 1 {
			continue
		}
		s := read(t, file)
		weathers, counts := []Weather{Fair(fair)}, []int{7}
		if thorough() {
			counts = []int{2, 7}
		}
		if s.Lossy && thorough() {
			weathers = append(weathers, Foul(fair))
		}
		for _, w := range weathers {
			alone, want := playOn(t, s, Setting{Weather: w, Sounds: sounds, Shards: 1})
			for _, n := range counts {
				p, got := playOn(t, s, Setting{Weather: w, Sounds: sounds, Shards: n})
				name := strings.TrimSuffix(filepath.Base(file), ".txt")
				one, many := want.Text, got.Text
				if s.Drawn {
					one, many = timeless(one), timeless(many)
				}
				if w == Fair(fair) && many != one {
					t.Errorf("%s, one shard (-) and %d (+):\n%s", name, n, difference(one, many))
				}
				if got.End != want.End {
					t.Errorf("%s, loss %v, one shard (-) and %d (+):\n%s", name, w.Loss, n, difference(want.End, got.End))
				}
				if missed(p) != missed(alone) {
					t.Errorf("%s, loss %v: %d shards miss %+v, one misses %+v", name, w.Loss, n, missed(p), missed(alone))
				}
				if m := missed(p); m.dialogs+m.transactions > 0 && !forges(s) {
					t.Errorf("%s, loss %v: %d shards miss %+v", name, w.Loss, n, m)
				}
				work[n] = sum(work[n], p.carried())
			}
		}
	}
	for n, carried := range work {
		if len(carried) != n || slices.Min(carried) == 0 {
			t.Errorf("%d shards carried %v messages: one had no work", n, carried)
		}
	}
}

// Where shards write another key into their Call-IDs than the rim reads, calls
// cross; a world that did not notice would prove nothing.
func TestCrossingIsNoticed(t *testing.T) {
	s := script(t, "call docomo from=09000002001 to=82002\nadvance 1s\nend\n----\n")
	p := newPlay(Setting{Weather: Fair(fair), Sounds: allSounds().Deaf(), Shards: 7})
	if err := p.build(); err != nil {
		t.Fatal(err)
	}
	p.world.nodes[0].routes.router = transport.NewRouter(callid.Key{4, 5, 6}, 7)
	r, err := p.play(s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.End, "border.crossed=") {
		t.Errorf("nothing has crossed:\n%s", r.End)
	}
	if m := missed(p); m.dialogs+m.transactions == 0 {
		t.Error("no shard missed anything")
	}
}

// timeless is a text without the times of its messages, sorted.
func timeless(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if way, rest, ok := strings.Cut(line, "  "); ok && strings.Contains(way, " -> ") {
			_, said, _ := strings.Cut(strings.TrimSpace(rest), "  ")
			line = way + "  " + said
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// forges reports whether a script sends what belongs to no dialog on purpose.
func forges(s *Script) bool {
	for _, b := range s.blocks {
		for _, c := range b.commands {
			if c.name == "spoof" || c.name == "request" {
				return true
			}
		}
	}
	return false
}

// misses are messages for what a station's shards do not hold.
type misses struct{ dialogs, transactions, strangers uint64 }

func missed(p *play) (m misses) {
	if p.world == nil {
		return misses{}
	}
	c := p.world.nodes[0].counts()
	return misses{c.Unmatched, c.Transactions.Strays, c.Strangers}
}

func (p *play) carried() []int {
	if p.world == nil {
		return nil
	}
	return p.world.nodes[0].routes.carried
}

func playOn(t *testing.T, s *Script, in Setting) (*play, Result) {
	t.Helper()
	p := newPlay(in)
	r, err := p.play(s)
	if err != nil {
		t.Fatalf("%d shards, seed %d: %v\n%s", in.Shards, in.Weather.Seed, err, r.Text)
	}
	return p, r
}

func sum(a, b []int) []int {
	if len(a) < len(b) {
		a = append(a, make([]int, len(b)-len(a))...)
	}
	for i, n := range b {
		a[i] += n
	}
	return a
}
