package deadline

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sekisho/edge/lab/doors"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Ebbs: true, Allow: []string{"sekisho/media/ebb"}})
}

func TestHeapAgainstSorting(t *testing.T) {
	start := time.Unix(0, 0)
	rng := rand.New(rand.NewPCG(1, 2))
	var h Heap[int]
	want := map[int]time.Time{}
	for range 5000 {
		k := rng.IntN(200)
		switch rng.IntN(4) {
		case 0:
			h.Remove(k)
			delete(want, k)
		default:
			at := start.Add(time.Duration(1+rng.IntN(1000)) * time.Millisecond)
			h.Set(k, at)
			want[k] = at
		}
		var first time.Time
		for _, at := range want {
			first = Earliest(first, at)
		}
		if !h.Next().Equal(first) || h.Len() != len(want) {
			t.Fatalf("next %v len %d, want %v %d", h.Next(), h.Len(), first, len(want))
		}
	}
	var got []time.Time
	for {
		k, ok := h.Pop(start.Add(time.Hour))
		if !ok {
			break
		}
		got = append(got, want[k])
		delete(want, k)
	}
	if len(want) != 0 || !slices.IsSortedFunc(got, time.Time.Compare) {
		t.Fatalf("popped out of order or left %d behind", len(want))
	}
}

// TestHeapGivesBack: a crowd's room goes with it, and who remains keeps its place.
func TestHeapGivesBack(t *testing.T) {
	const n = 5000
	start := time.Unix(0, 0)
	var h Heap[int]
	for k := range n {
		h.Set(k, start.Add(time.Duration(n-k)))
	}
	for k := range n - 3 {
		h.Remove(k)
	}
	if c := cap(h.items); c > 64 {
		t.Errorf("3 keys have room for %d", c)
	}
	for _, want := range []int{n - 1, n - 2, n - 3} {
		if k, ok := h.Pop(start.Add(n)); !ok || k != want {
			t.Fatalf("got %d %v, want %d", k, ok, want)
		}
	}
}

func TestEqualDeadlinesKeepOrder(t *testing.T) {
	var h Heap[string]
	at := time.Unix(9, 0)
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		h.Set(k, at)
	}
	if _, ok := h.Pop(at.Add(-1)); ok {
		t.Fatal("popped before its time")
	}
	for _, want := range []string{"a", "b", "c", "d", "e"} {
		if k, ok := h.Pop(at); !ok || k != want {
			t.Fatalf("got %q %v, want %q", k, ok, want)
		}
	}
}
