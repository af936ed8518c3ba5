package scenario

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestLengthsAreMonotonic plays every way in which a call can end on a clock like
// the machine's, and looks at the stamps that its lengths were taken from: as long
// as each carries a reading of the monotonic clock, a step of the wall clock in
// the middle of a call neither lengthens nor shortens what is billed (PEERS D29).
func TestLengthsAreMonotonic(t *testing.T) {
	t.Parallel()
	const file = "testdata/D29_cdr_on_every_path.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlay(Setting{Weather: Fair(fair), Sounds: allSounds().Deaf(), Start: time.Now()})
	r, err := p.play(read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	if r.Text != string(text) {
		t.Errorf("recorded (-) and what happens on this clock (+):\n%s", difference(string(text), r.Text))
	}
	for i, r := range p.world.records {
		for name, at := range map[string]*time.Time{"start": &r.Start, "ringing": r.Ringing, "answered": r.Answered, "end": &r.End} {
			if at != nil && !strings.Contains(at.String(), " m=") {
				t.Errorf("record %d: %s is of the wall clock alone: %v", i, name, at)
			}
		}
	}
}
