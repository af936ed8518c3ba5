package relay

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestRenumbering tells what becomes of a feeder's numbers, the first of which
// is 1 and becomes 11: a digit passes, with - it is left out, and + is a packet of ours
// before it. What is late comes late.
func TestRenumbering(t *testing.T) {
	type step struct {
		seq  uint16
		out  bool // left out
		want uint16
	}
	const late = 0 // no number
	ours := func(want uint16) step { return step{want: want} }
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"what is left out takes no number", []step{{1, false, 11}, {2, true, late}, {3, true, late}, {4, false, 12}}},
		{"what was lost keeps its number", []step{{1, false, 11}, {3, false, 13}, {5, true, late}, {7, false, 16}, {6, false, 15}, {4, false, 14}, {2, false, 12}}},
		{"what was lost between two left out is of their kind", []step{{1, false, 11}, {2, true, late}, {5, true, late}, {4, false, late}, {6, false, 12}}},
		{"what is left out and late leaves its number empty", []step{{1, false, 11}, {3, false, 13}, {2, true, late}, {4, false, 14}}},
		{"ours come behind the newest", []step{{1, false, 11}, ours(12), ours(13), {2, false, 14}, {3, false, 15}, {1, false, 11}}},
		{"ours in place of what is left out", []step{{1, false, 11}, {2, true, late}, ours(12), {3, true, late}, ours(13), {4, false, 14}, {3, false, late}, {1, false, 11}}},
		{"ours, then a loss before what is left out", []step{{1, false, 11}, ours(12), {3, true, late}, {4, false, 14}, {2, false, 13}}},
	} {
		r := renumber(1, 11)
		newest := uint16(10)
		for i, s := range c.steps {
			got := uint16(late)
			switch {
			case s.seq == 0:
				got = r.insert()
			case s.out:
				r.leaveOut(s.seq)
			default:
				if to, ok := r.pass(s.seq); ok {
					got = to
				}
			}
			if got != s.want {
				t.Errorf("%s: step %d got %d, want %d", c.name, i, got, s.want)
			}
			if int16(got-newest) > 0 {
				newest = got
			}
			if r.newest+r.add+1 < newest {
				t.Errorf("%s: step %d: the next is %d, behind %d", c.name, i, r.newest+r.add+1, newest)
			}
		}
	}
}

// Eight stretches are remembered; what is older than those is too late, whatever
// the numbers wrap.
func TestRenumberingForgets(t *testing.T) {
	r := renumber(65530, 1)
	seq := uint16(65530)
	for range 9 { // a packet that passes, one that does not
		if _, ok := r.pass(seq); !ok {
			t.Fatalf("%d is too late", seq)
		}
		r.leaveOut(seq + 1)
		seq += 2
	}
	for back, want := range map[uint16]bool{2: true, 4: true, 6: true, 8: true, 10: false, 18: false} {
		if to, ok := r.pass(seq - back); ok != want || ok && to != 10-back/2 {
			t.Errorf("%d packets back: number %d, %v", back, to, ok)
		}
	}
	for range 70_000 {
		if _, ok := r.pass(seq); !ok {
			t.Fatalf("%d is too late", seq)
		}
		seq++
	}
	if _, ok := r.pass(seq - 1 - reach); !ok {
		t.Error("within reach, and too late")
	}
	if _, ok := r.pass(seq - 2 - reach); ok {
		t.Error("beyond reach, and sent")
	}
}

// Whatever is lost, overtaken, left out or put in: no number is used twice, and
// none stays empty that was not lost or late before us.
func TestRenumberingAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for trial := range 20_000 {
		r := renumber(65530, 65000)
		used := map[uint16]uint16{}
		next := uint16(65530)
		ours := uint16(30000) // no number of the feeder's here
		var log []string
		take := func(seq, to uint16) {
			log = append(log, fmt.Sprintf("%d=%d", seq, to))
			if before, ok := used[to]; ok && before != seq {
				t.Fatalf("trial %d: %d is the number of %d and of %d: %v", trial, to, before, seq, log)
			}
			used[to] = seq
		}
		fate := map[uint16]bool{}
		for range 40 {
			seq := next
			switch random.IntN(6) {
			case 0:
				seq -= uint16(random.IntN(6)) // late, or again
			case 1:
				seq += uint16(random.IntN(3)) // behind a loss
			case 2:
				take(ours, r.insert())
				ours--
				continue
			}
			if _, ok := fate[seq]; !ok {
				fate[seq] = random.IntN(3) == 0
			}
			if fate[seq] {
				log = append(log, fmt.Sprintf("-%d", seq))
				r.leaveOut(seq)
			} else if to, ok := r.pass(seq); ok {
				take(seq, to)
			}
			if int16(seq-next) >= 0 {
				next = seq + 1
			}
		}
	}
}
