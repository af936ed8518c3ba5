package quality

import (
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// stream feeds packets of 20 ms with the given numbers, each arriving when its
// number says.
func stream(s *Stream, numbers ...int) (classes []Class) {
	for _, n := range numbers {
		p := Packet{Sequence: uint16(n), Timestamp: uint32(n * 160)}
		classes = append(classes, s.Receive(epoch.Add(time.Duration(n)*20*ms), p))
	}
	return classes
}

func through(from, to int) (numbers []int) {
	for n := from; n <= to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// RFC 3550 A.3: "The number of packets lost is defined to be the number of
// packets expected less the number of packets actually received".
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []int
		want    Totals
	}{
		{"in order", through(1, 50), Totals{Received: 50, Segments: 1}},
		{"one missing", []int{1, 2, 4, 5}, Totals{Received: 4, Lost: 1, Missing: 1, Segments: 1}},
		{"one late", []int{1, 3, 2, 4}, Totals{Received: 4, Late: 1, Segments: 1}},
		{"one twice hides one missing", []int{1, 2, 2, 4}, Totals{Received: 4, Missing: 1, Duplicate: 1, Segments: 1}},
		{"the newest twice", []int{1, 1}, Totals{Received: 2, Lost: -1, Duplicate: 1, Segments: 1}},
		{"late and then twice", []int{1, 3, 2, 2}, Totals{Received: 4, Lost: -1, Late: 1, Duplicate: 1, Segments: 1}},
		{"wrap", through(65530, 65540), Totals{Received: 11, Segments: 1}},
		{"late over the wrap", []int{65534, 65536, 65535, 65537}, Totals{Received: 4, Late: 1, Segments: 1}},
		{"two wraps", through(1, 140000), Totals{Received: 140000, Segments: 1}},
		{"a gap of 2999", []int{1, 3000}, Totals{Received: 2, Lost: 2998, Missing: 2998, Segments: 1}},
		{"late before the first", []int{5, 3, 6}, Totals{Received: 3, Lost: 1, Missing: 1, Late: 1, Segments: 1}},
		{"late before the first, over the wrap", []int{65536, 65535, 65537}, Totals{Received: 3, Late: 1, Segments: 1}},
		{"99 behind", append(through(1, 100), 1), Totals{Received: 101, Lost: -1, Late: 1, Segments: 1}},
	} {
		var s Stream
		stream(&s, c.numbers...)
		if got := s.Totals(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// RFC 3550 A.1: "Two sequential packets -- assume that the other side restarted
// without telling us so just re-sync".
func TestRestart(t *testing.T) {
	var s Stream
	stream(&s, through(1, 10)...)
	got := stream(&s, 20000, 11, 20000, 20001, 20002)
	want := []Class{Suspect, Next, Suspect, Restarted, Next}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("packet %d is %v, want %v", i, got[i], want[i])
		}
	}
	if got, want := s.Totals(), (Totals{Received: 13, Segments: 2}); got != want {
		t.Errorf("%+v, want %+v: a restart is no loss", got, want)
	}
}

func TestCutBeginsASegment(t *testing.T) {
	var s Stream
	stream(&s, 1, 2, 4)
	s.Cut()
	if got := stream(&s, 60000, 60001); got[0] != First || got[1] != Next {
		t.Errorf("after a cut: %v", got)
	}
	if got, want := s.Totals(), (Totals{Received: 5, Lost: 1, Missing: 1, Segments: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// RFC 3550 §6.4.1: J(i) = J(i-1) + (|D(i-1,i)| - J(i-1))/16, here against the
// same formula in floating point.
func TestJitter(t *testing.T) {
	var s Stream
	late := []int{0, 3, 0, 7, 1, 12, 0, 0, 5, 2} // ms behind the clock, repeated
	reference, before := 0.0, 0.0
	for n := range 2000 {
		d := float64(late[n%len(late)])
		at := epoch.Add(time.Duration(n)*20*ms + time.Duration(d)*ms)
		s.Receive(at, Packet{Sequence: uint16(n), Timestamp: 0xfffff000 + uint32(n*160)})
		if n > 0 {
			diff := d - before
			if diff < 0 {
				diff = -diff
			}
			reference += (diff - reference) / 16
		}
		before = d
		if got := float64(s.Jitter()) / float64(ms); n > 100 && (got < reference*0.95-0.1 || got > reference*1.05+0.1) {
			t.Fatalf("packet %d: %.3f ms, want %.3f ms within 5 %%", n, got, reference)
		}
	}
	if reference < 3 {
		t.Fatalf("the reference is only %.3f ms: the test proves nothing", reference)
	}
}

func TestSteadyStreamHasNoJitter(t *testing.T) {
	var s Stream
	stream(&s, through(0, 500)...)
	stream(&s, 600, 601) // a pause on the sender's clock is none either
	if j := s.Jitter(); j != 0 {
		t.Errorf("%v", j)
	}
}

// RFC 4733 §2.2.1: every packet of an event repeats its timestamp, which is no
// jitter.
func TestEventsAreNotTimed(t *testing.T) {
	var s Stream
	stream(&s, through(0, 9)...)
	for n := 10; n < 30; n++ {
		s.Receive(epoch.Add(time.Duration(n)*20*ms), Packet{Sequence: uint16(n), Timestamp: 1600, Kind: Event})
	}
	if s.Jitter() != 0 {
		t.Errorf("jitter %v", s.Jitter())
	}
	if got := s.Totals(); got.Received != 30 || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
}
