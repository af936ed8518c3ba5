//go:build !race

package sdp

import (
	"os"
	"testing"

	"sekisho/media/relay"
)

// What a call costs: a description is its text, its lines, its m= lines, its
// formats and itself; an answer its text and the m= lines to repeat.
func TestAllocs(t *testing.T) {
	b, err := os.ReadFile("testdata/trunk-g711-dtmf.offer.sdp")
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(b) }); n > 5 {
		t.Errorf("Parse: %v allocations, want 5", n)
	}
	d, s := parse(t, string(b)), leg("203.0.113.5:30000")
	if n := testing.AllocsPerRun(100, func() { turn(t, *s, d) }); n > 3 {
		t.Errorf("RemoteOffer and Answer: %v allocations, want 3", n)
	}
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("testdata/trunk-g711-dtmf.offer.sdp")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAnswer(b *testing.B) {
	text, err := os.ReadFile("testdata/trunk-g711-dtmf.offer.sdp")
	if err != nil {
		b.Fatal(err)
	}
	s := leg("203.0.113.5:30000")
	b.ReportAllocs()
	for b.Loop() {
		d, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		turn(b, *s, d)
	}
}

func turn(t testing.TB, s Session, d *Description) {
	if err := s.RemoteOffer(d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Answer(both, relay.SendRecv); err != nil {
		t.Fatal(err)
	}
}
