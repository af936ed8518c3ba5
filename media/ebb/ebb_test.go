package ebb

import (
	"maps"
	"runtime"
	"slices"
	"testing"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) { doors.Check(t, doors.Rule{Machine: true}) }

// TestDelete: a map that held many holds what it should at every size on the way
// down, and no more memory in the end than one that never did.
func TestDelete(t *testing.T) {
	const n = 20_000
	var most Mark
	m := map[int]int{}
	none := live()
	for i := range n {
		m[i] = 2 * i
	}
	full := live() - none
	for i := range n - 1 {
		Delete(&m, &most, i)
		if i%997 == 0 {
			want := map[int]int{}
			for k := i + 1; k < n; k++ {
				want[k] = 2 * k
			}
			if !maps.Equal(m, want) {
				t.Fatalf("%d entries after %d removals, want %d", len(m), i+1, len(want))
			}
		}
	}
	if m[n-1] != 2*(n-1) || len(m) != 1 {
		t.Fatalf("%v is left", m)
	}
	Delete(&m, &most, n-1)
	if left := live() - none; len(m) != 0 || left > 4<<10 || full < 256<<10 {
		t.Errorf("%d bytes of %d are kept for %d entries", left, full, len(m))
	}
	Delete(&m, &most, n) // there is none
	m[1] = 1
	if m[1] != 1 {
		t.Error("the map takes nothing any more")
	}
}

// live returns the bytes that live on the heap.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestDeleteRarelyCopies: who comes and goes in a house that a crowd has left
// moves nobody.
func TestDeleteRarelyCopies(t *testing.T) {
	var most Mark
	m := map[int]int{}
	const all, left = 10_000, 200
	for i := range all {
		m[i] = i
	}
	for i := range all - left {
		Delete(&m, &most, i)
	}
	next := all
	if n := testing.AllocsPerRun(5000, func() {
		Delete(&m, &most, next-left)
		m[next] = next
		next++
	}); n > 0.1 {
		t.Errorf("%v allocations for one that goes and one that comes", n)
	}
}

func TestCut(t *testing.T) {
	s := make([]int, 10_000)
	for i := range s {
		s[i] = i
	}
	moved := 0
	for len(s) > 0 {
		before := cap(s)
		s = Cut(s[:len(s)-1])
		if cap(s) != before {
			moved++
		}
		if cap(s) > small && len(s) < cap(s)/part {
			t.Fatalf("%d entries have room for %d", len(s), cap(s))
		}
		if !slices.IsSorted(s) || len(s) > 0 && s[len(s)-1] != len(s)-1 {
			t.Fatalf("%d entries, the last %d", len(s), s[len(s)-1])
		}
	}
	if moved == 0 || moved > 5 || cap(s) > small {
		t.Errorf("moved %d times, room for %d is left", moved, cap(s))
	}
}

func TestEmpty(t *testing.T) {
	if s := Empty(make([]int, busy)); len(s) != 0 || cap(s) != busy {
		t.Errorf("a busy turn's room is not kept: %d", cap(s))
	}
	if s := Empty(make([]int, 0, busy+1)); cap(s) != 0 {
		t.Errorf("room for %d is kept", cap(s))
	}
}
